//! The folder of a data set: written beside, named by its content, renamed into place.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde::Serialize;
use stage::{Context, Record, Result};

use crate::card;
use crate::plan::{Example, Purpose};
use crate::store::Store;
use crate::views::{self, View, Written};

/// The link that always leads to the newest data set.
const NEWEST: &str = "dataset";

/// The folder in which a data set is written until it is whole.
const PART: &str = ".dataset.part";

/// Writes a data set into `out`, and returns its records, each with the path
/// of its image.
///
/// The name has a hash of everything in it: what a trainer has remembered of
/// another content can never be taken for this one's. Killed at any moment,
/// the last data set is still there, and the next run does the rest.
pub(crate) fn build(
    out: &Path,
    root: &Path,
    purpose: &Purpose,
    views: &[View],
    examples: &[Example],
    store: &Store,
) -> Result<Vec<Record>> {
    let name = format!("{NEWEST}-{}", hash(purpose, views, examples)?);
    let part = out.join(PART);
    clear(&part)?;
    fs::create_dir(&part).with_context(|| part.display().to_string())?;
    let written = Written {
        folder: part.clone(),
        root: root.join(&name),
        store,
    };
    for view in views {
        views::write(*view, &written, purpose, examples)?;
    }
    let records = records(&out.join(&name), purpose, views, examples)?;
    manifest(&written, &records)?;
    card::write(&written, purpose, views, examples)?;
    place(&part, &out.join(&name))?;
    point(out, &name)?;
    store.prune()?;
    Ok(records)
}

/// Ten digits of a hash over all that the data set is made of.
fn hash(purpose: &Purpose, views: &[View], examples: &[Example]) -> Result<String> {
    #[derive(Serialize)]
    struct Row<'a>(&'a str, &'a str, &'a str, bool);
    let mut hash = blake3::Hasher::new();
    hash.update(env!("CARGO_PKG_VERSION").as_bytes());
    hash.update(format!("{purpose:?} {views:?}").as_bytes());
    for example in examples {
        let key = &example.picture.stored.key;
        let row = Row(&example.name, &example.caption, key, example.validation);
        hash.update(&serde_json::to_vec(&row)?);
    }
    Ok(hash.finalize().to_hex()[..10].to_owned())
}

/// The records of the set, each with the path of its image in the first view.
fn records(
    folder: &Path,
    purpose: &Purpose,
    views: &[View],
    examples: &[Example],
) -> Result<Vec<Record>> {
    let view = views.first().copied().unwrap_or(View::Kohya);
    let record = |example: &Example| {
        let mut record = example.record.clone();
        let file = folder.join(views::image(view, purpose, example));
        let (width, height) = (example.picture.width, example.picture.height);
        let dataset = serde_json::json!({"file": file, "width": width, "height": height});
        record.put("dataset", &dataset)?;
        Ok(record)
    };
    examples.iter().map(record).collect()
}

fn manifest(written: &Written<'_>, records: &[Record]) -> Result<()> {
    let mut lines = Vec::new();
    for record in records {
        record.write_line(&mut lines);
    }
    written.file("manifest.jsonl", &lines)
}

/// Renames the finished folder into place. A folder of that name has the
/// same content, and perhaps a trainer's own files, so it is only mended.
fn place(part: &Path, target: &Path) -> Result<()> {
    if !target.exists() {
        return fs::rename(part, target).with_context(|| target.display().to_string());
    }
    for entry in fs::read_dir(part).with_context(|| part.display().to_string())? {
        let from = entry?.path();
        let Some(name) = from.file_name() else {
            continue;
        };
        let to = target.join(name);
        if from.is_dir() && to.is_dir() {
            place(&from, &to)?;
        } else {
            fs::rename(&from, &to).with_context(|| to.display().to_string())?;
        }
    }
    clear(part)
}

/// Makes the link lead to the folder `name`.
fn point(out: &Path, name: &str) -> Result<()> {
    let link = out.join(".dataset.link");
    clear(&link)?;
    symlink(name, &link).with_context(|| link.display().to_string())?;
    let newest = out.join(NEWEST);
    fs::rename(&link, &newest).with_context(|| newest.display().to_string())
}

/// Removes what a run that was killed may have left.
fn clear(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    };
    removed.with_context(|| path.display().to_string())
}
