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
    Fit::middle(source, scaled(source, bucket), bucket)
}

/// The size before the cut, of the image's own aspect.
fn scaled(source: Size, bucket: Size) -> Size {
    if source.width == source.height {
        return bucket;
    }
    let aspect = source.aspect();
    let across = |rows: u32| (f64::from(rows) * aspect) as u32;
    let down = |columns: u32| (f64::from(columns) / aspect) as u32;
    let (width, height) = if bucket.width < bucket.height {
        (bucket.width, down(bucket.width))
    } else {
        (across(bucket.height), bucket.height)
    };
    // One side may be too short by a little, by which both are made longer.
    if bucket.width > width {
        let more = bucket.width - width;
        Size::new(width + more, height + down(more))
    } else if bucket.height > height {
        let more = bucket.height - height;
        Size::new(width + across(more), height + more)
    } else {
        Size::new(width, height)
    }
}
