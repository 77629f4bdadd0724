//! musubi-tuner: a folder with its TOML, and JSON Lines with theirs.

use std::fmt::Write;

use serde::Serialize;
use stage::Result;

use super::{View, Written, diffusers};
use crate::plan::{Example, Purpose};

/// A configuration. musubi-tuner refuses any key it does not know.
#[derive(Serialize)]
struct Config {
    general: General,
    datasets: Vec<Dataset>,
}

#[derive(Serialize)]
struct General {
    resolution: [u32; 2],
    caption_extension: &'static str,
    batch_size: u32,
    enable_bucket: bool,
    bucket_no_upscale: bool,
}

#[derive(Serialize, Default)]
struct Dataset {
    #[serde(skip_serializing_if = "Option::is_none")]
    image_directory: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_jsonl_file: Option<String>,
    cache_directory: String,
    num_repeats: u32,
}

/// Writes both configurations; either does.
pub(super) fn write(written: &Written<'_>, purpose: &Purpose, examples: &[Example]) -> Result<()> {
    let mut lines = String::new();
    for example in examples.iter().filter(|example| !example.validation) {
        let size = example.size(View::Musubi);
        let row = diffusers::row(written, purpose, View::Musubi, example, size)?;
        writeln!(lines, "{row}")?;
    }
    written.file("musubi/metadata.jsonl", lines.as_bytes())?;
    let folder = Dataset {
        image_directory: Some(written.seen(View::Musubi.folder(purpose, false))),
        ..dataset(written, purpose)
    };
    written.toml("musubi/dataset.toml", &config(purpose, folder))?;
    let rows = Dataset {
        image_jsonl_file: Some(written.seen("musubi/metadata.jsonl")),
        ..dataset(written, purpose)
    };
    written.toml("musubi/jsonl.toml", &config(purpose, rows))
}

fn dataset(written: &Written<'_>, purpose: &Purpose) -> Dataset {
    Dataset {
        cache_directory: written.seen("musubi/cache"),
        num_repeats: purpose.repeats,
        ..Dataset::default()
    }
}

fn config(purpose: &Purpose, dataset: Dataset) -> Config {
    Config {
        general: General {
            resolution: [purpose.resolution; 2],
            caption_extension: ".txt",
            batch_size: 1,
            enable_bucket: true,
            bucket_no_upscale: true,
        },
        datasets: vec![dataset],
    }
}
