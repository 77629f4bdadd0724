//! Tar shards of samples.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use loaders::set::Set;
use loaders::tar::{Sample, samples};
use loaders::{Finding, caption};
use stage::{Context, Result};
use vision::decode;

use crate::lint::Lint;
use crate::words::Measure;

/// Fields that hold images.
const IMAGES: &[&str] = &["jpg", "jpeg", "png", "webp", "ppm"];

/// The members of a shard, as far as they matter.
#[derive(Default)]
struct Members {
    names: Vec<String>,
    /// What is wrong with the images, by name.
    images: HashMap<String, Option<Finding>>,
    /// The captions, by name.
    texts: HashMap<String, Vec<u8>>,
}

/// Everything found in one shard: each sample, then the shard itself.
pub(crate) fn check(path: &Path, set: &Set, measure: &Measure) -> Result<Vec<(PathBuf, Lint)>> {
    let mut shard = Lint::new(set.trainer);
    let members = members(path, &mut shard).with_context(|| path.display().to_string())?;
    let found = samples(members.names.iter().map(String::as_str));
    for key in &found.torn {
        let text = format!(
            "the members of `{key}` are not next to each other: they are read as two samples"
        );
        shard.add([Finding::error("tar-torn", text)]);
    }
    for name in &found.twice {
        let text = format!("`{name}` appears twice in a sample: the reader stops");
        shard.add([Finding::error("tar-twice", text)]);
    }
    let skipped = |name: &&String| loaders::tar::parts(name).is_none();
    for name in members.names.iter().filter(skipped) {
        let text = format!("`{name}` is skipped");
        shard.add([Finding::warning("tar-skipped", text)]);
    }
    if found.samples.is_empty() {
        shard.add([Finding::error("folder-empty", "has no sample")]);
    }
    let judged = |found: &Sample| (path.join(&found.key), sample(found, &members, set, measure));
    let mut all: Vec<_> = found.samples.iter().map(judged).collect();
    all.push((path.to_path_buf(), shard));
    Ok(all)
}

/// Reads a shard; what breaks it off is said of `shard`.
fn members(path: &Path, shard: &mut Lint) -> Result<Members> {
    let mut archive = tar::Archive::new(BufReader::new(File::open(path)?));
    let mut members = Members::default();
    for entry in archive.entries()? {
        let read = entry.and_then(|mut entry| {
            let name = entry.path()?.to_string_lossy().into_owned();
            members.read(name, &mut entry)
        });
        if let Err(cause) = read {
            shard.add([Finding::error("tar-corrupt", cause.to_string())]);
            break;
        }
    }
    Ok(members)
}

impl Members {
    fn read(&mut self, name: String, entry: &mut impl Read) -> std::io::Result<()> {
        let ending = name
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let mut bytes = Vec::new();
        if IMAGES.contains(&ending.as_str()) {
            entry.take(decode::MAX_FILE_BYTES).read_to_end(&mut bytes)?;
            self.images.insert(name.clone(), image(&bytes));
        } else if ending == "txt" {
            entry.take(caption::MAX_BYTES).read_to_end(&mut bytes)?;
            self.texts.insert(name.clone(), bytes);
        }
        self.names.push(name);
        Ok(())
    }
}

/// What is wrong with an image in memory.
fn image(bytes: &[u8]) -> Option<Finding> {
    match decode::header_from_bytes(bytes) {
        Err(cause) => Some(Finding::error("image-corrupt", cause.to_string())),
        Ok(header) if !header.is_upright() => Some(Finding::error(
            "image-rotated",
            "is stored on its side, and the reader does not rotate it",
        )),
        Ok(_) => {
            let read = decode::luma_at_least_from_bytes(bytes, 1, 1).err();
            read.map(|cause| Finding::error("image-corrupt", cause.to_string()))
        }
    }
}

fn sample(sample: &Sample, members: &Members, set: &Set, measure: &Measure) -> Lint {
    let mut lint = Lint::new(set.trainer);
    let dotted = sample.fields.keys().find(|field| field.contains('.'));
    if let Some(field) = dotted {
        let text =
            format!("the name has a dot, which splits key and field: the field is `{field}`");
        lint.add([Finding::error("name-dot", text)]);
    }
    let member = IMAGES.iter().find_map(|field| sample.fields.get(*field));
    match member.and_then(|member| members.images.get(member)) {
        None if dotted.is_none() => lint.add([Finding::error("tar-no-image", "has no image")]),
        None => {}
        Some(finding) => lint.add(finding.clone()),
    }
    match sample
        .fields
        .get("txt")
        .and_then(|member| members.texts.get(member))
    {
        Some(bytes) => match set.texts(bytes) {
            Ok(all) => measure.text(set, all.first().map_or("", String::as_str), &mut lint),
            Err(cause) => lint.add([Finding::error("caption-encoding", cause.to_string())]),
        },
        None if dotted.is_none() => lint.add([Finding::error("caption-missing", "has no `txt`")]),
        None => {}
    }
    lint
}
