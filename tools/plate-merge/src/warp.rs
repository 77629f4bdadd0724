//! Where a point of one frame lies in another, and the colour there.
//!
//! A warp is a homography between *normal* coordinates, which do not depend on how large a copy of
//! the frame is looked at: the middle is (0, 0), the left edge -1, the right edge 1, and a unit is as
//! long upwards as it is sideways.

use nalgebra::Matrix3;
use vision::RgbImage;

/// The pixels of one copy of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Grid {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Height over width of the frame itself, of which this copy may be a rounded one.
    aspect: f64,
}

impl Grid {
    /// The grid of a copy of `size` of a frame of `full` pixels, each as (width, height).
    pub(crate) fn new(size: (u32, u32), full: (u32, u32)) -> Self {
        Self {
            width: size.0 as usize,
            height: size.1 as usize,
            aspect: f64::from(full.1) / f64::from(full.0),
        }
    }

    /// Pixels a unit, across and down.
    pub(crate) fn unit(self) -> (f64, f64) {
        let down = self.height as f64 / (2.0 * self.aspect);
        (self.width as f64 / 2.0, down)
    }

    /// The normal coordinates of the middle of a pixel.
    pub(crate) fn normal(self, x: usize, y: usize) -> (f64, f64) {
        let (across, down) = self.unit();
        let from = |at: usize, size: usize| at as f64 + 0.5 - size as f64 / 2.0;
        (from(x, self.width) / across, from(y, self.height) / down)
    }

    /// The warp as a matrix on pixels, of which whole numbers are middles.
    pub(crate) fn on_pixels(self, warp: &Matrix3<f64>) -> Matrix3<f64> {
        let (across, down) = self.unit();
        let middle = |size: usize| size as f64 / 2.0 - 0.5;
        let pixels = Matrix3::new(
            across,
            0.0,
            middle(self.width),
            0.0,
            down,
            middle(self.height),
            0.0,
            0.0,
            1.0,
        );
        let normal = Matrix3::new(
            1.0 / across,
            0.0,
            -middle(self.width) / across,
            0.0,
            1.0 / down,
            -middle(self.height) / down,
            0.0,
            0.0,
            1.0,
        );
        pixels * warp * normal
    }

    /// The warp that moves everything by this many pixels of this grid.
    pub(crate) fn shift(self, (x, y): (f64, f64)) -> Matrix3<f64> {
        let (across, down) = self.unit();
        Matrix3::new(1.0, 0.0, x / across, 0.0, 1.0, y / down, 0.0, 0.0, 1.0)
    }
}

/// Where a matrix puts the points of the row `y`.
pub(crate) fn row(matrix: &Matrix3<f64>, y: f64) -> impl Fn(f64) -> (f64, f64) {
    let [across, down, depth] = [0, 1, 2].map(|part| {
        let (slope, begin) = (matrix[(part, 0)], matrix[(part, 1)] * y);
        let constant = matrix[(part, 2)];
        move |x: f64| slope * x + begin + constant
    });
    // Of a shift, nothing is nearer or farther: the division by 1 is left out.
    let is_flat = matrix[(2, 0)] == 0.0 && matrix[(2, 1)] == 0.0 && matrix[(2, 2)] - 1.0 == 0.0;
    move |x| {
        if is_flat {
            return (across(x), down(x));
        }
        let depth = depth(x);
        // What lies behind the camera is nowhere.
        if depth <= 1e-6 {
            return (f64::NEG_INFINITY, f64::NEG_INFINITY);
        }
        (across(x) / depth, down(x) / depth)
    }
}

/// Where a matrix puts a point.
pub(crate) fn place(matrix: &Matrix3<f64>, x: f64, y: f64) -> (f64, f64) {
    row(matrix, y)(x)
}

/// The colour between pixels, by the cubic convolution of Keys (1981) with a = -1/2; none where the
/// four by four pixels round the place are not all there. On whole numbers it is the pixel itself.
pub(crate) fn colour(image: &RgbImage, x: f64, y: f64) -> Option<[f32; 3]> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let within = |at: f64, size: usize| (-0.01..=size as f64 - 0.99).contains(&at);
    if !within(x, width) || !within(y, height) {
        return None;
    }
    let (left, top) = ((x + 0.01).floor(), (y + 0.01).floor());
    let (across, down) = (cubic(x - left), cubic(y - top));
    let clamped =
        |at: f64, step: usize, size: usize| (at as usize + step).saturating_sub(1).min(size - 1);
    let pixels = image.as_raw();
    let mut sum = [0.0_f32; 3];
    for (row, weight) in down.iter().enumerate() {
        let begin = clamped(top, row, height) * width;
        for (column, share) in across.iter().enumerate() {
            let at = 3 * (begin + clamped(left, column, width));
            for (sum, level) in sum.iter_mut().zip(&pixels[at..at + 3]) {
                *sum += weight * share * f32::from(*level);
            }
        }
    }
    Some(sum)
}

/// The weights of the four pixels round a place `t` behind the second.
fn cubic(t: f64) -> [f32; 4] {
    let t = t as f32;
    [
        ((-0.5 * t + 1.0) * t - 0.5) * t,
        (1.5 * t - 2.5) * t * t + 1.0,
        ((-1.5 * t + 2.0) * t + 0.5) * t,
        (0.5 * t - 0.5) * t * t,
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;
    use nalgebra::Vector3;

    #[test]
    fn normal_coordinates_are_those_of_any_copy() {
        let whole = Grid::new((768, 320), (768, 320));
        let half = Grid::new((384, 160), (768, 320));
        let shift = whole.shift((10.0, -4.0));
        let (x, y) = place(&half.on_pixels(&shift), 100.0, 50.0);
        assert!(
            (x - 105.0).abs() < 1e-9 && (y - 48.0).abs() < 1e-9,
            "{x} {y}"
        );
        assert!((whole.normal(0, 0).0 + 1.0 - 1.0 / 768.0).abs() < 1e-12);
    }

    #[test]
    fn a_point_is_put_where_the_product_with_it_is() {
        let shift = Matrix3::new(1.0, 0.0, 0.3, 0.0, 1.0, -7.7, 0.0, 0.0, 1.0);
        let turned = Matrix3::new(1.01, 0.02, 3.0, -0.01, 0.99, 5.0, 1e-4, -2e-4, 1.0);
        for matrix in [shift, turned] {
            for (x, y) in [(0.0, 0.0), (5.0, 17.0), (767.0, 0.0), (767.0, 431.0)] {
                let moved = matrix * Vector3::new(x, y, 1.0);
                let wanted = (moved.x / moved.z, moved.y / moved.z);
                assert_eq!(place(&matrix, x, y), wanted);
            }
        }
        let behind = Matrix3::new(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, -0.5, 0.0, 1.0);
        assert_eq!(place(&behind, 1.0, 3.0), (2.0, 6.0));
        let nowhere = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        assert_eq!(place(&behind, 5.0, 3.0), nowhere);
    }

    #[test]
    fn a_ramp_stays_a_ramp_between_pixels() {
        let ramp = RgbImage::from_fn(20, 20, |x, y| Rgb([(5 * x + 3 * y) as u8, 10, 0]));
        let found = colour(&ramp, 7.25, 9.5).unwrap();
        assert!(
            (found[0] - (5.0 * 7.25 + 3.0 * 9.5)).abs() < 1e-3,
            "{found:?}"
        );
        let own = colour(&ramp, 4.0, 6.0).unwrap();
        assert_eq!(own.map(|level| level as u8), [38, 10, 0]);
        assert_eq!(colour(&ramp, 19.5, 6.0), None);
    }
}
