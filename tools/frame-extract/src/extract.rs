//! The pictures of the frames that were chosen.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use stage::{Context, Error, Result, anyhow, ensure};
use tempfile::NamedTempFile;
use vision::RgbImage;
use vision::mask::Bounds;

use crate::chain;
use crate::decoder::Decoder;
use crate::ffmpeg::Ffmpeg;
use crate::film::Film;
use crate::select;

/// The longest filter chain that is given on the command line, in bytes; Linux takes 128 KiB.
const LONGEST: usize = 100_000;

/// How far the time of a frame may differ from one decoding to the next, in seconds.
const SAME_TIME: f64 = 1e-3;

/// A frame, and its picture if that is still to be written.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    /// Its number in the film.
    pub(crate) frame: usize,
    /// Its pixels.
    pub(crate) picture: Option<Arc<RgbImage>>,
}

/// What went wrong on the thread that decodes; the run fails with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trouble(Arc<Mutex<Option<Error>>>);

impl Trouble {
    fn set(&self, error: Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    /// Fails if something went wrong.
    pub(crate) fn check(&self) -> Result<()> {
        let mut error = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        error.take().map_or(Ok(()), Err)
    }
}

/// Starts to decode the frames `missing` of `film`, whole; none if none is missing.
pub(crate) fn start(ffmpeg: &Ffmpeg, film: &Film, missing: &[usize]) -> Result<Option<Decoder>> {
    if missing.is_empty() {
        return Ok(None);
    }
    let select = format!(
        "select='{}'",
        select::expression(missing).replace(',', "\\,")
    );
    let chain = chain::pictures(film, &select);
    let mut command = ffmpeg.reading(&film.path, &[]);
    ffmpeg.every_frame_once(&mut command);
    if chain.len() <= LONGEST {
        command.args(["-vf", &chain]);
        return Decoder::start(command, film.size).map(Some);
    }
    let mut script = NamedTempFile::new().context("filter chain")?;
    script.write_all(chain.as_bytes()).context("filter chain")?;
    command.arg(ffmpeg.chain_file_flag()).arg(script.path());
    let decoder = Decoder::start(command, film.size)?;
    Ok(Some(decoder.with_file(script)))
}

/// All frames of `wanted`, in order, those of `missing` with their pictures from `decoder`.
///
/// It ends early on an error, which is left in `trouble`.
pub(crate) fn pictures(
    mut decoder: Option<Decoder>,
    wanted: Vec<usize>,
    missing: Vec<usize>,
    times: Vec<f64>,
    trouble: Trouble,
) -> impl Iterator<Item = Chosen> + Send {
    let mut missing = missing.into_iter().peekable();
    wanted.into_iter().map_while(move |frame| {
        if missing.next_if_eq(&frame).is_none() {
            return Some(Chosen {
                frame,
                picture: None,
            });
        }
        let picture = next(decoder.as_mut(), times[frame]);
        if missing.peek().is_none() {
            // Nothing more is wanted: ffmpeg need not go on to the end.
            decoder = None;
        }
        match picture {
            Ok(picture) => Some(Chosen {
                frame,
                picture: Some(Arc::new(picture)),
            }),
            Err(error) => {
                trouble.set(error.context(format!("frame {frame}")));
                None
            }
        }
    })
}

fn next(decoder: Option<&mut Decoder>, time: f64) -> Result<RgbImage> {
    let picture = decoder.and_then(|decoder| decoder.next().transpose());
    let picture = picture.ok_or_else(|| anyhow!("ffmpeg ended before this frame"))??;
    let found = picture.time.unwrap_or(time);
    ensure!(
        (found - time).abs() < SAME_TIME,
        "ffmpeg gave one of {found:.3} s instead of {time:.3} s"
    );
    Ok(picture.image)
}

/// The part of a picture inside `crop`.
pub(crate) fn cropped(
    picture: &RgbImage,
    crop: crate::border::Rectangle,
) -> vision::Result<RgbImage> {
    let bounds = Bounds {
        left: crop.left,
        top: crop.top,
        right: crop.left + crop.width,
        bottom: crop.top + crop.height,
    };
    vision::crop::rgb(picture, bounds)
}
