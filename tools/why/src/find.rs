//! Which image is meant.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use memchr::memmem::Finder;
use stage::{Record, Result};

use crate::files::Manifest;

/// How many names that are nearly the same are said.
const NEAR: usize = 5;
/// How alike a name must be to be said (Jaro-Winkler, 0 to 1).
const ALIKE: f64 = 0.85;

/// The records of `files` whose line has `text` somewhere, with the number of
/// their file.
///
/// Looking for bytes is a hundred times faster than parsing; only a text that
/// JSON may write in several ways needs every line parsed.
pub(crate) fn mentioning(
    files: &[Manifest],
    text: &str,
    mut take: impl FnMut(usize, Record),
) -> Result<()> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'/'));
    let finder = Finder::new(text.as_bytes());
    for (number, file) in files.iter().enumerate() {
        for line in file.lines()? {
            let line = line?;
            if (!plain || finder.find(&line.bytes).is_some())
                && let Ok(record) = line.parse()
            {
                take(number, record);
            }
        }
    }
    Ok(())
}

/// The ids of the images that `query` means: that id, or else the records of
/// an image or an exported file of that path or name.
pub(crate) fn images(files: &[Manifest], query: &str) -> Result<BTreeSet<String>> {
    let name = stem(query);
    let mut exact = BTreeSet::new();
    let mut named = BTreeSet::new();
    let needle = if query.contains('/') { &name } else { query };
    // An exported caption or mask has another ending than its image.
    let shorter = needle
        .strip_suffix(&format!(".{}", ending(needle)))
        .unwrap_or(needle)
        .to_owned();
    mentioning(files, &shorter, |_, record| {
        let Ok(id) = record.get::<String>("id") else {
            return;
        };
        if id == query {
            exact.insert(id);
        } else if id == name || paths(&record).iter().any(|path| stem(path) == name) {
            named.insert(id);
        }
    })?;
    Ok(if exact.is_empty() { named } else { exact })
}

/// The paths that a record has.
fn paths(record: &Record) -> Vec<String> {
    let places = ["/image", "/dataset/file", "/mask", "/inpaint/original"];
    places
        .iter()
        .filter_map(|place| record.at(place).ok().flatten())
        .collect()
}

/// The name of a file without folders and without its ending.
fn stem(path: &str) -> String {
    Path::new(path)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn ending(path: &str) -> String {
    Path::new(path)
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Ids that are called nearly as `query`, the nearest first.
pub(crate) fn near(files: &[Manifest], query: &str) -> Result<Vec<String>> {
    let name = stem(query);
    let mut alike: BTreeMap<String, f64> = BTreeMap::new();
    for file in files {
        for record in file.records()? {
            let Ok(id) = record?.get::<String>("id") else {
                continue;
            };
            alike.entry(id).or_insert_with_key(|id| {
                let part = id.contains(&name) && !name.is_empty();
                if part {
                    1.0
                } else {
                    strsim::jaro_winkler(id, &name)
                }
            });
        }
    }
    let mut near: Vec<_> = alike
        .into_iter()
        .filter(|(_, likeness)| *likeness >= ALIKE)
        .collect();
    near.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(near.into_iter().take(NEAR).map(|(id, _)| id).collect())
}
