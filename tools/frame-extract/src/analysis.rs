//! Everything that is found out about a film before pictures are written.

use serde::{Deserialize, Serialize};
use stage::manifest::rounded;
use stage::{Context, Flow, Record, Result, ensure};

use crate::border::{self, Rectangle, Vote};
use crate::chain;
use crate::decoder::{Complaints, Decoder};
use crate::ffmpeg::Ffmpeg;
use crate::figures::{Measure, SMALL};
use crate::film::{Film, Key};
use crate::shots::{self, Mark, Shot, Transition};

/// Is raised whenever the same film would be judged otherwise.
const VERSION: u32 = 2;

/// How many pictures decide on the letterbox.
const PICTURES: f64 = 200.0;

/// The fewest keyframes that decide alone; with fewer, all frames are decoded for this.
const ENOUGH: usize = 100;

/// Seconds between the pictures of a film that does not say how long it is.
const BETWEEN: f64 = 2.0;

/// How long a film that does not say is taken to be, in seconds.
const UNKNOWN: f64 = 3600.0;

/// How far a film may end before its own word without being called incomplete: seconds, or
/// share of its length, whichever is more. Sound is often a little longer than the picture.
const EARLY: (f64, f64) = (5.0, 0.02);

/// The frames a second that films have; times that are not to be trusted give others.
const RATES: (f64, f64) = (8.0, 120.0);

/// What is known of a film.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Analysis {
    version: u32,
    film: Key,
    /// The part inside the black bars; none if there are no bars.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) crop: Option<Rectangle>,
    /// The shots, which cover all frames.
    pub(crate) shots: Vec<Shot>,
    /// Transitions and flashes.
    pub(crate) marks: Vec<Mark>,
    /// Errors that ffmpeg met.
    pub(crate) errors: usize,
    /// What is wrong with the film, if it could not be decoded to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) incomplete: Option<String>,
    /// Presentation time of every frame, in seconds.
    pub(crate) times: Vec<f64>,
}

impl Analysis {
    /// Whether this is what would be found out about `film`.
    pub(crate) fn is_of(&self, film: &Film) -> bool {
        self.version == VERSION && self.film == film.key
    }

    /// Decodes the whole film, once small and a few pictures of it whole.
    pub(crate) fn make(ffmpeg: &Ffmpeg, film: &Film, flow: &mut Flow) -> Result<Self> {
        let crop = letterbox(ffmpeg, film)?;
        let mut command = ffmpeg.reading(&film.path, &[]);
        command.args(["-vf", &chain::small(film, crop, SMALL)]);
        ffmpeg.every_frame_once(&mut command);
        let mut decoder = Decoder::start(command, SMALL)?;
        let mut measure = Measure::default();
        let (mut times, mut frames) = (Vec::<f64>::new(), Vec::new());
        let seconds = film.duration.unwrap_or(UNKNOWN) as u64;
        flow.expect(seconds);
        while let Some(picture) = decoder.next()? {
            let before: f64 = times.last().copied().unwrap_or(0.0);
            if picture
                .time
                .is_some_and(|time| time.floor() > before.floor())
            {
                flow.advance();
            }
            // A frame that has no time of its own is shown with the one before.
            times.push(rounded(picture.time.unwrap_or(before), 6));
            frames.push(measure.next(&picture.image));
        }
        let complaints = decoder.finish()?;
        ensure!(
            !frames.is_empty(),
            "ffmpeg cannot decode it: {}",
            complaints.words()
        );
        let (shots, marks) = shots::find(&frames, rate(&times));
        Ok(Self {
            version: VERSION,
            film: film.key.clone(),
            crop,
            shots,
            marks,
            errors: complaints.count,
            incomplete: incomplete(film, times.last().copied().unwrap_or(0.0), &complaints),
            times,
        })
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

/// What is wrong with a film whose last frame is shown at `last`.
fn incomplete(film: &Film, last: f64, complaints: &Complaints) -> Option<String> {
    let said = film.duration.unwrap_or(0.0);
    let early = said - last > EARLY.0.max(EARLY.1 * said);
    if early {
        return Some(format!(
            "ends at {last:.1} s, but says that it is {said:.1} s long"
        ));
    }
    complaints
        .failed
        .then(|| format!("ends with an error: {}", complaints.words()))
}

/// Votes on the letterbox, by keyframes if there are enough.
fn letterbox(ffmpeg: &Ffmpeg, film: &Film) -> Result<Option<Rectangle>> {
    let (mut seen, mut votes) = votes(ffmpeg, film, &["-skip_frame", "nokey"])?;
    if seen < ENOUGH {
        (seen, votes) = self::votes(ffmpeg, film, &[])?;
    }
    let crop = border::decide(&votes, film.size);
    log::info!(
        "{}: {}, by {} of {seen} pictures",
        film.path.display(),
        crop.map_or("no bars".to_owned(), |crop| format!(
            "picture inside bars is {crop}"
        )),
        votes.len()
    );
    Ok(crop)
}

/// How many pictures were looked at, and the votes of those that are bright enough.
fn votes(ffmpeg: &Ffmpeg, film: &Film, before: &[&str]) -> Result<(usize, Vec<Vote>)> {
    let seconds = film.duration.map_or(BETWEEN, |seconds| seconds / PICTURES);
    let mut command = ffmpeg.reading(&film.path, before);
    command.args(["-vf", &chain::sparse(film, seconds)]);
    ffmpeg.every_frame_once(&mut command);
    let mut decoder = Decoder::start(command, film.size).context("letterbox")?;
    let (mut seen, mut votes) = (0, Vec::new());
    while let Some(picture) = decoder.next()? {
        seen += 1;
        votes.extend(border::vote(&picture.image));
    }
    Ok((seen, votes))
}
