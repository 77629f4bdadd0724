//! diffusion-pipe: `DirectoryDataset` of `utils/dataset.py`.

use super::{Fit, Size, smallest};

/// The settings of a data set that decide on its buckets.
#[derive(Debug, Clone, PartialEq)]
pub struct DiffusionPipe {
    /// A side of the square whose area is the budget: one of `resolutions`.
    pub resolution: f64,
    /// `enable_ar_bucket`; without it there is one square bucket.
    pub enable_ar_bucket: bool,
    /// The aspects of the buckets, width over height.
    pub aspects: Vec<f64>,
    /// What sides are multiples of, by base model: `pixels_round_to_multiple`, 16 for most.
    pub steps: u32,
}

impl DiffusionPipe {
    /// The aspects that `min_ar`, `max_ar` and `num_ar_buckets` give.
    pub fn aspects(least: f64, most: f64, count: u32) -> Vec<f64> {
        let gaps = f64::from(count.saturating_sub(1).max(1));
        let share = |index: u32| f64::from(index) / gaps;
        let aspect = |index| thousandths(least * (most / least).powf(share(index)));
        let mut all: Vec<_> = (0..count).map(aspect).collect();
        all.dedup();
        all
    }

    /// What becomes of a picture.
    ///
    /// ```
    /// use loaders::fit::{DiffusionPipe, Size};
    /// let settings = DiffusionPipe {
    ///     resolution: 1024.0,
    ///     enable_ar_bucket: true,
    ///     aspects: DiffusionPipe::aspects(0.5, 2.0, 7),
    ///     steps: 16,
    /// };
    /// assert_eq!(settings.fit(Size::new(1920, 1080)).bucket, Size::new(1296, 816));
    /// ```
    pub fn fit(&self, source: Size) -> Fit {
        let aspects: &[f64] = if self.enable_ar_bucket {
            &self.aspects
        } else {
            &[1.0]
        };
        let errors = aspects
            .iter()
            .map(|aspect| (aspect.ln() - source.aspect().ln()).abs());
        let aspect = smallest(errors).map_or(1.0, |best| aspects[best]);
        let steps = f64::from(self.steps);
        let width = self.resolution * aspect.sqrt();
        let rounded = |side: f64| (side / steps).round_ties_even().max(1.0) * steps;
        let bucket = Size::new(
            rounded(width) as u32,
            rounded(self.resolution * self.resolution / width) as u32,
        );
        fitted(source, bucket)
    }
}

/// `ImageOps.fit` of Pillow: the largest middle part of the bucket's aspect,
/// scaled to it.
fn fitted(source: Size, bucket: Size) -> Fit {
    let (width, height) = (f64::from(source.width), f64::from(source.height));
    let scale = (f64::from(bucket.width) / width).max(f64::from(bucket.height) / height);
    let resized = Size::new(
        (width * scale).round() as u32,
        (height * scale).round() as u32,
    );
    Fit {
        source,
        bucket,
        resized,
        left: f64::from(resized.width - bucket.width) / 2.0,
        top: f64::from(resized.height - bucket.height) / 2.0,
    }
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round_ties_even() / 1000.0
}
