//! `SimpleTuner`: `multidatabackend.json`, masks as a data set of their own.

use serde_json::{Value, json};
use stage::Result;

use super::{View, Written};
use crate::mask;
use crate::plan::{Example, Purpose};
use crate::template::slug;

/// Where masks lie, beside the images.
const MASKS: &str = "simpletuner/mask";

/// Writes the masks and the list of backends: the images, what is kept from training, and a cache
/// of embedded text.
pub(super) fn write(written: &Written<'_>, purpose: &Purpose, examples: &[Example]) -> Result<()> {
    let id = slug(purpose.title());
    let masked = masks(written, examples)?;
    let train = written.seen(View::Simpletuner.folder(purpose, false));
    let mut images = backend(written, purpose, &id, ("image", train));
    // Passes besides the first one.
    images["repeats"] = json!(purpose.repeats - 1);
    if masked {
        images["conditioning_data"] = json!(format!("{id}-mask"));
    }
    let mut backends = vec![images];
    if masked {
        let id = format!("{id}-mask");
        let mut masks = backend(written, purpose, &id, ("conditioning", written.seen(MASKS)));
        masks["conditioning_type"] = json!("mask");
        backends.push(masks);
    }
    if examples.iter().any(|example| example.validation) {
        let folder = written.seen(View::Simpletuner.folder(purpose, true));
        let id = format!("{id}-validation");
        backends.push(backend(written, purpose, &id, ("eval", folder)));
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

/// A folder of files that are scaled and cut in the middle.
fn backend(
    written: &Written<'_>,
    purpose: &Purpose,
    id: &str,
    (kind, folder): (&str, String),
) -> Value {
    let mut backend = json!({
        "id": id,
        "type": "local",
        "dataset_type": kind,
        "instance_data_dir": folder,
        "resolution": purpose.resolution,
        "resolution_type": "pixel_area",
        "crop": false,
        // Also without `crop` what stands over the bucket is cut off, and at random by default.
        "crop_style": "center",
    });
    // Masks have no captions, and pass through no autoencoder.
    if kind != "conditioning" {
        backend["caption_strategy"] = json!("textfile");
        backend["cache_dir_vae"] = json!(written.seen(format!("simpletuner/cache/{id}")));
    }
    backend
}

/// Writes the masks, if there are any, and says so. A mask has the whole name of its image, with
/// the ending, and every image has one: what has none is trained on whole.
fn masks(written: &Written<'_>, examples: &[Example]) -> Result<bool> {
    let trained = || examples.iter().filter(|example| !example.validation);
    if !trained().any(|example| example.picture.mask.is_some()) {
        return Ok(false);
    }
    written.make(MASKS)?;
    for example in trained() {
        let ending = example.stored(View::Simpletuner).ending;
        let mask = mask::as_image(&example.picture, ending, written.store)?;
        written.link(
            &mask,
            format!("{MASKS}/{}", example.file(View::Simpletuner)),
        )?;
    }
    Ok(true)
}
