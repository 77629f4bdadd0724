//! Which images stand for which.

use std::collections::HashMap;

use rayon::prelude::*;

use crate::decided::Decided;
use crate::image::{Hashes, Image};
use crate::index::Index;

/// Images of one shot are compared one by one up to this many; then the index is faster.
pub(crate) const FEW: usize = 20_000;

/// Images that are compared at once, on all cores, with those kept so far. What it is changes no
/// answer.
const BLOCK: usize = 4096;

/// How near images of one group are, bits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// In one shot.
    pub(crate) within: u32,
    /// In different shots, or in no known shot.
    pub(crate) across: u32,
}

impl Limits {
    fn of(self, same_shot: bool) -> u32 {
        if same_shot {
            self.within.max(self.across)
        } else {
            self.across
        }
    }
}

/// An image of the older manifest or of this one, by its place there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Old(usize),
    New(usize),
}

/// An image that stands for its group, or seeks one that does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    pub(crate) place: Place,
    pub(crate) hashes: Hashes,
    pub(crate) shot: Option<u64>,
}

impl Kept {
    fn new(place: Place, hashes: Hashes, shot: Option<u64>) -> Self {
        Self {
            place,
            hashes,
            shot,
        }
    }
}

/// The image that stands for each image.
pub(crate) struct Groups {
    kept: Vec<Kept>,
    /// Of each new image the number of the kept one; none for images that are not compared.
    numbers: Vec<Option<u32>>,
    /// Images of each kept one, itself counted.
    sizes: Vec<u64>,
    /// Times of the first and the last new image of each kept one that are of its shot; none where it is alone.
    times: Vec<Option<[f64; 2]>>,
}

impl Groups {
    /// The image that stands for the new image at `at`, and how many images it stands for.
    pub(crate) fn of(&self, at: usize) -> Option<(Place, u64)> {
        let number = self.numbers[at]? as usize;
        Some((self.kept[number].place, self.sizes[number]))
    }

    /// From when to when the new image at `at` stands for its shot, if it is kept, and for others of it.
    pub(crate) fn times(&self, at: usize) -> Option<[f64; 2]> {
        let number = self.numbers[at]? as usize;
        self.times[number].filter(|_| self.kept[number].place == Place::New(at))
    }

    /// The images that are kept, old ones first.
    pub(crate) fn kept(&self) -> &[Kept] {
        &self.kept
    }
}

/// Groups the new images: best first, in this `order`, each is given to the nearest of the images kept so far that is
/// near enough, or is kept itself. All old images are kept. What a person has decided to differ is never near enough, and
/// what shows the same as one that is kept is given to it, however far it is.
pub(crate) fn groups(
    old: &[Image],
    new: &[Image],
    order: &[usize],
    limits: Limits,
    decided: &Decided,
) -> Groups {
    let mut search = Search::new(limits);
    for (at, image) in old.iter().enumerate() {
        if let Some(hashes) = image.hashes {
            search.keep(Kept::new(Place::Old(at), hashes, image.shot));
        }
    }
    let mut numbers = vec![None; new.len()];
    let all: Vec<_> = { order.iter() }
        .filter_map(|at| new[*at].kept_at(*at))
        .collect();
    let twins = Twins::of(new, decided);
    let id = |place: Place| match place {
        Place::Old(at) => &old[at].id,
        Place::New(at) => &new[at].id,
    };
    for block in all.chunks(BLOCK) {
        let before = search.kept.len();
        let nearest: Vec<_> = block
            .par_iter()
            .map(|sought| search.nearest(sought))
            .collect();
        for (sought, nearest) in block.iter().zip(nearest) {
            // What was kept since the block began was not seen then.
            let nearest = nearer(nearest, search.nearest_since(sought, before));
            let Place::New(at) = sought.place else {
                continue;
            };
            let others = decided.apart_from(&new[at].id);
            let nearest = if others.is_empty() {
                nearest
            } else {
                search.nearest_but(sought, |kept| {
                    others.iter().any(|other| **other == **id(kept))
                })
            };
            let number =
                { twins.kept(at, &numbers, &search.kept) }.or(nearest.map(|(_, number)| number));
            numbers[at] = Some(number.unwrap_or_else(|| search.keep(*sought)));
        }
    }
    Groups {
        sizes: sizes(&search.kept, &numbers),
        times: times(&search.kept, &numbers, new),
        kept: search.kept,
        numbers,
    }
}

/// How many images each kept one stands for, itself counted.
fn sizes(kept: &[Kept], numbers: &[Option<u32>]) -> Vec<u64> {
    let is_old = |kept: &Kept| matches!(kept.place, Place::Old(_));
    let mut sizes: Vec<u64> = kept.iter().map(|kept| u64::from(is_old(kept))).collect();
    for number in numbers.iter().flatten() {
        sizes[*number as usize] += 1;
    }
    sizes
}

fn times(kept: &[Kept], numbers: &[Option<u32>], new: &[Image]) -> Vec<Option<[f64; 2]>> {
    let mut times = vec![[f64::INFINITY, f64::NEG_INFINITY]; kept.len()];
    for (number, image) in numbers.iter().zip(new) {
        if let Some(number) = number.map(|number| number as usize)
            && image.shot.is_some()
            && image.shot == kept[number].shot
        {
            // Of a time that is not known the other is the smaller and the larger.
            let [first, last] = times[number];
            times[number] = [first.min(image.time), last.max(image.time)];
        }
    }
    let times = times.into_iter();
    times
        .map(|[first, last]| (first < last).then_some([first, last]))
        .collect()
}

/// The places of the images that are compared, best first, and of equals the first.
pub(crate) fn best_first(new: &[Image]) -> Vec<usize> {
    let compared = |at: &usize| new[*at].hashes.is_some();
    let mut order: Vec<usize> = (0..new.len()).filter(compared).collect();
    order.sort_by(|first, second| new[*second].worth.compare(&new[*first].worth));
    order
}

impl Image {
    /// As one that is compared, at its place; none if it has no hashes.
    fn kept_at(&self, at: usize) -> Option<Kept> {
        Some(Kept::new(Place::New(at), self.hashes?, self.shot))
    }
}

/// Images that show the same, as a person has decided.
struct Twins(HashMap<usize, Vec<usize>>);

impl Twins {
    fn of(new: &[Image], decided: &Decided) -> Self {
        let same = |image: &Image| decided.same_as(&image.id).to_vec();
        let named: HashMap<&str, usize> = { new.iter().enumerate() }
            .filter(|(_, image)| !decided.same_as(&image.id).is_empty())
            .map(|(at, image)| (&*image.id, at))
            .collect();
        let places = |at: &usize| {
            let others = same(&new[*at]);
            let others = others
                .iter()
                .filter_map(|id| named.get(id.as_str()).copied());
            others.collect()
        };
        Self(named.values().map(|at| (*at, places(at))).collect())
    }

    /// The number of the twin of an image that is kept so far.
    fn kept(&self, at: usize, numbers: &[Option<u32>], kept: &[Kept]) -> Option<u32> {
        let twins = self.0.get(&at)?.iter();
        let stands = |twin: &usize| {
            let number = numbers[*twin]?;
            (kept[number as usize].place == Place::New(*twin)).then_some(number)
        };
        twins.filter_map(stands).min()
    }
}

/// The images kept so far.
struct Search {
    limits: Limits,
    kept: Vec<Kept>,
    index: Index,
    /// The numbers of the kept images of each shot.
    shots: HashMap<u64, Vec<u32>>,
}

/// A distance in bits and the number of a kept image, the nearest being the smallest.
type Near = Option<(u32, u32)>;

impl Search {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            kept: Vec::new(),
            index: Index::new(),
            shots: HashMap::new(),
        }
    }

    /// Keeps an image, and returns its number.
    fn keep(&mut self, kept: Kept) -> u32 {
        let number = self.kept.len() as u32;
        self.kept.push(kept);
        self.index.add(kept.hashes.frequency);
        if let Some(shot) = kept.shot {
            self.shots.entry(shot).or_default().push(number);
        }
        number
    }

    /// The nearest kept image that is near enough.
    fn nearest(&self, sought: &Kept) -> Near {
        let mut nearest = None;
        let mut look = |number: usize| nearest = nearer(nearest, self.compare(sought, number));
        let shot = sought.shot.and_then(|shot| self.shots.get(&shot));
        let few = shot.is_none_or(|shot| shot.len() <= FEW);
        if let Some(shot) = shot.filter(|_| few) {
            for number in shot {
                look(*number as usize);
            }
        }
        let radius = if few {
            self.limits.across
        } else {
            self.limits.within.max(self.limits.across)
        };
        self.index.near(sought.hashes.frequency, radius, &mut look);
        nearest
    }

    /// The nearest that is near enough of those kept from number `first` on.
    fn nearest_since(&self, sought: &Kept, first: usize) -> Near {
        (first..self.kept.len()).fold(None, |nearest, number| {
            nearer(nearest, self.compare(sought, number))
        })
    }

    /// The nearest that is near enough of those kept so far but for some.
    fn nearest_but(&self, sought: &Kept, is_apart: impl Fn(Place) -> bool) -> Near {
        let others = (0..self.kept.len()).filter(|number| !is_apart(self.kept[*number].place));
        others.fold(None, |nearest, number| {
            nearer(nearest, self.compare(sought, number))
        })
    }

    /// The distance to a kept image, if it is near enough.
    fn compare(&self, sought: &Kept, number: usize) -> Near {
        let kept = &self.kept[number];
        let distance = sought.hashes.distance(kept.hashes);
        let same_shot = sought.shot.is_some() && sought.shot == kept.shot;
        (distance <= self.limits.of(same_shot)).then_some((distance, number as u32))
    }
}

fn nearer(first: Near, second: Near) -> Near {
    match (first, second) {
        (Some(first), Some(second)) => Some(first.min(second)),
        (first, second) => first.or(second),
    }
}
