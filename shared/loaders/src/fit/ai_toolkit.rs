//! ai-toolkit: `toolkit/buckets.py` and `BucketsMixin`.

use super::{Fit, Size, smallest};

/// A bucket of about `resolution` squared pixels and never more, with sides
/// that are multiples of `divisibility`, which [`steps`](crate::bases::steps)
/// gives; never enlarges but to reach them.
///
/// ```
/// use loaders::fit::{Size, ai_toolkit};
/// assert_eq!(ai_toolkit(Size::new(1920, 1080), 1024, 16).bucket, Size::new(1360, 768));
/// ```
pub fn ai_toolkit(source: Size, resolution: u32, divisibility: u32) -> Fit {
    let budget = u64::from(resolution).pow(2);
    let target = source.area().min(budget);
    let scale = (target as f64 / source.area() as f64).sqrt();
    let steps = |side: u32| f64::from(side) * scale / f64::from(divisibility);
    let (width, height) = (steps(source.width), steps(source.height));
    let [w0, w1] = [width.floor(), width.ceil()].map(|steps| steps as u32 * divisibility);
    let [h0, h1] = [height.floor(), height.ceil()].map(|steps| steps as u32 * divisibility);
    let sizes = [(w0, h0), (w0, h1), (w1, h0), (w1, h1)].map(|(w, h)| Size::new(w, h));
    let sizes = sizes
        .into_iter()
        .filter(|size| size.area() > 0 && size.area() <= budget);
    let sizes: Vec<_> = sizes.collect();
    let errors = sizes.iter().map(|size| size.area().abs_diff(target) as f64);
    let least = Size::new(w0.max(divisibility), h0.max(divisibility));
    let bucket = smallest(errors).map_or(least, |best| sizes[best]);
    let across = f64::from(bucket.width) / f64::from(source.width);
    let scale = across.max(f64::from(bucket.height) / f64::from(source.height));
    let scaled = |side: u32| (f64::from(side) * scale).ceil() as u32;
    Fit::middle(
        source,
        Size::new(scaled(source.width), scaled(source.height)),
        bucket,
    )
}
