//! One letterbox for the whole film: black bars, measured on many images, decided by vote.
//!
//! Each image that is bright enough says for each side how many of its lines are black. A side's
//! bar is the depth at which most of them stop. It holds if a good part of the images stop right
//! there, and hardly any has content nearer to the edge: a film that changes its aspect ratio, or a
//! dark scene that merely looks barred, loses nothing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use vision::RgbImage;

/// Up to this value of red, green and blue a pixel counts as black; noise of weak encodes stays below.
const BLACK: u8 = 20;
/// The share of a line's pixels that may be brighter and the line still be black.
const STRAY: f64 = 0.01;
/// The mean of the image's middle, of 255, from which on it is bright enough to vote.
const BRIGHT: f64 = 30.0;
/// Depths that differ by no more pixels are the same.
const NEAR: u32 = 2;
/// The share of votes that must stop at the bar's depth.
const AGREE: f64 = 0.3;
/// The share of votes that may have content inside the bar: a studio's logo, a title.
const INSIDE: f64 = 0.04;
/// The fewest votes that decide anything.
const FEWEST: usize = 5;
/// The fewest votes that may be in agreement.
const MANY: usize = 12;
/// The smallest part of width or height that may remain.
const REMAINS: f64 = 0.3;

/// A part of the image, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rectangle {
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Columns to the left of it.
    pub left: u32,
    /// Rows above it.
    pub top: u32,
}

impl Rectangle {
    /// Whether it has pixels and lies within an image of this size.
    pub fn lies_within(&self, (width, height): (u32, u32)) -> bool {
        let ends = |start: u32, length: u32, side: u32| {
            length > 0 && start.checked_add(length).is_some_and(|end| end <= side)
        };
        ends(self.left, self.width, width) && ends(self.top, self.height, height)
    }

    /// The same part of images of size `to` as this is of images of size `from`.
    #[must_use]
    pub fn scaled(&self, from: (u32, u32), to: (u32, u32)) -> Self {
        let share = |value: u32, from: u32, to: u32| {
            (u64::from(value) * u64::from(to) / u64::from(from.max(1))) as u32
        };
        Self {
            width: share(self.width, from.0, to.0).max(1),
            height: share(self.height, from.1, to.1).max(1),
            left: share(self.left, from.0, to.0),
            top: share(self.top, from.1, to.1),
        }
    }
}

impl fmt::Display for Rectangle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            width,
            height,
            left,
            top,
        } = self;
        write!(formatter, "{width}:{height}:{left}:{top}")
    }
}

impl FromStr for Rectangle {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Result<Vec<u32>, _> = text.split(':').map(str::parse).collect();
        let wrong = || format!("`{text}` is not WIDTH:HEIGHT:LEFT:TOP in pixels");
        let [width, height, left, top] = parts.map_err(|_| wrong())?[..] else {
            return Err(wrong());
        };
        Ok(Self {
            width,
            height,
            left,
            top,
        })
    }
}

/// What one image says: the depth of the black at its top, bottom, left and right, in pixels.
pub type Vote = [u32; 4];

/// Measures an image; none if it is too dark to tell a bar from a shadow.
pub fn vote(image: &RgbImage) -> Option<Vote> {
    let (width, height) = image.dimensions();
    if middle(image) < BRIGHT {
        return None;
    }
    let row = |y| black((0..width).map(|x| image.get_pixel(x, y).0));
    let column = |x| black((0..height).map(|y| image.get_pixel(x, y).0));
    Some([
        depth((0..height).map(row)),
        depth((0..height).rev().map(row)),
        depth((0..width).map(column)),
        depth((0..width).rev().map(column)),
    ])
}

/// Mean of the middle quarter of the image, 0..=255.
fn middle(image: &RgbImage) -> f64 {
    let (width, height) = image.dimensions();
    let mut sum = 0_u64;
    for y in height / 4..height * 3 / 4 {
        for x in width / 4..width * 3 / 4 {
            sum += image.get_pixel(x, y).0.map(u64::from).iter().sum::<u64>();
        }
    }
    sum as f64 / (3.0 * f64::from((height / 2).max(1) * (width / 2).max(1)))
}

fn black(line: impl ExactSizeIterator<Item = [u8; 3]>) -> bool {
    let length = line.len();
    let bright = line.filter(|pixel| pixel.iter().any(|&value| value > BLACK));
    bright.count() as f64 <= STRAY * length as f64
}

fn depth(lines: impl Iterator<Item = bool>) -> u32 {
    lines.take_while(|&black| black).count() as u32
}

/// The part of images of this size that is inside the bars; none if there are no bars, or the
/// vote is not clear.
pub fn decide(votes: &[Vote], (width, height): (u32, u32)) -> Option<Rectangle> {
    let [top, bottom, left, right] = [0, 1, 2, 3].map(|side| bar(votes, side));
    let inside = |side: u32, before: u32, after: u32| {
        let rest = side.saturating_sub(before + after) & !1;
        (f64::from(rest) >= REMAINS * f64::from(side)).then_some(rest)
    };
    let rectangle = Rectangle {
        width: inside(width, left, right)?,
        height: inside(height, top, bottom)?,
        left,
        top,
    };
    (rectangle.width < width || rectangle.height < height).then_some(rectangle)
}

/// Whether votes leave no doubt, so that more of them would say the same: on each side a good part stops at the image's
/// edge, or none has content inside the bar.
pub fn agree(votes: &[Vote]) -> bool {
    let sure = |side: usize| {
        let edge = votes.iter().filter(|vote| vote[side] <= NEAR).count();
        let depth = bar(votes, side);
        let inside = |vote: &&Vote| vote[side] + 2 * NEAR < depth;
        edge as f64 >= AGREE * votes.len() as f64
            || (depth > 0 && votes.iter().filter(inside).count() == 0)
    };
    votes.len() >= MANY && (0..4).all(sure)
}

/// The depth of the bar on one side, even; 0 if there is none.
fn bar(votes: &[Vote], side: usize) -> u32 {
    let mut depths: Vec<u32> = votes.iter().map(|vote| vote[side]).collect();
    depths.sort_unstable();
    let count = depths.len() as f64;
    let near = |depth: u32| depths.iter().filter(|d| d.abs_diff(depth) <= NEAR).count();
    // Of equally good depths the shallowest: it takes less away.
    let best = depths.iter().rev().max_by_key(|&&depth| near(depth));
    let Some(&depth) = best.filter(|_| depths.len() >= FEWEST) else {
        return 0;
    };
    let content_inside = depths.iter().filter(|&&d| d + NEAR < depth).count() as f64;
    if (near(depth) as f64) < AGREE * count || content_inside > INSIDE * count {
        return 0;
    }
    // The deepest of those that agree, so that a line half black is gone as well; but not for a
    // few dark ones.
    let agree: Vec<u32> = depths
        .iter()
        .copied()
        .filter(|d| d.abs_diff(depth) <= NEAR)
        .collect();
    let deepest = agree[(agree.len() - 1) * 9 / 10];
    if deepest == 0 {
        0
    } else {
        deepest.next_multiple_of(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (u32, u32) = (320, 180);

    fn image(top: u32, bottom: u32, left: u32, right: u32) -> RgbImage {
        RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
            let inside = (left..SIZE.0 - right).contains(&x) && (top..SIZE.1 - bottom).contains(&y);
            // Bars of weak encodes are not quite black.
            image::Rgb(if inside {
                [90, 120, 60]
            } else {
                [(x % 9) as u8; 3]
            })
        })
    }

    #[test]
    fn bars_are_measured_to_the_pixel() {
        assert_eq!(vote(&image(24, 24, 0, 0)), Some([24, 24, 0, 0]));
        assert_eq!(vote(&image(0, 0, 41, 40)), Some([0, 0, 41, 40]));
        let night = RgbImage::from_pixel(320, 180, image::Rgb([9, 9, 30]));
        assert_eq!(vote(&night), None);
    }

    #[test]
    fn the_film_decides_not_the_image() {
        let mut votes = vec![[24, 24, 0, 0]; 30];
        votes.extend([[60, 24, 0, 0], [24, 90, 11, 3], [24, 24, 130, 130]]);
        let found = decide(&votes, SIZE).unwrap();
        assert_eq!(found.to_string(), "320:132:0:24");
        // One logo that fills the frame does not bring the bars back; a third of the film does.
        votes.push([0, 0, 0, 0]);
        assert!(decide(&votes, SIZE).is_some());
        votes.extend([[0, 0, 0, 0]; 15]);
        assert_eq!(decide(&votes, SIZE), None);
    }

    #[test]
    fn a_few_agree_or_leave_it_open() {
        let mut votes = vec![[24, 24, 0, 0]; 12];
        assert!(agree(&votes) && !agree(&votes[1..]));
        votes.push([60, 24, 90, 0]);
        assert!(agree(&votes), "what is dark beyond the bar says nothing");
        votes.push([0, 0, 0, 0]);
        assert!(!agree(&votes), "a logo, or another aspect ratio?");
        assert!(agree(&[[0, 0, 0, 0]; 12]));
        votes.extend([[0, 0, 0, 0]; 12]);
        assert!(agree(&votes), "no letterbox");
    }

    #[test]
    fn no_bars_no_crop() {
        assert_eq!(decide(&[[0, 0, 0, 0]; 20], SIZE), None);
        assert_eq!(decide(&[], SIZE), None);
        assert_eq!(decide(&[[24, 24, 0, 0]; 4], SIZE), None, "too few to tell");
        // Dark edges, each time to another depth.
        let vignettes: Vec<Vote> = (0..40).map(|n| [n * 7 % 41, n * 11 % 43, 0, 0]).collect();
        assert_eq!(decide(&vignettes, SIZE), None);
    }

    #[test]
    fn soft_and_odd_edges_are_cut_evenly() {
        let votes: Vec<Vote> = (0..20).map(|n| [23 + n % 2, 23, 1, 0]).collect();
        let found = decide(&votes, SIZE).unwrap();
        assert_eq!(
            (found.top, found.height, found.left, found.width),
            (24, 132, 2, 318)
        );
    }

    #[test]
    fn a_part_of_other_images_is_the_same_share() {
        let rectangle: Rectangle = "320:132:0:24".parse().unwrap();
        let other = rectangle.scaled(SIZE, (640, 90));
        assert_eq!(other.to_string(), "640:66:0:12");
        assert!(other.lies_within((640, 90)));
    }

    #[test]
    fn rectangles_as_text() {
        let rectangle: Rectangle = "320:132:0:24".parse().unwrap();
        assert_eq!(rectangle.to_string(), "320:132:0:24");
        assert!(rectangle.lies_within(SIZE) && !rectangle.lies_within((320, 150)));
        assert!("320:132:0".parse::<Rectangle>().is_err());
        assert!(
            "320:132:4294967295:24"
                .parse::<Rectangle>()
                .is_ok_and(|r| !r.lies_within(SIZE))
        );
    }
}
