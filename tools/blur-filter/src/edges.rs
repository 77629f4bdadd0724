//! How wide the edges of an image are: its sharpness, whatever its contrast and its size.
//!
//! An edge that a lens or a movement has blurred by a Gaussian of `s` pixels has a squared second
//! difference that is `1 / (2 s^2)` of its squared first difference, be it faint or strong. So the
//! ratio of the two sums over a tile tells the blur of its edges without regard to contrast or to
//! how many edges there are, which the variance of the Laplacian mixes in: there a dark scene counts
//! as blurred, and a blurred lawn as sharp. The sums are taken across and down, and the blurrier of
//! the two counts: a movement spares the edges along it.

use vision::GrayImage;

/// Tiles of an image, across and down.
const TILES: [usize; 2] = [12, 8];

/// The least and the most that is taken for noise, as variances in squared levels: that of rounding
/// to whole levels, and strong grain.
const NOISE: [f64; 2] = [1.0 / 12.0, 4.0];

/// Tiles with edges both ways are enough to judge by if they are this many: edges along a movement
/// stay sharp, as a horizon does in a pan.
const ENOUGH: usize = 5;

/// A tile has edges where the mean squared first difference is above this, squared levels a pixel.
const EDGES: f64 = 8.0;

/// A direction counts where it has at least this share of a tile's first differences.
const DIRECTION: f64 = 0.02;

/// The narrowest edge that pixels can show, as the `s` of a Gaussian, pixels.
const NARROWEST: f64 = 0.5;

/// What the edges of an image say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Edges {
    /// The sharpest tenth of the tiles with edges: pixels across the long side that the image
    /// really shows, at most those that it has. None where no tile has edges.
    pub(crate) sharpness: Option<f64>,
    /// The same of the median tile.
    pub(crate) median: Option<f64>,
    /// The share of tiles with edges, 0..=1.
    pub(crate) share: f64,
    /// How much blurrier edges are in one direction than in the other, 0..1: the median of
    /// `1 - lesser / greater` over the tiles that have both.
    pub(crate) motion: Option<f64>,
}

impl Edges {
    /// Measures an image; `side` is the long side, pixels, of the image as stored, of which
    /// `luma` may be a smaller copy.
    pub(crate) fn of(luma: &GrayImage) -> Self {
        let side = f64::from(luma.width().max(luma.height()));
        let sums = tiles(luma);
        let noise = noise(&sums);
        let tiles: Vec<_> = sums
            .iter()
            .filter_map(|tile| tile.fineness(noise))
            .collect();
        let both: Vec<_> = tiles
            .iter()
            .filter_map(|tile| tile[0].zip(tile[1]))
            .collect();
        let mut sharp: Vec<f64> = if both.len() >= ENOUGH {
            let worse = both.iter().map(|(across, down)| across.min(*down));
            worse.map(|fineness| side * shown(fineness)).collect()
        } else {
            let either = tiles.iter().filter_map(|tile| tile[0].or(tile[1]));
            either.map(|fineness| side * shown(fineness)).collect()
        };
        let mut motions: Vec<f64> = both
            .iter()
            .map(|(across, down)| (shown(*across), shown(*down)))
            .filter(|(across, down)| across.max(*down) > 0.0)
            .map(|(across, down)| 1.0 - across.min(down) / across.max(down))
            .collect();
        sharp.sort_by(|first, second| second.total_cmp(first));
        motions.sort_by(f64::total_cmp);
        let best = &sharp[..sharp.len().div_ceil(10)];
        Self {
            sharpness: (!best.is_empty()).then(|| best.iter().sum::<f64>() / best.len() as f64),
            median: sharp.get(sharp.len() / 2).copied(),
            share: tiles.len() as f64 / sums.len() as f64,
            motion: motions.get(motions.len() / 2).copied(),
        }
    }
}

/// The share of the pixels that edges of this fineness show: all where they are as narrow as can be.
fn shown(fineness: f64) -> f64 {
    (NARROWEST * (2.0 * fineness).sqrt()).min(1.0)
}

/// Squared differences of a tile.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    pixels: u64,
    /// First differences, across and down.
    first: [u64; 2],
    /// Second differences, across and down.
    second: [u64; 2],
}

impl Sums {
    fn means(&self) -> [[f64; 2]; 2] {
        let pixels = self.pixels.max(1) as f64;
        [self.first, self.second].map(|sums| sums.map(|sum| sum as f64 / pixels))
    }

    /// Squared second differences to first ones, across and down; none in a direction without
    /// edges, and none at all for a tile without.
    fn fineness(&self, noise: f64) -> Option<[Option<f64>; 2]> {
        let [first, second] = self.means();
        // A difference of two noisy pixels has twice their variance; a second one, 1 + 4 + 1.
        let first = first.map(|mean| (mean - 2.0 * noise).max(0.0));
        let second = second.map(|mean| (mean - 6.0 * noise).max(0.0));
        let all = first[0] + first[1];
        (all >= EDGES).then(|| {
            [0, 1].map(|way| (first[way] > DIRECTION * all).then(|| second[way] / first[way]))
        })
    }
}

/// The variance of noise: what the plainest tile has of second differences, squared levels.
fn noise(tiles: &[Sums]) -> f64 {
    let least = tiles.iter().map(|tile| {
        let [_, [across, down]] = tile.means();
        (across + down) / 12.0
    });
    least.fold(NOISE[1], f64::min).max(NOISE[0])
}

fn tiles(luma: &GrayImage) -> Vec<Sums> {
    let (width, height) = (luma.width() as usize, luma.height() as usize);
    let [across, down] = TILES;
    let mut sums = vec![Sums::default(); across * down];
    let row = |y: usize| &luma.as_raw()[y * width..(y + 1) * width];
    if width < 3 {
        return sums;
    }
    for y in 1..height.saturating_sub(1) {
        let band = y * down / height;
        for column in 0..across {
            let begin = (column * width / across).max(1);
            let end = ((column + 1) * width / across).min(width - 1);
            if begin < end {
                let rows = [row(y - 1), row(y), row(y + 1)];
                add(&mut sums[band * across + column], rows, begin, end);
            }
        }
    }
    sums
}

/// Adds the pixels `begin..end` of the middle row.
fn add(sums: &mut Sums, rows: [&[u8]; 3], begin: usize, end: usize) {
    let length = end - begin;
    let [above, here, below] = rows;
    let left = &here[begin - 1..end - 1];
    let right = &here[begin + 1..=end];
    let (above, here, below) = (&above[begin..end], &here[begin..end], &below[begin..end]);
    let mut parts = [0_u32; 4];
    for x in 0..length {
        let middle = i16::from(here[x]);
        let (left, right) = (i16::from(left[x]), i16::from(right[x]));
        let (above, below) = (i16::from(above[x]), i16::from(below[x]));
        let values = [
            middle - left,
            middle - above,
            left + right - 2 * middle,
            above + below - 2 * middle,
        ];
        for (part, value) in parts.iter_mut().zip(values) {
            // 510^2 times the 16384 pixels of the widest row's tile is still below 2^32.
            *part = part.wrapping_add((i32::from(value) * i32::from(value)).cast_unsigned());
        }
    }
    sums.pixels += length as u64;
    for (sum, part) in sums.first.iter_mut().chain(&mut sums.second).zip(parts) {
        *sum += u64::from(part);
    }
}
