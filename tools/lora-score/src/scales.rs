//! From measures to scores: 0 is what the base model does without the LoRA or the worst that there is, 1 what images of
//! the film do.

use serde::Serialize;

use crate::measures::{COPIES, COUNT, SHARPNESS, STYLE, VARIETY, Values};
use crate::sets::Sets;
use crate::sharpness::USUAL;
use crate::weights::Weights;

/// The share of the training images' own variety below which a distance is nothing.
const SLIGHT: f64 = 1e-6;

/// The ends of the scales that are not 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Ends {
    /// The style that is 1: that of images that were held back, or 0 without any.
    pub(crate) style_best: f64,
    /// The style that is 0: that of the base model, or, without one, the distance of two training images.
    pub(crate) style_worst: f64,
    /// The share of images of the film that are as near to training images as copies, at which copies are 1.
    pub(crate) copies_best: f64,
}

impl Ends {
    /// The ends by the measures of the two controls, of which either may be missing.
    pub(crate) fn of(base: Option<&Values>, real: Option<&Values>, sets: &Sets) -> Self {
        let style = |values: Option<&Values>| values.and_then(|values| values[STYLE]);
        let best = style(real).unwrap_or(0.0);
        let spread = sets
            .pairs
            .map_or(1.0, |pairs| pairs.spread())
            .max(best + SLIGHT);
        let worst = style(base).filter(|worst| *worst > best + SLIGHT);
        let copies = real.and_then(|values| values[COPIES]).unwrap_or(0.0);
        Self {
            style_best: best,
            style_worst: worst.unwrap_or(spread),
            // Where all of them are as near as copies, nothing tells copies.
            copies_best: copies.min(1.0 - SLIGHT),
        }
    }

    /// The same with the style that is 1 elsewhere, and that which is 0 as far from it.
    pub(crate) fn moved(self, best: Option<f64>) -> Self {
        let best = best.unwrap_or(self.style_best);
        Self {
            style_best: best,
            style_worst: best + self.style_worst - self.style_best,
            ..self
        }
    }

    /// The measures on scales from 0 to 1.
    pub(crate) fn scores(&self, values: &Values) -> Values {
        let mut scores = *values;
        for (measure, score) in scores.iter_mut().enumerate() {
            *score = score.map(|value| self.score(measure, value).clamp(0.0, 1.0));
        }
        scores
    }

    fn score(&self, measure: usize, value: f64) -> f64 {
        match measure {
            STYLE => (self.style_worst - value) / (self.style_worst - self.style_best),
            VARIETY => value.min(1.0),
            COPIES => 1.0 - (value - self.copies_best) / (1.0 - self.copies_best),
            SHARPNESS => value / USUAL,
            _ => value,
        }
    }
}

/// The weighted mean of the scores that count and are known; `None` if there are none.
pub(crate) fn overall(scores: &Values, counted: [bool; COUNT], weights: &Weights) -> Option<f64> {
    let (mut sum, mut all) = (0.0, 0.0);
    for (measure, weight) in weights.0.iter().enumerate() {
        if let Some(score) = scores[measure].filter(|_| counted[measure]) {
            sum += weight * score;
            all += weight;
        }
    }
    (all > 0.0).then(|| sum / all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDS: Ends = Ends {
        style_best: 2.0,
        style_worst: 12.0,
        copies_best: 0.1,
    };

    #[test]
    fn scales_run_from_the_base_model_to_the_film() {
        let scores = |style, variety, copies, sharpness| {
            ENDS.scores(&[
                Some(0.7),
                Some(0.4),
                Some(style),
                Some(variety),
                Some(copies),
                Some(sharpness),
                Some(0.25),
            ])
        };
        let known = |values: Values| values.map(|value| (value.unwrap() * 10.0).round() as i32);
        assert_eq!(known(scores(7.0, 0.5, 0.55, 0.475)), [7, 4, 5, 5, 5, 5, 3]);
        assert_eq!(
            known(scores(-1.0, 1.4, 0.0, 0.95)),
            [7, 4, 10, 10, 10, 10, 3]
        );
        assert_eq!(known(scores(30.0, 0.0, 1.0, 0.0)), [7, 4, 0, 0, 0, 0, 3]);
        let moved = ENDS
            .moved(Some(5.0))
            .scores(&[None, None, Some(10.0), None, None, None, None]);
        assert_eq!(moved[2], Some(0.5), "5 of the 10 between the ends");
    }

    #[test]
    fn what_was_not_measured_does_not_count() {
        let weights = Weights([4.0, 2.0, 1.0, 1.0, 0.0, 1.0, 0.0]);
        let scores = [None, Some(0.5), Some(1.0), Some(0.0), Some(0.0), None, None];
        assert_eq!(overall(&scores, [true; COUNT], &weights), Some(0.5));
        let counted = [true, false, true, false, true, true, true];
        assert_eq!(overall(&scores, counted, &weights), Some(1.0));
        assert_eq!(overall(&[None; COUNT], [true; COUNT], &weights), None);
    }
}
