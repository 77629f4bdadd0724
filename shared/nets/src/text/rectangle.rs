//! The smallest rectangle around points, at any angle: `OpenCV`'s `minAreaRect`.

use imageproc::geometry::convex_hull;
use imageproc::point::Point;

/// A rectangle at any angle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rectangle {
    centre: [f64; 2],
    /// The direction of its first side, of length 1.
    along: [f64; 2],
    /// The lengths of its sides: that in this direction, and that across it.
    sides: [f64; 2],
}

impl Rectangle {
    /// The one of least area; `None` of no points. One side of it lies on a side of their hull (Freeman and Shapira,
    /// "Determining the minimum-area encasing rectangle for an arbitrary closed curve", 1975).
    pub(super) fn around(points: &[Point<i32>]) -> Option<Self> {
        let hull = match points {
            [] => return None,
            [one] => vec![*one],
            several => convex_hull(several),
        };
        let hull: Vec<[f64; 2]> = hull.iter().map(|at| [at.x, at.y].map(f64::from)).collect();
        let edge = |number: usize| {
            let (from, to) = (hull[number], hull[(number + 1) % hull.len()]);
            let [x, y] = [to[0] - from[0], to[1] - from[1]];
            let length = x.hypot(y);
            if length > 0.0 {
                [x / length, y / length]
            } else {
                [1.0, 0.0]
            }
        };
        let all = (0..hull.len()).map(|number| Self::towards(&hull, edge(number)));
        all.min_by(|a, b| a.area().total_cmp(&b.area()))
    }

    /// The smallest one with a side in a direction.
    fn towards(points: &[[f64; 2]], along: [f64; 2]) -> Self {
        let across = [-along[1], along[0]];
        let extent = |axis: [f64; 2]| {
            let places = points.iter().map(|at| at[0] * axis[0] + at[1] * axis[1]);
            places.fold([f64::MAX, f64::MIN], |[least, most], at| {
                [least.min(at), most.max(at)]
            })
        };
        let (first, second) = (extent(along), extent(across));
        let [u, v] = [first, second].map(|[least, most]| f64::midpoint(least, most));
        Self {
            centre: [0, 1].map(|axis| u * along[axis] + v * across[axis]),
            along,
            sides: [first, second].map(|[least, most]| most - least),
        }
    }

    /// The length of the shorter side.
    pub(super) fn shorter(&self) -> f64 {
        self.sides[0].min(self.sides[1])
    }

    pub(super) fn area(&self) -> f64 {
        self.sides[0] * self.sides[1]
    }

    /// The length of all sides together; not 0.
    pub(super) fn perimeter(&self) -> f64 {
        (2.0 * (self.sides[0] + self.sides[1])).max(f64::MIN_POSITIVE)
    }

    /// The same with all sides moved outwards.
    pub(super) fn grown(self, by: f64) -> Self {
        Self {
            sides: self.sides.map(|side| side + 2.0 * by),
            ..self
        }
    }

    /// Its corners, one after another.
    pub(super) fn corners(&self) -> [[f64; 2]; 4] {
        let [[x, y], [u, v]] = [self.centre, self.along];
        let [half, other] = self.sides.map(|side| side / 2.0);
        [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]].map(|[first, second]| {
            [
                x + first * half * u - second * other * v,
                y + first * half * v + second * other * u,
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    fn around(points: &[[i32; 2]]) -> Rectangle {
        let points: Vec<_> = points.iter().map(|[x, y]| Point::new(*x, *y)).collect();
        Rectangle::around(&points).unwrap()
    }

    #[test]
    fn a_square_on_its_corner_has_its_own_area() {
        // Sides of the root of 50, and not a square of 10 round it.
        let found = around(&[[5, 0], [10, 5], [5, 10], [0, 5]]);
        assert!((found.area() - 50.0).abs() < 1e-9, "{found:?}");
        assert!((found.shorter() - 50.0_f64.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn a_line_has_no_area_and_grows_to_one() {
        let line = around(&[[2, 3], [7, 3], [12, 3]]);
        assert!(line.area() < 1e-9, "{line:?}");
        let grown = line.grown(2.0);
        assert!((grown.area() - 14.0 * 4.0).abs() < 1e-9, "{grown:?}");
    }
}
