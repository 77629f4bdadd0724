//! Histograms of numbers whose range nobody knows beforehand.

use std::collections::BTreeMap;

use serde::Serialize;

/// The most bins that are held.
const FINEST: usize = 1024;
/// Bins begin as 2 to this power wide.
const NARROWEST: i32 = -40;
/// The most bars that are shown.
const BARS: usize = 40;
/// The share of values at either end that are shown in the last bar there.
const TAIL: f64 = 0.005;
/// From here on neighbouring doubles lie more than one apart.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Two counts of each bin: kept and dropped.
pub(crate) type Counts = [u64; 2];

/// A histogram that takes numbers as they come, in a bounded space.
///
/// Bins are a power of two wide and lie on its multiples; when there are too
/// many, neighbours become one.
#[derive(Debug)]
pub(crate) struct Histogram {
    exponent: i32,
    bins: BTreeMap<i64, Counts>,
    /// Numbers taken, kept and dropped.
    pub(crate) count: Counts,
    sum: [f64; 2],
    least: f64,
    most: f64,
}

/// A histogram as it is shown.
#[derive(Debug, Serialize)]
pub(crate) struct Bars {
    /// Smallest and largest number.
    pub(crate) least: f64,
    pub(crate) most: f64,
    /// Means of what was kept and of what was dropped, where there is any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mean_kept: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mean_dropped: Option<f64>,
    /// Where the first bar begins, and how wide each is.
    pub(crate) start: f64,
    pub(crate) width: f64,
    /// Kept and dropped of each bar; the outermost hold all beyond them.
    pub(crate) counts: Vec<Counts>,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self {
            exponent: NARROWEST,
            bins: BTreeMap::new(),
            count: [0; 2],
            sum: [0.0; 2],
            least: f64::INFINITY,
            most: f64::NEG_INFINITY,
        }
    }

    /// Takes one number of what was kept (0) or dropped (1).
    pub(crate) fn add(&mut self, value: f64, side: usize) {
        if !value.is_finite() {
            return;
        }
        while value.abs() / 2_f64.powi(self.exponent) >= EXACT {
            self.merge();
        }
        let bin = (value / 2_f64.powi(self.exponent)).floor() as i64;
        self.bins.entry(bin).or_default()[side] += 1;
        self.count[side] += 1;
        self.sum[side] += value;
        self.least = self.least.min(value);
        self.most = self.most.max(value);
        while self.bins.len() > FINEST {
            self.merge();
        }
    }

    /// Makes one bin of every two.
    fn merge(&mut self) {
        self.exponent += 1;
        let bins = std::mem::take(&mut self.bins);
        for (bin, counts) in bins {
            add(self.bins.entry(bin.div_euclid(2)).or_default(), counts);
        }
    }

    /// The histogram in few bars of a round width, the tails cut short.
    pub(crate) fn bars(&self) -> Option<Bars> {
        let (&first, &last) = (self.at(TAIL)?, self.at(1.0 - TAIL)?);
        let unit = 2_f64.powi(self.exponent);
        let (from, to) = (first as f64 * unit, (last + 1) as f64 * unit);
        let width = round_width((to - from) / BARS as f64).max(unit);
        let start = (from / width).floor() * width;
        let bars = (((to - start) / width).ceil() as usize).clamp(1, 2 * BARS);
        let mut counts = vec![[0; 2]; bars];
        for (bin, count) in &self.bins {
            let middle = (*bin as f64 + 0.5) * unit;
            let at = ((middle - start) / width)
                .floor()
                .clamp(0.0, bars as f64 - 1.0);
            add(&mut counts[at as usize], *count);
        }
        let mean = |side: usize| {
            (self.count[side] > 0).then(|| short(self.sum[side] / self.count[side] as f64))
        };
        Some(Bars {
            least: tidy(self.least),
            most: tidy(self.most),
            mean_kept: mean(0),
            mean_dropped: mean(1),
            start: tidy(start),
            width: tidy(width),
            counts,
        })
    }

    /// The bin that the given share of all numbers reaches.
    fn at(&self, share: f64) -> Option<&i64> {
        let all = self.count[0] + self.count[1];
        let bound = (share * all as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        self.bins.iter().find_map(|(bin, counts)| {
            seen += counts[0] + counts[1];
            (seen >= bound).then_some(bin)
        })
    }
}

fn add(to: &mut Counts, counts: Counts) {
    to[0] += counts[0];
    to[1] += counts[1];
}

/// The next of 1, 2, 5, 10, … times a power of ten.
fn round_width(width: f64) -> f64 {
    if width <= 0.0 {
        return 0.0;
    }
    let power = 10_f64.powf(width.log10().floor());
    let digit = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|digit| digit * power >= width * 0.999);
    digit.unwrap_or(10.0) * power
}

/// A number without the noise of its last digits: six significant ones.
fn tidy(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// A number at a glance: four significant digits.
fn short(value: f64) -> f64 {
    format!("{value:.3e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_keep_their_shape() {
        let mut histogram = Histogram::new();
        for n in 0..10_000 {
            histogram.add(f64::from(n), usize::from(n >= 7_500));
        }
        let bars = histogram.bars().unwrap();
        assert_eq!((bars.least, bars.most), (0.0, 9_999.0));
        assert_eq!(
            (bars.mean_kept, bars.mean_dropped),
            (Some(3_750.0), Some(8_750.0))
        );
        assert!(bars.counts.len() <= 2 * BARS && bars.counts.len() >= BARS / 2);
        let sum = |side: usize| bars.counts.iter().map(|bar| bar[side]).sum::<u64>();
        assert_eq!((sum(0), sum(1)), (7_500, 2_500));
        let first_dropped = bars.counts.iter().position(|bar| bar[1] > 0).unwrap();
        let edge = bars.start + first_dropped as f64 * bars.width;
        assert!((edge - 7_500.0).abs() <= bars.width, "{edge}");
    }

    #[test]
    fn odd_numbers_do_no_harm() {
        let mut histogram = Histogram::new();
        assert!(histogram.bars().is_none());
        for value in [
            f64::NAN,
            f64::INFINITY,
            0.0,
            -0.0,
            f64::MAX,
            f64::MIN,
            1e-300,
            5.0,
        ] {
            histogram.add(value, 0);
        }
        let bars = histogram.bars().unwrap();
        assert_eq!(histogram.count[0], 6);
        assert_eq!(bars.counts.iter().map(|bar| bar[0]).sum::<u64>(), 6);
    }

    #[test]
    fn one_number_is_one_bar() {
        let mut histogram = Histogram::new();
        (0..9).for_each(|_| histogram.add(854.0, 0));
        let bars = histogram.bars().unwrap();
        assert_eq!(bars.counts, [[9, 0]]);
    }
}
