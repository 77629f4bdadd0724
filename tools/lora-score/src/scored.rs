//! What is written of a single image.

use serde::Serialize;
use stage::{Record, Result};

use crate::generated::Image;
use crate::lines::Cosine;
use crate::prompts::Prompts;
use crate::sets::Sets;
use crate::worst::faults;

/// What was measured of an image.
#[derive(Debug, Serialize)]
struct Scored {
    prompt: String,
    merit: f64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cosine: Option<Cosine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest: Option<Nearest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    copy: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shown_share: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sharp: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    empty: Option<bool>,
}

#[derive(Debug, Serialize)]
struct Nearest {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cosine: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bits: Option<u32>,
}

/// The record of what was measured of an image.
pub(crate) fn image(image: &Image, merit: f64, prompts: &Prompts, sets: &Sets) -> Result<Record> {
    let file = image
        .file
        .as_ref()
        .map(|file| file.to_string_lossy().into_owned());
    let mut record = Record::new(&image.id, &file.unwrap_or_default())?;
    record.put("checkpoint", &image.checkpoint)?;
    let prompt = &prompts.0[image.prompt];
    record.put(
        "scored",
        &Scored {
            prompt: prompt.id.clone(),
            merit,
            faults: faults(image, prompt),
            cosine: image
                .cosines
                .map(|(wanted, other)| Cosine { wanted, other }),
            nearest: image.near.map(|near| Nearest {
                id: sets.trained[near.real].id.clone(),
                cosine: near.cosine,
                bits: near.bits,
            }),
            copy: image.copy,
            shown_share: image.shown,
            sharp: image.sharp,
            empty: image.empty,
        },
    )?;
    Ok(record)
}
