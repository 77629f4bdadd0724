//! Decoding by the graphics hardware: what of it there is, tried on the film's first frame.
//!
//! ffmpeg goes back to the processor without a word where hardware fails. So each kind is tried in a way that only
//! hardware can pass: frames must come as the hardware holds them, and are then brought to memory.

use std::path::Path;

use clap::ValueEnum;
use stage::{Context, Result};

use crate::ffmpeg::Ffmpeg;
use crate::streams::Stream;

/// What decodes the film
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Hardware {
    /// The processor
    None,
    /// Whatever hardware can decode the film, else the processor
    Auto,
    /// NVIDIA's decoder, else the processor
    Cuda,
    /// VA-API (Intel, AMD), else the processor
    Vaapi,
    /// Apple's decoder, else the processor
    Videotoolbox,
}

/// The kinds that `auto` tries, in this order.
const KINDS: [Hardware; 3] = [Hardware::Cuda, Hardware::Vaapi, Hardware::Videotoolbox];

impl Hardware {
    /// ffmpeg's name of it, and of the format of frames that it holds.
    fn names(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::None | Self::Auto => None,
            Self::Cuda => Some(("cuda", "cuda")),
            Self::Vaapi => Some(("vaapi", "vaapi")),
            Self::Videotoolbox => Some(("videotoolbox", "videotoolbox_vld")),
        }
    }

    /// ffmpeg's name of the hardware that decodes `stream` of the film at `path`; none for the processor, which is
    /// said if hardware was asked for. A `decoder` that the film needs runs on the processor.
    pub(crate) fn that_decodes(
        self,
        ffmpeg: &Ffmpeg,
        path: &Path,
        stream: &Stream,
        decoder: Option<&str>,
    ) -> Result<Option<&'static str>> {
        let one = [self];
        let kinds = match self {
            Self::None => return Ok(None),
            _ if decoder.is_some() => &[],
            Self::Auto => &KINDS[..],
            _ => &one[..],
        };
        for (name, format) in kinds.iter().filter_map(|kind| kind.names()) {
            if decodes(ffmpeg, path, stream, name, format)? {
                log::info!("{}: decoded by {name}", path.display());
                return Ok(Some(name));
            }
        }
        log::warn!(
            "{}: decoded by the processor: no hardware asked for by --hwaccel decodes it here",
            path.display()
        );
        Ok(None)
    }
}

/// Whether hardware of this name decodes the first frame.
fn decodes(
    ffmpeg: &Ffmpeg,
    path: &Path,
    stream: &Stream,
    name: &str,
    format: &str,
) -> Result<bool> {
    let mut command = ffmpeg.reading(path, &["-hwaccel", name, "-hwaccel_output_format", format]);
    command.args(["-map", &format!("0:{}", stream.index)]);
    command.args(["-vf", "hwdownload,format=nv12|p010le", "-frames:v", "1"]);
    let ran = command
        .args(["-f", "null", "-"])
        .output()
        .context("ffmpeg")?;
    log::debug!(
        "{name}: {}",
        String::from_utf8_lossy(&ran.stderr).trim_end()
    );
    Ok(ran.status.success())
}
