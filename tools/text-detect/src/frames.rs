//! The frames of all films, and what is marked in them.

use std::collections::{BTreeMap, BTreeSet};

use stage::manifest::shapes::{Text, TextKind, TextLine};
use stage::manifest::{MaskShape, RunLengths};
use stage::{Context, Outcome, Record, Result, log};
use vision::mask::{Mask, Rle};
use vision::{Rect, decode};

use crate::clear::clear;
use crate::kinds::{Kinds, kinds};
use crate::places::Seen;

/// Margin of masks all round, in pixels for every 1080 rows of the image: outlines and shadows of letters.
const MARGIN: f64 = 4.0;

/// A logo is seen in a frame whose text overlaps its place by as much, intersection over union.
const SEEN: f64 = 0.3;

/// A frame whose text was looked for.
pub(crate) struct Frame {
    record: Record,
    /// Frames of one film and size are compared.
    film: (String, [u32; 2]),
    shot: Option<u64>,
    /// None where no detector has run.
    text: Option<Text>,
}

impl Frame {
    pub(crate) fn read(record: Record) -> Result<Self> {
        let text = record.text()?;
        let film = record.film()?.unwrap_or_default();
        let size = if text.is_some() {
            size(&record)?
        } else {
            [0, 0]
        };
        Ok(Self {
            film: (film, size),
            shot: record.shot()?,
            text,
            record,
        })
    }
}

/// Width and height of a record's image, pixels.
fn size(record: &Record) -> Result<[u32; 2]> {
    if let (Some(width), Some(height)) = (record.find("width")?, record.find("height")?) {
        return Ok([width, height]);
    }
    let path = record.image()?;
    let named = || path.display().to_string();
    let file = decode::read(&path).with_context(named)?;
    let size = decode::dimensions_from_bytes(&file).with_context(named)?;
    Ok([size.width, size.height])
}

/// The records of all frames in their order, with what is laid over their films marked.
pub(crate) fn marked(mut frames: Vec<Frame>) -> Result<Vec<Outcome>> {
    let mut films: BTreeMap<(String, [u32; 2]), Vec<usize>> = BTreeMap::new();
    for (number, frame) in frames.iter().enumerate() {
        if frame.text.is_some() {
            films.entry(frame.film.clone()).or_default().push(number);
        }
    }
    for ((film, size), numbers) in films {
        mark(&mut frames, &film, size, &numbers)?;
    }
    Ok(frames
        .into_iter()
        .map(|frame| Outcome::pass(frame.record))
        .collect())
}

/// Marks the frames of a film.
fn mark(frames: &mut [Frame], film: &str, size: [u32; 2], numbers: &[usize]) -> Result<()> {
    let mut seen = Vec::new();
    let mut shots = BTreeSet::new();
    for number in numbers {
        let frame = &frames[*number];
        let shot = frame.shot.unwrap_or_default();
        shots.insert(shot);
        for line in frame.text.iter().flat_map(|text| &text.lines) {
            seen.push(Seen {
                frame: *number,
                shot,
                rect: line.rect,
            });
        }
    }
    let found = kinds(&seen, size.map(f64::from), shots.len());
    tell(film, numbers.len(), &seen, &found);
    let mut kinds = found.kinds.into_iter();
    for number in numbers {
        let frame = &mut frames[*number];
        let Some(text) = &mut frame.text else {
            continue;
        };
        for (line, kind) in text.lines.iter_mut().zip(&mut kinds) {
            line.kind = Some(kind);
        }
        finish(text, &found.logos, size)?;
        frame.record.put_rounded("text", text, 4)?;
    }
    Ok(())
}

/// Says what was found in a film.
fn tell(film: &str, frames: usize, seen: &[Seen], found: &Kinds) {
    let of = |kind: TextKind| {
        let all = seen.iter().zip(&found.kinds);
        let frames: BTreeSet<usize> = all
            .filter(|(_, own)| **own == kind)
            .map(|(seen, _)| seen.frame)
            .collect();
        frames.len()
    };
    let (burnt_in, scene, logos) = (
        of(TextKind::BurntIn),
        of(TextKind::Scene),
        found.logos.len(),
    );
    if burnt_in > 0 || logos > 0 {
        log::warn!(
            "{film}: burnt-in text in {burnt_in} of {frames} frames, {logos} logos; text of the scene in {scene}"
        );
    }
}

/// Adds logos that were not seen, the mask, and the part that is clear of it.
fn finish(text: &mut Text, logos: &[Rect<f64>], size: [u32; 2]) -> Result<()> {
    for logo in logos {
        if !text.lines.iter().any(|line| line.rect.iou(*logo) > SEEN) {
            text.lines.push(TextLine {
                rect: *logo,
                score: 0.0,
                kind: Some(TextKind::Logo),
            });
        }
    }
    let [width, height] = size;
    let margin = (MARGIN * f64::from(height) / 1080.0).ceil();
    let laid_over = text
        .lines
        .iter()
        .filter(|line| line.kind != Some(TextKind::Scene));
    let boxes = laid_over.map(|line| line.rect.grow(margin, margin).touched(width, height));
    let boxes: Vec<Rect> = boxes.collect();
    text.mask = None;
    text.clear = None;
    if boxes.is_empty() {
        return Ok(());
    }
    let mut mask = Mask::new(width, height)?;
    for (x, y) in boxes.iter().flat_map(|one| one.pixels()) {
        mask.set(x, y, true);
    }
    text.mask = Some(MaskShape::Runs(RunLengths::from(&Rle::encode(&mask))));
    text.clear = Some(clear(size, &boxes));
    Ok(())
}
