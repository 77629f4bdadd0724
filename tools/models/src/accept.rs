//! Which files are to be downloaded, and which downloads are what was meant.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use onnx::{Entry, FileEntry, Pinned, Store, checksum, sha256};
use stage::{Context, Result, bail, ensure, machine, tell};

use crate::http::Ending;

/// What servers answer in place of a file, with a status that says all is well, in lower case.
const NO_MODEL: [(&[u8], &str); 3] = [
    (b"version https://git-lfs", "a pointer of Git LFS"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
];

/// What knows the file's checksum.
fn witness(store: &Store<'_>, file: &FileEntry) -> String {
    match file.checksum() {
        Some(_) => "the registry".to_owned(),
        None => store.lock.path().display().to_string(),
    }
}

/// Whether a file has to be downloaded; one that is not what it should be has.
pub(crate) fn lacks(store: &mut Store<'_>, model: &Entry, file: &FileEntry) -> Result<bool> {
    let path = store.path(model, file)?;
    if !path.is_file() {
        return Ok(true);
    }
    let found = checksum(&path)?;
    match store.expected(model, file) {
        // Downloaded before there was a lock, or put there by hand.
        None => pin(store, model, file, &path, found)?,
        Some(expected) if expected != found => {
            tell(&format!(
                "{}: is not the file of {}: downloading it again",
                path.display(),
                witness(store, file)
            ));
            return Ok(true);
        }
        Some(_) => {}
    }
    Ok(false)
}

/// Holds a download to its checksum, or to all else that is known of it, and gives it its name. What is
/// refused is removed.
pub(crate) fn settle(
    store: &mut Store<'_>,
    model: &Entry,
    file: &FileEntry,
    part: &Path,
    ending: Ending,
) -> Result<()> {
    let path = store.path(model, file)?;
    if let Err(error) = accept(store, model, file, part, ending) {
        fs::remove_file(part).with_context(|| part.display().to_string())?;
        bail!("{}: {error:#}: nothing was kept", path.display());
    }
    machine::file::rename_lasting(part, &path).with_context(|| path.display().to_string())
}

fn accept(
    store: &mut Store<'_>,
    model: &Entry,
    file: &FileEntry,
    part: &Path,
    ending: Ending,
) -> Result<()> {
    let found = sha256(part)?;
    if let Some(expected) = store.expected(model, file) {
        let witness = witness(store, file);
        ensure!(
            found == expected,
            "SHA-256 {found} is not {expected} of {witness}"
        );
        return Ok(());
    }
    plausible(part, file.bytes, ending)?;
    pin(store, model, file, part, found.clone())?;
    tell(&format!(
        "  SHA-256 {found}: the registry has no checksum to compare it with: pinned in {}",
        store.lock.path().display()
    ));
    Ok(())
}

fn pin(
    store: &mut Store<'_>,
    model: &Entry,
    file: &FileEntry,
    path: &Path,
    found: String,
) -> Result<()> {
    let bytes = fs::metadata(path).with_context(|| path.display().to_string())?;
    store.lock.pin(Pinned {
        model: model.name.clone(),
        path: file.path.clone(),
        url: file.url.clone(),
        bytes: bytes.len(),
        sha256: found,
    })
}

/// Refuses a file of unknown checksum that cannot be what was meant.
fn plausible(part: &Path, expected: Option<u64>, ending: Ending) -> Result<()> {
    let mut file = File::open(part)?;
    let bytes = file.metadata()?.len();
    let mut head = Vec::new();
    file.by_ref().take(256).read_to_end(&mut head)?;
    let head = head.trim_ascii_start().to_ascii_lowercase();
    if let Some((_, name)) = NO_MODEL.iter().find(|(begin, _)| head.starts_with(begin)) {
        bail!("is {name}, not a model");
    }
    ensure!(bytes > 0, "is empty");
    match expected {
        Some(expected) => ensure!(
            bytes == expected,
            "has {bytes} bytes, but {expected} in the registry"
        ),
        None => ensure!(
            ending == Ending::Known,
            "the server does not send its length, so it may be cut short: download it from a mirror with --from"
        ),
    }
    Ok(())
}
