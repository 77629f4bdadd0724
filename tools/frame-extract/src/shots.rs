//! Where one shot ends and the next begins.
//!
//! A cut is a frame much of which cannot be found in the frame before, neither there nor nearby,
//! and whose colours differ: much against the frames around it, so that fast motion is no cut.

use serde::{Deserialize, Serialize};

use crate::figures::Figures;

/// Frames on each side that a cut must stand out from.
const AROUND: usize = 6;
/// How many times the difference around it a cut must be.
const STANDS_OUT: f32 = 2.5;
/// The smallest difference that a cut makes, 0..=255.
const LEAST: f32 = 4.0;

/// What stands between two shots, or within one, and is no picture of the scene.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Transition {
    /// One shot blends into the next.
    Dissolve,
    /// From or to black, white or another plain colour.
    Fade,
    /// A short burst of light within a shot.
    Flash,
}

impl Transition {
    /// Its name in records.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Dissolve => "dissolve",
            Self::Fade => "fade",
            Self::Flash => "flash",
        }
    }
}

/// A run of frames that are marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// What they are.
    pub(crate) kind: Transition,
    /// The first.
    pub(crate) first: usize,
    /// One behind the last.
    pub(crate) end: usize,
}

/// A run of frames taken without a break.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shot {
    /// The first frame.
    pub(crate) first: usize,
    /// One behind the last frame.
    pub(crate) end: usize,
    /// How it begins, if not with a cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<Transition>,
}

/// The shots of a film, which cover all of its frames, and the marks in them.
pub(crate) fn find(frames: &[Figures]) -> (Vec<Shot>, Vec<Mark>) {
    let mut starts: Vec<usize> = (1..frames.len()).filter(|&n| is_cut(frames, n)).collect();
    starts.insert(0, 0);
    let ends = starts.iter().skip(1).copied().chain([frames.len()]);
    let shots = starts.iter().zip(ends).map(|(&first, end)| Shot {
        first,
        end,
        from: None,
    });
    (shots.collect(), Vec::new())
}

/// How different frame `number` is from the one before, 0..=255: the mean of what cannot be found
/// there of its luma, and of the difference of colours.
fn difference(frames: &[Figures], number: usize) -> f32 {
    let (Some(now), Some(before)) = (frames.get(number), frames.get(number.wrapping_sub(1))) else {
        return 0.0;
    };
    f32::midpoint(now.change, apart(before, now))
}

/// Mean absolute difference of the colours of two frames, cell by cell, 0..=255.
pub(crate) fn apart(a: &Figures, b: &Figures) -> f32 {
    let sum: u32 = a
        .cells
        .iter()
        .zip(b.cells.iter())
        .map(|(a, b)| u32::from(a.abs_diff(*b)))
        .sum();
    sum as f32 / a.cells.len() as f32
}

fn is_cut(frames: &[Figures], number: usize) -> bool {
    let here = difference(frames, number);
    if here < LEAST {
        return false;
    }
    let from = number.saturating_sub(AROUND).max(1);
    let to = (number + AROUND + 1).min(frames.len());
    let mut around: Vec<f32> = (from..to)
        .filter(|&n| n != number)
        .map(|n| difference(frames, n))
        .collect();
    around.sort_unstable_by(|a, b| b.total_cmp(a));
    // Another cut close by does not hide this one, and of a film drawn on twos only the frames
    // that change count.
    let largest = &around[around.len().min(1)..around.len().min(1 + AROUND)];
    let usual = largest.iter().sum::<f32>() / largest.len().max(1) as f32;
    let cut = here >= STANDS_OUT * usual.max(LEAST / STANDS_OUT);
    log::debug!("frame {number}: differs by {here:.1}, around by {usual:.1}: cut {cut}");
    cut
}
