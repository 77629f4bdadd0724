//! From the pixels of an image to the planes of numbers that most networks take.

use vision::{Rect, RgbImage, crop};

/// The order of a network's colour planes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Red, green, blue: what Pillow and torchvision read.
    Rgb,
    /// Blue, green, red: what `OpenCV` reads.
    Bgr,
}

/// The pixels as three planes, row-major, shape `[3, height, width]`; each level, 0 to 255, becomes
/// `(level - mean) / deviation` of its plane. Both are in the order of the planes.
///
/// ```
/// use nets::planes::{Order, planes};
/// let image = vision::RgbImage::from_raw(2, 1, vec![10, 20, 30, 40, 50, 60]).unwrap();
/// let numbers = planes(&image, Order::Bgr, [0.0; 3], [10.0, 1.0, 1.0]);
/// assert_eq!(numbers, [3.0, 6.0, 20.0, 50.0, 10.0, 40.0]);
/// ```
pub fn planes(image: &RgbImage, order: Order, mean: [f32; 3], deviation: [f32; 3]) -> Vec<f32> {
    valued(image, order, |plane, level| {
        (level - mean[plane]) / deviation[plane]
    })
}

/// As [`planes`], where each level of a plane becomes `value`.
pub(crate) fn valued(
    image: &RgbImage,
    order: Order,
    value: impl Fn(usize, f32) -> f32,
) -> Vec<f32> {
    let (pixels, _) = image.as_raw().as_chunks::<3>();
    // There are 256 levels and far more pixels.
    let levels: [[f32; 256]; 3] =
        std::array::from_fn(|plane| std::array::from_fn(|level| value(plane, level as f32)));
    let channels = match order {
        Order::Rgb => [0, 1, 2],
        Order::Bgr => [2, 1, 0],
    };
    let mut numbers = vec![0.0; 3 * pixels.len()];
    let planes = numbers.chunks_exact_mut(pixels.len().max(1));
    for ((plane, levels), channel) in planes.zip(&levels).zip(channels) {
        for (number, pixel) in plane.iter_mut().zip(pixels) {
            *number = levels[usize::from(pixel[channel])];
        }
    }
    numbers
}

/// The square of `image` with `side` pixels whose upper left corner is at `left`, `top`.
pub(crate) fn square(image: &RgbImage, left: u32, top: u32, side: u32) -> vision::Result<RgbImage> {
    crop::rgb(image, Rect::whole(side, side).shift(left, top))
}
