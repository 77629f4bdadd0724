//! What becomes of the frames of one shot.

use rayon::prelude::*;
use stage::{Context, Error, Outcome, Record, Result, anyhow, log};

use crate::align::{Limits, Refusal};
use crate::entry::Entry;
use crate::frame::{Frame, Margins};
use crate::plate::{Folder, Shown, untouched};
use crate::register::Registered;

/// How many plates to make of a shot
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Per {
    /// One, of the frame whose plate has the smallest hole
    Shot,
    /// One for each frame, changed only where the characters are
    Frame,
}

/// What is asked for.
pub(crate) struct Settings {
    pub(crate) per: Per,
    pub(crate) frames: usize,
    pub(crate) margins: Margins,
    pub(crate) limits: Limits,
    pub(crate) unmasked: bool,
    pub(crate) folder: Folder,
}

/// What becomes of one record.
pub(crate) enum Verdict {
    /// It goes on or is dropped.
    Judged(Outcome),
    /// It cannot be read.
    Failed(Record, Error),
}

/// A verdict on each entry of one shot, in order.
pub(crate) fn work(entries: &[&Entry], settings: &Settings) -> Result<Vec<Verdict>> {
    let still: Vec<usize> = (0..entries.len())
        .filter(|at| entries[*at].is_sound())
        .collect();
    let chosen: Vec<usize> = spread(still.len(), settings.frames)
        .into_iter()
        .map(|at| still[at])
        .collect();
    let loaded = load(entries, &chosen, settings)?;
    let frames: Vec<&Frame> = loaded
        .iter()
        .filter_map(|(_, frame)| frame.as_ref().ok())
        .collect();
    let registered = (!frames.is_empty()).then(|| Registered::new(&frames, settings.limits));
    let mut verdicts: Vec<Option<Verdict>> = entries.iter().map(|_| None).collect();
    if let Some(registered) = &registered {
        let at: Vec<usize> = loaded
            .iter()
            .filter(|(_, frame)| frame.is_ok())
            .map(|(at, _)| *at)
            .collect();
        report(entries[at[registered.reference]], registered);
        let shot = Loaded {
            entries,
            at: &at,
            frames: &frames,
            registered,
            settings,
        };
        for (at, outcome) in shot.outcomes()? {
            verdicts[at] = Some(Verdict::Judged(outcome));
        }
    }
    for (at, frame) in loaded {
        if let Err(error) = frame {
            verdicts[at] = Some(Verdict::Failed(entries[at].record()?, error));
        }
    }
    let rest = |(verdict, entry): (Option<Verdict>, &&Entry)| match verdict {
        Some(verdict) => Ok(verdict),
        None => left_out(entry, settings),
    };
    verdicts.into_iter().zip(entries).map(rest).collect()
}

/// A frame that was not merged.
fn left_out(entry: &Entry, settings: &Settings) -> Result<Verdict> {
    let record = entry.record()?;
    let reason = match &entry.transition {
        Some(kind) => format!("part of a {kind}"),
        None if !entry.lost.is_empty() => {
            let tracks: Vec<String> = entry.lost.iter().map(ToString::to_string).collect();
            let word = if tracks.len() == 1 { "track" } else { "tracks" };
            format!(
                "may show characters without a mask: {word} {}",
                tracks.join(", ")
            )
        }
        None => format!(
            "its shot has {} other frames, which are enough",
            settings.frames
        ),
    };
    Ok(Verdict::Judged(Outcome::drop(record, reason)))
}

/// Says how a shot came out.
fn report(reference: &Entry, registered: &Registered) {
    let all = registered.found.len();
    let used = registered.aligned().count();
    let refused = registered.found.iter().find_map(|found| found.err());
    let why = refused.map_or(String::new(), |why| format!("; others do not: {why}"));
    log::debug!(
        "{}: {used} of {all} frames of its shot align with it{why}",
        reference.id
    );
}

/// Reads the chosen frames on all cores; all must have the size of the first.
fn load(
    entries: &[&Entry],
    chosen: &[usize],
    settings: &Settings,
) -> Result<Vec<(usize, Result<Frame>)>> {
    let read = |at: &usize| {
        let record = entries[*at].record()?;
        Ok((
            *at,
            Frame::read(&record, settings.margins, settings.unmasked),
        ))
    };
    let mut loaded: Vec<(usize, Result<Frame>)> =
        chosen.par_iter().map(read).collect::<Result<_>>()?;
    let sizes = loaded
        .iter()
        .filter_map(|(_, frame)| Some(frame.as_ref().ok()?.image.dimensions()));
    let Some(first) = sizes.take(1).next() else {
        return Ok(loaded);
    };
    for (_, frame) in &mut loaded {
        let size = frame
            .as_ref()
            .map_or(first, |frame| frame.image.dimensions());
        if size != first {
            *frame = Err(anyhow!(
                "an image of {}x{} in a shot of {}x{}",
                size.0,
                size.1,
                first.0,
                first.1
            ));
        }
    }
    Ok(loaded)
}

/// Up to `most` of `count` numbers, spread evenly.
fn spread(count: usize, most: usize) -> Vec<usize> {
    if count <= most {
        return (0..count).collect();
    }
    (0..most)
        .map(|at| (2 * at + 1) * count / (2 * most))
        .collect()
}

/// A shot whose frames are read and laid on one of them.
struct Loaded<'a> {
    entries: &'a [&'a Entry],
    /// Where each frame stands among the entries.
    at: &'a [usize],
    frames: &'a [&'a Frame],
    registered: &'a Registered,
    settings: &'a Settings,
}

impl Loaded<'_> {
    /// What becomes of each frame, and where it stands among the entries.
    fn outcomes(&self) -> Result<Vec<(usize, Outcome)>> {
        let shown = Shown::new(self.frames, self.registered);
        let numbers: Vec<usize> = (0..self.frames.len()).collect();
        let outcome = |number: usize| {
            let made = match self.settings.per {
                Per::Shot => self.of_shot(&shown, number),
                Per::Frame => self.of_frame(&shown, number),
            };
            made.with_context(|| self.entries[self.at[number]].id.clone())
        };
        match self.settings.per {
            Per::Shot => numbers.into_iter().map(outcome).collect(),
            Per::Frame => numbers.into_par_iter().map(outcome).collect(),
        }
    }

    /// The reference becomes the plate; the others are merged into it, or are not.
    fn of_shot(&self, shown: &Shown<'_>, number: usize) -> Result<(usize, Outcome)> {
        let Registered { reference, found } = self.registered;
        let at = self.at[number];
        let record = self.entries[at].record()?;
        let name = &self.entries[self.at[*reference]].id;
        let outcome = match found[number] {
            Ok(_) if number == *reference => {
                Outcome::pass(self.plate(shown, number, false, record)?)
            }
            Ok(_) => Outcome::drop(record, format!("merged into {name}")),
            Err(why) => Outcome::drop(record, format!("not merged into {name}: {why}")),
        };
        Ok((at, outcome))
    }

    /// Each frame has its hole filled from the others.
    fn of_frame(&self, shown: &Shown<'_>, number: usize) -> Result<(usize, Outcome)> {
        let at = self.at[number];
        let record = self.entries[at].record()?;
        let folder = &self.settings.folder;
        let record = match self.registered.found[number] {
            Ok(_) => self.plate(shown, number, true, record)?,
            Err(why) => untouched(record, self.frames[number], self.apart(why), folder)?,
        };
        Ok((at, Outcome::pass(record)))
    }

    fn apart(&self, why: Refusal) -> String {
        let name = &self.entries[self.at[self.registered.reference]].id;
        format!("does not align with {name}: {why}")
    }

    fn plate(
        &self,
        shown: &Shown<'_>,
        number: usize,
        patch: bool,
        record: Record,
    ) -> Result<Record> {
        let folder = &self.settings.folder;
        if self.registered.aligned().count() > 1 {
            return shown.plate(number, patch, record, folder);
        }
        let other = self.registered.found.iter().find_map(|found| found.err());
        let reason = other.map_or("the only frame of its shot".to_owned(), |why| {
            format!("no other frame of its shot aligns with it: {why}")
        });
        untouched(record, self.frames[number], reason, folder)
    }
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn frames_are_spread_evenly() {
        assert_eq!(spread(3, 5), [0, 1, 2]);
        assert_eq!(spread(10, 2), [2, 7]);
        assert_eq!(spread(7, 3), [1, 3, 5]);
    }
}
