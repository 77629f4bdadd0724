//! Small holes and islands of a mask.

use anyhow::Result;
use vision::mask::Mask;
use vision::regions::Regions;

/// Fills holes of fewer than `least` pixels, then drops islands of fewer; if all islands are small,
/// the largest stays. `None` if nothing changed.
///
/// `remove_small_regions` of segment-anything's `amg.py`, holes first as there; what is joined by a
/// corner is one.
pub(super) fn tidied(mask: &Mask, least: u64) -> Result<Option<Mask>> {
    let holes = Regions::outside(mask);
    let areas: Vec<u64> = holes.iter().map(|hole| hole.area).collect();
    let filled = if areas.iter().any(|area| *area < least) {
        let small = holes.mask(|number| areas[number] < least)?;
        Some(mask.union(&small)?)
    } else {
        None
    };
    let islands = Regions::inside(filled.as_ref().unwrap_or(mask));
    let areas: Vec<u64> = islands.iter().map(|island| island.area).collect();
    if areas.iter().all(|area| *area >= least) {
        return Ok(filled);
    }
    let most = areas.iter().copied().max().unwrap_or(0);
    let largest = areas.iter().position(|area| *area == most);
    let stays = |number: usize| areas[number] >= least || (most < least && Some(number) == largest);
    Ok(Some(islands.mask(stays)?))
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
