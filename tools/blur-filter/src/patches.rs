//! Patches of ink: the connected regions that may be letters.

use vision::GrayImage;
use vision::regions::{Region, Regions};

/// With more runs of ink than this there are no letters but foliage or grain, which are not worth the
/// time.
const MOST: usize = 20_000;

/// The patches of ink; none where there are too many to be letters.
pub(crate) fn patches(luma: &GrayImage, is_ink: impl Fn(u8) -> bool) -> Vec<Region> {
    let found = Regions::with_at_most(MOST, luma.as_raw(), luma.width(), is_ink);
    found.iter().flatten().copied().collect()
}

/// Whether a patch touches no edge of the image.
pub(crate) fn is_within(patch: &Region, luma: &GrayImage) -> bool {
    let rect = patch.rect;
    rect.left > 0 && rect.top > 0 && rect.right < luma.width() && rect.bottom < luma.height()
}

/// The patches in lines, as letters stand: each next to the one before.
pub(crate) fn lines(mut letters: Vec<Region>) -> Vec<Vec<Region>> {
    letters.sort_by_key(|letter| (letter.rect.left, letter.rect.top));
    let mut lines: Vec<Vec<Region>> = Vec::new();
    for letter in letters {
        let next = |line: &&mut Vec<Region>| line.last().is_some_and(|last| is_next(last, &letter));
        match lines.iter_mut().find(next) {
            Some(line) => line.push(letter),
            None => lines.push(vec![letter]),
        }
    }
    lines
}

/// Whether `other`, which begins further right, stands next to `one` on one line.
fn is_next(one: &Region, other: &Region) -> bool {
    let (one, other) = (one.rect, other.rect);
    let low = one.height().min(other.height());
    let high = one.height().max(other.height());
    // From the last column of the one to the first of the other.
    let gap = other.left.saturating_sub(one.right - 1);
    10 * high <= 17 * low
        && gap <= high + high / 2
        && one.bottom.abs_diff(other.bottom) <= 1 + high / 6
}
