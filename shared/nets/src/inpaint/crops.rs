//! Which parts of a frame go through the network: a square of context round each hole.

use anyhow::Result;
use vision::Rect;
use vision::mask::Mask;
use vision::regions::Regions;

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
    pub rect: Rect,
    /// The hole in this rectangle is what the crop is for; no other crop's overlaps it.
    pub hole: Rect,
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
    let regions = Regions::inside(hole);
    let mut holes = binned(regions.iter().map(|region| region.rect).collect());
    while let Some((first, second)) = frame.mergeable(&holes) {
        let merged = holes[first].around(holes[second]);
        holes.remove(second);
        holes[first] = merged;
    }
    holes.sort_by_key(|hole| (hole.top, hole.left));
    let crop = |hole: Rect| Crop {
        rect: frame.square(hole),
        hole,
    };
    Ok(holes.into_iter().map(crop).collect())
}

/// Holes in the same square of the frame as one, where there are too many.
fn binned(holes: Vec<Rect>) -> Vec<Rect> {
    if holes.len() <= MOST {
        return holes;
    }
    let mut bins = std::collections::BTreeMap::<(u32, u32), Rect>::new();
    for hole in holes {
        let middle = |from: u32, to: u32| u32::midpoint(from, to) / LEAST_SIDE;
        let bin = (middle(hole.top, hole.bottom), middle(hole.left, hole.right));
        bins.entry(bin)
            .and_modify(|all| *all = all.around(hole))
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
    fn side(self, hole: Rect) -> u32 {
        let longer = hole.width().max(hole.height());
        let least = (f64::from(LEAST_MARGIN) * self.context).round() as u32;
        let share = (f64::from(longer) * MARGIN * self.context).round() as u32;
        let wanted = (longer + 2 * least.max(share)).max(LEAST_SIDE);
        let shorter = self.width.min(self.height);
        let needed = (longer + 2 * least).min(self.width.max(self.height));
        wanted.min(shorter.max(needed))
    }

    /// The crop of a hole, moved into the frame.
    fn square(self, hole: Rect) -> Rect {
        let side = self.side(hole);
        let along = |from: u32, to: u32, length: u32| {
            let side = side.min(length);
            let begin = u32::midpoint(from, to).saturating_sub(side / 2);
            let begin = begin.min(length - side);
            (begin, begin + side)
        };
        let (left, right) = along(hole.left, hole.right, self.width);
        let (top, bottom) = along(hole.top, hole.bottom, self.height);
        Rect {
            left,
            top,
            right,
            bottom,
        }
    }

    /// The first two holes that go better into one crop.
    fn mergeable(self, holes: &[Rect]) -> Option<(usize, usize)> {
        let pairs = (0..holes.len()).flat_map(|a| (a + 1..holes.len()).map(move |b| (a, b)));
        pairs
            .into_iter()
            .find(|(a, b)| self.belong_together(holes[*a], holes[*b]))
    }

    fn belong_together(self, first: Rect, second: Rect) -> bool {
        if first.overlaps(second) {
            return true;
        }
        let larger = self.side(first).max(self.side(second));
        let together = self.side(first.around(second));
        self.square(first).overlaps(self.square(second))
            && f64::from(together) <= GROWTH * f64::from(larger)
    }
}
