//! From levels of gray to inside and outside.

use crate::error::Result;
use crate::mask::Mask;
use crate::mask_file::unclear;

/// The most levels that a map of classes is said to have; more are an image.
const MOST_CLASSES: usize = 256;

/// The share of pixels that may lie between dark and light in a mask with soft edges.
const SOFT: f64 = 0.5;

/// How far black and white of a JPEG may be from the ends of the scale, of 255 levels.
const RINGING: u16 = 8;

/// One number a pixel, and the number that is white.
pub(crate) struct Levels<P> {
    pixels: Vec<P>,
    white: u16,
    lossy: bool,
}

/// What the numbers of a mask are.
struct Range {
    least: u16,
    most: u16,
    /// How many different ones there are.
    distinct: usize,
}

impl<P: Copy + Into<u16>> Levels<P> {
    /// `lossy` says that the file's compression changes levels a little.
    pub(crate) fn new(pixels: Vec<P>, white: u16, lossy: bool) -> Self {
        Self {
            pixels,
            white,
            lossy,
        }
    }

    /// What is inside.
    pub(crate) fn mask(mut self, (width, height): (u32, u32)) -> Result<Mask> {
        let counts = self.counts();
        let range = Range::of(&counts);
        // Eight bits in a file of sixteen.
        if self.white == u16::MAX && range.most <= 255 && range.most > 0 {
            self.white = 255;
        }
        let from = self.threshold(&range, &counts)?;
        let inside = self.pixels.iter().map(|level| {
            let level: u16 = (*level).into();
            from.is_some_and(|from| level >= from)
        });
        Mask::from_pixels(width, height, inside.collect())
    }

    fn counts(&self) -> Vec<u64> {
        let mut counts = vec![0; usize::from(self.white) + 1];
        for level in &self.pixels {
            let level: u16 = (*level).into();
            counts[usize::from(level)] += 1;
        }
        counts
    }

    /// The level from which on a pixel is inside; none where nothing is.
    fn threshold(&self, range: &Range, counts: &[u64]) -> Result<Option<u16>> {
        let (white, half) = (self.white, self.white / 2 + 1);
        let Range {
            least,
            most,
            distinct,
        } = *range;
        let slack = if self.lossy { RINGING } else { 0 };
        if most <= slack {
            return Ok(None);
        }
        if least >= white - slack {
            return Ok(Some(0));
        }
        if distinct == 1 {
            return Err(unclear(format!("all of it is one gray, {most} of {white}")));
        }
        if distinct == 2 && least == 0 {
            return Ok(Some(most));
        }
        if most < half || least >= half {
            let side = if most < half { "dark" } else { "light" };
            return Err(unclear(if distinct <= MOST_CLASSES {
                format!(
                    "its {distinct} levels, {least} to {most} of {white}, are all {side}, as in a map of classes"
                )
            } else {
                format!("its levels, {least} to {most} of {white}, are all {side}")
            }));
        }
        let edge = white / 8;
        let between = counts[usize::from(edge)..usize::from(white - edge)].iter();
        let share = between.sum::<u64>() as f64 / self.pixels.len().max(1) as f64;
        if distinct > 2 && share > SOFT {
            return Err(unclear(format!(
                "{:.0} % of it is neither dark nor light, as in a photograph or a map of classes",
                100.0 * share
            )));
        }
        Ok(Some(half))
    }
}

impl Range {
    fn of(counts: &[u64]) -> Self {
        let used = || counts.iter().enumerate().filter(|(_, count)| **count > 0);
        Self {
            least: used().next().map_or(0, |(level, _)| level as u16),
            most: used().next_back().map_or(0, |(level, _)| level as u16),
            distinct: used().count(),
        }
    }
}
