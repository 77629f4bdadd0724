//! Face detectors, alignment and expressions against their references.
//!
//! `reference/face_graphs.py` and `reference/faces.py` made what is in `onnx/face` and
//! `expected/face`, and say how. Tolerances: an input may be off by two levels of 255 (resizing), a
//! box by what that is worth.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use nets::align::{TEMPLATE, aligned, similarity};
use nets::emotion::{Classifier, Emotion, FaceImage};
use nets::face::{
    Detector, Face, Landmarks, centerface, retinaface, scrfd, ultraface, yolo_face, yunet,
};
use onnx::{Device, Model, Runtime};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use vision::{Rect, RgbImage};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn expected<T: DeserializeOwned>(name: &str) -> T {
    let text = fs::read_to_string(folder("expected/face").join(name)).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn image(name: &str) -> RgbImage {
    vision::decode::rgb(&folder("expected/face").join(format!("{name}.png"))).unwrap()
}

fn runtime() -> Runtime {
    Runtime {
        device: Device::Cpu,
        threads: Some(1),
        ..Runtime::default()
    }
}

fn model(path: &Path) -> Model {
    let role = "face"; // of no account for a file
    runtime().model(role, path.to_str()).unwrap()
}

fn graph(name: &str) -> Model {
    model(&folder("onnx/face").join(format!("{name}.onnx")))
}

/// Some of the numbers of a tensor.
#[derive(Deserialize)]
struct Sample {
    length: usize,
    places: Vec<usize>,
    numbers: Vec<f32>,
}

impl Sample {
    /// `level` is what one level of 255 is in the tensor.
    fn check(&self, found: &[f32], levels: f32, level: f32, what: &str) {
        assert_eq!(found.len(), self.length, "{what}");
        for (place, wanted) in self.places.iter().zip(&self.numbers) {
            let off = (found[*place] - wanted).abs() / level;
            assert!(
                off <= levels + 1e-2,
                "{what}: number {place} is {} and not {wanted}",
                found[*place]
            );
        }
    }
}

fn close(found: &[Face], wanted: &[Face], pixels: f32, score: f32, what: &str) {
    assert_eq!(
        found.len(),
        wanted.len(),
        "{what}: {found:?} and not {wanted:?}"
    );
    // Of two faces of nearly the same score either may come first.
    for wanted in wanted {
        let matches = |face: &&Face| {
            let places = |face: &Face| -> Vec<f32> {
                let marks = face.landmarks.iter().flatten().flatten();
                { face.rect.edges().into_iter() }
                    .chain(marks.copied())
                    .collect()
            };
            let (a, b) = (places(face), places(wanted));
            a.len() == b.len()
                && a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= pixels)
                && (face.score - wanted.score).abs() <= score
        };
        assert!(
            found.iter().any(|face| matches(&face)),
            "{what}: no {wanted:?} in {found:?}"
        );
    }
}

#[derive(Deserialize)]
struct Decoding {
    family: String,
    size: [usize; 2],
    threshold: f32,
    tensors: BTreeMap<String, Vec<f32>>,
    faces: Vec<Face>,
}

impl Decoding {
    fn get(&self, name: &str) -> &[f32] {
        &self.tensors[name]
    }

    /// The tensor `name` of the grid of `stride` pixels.
    fn at(&self, name: &str, stride: usize) -> &[f32] {
        self.get(&format!("{name}_{stride}"))
    }

    fn decode(&self) -> anyhow::Result<Vec<Face>> {
        let (size, threshold) = (self.size, self.threshold);
        match self.family.as_str() {
            "yunet" => {
                let grids = yunet::STRIDES.map(|stride| yunet::Grid {
                    class: self.at("cls", stride),
                    object: self.at("obj", stride),
                    area: self.at("bbox", stride),
                    points: self.at("kps", stride),
                });
                yunet::decode(&grids, size, threshold)
            }
            "scrfd" => {
                let grids = scrfd::STRIDES.map(|stride| scrfd::Grid {
                    scores: self.at("score", stride),
                    boxes: self.at("bbox", stride),
                    points: Some(self.at("kps", stride)),
                });
                scrfd::decode(&grids, size, threshold)
            }
            "retinaface" => {
                let (boxes, scores) = (self.get("loc"), self.get("conf"));
                retinaface::decode(boxes, scores, self.get("landms"), size, threshold)
            }
            "ultraface" => {
                ultraface::decode(self.get("scores"), self.get("boxes"), size, threshold)
            }
            "centerface" => {
                let maps = centerface::Maps {
                    columns: 24,
                    heat: self.get("537"),
                    size: self.get("538"),
                    offset: self.get("539"),
                    points: self.get("540"),
                };
                centerface::decode(&maps, size, threshold)
            }
            other => {
                let rows = other.strip_prefix("yolo_").unwrap().parse().unwrap();
                Ok(yolo_face::decode(self.get("output0"), rows, threshold))
            }
        }
    }
}

#[test]
fn answers_are_read_as_by_the_references() {
    let cases: Vec<Decoding> = expected("decode.json");
    assert_eq!(cases.len(), 8);
    for case in cases {
        let found = case.decode().unwrap();
        close(&found, &case.faces, 0.02, 1e-4, &case.family);
    }
}

#[test]
fn one_hot_cell_is_one_known_box() {
    // RetinaFace, 32x32: the 16 px prior of the cell at row 1, column 2 of the finest grid.
    let count = 2 * (16 + 4 + 1);
    let (mut scores, hot) = (vec![0.0; 2 * count], 2 * (4 + 2));
    scores[2 * hot + 1] = 0.9;
    let mut boxes = vec![0.0; 4 * count];
    boxes[4 * hot] = 5.0; // half a prior to the right
    let found = retinaface::decode(&boxes, &scores, &vec![0.0; 10 * count], [32, 32], 0.5).unwrap();
    assert_eq!(found.len(), 1);
    for (found, wanted) in found[0].rect.edges().iter().zip([20.0, 4.0, 36.0, 20.0]) {
        assert!((found - wanted).abs() < 1e-4, "{found} and not {wanted}");
    }
    let nose = found[0].landmarks.unwrap()[2];
    assert!(
        (nose[0] - 20.0).abs() < 1e-4 && (nose[1] - 12.0).abs() < 1e-4,
        "the prior's centre"
    );
}

#[test]
fn numbers_that_are_none_are_no_faces() {
    let count = 2 * (16 + 4 + 1);
    for bad in [f32::NAN, f32::INFINITY] {
        let (scores, boxes) = (vec![0.9; 2 * count], vec![bad; 4 * count]);
        let found = retinaface::decode(&boxes, &scores, &vec![0.0; 10 * count], [32, 32], 0.5);
        assert_eq!(found.unwrap(), []);
    }
    assert!(
        ultraface::decode(&[f32::NAN; 8], &[0.5; 16], [320, 240], 0.5)
            .unwrap()
            .is_empty()
    );
    let short = retinaface::decode(&[], &[], &[], [640, 640], 0.5).unwrap_err();
    assert!(
        short.to_string().contains("instead of 16800 for 640x640"),
        "{short}"
    );
}

#[test]
fn a_suppressed_answer_is_read_as_it_is() {
    let rows = [
        10.0, 20.0, 30.0, 40.0, 0.9, 0.0, 1.0, 1.0, 5.0, 5.0, 0.2, 0.0,
    ];
    let found = yolo_face::decode_suppressed(&rows, 0.5);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].rect, Rect::from([10.0, 20.0, 30.0, 40.0]));
}

#[derive(Deserialize)]
struct Detecting {
    graph: String,
    #[serde(rename = "image")]
    image: String,
    longest: u32,
    input: Sample,
    faces: Vec<Face>,
}

#[test]
fn images_go_through_as_through_the_references() {
    let cases: Vec<Detecting> = expected("detect.json");
    assert_eq!(cases.len(), 6 * (4 * 2 + 3));
    let mut seen = 0;
    for case in cases {
        let what = format!("{} on {} at {}", case.graph, case.image, case.longest);
        let image = image(&case.image);
        let mut detector = Detector::open(&graph(&case.graph), &runtime()).unwrap();
        let input = detector.plan().prepare(&image, case.longest).unwrap();
        let level = match case.graph.as_str() {
            "ultraface_320" | "scrfd" => 1.0 / 128.0,
            "yolo_face" => 1.0 / 255.0,
            _ => 1.0,
        };
        case.input.check(&input.numbers, 2.0, level, &what);
        let found = detector.run(input, 0.5).unwrap();
        let pixel = image.width().max(image.height()) as f32 / case.longest as f32;
        close(&found, &case.faces, 0.2 * pixel.max(1.0), 0.02, &what);
        seen += found.len();
    }
    assert!(seen > 40, "the drawn faces are seen: {seen}");
}

#[derive(Deserialize)]
struct Aligning {
    #[serde(rename = "image")]
    image: String,
    landmarks: Landmarks,
    map: Vec<Vec<f64>>,
    aligned: Sample,
}

#[test]
fn faces_are_aligned_as_by_the_references() {
    for case in expected::<Vec<Aligning>>("align.json") {
        let map = similarity(&TEMPLATE, &case.landmarks).unwrap();
        for (found, wanted) in map.as_flattened().iter().zip(case.map.iter().flatten()) {
            assert!((found - wanted).abs() < 2e-3, "{}: {map:?}", case.image);
        }
        let face = aligned(&image(&case.image), &case.landmarks).unwrap();
        let levels: Vec<f32> = face
            .as_raw()
            .iter()
            .map(|level| f32::from(*level))
            .collect();
        case.aligned.check(&levels, 1.0, 1.0, &case.image);
    }
}

#[test]
fn landmarks_in_one_place_align_nothing() {
    for point in [[3.0, 4.0], [f32::NAN, 0.0]] {
        assert!(similarity(&TEMPLATE, &[point; 5]).is_err());
    }
}

#[derive(Deserialize)]
struct Feeling {
    graph: String,
    #[serde(rename = "image")]
    image: String,
    #[serde(rename = "box")]
    rect: Rect<f32>,
    landmarks: Landmarks,
    input: Sample,
    scores: BTreeMap<Emotion, f32>,
}

#[test]
fn expressions_are_read_as_by_the_references() {
    let cases: Vec<Feeling> = expected("emotion.json");
    assert_eq!(cases.len(), 6 * 5);
    for case in cases {
        let what = format!("{} on {}", case.graph, case.image);
        let image = image(&case.image);
        let mut network = Classifier::open(&graph(&case.graph), &runtime()).unwrap();
        let face_image = FaceImage {
            image: &image,
            rect: case.rect,
            landmarks: Some(case.landmarks),
        };
        let input = network.plan().prepare(&face_image).unwrap();
        let (levels, level) = match case.graph.as_str() {
            "ferplus_tiny" => (3.0, 1.0),
            "fer_mobilefacenet_tiny" | "mini_xception_tiny" => (2.0, 2.0 / 255.0),
            _ => (2.0, 1.0 / 255.0 / 0.224),
        };
        case.input.check(&input, levels, level, &what);
        let answer = network.run(input).unwrap();
        let scores = network.plan().columns().decode(&answer).unwrap();
        assert_eq!(scores.len(), case.scores.len(), "{what}");
        for (emotion, score) in scores {
            let wanted = case.scores[&emotion];
            assert!(
                (score - wanted).abs() < 0.01,
                "{what}: {emotion:?} {score} and not {wanted}"
            );
        }
    }
}

#[test]
fn a_network_without_landmarks_says_what_to_do() {
    let network = Classifier::open(&graph("fer_mobilefacenet_tiny"), &runtime()).unwrap();
    let image = image("odd");
    let face_image = FaceImage {
        image: &image,
        rect: Rect::whole(9.0, 9.0),
        landmarks: None,
    };
    let error = network.plan().prepare(&face_image).unwrap_err().to_string();
    assert!(
        error.starts_with("no landmarks") && error.contains("YuNet"),
        "{error}"
    );
}

#[test]
fn a_face_outside_of_the_image_is_an_error() {
    let network = Classifier::open(&graph("mini_xception_tiny"), &runtime()).unwrap();
    let image = image("odd");
    for edges in [[90.0, 0.0, 99.0, 9.0], [f32::NAN; 4], [5.0, 5.0, 5.0, 9.0]] {
        let face_image = FaceImage {
            image: &image,
            rect: edges.into(),
            landmarks: None,
        };
        let error = network.plan().prepare(&face_image).unwrap_err().to_string();
        assert!(error.starts_with("a face box without pixels"), "{error}");
    }
}

#[test]
fn networks_of_another_kind_are_refused() {
    let error = Detector::open(&graph("ferplus_tiny"), &runtime()).unwrap_err();
    let error = format!("{error:#}");
    assert!(
        error.contains("not a known face detector: the graph takes `Input3`"),
        "{error}"
    );
    let error = Classifier::open(&graph("yunet_640"), &runtime()).unwrap_err();
    let error = format!("{error:#}");
    assert!(
        error.contains("not a known emotion classifier: the graph takes `input`"),
        "{error}"
    );
}

#[derive(Deserialize)]
struct Real {
    graph: String,
    #[serde(rename = "image")]
    image: String,
    #[serde(default)]
    longest: u32,
    #[serde(default)]
    faces: Vec<Face>,
    #[serde(rename = "box")]
    rect: Option<Rect<f32>>,
    #[serde(default)]
    scores: BTreeMap<Emotion, f32>,
}

/// Where published weights are, if anywhere: `$FILM2LORA_WEIGHTS`, or `shared/weights` in a folder
/// above the repository.
fn weights() -> Option<PathBuf> {
    let named = std::env::var_os("FILM2LORA_WEIGHTS").map(PathBuf::from);
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut all = named
        .into_iter()
        .chain(above.map(|folder| folder.join("shared/weights")));
    all.find(|folder| folder.join("yunet_n_dynamic.onnx").is_file())
}

#[test]
fn published_weights_find_what_the_references_find() {
    let cases: Vec<Real> = expected("real.json");
    assert!(cases.iter().map(|case| case.faces.len()).sum::<usize>() > 5);
    let Some(weights) = weights() else {
        return;
    };
    for case in cases {
        let what = format!("{} on {} at {}", case.graph, case.image, case.longest);
        let path = weights.join(format!("{}.onnx", case.graph));
        let image = image(&case.image);
        if let Some(rect) = case.rect {
            let mut network = Classifier::open(&model(&path), &runtime()).unwrap();
            let face_image = FaceImage {
                image: &image,
                rect,
                landmarks: None,
            };
            let input = network.plan().prepare(&face_image).unwrap();
            let answer = network.run(input).unwrap();
            for (emotion, score) in network.plan().columns().decode(&answer).unwrap() {
                let wanted = case.scores[&emotion];
                assert!(
                    (score - wanted).abs() < 0.02,
                    "{what}: {emotion:?} {score} and not {wanted}"
                );
            }
            continue;
        }
        let mut detector = Detector::open(&model(&path), &runtime()).unwrap();
        let input = detector.plan().prepare(&image, case.longest).unwrap();
        let found = detector.run(input, 0.5).unwrap();
        close(&found, &case.faces, 1.0, 0.02, &what);
    }
}
