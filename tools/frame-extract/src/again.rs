//! Where the images of frames come from that were not written while the film was decoded for the first time: from
//! decoding it again, or a part of it.

use std::collections::VecDeque;
use std::io::Write;

use stage::{Context, Result, bail, ensure};
use tempfile::NamedTempFile;
use vision::RgbImage;

use crate::analysis::Analysis;
use crate::decoder::{Decoded, Decoder};
use crate::extract::Expected;
use crate::ffmpeg::Ffmpeg;
use crate::film::Film;
use crate::{chain, select};

/// The longest filter chain that is given on the command line, in bytes; Linux takes 128 KiB.
const LONGEST: usize = 100_000;

/// The containers that say where each of their frames is, by ffmpeg's names.
const INDEXED: [&str; 2] = ["mov", "matroska"];

/// Seconds of the film that are decoded for one frame alone, more or less: from the keyframe before it.
const FOR_ONE: f64 = 5.0;

/// The part of the film that may be decoded for frames alone; for more, all of it is decoded.
const MOST: f64 = 0.5;

/// Where images come from.
pub(crate) enum Again {
    /// The film, decoded from its beginning.
    Stream(Stream),
    /// Each frame by itself.
    Alone {
        ffmpeg: Ffmpeg,
        film: Box<Film>,
        frames: VecDeque<Alone>,
    },
}

/// A frame that is decoded by itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alone {
    /// Its time, in seconds.
    time: f64,
    /// How long after the frame before it, in seconds.
    step: f64,
    /// Its time in ticks of the film's clock.
    ticks: i64,
}

/// Images that come in order.
pub(crate) struct Stream {
    decoder: Decoder,
    /// One that came before it was expected.
    next: Option<Decoded>,
    /// Whether all have come.
    over: bool,
}

impl Again {
    /// Where the images of the frames `missing` come from; nowhere if none is missing. A few of a sound film are
    /// decoded one by one, each from the keyframe before it.
    pub(crate) fn open(
        ffmpeg: &Ffmpeg,
        film: &Film,
        analysis: &Analysis,
        missing: &[usize],
    ) -> Result<Option<Self>> {
        if missing.is_empty() {
            return Ok(None);
        }
        let steady = analysis.tick.is_some();
        let sound = analysis.errors == 0 && analysis.shapes.is_empty() && steady;
        let indexed = INDEXED.iter().any(|name| film.container == *name);
        let length = analysis.times.last().copied().unwrap_or(0.0);
        let few = missing.len() as f64 * FOR_ONE <= MOST * length;
        if !(sound && indexed && few) || film.view.interlaced {
            let ticks: Vec<i64> = missing.iter().map(|&frame| analysis.ticks(frame)).collect();
            return Stream::start(ffmpeg, film, &ticks, steady).map(|all| Some(Self::Stream(all)));
        }
        let alone = missing.iter().map(|&frame| {
            let times = &analysis.times;
            // The first frame is as far from the second one.
            let after = frame.max(1).min(times.len() - 1);
            Alone {
                time: times[frame],
                step: times[after] - times[after.saturating_sub(1)],
                ticks: analysis.ticks(frame),
            }
        });
        Ok(Some(Self::Alone {
            ffmpeg: ffmpeg.clone(),
            film: Box::new(film.clone()),
            frames: alone.collect(),
        }))
    }

    /// The image of a frame; none if it is uncertain and does not come.
    pub(crate) fn take(&mut self, expected: Expected) -> Result<Option<RgbImage>> {
        let (ffmpeg, film, frames) = match self {
            Self::Stream(stream) => return stream.take(expected),
            Self::Alone {
                ffmpeg,
                film,
                frames,
            } => (ffmpeg, film, frames),
        };
        let frame = frames.front().copied().context("no such frame")?;
        if let Some(image) = frame.decode(ffmpeg, film)? {
            frames.pop_front();
            return Ok(Some(image));
        }
        log::info!("the film cannot be entered in its middle: it is decoded from its beginning");
        let ticks: Vec<i64> = frames.iter().map(|frame| frame.ticks).collect();
        let mut stream = Stream::start(ffmpeg, film, &ticks, true)?;
        let image = stream.take(expected);
        *self = Self::Stream(stream);
        image
    }
}

impl Alone {
    /// The first image that comes from half a step earlier on; none if that is another frame's.
    fn decode(self, ffmpeg: &Ffmpeg, film: &Film) -> Result<Option<RgbImage>> {
        let from = (self.time - self.step / 2.0).max(0.0);
        let mut command = film.reading(ffmpeg, &["-ss", &format!("{from:.6}")]);
        command.args(["-vf", &chain::images(film, |_| "1".to_owned())]);
        command.args(ffmpeg.every_frame_once());
        command.args(["-frames:v", "1"]);
        let image = Decoder::start(command, film.layout())?.next()?;
        let this = |image: &Decoded| {
            let time = image.time.map_or(f64::MAX, |time| time + from);
            (time - self.time).abs() < self.step / 2.0
        };
        Ok(image.filter(this).map(|image| image.image))
    }
}

impl Stream {
    /// Starts to decode the film for its frames of these times, in ticks of its clock, whole.
    ///
    /// They are told by their time, which is the same however often a film is decoded, while numbers
    /// begin anew wherever its format changes. Where the clock is not `steady` and times tell nothing, ffmpeg is
    /// made to count: a rate of one frame a second takes the place of the film's clock.
    fn start(ffmpeg: &Ffmpeg, film: &Film, ticks: &[i64], steady: bool) -> Result<Self> {
        let chain = chain::images(film, |variable| select::expression(variable, ticks));
        let counted: &[&str] = if steady { &[] } else { &["-r", "1"] };
        let mut command = film.reading(ffmpeg, counted);
        command.args(ffmpeg.every_frame_once());
        let layout = film.layout();
        if chain.len() <= LONGEST {
            command.args(["-vf", &chain]);
            return Decoder::start(command, layout).map(Self::of);
        }
        let mut script = NamedTempFile::new().context("filter chain")?;
        script.write_all(chain.as_bytes()).context("filter chain")?;
        command.arg(ffmpeg.chain_file_flag()).arg(script.path());
        let decoder = Decoder::start(command, layout)?;
        Ok(Self::of(decoder.with_file(script)))
    }

    fn of(decoder: Decoder) -> Self {
        Self {
            decoder,
            next: None,
            over: false,
        }
    }

    /// The image of a frame; none if it is uncertain and does not come.
    fn take(&mut self, expected: Expected) -> Result<Option<RgbImage>> {
        loop {
            let image = match self.next.take() {
                Some(image) => Some(image),
                None if self.over => return Ok(None),
                None => self.decoder.next()?,
            };
            let Some(image) = image else {
                self.over = true;
                let complaints = self.decoder.end()?.complaints;
                if expected.uncertain && complaints.signal.is_none() {
                    return Ok(None);
                }
                bail!("ffmpeg ended before this frame: {}", complaints.words());
            };
            let found = image.time.unwrap_or(expected.time);
            if (found - expected.time).abs() <= expected.off {
                return Ok(Some(image.image));
            }
            ensure!(
                expected.uncertain,
                "ffmpeg returned the frame at {found:.3} s instead of {:.3} s",
                expected.time
            );
            if found > expected.time {
                self.next = Some(image);
                return Ok(None);
            }
        }
    }
}
