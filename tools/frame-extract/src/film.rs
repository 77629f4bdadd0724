//! The film: which file it is, and what it says of its pictures.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use stage::{Context, Result, bail, ensure};

use crate::decoder::Complaints;
use crate::ffmpeg::Ffmpeg;
use crate::lines::{Colour, Said, Shown, listen};

/// How much of each end of the file tells films apart, in bytes (1 MiB).
const END: u64 = 1 << 20;

/// From this height in pixels an untagged film counts as HD.
const HD_HEIGHT: u32 = 700;

/// The content of a film: other content, other key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Key {
    /// Length of the file in bytes.
    bytes: u64,
    /// BLAKE3 of its first and its last MiB.
    ends: String,
}

/// Brightness beyond the display's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HighRange {
    /// SMPTE ST 2084, as in HDR10.
    Pq,
    /// ARIB STD-B67, hybrid log-gamma.
    Hlg,
}

/// A film that ffmpeg can decode.
#[derive(Debug, Clone)]
pub(crate) struct Film {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Which content it is.
    pub(crate) key: Key,
    /// Size of its pictures in square pixels, upright.
    pub(crate) size: (u32, u32),
    /// Whether its pictures are two fields of different times.
    pub(crate) interlaced: bool,
    /// The matrix to read its colours by, if it has no tag of its own.
    pub(crate) matrix: Option<&'static str>,
    /// What of it is beyond a display's range.
    pub(crate) high_range: Option<HighRange>,
    /// How long it says that it is, in seconds.
    pub(crate) duration: Option<f64>,
}

impl Film {
    /// Looks at the film at `path`.
    pub(crate) fn open(ffmpeg: &Ffmpeg, path: &Path) -> Result<Self> {
        let key = key(path)?;
        let (shown, colour, duration) = first_frame(ffmpeg, path)?;
        let high_range = match colour.transfer.as_str() {
            "smpte2084" => Some(HighRange::Pq),
            "arib-std-b67" => Some(HighRange::Hlg),
            _ => None,
        };
        let size = square((shown.width, shown.height), shown.aspect);
        let pixels = u64::from(size.0) * u64::from(size.1);
        ensure!(
            size.0 >= 16 && size.1 >= 16 && pixels <= vision::decode::MAX_PIXELS,
            "pictures of {}x{} are too small or too large to work with",
            size.0,
            size.1
        );
        Ok(Self {
            path: path.to_owned(),
            key,
            size,
            interlaced: shown.interlaced,
            matrix: matrix(&colour, shown.height),
            high_range,
            duration,
        })
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

/// Checks that `path` is a file that can be read twice, and tells its content.
fn key(path: &Path) -> Result<Key> {
    let metadata = fs::metadata(path)?;
    ensure!(
        metadata.is_file(),
        "is not a regular file, and a film is read more than once"
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

/// Decodes the first frame only.
fn first_frame(ffmpeg: &Ffmpeg, path: &Path) -> Result<(Shown, Colour, Option<f64>)> {
    let mut command = ffmpeg.reading(path, &[]);
    command.args([
        "-vf",
        "showinfo=checksum=0",
        "-frames:v",
        "1",
        "-f",
        "null",
        "-",
    ]);
    let ran = command.output().context("ffmpeg")?;
    let (mut frame, mut colour, mut duration) = (None, None, None);
    let mut complaints = Complaints::default();
    for said in listen(ran.stderr.as_slice()) {
        match said {
            Said::Frame(shown) => frame = frame.or(Some(shown)),
            Said::Colour(tags) => colour = colour.or(Some(tags)),
            Said::Duration(seconds) => duration = duration.or(Some(seconds)),
            Said::Error(words) => complaints.add(words),
            Said::TimeBase(_) => {}
        }
    }
    match frame {
        Some(frame) => Ok((frame, colour.unwrap_or_default(), duration)),
        None if complaints.words().contains("matches no streams") => {
            bail!("has no video stream")
        }
        None if complaints.count == 0 => bail!("has no picture that ffmpeg can decode"),
        None => bail!("ffmpeg cannot read it: {}", complaints.words()),
    }
}

/// The size in square pixels; a picture is stretched, never squeezed. Both sides are even.
fn square((width, height): (u32, u32), aspect: f64) -> (u32, u32) {
    let stretched = |side: u32, by: f64| ((f64::from(side) * by / 2.0).round() * 2.0) as u32;
    if aspect >= 1.0 {
        (stretched(width, aspect), stretched(height, 1.0))
    } else {
        (stretched(width, 1.0), stretched(height, 1.0 / aspect))
    }
}

/// Untagged films follow the custom of players: BT.709 for HD, BT.601 below.
fn matrix(colour: &Colour, height: u32) -> Option<&'static str> {
    let untagged = matches!(colour.matrix.as_str(), "" | "unknown" | "unspecified");
    untagged.then_some(if height >= HD_HEIGHT {
        "bt709"
    } else {
        "bt601"
    })
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
    fn matrices() {
        let tagged = |matrix: &str| Colour {
            matrix: matrix.to_owned(),
            transfer: String::new(),
        };
        assert_eq!(matrix(&tagged("bt709"), 480), None);
        assert_eq!(matrix(&tagged("unknown"), 1080), Some("bt709"));
        assert_eq!(matrix(&tagged("unknown"), 480), Some("bt601"));
    }
}
