//! How much each measure counts.

use std::str::FromStr;

use stage::{Context, Error, Result, bail, ensure};
use types::Type;

use crate::measures::{COUNT, EMPTY, MEASURES};

/// The weight of each measure; only their ratios count.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Weights(pub(crate) [f64; COUNT]);

impl Weights {
    /// Those of a type.
    pub(crate) fn of(kind: &Type) -> Result<Self> {
        if kind.weights.is_empty() {
            // Only who trains places wants images without characters.
            let mut alike = [1.0; COUNT];
            alike[EMPTY] = 0.0;
            return Ok(Self(alike));
        }
        kind.weights
            .parse()
            .with_context(|| format!("weights of the type {}", kind.name))
    }
}

impl FromStr for Weights {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut weights = [0.0; COUNT];
        for one in text.split(',') {
            let (name, weight) = one.split_once('=').unwrap_or_default();
            let place = MEASURES.iter().position(|measure| *measure == name.trim());
            let weight = weight.trim().parse().ok();
            let weight = weight.filter(|weight: &f64| (0.0..=1e6).contains(weight));
            match (place, weight) {
                (Some(place), Some(weight)) => weights[place] = weight,
                _ => bail!(
                    "`{one}` is not MEASURE=WEIGHT with a measure of {} and a weight from 0",
                    MEASURES.join(", ")
                ),
            }
        }
        ensure!(
            weights.iter().sum::<f64>() > 0.0,
            "one weight at least must be above 0"
        );
        Ok(Self(weights))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_weights_that_can_be_read() {
        for kind in types::TYPES {
            Weights::of(kind).unwrap();
        }
    }

    #[test]
    fn what_is_not_named_does_not_count() {
        let weights: Weights = "prompt=3, copies=1".parse().unwrap();
        assert_eq!(weights, Weights([0.0, 3.0, 0.0, 0.0, 1.0, 0.0, 0.0]));
        for wrong in ["", "prompt", "beauty=1", "prompt=-1", "prompt=0"] {
            assert!(wrong.parse::<Weights>().is_err(), "{wrong}");
        }
    }
}
