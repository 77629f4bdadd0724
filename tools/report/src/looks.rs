//! What the page shows of an image beside its pixels.

use clap::ValueEnum;
use previews::Over;
use stage::Record;

/// What to draw over images
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Drawing {
    /// The mask, tinted; without one what is not transparent
    Mask,
    /// Key points, and the bones between them
    Pose,
    /// The boxes of characters that were detected
    Boxes,
}

/// How images are shown.
#[derive(Debug, Clone, Default)]
pub(crate) struct Looks {
    pub(crate) over: Vec<Drawing>,
    /// JSON pointer of another image.
    pub(crate) beside: Option<String>,
}

impl Looks {
    /// What to draw over the image of a record; what the record has in another form than that is left out.
    pub(crate) fn over(&self, record: &Record) -> Vec<Over> {
        { self.over.iter() }
            .flat_map(|drawing| match drawing {
                Drawing::Mask => {
                    let mask = record.mask().ok().flatten();
                    vec![mask.map_or(Over::Transparency, Over::Mask)]
                }
                Drawing::Pose => poses(record),
                Drawing::Boxes => {
                    let boxes = record.boxes().ok().flatten().unwrap_or_default();
                    boxes.iter().map(|found| Over::Box(found.rect)).collect()
                }
            })
            .collect()
    }

    /// The image beside that of a record.
    pub(crate) fn beside(&self, record: &Record) -> Option<String> {
        record.at(self.beside.as_ref()?).ok().flatten()
    }
}

/// The pose of the one character in an image, or of each that was detected.
fn poses(record: &Record) -> Vec<Over> {
    let one = record.pose().ok().flatten();
    let many = record.boxes().ok().flatten().unwrap_or_default();
    let poses = one
        .into_iter()
        .chain(many.into_iter().filter_map(|found| found.pose));
    poses
        .map(|pose| Over::KeyPoints(pose.keypoints, pose.skeleton))
        .collect()
}
