//! What a manifest knows of exported images: faces and joints that a crop
//! must not cut.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use manifest::{Reader, Record};
use stage::{Context, Result};

/// The least score of a joint that counts as seen.
const SEEN: f64 = 0.3;

/// What is known of one image, in its own pixels.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// Corners of the face.
    pub(crate) face: Option<[f64; 4]>,
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
        record.at("/face/box")?
    };
    let joints: Option<Vec<[f64; 3]>> = record.at("/pose/keypoints")?;
    let joints = joints.unwrap_or_default().into_iter();
    let joints = joints.filter(|joint| joint[2] >= SEEN);
    Ok(Known {
        face,
        joints: joints.map(|[x, y, _]| [x, y]).collect(),
    })
}
