//! Flashes: the image becomes much brighter for a moment, and then is what it was.

use crate::figures::Figures;
use crate::shots::{Mark, Transition};

/// The longest way from the brightest frame of a flash to its beginning or end, in seconds.
const LONGEST: f64 = 0.35;
/// How much brighter the brightest frame of a flash is, of 255.
const BRIGHTER: f32 = 25.0;
/// The part of that from which on a frame belongs to the flash.
const BELONGS: f32 = 0.3;
/// How much of the difference that the flash made may remain behind it.
const REMAINS: f32 = 0.35;
/// How alike the frames before and behind a flash are: correlation of their cells. Two different
/// scenes may both be far from white.
const ALIKE: f32 = 0.75;

/// The flashes of a film, in order.
pub(crate) fn find(frames: &[Figures], rate: f64) -> Vec<Mark> {
    let reach = ((LONGEST * rate).round() as usize).max(2);
    let mut marks: Vec<Mark> = Vec::new();
    for number in 1..frames.len().saturating_sub(1) {
        if marks.last().is_some_and(|mark| number < mark.end) || !is_peak(frames, number) {
            continue;
        }
        marks.extend(around(frames, number, reach));
    }
    marks
}

fn is_peak(frames: &[Figures], number: usize) -> bool {
    let mean = |n: usize| frames[n].mean;
    mean(number) > mean(number - 1) && mean(number) >= mean(number + 1)
}

/// The flash whose brightest frame is `peak`, if it is one: between the darkest frame shortly
/// before it, and the frame shortly behind it that is most like that one.
fn around(frames: &[Figures], peak: usize, reach: usize) -> Option<Mark> {
    let bright = &frames[peak];
    let darker = |n: &usize| bright.mean - frames[*n].mean >= BRIGHTER;
    let before = (peak.saturating_sub(reach)..peak).rev().filter(darker);
    let before = before.min_by(|&a, &b| frames[a].mean.total_cmp(&frames[b].mean))?;
    let behind = (peak + 1..frames.len().min(peak + reach + 1)).filter(darker);
    let apart = |n: usize| frames[before].apart(&frames[n]);
    let end = behind.min_by(|&a, &b| apart(a).total_cmp(&apart(b)))?;
    let alike = frames[before].correlation(&frames[end]) >= ALIKE;
    if !alike || apart(end) > REMAINS * apart(peak) {
        return None;
    }
    let rest = frames[before].mean.max(frames[end].mean);
    let belongs = |n: &usize| frames[*n].mean - rest >= BELONGS * (bright.mean - rest);
    let first = (before..=peak).find(belongs)?;
    let last = (peak..end).rev().find(belongs)?;
    Some(Mark {
        kind: Transition::Flash,
        first,
        end: last + 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawn::{Film, plain};

    #[test]
    fn a_burst_of_light_in_one_scene() {
        let frames = Film::new()
            .still(1, 20)
            .blended(1, plain(255), &[0.5, 0.9, 0.6, 0.4, 0.2])
            .still(1, 20)
            .figures();
        let flashes = find(&frames, 24.0);
        assert_eq!(flashes.len(), 1);
        assert!((20..=21).contains(&flashes[0].first) && (23..=25).contains(&flashes[0].end));
    }

    #[test]
    fn white_between_two_scenes_is_none() {
        let frames = Film::new()
            .still(1, 20)
            .blended(1, plain(255), &[0.5, 1.0])
            .blended(2, plain(255), &[0.8, 0.5])
            .still(2, 20)
            .figures();
        assert_eq!(find(&frames, 24.0), []);
    }

    #[test]
    fn a_light_that_stays_on_is_none() {
        let frames = Film::new()
            .still(1, 20)
            .blended(1, plain(255), &[0.5; 20])
            .figures();
        assert_eq!(find(&frames, 24.0), []);
    }
}
