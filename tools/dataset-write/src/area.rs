//! Which part of an image is exported, and at what size.

use loaders::fit::{Fitting, Size};
use manifest::Record;
use stage::{Context, Result, ensure};
use vision::decode::Dimensions;
use vision::resize::{PilFilter, pil};
use vision::{Rect, RgbImage};

/// What is wanted of every image.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The buckets that images are cut to, if they are to be.
    pub(crate) buckets: Option<Box<dyn Fitting>>,
    /// The most pixels on a side of squares, if some are wanted.
    pub(crate) square: Option<u32>,
    /// The buckets that images with a mask are cut to for a trainer that squeezes masks into the
    /// bucket without cutting them; none where no such trainer was asked for.
    pub(crate) masked: Option<Box<dyn Fitting>>,
    /// What masks let through, if they are wanted.
    pub(crate) masks: Option<Masks>,
}

/// What masks let through.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Masks {
    /// Whether everything but the subject is trained on.
    pub(crate) rest: bool,
    /// By how many pixels the subject is made larger first.
    pub(crate) dilate: u32,
}

/// A part of an image, and the size that it is scaled to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Area {
    left: u32,
    top: u32,
    columns: u32,
    rows: u32,
    /// Columns after scaling; never more than before.
    pub(crate) width: u32,
    /// Rows after scaling.
    pub(crate) height: u32,
}

impl Area {
    /// What is exported of an image: what its record's `crop` says, cut to
    /// the trainer's bucket round the subject if that is wanted.
    pub(crate) fn of(
        record: &Record,
        wanted: &Wanted,
        whole: Dimensions,
        subject: Option<Rect>,
    ) -> Result<Self> {
        let area = match record.find("crop")? {
            Some(crop) => Self::crop(crop, whole)?,
            None => Self::part(0, 0, whole.width, whole.height),
        };
        let buckets = wanted.buckets.as_deref();
        Ok(buckets.map_or(area, |buckets| area.fitted(buckets, subject)))
    }

    /// This area cut to its bucket round the subject; itself where it has none, or is one.
    pub(crate) fn fitted(self, buckets: &dyn Fitting, subject: Option<Rect>) -> Self {
        let fit = buckets.fit(Size::new(self.width, self.height));
        fit.map_or(self, |fit| self.to_bucket(fit.bucket, subject))
    }

    fn part(left: u32, top: u32, columns: u32, rows: u32) -> Self {
        Self {
            left,
            top,
            columns,
            rows,
            width: columns,
            height: rows,
        }
    }

    /// The pixels of the key `crop`.
    fn crop(crop: Rect<f64>, whole: Dimensions) -> Result<Self> {
        let seen = crop.clip(whole.width.into(), whole.height.into());
        let pixels = seen.map(|edge| edge.round() as u32);
        ensure!(
            !pixels.is_empty(),
            "key `crop`: {crop} has no pixel of {}x{}",
            whole.width,
            whole.height
        );
        Ok(Self::part(
            pixels.left,
            pixels.top,
            pixels.width(),
            pixels.height(),
        ))
    }

    /// The largest part of the bucket's aspect, scaled to the bucket.
    fn to_bucket(self, bucket: Size, subject: Option<Rect>) -> Self {
        let aspect = bucket.aspect();
        let across = (f64::from(self.rows) * aspect).round() as u32;
        let down = (f64::from(self.columns) / aspect).round() as u32;
        let (columns, rows) = (across.min(self.columns), down.min(self.rows));
        Self {
            width: bucket.width.min(columns),
            height: bucket.height.min(rows),
            ..self.window(columns, rows, subject)
        }
    }

    /// The largest square, scaled to `most` pixels on a side if it has more.
    pub(crate) fn square(self, subject: Option<Rect>, most: u32) -> Self {
        let side = self.columns.min(self.rows);
        Self {
            width: side.min(most),
            height: side.min(most),
            ..self.window(side, side, subject)
        }
    }

    /// A window inside this area with the subject as near its middle as can
    /// be.
    fn window(self, columns: u32, rows: u32, subject: Option<Rect>) -> Self {
        let middle = subject.map_or(
            (self.left + self.columns / 2, self.top + self.rows / 2),
            |subject| {
                (
                    u32::midpoint(subject.left, subject.right),
                    u32::midpoint(subject.top, subject.bottom),
                )
            },
        );
        let start = |middle: u32, length: u32, first: u32, all: u32| {
            let start = middle.saturating_sub(length / 2).max(first);
            start.min(first + all - length)
        };
        let left = start(middle.0, columns, self.left, self.columns);
        let top = start(middle.1, rows, self.top, self.rows);
        Self::part(left, top, columns, rows)
    }

    /// Whether it is the whole image, unscaled.
    pub(crate) fn is_all_of(self, whole: Dimensions) -> bool {
        (self.width, self.height) == (whole.width, whole.height)
    }

    /// The part of `pixels`, scaled.
    pub(crate) fn cut(self, pixels: RgbImage) -> Result<RgbImage> {
        let part = if (self.columns, self.rows) == pixels.dimensions() {
            pixels
        } else {
            let at = |x, y| *pixels.get_pixel(self.left + x, self.top + y);
            RgbImage::from_fn(self.columns, self.rows, at)
        };
        if (self.width, self.height) == (self.columns, self.rows) {
            return Ok(part);
        }
        pil(&part, self.width, self.height, PilFilter::Lanczos).context("cannot be scaled")
    }

    /// Where the pixel of the finished image lies in the image as it was.
    pub(crate) fn origin(self, x: u32, y: u32) -> (u32, u32) {
        let back = |at: u32, from: u32, to: u32| {
            ((f64::from(at) + 0.5) * f64::from(from) / f64::from(to)) as u32
        };
        (
            self.left + back(x, self.columns, self.width).min(self.columns - 1),
            self.top + back(y, self.rows, self.height).min(self.rows - 1),
        )
    }
}
