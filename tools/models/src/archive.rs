//! One file out of a zip.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use stage::{Context, Result, anyhow, bail, ensure};
use zip::ZipArchive;

use crate::http::LARGEST;

/// Takes the one file out of a zip whose path is `member`, or ends in it. A zip that cannot be read is removed.
pub(crate) fn extract(archive: &Path, member: &str, to: &Path) -> Result<()> {
    let name = archive.file_name().unwrap_or_default().display();
    let file = File::open(archive).with_context(|| archive.display().to_string())?;
    let broken = |error: String| {
        // If it cannot be removed, it cannot be read the next time either, and this is said again.
        let _ = fs::remove_file(archive);
        anyhow!("{name}: not a complete zip file: {error}: run this again to download it again")
    };
    let mut zip = ZipArchive::new(file).map_err(|error| broken(error.to_string()))?;
    let ends = format!("/{member}");
    let alike: Vec<String> = zip
        .file_names()
        .filter_map(|path| Some(path.ok()?.into_owned()))
        .filter(|path| path == member || path.ends_with(&ends))
        .collect();
    let found = match &alike[..] {
        [one] => one,
        several if several.iter().any(|path| path == member) => member,
        several => bail!(
            "{name}: has {} files `{member}` instead of one",
            several.len()
        ),
    };
    let mut entry = zip
        .by_name(found)
        .map_err(|error| broken(error.to_string()))?;
    ensure!(
        entry.size() <= LARGEST,
        "{name}: {member}: {} bytes is too large for a model",
        entry.size()
    );
    let mut target = File::create(to).with_context(|| to.display().to_string())?;
    io::copy(&mut entry, &mut target).map_err(|error| broken(error.to_string()))?;
    Ok(())
}
