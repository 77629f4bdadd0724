//! `OneTrainer`: `AspectBucketing` of mgds.

use super::{Fit, Size, smallest};

/// Long side over short side of the buckets.
const ASPECTS: [f64; 9] = [1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0];

/// One of seventeen buckets of about `resolution` squared pixels, with sides
/// that are multiples of `quantization`, which [`steps`](crate::bases::steps) gives.
///
/// ```
/// use loaders::fit::{Size, one_trainer};
/// assert_eq!(one_trainer(Size::new(1920, 1080), 1024, 64).bucket, Size::new(1344, 768));
/// ```
pub fn one_trainer(source: Size, resolution: u32, quantization: u32) -> Fit {
    let side = |share: f64| {
        let steps = f64::from(resolution) * share / f64::from(quantization);
        steps.round_ties_even() as u32 * quantization
    };
    let sizes = ASPECTS.iter().flat_map(|aspect| {
        let (long, short) = (side(aspect.sqrt()), side(1.0 / aspect.sqrt()));
        [Size::new(long, short), Size::new(short, long)]
    });
    let sizes: Vec<_> = sizes.filter(|size| size.area() > 0).collect();
    let tall = |size: Size| 1.0 / size.aspect();
    let errors = sizes.iter().map(|size| (tall(*size) - tall(source)).abs());
    let bucket = smallest(errors).map_or(Size::square(quantization), |best| sizes[best]);
    let scaled = |side: u32, to: u32, from: u32| {
        let scale = f64::from(to) / f64::from(from);
        (f64::from(side) * scale).round_ties_even() as u32
    };
    let resized = if tall(source) > tall(bucket) {
        Size::new(
            bucket.width,
            scaled(source.height, bucket.width, source.width),
        )
    } else {
        Size::new(
            scaled(source.width, bucket.height, source.height),
            bucket.height,
        )
    };
    Fit::middle(source, resized, bucket)
}
