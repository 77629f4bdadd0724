//! Whether the files that manifests name are there.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use memchr::memmem::Finder;
use rayon::prelude::*;
use stage::{Context, Result};

/// Lines that are looked at together, on all cores.
const LINES: usize = 4096;

/// A manifest, and the folder in which its stage writes files, both relative to the run directory.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    manifest: PathBuf,
    folder: String,
}

/// Reads `MANIFEST=DIR`.
pub(crate) fn written(text: &str) -> Result<Written, String> {
    let (manifest, folder) = text.rsplit_once('=').unwrap_or_default();
    if manifest.is_empty() || folder.is_empty() {
        return Err("not in the form MANIFEST=DIR".to_owned());
    }
    Ok(Written {
        manifest: manifest.into(),
        folder: folder.trim_end_matches('/').to_owned(),
    })
}

/// Prints a line for each manifest that names files in its folder which are not there or empty: the
/// manifest, how many, and the first of them, with tabs between.
pub(crate) fn print(run_dir: &Path, all: &[Written]) -> Result<()> {
    let mut table = String::new();
    for one in all {
        let missing = one.missing(run_dir)?;
        if let Some(first) = missing.first() {
            let (manifest, count) = (one.manifest.display(), missing.len());
            let first = first.replace(char::is_control, "?");
            table.extend([format!("{manifest}\t{count}\t{first}\n")]);
        }
    }
    stage::print(&table)
}

impl Written {
    /// The files that are missing or empty, in the order of the manifest.
    fn missing(&self, run_dir: &Path) -> Result<Vec<String>> {
        let path = run_dir.join(&self.manifest);
        let name = || path.display().to_string();
        let mut lines = BufReader::new(File::open(&path).with_context(name)?);
        let begins = Finder::new(&format!("\"{}/", self.folder)).into_owned();
        let mut missing = Vec::new();
        loop {
            let mut batch = Vec::new();
            while batch.len() < LINES {
                let mut line = Vec::new();
                if lines.read_until(b'\n', &mut line).with_context(name)? == 0 {
                    break;
                }
                batch.push(line);
            }
            if batch.is_empty() {
                return Ok(missing);
            }
            let absent = batch.par_iter().flat_map_iter(|line| files(&begins, line));
            missing.par_extend(absent.filter(|file| !is_there(&run_dir.join(file))));
        }
    }
}

/// The strings of a line of JSON that begin as paths in the folder do.
fn files<'a>(begins: &'a Finder<'_>, line: &'a [u8]) -> impl Iterator<Item = String> + 'a {
    begins.find_iter(line).filter_map(|at| {
        let mut text = serde_json::Deserializer::from_slice(&line[at..]).into_iter::<String>();
        text.next().and_then(Result::ok)
    })
}

/// Whether a file is there, and not empty as a power cut leaves it.
fn is_there(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.len() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_whatever_key_they_are_at() {
        let line = br#"{"id":"a","image":"masks/\u00e9 \"1\".png","masks":[{"mask":"masks/2.png"}],"note":"masks"}"#;
        let found: Vec<_> = files(&Finder::new("\"masks/"), line).collect();
        assert_eq!(found, ["masks/é \"1\".png", "masks/2.png"]);
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        for text in ["", "a.jsonl", "=frames", "a.jsonl="] {
            assert!(written(text).is_err(), "{text}");
        }
    }
}
