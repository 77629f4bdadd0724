//! Tracks without a network that has a memory: detections are linked, and a segmenter is asked again where
//! one is missing between others, or where its mask flickers.

use std::collections::BTreeMap;

use nets::sam::{Embedding, OFFSET, Prompt, Segmenter, best};
use rayon::prelude::*;
use stage::Result;
use vision::mask::{Mask, Rle};
use vision::{Rect, RgbImage};

use crate::link::{Sight, link};
use crate::looks::Looks;
use crate::shot::{Frame, Place, Track, between};

/// A mask that is filled in must look like its track by at least this, 0 to 1.
const ALIKE: f64 = 0.5;

/// Beyond the ends of a track, where nothing says that the character is still there, by this.
const ALIKE_BEYOND: f64 = 0.65;

/// A mask that is filled in has at least this share of the area that is expected, and at most its inverse.
const AREA: f64 = 0.45;

/// It may share this much of its pixels with other tracks.
const TAKEN: f64 = 0.5;

/// A mask flickers if its area is less than this share of those before and after it, or the inverse.
const FLICKER: f64 = 0.6;

/// How detections are followed.
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub(crate) struct Settings {
    /// Seconds for which a character may be lost.
    pub(crate) gap: f64,
    /// Seconds beyond the ends of a track for which it is looked for.
    pub(crate) beyond: f64,
    /// By which share boxes are grown.
    pub(crate) grow: f64,
    /// The logit over which a pixel is in a mask.
    pub(crate) cut: f32,
}

/// A track as it is being made.
struct Growing {
    places: Track,
    /// What it looks like, in the frames where it was detected.
    looks: BTreeMap<usize, Looks>,
}

/// What was detected in a frame, each with its place among the frame's things.
type Sights = Vec<(usize, Sight)>;

/// The tracks of a shot. Without a segmenter detections are linked, and that is all.
pub(crate) fn follow(
    frames: &[Frame],
    segmenter: Option<&mut Segmenter>,
    settings: Settings,
) -> Result<Vec<Track>> {
    let mut segmenter = segmenter;
    let mut known = vec![None; frames.len()];
    let own;
    let frames = match segmenter.as_deref_mut() {
        Some(segmenter) => {
            own = segmented(frames, segmenter, settings, &mut known)?;
            &own
        }
        None => frames,
    };
    let looked = |(frame, known): (&Frame, Option<Sights>)| match known {
        Some(sights) => Ok(sights),
        None if frame.things.is_empty() => Ok(Sights::new()),
        None => Ok(sights(frame, &frame.image()?)),
    };
    let seen: Vec<Sights> = { frames.par_iter().zip(known) }
        .map(looked)
        .collect::<Result<_>>()?;
    let of_frames = { frames.iter().zip(&seen) }.map(|(frame, sights)| {
        let sights: Vec<Sight> = sights.iter().map(|(_, sight)| sight.clone()).collect();
        (frame.time, sights)
    });
    let numbers = link(&of_frames.collect::<Vec<_>>(), settings.gap);
    let mut tracks = grown(frames, seen, &numbers);
    if let Some(segmenter) = segmenter {
        let mut filler = Filler {
            frames,
            segmenter,
            settings,
        };
        filler.pass(&mut tracks, (0..frames.len()).collect(), true)?;
        filler.pass(&mut tracks, (0..frames.len()).rev().collect(), false)?;
    }
    Ok(tracks.into_iter().map(|track| track.places).collect())
}

/// The frames, with a mask of every box that had none. Those that had such boxes are decoded, and get what was
/// `seen` in them, so that they need not be once more.
fn segmented(
    frames: &[Frame],
    segmenter: &mut Segmenter,
    settings: Settings,
    seen: &mut [Option<Sights>],
) -> Result<Vec<Frame>> {
    let mut frames = frames.to_vec();
    for (frame, seen) in frames.iter_mut().zip(seen) {
        if frame.things.iter().all(|thing| thing.mask.is_some()) {
            continue;
        }
        let image = frame.image()?;
        let embedding = segmenter.encode(&image)?;
        let size = frame.size;
        for thing in frame.things.iter_mut().filter(|thing| thing.mask.is_none()) {
            if let Some((mask, quality)) = asked(segmenter, &embedding, thing.rect, size, settings)?
            {
                (thing.mask, thing.quality) = (Some(mask), Some(quality));
            }
        }
        *seen = Some(sights(frame, &image));
    }
    Ok(frames)
}

/// The mask of what is in a box, and its predicted quality.
fn asked(
    segmenter: &mut Segmenter,
    embedding: &Embedding,
    rect: Rect<f64>,
    (width, height): (u32, u32),
    settings: Settings,
) -> Result<Option<(Rle, f64)>> {
    let grown = rect.grow(rect.width() * settings.grow, rect.height() * settings.grow);
    let inside = grown.clip(width.into(), height.into());
    if inside.is_empty() {
        return Ok(None);
    }
    let answers = segmenter.predict(embedding, &[Prompt::of_box(inside)])?;
    let Some(candidate) = answers.into_iter().next().and_then(best) else {
        return Ok(None);
    };
    let cut = candidate.logits.cut(settings.cut, OFFSET)?;
    let runs = Rle::encode(&cut.mask);
    Ok((runs.area() > 0).then_some((runs, f64::from(candidate.iou))))
}

/// What was detected in a frame of this image; a box without a mask counts whole.
fn sights(frame: &Frame, image: &RgbImage) -> Sights {
    let sight = |(at, thing): (usize, &crate::shot::Thing)| {
        let runs = match &thing.mask {
            Some(runs) => runs.clone(),
            None => Rle::encode(&filled(thing.rect, frame.size).ok()?),
        };
        let sight = Sight {
            rect: runs.bounding_box()?.map(f64::from),
            looks: Looks::of(image, &runs.decode().ok()?),
            mask: runs,
        };
        Some((at, sight))
    };
    frame.things.iter().enumerate().filter_map(sight).collect()
}

/// A box as a mask.
fn filled(rect: Rect<f64>, (width, height): (u32, u32)) -> vision::Result<Mask> {
    let rect = rect.touched(width, height);
    Mask::from_fn(width, height, |x, y| {
        (rect.left..rect.right).contains(&x) && (rect.top..rect.bottom).contains(&y)
    })
}

fn grown(frames: &[Frame], seen: Vec<Sights>, numbers: &[Vec<usize>]) -> Vec<Growing> {
    let count = numbers.iter().flatten().max().map_or(0, |most| most + 1);
    let empty = || Growing {
        places: Track::new(),
        looks: BTreeMap::new(),
    };
    let mut tracks: Vec<Growing> = std::iter::repeat_with(empty).take(count).collect();
    for (at, (sights, numbers)) in seen.into_iter().zip(numbers).enumerate() {
        for ((thing, sight), number) in sights.into_iter().zip(numbers) {
            let place = Place {
                thing: Some(thing),
                is_new: false,
                quality: frames[at].things[thing].quality,
                mask: sight.mask,
            };
            let track = &mut tracks[*number];
            track.places.insert(at, place);
            track.looks.insert(at, sight.looks);
        }
    }
    tracks
}

/// What a track asks for in a frame.
struct Wanted {
    track: usize,
    /// Where it may be, the likeliest first.
    rects: Vec<Rect<f64>>,
    area: f64,
    alike: f64,
}

struct Filler<'a> {
    frames: &'a [Frame],
    segmenter: &'a mut Segmenter,
    settings: Settings,
}

impl Filler<'_> {
    /// Goes through the frames in the order of `order`, once; a track that was found in one is looked for in
    /// the next. Gaps between detections are filled and flicker is steadied on the way `forward` alone.
    fn pass(&mut self, tracks: &mut [Growing], order: Vec<usize>, forward: bool) -> Result<()> {
        for at in order {
            let wanted: Vec<Wanted> = { tracks.iter().enumerate() }
                .filter_map(|(track, growing)| self.wanted(track, growing, at, forward))
                .collect();
            if wanted.is_empty() {
                continue;
            }
            let image = self.frames[at].image()?;
            let embedding = self.segmenter.encode(&image)?;
            for wanted in wanted {
                for rect in &wanted.rects {
                    if self.fill(tracks, at, (&image, &embedding), &wanted, *rect)? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// What a track asks for in frame `at`, if anything.
    fn wanted(&self, track: usize, growing: &Growing, at: usize, forward: bool) -> Option<Wanted> {
        let time = self.frames[at].time;
        let near = |other: usize| {
            let place = growing.places.get(&other)?;
            let frame = &self.frames[other];
            Some((frame.time, place.rect()?, place.mask.area() as f64))
        };
        let before = { growing.places.range(..at).next_back() }.and_then(|(other, _)| near(*other));
        let after = { growing.places.range(at + 1..).next() }.and_then(|(other, _)| near(*other));
        let here = growing.places.get(&at);
        let wanted = |rects, area, alike| Wanted {
            track,
            rects,
            area,
            alike,
        };
        match (before, here, after) {
            (Some(before), here, Some(after)) if forward => {
                let is_near = after.0 - before.0 <= self.settings.gap;
                let area = f64::midpoint(before.2, after.2);
                let flickers = here.is_none_or(|here| {
                    let own = here.mask.area() as f64;
                    let unlike = |other: f64| !(FLICKER..=1.0 / FLICKER).contains(&(own / other));
                    let agree = (FLICKER..=1.0 / FLICKER).contains(&(before.2 / after.2));
                    agree && unlike(before.2) && unlike(after.2)
                });
                let rect = between((before.0, before.1), (after.0, after.1), time);
                // Who does not move evenly is near where they were.
                let rects = vec![rect, before.1];
                (is_near && flickers).then(|| wanted(rects, area, ALIKE))
            }
            (Some(end), None, None) if forward => {
                let rect = self.beyond(growing, end, at, true)?;
                Some(wanted(vec![rect], end.2, ALIKE_BEYOND))
            }
            (None, None, Some(end)) if !forward => {
                let rect = self.beyond(growing, end, at, false)?;
                Some(wanted(vec![rect], end.2, ALIKE_BEYOND))
            }
            _ => None,
        }
    }

    /// Where a track is expected beyond its end, as its last two places move; `None` if it is too far, or did not
    /// go on in the frame between. Where a detector has searched and found nothing, whoever was seen once alone
    /// is not looked for.
    fn beyond(
        &self,
        growing: &Growing,
        (end, rect, _): (f64, Rect<f64>, f64),
        at: usize,
        forward: bool,
    ) -> Option<Rect<f64>> {
        let (time, is_searched) = (self.frames[at].time, self.frames[at].is_searched);
        let next = if forward { at.checked_sub(1)? } else { at + 1 };
        let ends = if forward {
            growing.looks.keys().next_back()
        } else {
            growing.looks.keys().next()
        };
        let seen_at = self.frames[*ends?].time;
        let reach = if is_searched {
            self.settings.beyond
        } else {
            self.settings.gap
        };
        let may_be = !is_searched || growing.looks.len() > 1;
        if !may_be || (time - seen_at).abs() > reach || !growing.places.contains_key(&next) {
            return None;
        }
        let inner = if forward {
            growing.places.range(..next).next_back()
        } else {
            growing.places.range(next + 1..).next()
        };
        let Some((other, place)) = inner else {
            return Some(rect);
        };
        let (before, own) = (self.frames[*other].time, place.rect()?);
        let moved = between((before, own), (end, rect), time).middle();
        let [x, y] = rect.middle();
        // The size stays: what is cut off or turns away seems to shrink, and would vanish.
        Some(rect.shift(moved[0] - x, moved[1] - y))
    }

    /// Asks the segmenter what is in a box, and takes the answer if it is what the track expects; whether it
    /// was.
    fn fill(
        &mut self,
        tracks: &mut [Growing],
        at: usize,
        (image, embedding): (&RgbImage, &Embedding),
        wanted: &Wanted,
        rect: Rect<f64>,
    ) -> Result<bool> {
        let size = self.frames[at].size;
        let answer = asked(self.segmenter, embedding, rect, size, self.settings)?;
        let Some((runs, quality)) = answer else {
            return Ok(false);
        };
        let fits = |runs: &Rle| {
            let share = runs.area() as f64 / wanted.area.max(1.0);
            share.max(1.0 / share)
        };
        let growing = &tracks[wanted.track];
        if let Some(here) = growing.places.get(&at) {
            if fits(&runs) >= fits(&here.mask) {
                return Ok(false);
            }
        } else if fits(&runs) > 1.0 / AREA {
            return Ok(false);
        }
        let others = { tracks.iter().enumerate() }.filter(|(other, _)| *other != wanted.track);
        for (_, other) in others {
            if let Some(place) = other.places.get(&at) {
                let common = place.mask.common(&runs)? as f64;
                if common > TAKEN * runs.area().min(place.mask.area()) as f64 {
                    return Ok(false);
                }
            }
        }
        let looks = Looks::of(image, &runs.decode()?);
        let nearest = growing.looks.iter().min_by_key(|(own, _)| own.abs_diff(at));
        let likeness = nearest.map_or(0.0, |(_, own)| own.likeness(&looks));
        if likeness < wanted.alike {
            return Ok(false);
        }
        let thing = growing.places.get(&at).and_then(|here| here.thing);
        let place = Place {
            thing,
            mask: runs,
            is_new: true,
            quality: Some(quality),
        };
        tracks[wanted.track].places.insert(at, place);
        Ok(true)
    }
}
