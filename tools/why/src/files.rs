//! The manifests of a run, and their order.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use stage::manifest::{Line, Reader};
use stage::{Context, Record, Result, ensure, log};
use walkdir::WalkDir;

/// What tells the order of the phases.
const PROGRESS: &str = "preparation_progress.json";
/// Folders within folders, at most.
const DEEPEST: usize = 8;

/// One manifest or rejects file.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    pub(crate) path: PathBuf,
    /// Its path within the run.
    pub(crate) name: String,
    /// The folder within the run: a branch of the pipeline; empty for the trunk.
    pub(crate) branch: String,
    /// Whether its records were dropped.
    pub(crate) rejects: bool,
    /// Keys of the first record: tools add keys, so that more come later.
    keys: usize,
    /// Where the progress file has its phase.
    phase: usize,
}

impl Manifest {
    /// Its lines.
    pub(crate) fn lines(&self) -> Result<impl Iterator<Item = Result<Line>>> {
        let name = self.path.display().to_string();
        let file = File::open(&self.path).with_context(|| name.clone())?;
        let mut reader = Reader::new(name, BufReader::with_capacity(1 << 18, file));
        Ok(std::iter::from_fn(move || {
            Some(reader.next_line()?.map_err(Into::into))
        }))
    }

    /// Its records; lines that are none are passed over.
    pub(crate) fn records(&self) -> Result<impl Iterator<Item = Result<Record>>> {
        let records = self.lines()?.map(|line| Ok(line?.parse().ok()));
        Ok(records.filter_map(Result::transpose))
    }

    /// What its place in the pipeline is sorted by.
    fn place(&self) -> (&str, usize, usize, bool, &str) {
        (
            &self.branch,
            self.keys,
            self.phase,
            self.rejects,
            &self.name,
        )
    }
}

/// The manifests under `folders`, the trunk first, in the order of the pipeline.
pub(crate) fn find(folders: &[&PathBuf]) -> Result<Vec<Manifest>> {
    let mut manifests = Vec::new();
    for folder in folders {
        ensure!(
            folder.exists(),
            "{}: there is no such folder",
            folder.display()
        );
        let phases = phases(folder);
        let visible = |entry: &walkdir::DirEntry| {
            entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.')
        };
        let walk = WalkDir::new(folder).max_depth(DEEPEST).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(visible) {
            let entry = entry?;
            let ending = entry
                .path()
                .extension()
                .is_some_and(|ending| ending == "jsonl");
            if entry.file_type().is_file() && ending {
                manifests.extend(look(folder, entry.path(), &phases)?);
            }
        }
    }
    manifests.sort_by(|a, b| a.place().cmp(&b.place()));
    ensure!(
        !manifests.is_empty(),
        "{}: has no manifests: their names end in .jsonl",
        folders
            .iter()
            .map(|folder| folder.display().to_string())
            .collect::<Vec<_>>()
            .join(", ")
    );
    Ok(manifests)
}

/// Looks at the first record of a file; `None` if it holds no records of images.
fn look(folder: &Path, path: &Path, phases: &[String]) -> Result<Option<Manifest>> {
    let name = path
        .strip_prefix(folder)
        .ok()
        .filter(|name| !name.as_os_str().is_empty());
    let name = name.or(path.file_name().map(Path::new)).unwrap_or(path);
    let branch = name.parent().unwrap_or(Path::new("")).display().to_string();
    let name = name.display().to_string();
    let stem = name
        .trim_end_matches(".jsonl")
        .trim_end_matches(".rejects")
        .replace('/', "-");
    let mut manifest = Manifest {
        path: path.to_owned(),
        name,
        branch,
        rejects: false,
        keys: 0,
        phase: phases
            .iter()
            .position(|phase| *phase == stem)
            .unwrap_or(phases.len()),
    };
    let Some(first) = manifest.records()?.next() else {
        return Ok(None);
    };
    let first = match first {
        Ok(first) => first,
        Err(error) => {
            log::warn!("{}", stage::told(&error));
            return Ok(None);
        }
    };
    let of_an_image = first.has("id") && first.has("image");
    // A trainer's metadata.jsonl has ids as well, and names files; it is no manifest.
    if first.has("file_name") || !(of_an_image || first.has("rejected")) {
        return Ok(None);
    }
    if is_copy(&manifest, &first) {
        return Ok(None);
    }
    manifest.rejects = first.has("rejected");
    manifest.keys = first.keys().filter(|key| *key != "rejected").count();
    Ok(Some(manifest))
}

/// Whether it is the copy of a manifest that a data set carries with it.
fn is_copy(manifest: &Manifest, first: &Record) -> bool {
    let folder = manifest.path.parent().and_then(Path::file_name);
    let file: Option<PathBuf> = first.at("/dataset/file").ok().flatten();
    let copy = manifest
        .path
        .file_name()
        .is_some_and(|name| name == "manifest.jsonl");
    copy && file.is_some_and(|file| file.iter().any(|part| Some(part) == folder))
}

/// The names of the phases, in the order in which they began.
fn phases(folder: &Path) -> Vec<String> {
    let Ok(text) = std::fs::read(folder.join(PROGRESS)) else {
        return Vec::new();
    };
    let Ok(progress) = serde_json::from_slice::<serde_json::Value>(&text) else {
        log::warn!(
            "{}: skipped: it is not JSON",
            folder.join(PROGRESS).display()
        );
        return Vec::new();
    };
    let phases = progress["phases"].as_object();
    let mut phases: Vec<_> = { phases.into_iter().flatten() }
        .map(|(name, phase)| {
            (
                phase["start"].as_str().unwrap_or_default().to_owned(),
                name.clone(),
            )
        })
        .collect();
    phases.sort_by(|a, b| a.0.cmp(&b.0));
    phases.into_iter().map(|(_, name)| name).collect()
}
