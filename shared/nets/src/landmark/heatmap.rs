//! Points in heat maps, finer than their cells.
//!
//! As `mmpose` 0.29 does with `post_process='unbiased'` (`mmpose/core/evaluation/top_down_eval.py`), which is
//! DARK (Zhang et al.: "Distribution-Aware Coordinate Representation for Human Pose Estimation", 2020): the
//! map is smoothed, and where its logarithm is a parabola, its peak is the point.

/// The heat maps of one face: how likely each cell has each point.
#[derive(Debug, Clone, PartialEq)]
pub struct Maps {
    /// Map after map, row by row.
    pub levels: Vec<f32>,
    /// Columns and rows of a map.
    pub size: [usize; 2],
}

/// Cells of the kernel that smooths a map, for bells of a deviation of 2 cells; `modulate_kernel`.
const KERNEL: usize = 11;

/// Cells on either side of its middle.
const REACH: usize = KERNEL / 2;

/// The kernel's deviation in cells, as `OpenCV`'s `GaussianBlur` has it for [`KERNEL`]:
/// 0.3 · ((11 − 1) / 2 − 1) + 0.8.
const DEVIATION: f64 = 2.0;

/// The least level whose logarithm is taken.
const LEAST: f32 = 1e-10;

impl Maps {
    /// Each map.
    fn each(&self) -> impl Iterator<Item = &[f32]> {
        self.levels.chunks((self.size[0] * self.size[1]).max(1))
    }
}

/// Makes `maps` the mean of themselves and of those of the mirrored face: each map of the mirrored point
/// `mirrored[i]`, turned back and moved one cell to the right, as networks with a stride are off by so
/// much (`flip_test`, `shift_heatmap`).
pub fn add_mirrored(maps: &mut Maps, other: &Maps, mirrored: &[usize]) {
    let [columns, rows] = maps.size;
    let cells = columns * rows;
    for (map, from) in maps.levels.chunks_mut(cells.max(1)).zip(mirrored) {
        let other = &other.levels[from * cells..][..cells];
        for (row, other) in map.chunks_mut(columns).zip(other.chunks(columns)) {
            for (column, level) in row.iter_mut().enumerate() {
                // The first column has nothing to its left, and keeps its own.
                let back = columns - 1 - column.saturating_sub(1);
                *level = f32::midpoint(*level, other[back]);
            }
        }
    }
}

/// Column and row of each point, in cells, and its score, the highest level of its map: about 1 for a
/// network that is sure. A map without a level above 0 has no point: −1 for both, and its score.
///
/// ```
/// use nets::landmark::heatmap::{Maps, decode};
/// let bell = |at: f32, place: usize| (-(place as f32 - at).powi(2) / 8.0).exp();
/// let levels = (0..24 * 32).map(|cell| bell(9.3, cell % 32) * bell(11.8, cell / 32)).collect();
/// let (place, score) = decode(&Maps { levels, size: [32, 24] }).remove(0);
/// assert!((place[0] - 9.3).abs() < 0.02 && (place[1] - 11.8).abs() < 0.02 && score > 0.9);
/// ```
pub fn decode(maps: &Maps) -> Vec<([f64; 2], f64)> {
    maps.each().map(|map| peak(map, maps.size)).collect()
}

fn peak(map: &[f32], size: [usize; 2]) -> ([f64; 2], f64) {
    let [columns, rows] = size;
    let mut best = (0, f32::NEG_INFINITY);
    for (cell, level) in map.iter().enumerate() {
        if *level > best.1 {
            best = (cell, *level);
        }
    }
    let (cell, most) = best;
    if most <= 0.0 {
        return ([-1.0; 2], f64::from(most));
    }
    let (column, row) = (cell % columns, cell / columns);
    let place = [column as f64, row as f64];
    // The parabola needs two cells on either side.
    let inner = |at: usize, length: usize| at > 1 && at + 2 < length;
    if !(inner(column, columns) && inner(row, rows)) {
        return (place, most.into());
    }
    let smooth = smoothed(map, size);
    let highest = smooth.iter().copied().fold(f32::MIN, f32::max);
    let scale = most / highest;
    let log = |across: usize, down: usize| {
        let level = smooth[(row + down - 2) * columns + column + across - 2] * scale;
        f64::from(level.max(LEAST).ln())
    };
    let middle = log(2, 2);
    let slope = [0.5 * (log(3, 2) - log(1, 2)), 0.5 * (log(2, 3) - log(2, 1))];
    let across = 0.25 * (log(4, 2) - 2.0 * middle + log(0, 2));
    let down = 0.25 * (log(2, 4) - 2.0 * middle + log(2, 0));
    let both = 0.25 * (log(3, 3) - log(3, 1) - log(1, 3) + log(1, 1));
    let determinant = across * down - both * both;
    if determinant == 0.0 {
        return (place, most.into());
    }
    let shift = [
        (down * slope[0] - both * slope[1]) / determinant,
        (across * slope[1] - both * slope[0]) / determinant,
    ];
    ([place[0] - shift[0], place[1] - shift[1]], most.into())
}

/// The map under a Gaussian kernel; beyond its edge it is 0.
fn smoothed(map: &[f32], [columns, rows]: [usize; 2]) -> Vec<f32> {
    let kernel: [f64; KERNEL] = std::array::from_fn(|at| {
        let away = at as f64 - REACH as f64;
        (-away * away / (2.0 * DEVIATION * DEVIATION)).exp()
    });
    let sum: f64 = kernel.iter().sum();
    let kernel = kernel.map(|weight| (weight / sum) as f32);
    let along = |from: &[f32], cells: usize, step: usize, at: usize, cell: usize| -> f32 {
        let weights = kernel.iter().enumerate();
        weights
            .filter_map(|(number, weight)| {
                let place = (at + number)
                    .checked_sub(REACH)
                    .filter(|place| *place < cells)?;
                Some(weight * from[cell + place * step - at * step])
            })
            .sum()
    };
    let wide: Vec<f32> = (0..columns * rows)
        .map(|cell| along(map, columns, 1, cell % columns, cell))
        .collect();
    (0..columns * rows)
        .map(|cell| along(&wide, rows, columns, cell / columns, cell))
        .collect()
}
