//! The records of the faces.

use std::path::Path;

use nets::face::Landmarks;
use serde::Serialize;
use stage::manifest::rounded;
use stage::{Context, Outcome, Record, Result};
use vision::{Rect, crop, write};

use crate::Args;
use crate::candidates::{Candidate, candidates};
use crate::detectors::{Found, Search};
use crate::head::heads;
use crate::measure::{Angle, Occlusion, relative_sharpness};
use crate::view::View;
use crate::window::window;

/// Keys that speak of the whole image, or of places in it, and do not go with a crop of it.
const NOT_OF_FACES: [&str; 21] = [
    "balance",
    "boxes",
    "caption",
    "captioner",
    "cluster",
    "crop",
    "dataset",
    "dedup",
    "embedding",
    "emotion",
    "face",
    "facts",
    "features",
    "format",
    "inpaint",
    "lint",
    "mask",
    "masks",
    "pose",
    "quality",
    "tags",
];

/// The key `face`, in pixels of the parent's image.
#[derive(Debug, Serialize)]
pub(crate) struct Facts {
    #[serde(rename = "box")]
    rect: Rect<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    landmarks: Option<[[f64; 2]; 5]>,
    score: f32,
    by: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    agreed: Vec<String>,
    /// The crop.
    window: Rect,
    /// The box in pixels of the crop.
    box_in_crop: Rect<f64>,
    /// Short side of the box.
    pub(crate) size: f64,
    /// See [`relative_sharpness`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) relative_sharpness: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) angle: Option<Angle>,
    pub(crate) occlusion: Occlusion,
}

impl Facts {
    fn of(args: &Args, view: &View, candidate: Candidate) -> Result<Self> {
        let Candidate { face, by, agreed } = candidate;
        let (image, rect) = (&view.image, face.rect);
        let (width, height) = image.dimensions();
        let window = window(rect, args.padding, args.aspect, width, height);
        let places = |points: Landmarks| points.map(|point| point.map(pixel));
        Ok(Self {
            rect: rect.map(pixel),
            landmarks: face.landmarks.map(places),
            score: face.score,
            by,
            agreed,
            window,
            box_in_crop: rect
                .shift(-(window.left as f32), -(window.top as f32))
                .map(pixel),
            size: pixel(rect.width().min(rect.height())),
            relative_sharpness: relative_sharpness(image, rect)?,
            angle: face.landmarks.as_ref().and_then(Angle::of),
            occlusion: Occlusion::of(
                rect,
                face.landmarks.as_ref(),
                (width, height),
                view.mask.as_ref(),
            ),
        })
    }
}

fn pixel(place: f32) -> f64 {
    rounded(place.into(), 2)
}

/// What comes of a record in which `found` was found.
pub(crate) fn outcome(
    args: &Args,
    search: &Search,
    record: Record,
    found: Found,
) -> Result<Outcome> {
    let heads = if args.no_pose {
        Vec::new()
    } else {
        heads(&record)?
    };
    if heads.is_empty() && found.passes.iter().all(Vec::is_empty) {
        return Ok(Outcome::drop(record, "no face"));
    }
    let view = View::open(&record, found.image)?;
    let characters = view.characters(&record)?;
    let seen = candidates(&found.passes, &characters, search);
    let (mut sure, doubtful): (Vec<_>, Vec<_>) = { seen.into_iter() }
        .partition(|seen| seen.face.score >= args.sure || !seen.agreed.is_empty());
    if sure.is_empty() {
        sure.extend(heads);
    }
    let mut found = Vec::new();
    for candidate in sure {
        let facts = Facts::of(args, &view, candidate)?;
        found.push((args.limits.fault(&facts), facts));
    }
    let alone = record.has("parent").then_some(1);
    only(&mut found, args.max_faces.or(alone).unwrap_or(usize::MAX));
    for candidate in doubtful {
        let facts = Facts::of(args, &view, candidate)?;
        let (score, sure) = (facts.score, args.sure);
        let why = format!("doubtful: score {score:.4}, below {sure}, and nothing confirms it");
        found.push((Some(why), facts));
    }
    let mut outcome = Outcome::default();
    for (number, (fault, facts)) in found.into_iter().enumerate() {
        let wanted = fault.is_none() || args.keep.keep;
        let folder = wanted.then_some(args.out_dir.as_path());
        let child = child(&record, &view, search, number, &facts, folder)?;
        outcome = match fault {
            None => outcome.and_pass(child),
            Some(why) => outcome.and_drop(child, why),
        };
    }
    Ok(outcome)
}

/// Leaves the best `most` faces without fault: with the largest score of what of it is seen.
fn only(faces: &mut [(Option<String>, Facts)], most: usize) {
    let worth = |facts: &Facts| f64::from(facts.score) * (1.0 - facts.occlusion.most());
    faces.sort_by(|(_, a), (_, b)| worth(b).total_cmp(&worth(a)));
    let sound = faces.iter_mut().filter(|(fault, _)| fault.is_none());
    for (fault, _) in sound.skip(most) {
        *fault = Some(format!("not among the best: at most {most} of an image"));
    }
}

/// The record of a face; its crop is written to `folder`, if there is one. Without, `image` stays
/// the parent's.
fn child(
    record: &Record,
    view: &View,
    search: &Search,
    number: usize,
    facts: &Facts,
    folder: Option<&Path>,
) -> Result<Record> {
    let parent = record.id()?;
    let mut child = record.clone();
    for key in NOT_OF_FACES {
        child.remove(key);
    }
    child.put("id", &format!("{parent}.f{number}"))?;
    let id = child.id()?;
    if let Some(folder) = folder {
        let path = folder.join(format!("{id}.png"));
        let name = || path.display().to_string();
        let part = crop::rgb(&view.image, facts.window).with_context(name)?;
        write::png(&part, &path).with_context(name)?;
        child.put("image", &path)?;
        child.put("width", &part.width())?;
        child.put("height", &part.height())?;
    }
    child.put("parent", &parent)?;
    child.put_rounded("face", facts, 4)?;
    search.answers.sign(&mut child)?;
    Ok(child)
}
