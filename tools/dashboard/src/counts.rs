//! What the data sets have: their images, and the frames that these are from.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use stage::manifest::Reader;

/// A frame: film and number, or for an image without a film its path or id.
type Frame = (String, u64);

/// The frames of one data set.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    pub(crate) images: u64,
    frames: HashSet<Frame>,
}

/// The frames of data sets, read again only where a manifest has changed.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    known: HashMap<PathBuf, (u64, Option<SystemTime>, Frames)>,
    none: Frames,
}

impl Counts {
    /// Reads the manifest of a data set; nothing where there is none.
    pub(crate) fn read(&mut self, manifest: &Path) {
        let Ok(found) = std::fs::metadata(manifest) else {
            self.known.remove(manifest);
            return;
        };
        let now = (found.len(), found.modified().ok());
        let known = self.known.get(manifest);
        if !found.is_file() || known.is_some_and(|(length, time, _)| (*length, *time) == now) {
            return;
        }
        let frames = frames(manifest);
        self.known
            .insert(manifest.to_owned(), (now.0, now.1, frames));
    }

    /// What was read of a manifest; empty if there is none.
    pub(crate) fn of(&self, manifest: &Path) -> &Frames {
        self.known
            .get(manifest)
            .map_or(&self.none, |(_, _, frames)| frames)
    }
}

/// The frames that the records of a manifest are from; a line that cannot be read is an image all the same.
fn frames(manifest: &Path) -> Frames {
    let mut found = Frames::default();
    let Ok(file) = File::open(manifest) else {
        return found;
    };
    let name = manifest.display().to_string();
    for record in Reader::new(&name, BufReader::new(file)).records() {
        found.images += 1;
        let Ok(record) = record else { continue };
        let frame = match record.source().ok().flatten() {
            Some(source) => (source.film, source.frame),
            // Of an image that was cropped, what it was cropped from.
            None => match record.find::<String>("parent").ok().flatten() {
                Some(parent) => (parent, 0),
                None => (record.id().unwrap_or_default(), 0),
            },
        };
        found.frames.insert(frame);
    }
    found
}

/// How data sets share their frames.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Shared {
    /// For each two sets, by their places, the frames that both have; of one and itself, all of its frames.
    pub(crate) pairs: Vec<Vec<usize>>,
    /// How many frames are in this many sets.
    pub(crate) by_sets: BTreeMap<usize, usize>,
}

/// Compares the frames of data sets.
pub(crate) fn shared(sets: &[&Frames]) -> Shared {
    let mut uses = HashMap::<&Frame, usize>::new();
    for set in sets {
        for frame in &set.frames {
            *uses.entry(frame).or_default() += 1;
        }
    }
    let mut by_sets = BTreeMap::new();
    for count in uses.into_values() {
        *by_sets.entry(count).or_default() += 1;
    }
    let row = |one: &&Frames| {
        let both = |other: &&Frames| one.frames.intersection(&other.frames).count();
        sets.iter().map(both).collect()
    };
    Shared {
        pairs: sets.iter().map(row).collect(),
        by_sets,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    fn of(frames: &[u64]) -> Frames {
        Frames {
            images: 0,
            frames: frames
                .iter()
                .map(|&frame| ("film".to_owned(), frame))
                .collect(),
        }
    }

    #[test]
    fn frames_in_several_sets_are_counted_once_for_each_number_of_sets() {
        let (a, b, c) = (of(&[1, 2, 3]), of(&[2, 3, 4]), of(&[3]));
        let shared = shared(&[&a, &b, &c]);
        assert_eq!(shared.pairs, [[3, 2, 1], [2, 3, 1], [1, 1, 1]]);
        assert_eq!(shared.by_sets, BTreeMap::from([(1, 2), (2, 1), (3, 1)]));
    }

    #[test]
    fn images_of_one_frame_are_one_frame() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("dataset.jsonl");
        let source = r#""source":{"film":"a","frame":7,"time":1,"shot":0}"#;
        let text = format!(
            "{{\"id\":\"a.i0\",\"image\":\"x\",{source}}}\n{{\"id\":\"a.i1\",\"image\":\"y\",{source}}}\nbroken\n{{\"id\":\"z\",\"image\":\"z\"}}\n"
        );
        std::fs::write(&manifest, text).unwrap();
        let mut counts = Counts::default();
        counts.read(&manifest);
        let found = counts.of(&manifest);
        assert_eq!((found.images, found.frames.len()), (4, 2));
        std::fs::remove_file(&manifest).unwrap();
        counts.read(&manifest);
        assert_eq!(counts.of(&manifest).images, 0);
    }
}
