//! The pass over the whole film: every frame small, for its shots, and beside that the whole images of the frames at
//! the ticks, which are written on the way.
//!
//! What cannot be known before the film is over is seen to afterwards: a shot that no tick met has its frame decoded by
//! itself, and images that turn out to have been made wrongly (a film that is interlaced from some time on, or changes
//! its shape) are made again.

use std::process::Command;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use footage::figures::{Figures, Measure, SMALL, Small};
use footage::letterbox::{self, Rectangle, Vote};
use nets::shot::{self, Detector, Scores};
use stage::manifest::rounded;
use stage::{Flow, Result};
use vision::RgbImage;

use crate::clock::Clock;
use crate::decoder::{Complaints, Decoded, Decoder};
use crate::extract::Trouble;
use crate::ffmpeg::Ffmpeg;
use crate::film::Film;
use crate::folder::Folder;
use crate::options::Settings;
use crate::sample::Ticks;
use crate::whole::{Taken, Whole};
use crate::{chain, images};

/// How long a film that does not say is taken to be, in seconds.
const UNKNOWN: f64 = 3600.0;

/// The finest clock, in seconds a tick, of which a time with six decimals tells every tick.
const FINEST: f64 = 2e-6;

/// Whole images that wait for a thread to write them.
const WAITING: usize = 2;

/// The images that are written on the way.
#[derive(Debug)]
pub(crate) struct Writing {
    /// Where they go.
    pub(crate) folder: Folder,
    /// What they are made with.
    pub(crate) settings: Settings,
    /// Seconds from tick to tick.
    pub(crate) period: f64,
    /// What the images say of the letterbox, if that is asked of them.
    pub(crate) votes: Option<Mutex<Vec<Vote>>>,
}

/// An image on its way to a thread that writes it.
struct Handed {
    image: RgbImage,
    taken: Taken,
    /// Whether it is in the folder already, and is wanted for its vote alone.
    there: bool,
}

/// What is gathered of the frames.
#[derive(Default)]
pub(crate) struct Gathered {
    /// The film's clock.
    pub(crate) clock: Clock,
    measure: Measure,
    /// Presentation time of every frame, in seconds.
    pub(crate) times: Vec<f64>,
    /// What the rules go by.
    pub(crate) frames: Vec<Figures>,
    /// The frames themselves, small, if only keyframes come.
    pub(crate) keyframes: Vec<Small>,
    /// From which frame on images have which shape.
    pub(crate) shapes: Vec<(usize, (u32, u32))>,
    tick: Option<f64>,
    /// Whether any frame is flagged as interlaced.
    pub(crate) interlaced: bool,
    /// What the network says, if one is asked.
    pub(crate) scores: Option<Scores>,
}

impl Gathered {
    fn add(&mut self, film: &Film, image: &Decoded) {
        let raw = image.time.unwrap_or(0.0);
        let ticks = image.shown.ticks.filter(|&ticks| ticks != 0);
        self.tick = self.tick.or(ticks.map(|ticks| raw / ticks as f64));
        let shape = film.shape(&image.shown, raw);
        if self.shapes.last().is_none_or(|&(_, last)| last != shape) {
            self.shapes.push((self.times.len(), shape));
        }
        self.interlaced |= image.shown.interlaced;
        self.times.push(rounded(self.clock.next(image.time), 6));
        let small = Small::of(&image.image);
        if film.keyframes {
            self.keyframes.push(small);
        } else {
            self.frames.push(self.measure.next(small));
        }
    }

    /// The film's tick, if every frame can be told by its time.
    pub(crate) fn steady_tick(&self) -> Option<f64> {
        self.tick
            .filter(|&tick| !self.clock.unsteady && tick >= FINEST)
    }
}

/// Decodes the whole film, and returns what was gathered of its frames and what ffmpeg complained of; with `writing`,
/// images are written as they come.
pub(crate) fn over(
    ffmpeg: &Ffmpeg,
    film: &Film,
    crop: Option<Rectangle>,
    writing: Option<&Writing>,
    detector: Option<&mut Detector>,
    flow: &mut Flow,
) -> Result<(Gathered, Complaints)> {
    let Some(writing) = writing else {
        let mut command = film.reading(ffmpeg, &[]);
        command.args(["-vf", &chain::small(film, crop, SMALL)]);
        command.args(ffmpeg.every_frame_once());
        let decoder = Decoder::start(command, film.small_layout(SMALL))?;
        return gather(decoder, film, detector, flow, &Trouble::default());
    };
    let ticks = Ticks::new(writing.period);
    let mut command: Command = film.decoding(ffmpeg, &[]);
    let graph = chain::both(film, crop, SMALL, &ticks.expression());
    command.args(["-filter_complex", &graph]);
    let layouts = (film.small_layout(SMALL), film.layout());
    let (decoder, whole) =
        Decoder::start_both(command, &ffmpeg.every_frame_once(), layouts, ticks)?;
    let trouble = Trouble::default();
    let (sender, images) = sync_channel(WAITING);
    let images = Mutex::new(images);
    let threads = flow.jobs();
    let gathered = thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| writing.write_all(film, &images, &trouble));
        }
        let (mut whole, trouble) = (whole, &trouble);
        // The sender goes with this thread, and with it the others.
        scope.spawn(move || writing.hand_over(film, &mut whole, &sender, trouble));
        gather(decoder, film, detector, flow, trouble)
    });
    trouble.check()?;
    gathered
}

fn gather(
    mut decoder: Decoder,
    film: &Film,
    mut detector: Option<&mut Detector>,
    flow: &mut Flow,
    trouble: &Trouble,
) -> Result<(Gathered, Complaints)> {
    let mut gathered = Gathered::default();
    flow.expect(film.duration.unwrap_or(UNKNOWN) as u64);
    while let Some(image) = decoder.next()? {
        trouble.check()?;
        let before = gathered.times.last().copied().unwrap_or(0.0);
        gathered.add(film, &image);
        if let Some(detector) = &mut detector {
            detector.push(&shot::frame(&image.image)?)?;
        }
        if gathered
            .times
            .last()
            .is_some_and(|time| time.floor() > before.floor())
        {
            flow.advance();
        }
    }
    gathered.scores = detector.map(Detector::finish).transpose()?;
    Ok((gathered, decoder.finish()?.complaints))
}

impl Writing {
    /// Hands the images of chosen frames that are not there yet, or are to vote, to the threads that write them.
    ///
    /// An image that is cut short is the end: ffmpeg has ended, and says why elsewhere.
    fn hand_over(
        &self,
        film: &Film,
        whole: &mut Whole,
        sender: &SyncSender<Handed>,
        trouble: &Trouble,
    ) {
        while let Ok(Some((image, taken))) = whole.next() {
            let Some(taken) = taken else { continue };
            let path = self.folder.image(film.number(taken.frame, taken.time));
            let there = vision::decode::looks_whole(&path);
            let wanted = !there || self.votes.is_some();
            let handed = || Handed {
                image,
                taken,
                there,
            };
            if trouble.is_there() || (wanted && sender.send(handed()).is_err()) {
                return;
            }
        }
    }

    /// Writes images until there are no more.
    fn write_all(&self, film: &Film, images: &Mutex<Receiver<Handed>>, trouble: &Trouble) {
        loop {
            let next = images.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(Handed {
                image,
                taken,
                there,
            }) = next
            else {
                return;
            };
            let shape = film.shape(&taken.shown, taken.time);
            // What is known of other shapes, and of interlaced films, is known at the end.
            if trouble.is_there() || shape != film.view.size || taken.shown.interlaced {
                continue;
            }
            if let Some(votes) = &self.votes
                && let Some(vote) = letterbox::vote(&image)
            {
                votes
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(vote);
            }
            if there {
                continue;
            }
            let number = film.number(taken.frame, taken.time);
            let written = images::write(&self.folder, &self.settings, number, shape, &image);
            if let Err(error) = written {
                trouble.set(error);
            }
        }
    }
}
