//! `SimpleTuner`: `multidatabackend.json`.

use serde_json::json;
use stage::Result;

use super::{View, Written};
use crate::plan::{Example, Purpose};
use crate::template::slug;

/// Writes the list of backends: the images, and a cache of embedded text.
pub(super) fn write(written: &Written<'_>, purpose: &Purpose, examples: &[Example]) -> Result<()> {
    let id = slug(purpose.title());
    let mut backends = vec![json!({
        "id": id,
        "type": "local",
        "dataset_type": "image",
        "instance_data_dir": written.seen(View::Simpletuner.folder(purpose, false)),
        "caption_strategy": "textfile",
        "resolution": purpose.resolution,
        "resolution_type": "pixel_area",
        "crop": false,
        "cache_dir_vae": written.seen("simpletuner/cache/vae"),
        // Passes besides the first one.
        "repeats": purpose.repeats - 1,
    })];
    if examples.iter().any(|example| example.validation) {
        backends.push(json!({
            "id": format!("{id}-validation"),
            "type": "local",
            "dataset_type": "eval",
            "instance_data_dir": written.seen(View::Simpletuner.folder(purpose, true)),
            "caption_strategy": "textfile",
            "resolution": purpose.resolution,
            "resolution_type": "pixel_area",
            "crop": false,
            "cache_dir_vae": written.seen("simpletuner/cache/vae-validation"),
        }));
    }
    backends.push(json!({
        "id": "text",
        "type": "local",
        "dataset_type": "text_embeds",
        "default": true,
        "cache_dir": written.seen("simpletuner/cache/text"),
    }));
    written.json("simpletuner/multidatabackend.json", &backends)
}
