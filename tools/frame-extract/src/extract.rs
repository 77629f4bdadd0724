//! The images of the frames that were chosen.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use stage::{Context, Error, Result, bail, ensure};
use tempfile::NamedTempFile;
use vision::resize::{PilFilter, pil};
use vision::{Rect, RgbImage};

use crate::analysis::Analysis;
use crate::decoder::{Decoder, Layout, Picture};
use crate::ffmpeg::Ffmpeg;
use crate::film::Film;
use crate::{chain, select};

/// The longest filter chain that is given on the command line, in bytes; Linux takes 128 KiB.
const LONGEST: usize = 100_000;

/// How far the time of a frame may differ from one decoding to the next, in ticks of its clock.
const SAME_TIME: f64 = 0.4;

/// A frame, and its image if that is still to be written.
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

/// A frame whose image is to come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    frame: usize,
    /// The time by which it is known, in seconds, and how far that may be off.
    time: f64,
    off: f64,
    /// Whether it may fail to come a second time: of a damaged film, or at a change of its format.
    uncertain: bool,
}

/// The frames `missing` as their images will come.
pub(crate) fn expected(analysis: &Analysis, missing: Vec<usize>) -> Vec<Expected> {
    let tick = analysis.tick.unwrap_or(1.0);
    let uncertain = analysis.errors > 0 || !analysis.shapes.is_empty() || analysis.view.interlaced;
    let of = |frame| Expected {
        frame,
        time: analysis.ticks(frame) as f64 * tick,
        off: tick * SAME_TIME,
        uncertain,
    };
    missing.into_iter().map(of).collect()
}

/// Starts to decode the frames `missing` of `film`, whole; none if none is missing.
///
/// They are told by their time, which is the same however often a film is decoded, while numbers
/// begin anew wherever its format changes. Where times tell nothing, ffmpeg is made to count: a rate
/// of one frame a second takes the place of the film's clock.
pub(crate) fn start(
    ffmpeg: &Ffmpeg,
    film: &Film,
    analysis: &Analysis,
    missing: &[usize],
) -> Result<Option<Decoder>> {
    if missing.is_empty() {
        return Ok(None);
    }
    let ticks: Vec<i64> = missing.iter().map(|&frame| analysis.ticks(frame)).collect();
    let chain = chain::pictures(film, |variable| select::expression(variable, &ticks));
    let counted: &[&str] = if analysis.tick.is_some() {
        &[]
    } else {
        &["-r", "1"]
    };
    let mut command = film.reading(ffmpeg, counted);
    ffmpeg.every_frame_once(&mut command);
    let layout = Layout {
        size: film.view.size,
        alpha: film.view.alpha,
        twice: film.view.interlaced,
    };
    if chain.len() <= LONGEST {
        command.args(["-vf", &chain]);
        return Decoder::start(command, layout).map(Some);
    }
    let mut script = NamedTempFile::new().context("filter chain")?;
    script.write_all(chain.as_bytes()).context("filter chain")?;
    command.arg(ffmpeg.chain_file_flag()).arg(script.path());
    let decoder = Decoder::start(command, layout)?;
    Ok(Some(decoder.with_file(script)))
}

/// All frames of `wanted`, in order, those of `missing` with their images from `decoder`; without
/// those that do not come a second time, if they are uncertain.
///
/// It ends early on an error, which is left in `trouble`.
pub(crate) fn pictures(
    decoder: Option<Decoder>,
    wanted: Vec<usize>,
    missing: Vec<Expected>,
    trouble: Trouble,
) -> impl Iterator<Item = Chosen> + Send {
    let mut missing = missing.into_iter().peekable();
    let mut source = decoder.map(|decoder| Source {
        decoder,
        next: None,
        over: false,
    });
    let chosen = wanted.into_iter().map_while(move |frame| {
        let Some(expected) = missing.next_if(|expected| expected.frame == frame) else {
            let picture = None;
            return Some(Some(Chosen { frame, picture }));
        };
        let picture = source
            .as_mut()
            .map_or(Ok(None), |source| source.take(expected));
        if missing.peek().is_none() {
            // Nothing more is wanted: ffmpeg need not go on to the end.
            source = None;
        }
        match picture {
            Ok(Some(picture)) => Some(Some(Chosen {
                frame,
                picture: Some(Arc::new(picture)),
            })),
            Ok(None) => {
                log::warn!("frame {frame}: was missing when the film was decoded again: left out");
                Some(None)
            }
            Err(error) => {
                trouble.set(error.context(format!("frame {frame}")));
                None
            }
        }
    });
    chosen.flatten()
}

/// The images as they come.
struct Source {
    decoder: Decoder,
    /// One that came before it was expected.
    next: Option<Picture>,
    /// Whether all have come.
    over: bool,
}

impl Source {
    /// The image of a frame; none if it is uncertain and does not come.
    fn take(&mut self, expected: Expected) -> Result<Option<RgbImage>> {
        loop {
            let picture = match self.next.take() {
                Some(picture) => Some(picture),
                None if self.over => return Ok(None),
                None => self.decoder.next()?,
            };
            let Some(picture) = picture else {
                self.over = true;
                let complaints = self.decoder.end()?.complaints;
                if expected.uncertain && complaints.signal.is_none() {
                    return Ok(None);
                }
                bail!("ffmpeg ended before this frame: {}", complaints.words());
            };
            let found = picture.time.unwrap_or(expected.time);
            if (found - expected.time).abs() <= expected.off {
                return Ok(Some(picture.image));
            }
            ensure!(
                expected.uncertain,
                "ffmpeg returned the frame at {found:.3} s instead of {:.3} s",
                expected.time
            );
            if found > expected.time {
                self.next = Some(picture);
                return Ok(None);
            }
        }
    }
}

/// The part of an image inside `crop`, once the image has its own shape.
pub(crate) fn shaped(
    picture: &RgbImage,
    shape: (u32, u32),
    crop: footage::letterbox::Rectangle,
) -> vision::Result<RgbImage> {
    let part = Rect::whole(crop.width, crop.height).shift(crop.left, crop.top);
    if picture.dimensions() == shape {
        return vision::crop::rgb(picture, part);
    }
    let picture = pil(picture, shape.0, shape.1, PilFilter::Bicubic)?;
    vision::crop::rgb(&picture, part)
}
