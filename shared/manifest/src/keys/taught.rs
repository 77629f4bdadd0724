//! What labels of a film have taught of an image, and whether its own label would teach more.

use std::collections::BTreeMap;

use schemars::JsonSchema;

/// A judgement by a model that labels of a film have taught: one for each key that was judged.
#[derive(JsonSchema)]
pub(super) struct Taught {
    /// The class, or `unknown` where none reached the threshold.
    label: String,
    /// The probability of the best class, 0 to 1.
    probability: Option<f64>,
    /// The probability of each class, 0 to 1, the best first; they add up to 1.
    scores: Option<BTreeMap<String, f64>>,
    /// The answer that the record had before.
    before: Option<String>,
    /// The model's file, and the start of its checksum.
    model: Option<String>,
}

/// Why a label is asked for.
#[derive(JsonSchema)]
pub(super) struct Ask {
    /// Its rank, from 1: the first labels teach most.
    rank: usize,
    /// What it is taken for so far.
    guess: Option<String>,
    /// The probability of that, 0 to 1.
    probability: Option<f64>,
}
