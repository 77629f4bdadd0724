//! The connected patches of a picture, row by row, in one pass.
//!
//! Labelling every pixel (as `imageproc` does) costs more than decoding the picture; runs of ink are
//! few.

use vision::GrayImage;

/// Patches beyond this number are no letters but foliage or grain, and are not worth the time.
const MOST: usize = 20_000;

/// One patch: its bounds, ends included, and its area, pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Patch {
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) right: u32,
    pub(crate) bottom: u32,
    pub(crate) area: u32,
    /// Stretches of ink in rows: as many to a row as there are strokes side by side.
    pub(crate) stretches: u32,
}

impl Patch {
    pub(crate) fn width(&self) -> u32 {
        self.right - self.left + 1
    }

    pub(crate) fn height(&self) -> u32 {
        self.bottom - self.top + 1
    }

    fn join(&mut self, other: Self) {
        self.left = self.left.min(other.left);
        self.top = self.top.min(other.top);
        self.right = self.right.max(other.right);
        self.bottom = self.bottom.max(other.bottom);
        self.area += other.area;
        self.stretches += other.stretches;
    }
}

/// A stretch of ink in one row: its first and last pixel, and the number of its patch.
type Stretch = (u32, u32, usize);

/// Patches that are being joined; one that was joined to another points to it.
#[derive(Default)]
struct Patches {
    all: Vec<Patch>,
    joined_to: Vec<usize>,
}

impl Patches {
    fn root(&mut self, mut number: usize) -> usize {
        while self.joined_to[number] != number {
            self.joined_to[number] = self.joined_to[self.joined_to[number]];
            number = self.joined_to[number];
        }
        number
    }

    fn add(&mut self, patch: Patch) -> usize {
        self.joined_to.push(self.all.len());
        self.all.push(patch);
        self.all.len() - 1
    }

    /// Joins two patches, and returns the number of the whole.
    fn join(&mut self, first: usize, second: usize) -> usize {
        let (first, second) = (self.root(first), self.root(second));
        if first != second {
            let other = self.all[second];
            self.all[first].join(other);
            self.joined_to[second] = first;
        }
        first
    }
}

/// The patches of ink, corners joined, in the order of their first pixels; none where there are too
/// many to be letters.
pub(crate) fn patches(luma: &GrayImage, is_ink: impl Fn(u8) -> bool) -> Vec<Patch> {
    let mut patches = Patches::default();
    let mut before: Vec<Stretch> = Vec::new();
    let mut now: Vec<Stretch> = Vec::new();
    for (y, row) in (0..).zip(luma.as_raw().chunks_exact(luma.width().max(1) as usize)) {
        now.clear();
        stretches(row, &is_ink, |left, right| {
            let area = right - left + 1;
            let number = patches.add(Patch {
                left,
                top: y,
                right,
                bottom: y,
                area,
                stretches: 1,
            });
            now.push((left, right, number));
        });
        touching(&before, &now, |above, below| {
            patches.join(above, below);
        });
        if patches.all.len() > MOST {
            return Vec::new();
        }
        std::mem::swap(&mut before, &mut now);
    }
    let whole = |number: &usize| patches.joined_to[*number] == *number;
    (0..patches.all.len())
        .filter(whole)
        .map(|number| patches.all[number])
        .collect()
}

/// Whether `other`, which begins further right, stands next to `one` on one line, as letters do.
pub(crate) fn is_next(one: &Patch, other: &Patch) -> bool {
    let (low, high) = (
        one.height().min(other.height()),
        one.height().max(other.height()),
    );
    let gap = other.left.saturating_sub(one.right);
    10 * high <= 17 * low
        && gap <= high + high / 2
        && one.bottom.abs_diff(other.bottom) <= 1 + high / 6
}

/// Calls `found` with the first and the last pixel of every stretch of ink in a row.
fn stretches(row: &[u8], is_ink: impl Fn(u8) -> bool, mut found: impl FnMut(u32, u32)) {
    let mut begin = None;
    for (x, pixel) in (0..).zip(row) {
        match (is_ink(*pixel), begin) {
            (true, None) => begin = Some(x),
            (false, Some(left)) => {
                found(left, x - 1);
                begin = None;
            }
            _ => {}
        }
    }
    if let Some(left) = begin {
        found(left, row.len() as u32 - 1);
    }
}

/// Calls `found` with the patches of every two stretches that touch, corners counted.
fn touching(before: &[Stretch], now: &[Stretch], mut found: impl FnMut(usize, usize)) {
    let mut first = 0;
    for (left, right, number) in now {
        while before.get(first).is_some_and(|above| above.1 + 1 < *left) {
            first += 1;
        }
        for above in before[first..]
            .iter()
            .take_while(|above| above.0 <= right + 1)
        {
            found(above.2, *number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_what_touches() {
        // A `U`, whose arms meet in the last row, a corner, and a dot.
        let rows = ["#.#...", "#.#..#", "###...", "...#.."];
        let pixels = rows
            .concat()
            .bytes()
            .map(|byte| u8::from(byte == b'#'))
            .collect();
        let picture = GrayImage::from_raw(6, 4, pixels).unwrap();
        let patches = patches(&picture, |pixel| pixel > 0);
        let bounds: Vec<_> = patches
            .iter()
            .map(|p| (p.left, p.top, p.right, p.bottom, p.area, p.stretches))
            .collect();
        assert_eq!(bounds, [(0, 0, 3, 3, 8, 6), (5, 1, 5, 1, 1, 1)]);
    }
}
