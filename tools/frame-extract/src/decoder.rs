//! A running ffmpeg that hands over images, each with its time.
//!
//! The images come as raw pixels on standard output. `showinfo`, once in every chain here, prints
//! one line for each on standard error, with the exact presentation time; as every frame passes
//! once, the n-th line belongs to the n-th image.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use stage::{Context, Result, anyhow, bail};
use tempfile::NamedTempFile;
use vision::RgbImage;

use crate::lines::{Colour, Said, Shown, listen};
use crate::{combing, ffmpeg, ground};

/// How many of ffmpeg's errors are kept to be shown.
const SHOWN: usize = 3;

/// An image and when it is shown.
#[derive(Debug, Clone)]
pub(crate) struct Picture {
    /// Its pixels.
    pub(crate) image: RgbImage,
    /// What is said of the frame.
    pub(crate) shown: Shown,
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
    /// How many frames had been shown at each error.
    pub(crate) places: Vec<usize>,
    /// Whether ffmpeg ended with an error.
    pub(crate) failed: bool,
    /// What ended ffmpeg, if it did not end by itself.
    pub(crate) signal: Option<String>,
}

impl Complaints {
    /// Takes note of one more error, after this many frames.
    pub(crate) fn add(&mut self, words: String, frames: usize) {
        self.count += 1;
        if self.first.len() < SHOWN {
            self.first.push(words);
        }
        if self.places.last() != Some(&frames) {
            self.places.push(frames);
        }
    }

    /// The first errors in one line.
    pub(crate) fn words(&self) -> String {
        if let Some(signal) = &self.signal {
            return signal.clone();
        }
        if self.first.is_empty() {
            return "it gives no reason".to_owned();
        }
        self.first.join("; ")
    }
}

/// What ffmpeg said, once it has ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    /// Its errors.
    pub(crate) complaints: Complaints,
    /// How the frames are tagged, and how many of them so.
    pub(crate) colours: BTreeMap<Colour, usize>,
}

/// How the pixels come that a chain ends in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    /// Columns and rows of an image.
    pub(crate) size: (u32, u32),
    /// Whether they have an alpha, and are multiplied with it.
    pub(crate) alpha: bool,
    /// Whether every image comes twice, as it is and deinterlaced below.
    pub(crate) twice: bool,
}

/// A running ffmpeg; it ends when this is dropped.
pub(crate) struct Decoder {
    child: Child,
    output: ChildStdout,
    layout: Layout,
    frames: Receiver<(Shown, Option<f64>)>,
    listener: Option<JoinHandle<Heard>>,
    file: Option<NamedTempFile>,
}

impl Decoder {
    /// Starts `command`, which writes raw pixels of `layout` to standard output.
    pub(crate) fn start(mut command: Command, layout: Layout) -> Result<Self> {
        let pixels = if layout.alpha { "rgba" } else { "rgb24" };
        command.args(["-f", "rawvideo", "-pix_fmt", pixels, "pipe:1"]);
        log::debug!("{command:?}");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("ffmpeg")?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let (output, errors) = output.zip(errors).context("ffmpeg: no pipes")?;
        let (sender, frames) = channel();
        let listener = thread::spawn(move || hear(errors, &sender));
        Ok(Self {
            child,
            output,
            layout,
            frames,
            listener: Some(listener),
            file: None,
        })
    }

    /// Keeps a file that ffmpeg reads until it has ended.
    pub(crate) fn with_file(mut self, file: NamedTempFile) -> Self {
        self.file = Some(file);
        self
    }

    /// The next image; none at the end of the film.
    pub(crate) fn next(&mut self) -> Result<Option<Picture>> {
        let Layout { size, alpha, twice } = self.layout;
        let (width, height) = (size.0, size.1 * if twice { 2 } else { 1 });
        let bytes = u64::from(width) * u64::from(height) * if alpha { 4 } else { 3 };
        let mut pixels = Vec::with_capacity(bytes as usize);
        let mut output = (&mut self.output).take(bytes);
        if output.read_to_end(&mut pixels).context("ffmpeg")? == 0 {
            return Ok(None);
        }
        if pixels.len() as u64 == bytes && alpha {
            pixels = ground::lay(&pixels);
        }
        let image = RgbImage::from_raw(width, height, pixels);
        let mut image = image.ok_or_else(|| anyhow!("ffmpeg: its last frame is cut short"))?;
        if twice {
            image = combing::mend(&image);
        }
        let Ok((shown, time)) = self.frames.recv() else {
            bail!("ffmpeg: returned a frame without its time");
        };
        Ok(Some(Picture { image, shown, time }))
    }

    /// Waits for the end, and returns what ffmpeg said.
    pub(crate) fn finish(mut self) -> Result<Heard> {
        self.end()
    }

    /// As [`Self::finish`]; there is no next image.
    pub(crate) fn end(&mut self) -> Result<Heard> {
        let listener = self.listener.take().map(JoinHandle::join);
        let heard = listener.and_then(Result::ok);
        let mut heard = heard.context("ffmpeg: its messages were lost")?;
        let status = self.child.wait().context("ffmpeg")?;
        heard.complaints.failed = !status.success();
        heard.complaints.signal = ffmpeg::signal(status);
        Ok(heard)
    }
}

/// Hands over what is said of each frame, and keeps the rest.
fn hear(errors: impl Read, sender: &Sender<(Shown, Option<f64>)>) -> Heard {
    let (mut heard, mut base, mut frames) = (Heard::default(), 0.0, 0);
    for said in listen(errors) {
        match said {
            Said::TimeBase(seconds) => base = seconds,
            Said::Frame(shown) => {
                frames += 1;
                let time = shown.ticks.map(|ticks| ticks as f64 * base);
                // The receiver is gone once no more images are needed.
                let _ = sender.send((shown, time));
            }
            Said::Colour(colour) => *heard.colours.entry(colour).or_default() += 1,
            Said::Error(words) => heard.complaints.add(words, frames),
        }
    }
    heard
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
