//! Generated images, each from the records of its parts: itself, its instances, their faces.

use std::collections::BTreeMap;
use std::path::PathBuf;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use serde_json::Value;
use stage::{Outcome, Record, Result, bail};

use crate::copies::Near;
use crate::facts::{Fact, Verdict};
use crate::prompts::{Prompt, Prompts};
use crate::sets::{self, Sets};
use crate::sharpness;
use crate::vectors::{Space, cosine, vector};

/// What one record says of an image.
#[derive(Debug)]
pub(crate) struct Part {
    id: String,
    parent: Option<String>,
    checkpoint: String,
    prompt: usize,
    image: PathBuf,
    /// The name of the character; an empty one if it is not known, and `None` if no tool looked.
    name: Option<String>,
    vector: Option<(Space, Vec<f32>)>,
    hash: Option<u64>,
    shown: Option<f64>,
    /// Whether a detector looked at the image as a whole and saw no character.
    empty: Option<bool>,
    /// What it says of each fact of the prompt.
    facts: Vec<Option<String>>,
}

/// A record of an image, or one that belongs to none, and why.
pub(crate) type Seen = Result<Part, (Record, String)>;

impl Part {
    /// Reads what a record says of an image; without a prompt it is of none.
    pub(crate) fn read(record: Record, prompts: &Prompts) -> Result<Seen> {
        let id = record.id()?;
        let image = record.image()?;
        let Some(checkpoint) = record.find::<String>("checkpoint")? else {
            bail!(
                "has no `checkpoint`: list the images with frame-scan --folder-as checkpoint, one folder a checkpoint"
            );
        };
        let Some(prompt) = prompts.of(&id) else {
            return Ok(Err((
                record,
                "is of no prompt: its name has no prompt's id".to_owned(),
            )));
        };
        let name: Option<String> = record.at("/identity/name")?;
        let parent: Option<String> = record.find("parent")?;
        let facts = prompts.0[prompt].facts.iter();
        Ok(Ok(Self {
            facts: facts
                .map(|fact| fact.measured(&record))
                .collect::<Result<_>>()?,
            name: name.map(|name| {
                if name == "unknown" {
                    String::new()
                } else {
                    name
                }
            }),
            vector: vector(&record)?,
            hash: if parent.is_none() {
                sets::hash(&record)?
            } else {
                None
            },
            shown: if parent.is_none() {
                sharpness::shown(&record)?
            } else {
                None
            },
            empty: empty(&record)?.filter(|_| parent.is_none()),
            id,
            parent,
            checkpoint,
            prompt,
            image,
        }))
    }
}

/// Whether a detector has looked at an image, and found no character.
fn empty(record: &Record) -> Result<Option<bool>> {
    let boxes: Option<Vec<Value>> = record.find("boxes")?;
    Ok(boxes.map(|boxes| boxes.is_empty()))
}

impl Part {
    /// The checkpoint that its image was made with.
    pub(crate) fn checkpoint(&self) -> &str {
        &self.checkpoint
    }
}

/// Reads the parts of images in manifests; records of no prompt are left out.
pub(crate) fn read(paths: &[PathBuf], prompts: &Prompts) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    for path in paths {
        sets::each(path, |record| {
            parts.extend(Part::read(record.clone(), prompts)?.ok());
            Ok(())
        })?;
    }
    Ok(parts)
}

/// The parts of images, and the records that belong to none.
pub(crate) fn sorted(all: Vec<Seen>) -> (Vec<Part>, Vec<Outcome>) {
    let (mut parts, mut dropped) = (Vec::new(), Vec::new());
    for seen in all {
        match seen {
            Ok(part) => parts.push(part),
            Err((record, reason)) => dropped.push(Outcome::drop(record, reason)),
        }
    }
    (parts, dropped)
}

/// A generated image, measured.
#[derive(Debug)]
pub(crate) struct Image {
    /// The id of its record.
    pub(crate) id: String,
    /// The checkpoint that it was made with.
    pub(crate) checkpoint: String,
    /// The number of its prompt.
    pub(crate) prompt: usize,
    /// Its file; a control has none if its record names none.
    pub(crate) file: Option<PathBuf>,
    /// Of each character that the prompt wants, whether it was found; empty if no tool looked.
    pub(crate) found: Vec<bool>,
    /// The other characters that were found.
    pub(crate) others: Vec<String>,
    /// What it shows of each fact of the prompt.
    pub(crate) verdicts: Vec<Verdict>,
    /// The vectors of what it shows: of each character that was found, or of the whole.
    pub(crate) vectors: Vec<Vec<f32>>,
    /// Mean cosine with the wanted characters, and with the nearest others.
    pub(crate) cosines: Option<(f64, Option<f64>)>,
    /// The training image that it is nearest to.
    pub(crate) near: Option<Near>,
    /// Whether it is a copy of a training image.
    pub(crate) copy: Option<bool>,
    /// The share of its pixels that it really shows, 0 to 1.
    pub(crate) shown: Option<f64>,
    /// Whether it is as sharp as the training images.
    pub(crate) sharp: Option<bool>,
    /// Whether it shows no character, if the prompt names none and a detector looked.
    pub(crate) empty: Option<bool>,
}

/// The images of all parts, in the order of their first parts.
pub(crate) fn images(parts: Vec<Part>, prompts: &Prompts, sets: &Sets) -> Result<Vec<Image>> {
    let looked = parts.iter().any(|part| part.name.is_some());
    same_space(&parts, sets)?;
    let parents: BTreeMap<String, Option<String>> = { parts.iter() }
        .map(|part| (part.id.clone(), part.parent.clone()))
        .collect();
    let mut places = BTreeMap::new();
    let mut groups: Vec<(String, Vec<Part>)> = Vec::new();
    for part in parts {
        let root = root(&part.id, &parents);
        let place = *places.entry(root.clone()).or_insert(groups.len());
        if place == groups.len() {
            groups.push((root, Vec::new()));
        }
        groups[place].1.push(part);
    }
    let image = |(root, parts)| image(root, parts, looked, prompts, sets);
    Ok(groups.into_par_iter().filter_map(image).collect())
}

/// The id of the image that a record is of, or was cropped from.
fn root(id: &str, parents: &BTreeMap<String, Option<String>>) -> String {
    let mut root = id;
    // No chain of crops is longer; a circle would be endless.
    for _ in 0..8 {
        match parents.get(root) {
            Some(Some(parent)) => root = parent,
            Some(None) => return root.to_owned(),
            None => break,
        }
    }
    // The instance that a face was cropped from may be in no manifest.
    match root.rsplit_once(".i") {
        Some((image, number)) if number.parse::<u32>().is_ok() => image.to_owned(),
        _ => root.to_owned(),
    }
}

/// Vectors of another network or with other flags would be far from all training images.
fn same_space(parts: &[Part], sets: &Sets) -> Result<()> {
    let mut spaces = parts
        .iter()
        .filter_map(|part| part.vector.as_ref().map(|(space, _)| space));
    let Some(wanted) = &sets.space else {
        return Ok(());
    };
    let first = spaces.clone().next();
    if let Some(first) = first
        && !spaces.any(|space| space == wanted)
    {
        bail!(
            "the embeddings of the images are by {first}, and those of the data set by {wanted}: embed the images with the same flags"
        );
    }
    Ok(())
}

fn image(
    id: String,
    parts: Vec<Part>,
    looked: bool,
    prompts: &Prompts,
    sets: &Sets,
) -> Option<Image> {
    let whole = parts
        .iter()
        .find(|part| part.parent.is_none())
        .or(parts.first())?;
    let (checkpoint, number) = (whole.checkpoint.clone(), whole.prompt);
    let (file, hash) = (whole.image.clone(), whole.hash);
    let prompt = &prompts.0[number];
    let shows = |name: &String| parts.iter().any(|part| part.name.as_ref() == Some(name));
    let found: Vec<bool> = if looked {
        prompt.names.iter().map(shows).collect()
    } else {
        Vec::new()
    };
    let mut others: Vec<String> = { parts.iter().filter_map(|part| part.name.clone()) }
        .filter(|name| !name.is_empty() && !prompt.names.contains(name))
        .collect();
    others.sort();
    others.dedup();
    let verdicts = verdicts(prompt, &parts, found.contains(&true));
    let seen = seen(prompt, &parts, sets);
    let cosines = cosines(prompt, &seen, sets);
    let vectors: Vec<_> = seen
        .into_iter()
        .map(|(_, vector)| vector.to_vec())
        .collect();
    let near = Near::of(&vectors, hash, &sets.trained);
    Some(Image {
        copy: near.as_ref().and_then(|near| sets.limits.copy(near)),
        shown: whole.shown,
        sharp: sets.is_sharp(whole.shown),
        empty: whole.empty.filter(|_| prompt.names.is_empty()),
        id,
        checkpoint,
        prompt: number,
        file: Some(file),
        found,
        others,
        verdicts,
        vectors,
        cosines,
        near,
    })
}

/// What the image shows of each fact: by itself, and by the wanted characters in it where one was found, or else by all.
fn verdicts(prompt: &Prompt, parts: &[Part], found: bool) -> Vec<Verdict> {
    let counts = |part: &&Part| {
        let wanted = part
            .name
            .as_ref()
            .is_some_and(|name| prompt.names.contains(name));
        !found || wanted || part.name.is_none()
    };
    let facts = prompt.facts.iter().enumerate();
    let verdict = |(number, fact): (usize, &Fact)| {
        let counted = parts.iter().filter(counts);
        let mut measured: Vec<String> = counted
            .filter_map(|part| part.facts[number].clone())
            .collect();
        measured.dedup();
        Verdict::of(fact, &measured)
    };
    facts.map(verdict).collect()
}

/// The vectors that stand for the image, each with the wanted character that it is of: the likest of each character that
/// was found, or else the one that is likest to what was trained on.
fn seen<'a>(
    prompt: &'a Prompt,
    parts: &'a [Part],
    sets: &Sets,
) -> Vec<(Option<&'a str>, &'a [f32])> {
    let vector = |part: &'a Part| match &part.vector {
        Some((space, vector)) if Some(space) == sets.space.as_ref() => Some(vector.as_slice()),
        _ => None,
    };
    let likest = |name: Option<&str>| {
        let like = name
            .and_then(|name| sets.characters.get(name))
            .or(sets.centre.as_ref())?;
        let own = parts
            .iter()
            .filter(|part| name.is_none_or(|name| part.name.as_deref() == Some(name)));
        let own = own.filter_map(vector);
        own.max_by(|one, other| cosine(one, like).total_cmp(&cosine(other, like)))
    };
    let of = |name: &'a String| Some((Some(name.as_str()), likest(Some(name))?));
    let seen: Vec<_> = prompt.names.iter().filter_map(of).collect();
    if seen.is_empty() {
        return likest(None)
            .map(|vector| (None, vector))
            .into_iter()
            .collect();
    }
    seen
}

/// Mean cosine with the wanted characters, and with the nearest others.
fn cosines(
    prompt: &Prompt,
    seen: &[(Option<&str>, &[f32])],
    sets: &Sets,
) -> Option<(f64, Option<f64>)> {
    let mut all = Vec::new();
    for (name, vector) in seen {
        // A character that was not found is compared with what stands in its place.
        let names = match name {
            Some(name) => vec![*name],
            None => prompt.names.iter().map(String::as_str).collect(),
        };
        all.extend(
            names
                .into_iter()
                .filter_map(|name| sets.cosines(vector, name)),
        );
    }
    let count = all.len() as f64;
    let wanted = all.iter().map(|(wanted, _)| wanted).sum::<f64>() / count;
    let others: Vec<f64> = all.iter().filter_map(|(_, other)| *other).collect();
    let other = (!others.is_empty()).then(|| others.iter().sum::<f64>() / others.len() as f64);
    (!all.is_empty()).then_some((wanted, other))
}

/// The images of the film that were held back from training, as if a checkpoint had made them: they show what their
/// prompts want, and no character where a detector looked for them in the images of checkpoints.
pub(crate) fn held(prompts: &Prompts, sets: &Sets, searched: bool) -> Vec<Image> {
    let all = prompts.0.iter().enumerate().collect::<Vec<_>>();
    let image = |(number, prompt): (usize, &Prompt)| {
        let real = sets
            .held
            .iter()
            .find(|real| Some(&real.id) == prompt.of.as_ref())?;
        let vectors: Vec<_> = real.vector.iter().cloned().collect();
        let near = Near::of(&vectors, real.hash, &sets.trained);
        let seen: Vec<_> = vectors
            .iter()
            .map(|vector| (None, vector.as_slice()))
            .collect();
        Some(Image {
            id: real.id.clone(),
            checkpoint: String::new(),
            prompt: number,
            file: real.image.clone(),
            found: vec![true; prompt.names.len()],
            others: Vec::new(),
            verdicts: vec![Verdict::Affirmed; prompt.facts.len()],
            cosines: cosines(prompt, &seen, sets),
            copy: near.as_ref().and_then(|near| sets.limits.copy(near)),
            shown: real.shown,
            sharp: sets.is_sharp(real.shown),
            empty: (searched && prompt.names.is_empty()).then_some(true),
            near,
            vectors,
        })
    };
    all.into_par_iter().filter_map(image).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crops_belong_to_the_image_that_they_are_cropped_from() {
        let some = |text: &str| Some(text.to_owned());
        let parents: BTreeMap<_, _> = [
            ("base_p1".to_owned(), None),
            ("base_p1.i0".to_owned(), some("base_p1")),
            ("base_p1.i0.f0".to_owned(), some("base_p1.i0")),
            ("base_p2.i3.f0".to_owned(), some("base_p2.i3")),
            ("base_v1.i2".to_owned(), None),
        ]
        .into();
        assert_eq!(root("base_p1.i0.f0", &parents), "base_p1");
        assert_eq!(
            root("base_p2.i3.f0", &parents),
            "base_p2",
            "its instance is in no manifest"
        );
        assert_eq!(
            root("base_v1.i2", &parents),
            "base_v1.i2",
            "an image of this name"
        );
    }
}
