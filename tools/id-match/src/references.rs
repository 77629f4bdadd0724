//! The characters that are known, by their reference images.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use cast::{Kind, folder};
use stage::log::info;
use stage::manifest::Reader;
use stage::manifest::shapes::Embedding;
use stage::{Context, Record, Result, ensure};

use crate::verdict::UNKNOWN;
use crate::{By, instance, verdict};

/// A manifest, and the character that all of it shows.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    name: String,
    manifest: PathBuf,
}

/// Reads `NAME=MANIFEST`.
pub(crate) fn named(text: &str) -> Result<Named, String> {
    let (name, manifest) = text.split_once('=').unwrap_or_default();
    if name.trim().is_empty() || manifest.is_empty() {
        return Err("not in the form NAME=MANIFEST".to_owned());
    }
    if name.trim() == UNKNOWN {
        return Err(format!(
            "`{UNKNOWN}` is what a character without a name is called"
        ));
    }
    Ok(Named {
        name: name.trim().to_owned(),
        manifest: manifest.into(),
    })
}

/// One character.
#[derive(Debug)]
struct Character {
    name: String,
    references: Vec<Vec<f32>>,
    mean: Vec<f32>,
    /// What it may be; empty where nothing says so.
    kinds: Vec<Kind>,
    /// The cosine from which an image is near enough to its nearest reference.
    near: f64,
}

/// What all references have in common: that of the first one.
#[derive(Debug)]
struct Common {
    model: String,
    /// How many numbers a vector has.
    width: usize,
    /// The manifest and the id of the first one.
    first: String,
}

/// A reference: its vector, and what the detector says that it shows.
type Reference = (Vec<f32>, Option<Kind>);

/// A character may be what at least this share of its references is by the detector that also looks at the film.
const SHARE_OF_KIND: f64 = 0.25;

/// References so near to each other are one image: how like it the next ones are, they do not say.
const SAME: f64 = 0.98;

/// Of so few references nothing follows about the others.
const FEWEST: usize = 4;

/// The characters that are known.
#[derive(Debug)]
pub(crate) struct Cast {
    common: Common,
    characters: Vec<Character>,
}

impl Cast {
    /// Reads the references, with what the folders of a cast say that they are, and the quantile of how near they are
    /// to each other; `None` where there are none.
    pub(crate) fn read(
        named: &[Named],
        keyed: &[PathBuf],
        said: &folder::Kinds,
        quantile: f64,
    ) -> Result<Option<Self>> {
        if named.is_empty() && keyed.is_empty() {
            return Ok(None);
        }
        let mut common = None;
        let mut all: BTreeMap<String, Vec<Reference>> = BTreeMap::new();
        for Named { name, manifest } in named {
            for (name, reference) in references(manifest, &mut common, |_| Ok(name.clone()))? {
                all.entry(name).or_default().push(reference);
            }
        }
        for manifest in keyed {
            for (name, reference) in references(manifest, &mut common, character)? {
                all.entry(name).or_default().push(reference);
            }
        }
        let characters = all.into_iter().map(|(name, references)| {
            let kinds = kinds(&references, said.of(&name));
            let references: Vec<Vec<f32>> = references.into_iter().map(|(own, _)| own).collect();
            let mean = mean(&references);
            let mean =
                mean.with_context(|| format!("{name}: its references have no mean direction"))?;
            Ok(Character {
                name,
                near: near(&references, quantile),
                references,
                mean,
                kinds,
            })
        });
        Ok(Some(Self {
            common: common.context("no references in these manifests")?,
            characters: characters.collect::<Result<_>>()?,
        }))
    }

    /// Names, in order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.characters
            .iter()
            .map(|character| character.name.as_str())
    }

    /// All of `wanted` must be known, or outfits of theirs.
    pub(crate) fn must_have(&self, wanted: &[String]) -> Result<()> {
        for name in wanted {
            ensure!(
                self.names().any(|known| verdict::is(known, name)),
                "--only {name}: there are no references of this name, only of {}",
                self.names().collect::<Vec<_>>().join(", ")
            );
        }
        Ok(())
    }

    /// The cosine of `embedding` with each character, in the order of their names, and whether it is near enough to one
    /// of its references.
    pub(crate) fn scores(&self, embedding: Embedding, by: By) -> Result<(Vec<f64>, Vec<bool>)> {
        ensure!(
            embedding.model == self.common.model,
            "its vector is by {}, but the vectors of the references are by {}",
            embedding.model,
            self.common.model
        );
        let vector = direction(&vectors::numbers(embedding.vector)?)?;
        ensure!(
            vector.len() == self.common.width,
            "its vector has {} numbers, but the vectors of the references have {}",
            vector.len(),
            self.common.width
        );
        let score = |character: &Character| {
            let each = character.references.iter().map(|other| dot(&vector, other));
            let nearest = each.fold(-1.0, f64::max);
            let cosine = match by {
                By::Mean => dot(&vector, &character.mean),
                By::Nearest => nearest,
            };
            (cosine, nearest >= character.near)
        };
        Ok(self.characters.iter().map(score).unzip())
    }

    /// Whether each character may be what the detector says that an instance is.
    pub(crate) fn fitting(&self, kind: Option<Kind>) -> Vec<bool> {
        let fits = |one: &Character| match kind {
            Some(kind) => one.kinds.is_empty() || one.kinds.contains(&kind),
            None => true,
        };
        self.characters.iter().map(fits).collect()
    }

    /// Says how near references are to their own mean and to the others'.
    pub(crate) fn describe(&self) {
        for one in &self.characters {
            let near = |mean: &[f32]| {
                let all = one.references.iter().map(|vector| dot(vector, mean));
                all.fold((1.0, -1.0), |(least, most): (f64, f64), x| {
                    (least.min(x), most.max(x))
                })
            };
            let (least, most) = near(&one.mean);
            let others = self
                .characters
                .iter()
                .filter(|other| other.name != one.name);
            let other = others.map(|other| (near(&other.mean).1, &other.name));
            let other = other.max_by(|a, b| a.0.total_cmp(&b.0));
            let other = other.map(|(most, name)| format!(", to {name} up to {most:.3}"));
            info!(
                "{}: {} references, cosine to their mean {least:.3} to {most:.3}{}",
                one.name,
                one.references.len(),
                other.unwrap_or_default()
            );
        }
    }
}

/// The character that a reference says it shows.
fn character(record: &Record) -> Result<String> {
    let name: String = record.get("character")?;
    ensure!(!name.trim().is_empty(), "key `character`: is empty");
    ensure!(
        name.trim() != UNKNOWN,
        "key `character`: `{UNKNOWN}` is what a character without a name is called"
    );
    Ok(name)
}

/// The references of a manifest, each with the name of whom it shows.
fn references(
    manifest: &Path,
    common: &mut Option<Common>,
    name: impl Fn(&Record) -> Result<String>,
) -> Result<Vec<(String, Reference)>> {
    let shown = manifest.display().to_string();
    let file = File::open(manifest).with_context(|| shown.clone())?;
    let mut found = Vec::new();
    for record in Reader::new(&shown, BufReader::new(file)).records() {
        let record = record?;
        let place = || format!("{shown}: {}", record.id().unwrap_or_default());
        let embedding = record.embedding().with_context(place)?;
        let embedding =
            embedding.with_context(|| format!("{}: key `embedding` is missing", place()))?;
        let vector = vectors::numbers(embedding.vector).with_context(place)?;
        let Common {
            model,
            width,
            first,
        } = common.get_or_insert_with(|| Common {
            model: embedding.model.clone(),
            width: vector.len(),
            first: place(),
        });
        ensure!(
            *model == embedding.model,
            "{}: its vector is by {}, but other references are by {model}",
            place(),
            embedding.model
        );
        let own = vector.len();
        ensure!(
            *width == own,
            "{}: its vector has {own} numbers, but that of {first} has {width}: embed all references with one network",
            place()
        );
        let vector = direction(&vector).with_context(place)?;
        let kind = instance::kind(&record).with_context(place)?;
        found.push((name(&record).with_context(place)?, (vector, kind)));
    }
    ensure!(!found.is_empty(), "{shown}: has no references");
    Ok(found)
}

/// The cosine that a `quantile` of the references does not reach with the nearest other one; −1 where there are too few,
/// and where the quantile is 0.
///
/// A mean lies near to much that is like none of those it is of, such as a stack of crates in a boy's colours.
fn near(references: &[Vec<f32>], quantile: f64) -> f64 {
    let nearest = references.iter().filter_map(|own| {
        let others = references.iter().map(|other| dot(own, other));
        others
            .filter(|cosine| *cosine < SAME)
            .max_by(f64::total_cmp)
    });
    let mut nearest: Vec<f64> = nearest.collect();
    if quantile <= 0.0 || nearest.len() < FEWEST {
        return -1.0;
    }
    nearest.sort_by(f64::total_cmp);
    let at = quantile * (nearest.len() - 1) as f64;
    let (below, above) = (nearest[at.floor() as usize], nearest[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

/// What a character may be: what its folder says, and what the detector says of enough of its references.
fn kinds(references: &[Reference], said: Option<Kind>) -> Vec<Kind> {
    let found: Vec<Kind> = references.iter().filter_map(|(_, kind)| *kind).collect();
    let all = [Kind::Person, Kind::Animal, Kind::Thing];
    let often = |kind: &Kind| {
        let count = found.iter().filter(|own| *own == kind).count();
        count > 0 && count as f64 >= SHARE_OF_KIND * found.len() as f64
    };
    let mut kinds: Vec<Kind> = all.into_iter().filter(often).collect();
    kinds.extend(said.filter(|said| !kinds.contains(said)));
    kinds
}

/// The mean direction of unit vectors of one width.
fn mean(vectors: &[Vec<f32>]) -> Option<Vec<f32>> {
    let mut sum = vec![0.0; vectors.first()?.len()];
    for vector in vectors {
        for (sum, number) in sum.iter_mut().zip(vector) {
            *sum += number;
        }
    }
    unit(&sum)
}

/// A vector of an embedding, of unit length.
fn direction(vector: &[f32]) -> Result<Vec<f32>> {
    unit(vector).context("key `embedding`: a vector of length zero")
}

fn unit(vector: &[f32]) -> Option<Vec<f32>> {
    let length = dot(vector, vector).sqrt();
    let scaled = vector.iter().map(|x| (f64::from(*x) / length) as f32);
    length.is_normal().then(|| scaled.collect())
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| f64::from(*a) * f64::from(*b))
        .sum()
}
