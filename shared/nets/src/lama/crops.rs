//! Which parts of a frame go through the network: a square of context round each hole.

use anyhow::Result;
use vision::mask::{Bounds, Mask};

/// The least side of a crop in pixels: the size that `LaMa` was exported for, below which a crop
/// would only be enlarged.
pub const LEAST_SIDE: u32 = 512;

/// The least context on each side of a hole in pixels (`IOPaint`'s `hd_strategy_crop_margin`).
pub const LEAST_MARGIN: u32 = 128;

/// The context on each side of a hole, as a share of the hole's longer side.
pub const MARGIN: f64 = 0.5;

/// Holes become one crop where their crops overlap and the one crop is no more than this many times
/// as long as the longer of the two: beyond that the detail lost costs more than the context gains.
const GROWTH: f64 = 1.5;

/// Where there are more holes than this, those whose middles lie in the same square of
/// [`LEAST_SIDE`] are one hole, so that a mask of specks costs no more than a few crops.
const MOST: usize = 64;

/// A part of a frame to go through the network, and which part of the hole it fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crop {
    /// What is cut out of the frame. It is square but where the frame is too short for that.
    pub rectangle: Bounds,
    /// The hole in this rectangle is what the crop is for; no other crop's overlaps it.
    pub hole: Bounds,
}

/// The rectangles of a mask's connected regions (corners connect), from top to bottom by their
/// first pixel.
///
/// ```
/// use vision::mask::Mask;
/// let mask = Mask::from_fn(9, 5, |x, y| (x < 2 && y == 1) || (x == 7 && y > 2)).unwrap();
/// let found = nets::lama::regions(&mask);
/// assert_eq!(found.len(), 2);
/// assert_eq!((found[1].left, found[1].top, found[1].right, found[1].bottom), (7, 3, 8, 5));
/// ```
pub fn regions(mask: &Mask) -> Vec<Bounds> {
    let mut parts = Parts::default();
    let mut above: Vec<(u32, u32, usize)> = Vec::new();
    for (y, row) in (0..).zip(mask.as_slice().chunks_exact(mask.width() as usize)) {
        let mut here = Vec::new();
        let mut left = 0;
        for run in row.chunk_by(|first, second| first == second) {
            let right = left + run.len() as u32;
            if run[0] {
                let bounds = Bounds {
                    left,
                    top: y,
                    right,
                    bottom: y + 1,
                };
                here.push((left, right, parts.add(bounds)));
            }
            left = right;
        }
        let mut first = 0;
        for (left, right, part) in &here {
            while above.get(first).is_some_and(|(_, end, _)| end < left) {
                first += 1;
            }
            for (_, _, upper) in above[first..].iter().take_while(|run| run.0 <= *right) {
                parts.join(*upper, *part);
            }
        }
        above = here;
    }
    parts.roots()
}

/// Runs of pixels that belong together, each with the rectangle of all that were joined to it.
///
/// `imageproc`'s labelling is not used: it panics on a picture of one pixel.
#[derive(Debug, Default)]
struct Parts {
    /// The earlier run that each was joined to, or itself.
    parents: Vec<usize>,
    bounds: Vec<Bounds>,
}

impl Parts {
    fn add(&mut self, bounds: Bounds) -> usize {
        self.parents.push(self.parents.len());
        self.bounds.push(bounds);
        self.parents.len() - 1
    }

    fn root(&mut self, mut part: usize) -> usize {
        while self.parents[part] != part {
            self.parents[part] = self.parents[self.parents[part]];
            part = self.parents[part];
        }
        part
    }

    fn join(&mut self, first: usize, second: usize) {
        let (first, second) = (self.root(first), self.root(second));
        let (root, joined) = (first.min(second), first.max(second));
        self.parents[joined] = root;
        self.bounds[root] = around(self.bounds[root], self.bounds[joined]);
    }

    fn roots(self) -> Vec<Bounds> {
        let own = self.parents.iter().enumerate();
        own.zip(self.bounds)
            .filter_map(|((part, parent), bounds)| (part == *parent).then_some(bounds))
            .collect()
    }
}

/// The crops that fill `hole`, from top to bottom. `context` multiplies their margins; 1 is usual.
///
/// The side of a crop is the longer side of its hole and a margin on both sides, the larger of
/// [`LEAST_MARGIN`] and [`MARGIN`] of the hole, and at least [`LEAST_SIDE`]. It is no longer than the
/// frame's shorter side, unless [`LEAST_MARGIN`] would not be had: then as long as the frame
/// allows. At the frame's border a crop is moved inside.
///
/// # Errors
/// None in practice: the size of the hole was checked when it was made.
pub fn crops(hole: &Mask, context: f64) -> Result<Vec<Crop>> {
    let frame = Frame {
        width: hole.width(),
        height: hole.height(),
        context,
    };
    let mut holes = binned(regions(hole));
    while let Some((first, second)) = frame.mergeable(&holes) {
        let merged = around(holes[first], holes[second]);
        holes.remove(second);
        holes[first] = merged;
    }
    holes.sort_by_key(|hole| (hole.top, hole.left));
    let crop = |hole: Bounds| Crop {
        rectangle: frame.square(hole),
        hole,
    };
    Ok(holes.into_iter().map(crop).collect())
}

/// Holes in the same square of the frame as one, where there are too many.
fn binned(holes: Vec<Bounds>) -> Vec<Bounds> {
    if holes.len() <= MOST {
        return holes;
    }
    let mut bins = std::collections::BTreeMap::<(u32, u32), Bounds>::new();
    for hole in holes {
        let middle = |from: u32, to: u32| u32::midpoint(from, to) / LEAST_SIDE;
        let bin = (middle(hole.top, hole.bottom), middle(hole.left, hole.right));
        bins.entry(bin)
            .and_modify(|all| *all = around(*all, hole))
            .or_insert(hole);
    }
    bins.into_values().collect()
}

/// The frame that is cropped.
#[derive(Debug, Clone, Copy)]
struct Frame {
    width: u32,
    height: u32,
    context: f64,
}

impl Frame {
    /// The side of the crop of a hole.
    fn side(self, hole: Bounds) -> u32 {
        let longer = hole.width().max(hole.height());
        let least = (f64::from(LEAST_MARGIN) * self.context).round() as u32;
        let share = (f64::from(longer) * MARGIN * self.context).round() as u32;
        let wanted = (longer + 2 * least.max(share)).max(LEAST_SIDE);
        let shorter = self.width.min(self.height);
        let needed = (longer + 2 * least).min(self.width.max(self.height));
        wanted.min(shorter.max(needed))
    }

    /// The crop of a hole, moved into the frame.
    fn square(self, hole: Bounds) -> Bounds {
        let side = self.side(hole);
        let along = |from: u32, to: u32, length: u32| {
            let side = side.min(length);
            let begin = u32::midpoint(from, to).saturating_sub(side / 2);
            let begin = begin.min(length - side);
            (begin, begin + side)
        };
        let (left, right) = along(hole.left, hole.right, self.width);
        let (top, bottom) = along(hole.top, hole.bottom, self.height);
        Bounds {
            left,
            top,
            right,
            bottom,
        }
    }

    /// The first two holes that go better into one crop.
    fn mergeable(self, holes: &[Bounds]) -> Option<(usize, usize)> {
        let pairs = (0..holes.len()).flat_map(|a| (a + 1..holes.len()).map(move |b| (a, b)));
        pairs
            .into_iter()
            .find(|(a, b)| self.belong_together(holes[*a], holes[*b]))
    }

    fn belong_together(self, first: Bounds, second: Bounds) -> bool {
        if overlap(first, second) {
            return true;
        }
        let larger = self.side(first).max(self.side(second));
        let together = self.side(around(first, second));
        overlap(self.square(first), self.square(second))
            && f64::from(together) <= GROWTH * f64::from(larger)
    }
}

fn overlap(a: Bounds, b: Bounds) -> bool {
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

fn around(a: Bounds, b: Bounds) -> Bounds {
    Bounds {
        left: a.left.min(b.left),
        top: a.top.min(b.top),
        right: a.right.max(b.right),
        bottom: a.bottom.max(b.bottom),
    }
}
