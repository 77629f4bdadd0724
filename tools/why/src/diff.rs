//! Two runs compared, by their last manifests.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::value::RawValue;
use stage::manifest::Rejected;
use stage::{Record, Result};

use crate::describe;
use crate::files::Manifest;

/// What is different at the end of one branch.
#[derive(Debug, Serialize)]
pub(crate) struct Branch {
    /// The last manifest of the branch.
    pub(crate) manifest: String,
    pub(crate) before: usize,
    pub(crate) now: usize,
    pub(crate) images: Vec<Image>,
}

/// One image that differs.
#[derive(Debug, Serialize)]
pub(crate) struct Image {
    pub(crate) id: String,
    pub(crate) change: Change,
    /// The tool that made the difference.
    pub(crate) by: String,
    pub(crate) why: String,
}

/// How it differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    Came,
    Went,
    Changed,
}

/// The hashes of a record's values, key by key.
type Values = Vec<(String, u64)>;

impl Branch {
    /// How many came, went and changed.
    pub(crate) fn counts(&self) -> [usize; 3] {
        [Change::Came, Change::Went, Change::Changed].map(|change| {
            self.images
                .iter()
                .filter(|image| image.change == change)
                .count()
        })
    }

    /// The same by tool, the most first.
    pub(crate) fn by_tool(&self) -> Vec<(&'static str, &str, usize)> {
        let mut counts: BTreeMap<(Change, &str), usize> = BTreeMap::new();
        for image in &self.images {
            *counts.entry((image.change, &image.by)).or_default() += 1;
        }
        let mut ranked: Vec<_> = { counts.into_iter() }
            .map(|((change, by), count)| {
                let what = match change {
                    Change::Came => "came",
                    Change::Went => "went",
                    Change::Changed => "changed",
                };
                (what, by, count)
            })
            .collect();
        ranked.sort_by_key(|(_, _, count)| usize::MAX - count);
        ranked
    }
}

/// What differs between the ends of the branches of two runs.
pub(crate) fn compare(old: &[Manifest], new: &[Manifest]) -> Result<Vec<Branch>> {
    let names: BTreeSet<&String> = old.iter().chain(new).map(|file| &file.branch).collect();
    let mut branches = Vec::new();
    for name in names {
        let (last_old, last_new) = (last(old, name), last(new, name));
        let before = values(last_old)?;
        let now = values(last_new)?;
        let mut images = Vec::new();
        images.extend(gone(&before, &now, new, name, Change::Went)?);
        images.extend(gone(&now, &before, old, name, Change::Came)?);
        images.extend(
            before
                .iter()
                .filter_map(|(id, values)| changed(id, values, now.get(id)?)),
        );
        images.sort_by(|a, b| (&a.id, a.change).cmp(&(&b.id, b.change)));
        branches.push(Branch {
            manifest: last_new
                .or(last_old)
                .map(|file| file.name.clone())
                .unwrap_or_default(),
            before: before.len(),
            now: now.len(),
            images,
        });
    }
    Ok(branches)
}

/// The last manifest of a branch.
fn last<'a>(files: &'a [Manifest], branch: &str) -> Option<&'a Manifest> {
    files
        .iter()
        .rev()
        .find(|file| file.branch == branch && !file.rejects)
}

/// The values of every record of a manifest, by id.
fn values(file: Option<&Manifest>) -> Result<HashMap<String, Values>> {
    let mut all = HashMap::new();
    let Some(file) = file else { return Ok(all) };
    for record in file.records()? {
        let record = record?;
        if record.has("rejected") {
            continue;
        }
        let values = record
            .keys()
            .map(|key| (key.to_owned(), hash(&record, key)));
        if let Ok(id) = record.get("id") {
            all.insert(id, values.collect());
        }
    }
    Ok(all)
}

/// The hash of a value. Where a data set lies changes with every change of any
/// of its images, so that of `dataset` only the name of the file counts.
fn hash(record: &Record, key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    let file: Option<PathBuf> = record.at("/dataset/file").ok().flatten();
    match file.as_deref().and_then(Path::file_name) {
        Some(name) if key == "dataset" => name.hash(&mut hasher),
        _ => record.raw(key).map(RawValue::get).hash(&mut hasher),
    }
    hasher.finish()
}

/// The images that only one of the two runs has, and what `other`, the run
/// that lacks them, says of them.
fn gone(
    present: &HashMap<String, Values>,
    absent: &HashMap<String, Values>,
    other: &[Manifest],
    branch: &str,
    change: Change,
) -> Result<Vec<Image>> {
    let ids: BTreeSet<&String> = present
        .keys()
        .filter(|id| !absent.contains_key(*id))
        .collect();
    let mut whys: BTreeMap<String, (String, String)> = BTreeMap::new();
    // Only what lies on the way to the end of the branch can have dropped them.
    let on_the_way = |file: &&Manifest| file.branch.is_empty() || file.branch == branch;
    for file in other.iter().filter(on_the_way).filter(|_| !ids.is_empty()) {
        for record in file.records()? {
            let record = record?;
            let Ok(id) = record.get::<String>("id") else {
                continue;
            };
            if ids.contains(&id)
                && let Some(rejected) = rejected(&record)
            {
                whys.insert(id, rejected);
            }
        }
    }
    let when = if change == Change::Came {
        "was dropped: "
    } else {
        "is dropped: "
    };
    let image = |id: &String| {
        let (by, why) = whys.remove(id).map_or_else(
            || {
                (
                    String::from("no tool"),
                    "the other run has no such image".to_owned(),
                )
            },
            |(by, why)| (by, format!("{when}{why}")),
        );
        Image {
            id: id.clone(),
            change,
            by,
            why,
        }
    };
    Ok(ids.into_iter().map(image).collect())
}

fn rejected(record: &Record) -> Option<(String, String)> {
    let rejected = record.find::<Rejected>("rejected").ok()??;
    Some((
        rejected.by,
        rejected.reason.or(rejected.error).unwrap_or_default(),
    ))
}

/// The keys of an image that both have, where they differ.
fn changed(id: &str, before: &Values, now: &Values) -> Option<Image> {
    let keys = before.iter().chain(now).map(|(key, _)| key);
    let value =
        |values: &Values, key: &str| values.iter().find(|(k, _)| k == key).map(|(_, hash)| *hash);
    let mut differ: Vec<&String> = keys
        .filter(|key| value(before, key) != value(now, key))
        .collect();
    differ.dedup();
    let mut names: Vec<&str> = Vec::new();
    for key in differ {
        if !names.contains(&key.as_str()) {
            names.push(key);
        }
    }
    let first = names.first()?;
    let by =
        describe::tool(first, |other| value(now, other).is_some()).unwrap_or("an unknown tool");
    Some(Image {
        id: id.to_owned(),
        change: Change::Changed,
        by: by.to_owned(),
        why: names.join(", "),
    })
}
