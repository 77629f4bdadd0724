//! Which tags are written.

use nets::tagger::{self, Category, Tag};

/// Probabilities as they are written.
pub(crate) fn rounded(probabilities: Vec<f32>) -> Vec<f64> {
    let round = |probability: f32| stage::manifest::rounded(probability.into(), 4);
    probabilities.into_iter().map(round).collect()
}

/// The tags of a category, with their probabilities.
pub(crate) fn of_category<'a>(
    tags: &'a [Tag],
    probabilities: &[f64],
    category: Category,
) -> Vec<(&'a str, f64)> {
    let all = tags.iter().zip(probabilities);
    let these = all.filter(|(tag, _)| tag.category == category);
    these
        .map(|(tag, probability)| (tag.name.as_str(), *probability))
        .collect()
}

/// The least probability that is written.
pub(crate) fn least(tags: &[(&str, f64)], gap: bool, threshold: f64, floor: f64) -> f64 {
    if !gap {
        return threshold;
    }
    let probabilities: Vec<f64> = tags.iter().map(|(_, probability)| *probability).collect();
    tagger::largest_gap(&probabilities).max(floor)
}

/// The tags of at least this probability, most probable first.
pub(crate) fn chosen(mut tags: Vec<(&str, f64)>, least: f64, escape: bool) -> Vec<(String, f64)> {
    tags.retain(|(_, probability)| *probability >= least);
    tags.sort_by(|a, b| b.1.total_cmp(&a.1));
    let escaped = |name: &str| {
        if escape {
            name.replace('(', "\\(").replace(')', "\\)")
        } else {
            name.to_owned()
        }
    };
    tags.into_iter()
        .map(|(name, probability)| (escaped(name), probability))
        .collect()
}
