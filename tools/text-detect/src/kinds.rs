//! Which lines of text are laid over the film.
//!
//! Subtitles and logos hold still whatever the camera does. But so does a sign where the camera stands, and so it is
//! not enough: a logo is in most shots, and subtitles stand where subtitles stand, or where others have stood.

use std::collections::{BTreeMap, BTreeSet};

use stage::manifest::shapes::TextKind;
use vision::Rect;

use crate::places::{Place, SAME, Seen, columns, overlap, rows};

/// Text holds still that is at one place in so many frames of a shot.
const STILL: usize = 3;

/// What is at one place in more than this share of the shots is a logo.
const MOST_SHOTS: f64 = 0.6;

/// In fewer shots than this nothing recurs.
const RECURS: usize = 3;

/// So many texts of other extents stand on a line where subtitles stand.
const TEXTS: usize = 3;

/// Ranges of rows that overlap by more than this, intersection over union, are one line.
const ONE_LINE: f64 = 0.5;

/// Subtitles begin below this share of the image's height.
const LOW: f64 = 0.7;

/// Their middle is as near as this to that of the image, as a share of its width.
const CENTRED: f64 = 0.05;

/// What was found in the frames of a film.
#[derive(Debug)]
pub(crate) struct Kinds {
    /// Of each box.
    pub(crate) kinds: Vec<TextKind>,
    /// Where logos are.
    pub(crate) logos: Vec<Rect<f64>>,
}

/// A line where subtitles stand.
struct Band {
    rect: Rect<f64>,
    texts: Vec<Rect<f64>>,
    shots: BTreeSet<u64>,
    /// The boxes that hold still on it.
    members: Vec<usize>,
    /// Whether one of them is where subtitles usually are.
    usual: bool,
}

/// The kinds of the boxes of a film, whose frames have this width and height, pixels, and of which `shots` shots
/// are known.
pub(crate) fn kinds(seen: &[Seen], [width, height]: [f64; 2], shots: usize) -> Kinds {
    let mut kinds = vec![TextKind::Scene; seen.len()];
    let everywhere = Place::all(seen, 0..seen.len());
    let in_most = |place: &&Place| {
        place.shots.len() >= RECURS && place.shots.len() as f64 > MOST_SHOTS * shots as f64
    };
    let mut logos = Vec::new();
    for place in everywhere.iter().filter(in_most) {
        logos.push(place.median(seen));
        for member in &place.members {
            kinds[*member] = TextKind::Logo;
        }
    }
    let mut by_shot: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (number, one) in seen.iter().enumerate() {
        if kinds[number] == TextKind::Scene {
            by_shot.entry(one.shot).or_default().push(number);
        }
    }
    let mut bands: Vec<Band> = Vec::new();
    for numbers in by_shot.into_values() {
        let places = Place::all(seen, numbers);
        for place in places.iter().filter(|place| place.frames.len() >= STILL) {
            let [x, _] = place.rect.middle();
            let usual =
                place.rect.top >= LOW * height && (x - width / 2.0).abs() <= CENTRED * width;
            add(&mut bands, place, usual);
        }
    }
    let subtitles =
        |band: &Band| band.usual || band.shots.len() >= RECURS && band.texts.len() >= TEXTS;
    bands.retain(subtitles);
    for band in &bands {
        for member in &band.members {
            kinds[*member] = TextKind::BurntIn;
        }
    }
    for (kind, one) in kinds.iter_mut().zip(seen) {
        let stands_on = |band: &Band| {
            overlap(rows(band.rect), rows(one.rect)) > ONE_LINE
                && band
                    .texts
                    .iter()
                    .any(|text| overlap(columns(*text), columns(one.rect)) > 0.0)
        };
        if *kind == TextKind::Scene && bands.iter().any(stands_on) {
            *kind = TextKind::BurntIn;
        }
    }
    Kinds { kinds, logos }
}

/// Adds text that holds still to the line that it stands on.
fn add(bands: &mut Vec<Band>, place: &Place, usual: bool) {
    let known = bands
        .iter_mut()
        .find(|band| overlap(rows(band.rect), rows(place.rect)) > ONE_LINE);
    let Some(band) = known else {
        bands.push(Band {
            rect: place.rect,
            texts: vec![place.rect],
            shots: place.shots.clone(),
            members: place.members.clone(),
            usual,
        });
        return;
    };
    let other = |text: &Rect<f64>| overlap(columns(*text), columns(place.rect)) <= SAME;
    if band.texts.iter().all(other) {
        band.texts.push(place.rect);
    }
    band.shots.extend(&place.shots);
    band.members.extend(&place.members);
    band.usual |= usual;
}

#[cfg(test)]
mod tests {
    use super::*;
    use TextKind::{BurntIn, Logo, Scene};

    const SIZE: [f64; 2] = [1000.0, 500.0];

    /// A box in frames of a shot; four frames a shot.
    fn still(shot: u64, frames: std::ops::Range<usize>, edges: [f64; 4]) -> Vec<Seen> {
        let seen = |frame| Seen {
            frame: shot as usize * 4 + frame,
            shot,
            rect: edges.into(),
        };
        frames.map(seen).collect()
    }

    fn of(seen: &[Vec<Seen>], shots: usize) -> Vec<TextKind> {
        let found = kinds(&seen.concat(), SIZE, shots).kinds;
        let mut found = found.into_iter();
        let first = |some: &Vec<Seen>| {
            let all: Vec<_> = found.by_ref().take(some.len()).collect();
            assert!(all.iter().all(|kind| *kind == all[0]), "{some:?}: {all:?}");
            all[0]
        };
        seen.iter().map(first).collect()
    }

    #[test]
    fn a_subtitle_holds_still_low_in_the_middle() {
        let low = [300.0, 450.0, 700.0, 480.0];
        assert_eq!(of(&[still(0, 0..3, low)], 1), [BurntIn]);
        assert_eq!(of(&[still(0, 0..2, low)], 1), [Scene], "in two frames only");
        let aside = [100.0, 450.0, 500.0, 480.0];
        assert_eq!(
            of(&[still(0, 0..4, aside)], 1),
            [Scene],
            "not in the middle"
        );
        let high = [300.0, 300.0, 700.0, 330.0];
        assert_eq!(of(&[still(0, 0..4, high)], 1), [Scene], "half up");
    }

    #[test]
    fn a_sign_in_one_shot_is_part_of_the_scene() {
        let sign = [620.0, 120.0, 780.0, 170.0];
        let found = of(
            &[
                still(3, 0..4, sign),
                still(4, 0..3, [300.0, 450.0, 700.0, 480.0]),
            ],
            9,
        );
        assert_eq!(found, [Scene, BurntIn]);
    }

    #[test]
    fn a_sign_in_a_set_up_that_comes_back_is_part_of_the_scene() {
        let sign = [620.0, 120.0, 780.0, 170.0];
        let back = [1, 3, 5].map(|shot| still(shot, 0..4, sign));
        assert_eq!(of(&back, 9), [Scene; 3]);
    }

    #[test]
    fn subtitles_that_stand_elsewhere_are_known_by_their_line() {
        // At the left, high up: three texts of three shots, and then one of two frames.
        let text = |right: f64| [40.0, 20.0, right, 50.0];
        let found = of(
            &[
                still(0, 0..3, text(300.0)),
                still(1, 0..4, text(600.0)),
                still(2, 1..4, text(160.0)),
                still(5, 0..2, text(450.0)),
                still(5, 0..2, [40.0, 200.0, 450.0, 230.0]),
            ],
            9,
        );
        assert_eq!(found, [BurntIn, BurntIn, BurntIn, BurntIn, Scene]);
    }

    #[test]
    fn a_logo_is_in_most_shots() {
        let corner = [880.0, 20.0, 960.0, 50.0];
        let some = |count: u64| -> Vec<Vec<Seen>> {
            (0..count).map(|shot| still(shot, 1..2, corner)).collect()
        };
        assert_eq!(of(&some(7), 10), [Logo; 7]);
        assert_eq!(of(&some(6), 10), [Scene; 6], "not in more than 60 %");
        assert_eq!(of(&some(2), 2), [Scene; 2], "too few shots to tell");
        let logos = kinds(&some(7).concat(), SIZE, 10).logos;
        assert_eq!(logos, [Rect::from(corner)]);
    }
}
