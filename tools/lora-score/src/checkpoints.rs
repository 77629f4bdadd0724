//! The checkpoints beside each other.

use std::collections::BTreeMap;

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use rayon::iter::{IntoParallelIterator, ParallelIterator};
use stage::{Record, Result, bail, log, tell};

use crate::Args;
use crate::generated::{Image, held};
use crate::lines::{self, Line};
use crate::measures::{COUNT, MEASURES, STYLE, Values};
use crate::prompts::Prompts;
use crate::scales::{Ends, overall};
use crate::scored;
use crate::sets::Sets;
use crate::tally::Tally;
use crate::weights::Weights;
use crate::worst::merit;

/// What the images of the film that were held back are called among the checkpoints.
pub(crate) const REAL: &str = "real";

/// The name of the checkpoint that stands for the base model where none is named.
const BASE: &str = "base";

/// Prompts below which a bootstrap over them tells nothing: of one prompt every draw is the same.
const FEW: usize = 5;

/// What a checkpoint is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// To be compared.
    Rival,
    /// Made without the LoRA.
    Base,
    /// The film itself.
    Real,
}

/// A checkpoint and its measures.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    /// The folder of its images.
    pub(crate) name: String,
    /// What it is there for.
    pub(crate) role: Role,
    /// The numbers of its images.
    pub(crate) images: Vec<usize>,
    /// Its measures.
    pub(crate) values: Values,
    /// The measures on their scales.
    pub(crate) scores: Values,
    /// The weighted mean of those that count.
    pub(crate) score: Option<f64>,
    /// In every draw of the prompts, the measures, and the score.
    pub(crate) drawn: Vec<(Values, Option<f64>)>,
}

/// All checkpoints.
#[derive(Debug)]
pub(crate) struct Comparison {
    /// Checkpoints, the best first, and then the controls.
    pub(crate) checkpoints: Vec<Checkpoint>,
    /// All images.
    pub(crate) images: Vec<Image>,
    /// The ends of the scales.
    pub(crate) ends: Ends,
    /// What counts how much.
    pub(crate) weights: Weights,
    /// The measures that count, which are those that are known of all checkpoints.
    pub(crate) counted: [bool; COUNT],
    /// The numbers of the prompts that all checkpoints have images of.
    pub(crate) prompts: Vec<usize>,
    /// What is written of each checkpoint.
    pub(crate) lines: Vec<Line>,
}

/// A checkpoint whose measures can be taken.
struct Measured {
    name: String,
    role: Role,
    images: Vec<usize>,
    tally: Tally,
    values: Values,
}

/// Compares the checkpoints by the prompts that all of them have images of.
pub(crate) fn compare(
    mut images: Vec<Image>,
    alone: &[Image],
    prompts: &Prompts,
    sets: &Sets,
    weights: &Weights,
    args: &Args,
) -> Result<Comparison> {
    unseen(&images, sets);
    let of = by_checkpoint(&images);
    let control = control(&of, args.control.as_deref())?;
    let common = common(&of, &images, prompts)?;
    let measured = measured(of, &images, &common, sets, control);
    let (film, controls) = controls(&images, &measured, &common, prompts, sets);
    let draws = draws(args, common.len());
    let ends = controls.ends(sets);
    let redrawn = draws.iter().map(|often| controls.moved(ends, often, sets));
    let redrawn: Vec<_> = redrawn.collect();
    let counted = counted(&measured);
    let judge = |one: Measured| {
        let judged = |values: Values, ends: &Ends| {
            (values, overall(&ends.scores(&values), counted, weights))
        };
        let all = draws.iter().zip(&redrawn);
        let all = all.map(|(often, ends)| judged(one.tally.values(often, sets), ends));
        Checkpoint {
            drawn: all.collect(),
            score: judged(one.values, &ends).1,
            scores: ends.scores(&one.values),
            name: one.name,
            role: one.role,
            images: one.images,
            values: one.values,
        }
    };
    let mut checkpoints: Vec<_> = measured.into_par_iter().map(judge).collect();
    checkpoints.extend(controls.real.map(|values| Checkpoint {
        name: REAL.to_owned(),
        role: Role::Real,
        images: (images.len()..images.len() + film.len()).collect(),
        score: overall(&ends.scores(&values), counted, weights),
        scores: ends.scores(&values),
        values,
        drawn: Vec::new(),
    }));
    images.extend(film);
    sort(&mut checkpoints);
    let mut comparison = Comparison {
        checkpoints,
        images,
        ends,
        weights: weights.clone(),
        counted,
        prompts: common,
        lines: Vec::new(),
    };
    comparison.lines = lines::of(&comparison, alone, prompts, sets);
    Ok(comparison)
}

/// Says how many images cannot be compared with the data set.
fn unseen(images: &[Image], sets: &Sets) {
    let unseen = images.iter().filter(|image| image.vectors.is_empty());
    let count = unseen.count();
    if sets.space.is_some() && count > 0 {
        log::warn!(
            "{count} of {} images have no embedding like those of the data set: style, variety and copies go by the others",
            images.len()
        );
    }
}

/// Which measures are known of every checkpoint that is compared.
fn counted(measured: &[Measured]) -> [bool; COUNT] {
    let rivals = measured.iter().filter(|one| one.role == Role::Rival);
    let rivals: Vec<&Values> = rivals.map(|one| &one.values).collect();
    std::array::from_fn(|measure| {
        !rivals.is_empty() && rivals.iter().all(|values| values[measure].is_some())
    })
}

/// The best first, and the controls last; in the order of the names where the score is the same.
fn sort(checkpoints: &mut [Checkpoint]) {
    let score = |one: &Checkpoint| one.score.unwrap_or(-1.0);
    checkpoints.sort_by(|one, other| {
        let roles = (one.role as u8).cmp(&(other.role as u8));
        roles.then(score(other).total_cmp(&score(one)))
    });
}

/// The numbers of the images of each checkpoint, in the order of the names.
fn by_checkpoint(images: &[Image]) -> BTreeMap<String, Vec<usize>> {
    let mut of: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, image) in images.iter().enumerate() {
        of.entry(image.checkpoint.clone()).or_default().push(number);
    }
    of
}

/// The name of the checkpoint that stands for the base model.
///
/// An error if it was asked for and there are no images of it, or if a checkpoint has the name of the images of the film.
fn control<'a>(of: &BTreeMap<String, Vec<usize>>, asked: Option<&'a str>) -> Result<&'a str> {
    if of.contains_key(REAL) {
        bail!(
            "{REAL}: a checkpoint has this name, which stands for the images that were held back: rename its folder"
        );
    }
    if let Some(asked) = asked.filter(|asked| !of.contains_key(*asked)) {
        let names: Vec<_> = of.keys().map(String::as_str).collect();
        bail!(
            "--control {asked}: no image is of this checkpoint; there are {}",
            names.join(", ")
        );
    }
    Ok(asked.unwrap_or(BASE))
}

/// The checkpoints with their images of the prompts that count.
fn measured(
    of: BTreeMap<String, Vec<usize>>,
    images: &[Image],
    common: &[usize],
    sets: &Sets,
    control: &str,
) -> Vec<Measured> {
    let alike = vec![1.0; common.len()];
    let one = |(name, mut numbers): (String, Vec<usize>)| {
        numbers.retain(|number| common.contains(&images[*number].prompt));
        let own: Vec<_> = numbers.iter().map(|number| &images[*number]).collect();
        let tally = Tally::of(&own, common, sets);
        Measured {
            role: if name == control {
                Role::Base
            } else {
                Role::Rival
            },
            values: tally.values(&alike, sets),
            images: numbers,
            name,
            tally,
        }
    };
    of.into_iter().map(one).collect()
}

/// What the ends of the scales are taken from.
struct Controls {
    /// The sums of the base model.
    base: Option<Tally>,
    /// Those of the images of the film, if each prompt that counts has one.
    film: Option<Tally>,
    /// The measures of the images of the film.
    real: Option<Values>,
}

/// The images of the film that the prompts that count are of, or all that were held back where some have none, and
/// the controls.
fn controls(
    images: &[Image],
    measured: &[Measured],
    common: &[usize],
    prompts: &Prompts,
    sets: &Sets,
) -> (Vec<Image>, Controls) {
    let searched = images.iter().any(|image| image.empty.is_some());
    let mut film = held(prompts, sets, searched);
    let of = |prompt: &usize| film.iter().any(|image| image.prompt == *prompt);
    let each = common.iter().all(of);
    let mut shown: Vec<_> = (0..prompts.0.len()).collect();
    if each {
        film.retain(|image| common.contains(&image.prompt));
        shown = common.to_vec();
    }
    let tally = Tally::of(&film.iter().collect::<Vec<_>>(), &shown, sets);
    let values = tally.values(&vec![1.0; shown.len()], sets);
    let base = measured.iter().find(|one| one.role == Role::Base);
    let controls = Controls {
        base: base.map(|base| base.tally.clone()),
        real: (!film.is_empty()).then_some(values),
        film: each.then_some(tally),
    };
    (film, controls)
}

impl Controls {
    /// The ends of the scales.
    fn ends(&self, sets: &Sets) -> Ends {
        let alike = |tally: &Tally| tally.values(&vec![1.0; tally.prompts()], sets);
        let base = self.base.as_ref().map(alike);
        Ends::of(base.as_ref(), self.real.as_ref(), sets)
    }

    /// The ends for a draw of the prompts: the scale of style is moved to the images of the film that are of the same
    /// prompts, so that drawing what the film seldom shows tells nothing against a checkpoint.
    fn moved(&self, ends: Ends, often: &[f64], sets: &Sets) -> Ends {
        let film = self.film.as_ref().map(|film| film.values(often, sets));
        ends.moved(film.and_then(|film| film[STYLE]))
    }
}

/// The numbers of the prompts that all checkpoints have images of.
fn common(
    of: &BTreeMap<String, Vec<usize>>,
    images: &[Image],
    prompts: &Prompts,
) -> Result<Vec<usize>> {
    let has = |numbers: &Vec<usize>, prompt| {
        numbers
            .iter()
            .any(|number| images[*number].prompt == prompt)
    };
    let all = 0..prompts.0.len();
    let (common, others): (Vec<_>, Vec<_>) =
        { all.filter(|prompt| of.values().any(|own| has(own, *prompt))) }
            .partition(|prompt| of.values().all(|own| has(own, *prompt)));
    if common.is_empty() {
        bail!(
            "there is no prompt of which every checkpoint has an image: generate the same prompts with each"
        );
    }
    if !others.is_empty() {
        let lacking = of
            .iter()
            .filter(|(_, own)| others.iter().any(|prompt| !has(own, *prompt)));
        let lacking: Vec<_> = lacking.map(|(name, _)| name.as_str()).collect();
        log::warn!(
            "{} prompts do not count, as not every checkpoint has an image of them: {} lack some",
            others.len(),
            lacking.join(", ")
        );
    }
    Ok(common)
}

/// How often each prompt counts in every draw: as many as there are, drawn with replacement, the same draws for all
/// checkpoints (a paired bootstrap; Efron and Tibshirani, An Introduction to the Bootstrap, 1993).
fn draws(args: &Args, count: usize) -> Vec<Vec<f64>> {
    let mut chance = SplitMix64::seed_from_u64(args.seed);
    let draw = |_| {
        let mut often = vec![0.0; count];
        for _ in 0..count {
            often[(chance.next_u64() % count as u64) as usize] += 1.0;
        }
        often
    };
    (0..args.resamples).map(draw).collect()
}

impl Comparison {
    /// The checkpoints that are compared, the best first.
    pub(crate) fn rivals(&self) -> impl Iterator<Item = &Checkpoint> {
        self.checkpoints
            .iter()
            .filter(|one| one.role == Role::Rival)
    }

    /// The records of the checkpoints.
    pub(crate) fn records(&self) -> Result<Vec<Record>> {
        self.lines.iter().map(Line::record).collect()
    }

    /// The lines of a manifest of what was measured of each image.
    pub(crate) fn image_lines(&self, prompts: &Prompts, sets: &Sets) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for checkpoint in self.checkpoints.iter().filter(|one| one.role != Role::Real) {
            for number in &checkpoint.images {
                let image = &self.images[*number];
                scored::image(image, merit(image, &self.weights), prompts, sets)?
                    .write_line(&mut bytes);
            }
        }
        Ok(bytes)
    }

    /// Says which is best, and what could not be measured.
    pub(crate) fn tell(&self) {
        let unknown = MEASURES.iter().zip(self.counted).zip(self.weights.0);
        let unknown = unknown.filter(|((_, counted), weight)| !counted && *weight > 0.0);
        let unknown: Vec<_> = unknown.map(|((name, _), _)| *name).collect();
        if !unknown.is_empty() {
            log::warn!(
                "not measured, and so does not count: {}",
                unknown.join(", ")
            );
        }
        if self.prompts.len() < FEW {
            log::warn!(
                "{} prompts count: too few to tell checkpoints apart, whatever the bounds say",
                self.prompts.len()
            );
        }
        let Some(line) = self.lines.first() else {
            return;
        };
        tell(&line.told());
        if line.below_base() {
            log::warn!(
                "no checkpoint is better than {}, which was made without the LoRA",
                self.base_name()
            );
        }
    }

    fn base_name(&self) -> &str {
        let base = self.checkpoints.iter().find(|one| one.role == Role::Base);
        base.map_or("base", |base| &base.name)
    }
}
