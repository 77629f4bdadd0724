//! A look at images from all over the film, before all of it is decoded: what most of them are
//! like, and the letterbox.

use std::collections::BTreeMap;

use stage::{Context, Result};
use vision::resize::{PilFilter, pil};

use crate::chain;
use crate::decoder::{Decoder, Layout, Picture};
use crate::ffmpeg::Ffmpeg;
use crate::film::Film;
use crate::lines::{Colour, Shown};
use footage::letterbox::{self, Rectangle, Vote};

/// How many images decide on the letterbox.
const PICTURES: f64 = 200.0;

/// The fewest keyframes that decide alone; with fewer, all frames are decoded for this.
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
}

/// Looks at the film, corrects what its first image said of it, and returns what its letterbox
/// leaves of each shape of images that has one.
pub(crate) fn look(ffmpeg: &Ffmpeg, film: &mut Film) -> Result<BTreeMap<(u32, u32), Rectangle>> {
    let mut seen = enough(ffmpeg, film)?;
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
            seen = enough(ffmpeg, film)?;
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
    Ok(crops)
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

/// Looks at keyframes if there are enough of them, else at all frames.
fn enough(ffmpeg: &Ffmpeg, film: &Film) -> Result<Seen> {
    let seen = pictures(ffmpeg, film, &["-skip_frame", "nokey"])?;
    if seen.count < ENOUGH {
        return pictures(ffmpeg, film, &[]);
    }
    Ok(seen)
}

fn pictures(ffmpeg: &Ffmpeg, film: &Film, before: &[&str]) -> Result<Seen> {
    let seconds = film.duration.map_or(BETWEEN, |seconds| seconds / PICTURES);
    let mut command = film.reading(ffmpeg, before);
    command.args(["-vf", &chain::sparse(film, seconds)]);
    ffmpeg.every_frame_once(&mut command);
    let layout = Layout {
        size: film.view.size,
        alpha: film.view.alpha,
        twice: false,
    };
    let mut decoder = Decoder::start(command, layout).context("letterbox")?;
    let mut seen = Seen::default();
    while let Some(picture) = decoder.next()? {
        seen.add(film, &picture)?;
    }
    seen.colours = decoder.finish()?.colours;
    Ok(seen)
}

impl Seen {
    fn add(&mut self, film: &Film, picture: &Picture) -> Result<()> {
        let (shown, time) = (&picture.shown, picture.time.unwrap_or(0.0));
        self.count += 1;
        self.interlaced += usize::from(shown.interlaced);
        let shape = film.shape(shown, time);
        let own = film.own_size(shown, time);
        let first = || (0, shown.clone(), time);
        self.kinds.entry(own).or_insert_with(first).0 += 1;
        let vote = if shape == film.view.size {
            letterbox::vote(&picture.image)
        } else {
            let shaped = pil(&picture.image, shape.0, shape.1, PilFilter::Bilinear);
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
