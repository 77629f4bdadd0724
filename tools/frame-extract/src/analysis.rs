//! Everything that is found out about a film before images are written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stage::manifest::rounded;
use stage::{Flow, Record, Result, bail, ensure};

use crate::chain;
use crate::clock::Clock;
use crate::damage::Damage;
use crate::decoder::{Complaints, Decoder, Layout, Picture};
use crate::ending;
use crate::ffmpeg::Ffmpeg;
use crate::film::{Film, Key, View};
use crate::survey;
use footage::figures::{Figures, Measure, SMALL, Small};
use footage::letterbox::Rectangle;
use footage::shots::{self, Mark, Shot, Transition};

/// Is raised whenever the same film would be judged otherwise.
const VERSION: u32 = 3;

/// How long a film that does not say is taken to be, in seconds.
const UNKNOWN: f64 = 3600.0;

/// The frames a second that films have; times that are not to be trusted give others.
const RATES: (f64, f64) = (8.0, 120.0);

/// The finest clock, in seconds a tick, of which a time with six decimals tells every tick.
const FINEST: f64 = 2e-6;

/// What is known of a film.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Analysis {
    version: u32,
    film: Key,
    /// How its images are to be seen.
    pub(crate) view: View,
    /// The part inside the black bars; none if there are no bars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) crop: Option<Rectangle>,
    /// The same for images of other shapes than most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) crops: Vec<((u32, u32), Rectangle)>,
    /// From which frame on images have which shape, where it changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) shapes: Vec<(usize, (u32, u32))>,
    /// The shots, which cover all frames.
    pub(crate) shots: Vec<Shot>,
    /// Transitions and flashes.
    pub(crate) marks: Vec<Mark>,
    /// Errors that ffmpeg met.
    pub(crate) errors: usize,
    /// Where it met them.
    pub(crate) damage: Damage,
    /// What is wrong with the film, if it could not be decoded to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) incomplete: Option<String>,
    /// How often the film's clock begins anew.
    #[serde(default)]
    resets: usize,
    /// Seconds a tick of the film's clock; none where its times do not tell its frames apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tick: Option<f64>,
    /// Presentation time of every frame, in seconds.
    pub(crate) times: Vec<f64>,
}

/// What is gathered while the film is decoded.
#[derive(Default)]
struct Gathered {
    clock: Clock,
    measure: Measure,
    times: Vec<f64>,
    frames: Vec<Figures>,
    shapes: Vec<(usize, (u32, u32))>,
    tick: Option<f64>,
    interlaced: bool,
}

impl Gathered {
    fn add(&mut self, film: &Film, picture: &Picture) {
        let raw = picture.time.unwrap_or(0.0);
        let ticks = picture.shown.ticks.filter(|&ticks| ticks != 0);
        self.tick = self.tick.or(ticks.map(|ticks| raw / ticks as f64));
        let shape = film.shape(&picture.shown, raw);
        if self.shapes.last().is_none_or(|&(_, last)| last != shape) {
            self.shapes.push((self.times.len(), shape));
        }
        self.interlaced |= picture.shown.interlaced;
        self.times.push(rounded(self.clock.next(picture.time), 6));
        self.frames
            .push(self.measure.next(Small::of(&picture.image)));
    }

    /// The film's tick, if every frame can be told by its time.
    fn steady_tick(&self) -> Option<f64> {
        self.tick
            .filter(|&tick| !self.clock.unsteady && tick >= FINEST)
    }
}

impl Analysis {
    /// Whether this is what would be found out about `film`.
    pub(crate) fn is_of(&self, film: &Film) -> bool {
        self.version == VERSION && self.film == film.key
    }

    /// Decodes the whole film, once small and a few images of it whole; corrects what the first
    /// image said of the film.
    pub(crate) fn make(ffmpeg: &Ffmpeg, film: &mut Film, flow: &mut Flow) -> Result<Self> {
        let mut crops = survey::look(ffmpeg, film)?;
        let crop = crops.remove(&film.view.size);
        let mut decoder = small(ffmpeg, film, crop)?;
        let mut gathered = Gathered::default();
        flow.expect(film.duration.unwrap_or(UNKNOWN) as u64);
        while let Some(picture) = decoder.next()? {
            let before = gathered.times.last().copied().unwrap_or(0.0);
            gathered.add(film, &picture);
            if gathered
                .times
                .last()
                .is_some_and(|time| time.floor() > before.floor())
            {
                flow.advance();
            }
        }
        let complaints = decoder.finish()?.complaints;
        if let Some(signal) = complaints.signal {
            bail!("{signal}, after {} frames", gathered.times.len());
        }
        ensure!(
            !gathered.frames.is_empty(),
            "ffmpeg cannot decode it: {}",
            complaints.words()
        );
        film.view.interlaced |= gathered.interlaced;
        let last = gathered.times.last().copied().unwrap_or(0.0);
        let incomplete = ending::incomplete(ffmpeg, film, last, &complaints)?;
        Ok(Self {
            crop,
            crops: crops.into_iter().collect(),
            incomplete,
            ..Self::judge(film, gathered, &complaints)
        })
    }

    /// What follows from what was gathered of the film.
    fn judge(film: &Film, gathered: Gathered, complaints: &Complaints) -> Self {
        let tick = gathered.steady_tick();
        let Gathered {
            times,
            frames,
            mut shapes,
            clock,
            ..
        } = gathered;
        if shapes.len() == 1 {
            shapes.clear();
        }
        let rate = rate(&times);
        let (shots, marks) = shots::find(&frames, rate);
        Self {
            version: VERSION,
            film: film.key.clone(),
            view: film.view.clone(),
            crop: None,
            crops: Vec::new(),
            shapes,
            shots,
            marks,
            errors: complaints.count,
            damage: Damage::of(complaints, &times, 1.0 / rate),
            incomplete: None,
            resets: clock.resets,
            tick,
            times,
        }
    }

    /// Says what is strange about the film.
    pub(crate) fn warn(&self, film: &Film) {
        let path = film.path.display();
        if let Some(words) = self.damage.words(&self.times) {
            log::warn!("{path}: {words}");
        }
        if self.resets > 0 {
            let times = if self.resets == 1 {
                "once".to_owned()
            } else {
                format!("{} times", self.resets)
            };
            log::warn!(
                "{path}: its timestamps start again {times}: the times in the manifest continue from there"
            );
        }
        if !self.shapes.is_empty() {
            let mut counts = BTreeMap::<(u32, u32), usize>::new();
            let ends = self.shapes.iter().skip(1).map(|shape| shape.0);
            for (&(first, shape), end) in self.shapes.iter().zip(ends.chain([self.times.len()])) {
                *counts.entry(shape).or_default() += end - first;
            }
            let counts: Vec<String> = counts
                .iter()
                .map(|((width, height), frames)| format!("{width}x{height} ({frames} frames)"))
                .collect();
            log::warn!("{path}: its frames change shape: {}", counts.join(", "));
        }
    }

    /// The size in which a frame is to be seen.
    pub(crate) fn shape(&self, frame: usize) -> (u32, u32) {
        let shape = self.shapes.partition_point(|&(first, _)| first <= frame);
        let shape = shape
            .checked_sub(1)
            .and_then(|shape| self.shapes.get(shape));
        shape.map_or(self.view.size, |&(_, shape)| shape)
    }

    /// How ffmpeg's `pts` tells a frame: by the film's own clock, or where that does not tell its
    /// frames apart, by its number.
    pub(crate) fn ticks(&self, frame: usize) -> i64 {
        match self.tick {
            Some(tick) => (self.times[frame] / tick).round() as i64,
            None => i64::try_from(frame).unwrap_or(i64::MAX),
        }
    }

    /// The shots as JSON Lines.
    pub(crate) fn shot_lines(&self) -> Result<Vec<u8>> {
        let mut lines = Vec::new();
        for (number, shot) in self.shots.iter().enumerate() {
            let within = |mark: &&Mark| mark.first < shot.end && mark.end > shot.first;
            let mut record = Record::default();
            record.put("shot", &number)?;
            record.put("first", &shot.first)?;
            record.put("end", &shot.end)?;
            record.put("start_time", &self.times.get(shot.first))?;
            record.put("end_time", &self.times.get(shot.end).or(self.times.last()))?;
            record.put("from", &shot.from.map_or("cut", Transition::word))?;
            let marks: Vec<&Mark> = self.marks.iter().filter(within).collect();
            record.put("marks", &marks)?;
            if let Some(crop) = self.crop {
                record.put("crop", &crop)?;
            }
            record.write_line(&mut lines);
        }
        Ok(lines)
    }

    /// The number of the shot that a frame is in.
    pub(crate) fn shot(&self, frame: usize) -> usize {
        self.shots.partition_point(|shot| shot.end <= frame)
    }

    /// What a frame is marked as.
    pub(crate) fn transition(&self, frame: usize) -> Option<Transition> {
        let mark = self.marks.partition_point(|mark| mark.end <= frame);
        let mark = self.marks.get(mark).filter(|mark| mark.first <= frame);
        mark.map(|mark| mark.kind)
    }
}

/// The usual number of frames a second, by the middle one of all steps in time.
fn rate(times: &[f64]) -> f64 {
    let mut steps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    steps.sort_unstable_by(f64::total_cmp);
    let step = steps.get(steps.len() / 2).copied().unwrap_or(0.0);
    (1.0 / step.max(1e-3)).clamp(RATES.0, RATES.1)
}

/// Starts to decode all frames small.
fn small(ffmpeg: &Ffmpeg, film: &Film, crop: Option<Rectangle>) -> Result<Decoder> {
    let mut command = film.reading(ffmpeg, &[]);
    command.args(["-vf", &chain::small(film, crop, SMALL)]);
    ffmpeg.every_frame_once(&mut command);
    let layout = Layout {
        size: SMALL,
        alpha: film.view.alpha,
        twice: false,
    };
    Decoder::start(command, layout)
}
