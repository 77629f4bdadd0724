//! musubi-tuner: `BucketSelector` of `dataset/bucket.py`.

use super::{Fit, Size, half_up, smallest};

/// The settings of a data set that decide on its buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Musubi {
    /// `resolution`, 960x544 where it is not given.
    pub resolution: Size,
    /// `enable_bucket`; without it everything is cut to `resolution`.
    pub enable_bucket: bool,
    /// `bucket_no_upscale`: a small picture keeps its size.
    pub bucket_no_upscale: bool,
    /// What sides are multiples of: 16, and 32 for `HiDream`.
    pub steps: u32,
}

impl Musubi {
    /// What becomes of a picture; `None` if nothing is left of it.
    ///
    /// ```
    /// use loaders::fit::{Musubi, Size};
    /// let settings = Musubi {
    ///     resolution: Size::square(1024),
    ///     enable_bucket: true,
    ///     bucket_no_upscale: false,
    ///     steps: 16,
    /// };
    /// let fit = settings.fit(Size::new(1920, 1080)).unwrap();
    /// assert_eq!(fit.bucket, Size::new(1360, 768));
    /// ```
    pub fn fit(&self, source: Size) -> Option<Fit> {
        let to_steps = |side: u32| side / self.steps * self.steps;
        let bucket = if !self.enable_bucket {
            self.resolution
        } else if self.bucket_no_upscale && source.area() <= self.resolution.area() {
            Size::new(to_steps(source.width), to_steps(source.height))
        } else {
            self.nearest(source)?
        };
        if bucket.area() == 0 || source.area() == 0 {
            return None;
        }
        let across = f64::from(bucket.width) / f64::from(source.width);
        let scale = across.max(f64::from(bucket.height) / f64::from(source.height));
        let scaled = |side: u32| half_up(f64::from(side) * scale);
        let resized = Size::new(scaled(source.width), scaled(source.height));
        Some(Fit::middle(source, resized, bucket))
    }

    fn nearest(&self, source: Size) -> Option<Size> {
        let budget = self.resolution.area();
        let side = budget.isqrt() as u32;
        let least = (side / 2 / self.steps * self.steps).max(self.steps);
        let widths = (least..side + self.steps).step_by(self.steps as usize);
        let mut sizes: Vec<_> = widths
            .flat_map(|width| {
                let height = (budget / u64::from(width)) as u32 / self.steps * self.steps;
                [Size::new(width, height), Size::new(height, width)]
            })
            .filter(|size| size.area() > 0)
            .collect();
        sizes.sort();
        let errors = sizes
            .iter()
            .map(|size| (size.aspect() - source.aspect()).abs());
        smallest(errors).map(|best| sizes[best])
    }
}
