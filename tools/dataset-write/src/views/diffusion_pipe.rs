//! diffusion-pipe: `dataset.toml`, masks in a tree of their own.

use loaders::Trainer;
use loaders::bases::steps;
use loaders::fit;
use serde::Serialize;
use serde_json::{Map, json};
use stage::Result;

use super::{View, Written, several};
use crate::plan::{Example, Purpose};

/// Narrowest and widest bucket, width over height, and how many there are:
/// fine enough for 1.85:1 and 2.39:1.
const BUCKETS: (f64, f64, u32) = (0.4, 2.5, 13);

#[derive(Serialize)]
struct Config {
    resolutions: [u32; 1],
    enable_ar_bucket: bool,
    min_ar: f64,
    max_ar: f64,
    num_ar_buckets: u32,
    frame_buckets: [u32; 1],
    directory: Vec<Directory>,
}

#[derive(Serialize)]
struct Directory {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mask_path: Option<String>,
    num_repeats: u32,
}

/// The buckets that the configuration asks for.
pub(super) fn buckets(resolution: u32) -> fit::DiffusionPipe {
    let (least, most, count) = BUCKETS;
    fit::DiffusionPipe {
        resolution: resolution.into(),
        enable_ar_bucket: true,
        aspects: fit::DiffusionPipe::aspects(least, most, count),
        steps: steps(Trainer::DiffusionPipe, None).unwrap_or(1),
    }
}

/// Writes the masks, the configuration, and the captions where an image has several: the trainer
/// shows an image once with each.
pub(super) fn write(written: &Written<'_>, purpose: &Purpose, examples: &[Example]) -> Result<()> {
    if several(View::DiffusionPipe, purpose, examples) {
        for validation in [false, true] {
            captions(written, purpose, examples, validation)?;
        }
    }
    let masks = written.masks(View::DiffusionPipe, examples)?;
    let train = config(
        purpose,
        Directory {
            path: written.seen(View::DiffusionPipe.folder(purpose, false)),
            mask_path: masks.then(|| written.seen("diffusion-pipe/mask")),
            num_repeats: purpose.repeats,
        },
    );
    written.toml("diffusion-pipe/dataset.toml", &train)?;
    if !examples.iter().any(|example| example.validation) {
        return Ok(());
    }
    // For `eval_datasets` of the main configuration.
    let validation = config(
        purpose,
        Directory {
            path: written.seen(View::DiffusionPipe.folder(purpose, true)),
            mask_path: None,
            num_repeats: 1,
        },
    );
    written.toml("diffusion-pipe/validation.toml", &validation)
}

fn config(purpose: &Purpose, directory: Directory) -> Config {
    let (min_ar, max_ar, num_ar_buckets) = BUCKETS;
    Config {
        resolutions: [purpose.resolution],
        enable_ar_bucket: true,
        min_ar,
        max_ar,
        num_ar_buckets,
        frame_buckets: [1],
        directory: vec![directory],
    }
}

/// Writes `captions.json`: of every image of a folder the list of its captions, by file name.
fn captions(
    written: &Written<'_>,
    purpose: &Purpose,
    examples: &[Example],
    validation: bool,
) -> Result<()> {
    let view = View::DiffusionPipe;
    let part = examples
        .iter()
        .filter(|example| example.validation == validation);
    let captions: Map<_, _> = part
        .map(|example| (example.file(view), json!(example.captions(purpose, view))))
        .collect();
    if captions.is_empty() {
        return Ok(());
    }
    let file = view.folder(purpose, validation).join("captions.json");
    written.json(&file.to_string_lossy(), &captions)
}
