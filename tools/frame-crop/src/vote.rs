//! What the frames of a film agree on, and what is made of it.

use std::collections::BTreeMap;
use std::path::Path;

use footage::letterbox::{self, Rectangle, Vote};
use rayon::prelude::*;
use serde::Serialize;
use stage::{Context, Flow, Outcome, Record, Result, log};
use vision::{Rect, crop, decode, write};

/// Frames that vote together: those of one film, and of one size in pixels.
type Group = (String, (u32, u32));

/// A frame that was looked at.
#[derive(Debug)]
pub(crate) struct Frame {
    record: Record,
    group: Group,
    vote: Option<Vote>,
}

impl Frame {
    pub(crate) fn read(record: Record) -> Result<Self> {
        record.id()?;
        let path = record.image()?;
        let image = decode::rgb(&path).with_context(|| path.display().to_string())?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let film = record
            .film()?
            .unwrap_or_else(|| folder.display().to_string());
        let frame = Self {
            record,
            group: (film, image.dimensions()),
            vote: letterbox::vote(&image),
        };
        decode::give_back(image);
        Ok(frame)
    }
}

/// The key `letterbox`.
#[derive(Serialize)]
struct Letterbox<'a> {
    original: &'a Path,
    crop: Rect,
}

/// Frames that are cropped at once, on all cores.
const AT_ONCE: usize = 64;

/// Writes the records of all frames in their order, cropped where their group agrees on bars.
pub(crate) fn crop_all(
    flow: &mut Flow,
    frames: Vec<Frame>,
    out_dir: &Path,
) -> Result<Vec<Outcome>> {
    let parts = parts(&frames);
    for some in frames.chunks(AT_ONCE) {
        let done = |frame: &Frame| match parts.get(&frame.group) {
            Some(&part) => crop(frame.record.clone(), part, out_dir),
            None => Ok(Outcome::pass(frame.record.clone())),
        };
        let done: Vec<_> = flow.on_all_cores(|| some.par_iter().map(done).collect());
        for (frame, outcome) in some.iter().zip(done) {
            match outcome {
                Ok(outcome) => flow.emit(outcome)?,
                Err(error) => flow.fail(frame.record.clone(), error)?,
            }
        }
    }
    Ok(Vec::new())
}

/// The part inside the bars, by group.
fn parts(frames: &[Frame]) -> BTreeMap<Group, Rectangle> {
    let mut votes = BTreeMap::<&Group, Vec<Vote>>::new();
    for frame in frames {
        votes.entry(&frame.group).or_default().extend(frame.vote);
    }
    let decided = votes.into_iter().filter_map(|(group, votes)| {
        let part = letterbox::decide(&votes, group.1)?;
        let (film, (width, height)) = group;
        let count = votes.len();
        log::warn!(
            "{film}: {width}x{height}: the image inside the bars is {part}, by {count} frames"
        );
        Some((group.clone(), part))
    });
    decided.collect()
}

fn crop(mut record: Record, part: Rectangle, out_dir: &Path) -> Result<Outcome> {
    let original = record.image()?;
    let named = || original.display().to_string();
    let image = decode::rgb(&original).with_context(named)?;
    let path = out_dir.join(format!("{}.png", record.id()?));
    stage::spare(&original, &path)?;
    let Rectangle {
        width,
        height,
        left,
        top,
    } = part;
    let rect = Rect::from([left, top, left + width, top + height]);
    let inside = crop::rgb(&image, rect).with_context(named)?;
    decode::give_back(image);
    write::png(&inside, &path).with_context(|| path.display().to_string())?;
    record.forget_the_whole();
    record.put(
        "letterbox",
        &Letterbox {
            original: &original,
            crop: rect,
        },
    )?;
    record.put("image", &path)?;
    record.put("width", &width)?;
    record.put("height", &height)?;
    Ok(Outcome::pass(record))
}
