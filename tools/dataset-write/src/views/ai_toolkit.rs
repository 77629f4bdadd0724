//! ai-toolkit: the data set's part of a job, masks in a tree of their own.

use serde_json::{Value, json};
use stage::{Context, Result};

use super::{View, Written};
use crate::plan::{Example, Purpose};

/// What the file is not.
const NOTE: &str = "# The data set's part of a job of ai-toolkit. It is no whole job and does not run as it stands:
# put the entry under `datasets` into one that names a model, a network, and how to train.
";

/// Writes the masks and the configuration.
pub(super) fn write(written: &Written<'_>, purpose: &Purpose, examples: &[Example]) -> Result<()> {
    // Outside of the images' folder, all of whose sub-folders are trained on.
    let masks = written.masks(View::AiToolkit, examples)?;
    let mut dataset = json!({
        "folder_path": written.seen(View::AiToolkit.folder(purpose, false)),
        "caption_ext": "txt",
        "num_repeats": purpose.repeats,
        "resolution": [purpose.resolution],
        "shuffle_tokens": false,
        "cache_latents_to_disk": true,
    });
    if masks {
        dataset["mask_path"] = json!(written.seen("ai-toolkit/mask"));
        // A weight of nothing round the subject leaves halos.
        dataset["mask_min_value"] = json!(0.1);
    }
    let mut text = String::from(NOTE);
    text += "job: extension\nconfig:\n";
    text += &line(2, "name", &json!(purpose.title()))?;
    text += "  process:\n    - type: sd_trainer\n";
    if let Some(trigger) = &purpose.trigger {
        text += &line(6, "trigger_word", &json!(trigger))?;
    }
    text += "      datasets:\n";
    let keys = dataset.as_object().into_iter().flatten();
    for (number, (key, value)) in keys.enumerate() {
        let line = line(10, key, value)?;
        let first = format!("        - {}", line.trim_start());
        text += if number == 0 { &first } else { &line };
    }
    written.file("ai-toolkit/config.yaml", text.as_bytes())
}

/// A line of YAML. JSON values are YAML, too.
fn line(indent: usize, key: &str, value: &Value) -> Result<String> {
    let value = serde_json::to_string(value).context("ai-toolkit/config.yaml")?;
    Ok(format!("{:indent$}{key}: {value}\n", ""))
}
