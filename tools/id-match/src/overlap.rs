//! How much two places in a frame overlap.

use vision::mask::Rle;

/// Where a cut-out is in its frame.
#[derive(Debug, Clone)]
pub(crate) enum Area {
    /// `[x0, y0, x1, y1]`, pixels.
    Box([f64; 4]),
    /// The mask, of the frame's size.
    Mask(Rle),
}

impl Area {
    /// Intersection over union, 0 to 1. Two masks of one size are compared by pixels; others by
    /// boxes, and 0 where one has none.
    pub(crate) fn overlap(&self, other: &Self) -> f64 {
        match (self, other) {
            (Self::Mask(a), Self::Mask(b))
                if (a.width(), a.height()) == (b.width(), b.height()) =>
            {
                let both = common(a.counts(), b.counts());
                let either = a.area() + b.area() - both;
                both as f64 / either.max(1) as f64
            }
            _ => match (self.corners(), other.corners()) {
                (Some(a), Some(b)) => boxes(a, b),
                _ => 0.0,
            },
        }
    }

    fn corners(&self) -> Option<[f64; 4]> {
        match self {
            Self::Box(corners) => Some(*corners),
            Self::Mask(runs) => {
                let bounds = runs.decode().ok()?.bounding_box()?;
                let corners = [bounds.left, bounds.top, bounds.right, bounds.bottom];
                Some(corners.map(f64::from))
            }
        }
    }
}

fn boxes(a: [f64; 4], b: [f64; 4]) -> f64 {
    let area = |[x0, y0, x1, y1]: [f64; 4]| (x1 - x0).max(0.0) * (y1 - y0).max(0.0);
    let both = area([
        a[0].max(b[0]),
        a[1].max(b[1]),
        a[2].min(b[2]),
        a[3].min(b[3]),
    ]);
    let either = area(a) + area(b) - both;
    if either > 0.0 { both / either } else { 0.0 }
}

/// Pixels inside both of two masks, by their runs: outside, inside, outside, …
fn common(a: &[u32], b: &[u32]) -> u64 {
    let (mut i, mut j) = (0, 0);
    let left = |runs: &[u32], at: usize| u64::from(runs.get(at).copied().unwrap_or(0));
    let (mut rest_a, mut rest_b) = (left(a, 0), left(b, 0));
    let mut both = 0;
    while i < a.len() && j < b.len() {
        let step = rest_a.min(rest_b);
        if i % 2 == 1 && j % 2 == 1 {
            both += step;
        }
        rest_a -= step;
        rest_b -= step;
        if rest_a == 0 {
            i += 1;
            rest_a = left(a, i);
        }
        if rest_b == 0 {
            j += 1;
            rest_b = left(b, j);
        }
    }
    both
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;
    use vision::mask::Mask;

    #[test]
    fn boxes_overlap_by_their_shares() {
        let overlap = |a, b| Area::Box(a).overlap(&Area::Box(b));
        // 4 by 4 and 4 by 4, a quarter of each in common: 4 of 28.
        let shifted = overlap([0.0, 0.0, 4.0, 4.0], [2.0, 2.0, 6.0, 6.0]);
        assert!((shifted - 4.0 / 28.0).abs() < 1e-12);
        assert!(overlap([0.0, 0.0, 4.0, 4.0], [4.0, 0.0, 8.0, 4.0]).abs() < 1e-12);
        assert!(overlap([1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]).abs() < 1e-12);
        assert!(overlap([0.0, 0.0, f64::NAN, 4.0], [0.0, 0.0, 4.0, 4.0]) <= 1.0);
    }

    #[test]
    fn masks_overlap_as_their_pixels_do() {
        let masks = [
            Mask::from_fn(7, 5, |x, y| (x + y) % 3 == 0).unwrap(),
            Mask::from_fn(7, 5, |x, _| x < 4).unwrap(),
            Mask::from_fn(7, 5, |x, y| x > 2 && y > 1).unwrap(),
            Mask::from_fn(7, 5, |_, _| false).unwrap(),
        ];
        for a in &masks {
            for b in &masks {
                if a.area() + b.area() == 0 {
                    continue;
                }
                let expected = a.intersection_over_union(b).unwrap();
                let found = Area::Mask(Rle::encode(a)).overlap(&Area::Mask(Rle::encode(b)));
                assert!((found - expected).abs() < 1e-12);
            }
        }
        let large = Area::Mask(Rle::encode(
            &Mask::from_fn(9, 9, |x, y| x < 4 && y < 4).unwrap(),
        ));
        assert!((large.overlap(&Area::Box([0.0, 0.0, 4.0, 2.0])) - 0.5).abs() < 1e-12);
    }
}
