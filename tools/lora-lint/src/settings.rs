//! The flags that say of sets what no configuration says.

use std::path::PathBuf;

use loaders::bases::{Base, base, names};
use loaders::set::Settings;

/// Assumptions for data sets without a configuration.
#[derive(Debug, clap::Args)]
pub(crate) struct SettingFlags {
    #[arg(long, value_name = "MODEL", value_parser = base, help = base_help())]
    base: Option<&'static Base>,

    /// Side of the square whose area is the budget of an image
    #[arg(long, value_name = "PIXELS", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(64..=8192))]
    resolution: u32,

    /// Ending of caption files, for trainers with a choice
    #[arg(long, value_name = "ENDING", default_value = ".txt")]
    caption_extension: String,

    /// Folder of masks
    #[arg(long, value_name = "DIR")]
    masks: Option<PathBuf>,

    /// Read a configuration as a trainer does when its masked-loss flag is given
    #[arg(long)]
    masked_loss: bool,
}

/// The help of `--base`.
fn base_help() -> String {
    format!(
        "Base model to train. It decides the buckets of many trainers and how much of a caption is read: {} [default: the buckets of most models in the trainer; CLIP's 75 tokens for trainers that mostly train models with CLIP]",
        names()
    )
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
            moved: None,
        }
    }
}
