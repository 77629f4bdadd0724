//! Characters by their faces: in a close-up a person detector sees no person, as nothing of a body is
//! there; a face detector is surest of just those.

use answers::Answers;
use nets::detect::Detection;
use nets::face::{Detector, Face, Input, Plan};
use onnx::Runtime;
use stage::Result;
use vision::{Rect, RgbImage};

/// The word for the registry's own choice of a face detector.
const DEFAULT: &str = "default";

/// What a character is called that is known by its face.
const LABEL: &str = "person";

/// The long side at which faces are looked for, pixels: those of close-ups are large.
const SIDE: u32 = 640;

/// A close-up's face has at least this share of the image's shorter side; smaller faces have a
/// body that the person detector sees.
const LARGE: f32 = 0.2;

/// A face may be this many times as wide as the box of its character: boxes of close-ups are narrow.
const WIDER: f32 = 1.3;

/// From the middle of a face to each shoulder, widths of the face.
const SHOULDERS: f32 = 1.4;

/// From the top of a face to that of the hair, heights of the face.
const HAIR: f32 = 0.5;

/// From the chin to the lower end of a bust, heights of the face.
const CHEST: f32 = 1.2;

/// Flags for characters that are detected by their faces.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Close-ups")]
pub(crate) struct Flags {
    /// Face detector: a large face of it that lies in no box gets a box down to the chest. A name
    /// in the registry, a path, or `default` for face-crop's own [default: no face detector]
    #[arg(long, value_name = "NAME|PATH")]
    face_detector: Option<String>,

    /// Lowest score of such a face, 0 to 1
    #[arg(long, value_name = "SCORE", value_parser = stage::share::<f32>, default_value_t = 0.8)]
    face_threshold: f32,
}

/// A face detector that looks for close-ups.
pub(crate) struct CloseUps {
    detector: Detector,
    looks: Looks,
}

/// How it looks; for use on any thread.
#[derive(Debug, Clone)]
pub(crate) struct Looks {
    plan: Plan,
    threshold: f32,
}

impl CloseUps {
    /// Opens the detector that the flags name, if they do.
    pub(crate) fn open(flags: &Flags, runtime: &Runtime) -> Result<Option<Self>> {
        let Some(name) = &flags.face_detector else {
            return Ok(None);
        };
        let named = Some(name.as_str()).filter(|name| *name != DEFAULT);
        let detector = Detector::open(&runtime.model("face", named)?, runtime)?;
        Ok(Some(Self {
            looks: Looks {
                plan: detector.plan().clone(),
                threshold: flags.face_threshold,
            },
            detector,
        }))
    }

    /// How it looks.
    pub(crate) fn looks(&self) -> Looks {
        self.looks.clone()
    }

    /// Answers in which it has a part.
    pub(crate) fn part(&self, answers: Answers) -> Result<Answers> {
        let answers = answers.and_by(" faces", self.detector.provenance());
        answers.with(&self.looks.threshold)
    }

    /// Adds a box for every large face that is in none.
    pub(crate) fn add(&mut self, ready: Ready, boxes: &mut Vec<Detection>) -> Result<()> {
        let faces = self.detector.run(ready.input, self.looks.threshold)?;
        let mut more = busts(&faces, boxes, ready.size);
        boxes.append(&mut more);
        boxes.sort_by(|a, b| b.score.total_cmp(&a.score));
        Ok(())
    }
}

/// An image made ready.
pub(crate) struct Ready {
    input: Input,
    /// Width and height, pixels.
    size: [f32; 2],
}

impl Looks {
    pub(crate) fn prepare(&self, image: &RgbImage) -> Result<Ready> {
        let (width, height) = image.dimensions();
        Ok(Ready {
            input: self.plan.prepare(image, SIDE)?,
            size: [width as f32, height as f32],
        })
    }
}

/// The busts of those faces that are large and lie in no box.
fn busts(faces: &[Face], boxes: &[Detection], size: [f32; 2]) -> Vec<Detection> {
    let least = LARGE * size[0].min(size[1]);
    let large = faces
        .iter()
        .filter(|face| face.rect.width().min(face.rect.height()) >= least);
    let alone = large.filter(|face| !boxes.iter().any(|found| holds(found.rect, face.rect)));
    alone
        .map(|face| Detection {
            rect: bust(face.rect, size),
            score: face.score,
            label: LABEL.to_owned(),
            second: None,
        })
        .collect()
}

/// Whether a face may be that of the character in a box: its middle is inside, and it is hardly wider.
fn holds(character: Rect<f32>, face: Rect<f32>) -> bool {
    let [x, y] = face.middle();
    (character.left..=character.right).contains(&x)
        && (character.top..=character.bottom).contains(&y)
        && face.width() <= WIDER * character.width()
}

/// The box of head and chest, as far as the image reaches.
fn bust(face: Rect<f32>, size: [f32; 2]) -> Rect<f32> {
    let ([middle, _], wide, high) = (face.middle(), face.width(), face.height());
    Rect {
        left: (middle - SHOULDERS * wide).max(0.0),
        top: (face.top - HAIR * high).max(0.0),
        right: (middle + SHOULDERS * wide).min(size[0]),
        bottom: (face.bottom + CHEST * high).min(size[1]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(edges: [f32; 4]) -> Face {
        Face {
            rect: edges.into(),
            score: 0.9,
            landmarks: None,
        }
    }

    fn character(edges: [f32; 4]) -> Detection {
        Detection {
            rect: edges.into(),
            score: 0.5,
            label: "person".to_owned(),
            second: None,
        }
    }

    #[test]
    fn a_close_up_gets_a_box_from_the_hair_to_the_chest() {
        let found = busts(&[face([400.0, 100.0, 500.0, 220.0])], &[], [800.0, 400.0]);
        let edges: Vec<_> = found.iter().map(|found| found.rect.edges()).collect();
        // 140 to either side of 450; 60 above, 144 below.
        assert_eq!(edges, [[310.0, 40.0, 590.0, 364.0]]);
        assert_eq!(found[0].label, "person");
    }

    #[test]
    fn the_frame_ends_the_box() {
        let found = busts(&[face([10.0, -20.0, 310.0, 330.0])], &[], [854.0, 364.0]);
        let edges: Vec<_> = found.iter().map(|found| found.rect.edges()).collect();
        assert_eq!(edges, [[0.0, 0.0, 580.0, 364.0]]);
    }

    #[test]
    fn a_face_that_has_a_character_gets_no_other() {
        let faces = [face([400.0, 100.0, 500.0, 220.0])];
        let of = |edges| busts(&faces, &[character(edges)], [800.0, 400.0]).len();
        assert_eq!(of([350.0, 60.0, 560.0, 400.0]), 0, "its own");
        assert_eq!(
            of([420.0, 100.0, 470.0, 220.0]),
            1,
            "narrower than the face"
        );
        assert_eq!(of([0.0, 60.0, 300.0, 400.0]), 1, "who stands beside");
    }

    #[test]
    fn a_small_face_is_left_to_the_person_detector() {
        let small = face([400.0, 100.0, 470.0, 190.0]);
        assert!(busts(&[small], &[], [800.0, 400.0]).is_empty(), "70 of 400");
    }
}
