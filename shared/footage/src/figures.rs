//! What is measured on every frame to find the shots.

use std::collections::VecDeque;

use image::imageops;
use vision::RgbImage;

/// The size at which frames are compared, whatever the film's.
pub const SMALL: (u32, u32) = (80, 48);

/// Columns and rows of cells; a cell's mean colour stands for its 5x6 pixels.
pub const CELLS: (u32, u32) = (16, 8);

/// Numbers that describe the cells of a frame: red, green, blue of each.
pub const VALUES: usize = (CELLS.0 * CELLS.1 * 3) as usize;

/// Side of the blocks that are searched for in the frame before, in pixels.
const BLOCK: usize = 8;

/// How far a block may have moved since the frame before, in pixels: a twentieth of the width.
const REACH: isize = 4;

/// How many frames back motion is looked for beside the frame before: a quarter of a second.
const LONGER: usize = 6;

/// One frame, reduced to what the search for shots needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// What of the luma cannot be found in the frame before, wherever it may have moved: mean
    /// absolute difference, 0..=255. 0 for the first frame.
    pub change: f32,
    /// Mean absolute difference of luma to the frame before, place by place, 0..=255.
    pub in_place: f32,
    /// Of what the luma differs from a quarter of a second before, the share that motion does not
    /// explain, 0..=1. 1 where nothing differs.
    pub unmoved: f32,
    /// Mean luma, 0..=255.
    pub mean: f32,
    /// Standard deviation of luma, 0..=127.
    pub spread: f32,
    /// Mean colours of the cells, row by row.
    pub cells: Box<[u8; VALUES]>,
}

/// The largest standard deviation of luma in a plain frame, of 255.
const PLAIN: f32 = 1.5;

impl Figures {
    /// Whether it has hardly any contrast: black, white or of another plain colour.
    pub(crate) fn is_plain(&self) -> bool {
        self.spread <= PLAIN
    }

    /// Mean absolute difference of the colours of two frames, 0..=255.
    pub fn apart(&self, other: &Self) -> f32 {
        let pairs = self.cells.iter().zip(other.cells.iter());
        let sum: u32 = pairs.map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
        sum as f32 / VALUES as f32
    }

    /// The share of cells that differ by more than `tolerance`, 0..=1.
    pub fn changed(&self, other: &Self, tolerance: f32) -> f32 {
        let pairs = self.cells.chunks_exact(3).zip(other.cells.chunks_exact(3));
        let differs = |(a, b): &(&[u8], &[u8])| {
            let sum: u32 = a
                .iter()
                .zip(*b)
                .map(|(a, b)| u32::from(a.abs_diff(*b)))
                .sum();
            sum as f32 > 3.0 * tolerance
        };
        3.0 * pairs.filter(differs).count() as f32 / VALUES as f32
    }

    /// Correlation of the cells of two frames, -1..=1; 0 if one is plain.
    pub fn correlation(&self, other: &Self) -> f32 {
        let mean = |cells: &[u8]| cells.iter().map(|&v| f32::from(v)).sum::<f32>() / VALUES as f32;
        let (a, b) = (mean(&self.cells[..]), mean(&other.cells[..]));
        let (mut aa, mut bb, mut ab) = (0.0, 0.0, 0.0);
        for (x, y) in self.cells.iter().zip(other.cells.iter()) {
            let (x, y) = (f32::from(*x) - a, f32::from(*y) - b);
            aa += x * x;
            bb += y * y;
            ab += x * y;
        }
        if aa * bb > 0.0 {
            ab / (aa * bb).sqrt()
        } else {
            0.0
        }
    }

    /// This frame as a mixture of `a` and `b`: the share of `b` that fits best, and what then
    /// remains, as a mean absolute difference.
    pub fn mixture(&self, a: &Self, b: &Self) -> (f32, f32) {
        let (mut along, mut length) = (0.0, 0.0);
        let triples = || {
            let ends = a.cells.iter().zip(b.cells.iter());
            let values = self.cells.iter().zip(ends);
            values.map(|(v, (a, b))| {
                let a = f32::from(*a);
                (f32::from(*v) - a, f32::from(*b) - a)
            })
        };
        for (value, way) in triples() {
            along += value * way;
            length += way * way;
        }
        let share = if length > 0.0 { along / length } else { 0.0 };
        let rest: f32 = triples()
            .map(|(value, way)| (value - share * way).abs())
            .sum();
        (share, rest / VALUES as f32)
    }
}

/// A frame made small: all that is kept of it until its neighbours are known.
#[derive(Debug, Clone, PartialEq)]
pub struct Small {
    /// BT.601 luma of its [`SMALL`] pixels, row by row.
    luma: Vec<u8>,
    /// Mean colours of the cells, row by row.
    cells: Box<[u8; VALUES]>,
}

impl Small {
    /// Of an image of [`SMALL`].
    pub fn of(image: &RgbImage) -> Self {
        Self {
            luma: image.pixels().map(|pixel| luma(pixel.0)).collect(),
            cells: cells(image),
        }
    }

    /// Its figures without neighbours: nothing has changed, and nothing moves.
    pub(crate) fn alone(&self) -> Figures {
        let count = self.luma.len() as f32;
        let mean = self.luma.iter().map(|&v| f32::from(v)).sum::<f32>() / count;
        let squares = self.luma.iter().map(|&v| (f32::from(v) - mean).powi(2));
        Figures {
            change: 0.0,
            in_place: 0.0,
            unmoved: 1.0,
            mean,
            spread: (squares.sum::<f32>() / count).sqrt(),
            cells: self.cells.clone(),
        }
    }

    /// What of the luma cannot be found in `before` within `reach` pixels to the sides and up and down: mean absolute
    /// difference, 0..=255.
    pub(crate) fn unfound_in(&self, before: &Self, reach: (isize, isize)) -> f32 {
        unfound(&before.luma, &self.luma, reach).0 as f32 / self.luma.len() as f32
    }
}

/// Measures frame after frame.
#[derive(Debug, Default)]
pub struct Measure {
    /// The luma of the last frames, the latest at the end.
    before: VecDeque<Vec<u8>>,
}

impl Measure {
    /// The figures of the next frame.
    pub fn next(&mut self, small: Small) -> Figures {
        let alone = small.alone();
        let luma = small.luma;
        let count = luma.len() as f32;
        let since =
            |before: Option<&Vec<u8>>| before.map_or((0, 0), |b| unfound(b, &luma, (REACH, REACH)));
        let (change, in_place) = since(self.before.back());
        let (unfound, differs) = since(self.before.front());
        if self.before.len() == LONGER {
            self.before.pop_front();
        }
        self.before.push_back(luma);
        Figures {
            change: change as f32 / count,
            in_place: in_place as f32 / count,
            unmoved: if differs == 0 {
                1.0
            } else {
                unfound as f32 / differs as f32
            },
            ..alone
        }
    }
}

/// BT.601 luma.
fn luma([red, green, blue]: [u8; 3]) -> u8 {
    let [red, green, blue] = [red, green, blue].map(u32::from);
    ((299 * red + 587 * green + 114 * blue + 500) / 1000) as u8
}

fn cells(image: &RgbImage) -> Box<[u8; VALUES]> {
    let cells = imageops::thumbnail(image, CELLS.0, CELLS.1);
    let mut values = Box::new([0; VALUES]);
    values.copy_from_slice(cells.as_raw());
    values
}

/// Sums of absolute differences between `now` and `before`: of the most similar places, block by
/// block, and of the same places.
fn unfound(before: &[u8], now: &[u8], reach: (isize, isize)) -> (u32, u32) {
    let (width, height) = (SMALL.0 as usize, SMALL.1 as usize);
    let (mut sum, mut in_place) = (0, 0);
    for top in (0..height).step_by(BLOCK) {
        for left in (0..width).step_by(BLOCK) {
            let here = difference(before, now, (left, top), (left, top));
            in_place += here;
            // Held drawings and still ground are where they were.
            if here > 0 {
                sum += best_match(before, now, (left, top), here, reach);
            }
        }
    }
    (sum, in_place)
}

/// The smallest sum of absolute differences of the block at `to`, which is `best` in place.
fn best_match(
    before: &[u8],
    now: &[u8],
    to: (usize, usize),
    mut best: u32,
    (right, down): (isize, isize),
) -> u32 {
    let (width, height) = (SMALL.0 as usize, SMALL.1 as usize);
    for down in -down..=down {
        for right in -right..=right {
            let from =
                to.0.checked_add_signed(right)
                    .zip(to.1.checked_add_signed(down));
            let Some((x, y)) = from.filter(|(x, y)| x + BLOCK <= width && y + BLOCK <= height)
            else {
                continue;
            };
            best = best.min(difference(before, now, (x, y), to));
        }
    }
    best
}

/// Sum of absolute differences of the block at `from` in `before` and at `to` in `now`.
fn difference(before: &[u8], now: &[u8], from: (usize, usize), to: (usize, usize)) -> u32 {
    let width = SMALL.0 as usize;
    (0..BLOCK)
        .flat_map(|row| {
            let line = |(x, y): (usize, usize)| (y + row) * width + x;
            let (a, b) = (line(from), line(to));
            before[a..a + BLOCK].iter().zip(&now[b..b + BLOCK])
        })
        .map(|(a, b)| u32::from(a.abs_diff(*b)))
        .sum()
}
