//! `OneTrainer`: `concepts.json`, masks beside the images.

use serde_json::{Value, json};
use stage::Result;

use super::{View, Written};
use crate::plan::{Example, Purpose};

/// How many captions are drawn for each line that there is. `OneTrainer` draws before it caches
/// what the text encoder makes of a caption, so that with one draw an image has one caption for
/// ever. Of 200 images with two lines, its own cache showed 200 with one caption in all epochs
/// after one draw, 94 after two, 34 after four and 1 after eight.
const DRAWS: usize = 4;

/// Writes the masks and the list of concepts.
pub(super) fn write(written: &Written<'_>, purpose: &Purpose, examples: &[Example]) -> Result<()> {
    for example in examples {
        let folder = View::Onetrainer.folder(purpose, example.validation);
        if let Some(mask) = &example.picture.mask {
            written.link(mask, folder.join(format!("{}-masklabel.png", example.name)))?;
        }
    }
    let mut concepts = vec![concept(written, purpose, examples, false)];
    if examples.iter().any(|example| example.validation) {
        concepts.push(concept(written, purpose, examples, true));
    }
    written.json("onetrainer/concepts.json", &concepts)
}

/// How many captions are drawn of each image and cached.
fn draws(purpose: &Purpose, examples: &[Example], validation: bool) -> usize {
    let part = examples
        .iter()
        .filter(|example| example.validation == validation);
    let lines = part.map(|example| example.captions(purpose, View::Onetrainer).len());
    match lines.max().unwrap_or(1) {
        0 | 1 => 1,
        lines => DRAWS * lines,
    }
}

fn concept(
    written: &Written<'_>,
    purpose: &Purpose,
    examples: &[Example],
    validation: bool,
) -> Value {
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
        "text_variations": draws(purpose, examples, validation),
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
