//! What rtmpose finds: the same as rtmlib, where it looks.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage, Rgba, RgbaImage};
use serde::Deserialize;
use serde_json::{Value, json};
use stage::Cache;
use testkit::{Ran, Shape, Tolerance, golden, manners, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_rtmpose");

/// A tiny network with the names and shapes of the published ones; see `pose.py` in `nets`.
fn network(name: &str) -> String {
    format!("{}/tests/onnx/{name}.onnx", env!("CARGO_MANIFEST_DIR"))
}

fn image(name: &str) -> String {
    format!("{}/tests/images/{name}.png", env!("CARGO_MANIFEST_DIR"))
}

fn pose(folder: &Path, name: &str, flags: &[&str], records: &[Value]) -> Ran {
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    let input = lines.join(
        "
",
    ) + "
";
    let model = network(name);
    let mut arguments = vec!["--no-cache", "--device", "cpu", "--model", &model];
    arguments.extend(flags);
    run_in(folder, TOOL, &arguments, &input)
}

#[test]
fn has_manners() {
    manners(Shape {
        tool: TOOL,
        flags: &[
            "--no-cache",
            "--device",
            "cpu",
            "--model",
            &network("body17"),
        ],
        opens_images: true,
        streams: false,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// What rtmlib finds in one image.
#[derive(Deserialize)]
struct Expected {
    network: String,
    #[serde(rename = "image")]
    image: String,
    channels: String,
    boxes: Vec<[f64; 4]>,
    poses: Vec<Vec<[f64; 3]>>,
}

fn expected() -> Vec<Expected> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn near(found: &Value, expected: &[[f64; 3]], name: &str) {
    let found = found["keypoints"].as_array().unwrap();
    assert_eq!(found.len(), expected.len(), "{name}");
    for (at, (own, theirs)) in found.iter().zip(expected).enumerate() {
        for axis in 0..2 {
            let apart = (own[axis].as_f64().unwrap() - theirs[axis]).abs();
            assert!(apart <= 0.01, "{name}: point {at}: {own} {theirs:?}");
        }
        let apart = (own[2].as_f64().unwrap() - theirs[2].max(0.0)).abs();
        assert!(apart < 0.02, "{name}: point {at}: {own} {theirs:?}");
    }
}

#[test]
fn finds_what_rtmlib_finds() {
    for case in expected() {
        let mut record = json!({"id": "a", "image": image(&case.image)});
        let boxes: Vec<_> = case
            .boxes
            .iter()
            .map(|of| json!({"box": of, "score": 0.5}))
            .collect();
        if !boxes.is_empty() {
            record["boxes"] = boxes.into();
        }
        let flags: &[&str] = match case.channels.as_str() {
            "bgr" => &["--rtmlib-compat"],
            _ => &[],
        };
        let ran = pose(Path::new("."), &case.network, flags, &[record]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let record = &ran.records()[0];
        let name = format!("{} {} {}", case.network, case.image, case.channels);
        for (number, poses) in case.poses.iter().enumerate() {
            let found = match case.boxes.len() {
                0 => &record["pose"],
                _ => &record["boxes"][number]["pose"],
            };
            near(found, poses, &name);
        }
        let alone = record["pose"].is_object();
        assert_eq!(
            alone,
            case.poses.len() == 1,
            "{name}: the record's own pose is that of its only figure"
        );
    }
}

#[test]
fn colours_the_wrong_way_round_are_something_else() {
    let record = json!({"id": "a", "image": image("tall")});
    let score = |flags: &[&str]| {
        let ran = pose(
            Path::new("."),
            "body17",
            flags,
            std::slice::from_ref(&record),
        );
        ran.records()[0]["pose"]["score"].as_f64().unwrap()
    };
    assert!((score(&[]) - score(&["--rtmlib-compat"])).abs() > 0.05);
}

#[test]
fn every_batch_and_a_network_for_one_give_the_same() {
    let records: Vec<Value> = ["wide", "tall", "square", "tiny", "wide"]
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let boxes: Vec<_> = (0..at)
                .map(|n| json!({"box": [n, 0, 9 + n, 20], "score": 1}))
                .collect();
            json!({"id": format!("r{at}"), "image": image(name), "boxes": boxes, "pose": {"old": 1}})
        })
        .collect();
    let run = |name: &str, flags: &[&str]| pose(Path::new("."), name, flags, &records);
    let usual = run("body17", &[]);
    assert_eq!(usual.code, Some(0), "{}", usual.stderr);
    for batch in ["1", "3", "64"] {
        assert_eq!(
            run("body17", &["--batch", batch]).stdout,
            usual.stdout,
            "{batch}"
        );
    }
    let one = run("body17_one", &[]);
    assert_eq!(one.code, Some(0), "{}", one.stderr);
    for (own, other) in one.records().iter().zip(usual.records()) {
        assert_eq!(own["boxes"], other["boxes"]);
    }
    let nobody = &usual.records()[0];
    assert_eq!(nobody["boxes"], json!([]));
    assert!(
        nobody.get("pose").is_none(),
        "nobody was detected, so nobody has a pose, nor an old one"
    );
}

/// A bright figure of 20x60 at (70, 30), as a cut-out and as a mask.
fn cut_out(folder: &Path) -> PathBuf {
    let inside = |x: u32, y: u32| (70..90).contains(&x) && (30..90).contains(&y);
    let shade = |x: u32, y: u32| [(x * 2) as u8, (y * 2) as u8, 200];
    RgbaImage::from_fn(120, 100, |x, y| {
        let [red, green, blue] = shade(x, y);
        Rgba([red, green, blue, if inside(x, y) { 255 } else { 0 }])
    })
    .save(folder.join("cut.png"))
    .unwrap();
    RgbImage::from_fn(120, 100, |x, y| {
        Rgb(if inside(x, y) {
            shade(x, y)
        } else {
            [0x7c, 0x74, 0x68]
        })
    })
    .save(folder.join("flat.png"))
    .unwrap();
    RgbImage::from_fn(
        120,
        100,
        |x, y| Rgb([if inside(x, y) { 255 } else { 0 }; 3]),
    )
    .save(folder.join("mask.png"))
    .unwrap();
    RgbImage::new(5, 5).save(folder.join("small.png")).unwrap();
    folder.join("cut.png")
}

#[test]
fn an_instance_is_where_its_mask_is() {
    let here = tempfile::tempdir().unwrap();
    cut_out(here.path());
    let boxed = json!({"id": "a", "image": "flat.png", "boxes": [{"box": [70, 30, 90, 90]}]});
    let masked = json!({"id": "b", "image": "flat.png", "parent": "p", "mask": "mask.png", "boxes": [{"box": [0, 0, 5, 5]}]});
    let opaque = json!({"id": "c", "image": "cut.png", "parent": "p"});
    let whole = json!({"id": "d", "image": "flat.png"});
    let ran = pose(here.path(), "body17", &[], &[boxed, masked, opaque, whole]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let found = ran.records();
    assert_eq!(
        found[0]["pose"], found[1]["pose"],
        "the mask is where the box is"
    );
    assert_eq!(
        found[0]["pose"], found[2]["pose"],
        "what is transparent is the colour that says nothing"
    );
    assert_ne!(found[0]["pose"], found[3]["pose"]);
    assert_eq!(found[0]["boxes"][0]["pose"], found[0]["pose"]);
    let black = json!({"id": "c", "image": "cut.png", "parent": "p"});
    let ran = pose(here.path(), "body17", &["--matte", "000000"], &[black]);
    assert_ne!(
        ran.records()[0]["pose"],
        found[2]["pose"],
        "the matte is seen"
    );
}

#[test]
fn bad_boxes_and_masks_fail_for_their_record() {
    let here = tempfile::tempdir().unwrap();
    cut_out(here.path());
    let many: Vec<_> = (0..257).map(|_| json!({"box": [0, 0, 9, 9]})).collect();
    let records = [
        (
            json!({"id": "a", "image": "flat.png", "boxes": [{"box": [9, 9, 9, 9]}]}),
            "not a box in an image",
        ),
        (
            json!({"id": "b", "image": "flat.png", "boxes": [{"box": [0, 0, 1e300, 9]}]}),
            "not a box in an image",
        ),
        (
            json!({"id": "c", "image": "flat.png", "boxes": many}),
            "257 of them, but at most 256",
        ),
        (json!({"id": "d", "image": "flat.png", "boxes": 7}), "boxes"),
        (
            json!({"id": "e", "image": "flat.png", "parent": "p", "mask": "small.png"}),
            "the mask is 5x5, but the image is 120x100",
        ),
        (
            json!({"id": "f", "image": "flat.png", "parent": "p", "mask": "gone.png"}),
            "gone.png",
        ),
        (json!({"id": "g", "image": "flat.png"}), ""),
    ];
    let all: Vec<Value> = records.iter().map(|(record, _)| record.clone()).collect();
    let ran = pose(here.path(), "body17", &["--rejects", "rejects.jsonl"], &all);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.records().len(), 1, "the sound record passes");
    let rejects = fs::read_to_string(here.path().join("rejects.jsonl")).unwrap();
    for (line, (_, say)) in rejects.lines().zip(&records) {
        let reject: Value = serde_json::from_str(line).unwrap();
        assert!(
            reject["rejected"]["error"].as_str().unwrap().contains(say),
            "{reject}"
        );
    }
}

#[test]
fn an_unpacked_archive_says_how_it_wants_to_be_fed() {
    let here = tempfile::tempdir().unwrap();
    fs::copy(network("body17"), here.path().join("end2end.onnx")).unwrap();
    let record = json!({"id": "a", "image": image("wide"), "boxes": [{"box": [20, 10, 60, 50]}]});
    let run = |box_of: &Value, to_rgb: bool, padding: f64| {
        let transforms = json!([
            {"type": "TopDownGetBboxCenterScale", "padding": padding, "image_size": [192, 256]},
            {"type": "Normalize", "mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375], "to_rgb": to_rgb},
        ]);
        let pipeline =
            json!({"pipeline": {"tasks": [{"name": "Preprocess", "transforms": transforms}]}});
        fs::write(here.path().join("pipeline.json"), pipeline.to_string()).unwrap();
        let mut record = record.clone();
        record["boxes"][0]["box"] = box_of.clone();
        let model = here.path().to_str().unwrap();
        let arguments = ["--no-cache", "--device", "cpu", "--model", model];
        let ran = run_in(Path::new("."), TOOL, &arguments, &format!("{record}\n"));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.records()[0]["pose"].clone()
    };
    let usual = pose(Path::new("."), "body17", &[], std::slice::from_ref(&record));
    let swapped = pose(
        Path::new("."),
        "body17",
        &["--rtmlib-compat"],
        std::slice::from_ref(&record),
    );
    let bounds = json!([20, 10, 60, 50]);
    assert_eq!(run(&bounds, true, 1.25), usual.records()[0]["pose"]);
    assert_eq!(run(&bounds, false, 1.25), swapped.records()[0]["pose"]);
    assert_eq!(
        run(&json!([15, 5, 65, 55]), true, 1.0),
        usual.records()[0]["pose"],
        "1.25 times 40 is 50"
    );
}

#[test]
fn hands_and_face_are_left_out_and_it_says_so() {
    let record = json!({"id": "a", "image": image("tiny")});
    let ran = pose(Path::new("."), "whole133", &["-v"], &[record]);
    assert!(
        ran.stderr.contains("its other 116 key points"),
        "{}",
        ran.stderr
    );
}

#[test]
fn networks_of_something_else_are_refused() {
    let record = json!({"id": "a", "image": image("tiny")});
    let ran = pose(Path::new("."), "hand21", &[], std::slice::from_ref(&record));
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("17, 26 or 133"), "{}", ran.stderr);
    assert!(ran.stdout.is_empty());
    let ran = pose(Path::new("."), "none", &[], &[record]);
    assert_eq!(ran.code, Some(1));
}

#[test]
fn what_is_remembered_is_the_same() {
    let here = tempfile::tempdir().unwrap();
    let cache = here.path().join("cache");
    let record =
        json!({"id": "a", "image": image("wide"), "boxes": [{"box": [3.3, 4.4, 60.6, 70.7]}]});
    let model = network("body17");
    let run = |flags: &[&str]| {
        let mut arguments = vec![
            "--cache",
            cache.to_str().unwrap(),
            "--device",
            "cpu",
            "--model",
            &model,
        ];
        arguments.extend(flags);
        run_in(here.path(), TOOL, &arguments, &format!("{record}\n")).stdout
    };
    let first = run(&[]);
    assert_eq!(run(&[]), first);
    assert_ne!(
        run(&["--rtmlib-compat"]),
        first,
        "another setting is another answer"
    );
    assert_ne!(run(&["--box", "whole"]), first);
}

/// What `MoveNet` finds in one image.
#[derive(Deserialize)]
struct Moved {
    network: String,
    #[serde(rename = "image")]
    image: String,
    #[serde(rename = "box")]
    bounds: [f64; 4],
    keypoints: Vec<[f64; 3]>,
}

/// The published `MoveNet`, where it is at hand.
fn published() -> Option<PathBuf> {
    let named = std::env::var_os("FILM2LORA_WEIGHTS").map(PathBuf::from);
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let folders = named
        .into_iter()
        .chain(above.map(|folder| folder.join("shared/weights")));
    let mut files = folders.map(|folder| folder.join("movenet_single_pose_lightning_ptq.onnx"));
    files.find(|file| file.is_file())
}

/// Whether the processor adds products of bytes without saturation. The published weights are 8 bits wide, and on
/// others ONNX Runtime gets other sums, and other points, than where the expected ones were made.
fn adds_bytes_exactly() -> bool {
    #[cfg(target_arch = "x86_64")]
    return is_x86_feature_detected!("avx512vnni") || is_x86_feature_detected!("avxvnni");
    #[cfg(not(target_arch = "x86_64"))]
    return true;
}

#[test]
fn movenet_finds_what_it_finds_in_python() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/movenet.json");
    let cases: Vec<Moved> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    for case in cases {
        let model = match case.network.as_str() {
            "tiny" => PathBuf::from(network("movenet")),
            _ => match published().filter(|_| adds_bytes_exactly()) {
                Some(model) => model,
                None => continue,
            },
        };
        let record =
            json!({"id": "a", "image": image(&case.image), "boxes": [{"box": case.bounds}]});
        let model = model.to_str().unwrap();
        let arguments = ["--no-cache", "--device", "cpu", "--model", model];
        let ran = run_in(Path::new("."), TOOL, &arguments, &format!("{record}\n"));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let found = ran.records()[0]["pose"]["keypoints"].clone();
        let near = |(own, theirs): &(&Value, &[f64; 3])| {
            let apart = |axis: usize| (own[axis].as_f64().unwrap() - theirs[axis]).abs();
            apart(0) <= 1.0 && apart(1) <= 1.0 && apart(2) < 0.05
        };
        let pairs = found.as_array().unwrap().iter().zip(&case.keypoints);
        let (alike, least) = (pairs.filter(near).count(), 17);
        assert!(
            alike >= least,
            "{} {}: {alike} of 17 alike: {found} {:?}",
            case.network,
            case.image,
            case.keypoints
        );
        assert_eq!(found.as_array().unwrap().len(), 17);
    }
    let record = json!({"id": "a", "image": image("tiny")});
    let ran = pose(Path::new("."), "movenet", &["--rtmlib-compat"], &[record]);
    assert_eq!(
        ran.code,
        Some(1),
        "what rtmlib does not run cannot be compared with it"
    );
}

/// The record of an image with two boxes, the second of which the detector calls `label`.
fn two(label: &str) -> Value {
    json!({"id": "a", "image": image("wide"), "boxes": [
        {"box": [5, 5, 60, 85], "score": 0.9, "label": "person"},
        {"box": [70.5, 20.25, 155, 88], "score": 0.8, "label": label},
    ]})
}

#[test]
fn an_animal_goes_to_the_network_for_animals_and_says_so() {
    let model = network("animal17");
    let flags = ["--animal-model", &model];
    for label in ["dog", "Animal", "a small dog"] {
        let ran = pose(Path::new("."), "body17", &flags, &[two(label)]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let record = &ran.records()[0];
        let found = |at: usize| &record["boxes"][at]["pose"];
        assert_eq!(
            found(0).get("skeleton"),
            None,
            "a person's is the usual one"
        );
        assert_eq!(found(1)["skeleton"], "ap10k17");
        for case in expected() {
            let at = match case.network.as_str() {
                "body17" => 0,
                "animal17" => 1,
                _ => continue,
            };
            if case.image == "wide" && case.channels == "rgb" {
                near(found(at), &case.poses[at], label);
            }
        }
        let models = record["models"].as_object().unwrap();
        assert!(models.contains_key("rtmpose") && models.contains_key("rtmpose animals"));
    }
}

#[test]
fn without_an_animal_nothing_changes() {
    let model = network("animal17");
    let usual = pose(Path::new("."), "body17", &[], &[two("dog")]);
    let labels = ["--animal-model", &model, "--animal-labels", "sea monster"];
    for (flags, label) in [(&labels[..], "dog"), (&labels[..2], "person")] {
        let ran = pose(Path::new("."), "body17", flags, &[two(label)]);
        let mut usual = usual.records();
        usual[0]["boxes"][1]["label"] = json!(label);
        assert_eq!(ran.records(), usual);
    }
}

#[test]
fn what_is_remembered_of_persons_is_found_again_with_a_network_for_animals() {
    let here = tempfile::tempdir().unwrap();
    let (model, animals) = (network("body17"), network("animal17"));
    let run = |label: &str, more: &[&str]| {
        let usual = ["--cache", "cache", "--device", "cpu", "--model", &model];
        let input = format!("{}\n", two(label));
        let ran = run_in(here.path(), TOOL, &[&usual, more].concat(), &input);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let cache = Cache::open(&here.path().join("cache"));
        (ran.stdout, cache.usage().unwrap().results)
    };
    let first = run("person", &[]);
    assert_eq!(first.1, 1);
    let flags = ["--animal-model", &animals];
    assert_eq!(run("person", &flags), first);
    let (_, remembered) = run("dog", &flags);
    assert_eq!(remembered, 2, "an animal is another answer");
}

#[test]
fn the_kind_of_a_character_counts_before_its_label() {
    let here = tempfile::tempdir().unwrap();
    for (name, kind) in [("bruma", "animal"), ("odd", "Person\n")] {
        let folder = here.path().join("cast").join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("kind.txt"), kind).unwrap();
    }
    let record = |name: &str, label: &str| {
        json!({"id": format!("{name} {label}"), "image": image("tall"), "parent": "f", "identity": {"name": name, "score": 1},
               "instance": {"index": 0, "label": label}})
    };
    let model = network("animal17");
    let flags = ["--animal-model", &model, "--cast", "cast", "--box", "whole"];
    let records = [
        record("bruma", "person"),
        record("odd", "dog"),
        record("unknown", "dog"),
        record("unknown", "person"),
    ];
    let ran = pose(here.path(), "body17", &flags, &records);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let records = ran.records();
    let skeletons: Vec<_> = { records.iter() }
        .map(|record| record["pose"]["skeleton"].as_str())
        .collect();
    let animal = Some("ap10k17");
    assert_eq!(skeletons, [animal, None, animal, None]);
    fs::write(here.path().join("cast/odd/kind.txt"), "fish").unwrap();
    let ran = pose(here.path(), "body17", &flags, &[record("odd", "dog")]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("kind.txt: `fish`: must be `person` or `animal`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_network_of_other_points_is_none_of_animals() {
    let model = network("halpe26");
    let flags = ["--animal-model", &model];
    let ran = pose(Path::new("."), "body17", &flags, &[two("dog")]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("gives 26 key points instead of the 17"),
        "{}",
        ran.stderr
    );
}
