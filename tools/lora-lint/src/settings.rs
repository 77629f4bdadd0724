//! The flags that say of sets what no configuration says.

use std::path::PathBuf;

use loaders::bases::{Base, base};
use loaders::set::Settings;

/// What is said of sets that no configuration describes.
#[derive(Debug, clap::Args)]
pub(crate) struct SettingFlags {
    /// Base model that is trained, which decides on the buckets of many trainers
    /// and on how much of a caption is read: sd15, sdxl, sd3, flux, flux-schnell,
    /// flux2, lumina, qwen-image, z-image, chroma, hidream, krea2, ideogram, anima,
    /// hunyuan-image, wan or wan-5b [default: the buckets that most models have
    /// in the trainer; CLIP's 75 tokens, for trainers that mostly train models
    /// of CLIP]
    #[arg(long, value_name = "MODEL", value_parser = base)]
    base: Option<&'static Base>,

    /// Side of the square whose area is the budget of an image
    #[arg(long, value_name = "PIXELS", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(64..=8192))]
    resolution: u32,

    /// Ending of caption files, where the trainer lets one choose
    #[arg(long, value_name = "ENDING", default_value = ".txt")]
    caption_extension: String,

    /// Folder of masks
    #[arg(long, value_name = "DIR")]
    masks: Option<PathBuf>,

    /// Read a configuration as sd-scripts does with its flag for masked loss
    #[arg(long)]
    masked_loss: bool,
}

impl SettingFlags {
    /// What they say, with the trigger word.
    pub(crate) fn settings(self, trigger: Option<String>) -> Settings {
        Settings {
            base: self.base,
            resolution: self.resolution,
            caption_extension: self.caption_extension,
            masks: self.masks,
            masked_loss: self.masked_loss,
            trigger,
        }
    }
}
