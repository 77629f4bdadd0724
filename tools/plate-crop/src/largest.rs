//! The largest rectangle outside a mask.

use vision::Rect;
use vision::mask::Mask;

/// What a rectangle may look like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Its shorter side, pixels, at least.
    pub(crate) min_side: u32,
    /// Its longer side over its shorter one, at most.
    pub(crate) max_aspect: f64,
}

/// The rectangle of the largest area that has nothing of `mask` and the wanted shape; of several the
/// uppermost, then the leftmost. `None` where there is none.
///
/// Row by row, each column's run of free pixels ending there is a bar of a histogram, and a stack finds
/// the rectangles under it that cannot grow (the "largest rectangle in a histogram"; Morgan, Programming from Specifications,
/// 1994, chapter 21). Every wanted rectangle lies in one of those: one that is too long is trimmed at both ends.
pub(crate) fn outside(mask: &Mask, shape: Shape) -> Option<Rect> {
    let width = mask.width() as usize;
    let mut bars = vec![0_u32; width];
    let mut best: Option<Rect> = None;
    for (row, pixels) in (0_u32..).zip(mask.as_slice().chunks_exact(width)) {
        for (bar, masked) in bars.iter_mut().zip(pixels) {
            *bar = if *masked { 0 } else { *bar + 1 };
        }
        for rect in under(&bars, row + 1) {
            let Some(rect) = shape.trimmed(rect) else {
                continue;
            };
            if best.is_none_or(|best| better(rect, best)) {
                best = Some(rect);
            }
        }
    }
    best
}

fn better(one: Rect, other: Rect) -> bool {
    let place = |rect: Rect| (rect.top, rect.left);
    (one.area(), place(other)) > (other.area(), place(one))
}

/// The rectangles under bars that stand on `bottom` and are bounded by lower bars on both sides.
fn under(bars: &[u32], bottom: u32) -> Vec<Rect> {
    let mut found = Vec::new();
    // The left ends and heights of rectangles that are still growing, each higher than the one before.
    let mut open: Vec<(u32, u32)> = Vec::new();
    for (column, bar) in (0_u32..).zip(bars.iter().copied().chain([0])) {
        let mut left = column;
        while let Some((start, height)) = open.pop_if(|(_, height)| *height > bar) {
            found.push(Rect::from([start, bottom - height, column, bottom]));
            left = start;
        }
        if bar > 0 && open.last().is_none_or(|(_, height)| *height < bar) {
            open.push((left, bar));
        }
    }
    found
}

impl Shape {
    /// The middle of a rectangle, as long as it may be; `None` where it is too narrow.
    fn trimmed(self, rect: Rect) -> Option<Rect> {
        let (width, height) = (rect.width(), rect.height());
        let shorter = width.min(height);
        if shorter < self.min_side {
            return None;
        }
        let longest = (f64::from(shorter) * self.max_aspect) as u32;
        let (across, down) = (
            width.saturating_sub(longest),
            height.saturating_sub(longest),
        );
        let (left, top) = (rect.left + across / 2, rect.top + down / 2);
        Some(Rect {
            left,
            top,
            right: left + width - across,
            bottom: top + height - down,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    const ANY: Shape = Shape {
        min_side: 1,
        max_aspect: 100.0,
    };

    fn mask(rows: &[&str]) -> Mask {
        let at = |x: u32, y: u32| rows[y as usize].as_bytes()[x as usize] == b'#';
        Mask::from_fn(rows[0].len() as u32, rows.len() as u32, at).unwrap()
    }

    fn sides(found: Option<Rect>) -> Option<[u32; 4]> {
        found.map(Into::into)
    }

    #[test]
    fn all_of_an_image_without_a_mask() {
        assert_eq!(
            sides(outside(&mask(&["....", "...."]), ANY)),
            Some([0, 0, 4, 2])
        );
    }

    #[test]
    fn none_where_all_is_masked_or_what_is_left_is_narrow() {
        assert_eq!(outside(&mask(&["##", "##"]), ANY), None);
        let narrow = Shape { min_side: 2, ..ANY };
        assert_eq!(outside(&mask(&["....", "####"]), narrow), None);
    }

    #[test]
    fn the_wider_side_beside_someone() {
        let rows = ["..##.....", "..##.....", "..##....."];
        assert_eq!(sides(outside(&mask(&rows), ANY)), Some([4, 0, 9, 3]));
    }

    #[test]
    fn a_long_one_keeps_its_middle() {
        let shape = Shape {
            min_side: 1,
            max_aspect: 2.0,
        };
        let rows = [".........", ".........", "#########"];
        assert_eq!(sides(outside(&mask(&rows), shape)), Some([2, 0, 6, 2]));
    }

    #[test]
    fn no_rectangle_is_larger() {
        // All rectangles of small masks, tried one by one.
        for seed in 0..200_u64 {
            let noise = testkit::noise(9, 7, seed);
            let mask = Mask::from_fn(9, 7, |x, y| noise.get_pixel(x, y).0[0] < 60).unwrap();
            let free = |rect: Rect| rect.pixels().all(|(x, y)| !mask.get(x, y));
            let mut most = 0;
            for (left, right) in (0..9).flat_map(|l| (l + 1..=9).map(move |r| (l, r))) {
                for (top, bottom) in (0..7).flat_map(|t| (t + 1..=7).map(move |b| (t, b))) {
                    let rect = Rect::from([left, top, right, bottom]);
                    if free(rect) {
                        most = most.max(rect.area());
                    }
                }
            }
            let found = outside(&mask, ANY);
            assert_eq!(found.map_or(0, Rect::area), most, "seed {seed}");
            assert!(found.is_none_or(free));
        }
    }
}
