//! The characters that are known, by their reference images.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use stage::log::info;
use stage::manifest::Reader;
use stage::manifest::shapes::Embedding;
use stage::{Context, Record, Result, ensure};

use crate::{By, verdict};

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
}

/// The characters that are known.
#[derive(Debug)]
pub(crate) struct Cast {
    model: String,
    characters: Vec<Character>,
}

impl Cast {
    /// Reads the references; `None` where there are none.
    pub(crate) fn read(named: &[Named], keyed: &[PathBuf]) -> Result<Option<Self>> {
        if named.is_empty() && keyed.is_empty() {
            return Ok(None);
        }
        let mut model = None;
        let mut all: BTreeMap<String, Vec<Vec<f32>>> = BTreeMap::new();
        for Named { name, manifest } in named {
            for vector in vectors(manifest, &mut model, |_| Ok(name.clone()))? {
                all.entry(vector.0).or_default().push(vector.1);
            }
        }
        for manifest in keyed {
            for vector in vectors(manifest, &mut model, |record| Ok(record.get("character")?))? {
                all.entry(vector.0).or_default().push(vector.1);
            }
        }
        let characters = all.into_iter().map(|(name, references)| {
            let mean = mean(&references);
            let mean =
                mean.with_context(|| format!("{name}: its references have no mean direction"))?;
            Ok(Character {
                name,
                references,
                mean,
            })
        });
        Ok(Some(Self {
            model: model.context("no references in these manifests")?,
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

    /// The cosine of `embedding` with each character, in the order of their names.
    pub(crate) fn scores(&self, embedding: &Embedding, by: By) -> Result<Vec<f64>> {
        ensure!(
            embedding.model == self.model,
            "its vector is by {}, but the vectors of the references are by {}",
            embedding.model,
            self.model
        );
        let vector = direction(embedding)?;
        let width = self
            .characters
            .first()
            .map_or(0, |character| character.mean.len());
        ensure!(
            vector.len() == width,
            "its vector has {} numbers, but the vectors of the references have {width}",
            vector.len()
        );
        let score = |character: &Character| match by {
            By::Mean => dot(&vector, &character.mean),
            By::Nearest => {
                let each = character.references.iter().map(|other| dot(&vector, other));
                each.fold(-1.0, f64::max)
            }
        };
        Ok(self.characters.iter().map(score).collect())
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

/// The vectors of a manifest, each with the name of whom it shows.
fn vectors(
    manifest: &Path,
    model: &mut Option<String>,
    name: impl Fn(&Record) -> Result<String>,
) -> Result<Vec<(String, Vec<f32>)>> {
    let shown = manifest.display().to_string();
    let file = File::open(manifest).with_context(|| shown.clone())?;
    let mut found = Vec::new();
    for record in Reader::new(&shown, BufReader::new(file)).records() {
        let record = record?;
        let place = || format!("{shown}: {}", record.id().unwrap_or_default());
        let embedding = record.embedding().with_context(place)?;
        let embedding =
            embedding.with_context(|| format!("{}: key `embedding` is missing", place()))?;
        let model = model.get_or_insert_with(|| embedding.model.clone());
        ensure!(
            *model == embedding.model,
            "{}: its vector is by {}, but other references are by {model}",
            place(),
            embedding.model
        );
        let vector = direction(&embedding).with_context(place)?;
        found.push((name(&record).with_context(place)?, vector));
    }
    ensure!(!found.is_empty(), "{shown}: has no references");
    Ok(found)
}

/// The mean direction of unit vectors.
fn mean(vectors: &[Vec<f32>]) -> Option<Vec<f32>> {
    let mut sum = vec![0.0; vectors.first()?.len()];
    for vector in vectors {
        if vector.len() != sum.len() {
            return None;
        }
        for (sum, number) in sum.iter_mut().zip(vector) {
            *sum += number;
        }
    }
    unit(&sum)
}

/// The vector of an embedding, of unit length.
fn direction(embedding: &Embedding) -> Result<Vec<f32>> {
    unit(&embedding.vector).context("key `embedding`: a vector of length zero")
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
