//! Flashes: the picture becomes much brighter for a moment, and then is what it was.

use crate::figures::Figures;
use crate::shots::{Mark, Transition};

/// The longest flash, in seconds.
const LONGEST: f64 = 0.35;
/// How much brighter the brightest frame of a flash is, of 255.
const BRIGHTER: f32 = 25.0;
/// The part of that from which on a frame belongs to the flash.
const BELONGS: f32 = 0.3;
/// How much of the difference that the flash made may remain behind it.
const REMAINS: f32 = 0.35;

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

/// The flash whose brightest frame is `peak`, if it is one: of all pairs of frames before and
/// behind it, close enough together, the most alike.
fn around(frames: &[Figures], peak: usize, reach: usize) -> Option<Mark> {
    let bright = &frames[peak];
    let darker = |n: &usize| bright.mean - frames[*n].mean >= BRIGHTER;
    let before = (peak.saturating_sub(reach)..peak).rev().find(darker)?;
    let behind = (peak + 1..frames.len().min(before + reach + 2)).filter(darker);
    let apart = |n: usize| frames[before].apart(&frames[n]);
    let end = behind.min_by(|&a, &b| apart(a).total_cmp(&apart(b)))?;
    if apart(end) > REMAINS * apart(peak) {
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
