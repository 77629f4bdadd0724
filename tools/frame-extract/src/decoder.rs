//! A running ffmpeg that hands over images, each with its time.
//!
//! The images come as raw pixels on standard output. `showinfo`, once in every chain here, prints
//! one line for each on standard error, with the exact presentation time; as every frame passes
//! once, the n-th line belongs to the n-th image.
//!
//! One decoding can give two kinds of images: small ones of every frame on standard output, and
//! whole ones of a few through ffmpeg's standard input, which is a pipe that ffmpeg writes to.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use stage::{Context, Result, anyhow, bail};
use tempfile::NamedTempFile;
use vision::RgbImage;

use crate::lines::{Colour, Said, Shown, listen};
use crate::sample::Ticks;
use crate::whole::{Numbered, Whole};
use crate::{combing, ffmpeg, ground};

/// How many of ffmpeg's errors are kept to be shown.
const SHOWN: usize = 3;

/// An image and when it is shown.
#[derive(Debug, Clone)]
pub(crate) struct Decoded {
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
    /// Whether green, blue and red come one after another, each a plane.
    pub(crate) planes: bool,
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
        command.args(layout.output());
        command.arg("pipe:1");
        Self::run(command, layout, None)
    }

    /// Starts `command`, whose chain of filters ends in `[small]` and `[whole]`, with the arguments
    /// `each` before each output. Whole images come of the frames that `ticks` take.
    pub(crate) fn start_both(
        mut command: Command,
        each: &[&str],
        (small, whole): (Layout, Layout),
        ticks: Ticks,
    ) -> Result<(Self, Whole)> {
        for (layout, end, pipe) in [(small, "[small]", "pipe:1"), (whole, "[whole]", "pipe:0")] {
            command.args(["-map", end]).args(each);
            command.args(layout.output()).arg(pipe);
        }
        let (output, input) = std::io::pipe().context("ffmpeg: no pipe")?;
        command.stdin(input);
        let (sender, taken) = channel();
        let decoder = Self::run(command, small, Some(Numbered::new(sender, ticks)))?;
        Ok((decoder, Whole::new(output, whole, taken)))
    }

    fn run(mut command: Command, layout: Layout, numbered: Option<Numbered>) -> Result<Self> {
        log::debug!("{command:?}");
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().context("ffmpeg")?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let (output, errors) = output.zip(errors).context("ffmpeg: no pipes")?;
        let (sender, frames) = channel();
        let listener = thread::spawn(move || hear(errors, &sender, numbered));
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
    pub(crate) fn next(&mut self) -> Result<Option<Decoded>> {
        let Some(image) = self.layout.read(&mut self.output)? else {
            return Ok(None);
        };
        let Ok((shown, time)) = self.frames.recv() else {
            bail!("ffmpeg: returned a frame without its time");
        };
        Ok(Some(Decoded { image, shown, time }))
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

impl Layout {
    /// The arguments that make ffmpeg write such images.
    fn output(self) -> [&'static str; 4] {
        ["-f", "rawvideo", "-pix_fmt", self.pixels()]
    }

    /// ffmpeg's name for such pixels.
    pub(crate) fn pixels(self) -> &'static str {
        match (self.alpha, self.planes) {
            (true, _) => "rgba",
            (false, true) => "gbrp",
            (false, false) => "rgb24",
        }
    }

    /// Reads the next image; none at the end.
    pub(crate) fn read(self, output: &mut impl Read) -> Result<Option<RgbImage>> {
        let Self {
            size, alpha, twice, ..
        } = self;
        let (width, height) = (size.0, size.1 * if twice { 2 } else { 1 });
        let bytes = u64::from(width) * u64::from(height) * if alpha { 4 } else { 3 };
        let mut pixels = Vec::with_capacity(bytes as usize);
        let read = output.take(bytes).read_to_end(&mut pixels);
        if read.context("ffmpeg")? == 0 {
            return Ok(None);
        }
        if pixels.len() as u64 == bytes && alpha {
            pixels = ground::lay(&pixels);
        } else if pixels.len() as u64 == bytes && self.planes {
            pixels = woven(&pixels);
        }
        let image = RgbImage::from_raw(width, height, pixels);
        let mut image = image.ok_or_else(|| anyhow!("ffmpeg: its last frame is cut short"))?;
        if twice {
            image = combing::mend(&image);
        }
        Ok(Some(image))
    }
}

/// Red, green and blue of each pixel, from planes of green, blue and red.
fn woven(planes: &[u8]) -> Vec<u8> {
    let mut pixels = vec![0; planes.len()];
    let (green, rest) = planes.split_at(planes.len() / 3);
    let (blue, red) = rest.split_at(green.len());
    let values = red.iter().zip(green).zip(blue);
    for (pixel, ((red, green), blue)) in pixels.chunks_exact_mut(3).zip(values) {
        pixel.copy_from_slice(&[*red, *green, *blue]);
    }
    pixels
}

/// Hands over what is said of each frame, and keeps the rest.
fn hear(
    errors: impl Read,
    sender: &Sender<(Shown, Option<f64>)>,
    mut numbered: Option<Numbered>,
) -> Heard {
    let (mut heard, mut base, mut frames) = (Heard::default(), 0.0, 0);
    for said in listen(errors) {
        match said {
            Said::Timing { base: seconds, .. } => base = seconds,
            Said::Frame(shown) => {
                frames += 1;
                let time = shown.ticks.map(|ticks| ticks as f64 * base);
                if let Some(numbered) = &mut numbered {
                    numbered.pass(&shown, time);
                }
                // The receiver is gone once no more images are needed.
                let _ = sender.send((shown, time));
            }
            Said::Whole(ticks) => {
                if let Some(numbered) = &mut numbered {
                    numbered.come(ticks);
                }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_become_pixels() {
        assert_eq!(woven(&[2, 5, 3, 6, 1, 4]), [1, 2, 3, 4, 5, 6]);
    }
}
