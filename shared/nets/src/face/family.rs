//! What a family of face detectors is: what it makes of an image, and of what its graph gives.

use anyhow::Result;
use onnx::Outputs;
use serde::{Deserialize, Serialize};
use vision::{Rect, RgbImage};

use crate::family::Graph;
use crate::nms::{Area, nms};

/// The most candidates that are compared with each other: `top_k` of the references.
pub const MOST_CANDIDATES: usize = 5000;

/// Eye on the left of the image, eye on the right, nose, corner of the mouth on the left, on the
/// right; x and y of each.
pub type Landmarks = [[f32; 2]; 5];

/// A face, in pixels of the image that it was looked for in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Face {
    /// Its box; may reach beyond the image.
    #[serde(rename = "box")]
    pub rect: Rect<f32>,
    /// How sure the detector is, 0 to 1.
    pub score: f32,
    /// Where its parts are, if the detector says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landmarks: Option<Landmarks>,
}

impl Face {
    /// The same face where the image is stretched `x` and `y` times.
    pub(super) fn stretched(&self, [x, y]: [f32; 2]) -> Self {
        let stretch = |points: Landmarks| points.map(|[px, py]| [px * x, py * y]);
        Self {
            rect: self.rect.scale(x, y),
            score: self.score,
            landmarks: self.landmarks.map(stretch),
        }
    }

    fn is_sound(&self) -> bool {
        let mut known = self.landmarks.iter().flatten().flatten();
        self.rect.is_sound() && known.all(|place| place.is_finite()) && self.score.is_finite()
    }
}

/// A family of face detectors.
pub trait Detects: Graph {
    /// Whether it can look at an image at several scales, where the graph has columns and rows `fixed`
    /// or open; families that squeeze every image into one size cannot.
    fn has_scales(&self, _fixed: Option<[u32; 2]>) -> bool {
        true
    }

    /// The graph's input of `image`, with a long side of `longest` pixels as far as `fixed`, the
    /// columns and rows that the graph asks for, lets it.
    fn prepare(&self, image: &RgbImage, longest: u32, fixed: Option<[u32; 2]>) -> Result<Input>;

    /// The faces of at least `threshold`, best first, in pixels of an input of `size`, columns and rows.
    fn decode(&self, outputs: &Outputs, size: [usize; 2], threshold: f32) -> Result<Vec<Face>>;
}

/// Non-maximum suppression: the best faces, each overlapping a better one by at most `most`, with
/// boxes counted as `area` says. Best first; of equals the first comes first.
pub(super) fn suppress(faces: Vec<Face>, most: f32, area: Area) -> Vec<Face> {
    let faces = strongest(faces);
    let boxes: Vec<_> = faces.iter().map(|face| face.rect).collect();
    kept(faces, &boxes, most, area)
}

/// As [`suppress`], with left, top, width and height cut to whole numbers before they are compared,
/// as `OpenCV`'s detector does.
pub(super) fn suppress_whole(faces: Vec<Face>, most: f32) -> Vec<Face> {
    let faces = strongest(faces);
    let whole = |face: &Face| {
        let rect = face.rect;
        let size = Rect::whole(rect.width().trunc(), rect.height().trunc());
        size.shift(rect.left.trunc(), rect.top.trunc())
    };
    let boxes: Vec<_> = faces.iter().map(whole).collect();
    kept(faces, &boxes, most, Area::Plain)
}

/// The sound ones with the highest scores, best first.
fn strongest(mut faces: Vec<Face>) -> Vec<Face> {
    faces.retain(Face::is_sound);
    faces.sort_by(|a, b| b.score.total_cmp(&a.score));
    faces.truncate(MOST_CANDIDATES);
    faces
}

fn kept(faces: Vec<Face>, boxes: &[Rect<f32>], most: f32, area: Area) -> Vec<Face> {
    let scores: Vec<_> = faces.iter().map(|face| face.score).collect();
    let places = nms(boxes, &scores, most, area);
    places.iter().map(|place| faces[*place].clone()).collect()
}

/// An image as a network wants it.
#[derive(Debug)]
pub struct Input {
    /// Channels, rows, columns.
    pub numbers: Vec<f32>,
    /// Columns and rows.
    pub size: [usize; 2],
    /// How many of its pixels one of the image takes up, across and down.
    pub scale: [f32; 2],
}
