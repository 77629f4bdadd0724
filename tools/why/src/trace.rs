//! The chain of one image through the manifests.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use stage::manifest::Rejected;
use stage::{Record, Result};

use crate::describe;
use crate::files::Manifest;
use crate::find::mentioning;

/// Parents of parents, at most.
const DEEPEST: usize = 8;

/// What became of one image.
#[derive(Debug, Serialize)]
pub(crate) struct Trace {
    pub(crate) id: String,
    /// The image that it was cut from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<Box<Trace>>,
    pub(crate) steps: Vec<Step>,
    /// The image that was kept in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kept: Option<Fate>,
    /// Images that were cut from it, and what became of each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) children: Vec<Fate>,
    /// Images that were dropped as near duplicates of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) duplicates: Vec<String>,
}

/// One step: an image came into a manifest, or was dropped.
#[derive(Debug, Serialize)]
pub(crate) struct Step {
    pub(crate) manifest: String,
    pub(crate) branch: String,
    pub(crate) what: What,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tool: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    pub(crate) text: String,
}

/// What happened in a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum What {
    /// A key was added.
    Added,
    /// A key got another value.
    Changed,
    /// The record went on as it was.
    Passed,
    /// The record was dropped.
    Dropped,
    /// A tool failed on it.
    Failed,
}

/// Where an image was last seen.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Fate {
    pub(crate) id: String,
    pub(crate) manifest: String,
    /// Why it went no further, if it was dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dropped: Option<String>,
}

/// What is found of one id.
#[derive(Default)]
struct Found {
    own: Vec<(usize, Record)>,
    children: BTreeMap<String, (usize, Record)>,
    duplicates: Vec<String>,
}

/// The chain of the image `id`.
pub(crate) fn trace(files: &[Manifest], id: &str) -> Result<Trace> {
    deep(files, id, 0)
}

fn deep(files: &[Manifest], id: &str, depth: usize) -> Result<Trace> {
    let found = found(files, id)?;
    let last = |key: &str| {
        found
            .own
            .iter()
            .rev()
            .find_map(|(_, record)| record.at::<String>(key).ok().flatten())
    };
    let parent = last("/parent").filter(|parent| parent != id && depth < DEEPEST);
    let parent = parent
        .map(|parent| deep(files, &parent, depth + 1).map(Box::new))
        .transpose()?;
    let group = last("/dedup/group").filter(|group| group != id);
    let kept = match group {
        Some(group) => fate_of(files, &group)?,
        None => None,
    };
    let children = found
        .children
        .iter()
        .map(|(id, (file, record))| fate(files, id, *file, record));
    Ok(Trace {
        id: id.to_owned(),
        parent,
        kept,
        children: children.collect(),
        duplicates: found.duplicates,
        steps: steps(files, &found.own),
    })
}

fn found(files: &[Manifest], id: &str) -> Result<Found> {
    let mut found = Found::default();
    mentioning(files, id, |file, record| {
        let Ok(other) = record.get::<String>("id") else {
            return;
        };
        if other == id {
            found.own.push((file, record));
        } else if record
            .find::<String>("parent")
            .is_ok_and(|parent| parent.as_deref() == Some(id))
        {
            found.children.insert(other, (file, record));
        } else if record
            .at::<String>("/dedup/group")
            .is_ok_and(|group| group.as_deref() == Some(id))
            && !found.duplicates.contains(&other)
        {
            found.duplicates.push(other);
        }
    })?;
    Ok(found)
}

fn fate_of(files: &[Manifest], id: &str) -> Result<Option<Fate>> {
    let own = found(files, id)?.own;
    Ok(own
        .last()
        .map(|(file, record)| fate(files, id, *file, record)))
}

fn fate(files: &[Manifest], id: &str, file: usize, record: &Record) -> Fate {
    let rejected = record.find::<Rejected>("rejected").ok().flatten();
    Fate {
        id: id.to_owned(),
        manifest: files[file].name.clone(),
        dropped: rejected.map(|rejected| {
            let why = rejected.reason.or(rejected.error).unwrap_or_default();
            format!("{}: {why}", rejected.by)
        }),
    }
}

/// The steps of a record, from manifest to manifest. Branches go on from the trunk.
fn steps(files: &[Manifest], own: &[(usize, Record)]) -> Vec<Step> {
    let mut steps = Vec::new();
    // The last record of each branch; a branch goes on from the one above it.
    let mut ends: BTreeMap<&str, &Record> = BTreeMap::new();
    let none = Record::default();
    for (file, record) in own {
        let file = &files[*file];
        let mut above = Path::new(&file.branch).ancestors().filter_map(Path::to_str);
        let before = above.find_map(|branch| ends.get(branch).copied());
        let news = news(file, before.unwrap_or(&none), record);
        let rejected = record.find::<Rejected>("rejected").ok().flatten();
        if news.is_empty() && rejected.is_none() {
            steps.push(step(file, What::Passed, None, None, String::new()));
        }
        steps.extend(news);
        match rejected {
            Some(rejected) => {
                let (what, why) = match rejected.error {
                    Some(error) => (What::Failed, error),
                    None => (What::Dropped, rejected.reason.unwrap_or_default()),
                };
                steps.push(step(file, what, Some(&rejected.by), None, why));
            }
            None => drop(ends.insert(&file.branch, record)),
        }
    }
    steps
}

/// What a record has that it had not before.
fn news(file: &Manifest, before: &Record, record: &Record) -> Vec<Step> {
    let raw = |record: &Record, key: &str| record.raw(key).map(|raw| raw.get().to_owned());
    let mut steps = Vec::new();
    for key in record.keys() {
        // Where an image was cut from another, that one's chain says these.
        let of_parent = record.has("parent") && matches!(key, "parent" | "source" | "transition");
        let hidden = of_parent || matches!(key, "rejected" | "id" | "width" | "height" | "format");
        let (old, new) = (raw(before, key), raw(record, key));
        if hidden || old == new {
            continue;
        }
        let what = if old.is_some() {
            What::Changed
        } else {
            What::Added
        };
        let tool = describe::tool(key, |other| record.has(other));
        steps.push(step(
            file,
            what,
            tool,
            Some(key),
            describe::words(key, record),
        ));
    }
    steps
}

fn step(file: &Manifest, what: What, tool: Option<&str>, key: Option<&str>, text: String) -> Step {
    Step {
        manifest: file.name.clone(),
        branch: file.branch.clone(),
        what,
        tool: tool.map(str::to_owned),
        key: key.map(str::to_owned),
        text,
    }
}
