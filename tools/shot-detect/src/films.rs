//! The frames of a manifest, film by film.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use footage::figures::{Measure, SMALL, Small};
use footage::sampled::{self, SPARSE};
use footage::shots::{self, Mark, Shot};
use stage::manifest::{Source, rounded};
use stage::{Context, Outcome, Record, Result, log};
use vision::decode;
use vision::resize::{PilFilter, pil};

/// A frame, made small.
#[derive(Debug)]
pub(crate) struct Frame {
    record: Record,
    small: Small,
    film: String,
    /// Its number and time in the film, where the record says them.
    place: (Option<u64>, Option<f64>),
}

impl Frame {
    pub(crate) fn read(record: Record) -> Result<Self> {
        let path = record.image()?;
        let named = || path.display().to_string();
        let image = decode::rgb_at_least(&path, SMALL.0, SMALL.1).with_context(named)?;
        let small = pil(&image, SMALL.0, SMALL.1, PilFilter::Box).with_context(named)?;
        let original: Option<PathBuf> = record.at("/letterbox/original")?;
        let original = original.as_ref().unwrap_or(&path);
        let folder = original.parent().and_then(Path::file_name);
        let folder = || {
            folder.map_or_else(
                || "frames".to_owned(),
                |name| name.to_string_lossy().into_owned(),
            )
        };
        let film = record.at("/source/film")?.unwrap_or_else(folder);
        Ok(Self {
            small: Small::of(&small),
            film,
            place: (record.at("/source/frame")?, record.at("/source/time")?),
            record,
        })
    }
}

/// What is found in one film.
struct Found {
    shots: Vec<Shot>,
    marks: Vec<Mark>,
    seen: usize,
}

/// The records of all frames, each with its shot, in the order in which they came.
pub(crate) fn shots(frames: Vec<Frame>, fps: f64) -> impl Iterator<Item = Result<Outcome>> {
    let mut films = HashMap::<String, Vec<Small>>::new();
    let frames: Vec<_> = frames
        .into_iter()
        .map(|frame| {
            films
                .entry(frame.film.clone())
                .or_default()
                .push(frame.small);
            (frame.record, frame.film, frame.place)
        })
        .collect();
    let count = films.len();
    let mut found: HashMap<String, Found> = films
        .into_iter()
        .map(|(film, small)| (film, of_film(small, fps)))
        .collect();
    let all: usize = found.values().map(|found| found.shots.len()).sum();
    log::warn!("{all} shots in {} frames of {count} films", frames.len());
    frames
        .into_iter()
        .map(move |(record, film, (frame, time))| {
            let found = found.get_mut(&film).context("a film without frames")?;
            let number = found.seen;
            found.seen += 1;
            let shot = found.shots.partition_point(|shot| shot.end <= number);
            let mark = found
                .marks
                .iter()
                .find(|mark| mark.meets(number, number + 1));
            let source = Source {
                film,
                frame: frame.unwrap_or(number as u64),
                time: time.unwrap_or(rounded(number as f64 / fps, 6)),
                shot: shot as u64,
            };
            put(record, &source, mark).map(Outcome::pass)
        })
}

fn of_film(small: Vec<Small>, fps: f64) -> Found {
    let (shots, marks) = if fps < SPARSE {
        sampled::find(small)
    } else {
        let mut measure = Measure::default();
        let figures: Vec<_> = small.into_iter().map(|small| measure.next(small)).collect();
        shots::find(&figures, fps)
    };
    Found {
        shots,
        marks,
        seen: 0,
    }
}

/// Says in a record where it is from, and what transition it is part of.
fn put(mut record: Record, source: &Source, mark: Option<&Mark>) -> Result<Record> {
    record.put("source", source)?;
    match mark {
        Some(mark) => record.put("transition", &mark.kind)?,
        None => record.remove("transition"),
    }
    Ok(record)
}
