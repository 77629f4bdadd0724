//! Which files of a folder are images, by their endings, and what is said of the others.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use vision::decode;

/// Endings of images that are read, in lower case.
const READ: [&str; 14] = [
    "jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "webp", "avif", "jxl", "gif", "tif",
    "tiff", "bmp",
];

/// What camera raw files are called; some of them begin as TIFF does, with a small preview.
const RAW: &str = "camera raw";

/// Endings of images that are not read, and what the formats are called.
const UNREAD: [(&str, &[&str]); 15] = [
    ("HEIC", &["heic", "heif", "hif", "heics"]),
    ("JPEG 2000", &["jp2", "j2k", "j2c", "jpf", "jpx", "jpm"]),
    ("JPEG XR", &["jxr", "wdp", "hdp"]),
    ("OpenEXR", &["exr"]),
    ("Radiance HDR", &["hdr"]),
    ("Photoshop", &["psd", "psb"]),
    (
        RAW,
        &[
            "dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "sr2", "orf", "rw2", "raf", "pef",
            "srw", "3fr", "iiq",
        ],
    ),
    ("TGA", &["tga"]),
    ("Netpbm", &["ppm", "pgm", "pbm", "pnm", "pam"]),
    ("DPX", &["dpx", "cin"]),
    ("DDS", &["dds"]),
    ("QOI", &["qoi"]),
    ("SVG", &["svg", "svgz"]),
    ("GIMP", &["xcf"]),
    ("Krita", &["kra"]),
];

/// What camera raw is called, if the path has such an ending.
pub(crate) fn raw(path: &Path) -> Option<&'static str> {
    unread(&ending(path)?).filter(|kind| *kind == RAW)
}

fn ending(path: &Path) -> Option<String> {
    let ending = path.extension()?.to_str()?;
    Some(ending.to_ascii_lowercase())
}

fn unread(ending: &str) -> Option<&'static str> {
    let mut kinds = UNREAD
        .iter()
        .filter(|(_, endings)| endings.contains(&ending));
    kinds.next().map(|(kind, _)| *kind)
}

/// Counts the files of folders that are passed over.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    /// Images by format; what is no image counts under an empty name.
    counts: Mutex<BTreeMap<&'static str, u64>>,
}

impl Passed {
    /// Whether a file or link of a folder is to become a record; it is counted if not.
    ///
    /// Of files without an ending the first bytes tell, as stores name files by their hash alone.
    pub(crate) fn wants(&self, path: &Path) -> bool {
        let kind = match ending(path) {
            Some(ending) if READ.contains(&ending.as_str()) => return true,
            Some(ending) => unread(&ending).unwrap_or_default(),
            None if path.extension().is_none() && decode::format(path).is_ok() => return true,
            None => "",
        };
        self.count(kind);
        false
    }

    /// Counts a file that is passed over: an image of a format that is not read, or none.
    pub(crate) fn count(&self, kind: &'static str) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(kind).or_default() += 1;
    }

    /// Says what was passed over: images that cannot be read loudly, the rest on request, unless
    /// only those in folders were wanted.
    pub(crate) fn say(&self, only_in_folders: bool) {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kinds = Vec::new();
        let mut images = 0;
        for (kind, count) in counts.iter() {
            if kind.is_empty() && only_in_folders {
                log::warn!(
                    "{count} files skipped: not named as images, or not in a folder below PATH"
                );
            } else if kind.is_empty() {
                log::info!("{count} files skipped: not named as images");
            } else {
                kinds.push(format!("{count} {kind}"));
                images += count;
            }
        }
        if images > 0 {
            log::warn!(
                "{images} images skipped, in formats that this tool cannot read: {}: convert them to PNG first, \
                 for example with ImageMagick: magick mogrify -format png *.heic",
                kinds.join(", ")
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_listed_once() {
        let unread = UNREAD.iter().flat_map(|(_, endings)| endings.iter());
        let mut all: Vec<_> = READ.iter().chain(unread).collect();
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
        assert_eq!(raw(Path::new("a/b.NEF")), Some(RAW));
        assert_eq!(raw(Path::new("a/b.tif")), None);
    }
}
