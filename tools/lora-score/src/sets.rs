//! The data sets that were trained on, and the characters that are known.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use stage::manifest::Reader;
use stage::{Context, Record, Result, ensure, log};

use crate::copies::Limits;
use crate::kernels::Pairs;
use crate::sharpness;
use crate::vectors::{self, Space, cosine, vector};

/// What stands for a name that no tool knew.
const UNKNOWN: &str = "unknown";

/// A manifest of a data set, and what the set is called.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    name: Option<String>,
    manifest: PathBuf,
}

/// Reads `MANIFEST` or `NAME=MANIFEST`. A path with a `=` in a folder is one.
pub(crate) fn named(text: &str) -> Result<Named, String> {
    match text.split_once('=') {
        Some((name, manifest)) if !name.contains('/') => {
            if name.trim().is_empty() || manifest.is_empty() {
                return Err("not in the form NAME=MANIFEST".to_owned());
            }
            Ok(Named {
                name: Some(name.trim().to_owned()),
                manifest: manifest.into(),
            })
        }
        _ => Ok(Named {
            name: None,
            manifest: text.into(),
        }),
    }
}

/// An image of a data set.
#[derive(Debug, Default)]
pub(crate) struct Real {
    /// Its id.
    pub(crate) id: String,
    /// Its file.
    pub(crate) image: Option<PathBuf>,
    /// What other images of the same shot have in common.
    pub(crate) shot: String,
    /// The character that it shows.
    pub(crate) name: Option<String>,
    /// Its perceptual hash; of a crop that of the crop, as crops lose the hash of their parent.
    pub(crate) hash: Option<u64>,
    /// Its vector, of unit length.
    pub(crate) vector: Option<Vec<f32>>,
    /// The share of its pixels that it really shows, 0 to 1.
    pub(crate) shown: Option<f64>,
    /// The number of its data set.
    pub(crate) set: usize,
}

impl Real {
    pub(crate) fn cosine(&self, other: &Self) -> Option<f64> {
        Some(cosine(self.vector.as_ref()?, other.vector.as_ref()?))
    }

    pub(crate) fn bits(&self, other: &Self) -> Option<u32> {
        Some((self.hash? ^ other.hash?).count_ones())
    }
}

/// The data sets, as one.
#[derive(Debug)]
pub(crate) struct Sets {
    /// What they are called.
    pub(crate) names: Vec<String>,
    /// What their vectors are of; `None` if they have none.
    pub(crate) space: Option<Space>,
    /// The images that were trained on.
    pub(crate) trained: Vec<Real>,
    /// Those that were held back.
    pub(crate) held: Vec<Real>,
    /// The mean vector of each character that is known.
    pub(crate) characters: BTreeMap<String, Vec<f32>>,
    /// The mean vector of what was trained on.
    pub(crate) centre: Option<Vec<f32>>,
    /// Means over the pairs of images that were trained on.
    pub(crate) pairs: Option<Pairs>,
    /// The same of each set.
    pub(crate) pairs_of: Vec<Option<Pairs>>,
    /// What a copy is nearer than.
    pub(crate) limits: Limits,
    /// The share of its pixels that a sharp image shows, 0 to 1.
    pub(crate) sharp: Option<f64>,
}

impl Sets {
    /// Reads data sets, and references of characters.
    pub(crate) fn read(named: &[Named], references: &[PathBuf]) -> Result<Self> {
        let mut space = None;
        let (mut trained, mut held) = (Vec::new(), Vec::new());
        for (set, one) in named.iter().enumerate() {
            each(&one.manifest, |record| {
                let validation: Option<bool> = record.at("/dataset/validation")?;
                let real = real(record, set, &mut space)?;
                if validation == Some(true) {
                    held.push(real);
                } else {
                    trained.push(real);
                }
                Ok(())
            })?;
        }
        ensure!(
            !trained.is_empty(),
            "there is no image in the data sets of --training"
        );
        let characters = characters(&trained, references, &mut space)?;
        let without = trained.iter().filter(|real| real.vector.is_none()).count();
        if without > 0 {
            log::warn!(
                "{without} of {} training images have no embedding, and so are not compared with",
                trained.len()
            );
        }
        let mut sets = Self {
            names: named.iter().map(title).collect(),
            space,
            limits: Limits::of(&trained, &held),
            sharp: sharpness::limit(&trained),
            trained,
            held,
            characters,
            centre: None,
            pairs: None,
            pairs_of: Vec::new(),
        };
        let all = sets.vectors(None);
        let (centre, pairs) = (vectors::mean(all.iter().copied()), Pairs::of(&all));
        let each = (0..named.len()).map(|set| Pairs::of(&sets.vectors(Some(set))));
        let each = each.collect();
        (sets.centre, sets.pairs, sets.pairs_of) = (centre, pairs, each);
        Ok(sets)
    }

    /// The vectors of a set, or of all.
    pub(crate) fn vectors(&self, set: Option<usize>) -> Vec<&[f32]> {
        let own = self
            .trained
            .iter()
            .filter(|real| set.is_none_or(|set| real.set == set));
        own.filter_map(|real| real.vector.as_deref()).collect()
    }

    /// The image of a data set with this id.
    pub(crate) fn find(&self, id: &str) -> Option<&Real> {
        let mut all = self.held.iter().chain(&self.trained);
        all.find(|real| real.id == id)
    }

    /// Whether an image that shows this share of its pixels is sharp; `None` where that cannot be told.
    pub(crate) fn is_sharp(&self, shown: Option<f64>) -> Option<bool> {
        Some(shown? >= self.sharp?)
    }

    /// Cosine with the character of this name, and with the nearest other; `None` if the name is not known.
    pub(crate) fn cosines(&self, vector: &[f32], name: &str) -> Option<(f64, Option<f64>)> {
        let wanted = cosine(vector, self.characters.get(name)?);
        let others = self.characters.iter().filter(|(other, _)| *other != name);
        let others = others.map(|(_, mean)| cosine(vector, mean));
        Some((wanted, others.max_by(f64::total_cmp)))
    }
}

/// What a set is called: its own name, or its folder's.
fn title(named: &Named) -> String {
    let folder = named.manifest.parent().and_then(Path::file_name);
    let folder = folder.map(|folder| folder.to_string_lossy().into_owned());
    let own = named.name.clone().or(folder);
    own.unwrap_or_else(|| named.manifest.display().to_string())
}

fn real(record: &Record, set: usize, space: &mut Option<Space>) -> Result<Real> {
    let id = record.id()?;
    let source = record.source()?;
    let name: Option<String> = record.at("/identity/name")?;
    Ok(Real {
        image: record.find("image")?,
        shot: source.map_or_else(
            || id.clone(),
            |source| format!("{} {}", source.film, source.shot),
        ),
        name: name.filter(|name| name != UNKNOWN),
        hash: hash(record)?,
        vector: placed(record, space)?,
        shown: sharpness::shown(record)?,
        set,
        id,
    })
}

/// The perceptual hash of a record.
pub(crate) fn hash(record: &Record) -> Result<Option<u64>> {
    let text: Option<String> = record.at("/dedup/hash")?;
    Ok(text.map(|text| vision::hash::from_hex(&text)).transpose()?)
}

/// The vector of a record, which must be in the space of those before it.
fn placed(record: &Record, space: &mut Option<Space>) -> Result<Option<Vec<f32>>> {
    let Some((own, vector)) = vector(record)? else {
        return Ok(None);
    };
    let space = space.get_or_insert_with(|| own.clone());
    ensure!(
        *space == own,
        "its embedding is by {own}, and those before it are by {space}: embed all with the same flags"
    );
    Ok(Some(vector))
}

/// The mean vector of each character: of references, or of the images of the data sets.
fn characters(
    trained: &[Real],
    references: &[PathBuf],
    space: &mut Option<Space>,
) -> Result<BTreeMap<String, Vec<f32>>> {
    let mut shown: BTreeMap<String, Vec<Vec<f32>>> = BTreeMap::new();
    for path in references {
        each(path, |record| {
            let name: String = record.get("character")?;
            let vector = placed(record, space)?;
            shown.entry(name).or_default().extend(vector);
            Ok(())
        })?;
    }
    let referred: BTreeSet<String> = shown.keys().cloned().collect();
    for real in trained {
        if let (Some(name), Some(vector)) = (&real.name, &real.vector)
            && !referred.contains(name)
        {
            shown.entry(name.clone()).or_default().push(vector.clone());
        }
    }
    let means = shown.into_iter().filter_map(|(name, vectors)| {
        Some((name, vectors::mean(vectors.iter().map(Vec::as_slice))?))
    });
    Ok(means.collect())
}

/// Reads every record of a manifest.
pub(crate) fn each(path: &Path, mut read: impl FnMut(&Record) -> Result<()>) -> Result<()> {
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| name.clone())?;
    for record in Reader::new(&name, BufReader::with_capacity(1 << 16, file)).records() {
        let record = record?;
        read(&record).with_context(|| {
            let id = record.get::<String>("id").unwrap_or_default();
            format!("{name}: {id}")
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_called_by_its_name_or_its_folder() {
        let titles = ["luca=a/b.jsonl", "out/style/dataset.jsonl", "x=y/d.jsonl"]
            .map(|text| title(&named(text).unwrap()));
        assert_eq!(titles, ["luca", "style", "x"]);
        assert_eq!(title(&named("out/a=b/d.jsonl").unwrap()), "a=b");
        assert!(named("=x").is_err() && named("x=").is_err());
    }
}
