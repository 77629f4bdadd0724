//! Downloads the files of models, from where they are published or from a mirror.

use std::fs;
use std::path::{Path, PathBuf};

use onnx::{Entry, FileEntry, Store};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use stage::{Context, Result, bail, log, tell, told};

use crate::accept::{lacks, settle};
use crate::archive::extract;
use crate::http::{Ending, Patience, copy};
use crate::words::{bytes, megabytes, size};

/// What stands in an address as it is: RFC 3986, section 2.3, and the slash between the parts of a path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Where files come from.
#[derive(Debug)]
pub(crate) struct Source<'a> {
    /// A folder or an address that has them as `NAME/PATH`; where it is not named, each has its own address.
    mirror: Option<&'a str>,
    patience: Patience,
}

/// A model, and its files that have to be downloaded.
struct Lacking<'a> {
    model: &'a Entry,
    files: Vec<&'a FileEntry>,
}

/// Downloads what is missing of `models`; whether all of them are there then.
pub(crate) fn fetch(store: &mut Store<'_>, source: &Source<'_>, models: &[&Entry]) -> Result<bool> {
    let mut lacking = Vec::new();
    for model in models {
        let mut files = Vec::new();
        for file in &model.files {
            if lacks(store, model, file)? {
                files.push(file);
            }
        }
        if files.is_empty() {
            tell(&format!("{}: is installed", model.name));
        } else {
            lacking.push(Lacking { model, files });
        }
    }
    if lacking.is_empty() {
        return Ok(true);
    }
    announce(&lacking);
    let folder = store.registry.folder().to_owned();
    let needed = bytes(lacking.iter().flat_map(|lacking| lacking.files.clone())).0;
    let disk = rustix::fs::statvfs(&folder).with_context(|| folder.display().to_string())?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if needed > free {
        let (needed, free) = (megabytes(needed), megabytes(free));
        let folder = folder.display();
        bail!("{folder}: {needed} are needed, but only {free} are free: nothing was downloaded");
    }
    let mut failed = 0;
    for Lacking { model, files } in lacking {
        let mut archives = Vec::new();
        let got = files
            .iter()
            .try_for_each(|file| source.get(store, model, file, &mut archives));
        for archive in archives {
            // One that is left takes room and does no harm.
            let _ = fs::remove_file(archive);
        }
        if let Err(error) = got {
            log::error!("{}: {}", model.name, told(&error));
            failed += 1;
        }
    }
    if failed > 0 {
        let all = models.len();
        log::error!("{failed} of {all} models could not be downloaded");
    }
    Ok(failed == 0)
}

/// Says what is going to be downloaded, before it is.
fn announce(lacking: &[Lacking<'_>]) {
    for Lacking { model, files } in lacking {
        let count = match files.len() {
            1 => "1 file".to_owned(),
            several => format!("{several} files"),
        };
        let size = size(files.iter().copied());
        let (name, role, licence) = (&model.name, &model.role, &model.licence);
        tell(&format!(
            "{name} ({role}): {count}, {size}, licence {licence}"
        ));
        if !model.data.is_empty() {
            tell(&format!("  trained on {}", model.data));
        }
        if !model.notice.is_empty() {
            tell(&format!("  NOTICE: {}", model.notice));
        }
    }
    let (known, unknown) = bytes(lacking.iter().flat_map(|lacking| lacking.files.clone()));
    let mut parts = Vec::new();
    if known > 0 || unknown == 0 {
        parts.push(format!("{} in total", megabytes(known)));
    }
    if unknown > 0 {
        parts.push(format!("{unknown} files of unknown size"));
    }
    tell(&parts.join(", and "));
}

impl<'a> Source<'a> {
    /// From a mirror, if one is named.
    pub(crate) fn new(mirror: Option<&'a str>, patience: Patience) -> Self {
        let mirror = mirror.filter(|mirror| !mirror.is_empty());
        Self { mirror, patience }
    }

    /// Downloads one file; archives that it was in are left in `archives`.
    fn get(
        &self,
        store: &mut Store<'_>,
        model: &Entry,
        file: &FileEntry,
        archives: &mut Vec<PathBuf>,
    ) -> Result<()> {
        let path = store.path(model, file)?;
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).with_context(|| {
            let folder = folder.display();
            format!("{folder}: copy registry.toml into a folder of your own, and name that folder with --models or FILM2LORA_MODELS")
        })?;
        let part = beside(&path);
        tell(&format!("{}: {}, {}", model.name, file.path, size([file])));
        if store.expected(model, file).is_none() && part.exists() {
            // Nothing would tell the halves of two versions apart.
            fs::remove_file(&part).with_context(|| part.display().to_string())?;
        }
        let ending = match self.mirror {
            Some(mirror) => self.mirrored(mirror, model, file, &part)?,
            None if file.url.is_empty() => bail!(
                "{}: is part of the repository and not published elsewhere: check it out or install it again",
                path.display()
            ),
            None if !file.member.is_empty() => {
                self.unpacked(file, &path, &part, archives)?;
                Ending::Known
            }
            None => {
                if file.may_change() {
                    tell("  its address names no revision: the file there may have changed");
                }
                self.patience.download(&file.url, &part)?
            }
        };
        settle(store, model, file, &part, ending)
    }

    fn mirrored(
        &self,
        mirror: &str,
        model: &Entry,
        file: &FileEntry,
        part: &Path,
    ) -> Result<Ending> {
        if mirror.contains("://") {
            let name = utf8_percent_encode(&model.name, PATH);
            let path = utf8_percent_encode(&file.path, PATH);
            let url = format!("{}/{name}/{path}", mirror.trim_end_matches('/'));
            return self.patience.download(&url, part);
        }
        let from = Path::new(mirror).join(&model.name).join(&file.path);
        copy(&from, part)?;
        Ok(Ending::Known)
    }

    fn unpacked(
        &self,
        file: &FileEntry,
        path: &Path,
        part: &Path,
        archives: &mut Vec<PathBuf>,
    ) -> Result<()> {
        let address = file.url.split(['?', '#']).next().unwrap_or_default();
        let name = address.rsplit('/').next().unwrap_or_default();
        let archive = path.with_file_name(format!("{name}.archive"));
        archives.push(archive.clone());
        if !archive.is_file() {
            let part = beside(&archive);
            self.patience.download(&file.url, &part)?;
            fs::rename(&part, &archive).with_context(|| part.display().to_string())?;
        }
        extract(&archive, &file.member, part)
    }
}

/// Where a file is while it is not whole.
fn beside(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    PathBuf::from(part)
}
