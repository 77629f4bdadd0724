//! Hugging Face's imagefolder, as the scripts of diffusers read it: they know
//! no buckets, so the images are squares already.

use std::fmt::Write;

use serde_json::{Value, json};
use stage::Result;

use super::{View, Written, several};
use crate::plan::{Example, Purpose};

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
            if several {
                row["text"] = json!(example.captions(purpose, View::Diffusers));
            }
            writeln!(lines, "{row}")?;
        }
        if !lines.is_empty() {
            let folder = View::Diffusers.folder(purpose, validation);
            written.file(folder.join("metadata.jsonl"), lines.as_bytes())?;
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
