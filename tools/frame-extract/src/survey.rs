//! A look at images from all over the film, before all of it is decoded: what most of them are
//! like, and the letterbox.

use std::collections::BTreeMap;

use stage::{Context, Result};
use vision::resize::{PilFilter, pil};

use crate::chain;
use crate::decoder::{Decoded, Decoder, Layout};
use crate::ffmpeg::Ffmpeg;
use crate::film::{Film, KEYFRAMES};
use crate::lines::{Colour, Shown};
use footage::letterbox::{self, Rectangle, Vote};

/// How many images decide on the letterbox.
const IMAGES: f64 = 200.0;

/// Keyframes that decide alone, whatever they say. Fewer decide if they agree; else frames in between have a vote.
const ENOUGH: usize = 100;

/// Seconds between the images of a film that does not say how long it is.
const BETWEEN: f64 = 2.0;

/// Images of a size count that are at least one for this many of the most common size.
const OFTEN: usize = 4;

/// What was seen.
#[derive(Default)]
struct Seen {
    /// How many images there were.
    count: usize,
    /// The votes on the letterbox of those that are bright enough, by the images' shape.
    votes: BTreeMap<(u32, u32), Vec<Vote>>,
    /// Images of each size and shape of pixels: how many, and the first with its time.
    kinds: BTreeMap<(u32, u32), (usize, Shown, f64)>,
    interlaced: usize,
    colours: BTreeMap<Colour, usize>,
    /// Whether more frames are to vote.
    open: bool,
}

/// What the letterbox leaves of the images.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bars {
    /// Of most of them; none if there are no bars.
    pub(crate) crop: Option<Rectangle>,
    /// Of those of other shapes that have bars.
    pub(crate) others: Vec<((u32, u32), Rectangle)>,
    /// The votes for it, if they leave it in doubt, and frames that are decoded later are to vote as well.
    pub(crate) open: Option<Vec<Vote>>,
}

impl Bars {
    /// The same with these votes besides, and nothing in doubt.
    pub(crate) fn with(&self, votes: Vec<Vote>, size: (u32, u32)) -> Self {
        let mut all = self.open.clone().unwrap_or_default();
        all.extend(votes);
        Self {
            crop: letterbox::decide(&all, size),
            others: self.others.clone(),
            open: None,
        }
    }
}

/// Looks at the film, corrects what its first image said of it, and returns what its letterbox
/// leaves of its images. What is in doubt may be left open if frames every `period` seconds are to vote on it.
pub(crate) fn look(ffmpeg: &Ffmpeg, film: &mut Film, period: f64) -> Result<Bars> {
    let mut seen = enough(ffmpeg, film, period)?;
    let most = seen.kinds.values().map(|(count, ..)| *count).max();
    let common = seen
        .kinds
        .iter()
        .filter(|(_, kind)| Some(OFTEN * kind.0) >= most);
    let largest = common.max_by_key(|((width, height), _)| u64::from(*width) * u64::from(*height));
    if let Some((_, (_, shown, time))) = largest {
        let (alpha, size) = (film.view.alpha, film.view.size);
        film.look_like(shown, *time)?;
        film.view.alpha |= alpha;
        if film.view.size != size {
            seen = enough(ffmpeg, film, period)?;
        }
    }
    film.view.interlaced |= seen.interlaced > 0;
    if let Some((colour, _)) = seen.colours.iter().max_by_key(|(_, count)| **count) {
        film.view.colour = colour.clone();
    }
    warn_of_colours(film, &seen.colours);
    let mut crops = BTreeMap::new();
    for (shape, votes) in &seen.votes {
        let crop = letterbox::decide(votes, *shape);
        log::info!(
            "{}: {}, from {} of {} frames",
            film.path.display(),
            crop.map_or("no bars".to_owned(), |crop| format!(
                "image inside bars is {crop}"
            )),
            votes.len(),
            seen.count
        );
        crops.extend(crop.map(|crop| (*shape, crop)));
    }
    let open = seen.open.then(|| seen.votes.remove(&film.view.size));
    Ok(Bars {
        crop: crops.remove(&film.view.size),
        others: crops.into_iter().collect(),
        open: open.flatten(),
    })
}

fn warn_of_colours(film: &Film, colours: &BTreeMap<Colour, usize>) {
    let others = colours.keys().filter(|&one| *one != film.view.colour);
    let differ = |one: &&Colour| one.conversion(film.view.rows) != film.conversion();
    let others: Vec<String> = others.filter(differ).map(Colour::words).collect();
    if !others.is_empty() {
        log::warn!(
            "{}: its colours change: most frames are {}, some are {}, and all are read as the former",
            film.path.display(),
            film.view.colour.words(),
            others.join(", ")
        );
    }
}

/// Looks at keyframes if there are enough of them or they agree, or if enough frames at the ticks are to vote later;
/// else at all frames.
fn enough(ffmpeg: &Ffmpeg, film: &Film, period: f64) -> Result<Seen> {
    let before: &[&str] = if film.keyframes { &[] } else { &KEYFRAMES };
    let mut seen = images(ffmpeg, film, before)?;
    if film.keyframes || seen.count >= ENOUGH || seen.agree(film.view.size) {
        return Ok(seen);
    }
    let one_kind = seen.kinds.len() == 1 && seen.interlaced == 0 && !film.view.interlaced;
    let ticks = film.duration.map_or(0.0, |seconds| seconds / period);
    seen.open = one_kind && seen.count as f64 + ticks >= ENOUGH as f64;
    if seen.open {
        return Ok(seen);
    }
    log::info!(
        "{}: {} keyframes do not agree on the letterbox: all frames are looked at",
        film.path.display(),
        seen.count
    );
    images(ffmpeg, film, &[])
}

fn images(ffmpeg: &Ffmpeg, film: &Film, before: &[&str]) -> Result<Seen> {
    let seconds = film.duration.map_or(BETWEEN, |seconds| seconds / IMAGES);
    let mut command = film.reading(ffmpeg, before);
    command.args(["-vf", &chain::sparse(film, seconds)]);
    command.args(ffmpeg.every_frame_once());
    let layout = Layout {
        twice: false,
        ..film.layout()
    };
    let mut decoder = Decoder::start(command, layout).context("letterbox")?;
    let mut seen = Seen::default();
    while let Some(image) = decoder.next()? {
        seen.add(film, &image)?;
    }
    seen.colours = decoder.finish()?.colours;
    Ok(seen)
}

impl Seen {
    /// Whether all images are of this shape, and leave no doubt about its letterbox.
    fn agree(&self, shape: (u32, u32)) -> bool {
        self.kinds.len() == 1
            && self
                .votes
                .get(&shape)
                .is_some_and(|votes| letterbox::agree(votes))
    }

    fn add(&mut self, film: &Film, image: &Decoded) -> Result<()> {
        let (shown, time) = (&image.shown, image.time.unwrap_or(0.0));
        self.count += 1;
        self.interlaced += usize::from(shown.interlaced);
        let shape = film.shape(shown, time);
        let own = film.own_size(shown, time);
        let first = || (0, shown.clone(), time);
        self.kinds.entry(own).or_insert_with(first).0 += 1;
        let vote = if shape == film.view.size {
            letterbox::vote(&image.image)
        } else {
            let shaped = pil(&image.image, shape.0, shape.1, PilFilter::Bilinear);
            letterbox::vote(&shaped.context("letterbox")?)
        };
        if let Some(vote) = vote {
            self.votes.entry(shape).or_default().push(vote);
        } else {
            self.votes.entry(shape).or_default();
        }
        Ok(())
    }
}
