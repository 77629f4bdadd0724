//! kohya sd-scripts: one folder that both its TOML and its folder mode read.

use std::path::PathBuf;

use serde::Serialize;
use stage::{Context, Result};

use super::Written;
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
    num_repeats: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    class_tokens: Option<String>,
}

/// The folder of training images, under the one that `--train_data_dir` names.
fn folder(purpose: &Purpose) -> PathBuf {
    let title = slug(purpose.title());
    PathBuf::from(format!("kohya/train/{}_{title}", purpose.repeats))
}

/// Writes the view.
pub(super) fn write(written: &Written<'_>, purpose: &Purpose, examples: &[Example]) -> Result<()> {
    let folder = folder(purpose);
    written.make(&folder)?;
    for example in examples {
        written.pair(&folder, example)?;
    }
    let subset = Subset {
        image_dir: written.seen(&folder),
        num_repeats: purpose.repeats,
        class_tokens: purpose.trigger.clone(),
    };
    let config = config(purpose, vec![subset]);
    let text = toml::to_string(&config).context("kohya/dataset.toml")?;
    written.file("kohya/dataset.toml", text.as_bytes())
}

fn config(purpose: &Purpose, subsets: Vec<Subset>) -> Config {
    let steps = 64;
    Config {
        general: General {
            caption_extension: ".txt",
            shuffle_caption: false,
            keep_tokens: 1,
        },
        datasets: vec![Dataset {
            resolution: purpose.resolution,
            batch_size: 1,
            enable_bucket: true,
            bucket_no_upscale: true,
            min_bucket_reso: purpose.resolution / 2 / steps * steps,
            max_bucket_reso: purpose.resolution * 3 / 2 / steps * steps,
            bucket_reso_steps: steps,
            subsets,
        }],
    }
}

/// Where the image of `example` stands.
pub(super) fn image(purpose: &Purpose, example: &Example) -> PathBuf {
    folder(purpose).join(example.file())
}
