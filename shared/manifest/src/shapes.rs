//! The types of the keys that more than one tool reads or writes.
//!
//! All that a tool may leave out, or a record of your own may lack, is an `Option` or empty. A member
//! that no type names is passed over here and stays in the record. `keys.rs` holds the table of all
//! keys, of which these types are a part.

mod characters;
mod places;
mod plates;
mod shown;
mod text;
mod vectors;

use geometry::MaskShape;
use serde::{Deserialize, Serialize};

pub use characters::{
    Cluster, Embedding, Face, FaceAngle, FaceOcclusion, Identity, Keypoint, Pose,
};
pub use places::{Cut, Detection, Instance, Matte, Second, Segment};
pub use plates::{Inpaint, Remnant};
pub use shown::{Shown, Since};
pub use text::{Text, TextKind, TextLine};
pub use vectors::{Row, Vector};

use crate::{Record, Result};

/// Where in a film an image comes from: the key `source`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Source {
    /// The film's file name, without its folder.
    pub film: String,
    /// Number of the frame in the film, from 0, counted as decoded.
    pub frame: u64,
    /// Presentation time in seconds from the start of the film.
    pub time: f64,
    /// Number of the shot in the film, from 0.
    pub shot: u64,
}

/// Why a record was dropped or failed: the key `rejected`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Rejected {
    /// The tool that dropped it or failed on it.
    pub by: String,
    /// Why it was dropped, with the value that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why the tool failed on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A label and its score, 0 to 1: in the key `tags`.
pub type Label = (String, f64);

/// The typed keys. An error names the key; `None` stands for a key that is missing or null.
impl Record {
    /// Where in a film the image comes from; `None` if the record, as one of
    /// a folder of images, does not say.
    pub fn source(&self) -> Result<Option<Source>> {
        self.find("source")
    }

    /// The film of `source`, where it is named.
    pub fn film(&self) -> Result<Option<String>> {
        self.at("/source/film")
    }

    /// The shot number of `source`, where there is one.
    pub fn shot(&self) -> Result<Option<u64>> {
        self.at("/source/shot")
    }

    /// The characters that were detected; `None` where no detector has run.
    pub fn boxes(&self) -> Result<Option<Vec<Detection>>> {
        self.find("boxes")
    }

    /// What was cut out; `None` where nothing has been segmented.
    pub fn masks(&self) -> Result<Option<Vec<Segment>>> {
        self.find("masks")
    }

    /// The mask of all characters in the image, of the one that it was cut out for, or of a plate's
    /// hole.
    pub fn mask(&self) -> Result<Option<MaskShape>> {
        self.find("mask")
    }

    /// How the image was cut out of its parent.
    pub fn instance(&self) -> Result<Option<Instance>> {
        self.find("instance")
    }

    /// The pose of the one character in the image; of several, each of [`Record::boxes`] has its own.
    pub fn pose(&self) -> Result<Option<Pose>> {
        self.find("pose")
    }

    /// The face that the image shows, or was cut out for.
    pub fn face(&self) -> Result<Option<Face>> {
        self.find("face")
    }

    /// What CLIP or another network makes of the image.
    pub fn embedding(&self) -> Result<Option<Embedding>> {
        self.find("embedding")
    }

    /// The text in the image; `None` where no detector has looked for any.
    pub fn text(&self) -> Result<Option<Text>> {
        self.find("text")
    }

    /// How the hole in the image was filled.
    pub fn inpaint(&self) -> Result<Option<Inpaint>> {
        self.find("inpaint")
    }

    /// The cluster that the image is in.
    pub fn cluster(&self) -> Result<Option<Cluster>> {
        self.find("cluster")
    }

    /// The labels of one group of `tags`, best first.
    pub fn labels(&self, group: &str) -> Result<Option<Vec<Label>>> {
        self.at(&format!("/tags/{group}"))
    }
}
