//! What a manifest knows of exported images: faces and joints that a crop
//! must not cut.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use manifest::{Reader, Record, Rect};
use stage::{Context, Result};

/// What is known of one image, in its own pixels.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// The box of the face.
    pub(crate) face: Option<Rect<f64>>,
    /// Joints that are seen.
    pub(crate) joints: Vec<[f64; 2]>,
}

/// What is known of images, by file name.
pub(crate) type Manifest = HashMap<String, Known>;

/// Reads a manifest: by the exported file where dataset-write has been, else
/// by the image.
pub(crate) fn read(path: &Path) -> Result<Manifest> {
    let name = || path.display().to_string();
    let file = BufReader::new(File::open(path).with_context(name)?);
    let mut known = Manifest::new();
    for record in Reader::new(name(), file).records() {
        let record = record?;
        let exported: Option<PathBuf> = record.at("/dataset/file")?;
        let image = exported.or(record.find("image")?);
        let stem = image.as_deref().and_then(Path::file_stem);
        if let (Some(stem), true) = (stem, is_whole(&record)?) {
            known.insert(stem.to_string_lossy().into_owned(), of(&record)?);
        }
    }
    Ok(known)
}

/// Whether the exported image has the pixels of the one that was measured.
fn is_whole(record: &Record) -> Result<bool> {
    let exported: Option<u32> = record.at("/dataset/width")?;
    let measured: Option<u32> = record.find("width")?;
    Ok(!record.has("crop") && (exported.is_none() || measured.is_none() || exported == measured))
}

fn of(record: &Record) -> Result<Known> {
    // The box of a face that was cut out is in the pixels of its parent.
    let face = if record.has("parent") {
        None
    } else {
        record.face()?.and_then(|face| face.rect)
    };
    let pose = record.pose()?.unwrap_or_default();
    Ok(Known {
        face,
        joints: pose.seen().collect(),
    })
}
