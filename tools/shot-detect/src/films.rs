//! The frames of a manifest, film by film.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use footage::figures::{Measure, SMALL, Small};
use footage::sampled::{self, SPARSE};
use footage::scored::{self, Scores};
use footage::shots::{Mark, Shot};
use nets::shot::{self, Detector, Method};
use stage::manifest::{Source, rounded};
use stage::{Context, Outcome, Record, Result, log};
use vision::resize::{PilFilter, pil};
use vision::{RgbImage, decode};

/// A frame, made small.
#[derive(Debug)]
pub(crate) struct Frame {
    record: Record,
    small: Small,
    /// As the network takes it, if one is asked.
    thumbnail: Option<RgbImage>,
    film: String,
    /// Its number and time in the film, where the record says them.
    place: (Option<u64>, Option<f64>),
}

impl Frame {
    /// Reads the image of a record; keeps what a network takes of it if one is `asked`.
    pub(crate) fn read(record: Record, asked: bool) -> Result<Self> {
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
        let film = record.film()?.unwrap_or_else(folder);
        let thumbnail = asked.then(|| shot::frame(&small)).transpose();
        Ok(Self {
            small: Small::of(&small),
            thumbnail: thumbnail.with_context(named)?,
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

/// The frames of one film, made small, and as a network takes them if one is asked.
type Film = Vec<(Small, Option<RgbImage>)>;

/// The records of all frames, each with its shot, in the order in which they came.
pub(crate) fn shots(
    frames: Vec<Frame>,
    fps: f64,
    method: Method,
    mut detector: Option<Detector>,
) -> Result<impl Iterator<Item = Result<Outcome>>> {
    let mut films = HashMap::<String, Film>::new();
    let frames: Vec<_> = frames
        .into_iter()
        .map(|frame| {
            films
                .entry(frame.film.clone())
                .or_default()
                .push((frame.small, frame.thumbnail));
            (frame.record, frame.film, frame.place)
        })
        .collect();
    let count = films.len();
    let found = films.into_iter().map(|(name, film)| {
        let found = of_film(film, fps, method, detector.as_mut());
        found.map(|found| (name, found))
    });
    let mut found = found.collect::<Result<HashMap<String, Found>>>()?;
    let network = detector.map(|detector| detector.net().provenance().clone());
    let all: usize = found.values().map(|found| found.shots.len()).sum();
    log::warn!("{all} shots in {} frames of {count} films", frames.len());
    Ok(frames
        .into_iter()
        .map(move |(mut record, film, (frame, time))| {
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
            if let Some(network) = &network {
                record.put_member("models", "shot-detect", network)?;
            }
            put(record, &source, mark).map(Outcome::pass)
        }))
}

fn of_film(film: Film, fps: f64, method: Method, detector: Option<&mut Detector>) -> Result<Found> {
    let (small, thumbnails): (Vec<_>, Vec<_>) = film.into_iter().unzip();
    let (shots, marks) = if fps < SPARSE {
        sampled::find(small)
    } else {
        let mut measure = Measure::default();
        let figures: Vec<_> = small.into_iter().map(|small| measure.next(small)).collect();
        let scores = detector.map(|detector| {
            for thumbnail in thumbnails.iter().flatten() {
                detector.push(thumbnail)?;
            }
            detector.finish()
        });
        let scores = scores.transpose()?;
        let scores = scores.as_ref().map(|scores| Scores {
            last: &scores.last,
            within: &scores.within,
        });
        scored::find(&figures, fps, scores, method == Method::Network)
    };
    Ok(Found {
        shots,
        marks,
        seen: 0,
    })
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
