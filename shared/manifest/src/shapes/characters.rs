//! What is known of the character in an image.

use geometry::{Rect, Skeleton};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::Vector;

/// Column and row in pixels, and score, 0 to 1; a point of score 0 was not found.
pub type Keypoint = [f64; 3];

/// The pose of a character: the key `pose`, and a member of each of several `boxes`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Pose {
    /// `[column, row, score]` of each joint in the order of `skeleton`, in pixels and 0 to 1.
    pub keypoints: Vec<Keypoint>,
    /// Which joints these are: `coco17` of a person, as without it, or `ap10k17` of a four-legged animal.
    #[serde(skip_serializing_if = "Skeleton::is_coco")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub skeleton: Skeleton,
    /// The mean of their scores, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// The pose as 34 numbers: x and y of each joint from the middle of the hips, of an animal of its trunk,
    /// to the right and down, in sizes of the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub vector: Vec<f64>,
    /// The score of each class of `action` and of `angle`, 0 to 1; the scores of each add up to 1.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub scores: IndexMap<String, IndexMap<String, f64>>,
    /// What arms and legs do, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limbs: Vec<String>,
    /// The measures of the geometry that decide action and angle; only with `--features`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<f64>,
    /// `standing`, `walking`, `running`, `sitting`, `jumping`, `lying`, `other` or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The side from which it is seen: `front`, `three-quarter`, `side`, `back` or `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub angle: Option<String>,
    /// How much of it the image shows: `full body`, `cowboy shot`, `upper body`, `portrait`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub framing: Option<String>,
    /// Whether its head is in the image: `seen` or `unseen`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// The share of its joints that are visible, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visible: Option<f64>,
    /// How much of it is hidden or outside: `none`, `partial` or `heavy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occlusion: Option<String>,
    /// The share of it that is hidden, cut off or not found, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occluded: Option<f64>,
    /// The edges of the image that cut it: `left`, `top`, `right`, `bottom`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<String>,
    /// The share of its joints that lie outside its mask, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<f64>,
}

impl Pose {
    /// The least score of a joint that counts as seen, where a tool has no flag for it.
    pub const SEEN: f64 = 0.3;

    /// The joints that are seen: column and row in pixels.
    pub fn seen(&self) -> impl Iterator<Item = [f64; 2]> + '_ {
        let seen = { self.keypoints.iter() }.filter(|[.., score]| *score >= Self::SEEN);
        seen.map(|[x, y, _]| [*x, *y])
    }
}

/// A face: the key `face`. Positions are in pixels of the parent, the image that it was found in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Face {
    /// Its box: left, top, right, bottom; may extend beyond the parent.
    #[serde(rename = "box", skip_serializing_if = "Option::is_none")]
    pub rect: Option<Rect<f64>>,
    /// `[column, row]` of the eye on the left of the image, the other eye, the nose, and the
    /// corners of the mouth, left one first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landmarks: Option<[[f64; 2]; 5]>,
    /// How sure the detector is, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    /// What found it: a model, or `pose`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What confirmed it: models, `scale`, `boxes`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub agreed: Vec<String>,
    /// The part of the parent that the image is: left, top, right, bottom, ends exclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<Rect>,
    /// The box in pixels of the image itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub box_in_crop: Option<Rect<f64>>,
    /// Short side of the box, pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<f64>,
    /// How sharp it is: fine detail as a share of all contrast, 0 to 1. Left out if no part of it
    /// is in the image, or it is of one level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relative_sharpness: Option<f64>,
    /// The direction that it is turned to; left out without landmarks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub angle: Option<FaceAngle>,
    /// Which parts of it are not visible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occlusion: Option<FaceOcclusion>,
}

/// The direction that a face is turned to, degrees.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FaceAngle {
    /// To the right of the image.
    pub yaw: f64,
    /// Clockwise.
    pub roll: f64,
}

/// Which parts of a face are not visible, in shares, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct FaceOcclusion {
    /// Share of its box beyond the edge of the image.
    pub edge: f64,
    /// Share of the ellipse in its box outside the character's mask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<f64>,
    /// Share of its landmarks beyond the edge or outside the mask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landmarks: Option<f64>,
}

/// The vector that a network computes of an image: the key `embedding`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Embedding {
    /// The network.
    pub model: String,
    /// The vector, of unit length.
    pub vector: Vector,
    /// `wide` if it is the mean over several parts of the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crops: Option<String>,
    /// The colour, `#rrggbb`, that replaced what lies outside the mask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<String>,
}

/// A record's place among the clusters: the key `cluster`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Cluster {
    /// Number of the cluster, from 0, the largest first; −1 is noise.
    pub id: i64,
    /// Number of records in the cluster, or of noise.
    #[serde(default)]
    pub size: usize,
    /// Euclidean distance to the cluster's mean; left out for noise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance: Option<f32>,
    /// Whether it is the record nearest to the mean of its cluster.
    #[serde(default)]
    pub representative: bool,
}

/// The character that an image shows: the key `identity`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Identity {
    /// A character, `cluster_N` or `unknown`.
    pub name: String,
    /// Cosine with the character's references, −1 to 1; for clusters the share of the track's
    /// votes.
    pub score: f64,
    /// Lead over the best other character's score.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// What the name is from: `owner` (the key `character`), `reference`, `cluster` or `track`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The number of its track, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<usize>,
    /// For `unknown`, the nearest character.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<String>,
}

impl Identity {
    /// What the name of a group of instances that look alike begins with, before its number.
    pub const GROUP: &str = "cluster_";

    /// Whether a name is that of a group, and of no character.
    pub fn is_group(name: &str) -> bool {
        { name.strip_prefix(Self::GROUP) }.is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Identity;

    #[test]
    fn a_group_is_a_number() {
        for (name, is_group) in [
            ("cluster_0", true),
            ("cluster_12", true),
            ("cluster_", false),
            ("cluster_of_bees", false),
            ("luca", false),
        ] {
            assert_eq!(Identity::is_group(name), is_group, "{name}");
        }
    }
}
