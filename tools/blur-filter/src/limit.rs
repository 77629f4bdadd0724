//! Thresholds that stand by themselves, and those that a film sets.

use std::fmt;
use std::str::FromStr;

/// Where a figure falls short.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Limit {
    /// Below this.
    Absolute(f64),
    /// Among the lowest this many percent of the run.
    Percentile(f64),
    /// Below this many times the median of the run.
    Median(f64),
}

impl Limit {
    /// The threshold, given the figures of the run.
    pub(crate) fn resolve(self, mut figures: Vec<f64>) -> f64 {
        figures.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place = (share * figures.len() as f64) as usize;
            figures
                .get(place)
                .or(figures.last())
                .copied()
                .unwrap_or(0.0)
        };
        match self {
            Self::Absolute(value) => value,
            Self::Percentile(percent) => at(percent / 100.0),
            Self::Median(times) => times * at(0.5),
        }
    }
}

impl FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not a number, such as 300, or one with `%` or `x`, such as 5% or 0.6x"
            )
        };
        let (number, make): (_, fn(f64) -> Self) = if let Some(number) = text.strip_suffix('%') {
            (number, Self::Percentile)
        } else if let Some(number) = text.strip_suffix('x') {
            (number, Self::Median)
        } else {
            (text, Self::Absolute)
        };
        let number: f64 = number.parse().map_err(|_| wrong())?;
        let most = if text.ends_with('%') { 100.0 } else { f64::MAX };
        if !(0.0..=most).contains(&number) {
            return Err(wrong());
        }
        Ok(make(number))
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absolute(value) => write!(formatter, "{value}"),
            Self::Percentile(value) => write!(formatter, "{value}%"),
            Self::Median(value) => write!(formatter, "{value}x"),
        }
    }
}
