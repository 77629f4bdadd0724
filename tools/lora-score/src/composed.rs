//! What images that are made with several networks of one base model at once have of each: which character was lost, and whose style bled.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::generated::Image;
use crate::kernels::{Pairs, across, distance};
use crate::prompts::Prompts;
use crate::sets::Sets;
use crate::vectors::cosine;

/// How often a character was found where it was wanted.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Character {
    /// Its name.
    pub(crate) name: String,
    /// Images that want it.
    pub(crate) wanted: usize,
    /// The share of them that show it, 0 to 1.
    pub(crate) found: f64,
    /// The same of the images that its LoRA made alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) alone: Option<f64>,
}

/// How near the images are to one of several data sets.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Set {
    /// Its name.
    pub(crate) name: String,
    /// CMMD of the images and this set.
    pub(crate) style: f64,
    /// The same of the images that were made with each LoRA alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) style_alone: Option<f64>,
    /// The share of the images that are nearest to an image of this set, 0 to 1.
    pub(crate) nearest: f64,
}

/// By name, in how many of how many images each wanted character was found.
fn found<'a>(
    images: impl Iterator<Item = &'a Image>,
    prompts: &'a Prompts,
) -> BTreeMap<&'a str, [usize; 2]> {
    let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for image in images {
        for (name, found) in prompts.0[image.prompt].names.iter().zip(&image.found) {
            let count = counts.entry(name).or_default();
            count[0] += usize::from(*found);
            count[1] += 1;
        }
    }
    counts
}

/// How often each wanted character was found.
pub(crate) fn characters(images: &[&Image], alone: &[Image], prompts: &Prompts) -> Vec<Character> {
    let share = |[found, wanted]: [usize; 2]| found as f64 / wanted as f64;
    let singly = found(alone.iter(), prompts);
    let counts = found(images.iter().copied(), prompts);
    let character = |(name, count): (&str, [usize; 2])| Character {
        name: name.to_owned(),
        wanted: count[1],
        found: share(count),
        alone: singly.get(name).copied().map(share),
    };
    counts.into_iter().map(character).collect()
}

/// How near images are to each data set, if there are several.
pub(crate) fn of_sets(images: &[&Image], alone: &[Image], sets: &Sets) -> Vec<Set> {
    if sets.names.len() < 2 {
        return Vec::new();
    }
    let own: Vec<&[f32]> = images
        .iter()
        .flat_map(|image| image.vectors.iter().map(Vec::as_slice))
        .collect();
    let singly: Vec<&[f32]> = alone
        .iter()
        .flat_map(|image| image.vectors.iter().map(Vec::as_slice))
        .collect();
    let nearest: Vec<Option<usize>> = own.iter().map(|vector| nearest_set(vector, sets)).collect();
    let style = |vectors: &[&[f32]], set: usize| {
        let theirs = sets.vectors(Some(set));
        let own = Pairs::of(vectors)?;
        let crossed = vectors
            .iter()
            .map(|vector| across(vector, &theirs))
            .sum::<f64>();
        let crossed = crossed / vectors.len() as f64;
        Some(distance(
            own.gaussian,
            sets.pairs_of[set]?.gaussian,
            crossed,
        ))
    };
    let of = |(set, name): (usize, &String)| {
        let here = nearest
            .iter()
            .filter(|nearest| **nearest == Some(set))
            .count();
        Some(Set {
            name: name.clone(),
            style: style(&own, set)?,
            style_alone: style(&singly, set),
            nearest: here as f64 / own.len() as f64,
        })
    };
    sets.names.iter().enumerate().filter_map(of).collect()
}

fn nearest_set(vector: &[f32], sets: &Sets) -> Option<usize> {
    let cosines = sets
        .trained
        .iter()
        .filter_map(|real| Some((cosine(vector, real.vector.as_ref()?), real.set)));
    let best = cosines.max_by(|one, other| one.0.total_cmp(&other.0))?;
    Some(best.1)
}
