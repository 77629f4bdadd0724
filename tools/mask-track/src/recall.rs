//! Tracks by a network with a memory: each character is followed forward and backward from the frame where
//! the detector is surest of it.

use nets::sam::OFFSET;
use nets::track::{Bank, Features, Found, Memory, Tracker, Way};
use stage::{Result, log};
use vision::mask::Rle;

use crate::shot::{Frame, Place, Track};

/// A mask of less predicted quality founds no track.
const QUALITY: f32 = 0.6;

/// Nor does one that fills less of its box: who runs, with arms and legs apart, fills a third.
const FILLED: f64 = 0.25;

/// A detection is that of a track where their masks overlap by this, intersection over union
/// (`high_conf_thresh` and `assoc_iou_thresh` of transformers' `Sam3VideoConfig`).
const SAME: f64 = 0.5;

/// How characters are followed.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub(crate) struct Settings {
    /// Seconds after which a character that is not there is given up.
    pub(crate) gap: f64,
    /// The score of a detection that may set a track right.
    pub(crate) sure: f64,
    /// The logit over which a pixel is in a mask.
    pub(crate) cut: f32,
}

/// A character that is followed.
struct Object {
    /// Its detections: frame and place among the frame's things.
    things: Vec<(usize, usize)>,
    /// The frame where it was prompted first.
    seed: usize,
    bank: Bank<Memory>,
    places: Track,
    /// The track that it turned out to be.
    joined: Option<usize>,
    /// The frame in which it was there last, in the direction of travel.
    last: usize,
    is_over: bool,
}

/// The tracks of a shot: `linked` are those by overlap, whose surest detection each is prompted with. One
/// that was seen once, and faintly, is not followed.
pub(crate) fn follow(
    frames: &[Frame],
    linked: Vec<Track>,
    tracker: &mut Tracker,
    settings: Settings,
) -> Result<Vec<Track>> {
    let mut follower = Follower {
        frames,
        tracker,
        settings,
        objects: linked.iter().map(|track| object(track, frames)).collect(),
    };
    let worth = |track: &Track| {
        let surest = things(track).map(|(at, thing)| frames[at].things[thing].score);
        track.len() > 1 || surest.fold(0.0, f64::max) >= settings.sure || frames.len() < 3
    };
    for (object, track) in follower.objects.iter_mut().zip(&linked) {
        object.is_over = !worth(track);
    }
    follower.go(Way::Forward)?;
    follower.go(Way::Backward)?;
    Ok(follower.tracks(linked))
}

fn things(track: &Track) -> impl Iterator<Item = (usize, usize)> + '_ {
    track
        .iter()
        .filter_map(|(at, place)| Some((*at, place.thing?)))
}

fn object(track: &Track, frames: &[Frame]) -> Object {
    let things: Vec<(usize, usize)> = things(track).collect();
    let score = |(at, thing): &(usize, usize)| frames[*at].things[*thing].score;
    let surest = { things.iter().rev() }.max_by(|a, b| score(a).total_cmp(&score(b)));
    let seed = surest.map_or(0, |(at, _)| *at);
    Object {
        things,
        seed,
        bank: Bank::default(),
        places: Track::new(),
        joined: None,
        last: seed,
        is_over: false,
    }
}

struct Follower<'a> {
    frames: &'a [Frame],
    tracker: &'a mut Tracker,
    settings: Settings,
    objects: Vec<Object>,
}

impl Follower<'_> {
    /// Goes through the shot in one direction. Each frame is encoded once, for all that are in it.
    fn go(&mut self, way: Way) -> Result<()> {
        for object in &mut self.objects {
            object.bank.turn();
            object.last = object.seed;
            // Whoever was given up on the way forward may have been there before.
            object.is_over = object.joined.is_some() || object.is_over && object.places.is_empty();
        }
        let count = self.frames.len();
        let order: Vec<usize> = match way {
            Way::Forward => (0..count).collect(),
            Way::Backward => (0..count).rev().collect(),
        };
        for at in order {
            let wanted: Vec<usize> = { 0..self.objects.len() }
                .filter(|which| self.is_wanted(*which, at, way))
                .collect();
            if wanted.is_empty() {
                continue;
            }
            let scaled = Tracker::scaled(self.tracker.side(), &self.frames[at].image()?)?;
            let seen = self.tracker.encode(&scaled)?;
            // Those that are on their way come before those that begin here and may be one of them.
            let (begin, go_on): (Vec<usize>, Vec<usize>) =
                { wanted.into_iter() }.partition(|which| self.objects[*which].seed == at);
            for which in go_on {
                self.follow(which, at, way, &seen)?;
            }
            for which in begin {
                self.begin(which, at, &seen)?;
            }
        }
        Ok(())
    }

    fn is_wanted(&self, which: usize, at: usize, way: Way) -> bool {
        let object = &self.objects[which];
        let is_ahead = match way {
            Way::Forward => object.seed <= at,
            Way::Backward => object.seed > at,
        };
        is_ahead && !object.is_over && object.joined.is_none()
    }

    /// Prompts an object with its surest detection, unless another is followed to it.
    fn begin(&mut self, which: usize, at: usize, seen: &Features) -> Result<()> {
        let Some((_, thing)) =
            { self.objects[which].things.iter().copied() }.find(|(own, _)| *own == at)
        else {
            return Ok(());
        };
        let rect = self.frames[at].things[thing].rect;
        let found = self.tracker.prompt(seen, rect)?;
        let place = self.place(&found, Some(thing))?;
        let filled = place.mask.area() as f64 / rect.area().max(1.0);
        if found.presence <= 0.0 || found.iou < QUALITY || filled < FILLED {
            log::debug!(
                "{}: box {rect} shows nothing to follow: quality {:.2}, fills {filled:.2}",
                self.frames[at].path.display(),
                found.iou
            );
            self.objects[which].is_over = true;
            return Ok(());
        }
        if let Some(other) = self.owner(which, at, &place.mask) {
            self.join(which, other);
            return Ok(());
        }
        let memory = self.tracker.remember(seen, &found, true)?;
        let object = &mut self.objects[which];
        object.bank.prompt(at, memory);
        object.places.insert(at, place);
        Ok(())
    }

    /// Follows an object into a frame, and sets it right where a sure detection says otherwise.
    fn follow(&mut self, which: usize, at: usize, way: Way, seen: &Features) -> Result<()> {
        let count = self.frames.len();
        let bank = &self.objects[which].bank;
        let found = self.tracker.follow(seen, bank, (at, way, count))?;
        let mut place = self.place(&found, None)?;
        let own = { self.objects[which].things.iter() }.find(|(frame, _)| *frame == at);
        let own = own.map(|(_, thing)| *thing);
        if let Some(thing) = own {
            let detected = &self.frames[at].things[thing];
            let agrees = detected.iou(&place) >= SAME;
            if !agrees && detected.score >= self.settings.sure {
                let again = self.tracker.prompt(seen, detected.rect)?;
                if again.presence > 0.0 && again.iou >= QUALITY {
                    let place = self.place(&again, Some(thing))?;
                    let memory = self.tracker.remember(seen, &again, true)?;
                    let object = &mut self.objects[which];
                    object.bank.prompt(at, memory);
                    object.places.insert(at, place);
                    object.last = at;
                    return Ok(());
                }
            }
            place.thing = Some(thing).filter(|_| agrees);
        }
        let is_there = found.presence > 0.0 && place.mask.area() > 0;
        // On the way back it may come to where another was followed already: they are one.
        let twin = is_there
            .then(|| self.owner(which, at, &place.mask))
            .flatten();
        if let Some(other) = twin.filter(|_| way == Way::Backward) {
            self.join(which, other);
            return Ok(());
        }
        let memory = self.tracker.remember(seen, &found, false)?;
        let gone = (self.frames[at].time - self.frames[self.objects[which].last].time).abs();
        let object = &mut self.objects[which];
        object.bank.follow(at, way, memory);
        if is_there {
            object.places.insert(at, place);
            object.last = at;
        } else if gone > self.settings.gap {
            object.is_over = true;
        }
        Ok(())
    }

    /// The mask of an answer, as a place.
    fn place(&self, found: &Found, thing: Option<usize>) -> Result<Place> {
        let cut = found.logits.cut(self.settings.cut, OFFSET)?;
        Ok(Place {
            thing,
            mask: Rle::encode(&cut.mask),
            is_new: true,
            quality: Some(f64::from(found.iou)),
        })
    }

    /// Another object that has this mask in a frame.
    fn owner(&self, which: usize, at: usize, mask: &Rle) -> Option<usize> {
        let mut others = { self.objects.iter().enumerate() }
            .filter(|(other, object)| *other != which && object.joined.is_none());
        let has = |object: &Object| {
            let place = object.places.get(&at);
            place.is_some_and(|place| place.mask.iou(mask).is_ok_and(|iou| iou >= SAME))
        };
        others
            .find(|(_, object)| has(object))
            .map(|(other, _)| other)
    }

    /// One object turns out to be another: it hands over its detections, and the places where the other is
    /// not.
    fn join(&mut self, which: usize, other: usize) {
        let object = &mut self.objects[which];
        object.joined = Some(other);
        let (things, places) = (
            std::mem::take(&mut object.things),
            std::mem::take(&mut object.places),
        );
        let other = &mut self.objects[other];
        other.things.extend(things);
        for (at, place) in places {
            other.places.entry(at).or_insert(place);
        }
    }

    /// The tracks: of each object its places, with the detections that are those; what was not followed
    /// stays as it was linked.
    fn tracks(self, linked: Vec<Track>) -> Vec<Track> {
        let mut free: Vec<Vec<bool>> = { self.frames.iter() }
            .map(|frame| vec![true; frame.things.len()])
            .collect();
        let mut tracks = Vec::new();
        for object in &self.objects {
            if object.places.is_empty() {
                continue;
            }
            let mut places = object.places.clone();
            for (at, place) in &mut places {
                let things = self.frames[*at].things.iter().enumerate();
                let overlap = |(thing, own): (usize, &crate::shot::Thing)| {
                    let iou = own.iou(place);
                    (free[*at][thing] && iou >= SAME).then_some((iou, thing))
                };
                let best = things
                    .filter_map(overlap)
                    .max_by(|a, b| a.0.total_cmp(&b.0));
                let own = place.thing.filter(|thing| free[*at][*thing]);
                place.thing = own.or(best.map(|(_, thing)| thing));
                if let Some(thing) = place.thing {
                    free[*at][thing] = false;
                }
            }
            tracks.push(places);
        }
        for track in linked {
            // A box without a mask that was not followed leaves nothing.
            let is_left = |(at, place): &(usize, Place)| {
                let has_mask = |thing: usize| self.frames[*at].things[thing].mask.is_some();
                { place.thing }.is_some_and(|thing| free[*at][thing] && has_mask(thing))
            };
            let left: Track = track.into_iter().filter(is_left).collect();
            if !left.is_empty() {
                tracks.push(left);
            }
        }
        tracks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vision::Rect;

    #[test]
    fn the_surest_detection_is_the_seed() {
        let frame = |score: f64| Frame {
            time: 0.0,
            path: std::path::PathBuf::new(),
            size: (4, 4),
            is_searched: true,
            things: vec![crate::shot::Thing {
                index: 0,
                rect: Rect::from([0.0, 0.0, 2.0, 2.0]),
                score,
                quality: None,
                label: None,
                mask: None,
            }],
        };
        let frames = [frame(0.5), frame(0.9), frame(0.9), frame(0.2)];
        let mask =
            vision::mask::Mask::from_fn(4, 4, |x, y| x < 2 && y < 2).map(|mask| Rle::encode(&mask));
        let track: Track = { mask.into_iter() }
            .flat_map(|mask| (0..4).map(move |at| (at, mask.clone())))
            .map(|(at, mask)| {
                (
                    at,
                    Place {
                        thing: Some(0),
                        mask,
                        is_new: false,
                        quality: None,
                    },
                )
            })
            .collect();
        assert_eq!(object(&track, &frames).seed, 1, "the first of equal ones");
    }
}
