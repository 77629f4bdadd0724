//! Hugging Face's imagefolder, as the scripts of diffusers read it. Many of them know no buckets
//! (those of newer models do, with `--use_aspect_ratio_buckets`), so the images are squares already.
//!
//! `metadata.jsonl` stands over the folder of the images: `--dataset_name` and `--train_data_dir` of
//! the folder above find both, and `--instance_data_dir` of the folder of images, which opens
//! everything in it as an image, finds nothing else.

use std::fmt::Write;

use serde_json::{Value, json};
use stage::Result;

use super::{View, Written, several};
use crate::plan::{Example, Purpose};

/// The folder of the images.
pub(super) const IMAGES: &str = "images";

/// The folder of what is kept from training, which is read by nobody who reads the other one.
pub(super) const VALIDATION: &str = "diffusers-validation";

/// Writes one `metadata.jsonl` a folder. Where an image has several captions, `text` is a list in
/// every row, of which diffusers draws one.
pub(super) fn write(written: &Written<'_>, purpose: &Purpose, examples: &[Example]) -> Result<()> {
    let several = several(View::Diffusers, purpose, examples);
    for validation in [false, true] {
        let mut lines = String::new();
        for example in examples
            .iter()
            .filter(|example| example.validation == validation)
        {
            let (width, height) = example.size(View::Diffusers);
            let mut row = row(written, purpose, View::Diffusers, example, (width, height))?;
            row["file_name"] = json!(format!("{IMAGES}/{}", example.file(View::Diffusers)));
            if several {
                row["text"] = json!(example.captions(purpose, View::Diffusers));
            }
            writeln!(lines, "{row}")?;
        }
        if !lines.is_empty() {
            let folder = if validation {
                VALIDATION
            } else {
                View::Diffusers.name()
            };
            written.file(format!("{folder}/metadata.jsonl"), lines.as_bytes())?;
        }
    }
    Ok(())
}

/// A row that imagefolder, sd-scripts and musubi-tuner read. Every key has
/// the same type in every row, and what is not known is left out.
pub(super) fn row(
    written: &Written<'_>,
    purpose: &Purpose,
    view: View,
    example: &Example,
    (width, height): (u32, u32),
) -> Result<Value> {
    let file = example.file(view);
    let path = view.folder(purpose, example.validation).join(&file);
    let captions = example.captions(purpose, view);
    let caption = captions.first();
    let mut row = json!({
        "file_name": file,
        "text": caption,
        "image_path": written.seen(path),
        "caption": caption,
        "image_size": [width, height],
        "id": example.record.id()?,
    });
    if let Some(source) = example.record.source().ok().flatten() {
        row["film"] = json!(source.film);
        row["shot"] = json!(source.shot);
        row["time"] = json!(source.time);
    }
    Ok(row)
}
