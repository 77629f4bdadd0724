//! Which part of an image was exported.
//!
//! dataset-write cuts an image to a bucket's shape: of one side all is left, and of the other what the
//! bucket holds, round the subject. Where that begins stands in no record, but the pixels tell.

use vision::{Rect, RgbImage};

/// Points that are compared in either direction.
const POINTS: u32 = 24;

/// Scaling and JPEG change levels by less than this, on average; another part of the image by more.
const MOST: f64 = 12.0;

/// The part of `shown` that `exported` shows, in pixels of `own`, in which `shown` lies; `None` where no part
/// of it looks the same.
pub(crate) fn found(own: &RgbImage, shown: Rect<f64>, exported: &RgbImage) -> Option<Rect<f64>> {
    let aspect = f64::from(exported.width()) / f64::from(exported.height());
    let (wide, high) = (shown.width(), shown.height());
    let (across, down) = (wide.min(high * aspect), high.min(wide / aspect));
    let room = [wide - across, high - down].map(|room| room.round().max(0.0) as u32);
    let parts = (0..=room[0].max(room[1])).map(|step| {
        let start = |side: usize| f64::from(step.min(room[side]));
        let (left, top) = (shown.left + start(0), shown.top + start(1));
        Rect::from([left, top, left + across, top + down])
    });
    let measured = parts.map(|part| (difference(own, part, exported), part));
    let (least, part) = measured.min_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (least <= MOST).then_some(part)
}

/// The mean difference in level of points of a part from those of an image.
fn difference(own: &RgbImage, part: Rect<f64>, exported: &RgbImage) -> f64 {
    let mut sum = 0.0;
    for row in 0..POINTS {
        for column in 0..POINTS {
            let [x, y] = [column, row].map(|point| (f64::from(point) + 0.5) / f64::from(POINTS));
            let one = level(
                own,
                part.left + x * part.width(),
                part.top + y * part.height(),
            );
            let wide = f64::from(exported.width());
            let other = level(exported, x * wide, y * f64::from(exported.height()));
            sum += (one - other).abs();
        }
    }
    sum / f64::from(POINTS * POINTS)
}

/// The mean of the levels of the three by three pixels around a place.
fn level(image: &RgbImage, x: f64, y: f64) -> f64 {
    let last = [image.width() - 1, image.height() - 1];
    let at = |place: f64, step: i64, side: usize| {
        (place as i64 + step).clamp(0, i64::from(last[side])) as u32
    };
    let steps = (-1..=1).flat_map(|down| (-1..=1).map(move |across| (across, down)));
    let pixels = steps.map(|(across, down)| image.get_pixel(at(x, across, 0), at(y, down, 1)).0);
    let sum: u32 = pixels.flatten().map(u32::from).sum();
    f64::from(sum) / 27.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No two columns and no two rows of it are alike.
    fn image() -> RgbImage {
        RgbImage::from_fn(200, 120, pixel)
    }

    fn pixel(x: u32, y: u32) -> image::Rgb<u8> {
        let wave = |at: u32, length: f64| (f64::from(at) / length).sin() * 60.0 + 120.0;
        image::Rgb([
            wave(x, 17.0) as u8,
            wave(y, 11.0) as u8,
            wave(x + y, 41.0) as u8,
        ])
    }

    #[test]
    fn the_part_that_looks_the_same_is_found() {
        let own = image();
        let whole = Rect::from([0.0, 0.0, 200.0, 120.0]);
        for left in [0, 37, 140] {
            let exported = RgbImage::from_fn(60, 120, |x, y| *own.get_pixel(left + x, y));
            let part = found(&own, whole, &exported);
            let expected = Rect::from([left, 0, left + 60, 120]).map(f64::from);
            assert_eq!(part, Some(expected));
        }
        // Of a part, and half as large.
        let exported = RgbImage::from_fn(50, 25, |x, y| *own.get_pixel(50 + 2 * x, 30 + 2 * y));
        let part = found(&own, Rect::from([50.0, 10.0, 150.0, 110.0]), &exported);
        assert_eq!(part.map(|part| part.left), Some(50.0));
        assert!(
            part.is_some_and(|part| (part.top - 30.0).abs() <= 1.0),
            "{part:?}"
        );
    }

    #[test]
    fn another_image_is_no_part() {
        let grey = RgbImage::from_pixel(60, 120, image::Rgb([20; 3]));
        assert_eq!(
            found(&image(), Rect::from([0.0, 0.0, 200.0, 120.0]), &grey),
            None
        );
    }
}
