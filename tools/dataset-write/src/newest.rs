//! What leads to the newest data set: a link, or a file with its name where there are no links.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::Path;

use stage::{Context, Result, ensure, log, machine};

/// The link that always leads to the newest data set, and what the names of all data sets begin with.
pub(crate) const NEWEST: &str = "dataset";

/// The file that names it on a file system without links.
const NAMED: &str = "dataset.txt";

/// Makes the link lead to the folder `name`.
pub(crate) fn point(out: &Path, name: &str) -> Result<()> {
    let newest = out.join(NEWEST);
    let other = fs::symlink_metadata(&newest).is_ok_and(|metadata| !metadata.is_symlink());
    ensure!(
        !other,
        "{}: already exists and is not a link made by this tool: move it away, or name another --out-dir",
        newest.display()
    );
    let link = out.join(".dataset.link");
    clear(&link)?;
    match symlink(name, &link) {
        Err(error) if has_no_links(&error) => return write_name(out, name),
        made => made.with_context(|| link.display().to_string())?,
    }
    fs::rename(&link, &newest).with_context(|| newest.display().to_string())?;
    machine::file::wrote(&newest);
    // Of a folder that was moved here from where there are no links.
    clear(&out.join(NAMED))
}

/// Whether the file system cannot make links, as exFAT, or does not let this user make them, as Windows' folders in WSL.
fn has_no_links(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unsupported | ErrorKind::PermissionDenied
    )
}

/// Writes the name of the newest data set to a file.
fn write_name(out: &Path, name: &str) -> Result<()> {
    let path = out.join(NAMED);
    log::info!(
        "{}: names the newest data set, as this file system has no links",
        path.display()
    );
    machine::file::write(&path, format!("{name}\n").as_bytes())
        .with_context(|| path.display().to_string())
}

/// Takes the link away where a set has no images any more: a trainer must not go on with those of an earlier run.
pub(crate) fn lead_nowhere(out: &Path) -> Result<()> {
    let (newest, named) = (out.join(NEWEST), out.join(NAMED));
    let link = fs::read_link(&newest).map(|before| (newest, before));
    let name =
        || fs::read_to_string(&named).map(|before| (named.clone(), before.trim_end().into()));
    if let Ok((leading, before)) = link.or_else(|_| name()) {
        clear(&leading)?;
        log::warn!(
            "{}: no images, and so not there any more; {} is left as it is",
            leading.display(),
            before.display()
        );
    }
    Ok(())
}

/// Removes what a run that was killed may have left.
pub(crate) fn clear(path: &Path) -> Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    };
    removed.with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_missing_links_are_replaced_by_a_name() {
        // ENOSYS of exfat-fuse, EOPNOTSUPP, EPERM of drvfs; a full disk is another matter.
        for (code, without) in [(38, true), (95, true), (1, true), (28, false)] {
            assert_eq!(
                has_no_links(&io::Error::from_raw_os_error(code)),
                without,
                "{code}"
            );
        }
    }

    #[test]
    fn the_name_goes_with_the_last_image() {
        let folder = tempfile::tempdir().unwrap();
        write_name(folder.path(), "dataset-0123456789").unwrap();
        let named = folder.path().join(NAMED);
        assert_eq!(fs::read_to_string(&named).unwrap(), "dataset-0123456789\n");
        lead_nowhere(folder.path()).unwrap();
        assert!(!named.exists());
    }
}
