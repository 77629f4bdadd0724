//! Filling a hole, one crop after the other.

use nets::inpaint::{Crop, Inpainter, crops};
use stage::Result;
use vision::RgbImage;

use crate::hole::Hole;

/// The largest share of a crop that the largest hole takes up; the more of a crop is hole, the
/// less there is to fill it from.
pub(crate) fn fullest(hole: &Hole, context: f64) -> Result<f64> {
    let share = |crop: &Crop| {
        let hole = hole.mask.part(crop.rect)?;
        Ok(hole.area() as f64 / hole.as_slice().len() as f64)
    };
    crops(&hole.mask, context)?
        .iter()
        .map(share)
        .try_fold(0.0, |most, share: Result<f64>| Ok(f64::max(most, share?)))
}

/// The image with its hole filled. `context` multiplies the margins round the holes; 1 is usual.
///
/// Each crop sees what those before it have filled. Only what lies in the hole changes.
pub(crate) fn fill(
    network: &mut Inpainter,
    image: &RgbImage,
    hole: &Hole,
    context: f64,
) -> Result<RgbImage> {
    let mut result = image.clone();
    let mut left = hole.mask.clone();
    for crop in crops(&hole.mask, context)? {
        let from = crop.rect;
        let part = vision::crop::rgb(&result, from)?;
        let filled = network.fill(&part, &left.part(from)?)?;
        let own = crop.hole;
        for (x, y) in own.pixels().filter(|(x, y)| hole.mask.get(*x, *y)) {
            let at = y as usize * image.width() as usize + x as usize;
            let new = filled.get_pixel(x - from.left, y - from.top).0;
            let old = image.get_pixel(x, y).0;
            let mixed = [0, 1, 2].map(|c| hole.blend(at, new[c], old[c]));
            result.put_pixel(x, y, image::Rgb(mixed));
            left.set(x, y, false);
        }
    }
    Ok(result)
}
