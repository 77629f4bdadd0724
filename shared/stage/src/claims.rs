//! Ids of which files are named: no two records of a run may write the same file.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;

use anyhow::{Error, Result, anyhow, ensure};
use manifest::folded;

use crate::input::Located;

/// Refuses to write `new` over `original`, the image that a record came with, under whatever name.
///
/// # Errors
/// Both are the same file.
pub fn spare(original: &Path, new: &Path) -> Result<()> {
    let same = original.canonicalize().ok().zip(new.canonicalize().ok());
    ensure!(
        same.is_none_or(|(original, new)| original != new),
        "{}: would be overwritten: give another --out-dir",
        original.display()
    );
    Ok(())
}

/// Half a hash of a name: this many names take little memory.
type Short = [u8; 16];

/// The names that the records so far have taken.
pub(crate) struct Claims {
    /// What follows the id in the names of a record's files, up to the ending.
    suffixes: &'static [&'static str],
    /// The manifests' names.
    manifests: Vec<String>,
    /// Which manifest and line took a name.
    taken: HashMap<Short, (u32, u64)>,
}

impl Claims {
    pub(crate) fn new(suffixes: &'static [&'static str]) -> Self {
        Self {
            suffixes,
            manifests: Vec::new(),
            taken: HashMap::new(),
        }
    }

    /// Takes the names of a line's record; an error if another has one of them. A line that is no
    /// record takes none: why is said elsewhere.
    pub(crate) fn claim(&mut self, located: &Located) -> Option<Error> {
        let id = located.line.parse().ok()?.id().ok()?;
        if self.manifests.last() != Some(&located.name) {
            self.manifests.push(located.name.clone());
        }
        let here = (self.manifests.len() as u32 - 1, located.line.number);
        for suffix in self.suffixes {
            match self.taken.entry(short(&format!("{id}{suffix}"))) {
                Entry::Vacant(free) => {
                    free.insert(here);
                }
                Entry::Occupied(taken) => {
                    let (manifest, line) = *taken.get();
                    let manifest = self.manifests.get(manifest as usize)?;
                    return Some(anyhow!(
                        "its files would have the same names as those of {manifest}: line {line}, whose id is \
                         the same or differs only in case: give every record an id of its own, or \
                         the manifests folders of their own"
                    ));
                }
            }
        }
        None
    }
}

/// What stays of a name, alike for names that some file systems take for one.
fn short(name: &str) -> Short {
    let mut short = Short::default();
    short.copy_from_slice(&blake3::hash(folded(name).as_bytes()).as_bytes()[..16]);
    short
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]
    use manifest::Line;

    use super::*;

    /// What is said of each record of these ids.
    fn said(suffixes: &'static [&'static str], ids: &[&str]) -> Vec<Option<String>> {
        let mut claims = Claims::new(suffixes);
        let lines = (1..).zip(ids).map(|(number, id)| Located {
            name: "m.jsonl".to_owned(),
            line: Line {
                number,
                bytes: format!("{{\"id\":\"{id}\"}}").into_bytes(),
            },
        });
        lines
            .map(|line| claims.claim(&line).map(|error| error.to_string()))
            .collect()
    }

    #[test]
    fn the_second_of_two_is_told_where_the_first_is() {
        let said = said(&[".m"], &["b", "a", "c", "a"]);
        assert_eq!(said[..3], [None, None, None]);
        let text = said[3].as_deref().unwrap();
        assert!(text.contains("m.jsonl: line 2"), "{text}");
    }

    #[test]
    fn ids_that_differ_only_in_case_or_spelling_are_one() {
        let said = said(&[""], &["Frame", "frame", "e\u{301}", "\u{e9}", "frame_"]);
        let refused: Vec<_> = said.iter().map(Option::is_some).collect();
        assert_eq!(refused, [false, true, false, true, false]);
    }

    #[test]
    fn a_file_beside_another_counts() {
        let said = said(&["", ".hole"], &["a", "a.hole", "a.b"]);
        let refused: Vec<_> = said.iter().map(Option::is_some).collect();
        assert_eq!(refused, [false, true, false]);
    }
}
