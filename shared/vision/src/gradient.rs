//! Which way the edges of a picture run, by its structure tensor.

use image::GrayImage;

/// The summed gradients of a picture.
///
/// A camera pan wipes out the edges across its path and keeps those along it, so the gradients that
/// remain all point one way: low energy with high [`coherence`](Self::coherence) suggests motion
/// blur, low energy with low coherence defocus. A picture of blinds or railings is coherent too, but
/// has energy. The formula is the usual one, for example in B. Jähne, *Digital Image Processing*,
/// chapter on neighbourhoods with simple structure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gradient {
    /// The mean squared gradient, in squared luma levels a pixel, 0 or more.
    pub energy: f64,
    /// How much one direction prevails: 0 all alike, 1 only one.
    pub coherence: f64,
    /// The direction across the prevailing edges in degrees, -90 < angle <= 90, 0 to the right,
    /// counted clockwise on the screen. Motion blur runs at right angles to it. 0 where no
    /// direction prevails.
    pub angle: f64,
}

impl Gradient {
    /// The gradient of a picture by central differences; all zero below 3x3 pixels.
    ///
    /// ```
    /// // upright stripes: everything changes to the right, nothing downwards
    /// let stripes = vision::GrayImage::from_fn(16, 16, |x, _| image::Luma([(x % 4 * 60) as u8]));
    /// let gradient = vision::focus::Gradient::of(&stripes);
    /// assert_eq!((gradient.coherence, gradient.angle), (1.0, 0.0));
    /// ```
    pub fn of(image: &GrayImage) -> Self {
        let (width, height) = (image.width() as usize, image.height() as usize);
        if width < 3 || height < 3 {
            return Self::from_sums([0; 3], 1);
        }
        let row = |y: usize| &image.as_raw()[y * width..(y + 1) * width];
        let mut sums = [0_i64; 3];
        for y in 1..height - 1 {
            let line = products(row(y - 1), row(y), row(y + 1));
            for (sum, value) in sums.iter_mut().zip(line) {
                *sum += value;
            }
        }
        Self::from_sums(sums, (width - 2) * (height - 2))
    }

    fn from_sums(sums: [i64; 3], count: usize) -> Self {
        let [across, down, mixed] = sums.map(|sum| sum as f64);
        let total = across + down;
        let directed = (across - down).hypot(2.0 * mixed);
        Self {
            // A central difference spans two pixels: a quarter of its square is the gradient's.
            energy: total / 4.0 / count as f64,
            coherence: if total > 0.0 { directed / total } else { 0.0 },
            angle: if directed > 0.0 {
                0.5 * (2.0 * mixed).atan2(across - down).to_degrees()
            } else {
                0.0
            },
        }
    }
}

/// The sums of `dx * dx`, `dy * dy` and `dx * dy` along one row.
fn products(above: &[u8], here: &[u8], below: &[u8]) -> [i64; 3] {
    let mut sums = [0_i64; 3];
    let inner = 1..here.len() - 1;
    let differences = here
        .iter()
        .zip(&here[2..])
        .zip(above[inner.clone()].iter().zip(&below[inner]))
        .map(|((left, right), (up, down))| {
            (
                i32::from(*right) - i32::from(*left),
                i32::from(*down) - i32::from(*up),
            )
        });
    for (dx, dy) in differences {
        sums[0] += i64::from(dx * dx);
        sums[1] += i64::from(dy * dy);
        sums[2] += i64::from(dx * dy);
    }
    sums
}
