//! `OneTrainer`: `concepts.json`, masks beside the images.

use serde_json::{Value, json};
use stage::Result;

use super::{View, Written};
use crate::plan::{Example, Purpose};

/// Writes the masks and the list of concepts.
pub(super) fn write(written: &Written<'_>, purpose: &Purpose, examples: &[Example]) -> Result<()> {
    for example in examples {
        let folder = View::Onetrainer.folder(purpose, example.validation);
        if let Some(mask) = &example.picture.mask {
            written.link(mask, folder.join(format!("{}-masklabel.png", example.name)))?;
        }
    }
    let mut concepts = vec![concept(written, purpose, false)];
    if examples.iter().any(|example| example.validation) {
        concepts.push(concept(written, purpose, true));
    }
    written.json("onetrainer/concepts.json", &concepts)
}

fn concept(written: &Written<'_>, purpose: &Purpose, validation: bool) -> Value {
    let (kind, balancing) = if validation {
        ("VALIDATION", 1.0)
    } else {
        ("STANDARD", f64::from(purpose.repeats))
    };
    json!({
        "__version": 2,
        "name": purpose.title(),
        "path": written.seen(View::Onetrainer.folder(purpose, validation)),
        "seed": 1,
        "enabled": true,
        "type": kind,
        "include_subdirectories": false,
        "image_variations": 1,
        "text_variations": 1,
        "balancing": balancing,
        "balancing_strategy": "REPEATS",
        "loss_weight": 1.0,
        // Jitter is on where nothing is said, and moves faces out of the picture.
        "image": {"enable_crop_jitter": false, "enable_resolution_override": false},
        "text": {
            "prompt_source": "sample",
            "enable_tag_shuffling": false,
            "tag_delimiter": ",",
            "keep_tags_count": 1,
        },
    })
}
