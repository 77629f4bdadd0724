//! Text in an image.

use std::path::PathBuf;

use geometry::{MaskShape, Rect};
use serde::{Deserialize, Serialize};

/// What a line of text belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TextKind {
    /// Laid over the film: a subtitle, a caption.
    BurntIn,
    /// Laid over most shots of the film at one place: a logo, a watermark.
    Logo,
    /// Part of what was filmed: a sign, a book, a title that is drawn for its shot.
    Scene,
}

/// A line of text: one of `lines` of the key `text`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct TextLine {
    /// Its box: left, top, right, bottom in pixels of the image.
    #[serde(rename = "box")]
    pub rect: Rect<f64>,
    /// How sure the detector is, 0 to 1; 0 for a logo that other frames show there.
    pub score: f64,
    /// What it belongs to, once all frames of the film were compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<TextKind>,
}

/// The text in an image, which is not read: the key `text`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Text {
    /// Its lines; empty if there are none.
    #[serde(default)]
    pub lines: Vec<TextLine>,
    /// A mask of the image's size: burnt-in text and logos, with a margin; left out if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<MaskShape>,
    /// The largest part of the image without them: left, top, right, bottom in pixels, ends exclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear: Option<Rect>,
    /// The image that this part was cropped from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<PathBuf>,
}
