//! Where to cut: a rectangle of the shape of a bucket, round the instance.

use loaders::fit::{Fitting, Size};
use loaders::trainers::sd_scripts::{BucketFlags, Buckets};
use stage::{Context, Error, Result};
use vision::Rect;

/// How crops are laid.
#[derive(Debug)]
pub(crate) struct Frame {
    buckets: Buckets,
    padding: f64,
}

/// Where an instance is cut out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    /// In pixels of the image.
    pub(crate) crop: Rect,
    /// What the trainer makes of it.
    pub(crate) bucket: Size,
}

impl Frame {
    /// `padding` is a share of an instance's longer side.
    pub(crate) fn new(flags: BucketFlags, padding: f64) -> Result<Self> {
        let buckets = flags.buckets().map_err(Error::msg)?;
        Ok(Self { buckets, padding })
    }

    /// The crop for an instance: of the shapes of all buckets the one that adds or takes least of
    /// the context that is wanted, holds the whole instance, and lies in the image. Where none
    /// does, the context that is wanted, of which the trainer then cuts something off.
    pub(crate) fn window(&self, instance: Rect, image: (u32, u32)) -> Result<Window> {
        let wanted = instance.padded(self.padding, image);
        let least = [instance.width(), instance.height()].map(f64::from);
        let area = f64::from(wanted.width()) * f64::from(wanted.height());
        let shapes = self.buckets.sizes().iter().filter_map(|bucket| {
            let [width, height] = shaped(wanted, bucket.aspect(), image);
            let holds = width >= least[0] && height >= least[1];
            holds.then(|| ((width * height / area).ln().abs(), [width, height]))
        });
        let nearest = shapes.min_by(|first, second| first.0.total_cmp(&second.0));
        let crop = nearest.map_or(wanted, |(_, sides)| {
            let [width, height] = sides.map(|side| side.round() as u32);
            let (left, right) = (instance.left, instance.right);
            let (top, bottom) = (instance.top, instance.bottom);
            let left = placed((wanted.left, wanted.right), (left, right), width, image.0);
            let top = placed((wanted.top, wanted.bottom), (top, bottom), height, image.1);
            Rect {
                left,
                top,
                right: left + width,
                bottom: top + height,
            }
        });
        let fit = self.buckets.fit(Size::new(crop.width(), crop.height()));
        let bucket = fit.context("the crop has no bucket")?.bucket;
        Ok(Window { crop, bucket })
    }
}

/// Width and height of the smallest rectangle of `aspect` that holds `wanted`, or of the largest
/// that the image holds.
fn shaped(wanted: Rect, aspect: f64, (width, height): (u32, u32)) -> [f64; 2] {
    let across = f64::from(wanted.width()).max(f64::from(wanted.height()) * aspect);
    let across = across.min(f64::from(width)).min(f64::from(height) * aspect);
    [across, across / aspect]
}

/// Where a stretch of `length` begins that has its middle where `wanted` has it, as far as it can
/// while it holds `least` and stays between 0 and `end`.
fn placed(wanted: (u32, u32), least: (u32, u32), length: u32, end: u32) -> u32 {
    let start = i64::from(wanted.0 + wanted.1 - length.min(wanted.0 + wanted.1)) / 2;
    let lowest = i64::from(least.1.saturating_sub(length));
    let highest = i64::from(least.0.min(end.saturating_sub(length)));
    start.clamp(lowest.min(highest), highest) as u32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    const FLAGS: BucketFlags = BucketFlags {
        resolution: 1024,
        min_bucket: 512,
        max_bucket: 1536,
        bucket_step: 64,
    };

    #[test]
    fn every_crop_holds_its_instance_and_loses_nothing_to_the_trainer() {
        let frame = Frame::new(FLAGS, 0.15).unwrap();
        let image = (1920, 1080);
        let mut tried = 0;
        for left in (0..1900).step_by(271) {
            for top in (0..1060).step_by(203) {
                for (width, height) in [(80, 80), (200, 600), (333, 97), (700, 1000), (1500, 400)] {
                    let right = (left + width).min(1920);
                    let instance = Rect::from([left, top, right, (top + height).min(1080)]);
                    let Window { crop, .. } = frame.window(instance, image).unwrap();
                    let size = Size::new(crop.width(), crop.height());
                    assert!(crop.holds(instance), "{instance:?} {crop:?}");
                    assert!(crop.right <= 1920 && crop.bottom <= 1080, "{crop:?}");
                    let own = Size::new(instance.width(), instance.height());
                    let aspect = own.aspect();
                    if (0.4..=2.6).contains(&aspect) {
                        let cropped = frame.buckets.fit(size).unwrap().cropped();
                        assert!(cropped < 0.02, "{instance:?} {crop:?} {cropped}");
                        tried += 1;
                    }
                }
            }
        }
        assert!(tried > 50, "{tried}");
    }

    #[test]
    fn context_lies_on_both_sides() {
        let frame = Frame::new(FLAGS, 0.25).unwrap();
        // 200x200, and 50 on each side: a square of 300, which is a bucket's shape.
        let window = frame
            .window(Rect::from([400, 300, 600, 500]), (1920, 1080))
            .unwrap();
        assert_eq!(window.crop, Rect::from([350, 250, 650, 550]));
        assert_eq!(window.bucket, Size::square(1024));
        // In the corner what is missing on one side is added on the other.
        let window = frame
            .window(Rect::from([0, 0, 200, 200]), (1920, 1080))
            .unwrap();
        assert_eq!(window.crop, Rect::from([0, 0, 250, 250]));
    }

    #[test]
    fn a_shape_that_no_bucket_has_keeps_its_context() {
        let frame = Frame::new(FLAGS, 0.0).unwrap();
        let window = frame
            .window(Rect::from([0, 500, 1920, 540]), (1920, 540))
            .unwrap();
        assert_eq!(window.crop.width(), 1920);
        assert!(window.crop.height() >= 40);
    }

    #[test]
    fn buckets_that_a_trainer_refuses_are_refused() {
        let flags = BucketFlags {
            min_bucket: 1088,
            ..FLAGS
        };
        let error = Frame::new(flags, 0.1).unwrap_err();
        assert!(
            error.to_string().contains("min_bucket_reso 1088"),
            "{error}"
        );
    }
}
