//! Small holes and islands of a mask.

use anyhow::Result;
use vision::mask::Mask;

/// Fills holes of fewer than `least` pixels, then drops islands of fewer; if all islands are small,
/// the largest stays. `None` if nothing changed.
///
/// `remove_small_regions` of segment-anything's `amg.py`, holes first as there; what is joined by a
/// corner is one.
pub(super) fn tidied(mask: &Mask, least: u64) -> Result<Option<Mask>> {
    let size = (mask.width(), mask.height());
    let holes = Regions::of(mask, false);
    let filled = if holes.sizes.iter().any(|size| *size < least) {
        let small = |label: u32| label == 0 || holes.sizes[label as usize - 1] < least;
        Some(holes.mask(size, small)?)
    } else {
        None
    };
    let islands = Regions::of(filled.as_ref().unwrap_or(mask), true);
    if islands.sizes.iter().all(|size| *size >= least) {
        return Ok(filled);
    }
    let most = islands.sizes.iter().copied().max().unwrap_or(0);
    let largest = islands.sizes.iter().position(|size| *size == most);
    let large = |label: u32| {
        let Some(at) = (label as usize).checked_sub(1) else {
            return false;
        };
        islands.sizes[at] >= least || (most < least && Some(at) == largest)
    };
    islands.mask(size, large).map(Some)
}

/// The regions of a mask that are joined by sides or corners.
struct Regions {
    /// The region of each pixel, from 1; 0 is none.
    labels: Vec<u32>,
    /// Pixels of each region.
    sizes: Vec<u64>,
}

impl Regions {
    /// Of what is inside, or of what is outside.
    fn of(mask: &Mask, inside: bool) -> Self {
        let (width, height) = (mask.width() as usize, mask.height() as usize);
        let pixels = mask.as_slice();
        let mut labels = vec![0_u32; pixels.len()];
        let mut sizes = Vec::new();
        let mut open = Vec::new();
        for start in 0..pixels.len() {
            if labels[start] != 0 || pixels[start] != inside {
                continue;
            }
            let label = sizes.len() as u32 + 1;
            let mut size = 0;
            labels[start] = label;
            open.push(start);
            while let Some(at) = open.pop() {
                size += 1;
                let (x, y) = (at % width, at / width);
                for y in y.saturating_sub(1)..(y + 2).min(height) {
                    for x in x.saturating_sub(1)..(x + 2).min(width) {
                        let near = y * width + x;
                        if labels[near] == 0 && pixels[near] == inside {
                            labels[near] = label;
                            open.push(near);
                        }
                    }
                }
            }
            sizes.push(size);
        }
        Self { labels, sizes }
    }

    /// The pixels whose region is chosen.
    fn mask(&self, (width, height): (u32, u32), chosen: impl Fn(u32) -> bool) -> Result<Mask> {
        let inside = self.labels.iter().map(|label| chosen(*label));
        Ok(Mask::from_pixels(width, height, inside.collect())?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    fn drawn(rows: &[&str]) -> Mask {
        let inside = rows
            .iter()
            .flat_map(|row| row.bytes())
            .map(|byte| byte == b'#');
        Mask::from_pixels(rows[0].len() as u32, rows.len() as u32, inside.collect()).unwrap()
    }

    #[test]
    fn small_holes_are_filled_and_small_islands_go() {
        let mask = drawn(&["####..#", "#.##...", "####..."]);
        assert_eq!(
            tidied(&mask, 2).unwrap(),
            Some(drawn(&["####...", "####...", "####..."]))
        );
        assert_eq!(tidied(&mask, 1).unwrap(), None);
    }

    #[test]
    fn the_largest_stays_where_all_are_small() {
        let mask = drawn(&["##....#", ".......", "......."]);
        assert_eq!(
            tidied(&mask, 9).unwrap(),
            Some(drawn(&["##.....", ".......", "......."]))
        );
    }

    #[test]
    fn a_corner_joins() {
        assert_eq!(tidied(&drawn(&["#..", ".#.", "..."]), 2).unwrap(), None);
    }
}
