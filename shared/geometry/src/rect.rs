//! The rectangle.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A rectangle in an image, in pixels from its upper left corner.
///
/// It is half-open: `right` and `bottom` are the first column and row outside. Of whole numbers
/// (`Rect<u32>`) these are pixels; of others (`Rect<f32>`, `Rect<f64>`) they are edges, between which
/// the pixel in the corner reaches from 0 to 1. In a record it is `[left, top, right, bottom]`.
///
/// ```
/// use geometry::Rect;
/// let rect = Rect::from([10_u32, 20, 14, 22]);
/// assert_eq!((rect.width(), rect.height(), rect.area()), (4, 2, 8));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "[T; 4]", into = "[T; 4]")]
#[serde(bound(serialize = "T: Copy + Serialize", deserialize = "T: Deserialize<'de>"))]
pub struct Rect<T = u32> {
    /// The left edge; of pixels the first column inside.
    pub left: T,
    /// The upper edge; of pixels the first row inside.
    pub top: T,
    /// The right edge; of pixels the column after the last inside.
    pub right: T,
    /// The lower edge; of pixels the row after the last inside.
    pub bottom: T,
}

impl<T> From<[T; 4]> for Rect<T> {
    fn from([left, top, right, bottom]: [T; 4]) -> Self {
        Self {
            left,
            top,
            right,
            bottom,
        }
    }
}

impl<T> From<Rect<T>> for [T; 4] {
    fn from(rect: Rect<T>) -> Self {
        rect.edges()
    }
}

/// As a record has it: `[left, top, right, bottom]`.
impl<T: fmt::Debug> fmt::Display for Rect<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let edges = [&self.left, &self.top, &self.right, &self.bottom];
        write!(formatter, "{edges:?}")
    }
}

/// A number that edges of rectangles are given in.
pub trait Coordinate: Copy + PartialOrd {
    /// What an area is given in.
    type Area;

    /// Zero.
    const ZERO: Self;

    /// The smaller of two.
    #[must_use]
    fn least(self, other: Self) -> Self;

    /// The larger of two.
    #[must_use]
    fn most(self, other: Self) -> Self;

    /// `self + other`, or the largest number there is.
    #[must_use]
    fn plus(self, other: Self) -> Self;

    /// `self - other`, and no less than there is of `Self`.
    #[must_use]
    fn minus(self, other: Self) -> Self;

    /// The area of a rectangle of these sides.
    fn area(width: Self, height: Self) -> Self::Area;
}

impl Coordinate for u32 {
    type Area = u64;
    const ZERO: Self = 0;

    fn least(self, other: Self) -> Self {
        self.min(other)
    }

    fn most(self, other: Self) -> Self {
        self.max(other)
    }

    fn plus(self, other: Self) -> Self {
        self.saturating_add(other)
    }

    fn minus(self, other: Self) -> Self {
        self.saturating_sub(other)
    }

    fn area(width: Self, height: Self) -> u64 {
        u64::from(width) * u64::from(height)
    }
}

macro_rules! real {
    ($number:ty) => {
        impl Coordinate for $number {
            type Area = Self;
            const ZERO: Self = 0.0;

            fn least(self, other: Self) -> Self {
                self.min(other)
            }

            fn most(self, other: Self) -> Self {
                self.max(other)
            }

            fn plus(self, other: Self) -> Self {
                self + other
            }

            fn minus(self, other: Self) -> Self {
                self - other
            }

            fn area(width: Self, height: Self) -> Self {
                width * height
            }
        }

        impl Rect<$number> {
            /// Intersection over union, 0 to 1; 0 where neither has an area.
            pub fn iou(self, other: Self) -> $number {
                self.iou_with(other, 0.0)
            }

            /// Intersection over union of rectangles whose `right` and `bottom` are the last column
            /// and row inside, so that each is one pixel wider and higher than its edges are apart,
            /// as older detectors count. It differs from [`Rect::iou`] by what a few pixels show.
            pub fn iou_of_pixels(self, other: Self) -> $number {
                self.iou_with(other, 1.0)
            }

            /// Sides are `more` longer than their edges are apart. The order of the arithmetic is
            /// that of the references, whose decisions hang on the last bit.
            fn iou_with(self, other: Self, more: $number) -> $number {
                let both = self.intersection(other);
                let across = (both.right - both.left + more).max(0.0);
                let down = (both.bottom - both.top + more).max(0.0);
                let area = |of: Self| (of.right - of.left + more) * (of.bottom - of.top + more);
                let both = across * down;
                let either = area(self) + area(other) - both;
                if either > 0.0 { both / either } else { 0.0 }
            }

            /// The pixels that it touches in an image of `width` x `height`.
            ///
            /// ```
            /// use geometry::Rect;
            /// let rect = Rect::<f64>::from([-3.0, 1.2, 2.5, 4.0]);
            /// assert_eq!(rect.touched(9, 9), Rect::from([0, 1, 3, 4]));
            /// ```
            pub fn touched(self, width: u32, height: u32) -> Rect {
                let place = |edge: $number, most: u32| edge.clamp(0.0, most as $number) as u32;
                Rect {
                    left: place(self.left.floor(), width),
                    top: place(self.top.floor(), height),
                    right: place(self.right.ceil(), width),
                    bottom: place(self.bottom.ceil(), height),
                }
            }

            /// Column and row of its middle.
            pub fn middle(self) -> [$number; 2] {
                [
                    self.left.midpoint(self.right),
                    self.top.midpoint(self.bottom),
                ]
            }

            /// Where it is in an image that is `across` times as wide and `down` times as high.
            #[must_use]
            pub fn scale(self, across: $number, down: $number) -> Self {
                Self {
                    left: self.left * across,
                    top: self.top * down,
                    right: self.right * across,
                    bottom: self.bottom * down,
                }
            }

            /// Whether its edges are numbers, in order, with an area between them.
            pub fn is_sound(self) -> bool {
                let finite = self.edges().iter().all(|edge| edge.is_finite());
                finite && self.left < self.right && self.top < self.bottom
            }
        }
    };
}

real!(f32);
real!(f64);

impl<T: Coordinate> Rect<T> {
    /// All of an image of `width` x `height`.
    pub fn whole(width: T, height: T) -> Self {
        Self::from([T::ZERO, T::ZERO, width, height])
    }

    /// From the left edge to the right; 0 where they are the wrong way round.
    pub fn width(self) -> T {
        self.right.minus(self.left).most(T::ZERO)
    }

    /// From the upper edge to the lower; 0 where they are the wrong way round.
    pub fn height(self) -> T {
        self.bottom.minus(self.top).most(T::ZERO)
    }

    /// Width times height.
    pub fn area(self) -> T::Area {
        T::area(self.width(), self.height())
    }

    /// Whether nothing is inside.
    pub fn is_empty(self) -> bool {
        self.left >= self.right || self.top >= self.bottom
    }

    /// What is inside both; where nothing is, its edges are the wrong way round.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self {
            left: self.left.most(other.left),
            top: self.top.most(other.top),
            right: self.right.least(other.right),
            bottom: self.bottom.least(other.bottom),
        }
    }

    /// Whether anything is inside both.
    pub fn overlaps(self, other: Self) -> bool {
        !self.intersection(other).is_empty()
    }

    /// Whether all of `other` is inside.
    pub fn holds(self, other: Self) -> bool {
        self.left <= other.left
            && self.top <= other.top
            && self.right >= other.right
            && self.bottom >= other.bottom
    }

    /// The smallest rectangle round both.
    #[must_use]
    pub fn around(self, other: Self) -> Self {
        Self {
            left: self.left.least(other.left),
            top: self.top.least(other.top),
            right: self.right.most(other.right),
            bottom: self.bottom.most(other.bottom),
        }
    }

    /// Each edge moved into an image of `width` x `height`, if it is outside; empty where all of it
    /// was.
    ///
    /// ```
    /// use geometry::Rect;
    /// let rect = Rect::from([-5.0, 40.0, 30.0, 60.0]);
    /// assert_eq!(rect.clip(100.0, 50.0), Rect::from([0.0, 40.0, 30.0, 50.0]));
    /// ```
    #[must_use]
    pub fn clip(self, width: T, height: T) -> Self {
        let within = |edge: T, most: T| edge.most(T::ZERO).least(most);
        Self {
            left: within(self.left, width),
            top: within(self.top, height),
            right: within(self.right, width),
            bottom: within(self.bottom, height),
        }
    }

    /// Every edge moved outwards, by `across` and by `down`; not below 0 where `T` has nothing there.
    ///
    /// ```
    /// use geometry::Rect;
    /// assert_eq!(Rect::from([1_u32, 5, 9, 8]).grow(2, 1), Rect::from([0, 4, 11, 9]));
    /// ```
    #[must_use]
    pub fn grow(self, across: T, down: T) -> Self {
        Self {
            left: self.left.minus(across),
            top: self.top.minus(down),
            right: self.right.plus(across),
            bottom: self.bottom.plus(down),
        }
    }

    /// Moved to the right and down.
    #[must_use]
    pub fn shift(self, across: T, down: T) -> Self {
        Self {
            left: self.left.plus(across),
            top: self.top.plus(down),
            right: self.right.plus(across),
            bottom: self.bottom.plus(down),
        }
    }
}

impl<T> Rect<T> {
    /// Left, top, right, bottom.
    pub fn edges(self) -> [T; 4] {
        [self.left, self.top, self.right, self.bottom]
    }

    /// The same edges in other numbers.
    ///
    /// ```
    /// use geometry::Rect;
    /// assert_eq!(Rect::from([1_u32, 2, 3, 4]).map(f64::from), Rect::from([1.0, 2.0, 3.0, 4.0]));
    /// ```
    pub fn map<U>(self, number: impl FnMut(T) -> U) -> Rect<U> {
        Rect::from(self.edges().map(number))
    }
}

impl Rect {
    /// Its columns, from left to right.
    pub fn columns(self) -> Range<u32> {
        self.left..self.right
    }

    /// Its rows, from top to bottom.
    pub fn rows(self) -> Range<u32> {
        self.top..self.bottom
    }

    /// With context round it: on each side `share` of its longer side, as far as an image of `width` x
    /// `height` has any.
    ///
    /// ```
    /// use geometry::Rect;
    /// let rect = Rect::from([10, 20, 50, 40]);
    /// assert_eq!(rect.padded(0.25, (100, 45)), Rect::from([0, 10, 60, 45]));
    /// ```
    #[must_use]
    pub fn padded(self, share: f64, (width, height): (u32, u32)) -> Self {
        let longer = self.width().max(self.height());
        let more = (f64::from(longer) * share).round() as u32;
        self.grow(more, more).clip(width, height)
    }

    /// Its pixels (column, row), row by row.
    pub fn pixels(self) -> impl Iterator<Item = (u32, u32)> + Clone {
        self.rows()
            .flat_map(move |y| self.columns().map(move |x| (x, y)))
    }
}

#[cfg(feature = "schema")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Rect<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Rect_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <[T; 4]>::json_schema(generator)
    }

    fn inline_schema() -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::float_cmp,
        reason = "a test may stop at once"
    )]
    use super::*;

    #[test]
    fn overlap_is_a_share_of_what_both_cover() {
        let rect = |edges: [f64; 4]| Rect::from(edges);
        // 4 by 4 and 4 by 4, a quarter of each in common: 4 of 28.
        let shifted = rect([0.0, 0.0, 4.0, 4.0]).iou(rect([2.0, 2.0, 6.0, 6.0]));
        assert_eq!(shifted, 4.0 / 28.0);
        assert_eq!(
            rect([0.0, 0.0, 4.0, 4.0]).iou(rect([4.0, 0.0, 8.0, 4.0])),
            0.0
        );
        assert_eq!(rect([1.0; 4]).iou(rect([1.0; 4])), 0.0);
        assert!(rect([0.0, 0.0, f64::NAN, 4.0]).iou(rect([0.0, 0.0, 4.0, 4.0])) <= 1.0);
    }

    #[test]
    fn areas_are_counted_in_two_ways() {
        let (a, b) = (
            Rect::from([0.0_f32, 0.0, 1.0, 1.0]),
            Rect::from([1.0, 0.0, 2.0, 1.0]),
        );
        // Two rectangles of 2 x 2 pixels with one column in common: 2 of 6.
        assert_eq!(a.iou_of_pixels(b), 1.0 / 3.0);
        assert_eq!(a.iou(b), 0.0);
    }

    #[test]
    fn edges_the_wrong_way_round_hold_nothing() {
        let rect = Rect::from([5_u32, 1, 2, 4]);
        assert_eq!((rect.width(), rect.height(), rect.area()), (0, 3, 0));
        assert!(rect.is_empty() && rect.pixels().next().is_none());
        assert!(!Rect::from([f64::NAN, 0.0, 1.0, 1.0]).is_sound());
    }

    #[test]
    fn what_is_outside_of_the_image_is_empty_there() {
        assert!(
            Rect::from([120.0, 0.0, 130.0, 9.0])
                .clip(100.0, 50.0)
                .is_empty()
        );
        assert!(Rect::from([7_u32, 9, 8, 12]).clip(10, 9).is_empty());
    }

    #[test]
    fn a_record_has_an_array() {
        let rect: Rect<f64> = serde_json::from_str("[1, 2.5, 3, 4]").unwrap();
        assert_eq!(rect, Rect::from([1.0, 2.5, 3.0, 4.0]));
        let text = serde_json::to_string(&Rect::from([1_u32, 2, 3, 4])).unwrap();
        assert_eq!(text, "[1,2,3,4]");
        assert!(serde_json::from_str::<Rect<f64>>("[1, 2, 3]").is_err());
    }

    #[test]
    fn an_error_shows_it_as_a_record_does() {
        let rect = Rect::from([1.0, 2.5, 3.0, 4.0]);
        assert_eq!(rect.to_string(), "[1.0, 2.5, 3.0, 4.0]");
        assert_eq!(Rect::from([1, 2, 3, 4]).to_string(), "[1, 2, 3, 4]");
    }

    #[test]
    fn a_middle_moves_with_the_scale() {
        let rect = Rect::from([1.0_f32, 2.0, 4.0, 8.0]);
        assert_eq!(rect.middle(), [2.5, 5.0]);
        assert_eq!(rect.scale(2.0, 0.5), Rect::from([2.0, 1.0, 8.0, 4.0]));
    }

    #[test]
    fn pixels_come_row_by_row() {
        let pixels: Vec<_> = Rect::from([3, 1, 5, 3]).pixels().collect();
        assert_eq!(pixels, [(3, 1), (4, 1), (3, 2), (4, 2)]);
    }
}
