//! Everything that is found out about a film before images are written.

use std::collections::BTreeMap;

use footage::letterbox::Rectangle;
use footage::sampled;
use footage::scored::{self, Scores};
use footage::shots::{Mark, Shot, Transition};
use nets::shot::Detector;
use serde::{Deserialize, Serialize};
use stage::{Flow, Record, Result, bail, ensure};

use crate::asked::Asked;
use crate::damage::Damage;
use crate::decoder::Complaints;
use crate::ending;
use crate::ffmpeg::Ffmpeg;
use crate::film::{Film, Key, View};
use crate::pass::{self, Gathered, Writing};
use crate::survey::Bars;

/// Is raised whenever the same film would be judged otherwise.
const VERSION: u32 = 4;

/// The frames a second that films have; times that are not to be trusted give others.
const RATES: (f64, f64) = (8.0, 120.0);

/// What is known of a film.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Analysis {
    version: u32,
    film: Key,
    /// The network that was asked for its shots, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) asked: Option<Asked>,
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
    /// The numbers of the frames in the film, if only its keyframes were decoded; all others are numbered from 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    numbers: Vec<usize>,
    /// Presentation time of every frame, in seconds.
    pub(crate) times: Vec<f64>,
}

impl Analysis {
    /// Whether this is what would be found out about `film` by this network.
    pub(crate) fn is_of(&self, film: &Film, asked: Option<&Asked>) -> bool {
        let alike = match (&self.asked, asked) {
            (None, None) => true,
            (Some(known), Some(asked)) => known.is_like(asked),
            _ => false,
        };
        let whole = self.numbers.is_empty() != film.keyframes;
        self.version == VERSION && self.film == film.key && alike && whole
    }

    /// Decodes the whole film, and with `writing` writes the images of the frames at the ticks; corrects what the first
    /// image said of the film.
    pub(crate) fn make(
        ffmpeg: &Ffmpeg,
        film: &mut Film,
        bars: &Bars,
        writing: Option<&Writing>,
        network: Option<&mut (Detector, Asked)>,
        flow: &mut Flow,
    ) -> Result<Self> {
        let asked = network.as_ref().map(|(_, asked)| asked.clone());
        let detector = network.map(|(detector, _)| detector);
        let (gathered, complaints) = pass::over(ffmpeg, film, bars.crop, writing, detector, flow)?;
        if let Some(signal) = complaints.signal {
            bail!("{signal}, after {} frames", gathered.times.len());
        }
        ensure!(
            !gathered.times.is_empty(),
            "ffmpeg cannot decode it: {}",
            complaints.words()
        );
        film.view.interlaced |= gathered.interlaced;
        let last = gathered.times.last().copied().unwrap_or(0.0);
        // The last keyframe need not be near the end.
        let last = last.max(film.duration.filter(|_| film.keyframes).unwrap_or(0.0));
        let incomplete = ending::incomplete(ffmpeg, film, last, &complaints)?;
        Ok(Self {
            crop: bars.crop,
            crops: bars.others.clone(),
            incomplete,
            ..Self::judge(film, gathered, &complaints, asked)
        })
    }

    /// What follows from what was gathered of the film.
    fn judge(
        film: &Film,
        gathered: Gathered,
        complaints: &Complaints,
        asked: Option<Asked>,
    ) -> Self {
        let tick = gathered.steady_tick();
        let Gathered {
            times,
            frames,
            mut shapes,
            clock,
            scores,
            keyframes,
            ..
        } = gathered;
        if shapes.len() == 1 {
            shapes.clear();
        }
        let rate = rate(&times);
        let scores = scores.as_ref().map(|scores| Scores {
            last: &scores.last,
            within: &scores.within,
        });
        let (shots, marks) = if film.keyframes {
            sampled::find(keyframes)
        } else {
            let alone = asked.as_ref().is_some_and(|asked| asked.alone);
            scored::find(&frames, rate, scores, alone)
        };
        Self {
            version: VERSION,
            film: film.key.clone(),
            asked,
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
            numbers: if film.keyframes {
                let numbered = times.iter().enumerate();
                numbered
                    .map(|(index, &time)| film.number(index, time))
                    .collect()
            } else {
                Vec::new()
            },
            times,
        }
    }

    /// What the letterbox leaves of the images.
    pub(crate) fn bars(&self) -> Bars {
        Bars {
            crop: self.crop,
            others: self.crops.clone(),
            open: None,
        }
    }

    /// Says what is strange about the film.
    pub(crate) fn warn(&self, film: &Film) {
        let path = film.path.display();
        if film.keyframes {
            let gaps = self.times.windows(2).map(|pair| pair[1] - pair[0]);
            log::warn!(
                "{path}: only its {} keyframes are decoded, up to {:.1} s apart: what is between them is not seen, and \
                 shots begin at the first keyframe that shows them",
                self.times.len(),
                gaps.fold(0.0, f64::max)
            );
        }
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

    /// The number of a frame in the film.
    pub(crate) fn number(&self, frame: usize) -> usize {
        match self.numbers.last() {
            Some(last) => self.numbers.get(frame).copied().unwrap_or(last + 1),
            None => frame,
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
            record.put("first", &self.number(shot.first))?;
            record.put("end", &self.number(shot.end))?;
            record.put("start_time", &self.times.get(shot.first))?;
            record.put("end_time", &self.times.get(shot.end).or(self.times.last()))?;
            record.put("from", &shot.from.map_or("cut", Transition::word))?;
            let marks = self.marks.iter().filter(within).map(|mark| Mark {
                first: self.number(mark.first),
                end: self.number(mark.end),
                ..*mark
            });
            record.put("marks", &marks.collect::<Vec<_>>())?;
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn shots_and_marks_are_told_by_numbers_of_the_film() -> Result<()> {
        let analysis: Analysis = serde_json::from_value(json!({
            "version": VERSION,
            "film": {"bytes": 1, "ends": "ab"},
            "view": {"size": [64, 48], "rows": 48, "interlaced": false, "alpha": false,
                     "colour": {"matrix": "bt709", "transfer": "bt709", "primaries": "bt709"}},
            "shots": [{"first": 0, "end": 2, "from": null}, {"first": 2, "end": 4, "from": "fade"}],
            "marks": [{"kind": "fade", "first": 1, "end": 2}, {"kind": "fade", "first": 3, "end": 4}],
            "errors": 0,
            "damage": {"errors": 0, "first": "", "places": [], "lost": 0},
            "numbers": [0, 48, 96, 120],
            "times": [0.0, 2.0, 4.0, 5.0],
        }))?;
        let lines = String::from_utf8_lossy(&analysis.shot_lines()?).into_owned();
        let shots = lines
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<Vec<Value>, _>>()?;
        let told = |shot: &Value| {
            let mark = &shot["marks"][0];
            ["first", "end"].map(|key| [shot[key].clone(), mark[key].clone()])
        };
        // Behind the last keyframe no number is known but that it is a later one.
        assert_eq!(
            told(&shots[0]),
            [[json!(0), json!(48)], [json!(96), json!(96)]]
        );
        assert_eq!(
            told(&shots[1]),
            [[json!(96), json!(120)], [json!(121), json!(121)]]
        );
        Ok(())
    }
}
