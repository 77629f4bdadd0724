//! How good a single image is, to show the worst.

use crate::facts::Verdict;
use crate::generated::Image;
use crate::measures::{COPIES, EMPTY, IDENTITY, PROMPT, SHARPNESS};
use crate::prompts::Prompt;
use crate::weights::Weights;

/// The mean of what is right about an image, 0 to 1: characters, facts, that it is no copy, that it is sharp, and
/// that it shows no character where none was asked for.
pub(crate) fn merit(image: &Image, weights: &Weights) -> f64 {
    let share = |right: usize, all: usize| (all > 0).then(|| right as f64 / all as f64);
    let affirmed = image
        .verdicts
        .iter()
        .filter(|one| **one == Verdict::Affirmed);
    let measured = image
        .verdicts
        .iter()
        .filter(|one| **one != Verdict::Unmeasured);
    let found = image.found.iter().filter(|found| **found);
    let parts = [
        (IDENTITY, share(found.count(), image.found.len())),
        (PROMPT, share(affirmed.count(), measured.count())),
        (COPIES, image.copy.map(|copy| if copy { 0.0 } else { 1.0 })),
        (
            SHARPNESS,
            image.sharp.map(|sharp| if sharp { 1.0 } else { 0.0 }),
        ),
        (
            EMPTY,
            image.empty.map(|empty| if empty { 1.0 } else { 0.0 }),
        ),
    ];
    let (mut sum, mut all) = (0.0, 0.0);
    for (measure, part) in parts {
        if let Some(part) = part {
            sum += weights.0[measure] * part;
            all += weights.0[measure];
        }
    }
    if all > 0.0 { sum / all } else { 1.0 }
}

/// What is wrong with an image, in words.
pub(crate) fn faults(image: &Image, prompt: &Prompt) -> Vec<String> {
    let missing = { prompt.names.iter().zip(&image.found) }.filter(|(_, found)| !**found);
    let mut faults: Vec<String> = missing
        .map(|(name, _)| {
            if image.others.is_empty() {
                format!("no {name}")
            } else {
                format!("{} for {name}", image.others.join(" and "))
            }
        })
        .collect();
    for (fact, verdict) in prompt.facts.iter().zip(&image.verdicts) {
        if let Verdict::Denied(shown) = verdict {
            faults.push(format!("{shown} for {}", fact.wanted.join(" or ")));
        }
    }
    if image.copy == Some(true) {
        faults.push("a copy".to_owned());
    }
    if image.sharp == Some(false) {
        faults.push("blurred".to_owned());
    }
    if image.empty == Some(false) {
        faults.push("a character".to_owned());
    }
    faults
}
