//! kohya sd-scripts: one folder that both its TOML and its folder mode read.

use loaders::fit::{SdScripts, Size};
use serde::Serialize;
use stage::Result;

use super::{View, Written, several};
use crate::picture::white;
use crate::plan::{Example, Purpose};
use crate::template::slug;

/// The file for `--dataset_config`. sd-scripts refuses any key it does not know.
#[derive(Serialize)]
struct Config {
    general: General,
    datasets: Vec<Dataset>,
}

#[derive(Serialize)]
struct General {
    caption_extension: &'static str,
    /// Without it only the first line of a caption is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_wildcard: Option<bool>,
    shuffle_caption: bool,
    keep_tokens: u32,
}

#[derive(Serialize)]
struct Dataset {
    resolution: u32,
    batch_size: u32,
    enable_bucket: bool,
    bucket_no_upscale: bool,
    min_bucket_reso: u32,
    max_bucket_reso: u32,
    bucket_reso_steps: u32,
    subsets: Vec<Subset>,
}

#[derive(Serialize)]
struct Subset {
    image_dir: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    conditioning_data_dir: Option<String>,
    num_repeats: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    class_tokens: Option<String>,
}

/// The name of the folder of training images, whose parent is what
/// `--train_data_dir` names: repeats, then the caption of what has none.
pub(super) fn numbered(purpose: &Purpose) -> String {
    format!("{}_{}", purpose.repeats, slug(purpose.title()))
}

/// The buckets that the configuration asks for.
pub(crate) fn buckets(resolution: u32) -> SdScripts {
    let steps = 64;
    SdScripts {
        enable_bucket: true,
        bucket_no_upscale: true,
        min_bucket_reso: resolution / 2 / steps * steps,
        max_bucket_reso: (resolution * 3 / 2).next_multiple_of(steps),
        bucket_reso_steps: steps,
        ..SdScripts::new(Size::square(resolution))
    }
}

/// Writes the configurations: one file with masks is refused as a whole
/// unless `--masked_loss` is given, so there are two.
pub(super) fn write(written: &Written<'_>, purpose: &Purpose, examples: &[Example]) -> Result<()> {
    let image_dir = written.seen(View::Kohya.folder(purpose, false));
    let plain = Subset {
        image_dir: image_dir.clone(),
        conditioning_data_dir: None,
        num_repeats: purpose.repeats,
        class_tokens: purpose.trigger.clone(),
    };
    let lines = several(View::Kohya, purpose, examples);
    written.toml("kohya/dataset.toml", &config(purpose, lines, plain))?;
    if !written.masks(View::Kohya, examples)? {
        return Ok(());
    }
    // A missing mask stops the trainer: what has none is trained on whole.
    let without = |example: &&Example| !example.validation && example.picture.mask.is_none();
    for example in examples.iter().filter(without) {
        let (width, height) = (example.picture.width, example.picture.height);
        let mask = white(width, height, written.store)?;
        written.link(&mask, format!("kohya/mask/{}.png", example.name))?;
    }
    let masked = Subset {
        image_dir,
        conditioning_data_dir: Some(written.seen("kohya/mask")),
        num_repeats: purpose.repeats,
        class_tokens: None,
    };
    written.toml("kohya/masked.toml", &config(purpose, lines, masked))
}

fn config(purpose: &Purpose, lines: bool, subset: Subset) -> Config {
    let buckets = buckets(purpose.resolution);
    Config {
        general: General {
            caption_extension: ".txt",
            enable_wildcard: lines.then_some(true),
            shuffle_caption: false,
            keep_tokens: u32::from(purpose.trigger.is_some()),
        },
        datasets: vec![Dataset {
            resolution: purpose.resolution,
            batch_size: 1,
            enable_bucket: buckets.enable_bucket,
            bucket_no_upscale: buckets.bucket_no_upscale,
            min_bucket_reso: buckets.min_bucket_reso,
            max_bucket_reso: buckets.max_bucket_reso,
            bucket_reso_steps: buckets.bucket_reso_steps,
            subsets: vec![subset],
        }],
    }
}
