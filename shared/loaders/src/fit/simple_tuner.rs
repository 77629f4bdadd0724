//! `SimpleTuner`: `calculate_new_size_by_pixel_area` of `multiaspect/image.py`.

use super::{Fit, Size};

/// A bucket of about `resolution` squared pixels (`resolution_type`
/// `pixel_area`), with sides that are multiples of `alignment`,
/// which [`steps`](crate::bases::steps) gives.
///
/// ```
/// use loaders::fit::{Size, simple_tuner};
/// assert_eq!(simple_tuner(Size::new(1920, 1080), 1024, 64).bucket, Size::new(1344, 768));
/// ```
pub fn simple_tuner(source: Size, resolution: u32, alignment: u32) -> Fit {
    let steps = f64::from(alignment);
    let rounded = |side: f64| ((side / steps).round_ties_even().max(1.0) * steps) as u32;
    let side = f64::from(rounded(resolution.into()));
    // The aspect is rounded to hundredths before anything is worked out from it.
    let aspect = ((source.aspect() * 100.0).round_ties_even() / 100.0).max(0.01);
    let bucket = Size::new(rounded(side * aspect.sqrt()), rounded(side / aspect.sqrt()));
    let (width, height) = (f64::from(source.width), f64::from(source.height));
    let scale = (f64::from(bucket.width) / width).max(f64::from(bucket.height) / height);
    let scaled = |side: f64, least: u32| ((side * scale) as u32).max(least);
    let resized = Size::new(scaled(width, bucket.width), scaled(height, bucket.height));
    Fit::middle(source, resized, bucket)
}
