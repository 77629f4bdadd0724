//! What is known of an image without its characters.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How a hole in an image was inpainted: the key `inpaint`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Inpaint {
    /// The image with its hole.
    pub original: PathBuf,
    /// The path of a PNG in which the inpainted part is white.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filled: Option<PathBuf>,
    /// The hole as a share of the image, 0 to 1.
    #[serde(default)]
    pub hole: f64,
    /// The step of colour along the edge of the hole, relative to the steps in its surroundings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seam: Option<f64>,
    /// The share of the hole that is much smoother than its surroundings, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texture: Option<f64>,
    /// The share of the image that was inpainted as a smear, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fog: Option<f64>,
    /// The largest share of something detected in the result that lies in the hole, 0 to 1;
    /// `unknown` if no detector checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remnant: Option<Remnant>,
    /// Number of times it was inpainted.
    #[serde(default)]
    pub tries: u32,
    /// `clean`, or what is wrong: `remnant`, `seam`, `flat`, `fog`, `invented`, `too_large`.
    pub verdict: String,
}

/// How much of a character remains, where a detector looked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Remnant {
    /// The largest share of a detected character that lies in the hole, 0 to 1.
    Share(f64),
    /// `unknown`.
    Word(String),
}
