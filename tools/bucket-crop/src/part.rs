//! The part of an image of a bucket's shape.

use geometry::Rect;
use loaders::fit::{Fitting, Size};
use loaders::trainers::sd_scripts::Buckets;

use crate::needed::Needed;

/// What the trainer loses of an image: whether the face, how far what is needed reaches out, and how much of
/// the image is not shown. The first that differs decides.
type Loss = (bool, f64, f64);

/// Less than this, in pixels, is rounding.
const ROUNDING: f64 = 1.0;

/// The part of an image of `size` of which the trainer loses less than of the whole; `None` where it loses
/// nothing that is needed, or no part is better.
pub(crate) fn part(buckets: &Buckets, size: Size, needed: &Needed) -> Option<Rect> {
    let whole = Rect::whole(size.width, size.height);
    let before = loss(buckets, size, whole, needed)?;
    if !before.0 && before.1 < ROUNDING {
        return None;
    }
    let shapes = buckets.sizes().iter().map(|bucket| bucket.aspect());
    // Where not all of it has room, the face has.
    let anchors = [Some(needed.all), needed.face];
    let parts = shapes.flat_map(|aspect| {
        let anchors = anchors.into_iter().flatten();
        anchors.filter_map(move |anchor| held(size, aspect, &anchor))
    });
    let losses = parts.filter_map(|part| Some((loss(buckets, size, part, needed)?, part)));
    let (least, best) = losses.min_by(|(one, _), (other, _)| compared(one, other))?;
    compared(&least, &before).is_lt().then_some(best)
}

fn compared(one: &Loss, other: &Loss) -> std::cmp::Ordering {
    let steps = |loss: &Loss| (loss.1 / ROUNDING) as u64;
    let faces = one.0.cmp(&other.0);
    faces
        .then(steps(one).cmp(&steps(other)))
        .then(one.2.total_cmp(&other.2))
}

/// The largest part of this aspect, with what is needed as near its middle as can be.
fn held(size: Size, aspect: f64, needed: &Rect<f64>) -> Option<Rect> {
    let (width, height) = (f64::from(size.width), f64::from(size.height));
    let across = width.min(height * aspect).round().min(width);
    let down = height.min(width / aspect).round().min(height);
    let start = |low: f64, high: f64, length: f64, all: f64| {
        (low.midpoint(high) - length / 2.0)
            .round()
            .clamp(0.0, all - length)
    };
    let left = start(needed.left, needed.right, across, width);
    let top = start(needed.top, needed.bottom, down, height);
    let part = Rect::from([left, top, left + across, top + down]).map(|edge| edge as u32);
    (!part.is_empty()).then_some(part)
}

/// What the trainer loses of an image of which it gets `part`.
fn loss(buckets: &Buckets, size: Size, part: Rect, needed: &Needed) -> Option<Loss> {
    let fit = buckets.fit(Size::new(part.width(), part.height()))?;
    let kept = fit.kept().shift(part.left.into(), part.top.into());
    let beyond = |rect: &Rect<f64>| {
        let sides = [
            kept.left - rect.left,
            kept.top - rect.top,
            rect.right - kept.right,
            rect.bottom - kept.bottom,
        ];
        sides.into_iter().fold(0.0, f64::max)
    };
    let face = needed.face.is_some_and(|face| beyond(&face) >= ROUNDING);
    let shown = kept.area() / size.area() as f64;
    Some((face, beyond(&needed.all), 1.0 - shown))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    fn buckets() -> Buckets {
        let flags = loaders::trainers::sd_scripts::BucketFlags {
            resolution: 1024,
            min_bucket: 512,
            max_bucket: 1536,
            bucket_step: 64,
        };
        flags.buckets().unwrap()
    }

    fn needed(face: Option<[f64; 4]>, all: [f64; 4]) -> Needed {
        Needed {
            face: face.map(Rect::from),
            all: all.into(),
        }
    }

    #[test]
    fn what_no_trainer_cuts_off_stays_whole() {
        let body = needed(None, [300.0, 100.0, 700.0, 900.0]);
        assert_eq!(part(&buckets(), Size::new(1024, 1024), &body), None);
        assert_eq!(
            part(&buckets(), Size::new(1000, 1100), &body),
            None,
            "the middle is kept"
        );
    }

    #[test]
    fn a_face_at_the_end_of_a_long_image_is_kept() {
        // 400x2000 would be cut to a shape of 1 to 3 at most: 400 rows at either end go.
        let size = Size::new(400, 2000);
        let face = [120.0, 20.0, 280.0, 200.0];
        let body = needed(Some(face), [100.0, 20.0, 300.0, 1190.0]);
        let before = loss(&buckets(), size, Rect::whole(400, 2000), &body).unwrap();
        assert!(before.0 && before.1 > 300.0, "{before:?}");
        let part = part(&buckets(), size, &body).unwrap();
        let after = loss(&buckets(), size, part, &body).unwrap();
        assert!(!after.0 && after.1 < ROUNDING, "{part:?} {after:?}");
        assert_eq!((part.left, part.width()), (0, 400));
        assert!(part.top <= 20 && part.bottom >= 1190 && part.bottom <= 2000);
    }

    #[test]
    fn the_face_comes_before_the_feet() {
        // No bucket holds all 1990 rows.
        let face = [120.0, 5.0, 280.0, 200.0];
        let body = needed(Some(face), [100.0, 5.0, 300.0, 1995.0]);
        let size = Size::new(400, 2000);
        let found = part(&buckets(), size, &body).unwrap();
        let lost = loss(&buckets(), size, found, &body).unwrap();
        assert!(!lost.0 && lost.1 > 700.0, "{found:?} {lost:?}");
    }
}
