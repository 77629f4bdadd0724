//! A record that waits for the rest of its shot, and what it says of its frame.

use std::collections::HashSet;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use stage::manifest::shapes::{Detection, Segment};
use stage::manifest::{Line, MaskShape, Reader};
use stage::{Context, Record, Result, ensure};
use vision::Rect;
use vision::mask::{Mask, Rle, Stored};

use crate::shot::{Frame, Thing};

/// The film and the number of a shot.
pub(crate) type Shot = (String, u64);

/// A record, packed, and where in the film it is.
pub(crate) struct Entry {
    pub(crate) id: String,
    /// None where the record does not say: it is then alone.
    pub(crate) shot: Option<Shot>,
    /// Number of the frame in the film.
    pub(crate) number: u64,
    time: f64,
    line: Line,
}

impl Entry {
    /// Takes what is wanted of a record.
    pub(crate) fn new(record: &Record) -> Result<Self> {
        record.image()?;
        let source = record.source()?;
        let mut bytes = Vec::new();
        record.write_line(&mut bytes);
        bytes.shrink_to_fit();
        Ok(Self {
            id: record.id()?,
            number: source.as_ref().map_or(0, |source| source.frame),
            time: source.as_ref().map_or(0.0, |source| source.time),
            shot: source.map(|source| (source.film, source.shot)),
            line: Line { number: 0, bytes },
        })
    }

    /// The record itself.
    pub(crate) fn record(&self) -> Result<Record> {
        Ok(self.line.parse()?)
    }

    /// What the record says of its frame, and the content of its image and masks, hashed.
    pub(crate) fn frame(&self) -> Result<(Frame, blake3::Hash)> {
        let record = self.record()?;
        let path: PathBuf = record.image()?;
        let named = || path.display().to_string();
        let bytes = vision::decode::read(&path).with_context(named)?;
        let size = vision::decode::dimensions_from_bytes(&bytes).with_context(named)?;
        let size = (size.width, size.height);
        let mut content = blake3::Hasher::new();
        content.update(&bytes);
        let seen = seen(&record, size)?;
        content.update(&[u8::from(seen.is_some())]);
        for thing in seen.iter().flatten() {
            hash(thing, &mut content);
        }
        let frame = Frame {
            time: self.time,
            path,
            size,
            is_searched: seen.is_some(),
            things: seen.unwrap_or_default(),
        };
        Ok((frame, content.finalize()))
    }
}

/// The frames of another manifest that are in the same shots as `entries`, and not among them. What was detected
/// in them does not count.
pub(crate) fn between(manifest: &Path, entries: &[Entry]) -> Result<Vec<Entry>> {
    let shown = manifest.display().to_string();
    let file = File::open(manifest).with_context(|| shown.clone())?;
    let shots: HashSet<&Shot> = { entries.iter() }
        .filter_map(|entry| entry.shot.as_ref())
        .collect();
    let ids: HashSet<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    let mut more = Vec::new();
    for record in Reader::new(&shown, BufReader::new(file)).records() {
        let mut record = record?;
        for key in ["boxes", "masks", "mask"] {
            record.remove(key);
        }
        let entry = Entry::new(&record).with_context(|| shown.clone())?;
        let is_new = !ids.contains(entry.id.as_str());
        if is_new && entry.shot.as_ref().is_some_and(|shot| shots.contains(shot)) {
            more.push(entry);
        }
    }
    Ok(more)
}

/// Hashes all that an answer has of a detection. What may be missing, or of any length, is told apart from what
/// comes next.
fn hash(thing: &Thing, content: &mut blake3::Hasher) {
    let numbers = { thing.rect.edges().into_iter() }.chain([thing.score]);
    for number in numbers {
        content.update(&number.to_le_bytes());
    }
    content.update(&[u8::from(thing.quality.is_some())]);
    if let Some(quality) = thing.quality {
        content.update(&quality.to_le_bytes());
    }
    let label = thing.label.as_deref().map(str::as_bytes);
    let runs = thing.mask.as_ref().map(Rle::counts);
    for length in [label.map(<[u8]>::len), runs.map(<[u32]>::len)] {
        let length = length.map_or(0, |length| length as u64 + 1);
        content.update(&length.to_le_bytes());
    }
    content.update(label.unwrap_or_default());
    for run in runs.unwrap_or_default() {
        content.update(&run.to_le_bytes());
    }
}

/// What was detected in a frame: its masks, or boxes that no mask was made of yet; `None` where no detector has
/// looked for any.
fn seen(record: &Record, size: (u32, u32)) -> Result<Option<Vec<Thing>>> {
    if let Some(segments) = record.masks()? {
        let thing = |(index, segment): (usize, Segment)| {
            let named = || format!("key `masks`: mask {index}");
            let runs = runs(&segment.mask, size).with_context(named)?;
            let detected = segment.detection.as_ref().map(|own| own.rect);
            let own = runs.bounding_box().map(|rect| rect.map(f64::from));
            Ok(Thing {
                index,
                rect: own.or(detected).unwrap_or(Rect::from([0.0; 4])),
                score: segment.certainty(),
                quality: segment.score,
                label: segment.label,
                mask: Some(runs),
            })
        };
        return segments
            .into_iter()
            .enumerate()
            .map(thing)
            .collect::<Result<_>>()
            .map(Some);
    }
    let Some(boxes) = record.boxes()? else {
        return Ok(None);
    };
    let thing = |(index, found): (usize, Detection)| {
        ensure!(
            found.rect.is_sound(),
            "box {} is not [left, top, right, bottom] of a rectangle",
            found.rect
        );
        Ok(Thing {
            index,
            rect: found.rect,
            score: found.score.unwrap_or(0.0),
            quality: None,
            label: found.label,
            mask: None,
        })
    };
    boxes
        .into_iter()
        .enumerate()
        .map(thing)
        .collect::<Result<_>>()
        .map(Some)
}

fn runs(shape: &MaskShape, size: (u32, u32)) -> Result<Rle> {
    let stored = Stored::read(shape)?;
    let mask: Mask = stored.decode_for(size)?;
    Ok(Rle::encode(&mask))
}

/// The entries of `masks`, or of `boxes` where there are no masks: what is known of each beside its place.
pub(crate) fn about(record: &Record) -> Result<Vec<Map<String, Value>>> {
    if let Some(masks) = record.find("masks")? {
        return Ok(masks);
    }
    let boxes: Vec<Map<String, Value>> = record.find("boxes")?.unwrap_or_default();
    let as_mask = |mut about: Map<String, Value>| {
        let mut detection = Map::new();
        for name in ["box", "score"] {
            detection.extend(about.shift_remove(name).map(|own| (name.to_owned(), own)));
        }
        about.insert("detection".to_owned(), detection.into());
        about
    };
    Ok(boxes.into_iter().map(as_mask).collect())
}
