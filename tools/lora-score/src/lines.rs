//! What is written of each checkpoint, and of each image.

use std::collections::BTreeMap;

use serde::Serialize;
use stage::{Record, Result};

use crate::checkpoints::{Checkpoint, Comparison, Role};
use crate::composed::{Character, Set, characters, of_sets};
use crate::facts::Verdict;
use crate::generated::Image;
use crate::measures::{COUNT, MEASURES};
use crate::prompts::Prompts;
use crate::scales::Ends;
use crate::sets::Sets;
use crate::worst::{faults, merit};

/// The bounds hold this share of all draws between them.
const BETWEEN: f64 = 0.95;

/// From this probability on, that one is better than the next is said without a doubt.
const SURE: f64 = 0.9;

/// The most images that are named as the worst.
const WORST: usize = 12;

/// A lower and an upper bound.
type Bounds = [f64; 2];

/// What is written of a checkpoint.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Line {
    /// The folder of its images.
    pub(crate) checkpoint: String,
    /// `base` or `real`, if it is not to be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) control: Option<&'static str>,
    /// Its rank, from 1; of a control none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rank: Option<usize>,
    /// Whether it is the best.
    pub(crate) best: bool,
    /// Its score, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) score: Option<f64>,
    /// What 95 of 100 draws of the prompts have as its score.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bounds: Option<Bounds>,
    /// The probability that it is better than the next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) better_than_next: Option<f64>,
    /// The probability that it is better than the base model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) better_than_base: Option<f64>,
    /// The number of its images that count.
    pub(crate) images: usize,
    /// The number of prompts that they are of.
    pub(crate) prompts: usize,
    /// Its measures.
    pub(crate) measures: BTreeMap<&'static str, Measure>,
    /// Mean cosines with characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cosine: Option<Cosine>,
    /// Each fact that prompts want, by its JSON pointer.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) facts: BTreeMap<String, FactCount>,
    /// Each character that prompts want.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) characters: Vec<Character>,
    /// Each data set, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) sets: Vec<Set>,
    /// The images with the most that is wrong, the worst first.
    pub(crate) worst: Vec<Worst>,
    /// The ends of the scales.
    pub(crate) ends: Ends,
}

/// A measure of a checkpoint.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Measure {
    /// As the manual says.
    pub(crate) value: f64,
    /// What 95 of 100 draws have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bounds: Option<Bounds>,
    /// On its scale, 0 to 1.
    pub(crate) score: f64,
    /// Its weight in the score; 0 if it was not measured of every checkpoint.
    pub(crate) weight: f64,
}

/// Mean cosines with characters, -1 to 1.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Cosine {
    /// With the wanted ones.
    pub(crate) wanted: f64,
    /// With the nearest others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) other: Option<f64>,
}

/// How many images show a fact.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct FactCount {
    /// That want it.
    pub(crate) wanted: usize,
    /// In which it could be measured.
    pub(crate) measured: usize,
    /// That show it.
    pub(crate) affirmed: usize,
}

/// An image in which much is wrong.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Worst {
    /// The id of its record.
    pub(crate) id: String,
    /// What is wrong.
    pub(crate) faults: Vec<String>,
}

/// What is written of each checkpoint, in their order.
pub(crate) fn of(all: &Comparison, alone: &[Image], prompts: &Prompts, sets: &Sets) -> Vec<Line> {
    let base = all.checkpoints.iter().find(|one| one.role == Role::Base);
    let line = |(place, one): (usize, &Checkpoint)| {
        let rival = one.role == Role::Rival;
        let ranked = rival && one.score.is_some();
        let next = all
            .checkpoints
            .get(place + 1)
            .filter(|next| rival && next.role == Role::Rival);
        let images: Vec<_> = one
            .images
            .iter()
            .map(|number| &all.images[*number])
            .collect();
        Line {
            checkpoint: one.name.clone(),
            control: match one.role {
                Role::Rival => None,
                Role::Base => Some("base"),
                Role::Real => Some("real"),
            },
            rank: ranked.then_some(place + 1),
            best: ranked && place == 0,
            score: one.score,
            bounds: bounds(one.drawn.iter().filter_map(|draw| draw.1)),
            better_than_next: next.and_then(|next| better(one, next)),
            better_than_base: base.filter(|_| rival).and_then(|base| better(one, base)),
            images: images.len(),
            prompts: if one.role == Role::Real {
                images.len()
            } else {
                all.prompts.len()
            },
            measures: measures(one, all),
            cosine: mean_cosine(&images),
            facts: facts(&images, prompts),
            characters: characters(&images, alone, prompts),
            sets: of_sets(&images, alone, sets),
            worst: worst(&images, all, prompts),
            ends: all.ends,
        }
    };
    all.checkpoints.iter().enumerate().map(line).collect()
}

/// The probability that one is better than the other: the share of draws in which its score is higher, and half of
/// those in which it is the same.
fn better(one: &Checkpoint, other: &Checkpoint) -> Option<f64> {
    let pairs =
        { one.drawn.iter().zip(&other.drawn) }.filter_map(|(one, other)| one.1.zip(other.1));
    let (mut wins, mut all) = (0.0, 0.0);
    for (one, other) in pairs {
        all += 1.0;
        wins += match one.total_cmp(&other) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        };
    }
    (all > 0.0).then(|| wins / all)
}

/// Percentile bounds.
fn bounds(drawn: impl Iterator<Item = f64>) -> Option<Bounds> {
    let mut drawn: Vec<_> = drawn.collect();
    drawn.sort_by(f64::total_cmp);
    let last = drawn.len().checked_sub(1)? as f64;
    let at = |share: f64| drawn[(last * share).round() as usize];
    Some([at((1.0 - BETWEEN) / 2.0), at(f64::midpoint(1.0, BETWEEN))])
}

fn measures(one: &Checkpoint, all: &Comparison) -> BTreeMap<&'static str, Measure> {
    let measure = |place: usize| {
        Some((
            MEASURES[place],
            Measure {
                value: one.values[place]?,
                bounds: bounds(one.drawn.iter().filter_map(|draw| draw.0[place])),
                score: one.scores[place]?,
                weight: if all.counted[place] {
                    all.weights.0[place]
                } else {
                    0.0
                },
            },
        ))
    };
    (0..COUNT).filter_map(measure).collect()
}

fn mean_cosine(images: &[&Image]) -> Option<Cosine> {
    let all: Vec<_> = images.iter().filter_map(|image| image.cosines).collect();
    let mean = |values: Vec<f64>| {
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    Some(Cosine {
        wanted: mean(all.iter().map(|one| one.0).collect())?,
        other: mean(all.iter().filter_map(|one| one.1).collect()),
    })
}

fn facts(images: &[&Image], prompts: &Prompts) -> BTreeMap<String, FactCount> {
    let mut counts: BTreeMap<String, FactCount> = BTreeMap::new();
    for image in images {
        for (fact, verdict) in prompts.0[image.prompt].facts.iter().zip(&image.verdicts) {
            let count = counts.entry(fact.at.clone()).or_default();
            count.wanted += 1;
            count.measured += usize::from(*verdict != Verdict::Unmeasured);
            count.affirmed += usize::from(*verdict == Verdict::Affirmed);
        }
    }
    counts
}

fn worst(images: &[&Image], all: &Comparison, prompts: &Prompts) -> Vec<Worst> {
    let mut ranked: Vec<_> = images
        .iter()
        .map(|image| (merit(image, &all.weights), image))
        .collect();
    ranked.retain(|(merit, _)| *merit < 1.0);
    ranked.sort_by(|one, other| {
        one.0
            .total_cmp(&other.0)
            .then_with(|| one.1.id.cmp(&other.1.id))
    });
    ranked.truncate(WORST);
    let worst = |(_, image): (f64, &&Image)| Worst {
        id: image.id.clone(),
        faults: faults(image, &prompts.0[image.prompt]),
    };
    ranked.into_iter().map(worst).collect()
}

impl Line {
    /// The line as a record, with numbers rounded as in all manifests.
    pub(crate) fn record(&self) -> Result<Record> {
        let mut record = Record::default();
        if let serde_json::Value::Object(members) = serde_json::to_value(self)? {
            for (key, value) in members {
                record.put(&key, &value)?;
            }
        }
        Ok(record)
    }

    /// That it is the best, and how surely, in a line.
    pub(crate) fn told(&self) -> String {
        if self.rank.is_none() {
            return match self.control {
                Some(_) => "there is no checkpoint to compare beside the controls".to_owned(),
                None => "nothing was measured of every checkpoint: none is better than another"
                    .to_owned(),
            };
        }
        let score = self
            .score
            .map(|score| format!(": {score:.3}"))
            .unwrap_or_default();
        let bounds = self
            .bounds
            .map(|[low, high]| format!(" ({low:.3} to {high:.3})"));
        let next = self.better_than_next.map(|share| {
            format!(
                ", better than the next with a probability of {:.0} %",
                100.0 * share
            )
        });
        let sure = self.better_than_next.is_none_or(|share| share >= SURE);
        format!(
            "the best {} {}{score}{}{}",
            if sure { "is" } else { "may be" },
            self.checkpoint,
            bounds.unwrap_or_default(),
            next.unwrap_or_default()
        )
    }

    /// Whether it is more probably worse than the base model than better.
    pub(crate) fn below_base(&self) -> bool {
        self.better_than_base.is_some_and(|share| share < 0.5)
    }
}
