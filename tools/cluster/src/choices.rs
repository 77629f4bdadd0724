//! What may be chosen on the command line.

use clap::ValueEnum;
use stage::{Result, anyhow};

/// What vectors are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Metric {
    /// The angle between them: vectors are scaled to unit length
    Cosine,
    /// Their distance, unscaled
    Euclidean,
}

/// How groups are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// As many as --k says, each around its mean; no noise
    Kmeans,
    /// Regions as dense as --epsilon and --min-records say; the rest is noise
    Dbscan,
    /// Regions denser than their surroundings; the rest is noise
    Hdbscan,
}

/// How many clusters; `None` is for the tool to find out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count(pub(crate) Option<usize>);

/// Reads a number of clusters, or `auto`.
pub(crate) fn count(text: &str) -> Result<Count> {
    match text.parse() {
        _ if text == "auto" => Ok(Count(None)),
        Ok(0) | Err(_) => Err(anyhow!("not a number from 1, or auto")),
        Ok(count) => Ok(Count(Some(count))),
    }
}

/// Reads a cosine above which vectors count as the same.
pub(crate) fn cosine(text: &str) -> Result<f32> {
    let cosine = positive(text).ok().filter(|&cosine| cosine <= 1.0);
    cosine.ok_or_else(|| anyhow!("not a number above 0 and at most 1"))
}

/// Reads a number above zero.
pub(crate) fn positive(text: &str) -> Result<f32> {
    let number = text.parse().ok();
    let number = number.filter(|&number: &f32| number > 0.0 && number.is_finite());
    number.ok_or_else(|| anyhow!("not a number above 0"))
}
