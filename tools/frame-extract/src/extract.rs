//! The images of the frames that were chosen.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use stage::{Error, Result};
use vision::resize::{PilFilter, pil};
use vision::{Rect, RgbImage};

use crate::again::Again;
use crate::analysis::Analysis;

/// How far the time of a frame may differ from one decoding to the next, in ticks of its clock.
const SAME_TIME: f64 = 0.4;

/// A frame, and its image if that is still to be written.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    /// Its index among the decoded frames.
    pub(crate) frame: usize,
    /// Its pixels.
    pub(crate) image: Option<Arc<RgbImage>>,
}

/// What went wrong on the thread that decodes; the run fails with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trouble(Arc<Mutex<Option<Error>>>);

impl Trouble {
    /// Something went wrong.
    pub(crate) fn set(&self, error: Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    /// Whether something went wrong.
    pub(crate) fn is_there(&self) -> bool {
        let error = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        error.is_some()
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
    /// Its index among the decoded frames.
    pub(crate) frame: usize,
    /// The time by which it is known, in seconds.
    pub(crate) time: f64,
    /// How far that may be off, in seconds.
    pub(crate) off: f64,
    /// Whether it may fail to come a second time: of a damaged film, or at a change of its format.
    pub(crate) uncertain: bool,
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

/// All frames of `wanted`, in order, those of `missing` with their images from `source`; without
/// those that do not come a second time, if they are uncertain.
///
/// It ends early on an error, which is left in `trouble`.
pub(crate) fn images(
    mut source: Option<Again>,
    wanted: Vec<usize>,
    missing: Vec<Expected>,
    trouble: Trouble,
) -> impl Iterator<Item = Chosen> + Send {
    let mut missing = missing.into_iter().peekable();
    let chosen = wanted.into_iter().map_while(move |frame| {
        let Some(expected) = missing.next_if(|expected| expected.frame == frame) else {
            let image = None;
            return Some(Some(Chosen { frame, image }));
        };
        let image = source
            .as_mut()
            .map_or(Ok(None), |source| source.take(expected));
        if missing.peek().is_none() {
            // Nothing more is wanted: ffmpeg need not go on to the end.
            source = None;
        }
        match image {
            Ok(Some(image)) => Some(Some(Chosen {
                frame,
                image: Some(Arc::new(image)),
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

/// The part of an image inside `crop`, once the image has its own shape.
pub(crate) fn shaped(
    image: &RgbImage,
    shape: (u32, u32),
    crop: footage::letterbox::Rectangle,
) -> vision::Result<Cow<'_, RgbImage>> {
    let part = Rect::whole(crop.width, crop.height).shift(crop.left, crop.top);
    if image.dimensions() == shape {
        if (crop.width, crop.height) == shape {
            return Ok(Cow::Borrowed(image));
        }
        return vision::crop::rgb(image, part).map(Cow::Owned);
    }
    let image = pil(image, shape.0, shape.1, PilFilter::Bicubic)?;
    vision::crop::rgb(&image, part).map(Cow::Owned)
}
