//! Which shot comes when: one at a time is in memory, and records leave in the order in which they came.

use std::collections::HashMap;

use rayon::prelude::*;
use stage::{Error, Fault, Flow, Key, Outcome, Record, Result, anyhow, log};

use crate::answer::Answer;
use crate::entry::{Entry, Shot};
use crate::shot::Frame;

/// What is asked of shots.
pub(crate) trait Follows {
    /// The key by which the answer on a shot of this content is remembered.
    fn key(&self, content: &[u8]) -> Key;
    /// The answer on each frame of a shot.
    fn follow(&mut self, frames: &[Frame]) -> Result<Vec<Answer>>;
    /// The record with its answer.
    fn finish(&self, record: Record, answer: &Answer) -> Result<Record>;
}

/// A record, and what becomes of it.
type Verdict = Result<Record, (Record, Error)>;

/// Works shot by shot, in the order of their first frames, and writes records in the order in which they
/// came.
pub(crate) fn track<F: Follows + Sync + Send>(
    flow: &mut Flow,
    entries: &[Entry],
    cache: Option<&stage::Cache>,
    work: &mut F,
) -> Result<Vec<Outcome>> {
    let mut waiting: Vec<Option<Verdict>> = entries.iter().map(|_| None).collect();
    let mut written = 0;
    flow.expect(entries.len() as u64);
    for shot in shots(entries) {
        let verdicts = of_shot(flow, entries, &shot, cache, work)?;
        for (at, verdict) in shot.into_iter().zip(verdicts) {
            waiting[at] = Some(verdict);
        }
        while let Some(verdict) = waiting.get_mut(written).and_then(Option::take) {
            match verdict {
                Ok(record) => flow.emit(record.into())?,
                Err((record, error)) => {
                    let id = entries[written].id.clone();
                    flow.fail(record, error.context(id))?;
                }
            }
            flow.advance();
            written += 1;
        }
    }
    Ok(Vec::new())
}

/// Where the frames of each shot stand, in the order of time; a frame without a shot is alone.
fn shots(entries: &[Entry]) -> Vec<Vec<usize>> {
    let mut known: HashMap<&Shot, usize> = HashMap::new();
    let mut shots: Vec<Vec<usize>> = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let new = shots.len();
        let place = { entry.shot.as_ref() }.map_or(new, |shot| *known.entry(shot).or_insert(new));
        if place == new {
            shots.push(Vec::new());
        }
        shots[place].push(at);
    }
    for shot in &mut shots {
        shot.sort_by_key(|at| (entries[*at].number, *at));
    }
    shots
}

/// The frames of a shot as they were read, each with a hash of all that an answer depends on.
struct Loaded(Vec<Result<(Frame, blake3::Hash)>>);

impl Loaded {
    /// Reads the frames of a shot, all of which must have the size of the first.
    fn read(flow: &Flow, entries: &[Entry], shot: &[usize]) -> Self {
        let read = |at: &usize| entries[*at].frame();
        let mut frames: Vec<Result<(Frame, blake3::Hash)>> =
            flow.on_all_cores(|| shot.par_iter().map(read).collect());
        let mut sizes = frames
            .iter()
            .filter_map(|frame| Some(frame.as_ref().ok()?.0.size));
        let Some((width, height)) = sizes.next() else {
            return Self(frames);
        };
        for frame in &mut frames {
            let own = frame
                .as_ref()
                .map_or((width, height), |(frame, _)| frame.size);
            if own != (width, height) {
                let (own, other) = own;
                *frame = Err(anyhow!(
                    "an image of {own}x{other} in a shot of {width}x{height}"
                ));
            }
        }
        Self(frames)
    }

    /// The frames that are sound.
    fn frames(&self) -> Vec<Frame> {
        let sound = self.0.iter().flatten();
        sound.map(|(frame, _)| frame.clone()).collect()
    }

    /// What an answer on the shot depends on.
    fn content(&self) -> Vec<u8> {
        let sound = self.0.iter().flatten();
        let of_frame = |(frame, hash): &(Frame, blake3::Hash)| {
            [hash.as_bytes().as_slice(), &frame.time.to_le_bytes()].concat()
        };
        sound.flat_map(of_frame).collect()
    }

    /// Leaves out the frames whose images are damaged behind their headers; whether there are any.
    fn drop_damaged(&mut self, flow: &Flow) -> bool {
        let look = |slot: &mut Result<(Frame, blake3::Hash)>| {
            let damage = slot
                .as_ref()
                .ok()
                .and_then(|(frame, _)| frame.image().err());
            damage.map(|error| *slot = Err(error)).is_some()
        };
        flow.on_all_cores(|| {
            self.0
                .par_iter_mut()
                .map(look)
                .reduce(|| false, |a, b| a | b)
        })
    }
}

/// A verdict on each frame of a shot.
fn of_shot<F: Follows + Sync + Send>(
    flow: &Flow,
    entries: &[Entry],
    shot: &[usize],
    cache: Option<&stage::Cache>,
    work: &mut F,
) -> Result<Vec<Verdict>> {
    let mut loaded = Loaded::read(flow, entries, shot);
    let mut key = work.key(&loaded.content());
    let recall = |key: &Key| cache.and_then(|cache| cache.recall::<Vec<Answer>>(key));
    let mut known = recall(&key);
    if known.is_none() && loaded.drop_damaged(flow) {
        key = work.key(&loaded.content());
        known = recall(&key);
    }
    let frames = loaded.frames();
    let answers = match known.filter(|answers| answers.len() == frames.len()) {
        Some(answers) => Ok(answers),
        None if frames.is_empty() => Ok(Vec::new()),
        None => flow.on_all_cores(|| followed(&frames, cache, &key, work)),
    };
    let answers = match answers {
        Ok(answers) => answers,
        // What no other shot has to meet: this one fails, and the others go on.
        Err(error) if Fault::of(error.as_ref()).is_none() => {
            log::debug!("{}: its shot failed: {error:#}", entries[shot[0]].id);
            return failed(entries, shot, loaded, &error);
        }
        Err(error) => return Err(error),
    };
    let mut answers = answers.into_iter();
    let answer = |frame: Result<(Frame, blake3::Hash)>| {
        frame.and_then(|_| { answers.next() }.ok_or_else(|| anyhow!("an answer is missing")))
    };
    let answers: Vec<Result<Answer>> = loaded.0.into_iter().map(answer).collect();
    let jobs: Vec<(usize, Result<Answer>)> = shot.iter().copied().zip(answers).collect();
    let work = &*work;
    let verdict = |(at, answer): (usize, Result<Answer>)| -> Result<Verdict> {
        let record = entries[at].record()?;
        let finished = answer.and_then(|answer| work.finish(record.clone(), &answer));
        Ok(finished.map_err(|error| (record, error)))
    };
    flow.on_all_cores(|| jobs.into_par_iter().map(verdict).collect())
}

/// The answer on each frame of a shot of which none is remembered; from now on one is.
fn followed<F: Follows>(
    frames: &[Frame],
    cache: Option<&stage::Cache>,
    key: &Key,
    work: &mut F,
) -> Result<Vec<Answer>> {
    let answers = work.follow(frames)?;
    if let Some(cache) = cache {
        cache.keep(key, &answers)?;
    }
    Ok(answers)
}

/// All frames of a shot fail, those that were sound with the error of the shot.
fn failed(
    entries: &[Entry],
    shot: &[usize],
    loaded: Loaded,
    error: &Error,
) -> Result<Vec<Verdict>> {
    let verdict = |(at, own): (&usize, Result<(Frame, blake3::Hash)>)| {
        let record = entries[*at].record()?;
        let own = own.err();
        let error = own.unwrap_or_else(|| anyhow!("its shot cannot be tracked: {error:#}"));
        Ok(Err((record, error)))
    };
    shot.iter().zip(loaded.0).map(verdict).collect()
}
