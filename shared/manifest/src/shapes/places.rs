//! Where characters are in an image.

use geometry::{MaskShape, Rect};
use serde::{Deserialize, Serialize};

use super::Pose;

/// A character that was detected: one of the key `boxes`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Detection {
    /// Its box: left, top, right, bottom in pixels of the image.
    #[serde(rename = "box")]
    pub rect: Rect<f64>,
    /// How sure the detector is, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// The detector's class, or the phrase that a detector was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The label that fits second best, where it would have counted as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Second>,
    /// The pose of the character in it, if rtmpose processed several boxes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pose: Option<Pose>,
}

/// The label of a box that fits second best.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Second {
    /// The class or phrase.
    pub label: String,
    /// How sure the detector is of it, 0 to 1.
    pub score: f64,
}

/// Something that was segmented: one of the key `masks`. It also has the members of the box that it
/// was segmented by (`label`, …).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Segment {
    /// Its mask, of the image's size.
    pub mask: MaskShape,
    /// The box of its mask: left, top, right, bottom in pixels, ends exclusive.
    #[serde(rename = "box", default, skip_serializing_if = "Option::is_none")]
    pub rect: Option<Rect<f64>>,
    /// Number of pixels in its mask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<u64>,
    /// The predicted quality of the mask, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// How little the mask depends on the threshold, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stability: Option<f64>,
    /// How the mask was sharpened; where it was, its levels say how much of each pixel is inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matte: Option<Matte>,
    /// The detector's class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The box that it was segmented by, and the box's score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detection: Option<Detection>,
    /// With `--auto`, the point, column and row, that it was found at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<[f64; 2]>,
    /// With `--auto`, the part of the image that it was found in: left, top, right, bottom, ends
    /// exclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop: Option<Rect>,
    /// Number of its track in the shot, from 0: the masks of one character from frame to frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<usize>,
    /// True if no detection is behind it, but the track alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followed: Option<bool>,
    /// Why it may be a false detection: its track was detected in a single frame, and with a low score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ghost: Option<String>,
    /// What is strange about it: `area` or `jump` against the frame before, `quality`, or `twin` if
    /// another track has the same mask.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
}

/// How a mask was sharpened.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Matte {
    /// Intersection over union of the mask and the matte, 0 to 1.
    pub agreement: f64,
    /// How far from the mask's edge pixels could change, in pixels; left out where none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<u32>,
}

impl Segment {
    /// How sure it is: the detector's score, or else that of the mask; 0 where neither is known.
    pub fn certainty(&self) -> f64 {
        let detected = self.detection.as_ref().and_then(|own| own.score);
        detected.or(self.score).unwrap_or(0.0)
    }
}

/// How an image was cropped from its parent: the key `instance`. It also has the members of the
/// entry of `masks` that it was cropped by.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Instance {
    /// Its index in the parent's `masks`, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<usize>,
    /// The box of its mask: left, top, right, bottom in pixels of the parent, ends exclusive.
    #[serde(rename = "box", skip_serializing_if = "Option::is_none")]
    pub rect: Option<Rect>,
    /// The part of the parent that is the image: left, top, right, bottom in pixels of the parent,
    /// ends exclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crop: Option<Rect>,
    /// Width and height of its bucket in a trainer, pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<[u32; 2]>,
    /// Number of pixels in its mask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area: Option<u64>,
    /// Along which share of its box's sides the parent's edges cut it off.
    pub cut: Cut,
    /// The share of its box that others cover, 0 to 1.
    pub hidden: f64,
    /// How sharp it is: the variance of the Laplacian of its sharpest tenth, squared levels of luma.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub laplacian_variance: Option<f64>,
    /// How narrow its edges are, 0 to 1: 1 is as narrow as pixels allow. Left out if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edges: Option<f64>,
    /// As in `masks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// As in `masks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stability: Option<f64>,
    /// As in `masks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matte: Option<Matte>,
    /// As in `masks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// As in `masks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection: Option<Detection>,
    /// As in `masks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point: Option<[f64; 2]>,
    /// As in `masks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<usize>,
    /// As in `masks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed: Option<bool>,
    /// As in `masks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ghost: Option<String>,
    /// As in `masks`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
}

/// Along which share of a box's sides the edges of the image cut off what is in it, 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Cut {
    /// The image's left edge.
    pub left: f64,
    /// Its upper edge.
    pub top: f64,
    /// Its right edge.
    pub right: f64,
    /// Its lower edge.
    pub bottom: f64,
}
