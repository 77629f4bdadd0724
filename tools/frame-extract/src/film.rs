//! The film: which file it is, and what it says of its images.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};
use stage::{Result, bail, ensure};

use crate::colour::{self, Conversion};
use crate::decoder::Layout;
use crate::ffmpeg::Ffmpeg;
use crate::hardware::Hardware;
use crate::lines::{Colour, Shown};
use crate::opening::{decoder, first_frame, opened};
use crate::streams::Stream;
use crate::{aspects, choice, containers};

/// How much of each end of the file tells films apart, in bytes (1 MiB).
const END: u64 = 1 << 20;

/// The flags by which ffmpeg decodes keyframes only.
pub(crate) const KEYFRAMES: [&str; 2] = ["-skip_frame", "nokey"];

/// Frames a second of a film that does not say.
const RATE: f64 = 24.0;

/// Sizes whose sides differ by no larger share are the same.
const SAME_SIZE: f64 = 0.01;

/// The content of a film: other content, other key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    /// Length of the file in bytes.
    bytes: u64,
    /// BLAKE3 of its first and its last MiB.
    ends: String,
}

impl Key {
    /// A few letters that tell films of one name apart.
    pub(crate) fn short(&self) -> &str {
        self.ends.get(..8).unwrap_or(&self.ends)
    }
}

/// How the images of a film are to be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct View {
    /// Size of its images in square pixels, upright; of the larger ones where that changes.
    pub(crate) size: (u32, u32),
    /// Rows of its images as they are stored.
    pub(crate) rows: u32,
    /// Whether any of its images is flagged as two fields of different times.
    pub(crate) interlaced: bool,
    /// Whether its pixels may be transparent.
    pub(crate) alpha: bool,
    /// How its colours are tagged.
    pub(crate) colour: Colour,
}

/// A film that ffmpeg can decode.
#[derive(Debug, Clone)]
pub(crate) struct Film {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Which content it is.
    pub(crate) key: Key,
    /// The container that it is in, by the first of its names.
    pub(crate) container: String,
    /// The stream that is the film.
    pub(crate) stream: Stream,
    /// How its images are to be seen: by its first image, until more is known.
    pub(crate) view: View,
    /// How long it says that it is, in seconds; its sound and subtitles may be what is that long.
    pub(crate) duration: Option<f64>,
    /// How many frames a second it has, exactly, if it says so.
    rate: Option<f64>,
    /// From which time on its pixels have which width by their height, where that changes.
    pub(crate) aspects: Vec<(f64, aspects::Aspect)>,
    /// The decoder to use, where it is not ffmpeg's first choice.
    decoder: Option<&'static str>,
    /// The hardware that decodes it, by ffmpeg's name; none for the processor.
    hardware: Option<&'static str>,
    /// Whether only its keyframes are decoded.
    pub(crate) keyframes: bool,
}

impl Film {
    /// Looks at the film at `path`.
    pub(crate) fn open(ffmpeg: &Ffmpeg, path: &Path, hardware: Hardware) -> Result<Self> {
        let key = key(path)?;
        containers::refuse_playlists(path)?;
        let first = first_frame(ffmpeg, path, None, None)?;
        let stream = choice::film(ffmpeg, path, &first.listing)?;
        let decoder = decoder(ffmpeg, &stream)?;
        colour::refuse_dolby(&stream)?;
        let again = decoder.is_some() || Some(stream.index) != choice::usual(&first.listing);
        let first = if again {
            first_frame(ffmpeg, path, Some(stream.index), decoder)?
        } else {
            first
        };
        let Some((shown, colour)) = first.image else {
            bail!("ffmpeg cannot read it: {}", first.complaints.words());
        };
        let mut film = Self {
            path: path.to_owned(),
            key,
            view: View::of(&shown, shown.aspect, colour),
            container: {
                let names = &first.listing.container;
                names.split(',').next().unwrap_or_default().to_owned()
            },
            duration: first.listing.length(&stream),
            rate: first.rate,
            aspects: aspects::changes(ffmpeg, path, &first.listing, &stream),
            keyframes: false,
            hardware: hardware.that_decodes(ffmpeg, path, &stream, decoder)?,
            stream,
            decoder,
        };
        film.look_like(&shown, 0.0)?;
        Ok(film)
    }

    /// Takes the images of the film to be like `shown`, of this time.
    pub(crate) fn look_like(&mut self, shown: &Shown, time: f64) -> Result<()> {
        let colour = self.view.colour.clone();
        let interlaced = self.view.interlaced;
        self.view = View::of(shown, self.aspect(shown, time), colour);
        self.view.interlaced |= interlaced;
        let (width, height) = self.view.size;
        let pixels = u64::from(width) * u64::from(height);
        ensure!(
            width >= 16 && height >= 16 && pixels <= vision::decode::MAX_PIXELS,
            "frames of {width}x{height} are too small or too large to process"
        );
        Ok(())
    }

    /// What is done to its colours.
    pub(crate) fn conversion(&self) -> Conversion {
        self.view.colour.conversion(self.view.rows)
    }

    /// A call of ffmpeg that reads the images; `before` are flags for decoding.
    pub(crate) fn reading(&self, ffmpeg: &Ffmpeg, before: &[&str]) -> Command {
        let mut command = self.decoding(ffmpeg, before);
        command.args(["-map", &format!("0:{}", self.stream.index)]);
        command
    }

    /// A call of ffmpeg that opens the film; which stream is read is still to be said.
    pub(crate) fn decoding(&self, ffmpeg: &Ffmpeg, before: &[&str]) -> Command {
        let mut flags = before.to_vec();
        if self.keyframes {
            flags.extend(KEYFRAMES);
        }
        if let Some(hardware) = self.hardware {
            flags.extend(["-hwaccel", hardware]);
        }
        opened(ffmpeg, &self.path, self.decoder, &flags)
    }

    /// The number of the frame that came as the one numbered `index`, at `time` seconds: that itself, or if only
    /// keyframes come, the one of its time.
    pub(crate) fn number(&self, index: usize, time: f64) -> usize {
        if self.keyframes {
            (time * self.rate.unwrap_or(RATE)).round().max(0.0) as usize
        } else {
            index
        }
    }

    /// How its whole images come.
    pub(crate) fn layout(&self) -> Layout {
        Layout {
            size: self.view.size,
            alpha: self.view.alpha,
            twice: self.view.interlaced,
            planes: !self.view.alpha,
        }
    }

    /// How images of it come that were made small.
    pub(crate) fn small_layout(&self, size: (u32, u32)) -> Layout {
        Layout {
            size,
            alpha: self.view.alpha,
            twice: false,
            planes: false,
        }
    }

    /// Width of an image's pixels by their height.
    fn aspect(&self, shown: &Shown, time: f64) -> f64 {
        let change = self
            .aspects
            .partition_point(|&(from, _)| from <= time + 1e-4);
        match self.aspects.get(change.saturating_sub(1)) {
            Some((_, aspect)) => aspect.of_pixels(shown.width, shown.height),
            None => shown.aspect,
        }
    }

    /// The size in which an image is written.
    pub(crate) fn shape(&self, shown: &Shown, time: f64) -> (u32, u32) {
        fit(self.own_size(shown, time), self.view.size)
    }

    /// The size in which an image is to be seen, by itself.
    pub(crate) fn own_size(&self, shown: &Shown, time: f64) -> (u32, u32) {
        square((shown.width, shown.height), self.aspect(shown, time))
    }

    /// The film's file name.
    pub(crate) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The file name without its ending, made safe as a part of ids and file names.
    pub(crate) fn stem(&self) -> String {
        let stem = self.path.file_stem().unwrap_or_default();
        stage::manifest::safe_id(&stem.to_string_lossy())
    }
}

impl View {
    fn of(shown: &Shown, aspect: f64, colour: Colour) -> Self {
        Self {
            size: square((shown.width, shown.height), aspect),
            rows: shown.height,
            interlaced: shown.interlaced,
            alpha: shown.alpha,
            colour,
        }
    }
}

/// Checks that `path` is a file that can be read twice, and tells its content.
fn key(path: &Path) -> Result<Key> {
    let metadata = fs::metadata(path)?;
    ensure!(
        metadata.is_file(),
        "is not a regular file: a film is read more than once, so save it as a file first"
    );
    let bytes = metadata.len();
    ensure!(bytes > 0, "is empty");
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut read = Vec::new();
    (&mut file).take(END).read_to_end(&mut read)?;
    file.seek(SeekFrom::Start(bytes.saturating_sub(END)))?;
    (&mut file).take(END).read_to_end(&mut read)?;
    hasher.update(&read);
    Ok(Key {
        bytes,
        ends: hasher.finalize().to_hex().to_string(),
    })
}

/// The size in square pixels; an image is stretched, never squeezed. Both sides are even.
fn square((width, height): (u32, u32), aspect: f64) -> (u32, u32) {
    let stretched = |side: u32, by: f64| even(f64::from(side) * by);
    if aspect >= 1.0 {
        (stretched(width, aspect), stretched(height, 1.0))
    } else {
        (stretched(width, 1.0), stretched(height, 1.0 / aspect))
    }
}

fn even(side: f64) -> u32 {
    (side / 2.0).round() as u32 * 2
}

/// The size in which an image of size `own` is written that comes in images of size `canvas`: its
/// own, or the largest of its shape that is inside; all of the canvas where they hardly differ.
fn fit(own: (u32, u32), canvas: (u32, u32)) -> (u32, u32) {
    let near = |a: u32, b: u32| f64::from(a.abs_diff(b)) <= SAME_SIZE * f64::from(b);
    if near(own.0, canvas.0) && near(own.1, canvas.1) {
        return canvas;
    }
    if own.0 <= canvas.0 && own.1 <= canvas.1 {
        return own;
    }
    let ratio = f64::from(own.0) / f64::from(own.1.max(1));
    let inside = f64::from(canvas.1) * ratio;
    if inside > f64::from(canvas.0) {
        (canvas.0, even(f64::from(canvas.0) / ratio).max(2))
    } else {
        (even(inside).max(2), canvas.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn square_pixels() {
        assert_eq!(square((1920, 1080), 1.0), (1920, 1080));
        assert_eq!(square((720, 576), 64.0 / 45.0), (1024, 576));
        assert_eq!(square((720, 480), 8.0 / 9.0), (720, 540));
        assert_eq!(square((853, 480), 1.0), (854, 480));
    }

    #[test]
    fn other_shapes_fit_into_the_films() {
        assert_eq!(fit((1920, 1080), (1280, 720)), (1280, 720));
        assert_eq!(fit((768, 576), (1024, 576)), (768, 576));
        assert_eq!(fit((1024, 576), (768, 576)), (768, 432));
        assert_eq!(fit((640, 360), (1280, 720)), (640, 360), "never enlarged");
        assert_eq!(fit((1280, 718), (1280, 720)), (1280, 720));
    }
}
