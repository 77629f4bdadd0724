//! Tracks in the records.

use std::path::Path;

use serde_json::{Map, Value, json};
use stage::manifest::{MaskShape, rounded};
use stage::{Context, Record, Result};
use vision::mask::Mask;
use vision::write;

use crate::answer::{Answer, Tracked};
use crate::entry::about;

/// Decimals of what is renewed.
const DECIMALS: u32 = 4;

/// Writes the masks of a frame into its record, and their union beside it.
pub(crate) fn finish(record: &mut Record, answer: &Answer, out_dir: &Path) -> Result<()> {
    let id = record.id()?;
    let known = about(record)?;
    let mut union = Mask::new(answer.width, answer.height)?;
    let mut entries = Vec::with_capacity(answer.masks.len());
    for tracked in &answer.masks {
        let runs = tracked.runs(answer.width, answer.height)?;
        let mask = runs.decode()?;
        let Some(rect) = mask.bounding_box() else {
            continue;
        };
        let mut entry = { tracked.index }
            .and_then(|index| known.get(index).cloned())
            .unwrap_or_default();
        if tracked.is_new || !entry.contains_key("mask") {
            let mut renewed = Map::new();
            let shape = MaskShape::Runs((&runs).into());
            renewed.insert("mask".to_owned(), json!(shape));
            renewed.insert("box".to_owned(), json!(rect));
            renewed.insert("area".to_owned(), json!(runs.area()));
            if let Some(quality) = tracked.quality {
                renewed.insert("score".to_owned(), json!(rounded(quality, DECIMALS)));
            }
            for (name, value) in entry {
                // How stable the other mask was, and what made it soft, says nothing of this one.
                if !["stability", "matte"].contains(&name.as_str()) {
                    renewed.entry(name).or_insert(value);
                }
            }
            entry = renewed;
        }
        note(&mut entry, tracked);
        entries.push(entry);
        union = union.union(&mask)?;
    }
    for key in ["mask", "lost"] {
        record.remove(key);
    }
    if !answer.lost.is_empty() {
        record.put("lost", &answer.lost)?;
    }
    // What a mask has beside stays as it is.
    record.put_unrounded("masks", &entries)?;
    if !entries.is_empty() {
        let path = out_dir.join(format!("{id}.mask.png"));
        write::png_luma(&union.to_luma(), &path).with_context(|| path.display().to_string())?;
        record.put("mask", &path)?;
    }
    Ok(())
}

/// What is known of the track.
fn note(entry: &mut Map<String, Value>, tracked: &Tracked) {
    for name in ["track", "followed", "ghost", "doubts"] {
        entry.shift_remove(name);
    }
    entry.insert("track".to_owned(), json!(tracked.track));
    if let Some(label) = &tracked.label {
        entry.insert("label".to_owned(), json!(label));
    }
    if tracked.index.is_none() {
        entry.insert("followed".to_owned(), json!(true));
    }
    if let Some(ghost) = &tracked.ghost {
        entry.insert("ghost".to_owned(), json!(ghost));
    }
    if !tracked.doubts.is_empty() {
        entry.insert("doubts".to_owned(), json!(tracked.doubts));
    }
}
