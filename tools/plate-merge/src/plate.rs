//! The plate of one frame: its image, its hole, and the key `plate`.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use stage::{Context, Record, Result};
use vision::mask::Mask;
use vision::write;

use crate::align::{Alignment, Motion};
use crate::frame::Frame;
use crate::merge::{Merged, View, merge};
use crate::register::Registered;
use crate::tone::Tone;

/// The key `plate`.
#[derive(Debug, Serialize)]
struct Plate {
    /// The image that the plate was made from.
    original: PathBuf,
    /// Frames that were merged, itself counted.
    frames: usize,
    /// The share of what was hidden in the frame that others show, 0..=1.
    seen: f64,
    /// The share of the image that no frame shows, 0..=1.
    hole: f64,
    /// How far parts of the merged frames miss, thousandths of the long side.
    #[serde(skip_serializing_if = "Option::is_none")]
    residual: Option<f64>,
    /// How the camera moved between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    motion: Option<Motion>,
    /// Why nothing was merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Where plates and holes go.
#[derive(Debug, Clone)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes the folder.
    pub(crate) fn make(path: &Path) -> Result<Self> {
        let holes = path.join("holes");
        fs::create_dir_all(&holes).with_context(|| holes.display().to_string())?;
        Ok(Self(path.to_owned()))
    }

    fn hole(&self, id: &str) -> PathBuf {
        self.0.join("holes").join(format!("{id}.png"))
    }
}

/// All frames of a shot that are laid on one of them, in the light of that one.
pub(crate) struct Shown<'a> {
    frames: &'a [&'a Frame],
    registered: &'a Registered,
    /// Of each frame, what makes its colours those of the reference.
    tones: Vec<Tone>,
}

impl<'a> Shown<'a> {
    /// Finds the light of each frame.
    pub(crate) fn new(frames: &'a [&'a Frame], registered: &'a Registered) -> Self {
        let still = frames[registered.reference];
        let tone = |(frame, found): (&&Frame, &Result<Alignment, _>)| match found {
            Ok(found) if !std::ptr::eq(*frame, still) => Tone::between(
                (&still.image, &still.hidden),
                (&frame.image, &frame.hidden),
                &found.warp,
            ),
            _ => Tone::SAME,
        };
        let tones = frames.iter().zip(&registered.found).map(tone).collect();
        Self {
            frames,
            registered,
            tones,
        }
    }

    /// The plate of the frame at `at`: of the whole image, or with `patch` of what is hidden in
    /// it alone.
    pub(crate) fn plate(
        &self,
        at: usize,
        patch: bool,
        record: Record,
        folder: &Folder,
    ) -> Result<Record> {
        let frame = self.frames[at];
        let here = self.registered.moved_to(at);
        let used: Vec<(usize, Alignment)> = here.aligned().collect();
        let motion = used.iter().map(|(_, found)| found.motion).max();
        // Frames that had to be moved are softer than the frame itself, and things in front of the
        // ground lie a little beside it.
        let patch = patch || motion > Some(Motion::Fixed);
        let others = used.iter().filter(|(other, _)| !(patch && *other == at));
        let views: Vec<View<'_>> = others
            .map(|(other, found)| self.view(at, *other, found))
            .collect();
        let kept = |x, y| patch && !frame.hidden.get(x, y);
        let merged = merge(&views, &frame.image, kept)?;
        let plate = Plate {
            original: record.image()?,
            frames: used.len(),
            seen: seen(&frame.hidden, &merged.unseen),
            hole: share(&merged.unseen),
            residual: Some(used.iter().map(|(_, found)| found.miss).fold(0.0, f64::max)),
            motion,
            reason: None,
        };
        written(record, &merged, &plate, folder)
    }

    /// Frame `other` as the plate of frame `at` sees it.
    fn view(&self, at: usize, other: usize, found: &Alignment) -> View<'_> {
        let same = other == at;
        View {
            image: &self.frames[other].image,
            figures: &self.frames[other].figures,
            hidden: &self.frames[other].hidden,
            warp: found.warp,
            tone: if same {
                Tone::SAME
            } else {
                self.tones[other].then_back(self.tones[at])
            },
        }
    }
}

/// A frame that goes on as it is, with all that is hidden in it as its hole.
pub(crate) fn untouched(
    mut record: Record,
    frame: &Frame,
    reason: String,
    folder: &Folder,
) -> Result<Record> {
    let plate = Plate {
        original: record.image()?,
        frames: 1,
        seen: seen(&frame.hidden, &frame.hidden),
        hole: share(&frame.hidden),
        residual: None,
        motion: None,
        reason: Some(reason),
    };
    let hole = folder.hole(&record.id()?);
    write::png_luma(&frame.hidden.to_luma(), &hole).with_context(|| hole.display().to_string())?;
    record.put("mask", &hole)?;
    record.put_rounded("plate", &plate, 4)?;
    Ok(record)
}

fn written(mut record: Record, merged: &Merged, plate: &Plate, folder: &Folder) -> Result<Record> {
    let id = record.id()?;
    let (image, hole) = (folder.0.join(format!("{id}.png")), folder.hole(&id));
    write::png(&merged.image, &image).with_context(|| image.display().to_string())?;
    write::png_luma(&merged.unseen.to_luma(), &hole).with_context(|| hole.display().to_string())?;
    record.put("image", &image)?;
    record.put("mask", &hole)?;
    record.put_rounded("plate", &plate, 4)?;
    Ok(record)
}

fn share(mask: &Mask) -> f64 {
    mask.area() as f64 / (f64::from(mask.width()) * f64::from(mask.height()))
}

/// The share of what was hidden that is not in the hole; all of it where nothing was hidden.
fn seen(hidden: &Mask, hole: &Mask) -> f64 {
    if hidden.area() == 0 {
        return 1.0;
    }
    1.0 - hole.area() as f64 / hidden.area() as f64
}
