//! How the brightness of an image is distributed.

use image::GrayImage;

/// The darkest luma levels, 0..=15, count as dark: nothing can be made out there.
pub const DARK: usize = 16;

/// The brightest luma levels, 240..=255, count as bright: burnt out, or nearly.
pub const BRIGHT: usize = 240;

/// How often each luma level occurs.
///
/// ```
/// let image = vision::GrayImage::from_raw(3, 1, vec![7, 7, 200]).unwrap();
/// let histogram = vision::statistics::histogram(&image);
/// assert_eq!((histogram[7], histogram[200]), (2, 1));
/// ```
pub fn histogram(image: &GrayImage) -> [u32; 256] {
    // Four tables, so that a run of equal pixels does not wait for its own last store.
    let mut tables = [[0_u32; 256]; 4];
    let (fours, rest) = image.as_raw().as_chunks::<4>();
    for four in fours {
        for (table, level) in tables.iter_mut().zip(four) {
            table[usize::from(*level)] += 1;
        }
    }
    for level in rest {
        tables[0][usize::from(*level)] += 1;
    }
    let [mut result, second, third, fourth] = tables;
    for (level, count) in result.iter_mut().enumerate() {
        *count += second[level] + third[level] + fourth[level];
    }
    result
}

/// The brightness of an image in figures; levels are 0..=255, shares 0..=1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LumaStatistics {
    /// The mean level.
    pub mean: f64,
    /// The standard deviation in levels: the contrast.
    pub standard_deviation: f64,
    /// The levels that 1, 5, 50, 95 and 99 percent of the pixels do not exceed (nearest rank).
    pub percentiles: [u8; 5],
    /// The share of pixels below [`DARK`].
    pub dark_share: f64,
    /// The share of pixels at [`BRIGHT`] or above.
    pub bright_share: f64,
    /// Shannon's entropy of the histogram in bits: 0 for a flat image, 8 where all levels are
    /// equally frequent.
    pub entropy: f64,
}

impl LumaStatistics {
    /// The figures of an image.
    ///
    /// ```
    /// let image = vision::GrayImage::from_raw(4, 1, vec![0, 0, 255, 255]).unwrap();
    /// let luma = vision::statistics::LumaStatistics::of(&image);
    /// assert_eq!((luma.mean, luma.standard_deviation), (127.5, 127.5));
    /// assert_eq!((luma.dark_share, luma.bright_share, luma.entropy), (0.5, 0.5, 1.0));
    /// ```
    pub fn of(image: &GrayImage) -> Self {
        Self::of_histogram(&histogram(image))
    }

    /// The figures of a histogram; all zero for an empty one.
    pub fn of_histogram(histogram: &[u32; 256]) -> Self {
        let total: u64 = histogram.iter().copied().map(u64::from).sum();
        let count = total.max(1) as f64;
        let (mut sum, mut squares) = (0_u64, 0_u64);
        for (level, frequency) in (0_u64..).zip(histogram) {
            sum += level * u64::from(*frequency);
            squares += level * level * u64::from(*frequency);
        }
        let mean = sum as f64 / count;
        let variance = (squares as f64 / count - mean * mean).max(0.0);
        Self {
            mean,
            standard_deviation: variance.sqrt(),
            percentiles: [1, 5, 50, 95, 99].map(|percent| percentile(histogram, percent)),
            dark_share: share(&histogram[..DARK], count),
            bright_share: share(&histogram[BRIGHT..], count),
            entropy: entropy(histogram, count),
        }
    }
}

/// The lowest level that at least `percent` of the pixels (at least one pixel) do not exceed;
/// 0 for an empty histogram.
///
/// ```
/// let mut histogram = [0; 256];
/// histogram[10] = 99;
/// histogram[20] = 1;
/// let percentile = vision::statistics::percentile;
/// assert_eq!((percentile(&histogram, 99), percentile(&histogram, 100)), (10, 20));
/// ```
pub fn percentile(histogram: &[u32; 256], percent: u8) -> u8 {
    let total: u64 = histogram.iter().copied().map(u64::from).sum();
    let rank = (total * u64::from(percent.min(100))).div_ceil(100).max(1);
    let mut seen = 0;
    for (level, frequency) in (0..=u8::MAX).zip(histogram) {
        seen += u64::from(*frequency);
        if seen >= rank {
            return level;
        }
    }
    0
}

fn share(bins: &[u32], count: f64) -> f64 {
    bins.iter().copied().map(u64::from).sum::<u64>() as f64 / count
}

fn entropy(histogram: &[u32; 256], count: f64) -> f64 {
    let sum: f64 = histogram
        .iter()
        .filter(|frequency| **frequency > 0)
        .map(|frequency| {
            let probability = f64::from(*frequency) / count;
            probability * probability.log2()
        })
        .sum();
    // The sum of one whole certainty is zero, and its opposite would print as -0.
    (-sum).max(0.0)
}
