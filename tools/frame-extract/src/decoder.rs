//! A running ffmpeg that hands over pictures, each with its time.
//!
//! The pictures come as raw pixels on standard output. `showinfo`, the last filter of every chain
//! here, prints one line for each on standard error, with the exact presentation time; as every
//! frame passes once, the n-th line belongs to the n-th picture.

use std::io::Read;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};

use stage::{Context, Result, anyhow, bail};
use tempfile::NamedTempFile;
use vision::RgbImage;

use crate::lines::{Said, listen};

/// How many of ffmpeg's errors are kept to be shown.
const SHOWN: usize = 3;

/// A picture and when it is shown.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// Its pixels.
    pub(crate) image: RgbImage,
    /// Presentation time in seconds; none if the film does not say.
    pub(crate) time: Option<f64>,
}

/// What ffmpeg complained of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Complaints {
    /// How many errors there were.
    pub(crate) count: usize,
    /// The first of them.
    pub(crate) first: Vec<String>,
    /// Whether ffmpeg ended with an error.
    pub(crate) failed: bool,
}

impl Complaints {
    /// Takes note of one more error.
    pub(crate) fn add(&mut self, words: String) {
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push(words);
        }
    }

    /// The first errors in one line.
    pub(crate) fn words(&self) -> String {
        if self.first.is_empty() {
            return "it does not say why".to_owned();
        }
        self.first.join("; ")
    }
}

/// A running ffmpeg; it ends when this is dropped.
pub(crate) struct Decoder {
    child: Child,
    output: ChildStdout,
    size: (u32, u32),
    times: Receiver<Option<f64>>,
    listener: Option<JoinHandle<Complaints>>,
    file: Option<NamedTempFile>,
}

impl Decoder {
    /// Starts `command`, which writes raw RGB of `size` to standard output.
    pub(crate) fn start(mut command: Command, size: (u32, u32)) -> Result<Self> {
        command.args(["-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]);
        log::debug!("{command:?}");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("ffmpeg")?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let (output, errors) = output.zip(errors).context("ffmpeg: no pipes")?;
        let (sender, times) = channel();
        let listener = thread::spawn(move || {
            let mut complaints = Complaints::default();
            let mut base = 0.0;
            for said in listen(errors) {
                match said {
                    Said::TimeBase(seconds) => base = seconds,
                    // Nobody waits for a time once the pictures are no longer wanted.
                    Said::Frame(shown) => {
                        let _ = sender.send(shown.ticks.map(|ticks| ticks as f64 * base));
                    }
                    Said::Error(words) => complaints.add(words),
                    Said::Colour(_) | Said::Duration(_) => {}
                }
            }
            complaints
        });
        Ok(Self {
            child,
            output,
            size,
            times,
            listener: Some(listener),
            file: None,
        })
    }

    /// Keeps a file that ffmpeg reads until it has ended.
    pub(crate) fn with_file(mut self, file: NamedTempFile) -> Self {
        self.file = Some(file);
        self
    }

    /// The next picture; none at the end of the film.
    pub(crate) fn next(&mut self) -> Result<Option<Picture>> {
        let (width, height) = self.size;
        let bytes = u64::from(width) * u64::from(height) * 3;
        let mut pixels = Vec::with_capacity(bytes as usize);
        let mut output = (&mut self.output).take(bytes);
        if output.read_to_end(&mut pixels).context("ffmpeg")? == 0 {
            return Ok(None);
        }
        let image = RgbImage::from_raw(width, height, pixels);
        let image = image.ok_or_else(|| anyhow!("ffmpeg: its last picture is cut short"))?;
        let Ok(time) = self.times.recv() else {
            bail!("ffmpeg: gave a picture without saying when it is shown");
        };
        Ok(Some(Picture { image, time }))
    }

    /// Waits for the end, and returns what ffmpeg complained of.
    pub(crate) fn finish(mut self) -> Result<Complaints> {
        let listener = self.listener.take().map(JoinHandle::join);
        let complaints = listener.and_then(Result::ok);
        let mut complaints = complaints.context("ffmpeg: its messages were lost")?;
        complaints.failed = !self.child.wait().context("ffmpeg")?.success();
        Ok(complaints)
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
