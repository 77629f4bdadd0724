//! What face-crop finds in images.
//!
//! The detector is the tiny one of `shared/nets/tests/onnx/face`, to which a magenta square is a face.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage, Rgba, RgbaImage};
use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, blurred, golden, manners, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_face-crop");

/// A square of 45 px in an image of 300 is one of 96 in 640, a window of the detector.
const FACE: u32 = 45;

fn graph(name: &str) -> String {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/nets/tests/onnx/face"
    );
    format!("{folder}/{name}.onnx")
}

#[test]
fn has_manners() {
    let model = graph("yunet_dynamic");
    let flags = [
        "--device",
        "cpu",
        "--model",
        &model,
        "--no-cache",
        "--out-dir",
        "faces",
        "--scales",
        "64",
        "--keep",
    ];
    manners(Shape {
        tool: TOOL,
        flags: &flags,
        opens_images: true,
        streams: true,
    });
}

#[test]
fn golden_cases() {
    // Two levels of resizing are worth a fifth of a pixel and a hundredth of a score.
    let tolerance = Tolerance {
        relative: 1e-2,
        absolute: 1e-2,
    };
    golden(TOOL, "tests/golden", tolerance);
}

/// An image of fine texture with faces at these places and sides; the texture goes over them too,
/// so that they are sharp.
fn drawn(width: u32, height: u32, faces: &[(u32, u32, u32)]) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let inside = |face: &&(u32, u32, u32)| {
            (face.0..face.0 + face.2).contains(&x) && (face.1..face.1 + face.2).contains(&y)
        };
        let grain = if (x / 2 + y / 2) % 2 == 0 { 0 } else { 12 };
        match faces.iter().find(inside) {
            Some(_) => Rgb([255 - grain, 0, 255]),
            None => Rgb([80 + grain, 120, 70]),
        }
    })
}

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes an image and gives its record, with more keys.
    fn record(&self, id: &str, image: &RgbImage, more: Value) -> String {
        let name = format!("{id}.png");
        image.save(self.path().join(&name)).unwrap();
        let mut record = json!({"id": id, "image": name});
        let more = more.as_object().unwrap().clone();
        record.as_object_mut().unwrap().extend(more);
        format!("{record}\n")
    }

    fn run(&self, more: &[&str], input: &str) -> Ran {
        let model = graph("yunet_dynamic");
        let mut flags = vec!["--device", "cpu", "--model", &model, "--no-cache"];
        flags.extend(["--out-dir", "faces", "--rejects", "rejects.jsonl"]);
        for (flag, value) in [("--min-side", "20"), ("--relative-sharpness", "0")] {
            if !more.contains(&flag) {
                flags.extend([flag, value]);
            }
        }
        flags.extend(more);
        let ran = run_in(self.path(), TOOL, &flags, input);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran
    }

    fn reasons(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path().join("rejects.jsonl")).unwrap();
        let reason = |line: &str| {
            let mark = serde_json::from_str::<Value>(line).unwrap()["rejected"].clone();
            let reason = mark["reason"].as_str().or(mark["error"].as_str());
            reason.unwrap().to_owned()
        };
        text.lines().map(reason).collect()
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    let numbers = value.as_array().unwrap().iter();
    numbers.map(|number| number.as_f64().unwrap()).collect()
}

#[test]
fn a_face_is_cut_out_with_padding() {
    let bench = Bench::new();
    let image = drawn(300, 300, &[(120, 105, FACE)]);
    let more =
        json!({"source": {"film": "f.mp4", "frame": 1, "time": 0.0, "shot": 0}, "dedup": {}});
    let ran = bench.run(&["--padding", "0.5"], &bench.record("a", &image, more));
    let face = &ran.records()[0];
    assert_eq!(ran.records().len(), 1, "{}", ran.stdout);
    assert_eq!(
        (&face["id"], &face["parent"]),
        (&json!("a.f0"), &json!("a"))
    );
    assert_eq!(face["source"]["film"], "f.mp4");
    assert!(
        face["dedup"].is_null(),
        "what is said of the frame stays with it"
    );
    let found = &face["face"];
    let area = numbers(&found["box"]);
    for (found, wanted) in area.iter().zip([120.0, 105.0, 165.0, 150.0]) {
        assert!((found - wanted).abs() < 8.0, "{face}");
    }
    // Twice the box, in whole pixels.
    let window = numbers(&found["window"]);
    assert!((window[2] - window[0] - 90.0).abs() <= 1.0, "{face}");
    assert!(
        (numbers(&found["box_in_crop"])[0] - (area[0] - window[0])).abs() < 0.011,
        "{face}"
    );
    assert_eq!(found["agreed"], json!(["scale"]));
    assert_eq!(found["by"], "yunet_dynamic.onnx");
    assert_eq!(
        face["models"]["face-crop"]["sha256"]
            .as_str()
            .unwrap()
            .len(),
        64
    );
    assert!(
        found["angle"]["yaw"].as_f64().unwrap().abs() < 1.0,
        "it looks at us: {face}"
    );
    let crop = image::open(bench.path().join("faces/a.f0.png"))
        .unwrap()
        .to_rgb8();
    assert_eq!(u64::from(crop.width()), face["width"].as_u64().unwrap());
    let corner = image.get_pixel(window[0] as u32, window[1] as u32);
    assert_eq!(crop.get_pixel(0, 0), corner, "the parent's own pixels");
}

#[test]
fn crops_stay_within_the_image_and_keep_their_shape() {
    let bench = Bench::new();
    let input = bench.record("a", &drawn(300, 300, &[(45, 105, FACE)]), json!({}));
    for (aspect, ratio) in [("1:1", 1.0), ("3:4", 0.75), ("2:1", 2.0)] {
        let ran = bench.run(&["--aspect", aspect, "--padding", "3"], &input);
        let window = numbers(&ran.records()[0]["face"]["window"]);
        assert!(
            window.iter().all(|place| (0.0..=300.0).contains(place)),
            "{window:?}"
        );
        let size = (window[2] - window[0]) / (window[3] - window[1]);
        assert!((size / ratio - 1.0).abs() < 0.02, "{aspect}: {window:?}");
    }
}

#[test]
fn several_faces_are_several_records() {
    let bench = Bench::new();
    let image = drawn(
        300,
        300,
        &[(60, 60, FACE), (180, 60, FACE), (120, 180, FACE)],
    );
    let input = bench.record("a", &image, json!({}));
    let ran = bench.run(&[], &input);
    let ids: Vec<_> = ran
        .records()
        .iter()
        .map(|face| face["id"].clone())
        .collect();
    assert_eq!(ids, ["a.f0", "a.f1", "a.f2"]);
    assert_eq!(bench.run(&["--max-faces", "1"], &input).records().len(), 1);
    assert_eq!(
        bench.reasons(),
        vec!["not among the best: at most 1 of an image"; 2]
    );
}

#[test]
fn a_doubtful_face_needs_a_second_word() {
    let bench = Bench::new();
    // At 23 px only the larger scale sees it.
    let image = drawn(300, 300, &[(130, 110, 23)]);
    let alone = bench.record("a", &image, json!({}));
    assert!(bench.run(&["--sure", "1"], &alone).records().is_empty());
    assert_eq!(bench.reasons().len(), 1);
    assert!(
        bench.reasons()[0].starts_with("doubtful: score 0."),
        "{:?}",
        bench.reasons()
    );
    let second = graph("scrfd");
    let ran = bench.run(&["--sure", "1", "--second", &second], &alone);
    let face = &ran.records()[0];
    assert_eq!(face["face"]["by"], "scrfd.onnx", "it is the surer one");
    let agreed = face["face"]["agreed"].as_array().unwrap();
    assert!(agreed.contains(&json!("yunet_dynamic.onnx")), "{face}");
    assert!(face["models"]["face-crop.second"].is_object());
    for (area, word) in [([100, 100, 180, 280], true), ([100, 20, 180, 130], false)] {
        let boxes = json!({"boxes": [{"box": area, "score": 0.9, "label": "person"}]});
        let ran = bench.run(&["--sure", "1"], &bench.record("a", &image, boxes));
        assert_eq!(ran.records().len(), usize::from(word), "{area:?}");
    }
}

#[test]
fn the_head_stands_in_for_a_face() {
    let bench = Bench::new();
    let image = drawn(300, 300, &[]);
    let mut points = vec![[0.0, 0.0, 0.0]; 17];
    points[0] = [150.0, 110.0, 0.9];
    points[1] = [160.0, 100.0, 0.9];
    points[2] = [140.0, 100.0, 0.8];
    points[5] = [210.0, 160.0, 0.9];
    points[6] = [90.0, 160.0, 0.9];
    let pose = |points: &[[f64; 3]]| json!({"pose": {"keypoints": points}});
    let input = bench.record("a", &image, pose(&points));
    let face = &bench.run(&[], &input).records()[0]["face"];
    assert_eq!(face["by"], "pose");
    // 2.2 times the 20 px of the eyes is more than 0.35 times the 120 px of the shoulders.
    let area = numbers(&face["box"]);
    assert!((area[2] - area[0] - 44.0).abs() < 0.1, "{face}");
    assert!(
        (f64::midpoint(area[0], area[2]) - 150.0).abs() < 0.1,
        "{face}"
    );
    assert!(face.get("landmarks").is_none());
    assert!(bench.run(&["--no-pose"], &input).records().is_empty());
    let boxed = json!({"boxes": [
        {"box": [0, 0, 10, 10], "score": 0.9},
        {"box": [90, 80, 210, 300], "score": 0.9, "pose": {"keypoints": points}},
    ]});
    let ran = bench.run(&[], &bench.record("a", &image, boxed));
    assert_eq!(ran.records()[0]["face"]["box"], face["box"]);
    points[1][2] = 0.1;
    points[2][2] = 0.1;
    let away = bench.record("a", &image, pose(&points));
    assert!(bench.run(&[], &away).records().is_empty(), "turned away");
}

#[test]
fn faults_have_reasons() {
    let bench = Bench::new();
    let face = drawn(300, 300, &[(120, 105, FACE)]);
    let soft = blurred(&face, 3);
    let none = drawn(300, 300, &[]);
    let cases: [(&RgbImage, &[&str], &str); 3] = [
        (&face, &["--min-side", "64"], "small: 45 px, below 64"),
        (
            &soft,
            &["--relative-sharpness", "0.1"],
            "blurred: relative sharpness 0.0",
        ),
        (&none, &[], "no face"),
    ];
    for (image, flags, reason) in cases {
        let ran = bench.run(flags, &bench.record("a", image, json!({})));
        assert!(ran.records().is_empty(), "{reason}: {}", ran.stdout);
        assert!(
            bench.reasons()[0].starts_with(reason),
            "{:?}",
            bench.reasons()
        );
        assert!(
            ran.stderr.contains("no face in any of 1 images"),
            "{}",
            ran.stderr
        );
    }
    let ran = bench.run(
        &["--relative-sharpness", "0.1"],
        &bench.record("a", &face, json!({})),
    );
    assert_eq!(ran.records().len(), 1, "the sharp one passes");
}

#[test]
fn what_is_kept_is_marked_and_written() {
    let bench = Bench::new();
    let input = bench.record("a", &drawn(300, 300, &[(120, 105, FACE)]), json!({}));
    let face = &bench.run(&["--min-side", "64", "--keep"], &input).records()[0];
    assert_eq!(face["rejected"]["by"], "face-crop");
    assert!(bench.path().join(face["image"].as_str().unwrap()).is_file());
}

/// An instance with two faces, of which the mask, a file or the alpha, covers the right one.
fn instance(bench: &Bench, file: bool) -> String {
    let image = drawn(300, 300, &[(60, 105, FACE), (195, 105, FACE)]);
    let level = |x: u32| if x < 150 { 0 } else { 255 };
    if file {
        let mask = RgbImage::from_fn(300, 300, |x, _| Rgb([level(x); 3]));
        mask.save(bench.path().join("mask.png")).unwrap();
        return bench.record("a.i0", &image, json!({"parent": "a", "mask": "mask.png"}));
    }
    let cut = RgbaImage::from_fn(300, 300, |x, y| {
        let Rgb([red, green, blue]) = *image.get_pixel(x, y);
        Rgba([red, green, blue, level(x)])
    });
    cut.save(bench.path().join("a.i0.png")).unwrap();
    "{\"id\":\"a.i0\",\"image\":\"a.i0.png\",\"parent\":\"a\"}\n".to_owned()
}

#[test]
fn an_instance_gives_its_own_face() {
    let bench = Bench::new();
    for file in [true, false] {
        let ran = bench.run(&[], &instance(&bench, file));
        assert_eq!(ran.records().len(), 1, "{}", ran.stdout);
        let face = &ran.records()[0];
        assert_eq!(
            (&face["id"], &face["parent"]),
            (&json!("a.i0.f0"), &json!("a.i0"))
        );
        assert!(numbers(&face["face"]["box"])[0] > 180.0, "{face}");
        assert!(
            face["face"]["occlusion"]["mask"].as_f64().unwrap() < 0.05,
            "{face}"
        );
        if file {
            assert_eq!(bench.reasons(), ["hidden: 1.00 of the face, over 0.35"]);
        }
    }
}

#[test]
fn a_mask_of_another_size_is_an_error_of_its_record() {
    let bench = Bench::new();
    let input = instance(&bench, true) + &bench.record("b", &drawn(300, 300, &[]), json!({}));
    RgbImage::new(20, 20)
        .save(bench.path().join("mask.png"))
        .unwrap();
    assert!(bench.run(&[], &input).records().is_empty());
    assert!(
        bench.reasons()[0].contains("mask.png: the mask is"),
        "{:?}",
        bench.reasons()
    );
    assert_eq!(bench.reasons()[1], "no face");
}

#[test]
fn what_is_remembered_gives_the_same_bytes() {
    let bench = Bench::new();
    let image = drawn(300, 300, &[(60, 60, FACE), (180, 60, FACE)]);
    let input = bench.record("a", &image, json!({}));
    let model = graph("yunet_dynamic");
    let flags = [
        "--device",
        "cpu",
        "--model",
        &model,
        "--cache",
        "cache",
        "--out-dir",
        "faces",
        "--keep",
    ];
    let run = |more: &[&str]| run_in(bench.path(), TOOL, &[&flags, more].concat(), &input);
    let crop = || fs::read(bench.path().join("faces/a.f0.png")).unwrap();
    let (first, before) = (run(&["-j", "1"]), crop());
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert_eq!(first.stdout, run(&["-j", "3"]).stdout);
    assert_eq!(before, crop());
    assert_ne!(
        first.stdout,
        run(&["--scales", "320"]).stdout,
        "other settings, other answer"
    );
}

#[test]
fn models_that_do_not_fit_are_refused() {
    let bench = Bench::new();
    let cut = bench.path().join("cut.onnx");
    let whole = fs::read(graph("yunet_dynamic")).unwrap();
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let cases: [(PathBuf, &str); 3] = [
        (cut, "not a network that can be run"),
        (
            graph("ferplus_tiny").into(),
            "not a known face detector: the graph takes `Input3`",
        ),
        (
            "gone.onnx".into(),
            "not a model in the registry and not a file",
        ),
    ];
    for (path, said) in cases {
        let model = path.to_str().unwrap();
        let flags = [
            "--device",
            "cpu",
            "--model",
            model,
            "--no-cache",
            "--out-dir",
            "faces",
        ];
        let ran = run_in(bench.path(), TOOL, &flags, "");
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    for wrong in ["--aspect=wide", "--padding=-1", "--sure=2", "--scales=1"] {
        let ran = run_in(bench.path(), TOOL, &["--out-dir", "faces", wrong], "");
        assert_eq!(ran.code, Some(2), "{wrong}: {}", ran.stderr);
    }
}
