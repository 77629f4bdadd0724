//! Binary masks: which pixels of an image belong to something.

use geometry::Rect;
use image::{GrayImage, RgbaImage};

use crate::error::{Error, Result, sizes_differ};
use crate::header;

pub use crate::mask_file::{from_bytes, of_alpha, read};
pub use crate::mask_stored::{Stored, open, open_for};
pub use crate::rle::Rle;

/// What is opaque enough to belong to something, of 255.
const OPAQUE: u8 = 128;

/// A mask the size of its image, row by row; true is inside. It has at least one pixel and at
/// most [`MAX_PIXELS`](crate::decode::MAX_PIXELS).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    width: u32,
    height: u32,
    inside: Vec<bool>,
}

impl Mask {
    /// A mask with nothing inside.
    ///
    /// # Errors
    /// A size without pixels or over the limit.
    pub fn new(width: u32, height: u32) -> Result<Self> {
        Self::from_fn(width, height, |_, _| false)
    }

    /// A mask of the pixels (column, row) for which `inside` says so.
    ///
    /// # Errors
    /// A size without pixels or over the limit.
    ///
    /// ```
    /// let mask = vision::mask::Mask::from_fn(4, 3, |x, y| x == 1 && y < 2).unwrap();
    /// assert_eq!(mask.area(), 2);
    /// ```
    pub fn from_fn(width: u32, height: u32, inside: impl Fn(u32, u32) -> bool) -> Result<Self> {
        header::checked(width.into(), height.into())?;
        let inside = (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .map(|(x, y)| inside(x, y))
            .collect();
        Ok(Self {
            width,
            height,
            inside,
        })
    }

    /// A mask of pixels that are known already, row by row.
    ///
    /// # Errors
    /// A size without pixels or over the limit, or of another number of pixels than there are.
    pub fn from_pixels(width: u32, height: u32, inside: Vec<bool>) -> Result<Self> {
        header::checked(width.into(), height.into())?;
        let rows = inside.len() / width as usize;
        if !inside.len().is_multiple_of(width as usize) || rows != height as usize {
            return Err(sizes_differ((width, height), (width, rows as u32)));
        }
        Ok(Self {
            width,
            height,
            inside,
        })
    }

    /// The pixels of a gray image at `threshold` or above; 128 for a mask file.
    ///
    /// # Errors
    /// A size without pixels or over the limit.
    pub fn from_luma(image: &GrayImage, threshold: u8) -> Result<Self> {
        let (width, height) = image.dimensions();
        header::checked(width.into(), height.into())?;
        let inside = image.as_raw().iter().map(|level| *level >= threshold);
        Ok(Self {
            width,
            height,
            inside: inside.collect(),
        })
    }

    /// The pixels of an image that are at least half opaque.
    ///
    /// # Errors
    /// A size without pixels or over the limit.
    pub fn from_alpha(image: &RgbaImage) -> Result<Self> {
        let (width, height) = image.dimensions();
        Self::from_fn(width, height, |x, y| image.get_pixel(x, y).0[3] >= OPAQUE)
    }

    /// A gray image, 255 inside and 0 outside.
    pub fn to_luma(&self) -> GrayImage {
        let mut image = GrayImage::new(self.width, self.height);
        for (pixel, inside) in image.pixels_mut().zip(&self.inside) {
            pixel.0 = [if *inside { 255 } else { 0 }];
        }
        image
    }

    /// The same mask, if it is of the size of its image.
    ///
    /// # Errors
    /// A mask of another size.
    pub fn for_image(self, (width, height): (u32, u32)) -> Result<Self> {
        if (self.width, self.height) == (width, height) {
            return Ok(self);
        }
        Err(Error::MaskSize {
            mask: format!("{}x{}", self.width, self.height),
            image: format!("{width}x{height}"),
        })
    }

    /// Columns.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The pixels row by row.
    pub fn as_slice(&self) -> &[bool] {
        &self.inside
    }

    /// Whether a pixel is inside; nothing beyond the border is.
    pub fn get(&self, x: u32, y: u32) -> bool {
        x < self.width && y < self.height && self.inside[self.index(x, y)]
    }

    /// Puts a pixel inside or outside; beyond the border nothing happens.
    pub fn set(&mut self, x: u32, y: u32, inside: bool) {
        if x < self.width && y < self.height {
            let index = self.index(x, y);
            self.inside[index] = inside;
        }
    }

    fn index(&self, x: u32, y: u32) -> usize {
        y as usize * self.width as usize + x as usize
    }

    /// How many pixels are inside.
    pub fn area(&self) -> u64 {
        self.inside.iter().map(|inside| u64::from(*inside)).sum()
    }

    /// Whether all pixels are inside (`true`) or none is (`false`); no answer where some are, as
    /// in any mask that says something.
    ///
    /// ```
    /// use vision::mask::Mask;
    /// assert_eq!(Mask::new(4, 3).unwrap().uniform(), Some(false));
    /// assert_eq!(Mask::from_fn(4, 3, |x, _| x == 0).unwrap().uniform(), None);
    /// ```
    pub fn uniform(&self) -> Option<bool> {
        let first = self.inside.first().copied()?;
        let same = self.inside.iter().all(|inside| *inside == first);
        same.then_some(first)
    }

    /// The smallest rectangle round everything inside; none if nothing is.
    ///
    /// ```
    /// use vision::{Rect, mask::Mask};
    /// let mask = Mask::from_fn(9, 9, |x, y| (2..5).contains(&x) && y == 7).unwrap();
    /// assert_eq!(mask.bounding_box(), Some(Rect::from([2, 7, 5, 8])));
    /// ```
    pub fn bounding_box(&self) -> Option<Rect> {
        let mut result: Option<Rect> = None;
        for (y, row) in (0..).zip(self.inside.chunks_exact(self.width as usize)) {
            let Some(first) = row.iter().position(|inside| *inside) else {
                continue;
            };
            let last = row.iter().rposition(|inside| *inside).unwrap_or(first);
            let (left, right) = (first as u32, last as u32 + 1);
            let seen = result.get_or_insert(Rect {
                left,
                top: y,
                right,
                bottom: y,
            });
            seen.left = seen.left.min(left);
            seen.right = seen.right.max(right);
            seen.bottom = y + 1;
        }
        result
    }

    /// What is inside either.
    ///
    /// # Errors
    /// Masks of different sizes.
    pub fn union(&self, other: &Self) -> Result<Self> {
        self.combine(other, |first, second| first || second)
    }

    /// What is inside both.
    ///
    /// # Errors
    /// Masks of different sizes.
    pub fn intersection(&self, other: &Self) -> Result<Self> {
        self.combine(other, |first, second| first && second)
    }

    /// What is inside this one and outside the other.
    ///
    /// # Errors
    /// Masks of different sizes.
    pub fn difference(&self, other: &Self) -> Result<Self> {
        self.combine(other, |first, second| first && !second)
    }

    /// Inside out.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self {
            inside: self.inside.iter().map(|inside| !inside).collect(),
            ..*self
        }
    }

    /// The part of it within `rect`; outside of the mask nothing is inside.
    ///
    /// # Errors
    /// A part without pixels.
    pub fn part(&self, rect: Rect) -> Result<Self> {
        Self::from_fn(rect.width(), rect.height(), |x, y| {
            self.get(rect.left + x, rect.top + y)
        })
    }

    /// Everything within `radius` pixels (Euclidean, centre to centre) of what is inside: a disc,
    /// as against the square of repeated neighbours. The time does not depend on the radius.
    ///
    /// ```
    /// use vision::mask::Mask;
    /// let dot = Mask::from_fn(5, 5, |x, y| (x, y) == (2, 2)).unwrap();
    /// assert_eq!(dot.dilate(1).area(), 5); // a plus sign
    /// assert_eq!(dot.dilate(2).area(), 13);
    /// ```
    #[must_use]
    pub fn dilate(&self, radius: u32) -> Self {
        let radius = radius.min(self.width + self.height);
        self.changed_within(radius, |part, width| {
            crate::dilate::disc(part, width, radius)
        })
    }

    /// What is farther than `radius` pixels from everything outside. Beyond the border counts as
    /// inside, so that a mask that touches it keeps touching it.
    #[must_use]
    pub fn erode(&self, radius: u32) -> Self {
        // The nearest pixel outside is beside the bounding box or in it.
        self.changed_within(1, |part, width| {
            let outside: Vec<bool> = part.iter().map(|inside| !inside).collect();
            let near = crate::dilate::disc(&outside, width, radius);
            near.into_iter().map(|near| !near).collect()
        })
    }

    /// The mask that `change` makes of the rows of what is inside and of `round` pixels about that; nothing else is
    /// inside. Most masks are of a part of their image.
    fn changed_within(&self, round: u32, change: impl Fn(&[bool], usize) -> Vec<bool>) -> Self {
        let mut inside = vec![false; self.inside.len()];
        if let Some(rect) = self.bounding_box() {
            let about = rect.grow(round, round).clip(self.width, self.height);
            let [left, top, right] = [about.left, about.top, about.right].map(|edge| edge as usize);
            let width = self.width as usize;
            let rows = self.inside.chunks_exact(width).skip(top);
            let rows = rows.take(about.height() as usize);
            let part: Vec<bool> = rows.flat_map(|row| &row[left..right]).copied().collect();
            let changed = change(&part, right - left);
            let rows = inside.chunks_exact_mut(width).skip(top);
            for (row, changed) in rows.zip(changed.chunks_exact(right - left)) {
                row[left..right].copy_from_slice(changed);
            }
        }
        Self { inside, ..*self }
    }

    fn combine(&self, other: &Self, with: impl Fn(bool, bool) -> bool) -> Result<Self> {
        let (ours, theirs) = ((self.width, self.height), (other.width, other.height));
        if ours != theirs {
            return Err(sizes_differ(ours, theirs));
        }
        let pairs = self.inside.iter().zip(&other.inside);
        Ok(Self {
            inside: pairs.map(|(first, second)| with(*first, *second)).collect(),
            ..*self
        })
    }
}
