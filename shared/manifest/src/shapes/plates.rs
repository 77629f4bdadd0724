//! What is known of an image without its characters.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How a hole in an image was filled: the key `inpaint`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Inpaint {
    /// The image with its hole.
    pub original: PathBuf,
    /// The path of a PNG of what was filled, white.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filled: Option<PathBuf>,
    /// The hole as a share of the image, 0 to 1.
    #[serde(default)]
    pub hole: f64,
    /// The step along the edge of the hole over those in its surroundings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seam: Option<f64>,
    /// The detail in the hole over that in its surroundings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub texture: Option<f64>,
    /// The share of the hole that is a smear, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fog: Option<f64>,
    /// The share of the hole that still shows a character, 0 to 1; `unknown` where no network looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remnant: Option<Remnant>,
    /// How often it was filled.
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
    /// The share of the hole, 0 to 1.
    Share(f64),
    /// `unknown`.
    Word(String),
}
