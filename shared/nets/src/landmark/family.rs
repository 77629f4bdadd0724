//! What a family of landmark estimators is: which points it finds, what it sees of a face, and what it
//! reads in the answer.

use anyhow::Result;
use vision::{Rect, RgbImage};

use super::heatmap::Maps;
use crate::family::Graph;
use crate::planes::{Order, planes};
use crate::pose::simcc::{DEVIATION, MEAN};
use crate::pose::{self, Window};

/// The points of an eye and of the eyebrow above it, as places in the network's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Eye {
    /// Its corner at the temple.
    pub outer: usize,
    /// Its corner at the nose.
    pub inner: usize,
    /// The middle of the upper lid.
    pub top: usize,
    /// The middle of the lower lid.
    pub bottom: usize,
    /// The eyebrow's end at the temple, its middle, and its end at the nose.
    pub brow: [usize; 3],
}

/// Which points a family finds: their places in its order. Left and right are the image's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scheme {
    /// Its word in records.
    pub name: &'static str,
    /// How many points there are.
    pub points: usize,
    /// Which point each one is in a mirrored face.
    pub mirrored: &'static [usize],
    /// The eye on the left of the image, and the one on the right.
    pub eyes: [Eye; 2],
    /// The corner of the mouth on the left of the image, and the one on the right.
    pub corners: [usize; 2],
    /// The middle of the upper lip, and of the lower one.
    pub lips: [usize; 2],
}

/// What a network sees of one face.
#[derive(Debug, Clone)]
pub struct Crop(pose::Crop);

impl Crop {
    /// Cuts the window of a face out of `image`: `grown` times its box, then made square or whatever
    /// shape `input` (columns, rows) has, black beyond the image.
    ///
    /// # Errors
    /// An invalid box.
    pub(super) fn cut(
        image: &RgbImage,
        rect: Rect<f64>,
        grown: f64,
        input: (u32, u32),
    ) -> Result<Self> {
        let window = Window::around(rect, grown, input)?;
        Ok(Self(pose::Crop::cut(image, window, input)?))
    }

    /// Where it is, in pixels of the image.
    pub fn window(&self) -> &Window {
        &self.0.window
    }

    /// The network's input, `[3, rows, columns]`: red, green and blue less `ImageNet`'s mean, over its
    /// deviation; mirrored, if asked for.
    pub fn numbers(&self, mirrored: bool) -> Vec<f32> {
        let mut numbers = planes(&self.0.image, Order::Rgb, MEAN, DEVIATION);
        if mirrored {
            let columns = self.0.image.width().max(1) as usize;
            numbers.chunks_mut(columns).for_each(<[f32]>::reverse);
        }
        numbers
    }
}

/// A family of landmark estimators.
pub trait Locates: Graph {
    /// Which points it finds.
    fn scheme(&self) -> &'static Scheme;

    /// Columns and rows that its network takes.
    fn input(&self) -> (u32, u32);

    /// What its network sees of the face in `rect`.
    ///
    /// # Errors
    /// An invalid box.
    fn crop(&self, image: &RgbImage, rect: Rect<f64>) -> Result<Crop>;

    /// Column, row and score of each point, in pixels of the image.
    fn decode(&self, maps: &Maps, crop: &Crop) -> Vec<[f64; 3]>;
}
