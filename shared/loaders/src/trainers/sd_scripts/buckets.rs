//! kohya sd-scripts: `BucketManager` of `library/train_util.py`.

use crate::fit::{Fit, Fitting, Size, half_up, smallest};

/// The settings of a data set that decide on its buckets, with the defaults
/// of sd-scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketSettings {
    /// `resolution`: its area is the budget of an image.
    pub resolution: Size,
    /// `enable_bucket`; without it everything is cut to `resolution`.
    pub enable_bucket: bool,
    /// `min_bucket_reso`: the shortest side of a bucket.
    pub min_bucket_reso: u32,
    /// `max_bucket_reso`: the longest side of a bucket.
    pub max_bucket_reso: u32,
    /// `bucket_reso_steps`: what sides are multiples of.
    pub bucket_reso_steps: u32,
    /// `bucket_no_upscale`: never enlarge; the two bounds then mean nothing.
    pub bucket_no_upscale: bool,
}

impl BucketSettings {
    /// The defaults, which have buckets switched off.
    pub fn new(resolution: Size) -> Self {
        Self {
            resolution,
            enable_bucket: false,
            min_bucket_reso: 256,
            max_bucket_reso: 1024,
            bucket_reso_steps: 64,
            bucket_no_upscale: false,
        }
    }

    /// Why sd-scripts would refuse these settings; `None` if it would not.
    pub fn refused(&self) -> Option<String> {
        if self.bucket_reso_steps == 0 {
            return Some("bucket_reso_steps is 0".to_owned());
        }
        let (least, most) = self.bounds();
        let Size { width, height } = self.resolution;
        if self.enable_bucket && width.min(height) < least {
            return Some(format!(
                "min_bucket_reso {least} is over the resolution {width}x{height}"
            ));
        }
        if self.enable_bucket && width.max(height) > most {
            return Some(format!(
                "max_bucket_reso {most} is under the resolution {width}x{height}"
            ));
        }
        None
    }

    /// The bounds as multiples of the steps.
    fn bounds(&self) -> (u32, u32) {
        let steps = self.bucket_reso_steps;
        (
            self.min_bucket_reso / steps * steps,
            self.max_bucket_reso.div_ceil(steps) * steps,
        )
    }
}

/// The buckets of a data set.
#[derive(Debug, Clone)]
pub struct Buckets {
    settings: BucketSettings,
    sizes: Vec<Size>,
}

impl Buckets {
    /// The buckets that `settings` give; `None` where they are refused.
    ///
    /// ```
    /// use loaders::fit::{Fitting, Size};
    /// use loaders::trainers::sd_scripts::{BucketSettings, Buckets};
    /// let mut settings = BucketSettings::new(Size::square(1024));
    /// settings.enable_bucket = true;
    /// let buckets = Buckets::new(settings).unwrap();
    /// let fit = buckets.fit(Size::new(1920, 1080)).unwrap();
    /// assert_eq!(fit.bucket, Size::new(1024, 576));
    /// assert_eq!(fit.cropped(), 0.0);
    /// ```
    pub fn new(settings: BucketSettings) -> Option<Self> {
        if settings.refused().is_some() {
            return None;
        }
        let sizes = if settings.enable_bucket {
            resolutions(&settings)
        } else {
            vec![settings.resolution]
        };
        Some(Self { settings, sizes })
    }

    /// The sizes of the buckets, by width and then by height. With `bucket_no_upscale` an image
    /// may also get a smaller one of its own.
    pub fn sizes(&self) -> &[Size] {
        &self.sizes
    }

    fn nearest(&self, source: Size) -> Option<(Size, Size)> {
        let errors = self
            .sizes
            .iter()
            .map(|size| (size.aspect() - source.aspect()).abs());
        let bucket = if self.sizes.contains(&source) {
            source
        } else {
            self.sizes[smallest(errors)?]
        };
        let scale = if source.aspect() > bucket.aspect() {
            f64::from(bucket.height) / f64::from(source.height)
        } else {
            f64::from(bucket.width) / f64::from(source.width)
        };
        let scaled = |side: u32| half_up(f64::from(side) * scale);
        Some((
            bucket,
            Size::new(scaled(source.width), scaled(source.height)),
        ))
    }

    fn shrunk(&self, source: Size) -> (Size, Size) {
        let steps = self.settings.bucket_reso_steps;
        let budget = self.settings.resolution.area();
        let resized = if source.area() > budget {
            self.to_steps(source.aspect(), budget as f64)
        } else {
            source
        };
        let bucket = Size::new(
            resized.width / steps * steps,
            resized.height / steps * steps,
        );
        (bucket, resized)
    }

    /// The size of about `budget` pixels, one side of which is a multiple of
    /// the steps: the side that keeps the aspect better.
    fn to_steps(&self, aspect: f64, budget: f64) -> Size {
        let steps = self.settings.bucket_reso_steps;
        let rounded = |value: f64| half_up(value) / steps * steps;
        let width = (budget * aspect).sqrt();
        let by_width = rounded(width);
        let by_height = rounded(budget / width);
        let error = |width: u32, height: u32| (f64::from(width) / f64::from(height) - aspect).abs();
        let error_by_width = error(by_width, rounded(f64::from(by_width) / aspect));
        let error_by_height = error(rounded(f64::from(by_height) * aspect), by_height);
        if error_by_width < error_by_height {
            Size::new(by_width, half_up(f64::from(by_width) / aspect))
        } else {
            Size::new(half_up(f64::from(by_height) * aspect), by_height)
        }
    }
}

impl Fitting for Buckets {
    /// `None` if the image has no pixels, or so few that nothing is left of it.
    fn fit(&self, source: Size) -> Option<Fit> {
        if source.area() == 0 {
            return None;
        }
        let (bucket, resized) = if self.settings.enable_bucket && self.settings.bucket_no_upscale {
            self.shrunk(source)
        } else {
            self.nearest(source)?
        };
        (bucket.area() > 0).then(|| Fit::middle(source, resized, bucket))
    }
}

/// Every bucket, sorted: `make_bucket_resolutions` of `library/model_util.py`.
fn resolutions(settings: &BucketSettings) -> Vec<Size> {
    let steps = settings.bucket_reso_steps;
    let (least, most) = settings.bounds();
    let budget = settings.resolution.area();
    let mut sizes = vec![Size::square(budget.isqrt() as u32 / steps * steps)];
    // A bound of 0 would divide by it; such a bucket holds nothing anyway.
    for width in (least.max(steps)..=most).step_by(steps as usize) {
        let height = (budget / u64::from(width)) as u32 / steps * steps;
        let height = height.min(most);
        if height >= least && height > 0 {
            sizes.extend([Size::new(width, height), Size::new(height, width)]);
        }
    }
    sizes.retain(|size| size.area() > 0);
    sizes.sort();
    sizes.dedup();
    sizes
}
