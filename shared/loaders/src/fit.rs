//! Bucket, scale and crop of an image.
//!
//! Every trainer scales an image and cuts a middle part out of it. Where that part lies in the
//! image's own pixels is what one needs to know to say whether a face is cut off.

use std::fmt::Debug;

use geometry::Rect;

/// Bucket, scale and crop by the rules and settings of a trainer.
pub trait Fitting: Debug + Send + Sync {
    /// What becomes of an image of this size; `None` if nothing is left of it.
    fn fit(&self, source: Size) -> Option<Fit>;
}

/// Width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Size {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

impl Size {
    /// A size.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// A square.
    pub const fn square(side: u32) -> Self {
        Self::new(side, side)
    }

    /// Pixels.
    pub fn area(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Width over height.
    pub fn aspect(self) -> f64 {
        f64::from(self.width) / f64::from(self.height)
    }
}

/// What a trainer makes of an image's size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// The image.
    pub source: Size,
    /// What the network sees.
    pub bucket: Size,
    /// The image after scaling, before the rest is cut off.
    pub resized: Size,
    /// Columns cut off at the left of the scaled image.
    pub left: f64,
    /// Rows cut off at its top.
    pub top: f64,
}

impl Fit {
    /// Cuts the middle out, with what cannot be halved cut off at right and
    /// bottom.
    pub(crate) fn middle(source: Size, resized: Size, bucket: Size) -> Self {
        let half = |whole: u32, part: u32| f64::from(whole.saturating_sub(part) / 2);
        Self {
            source,
            bucket,
            resized,
            left: half(resized.width, bucket.width),
            top: half(resized.height, bucket.height),
        }
    }

    /// What is kept, in the image's own pixels.
    pub fn kept(&self) -> Rect<f64> {
        let across = f64::from(self.source.width) / f64::from(self.resized.width);
        let down = f64::from(self.source.height) / f64::from(self.resized.height);
        let right = (self.left + f64::from(self.bucket.width)) * across;
        let bottom = (self.top + f64::from(self.bucket.height)) * down;
        Rect {
            left: self.left * across,
            top: self.top * down,
            right: right.min(self.source.width.into()),
            bottom: bottom.min(self.source.height.into()),
        }
    }

    /// The share of the image's area that is cut off, 0..=1.
    pub fn cropped(&self) -> f64 {
        1.0 - self.bucket.area() as f64 / self.resized.area() as f64
    }

    /// By how much the image is enlarged; under 1 it is shrunk.
    pub fn scale(&self) -> f64 {
        let across = f64::from(self.resized.width) / f64::from(self.source.width);
        across.max(f64::from(self.resized.height) / f64::from(self.source.height))
    }
}

/// The middle square, scaled to this many pixels on a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Square(pub u32);

impl Fitting for Square {
    /// As torchvision's `Resize` and `CenterCrop` have it.
    ///
    /// ```
    /// use loaders::fit::{Fitting, Size, Square};
    /// let fit = Square(1024).fit(Size::new(1920, 1080)).unwrap();
    /// assert_eq!(fit.bucket, Size::square(1024));
    /// assert!((fit.cropped() - 0.4375).abs() < 1e-3);
    /// ```
    fn fit(&self, source: Size) -> Option<Fit> {
        let Self(side) = *self;
        let short = source.width.min(source.height);
        // It truncates the long side.
        let long = |from: u32| (u64::from(from) * u64::from(side) / u64::from(short)) as u32;
        let resized = Size::new(long(source.width), long(source.height));
        let mut fit = Fit::middle(source, resized, Size::square(side));
        // It also rounds the offset, half to even.
        fit.left = (f64::from(resized.width - side) / 2.0).round_ties_even();
        fit.top = (f64::from(resized.height - side) / 2.0).round_ties_even();
        Some(fit)
    }
}

/// Rounds half up, as `int(x + 0.5)` does.
pub(crate) fn half_up(value: f64) -> u32 {
    (value + 0.5) as u32
}

/// The index of the smallest value, the first of equals.
pub(crate) fn smallest(values: impl Iterator<Item = f64>) -> Option<usize> {
    let better = |best: Option<(usize, f64)>, (index, value): (usize, f64)| match best {
        Some((_, least)) if least <= value => best,
        _ => Some((index, value)),
    };
    values
        .enumerate()
        .fold(None, better)
        .map(|(index, _)| index)
}
