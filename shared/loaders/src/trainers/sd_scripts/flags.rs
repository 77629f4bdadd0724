//! The flags of tools that cut images to the shapes of buckets.

use clap::Args;

use super::{BucketSettings, Buckets};
use crate::fit::Size;

/// Buckets of the trainer; names and meanings are those of sd-scripts.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Buckets")]
pub struct BucketFlags {
    /// Side of the square with the area of a bucket, in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(64..=8192))]
    pub resolution: u32,

    /// Shortest side of a bucket, in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 512, value_parser = clap::value_parser!(u32).range(64..=8192))]
    pub min_bucket: u32,

    /// Longest side of a bucket, in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 1536, value_parser = clap::value_parser!(u32).range(64..=8192))]
    pub max_bucket: u32,

    /// Step of bucket sides, in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 64, value_parser = clap::value_parser!(u32).range(8..=512))]
    pub bucket_step: u32,
}

impl BucketFlags {
    /// The buckets.
    ///
    /// # Errors
    /// What sd-scripts would refuse, in words.
    pub fn buckets(self) -> Result<Buckets, String> {
        let settings = BucketSettings {
            enable_bucket: true,
            min_bucket_reso: self.min_bucket,
            max_bucket_reso: self.max_bucket,
            bucket_reso_steps: self.bucket_step,
            ..BucketSettings::new(Size::square(self.resolution))
        };
        if let Some(refused) = settings.refused() {
            return Err(format!("sd-scripts would refuse these buckets: {refused}"));
        }
        Buckets::new(settings).ok_or_else(|| "there are no such buckets".to_owned())
    }
}
