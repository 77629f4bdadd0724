//! What pose-classify says of poses.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use image::GrayImage;
use serde_json::{Value, json};
use testkit::{Shape, Tolerance, golden, manners, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_pose-classify");

/// Left and right of each joint.
const OPPOSITE: [usize; 17] = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15];

/// Stands and faces the camera, hands on the hips; x and y of each joint.
const STANDING: [[f64; 2]; 17] = [
    [200.0, 60.0],
    [210.0, 50.0],
    [190.0, 50.0],
    [225.0, 55.0],
    [175.0, 55.0],
    [240.0, 110.0],
    [160.0, 110.0],
    [275.0, 170.0],
    [125.0, 170.0],
    [232.0, 215.0],
    [168.0, 215.0],
    [224.0, 230.0],
    [176.0, 230.0],
    [226.0, 320.0],
    [174.0, 320.0],
    [227.0, 405.0],
    [173.0, 405.0],
];

/// Sits on a chair and looks to the right, seen from the right side.
const SITTING: [[f64; 2]; 17] = [
    [225.0, 62.0],
    [218.0, 52.0],
    [219.0, 52.0],
    [190.0, 58.0],
    [192.0, 58.0],
    [196.0, 112.0],
    [192.0, 114.0],
    [205.0, 165.0],
    [200.0, 168.0],
    [245.0, 190.0],
    [242.0, 192.0],
    [194.0, 232.0],
    [190.0, 234.0],
    [282.0, 236.0],
    [278.0, 240.0],
    [280.0, 322.0],
    [276.0, 326.0],
];

/// Lies on the back, head to the left, seen from the side.
const LYING: [[f64; 2]; 17] = [
    [62.0, 180.0],
    [55.0, 176.0],
    [55.0, 178.0],
    [50.0, 192.0],
    [50.0, 194.0],
    [110.0, 200.0],
    [110.0, 206.0],
    [165.0, 212.0],
    [165.0, 218.0],
    [215.0, 214.0],
    [215.0, 220.0],
    [230.0, 203.0],
    [230.0, 209.0],
    [318.0, 198.0],
    [318.0, 206.0],
    [402.0, 208.0],
    [402.0, 214.0],
];

fn points(places: &[[f64; 2]; 17]) -> Vec<[f64; 3]> {
    places.iter().map(|[x, y]| [*x, *y, 0.9]).collect()
}

fn mirrored(points: &[[f64; 3]]) -> Vec<[f64; 3]> {
    let mirror = |at: &usize| [450.0 - points[*at][0], points[*at][1], points[*at][2]];
    OPPOSITE.iter().map(mirror).collect()
}

fn record(points: &[[f64; 3]]) -> Value {
    json!({"id": "a", "image": "a.png", "width": 450, "height": 450, "pose": {"keypoints": points, "score": 0.9}})
}

fn classify(flags: &[&str], records: &[Value]) -> Vec<Value> {
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    let input = lines.join(
        "
",
    ) + "
";
    let ran = run_in(Path::new("."), TOOL, flags, &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.records()
}

fn pose(flags: &[&str], points: &[[f64; 3]]) -> Value {
    classify(flags, &[record(points)])[0]["pose"].clone()
}

#[test]
fn has_manners() {
    manners(Shape {
        tool: TOOL,
        flags: &[],
        opens_images: false,
        streams: true,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

#[test]
fn plain_poses_are_what_they_are() {
    for (places, action, angle) in [
        (STANDING, "standing", "front"),
        (SITTING, "sitting", "side"),
        (LYING, "lying", "side"),
    ] {
        let found = pose(&[], &points(&places));
        assert_eq!(
            (&found["action"], &found["angle"]),
            (&json!(action), &json!(angle)),
            "{}",
            found["scores"]
        );
        assert_eq!(
            (&found["occlusion"], &found["visible"]),
            (&json!("none"), &json!(1.0))
        );
    }
    let mut away = STANDING;
    away.swap(5, 6);
    away.swap(7, 8);
    away.swap(9, 10);
    away.swap(11, 12);
    away.swap(13, 14);
    away.swap(15, 16);
    let mut away = points(&away);
    for face in &mut away[..3] {
        face[2] = 0.05;
    }
    (away[3], away[4]) = (away[4], away[3]);
    assert_eq!(pose(&[], &away)["angle"], "back");
}

#[test]
fn the_mirror_keeps_what_is_said_and_mirrors_the_vector() {
    for places in [STANDING, SITTING, LYING] {
        let mut own = points(&places);
        own[9] = [300.0, 40.0, 0.8];
        own[16][2] = 0.1;
        let (first, second) = (pose(&[], &own), pose(&[], &mirrored(&own)));
        for same in ["action", "angle", "scores", "visible", "occlusion"] {
            assert_eq!(first[same], second[same]);
        }
        let numbers = |pose: &Value| -> Vec<f64> {
            pose["vector"]
                .as_array()
                .unwrap()
                .iter()
                .map(|n| n.as_f64().unwrap())
                .collect()
        };
        let (vector, mirror) = (numbers(&first), numbers(&second));
        assert_eq!(vector.len(), 34);
        for at in 0..17 {
            let there = OPPOSITE[at];
            assert!((vector[2 * at] + mirror[2 * there]).abs() < 2e-4, "{at}");
            assert!(
                (vector[2 * at + 1] - mirror[2 * there + 1]).abs() < 2e-4,
                "{at}"
            );
        }
        let folded = |points: &[[f64; 3]]| numbers(&pose(&["--fold-mirror"], points));
        let both = folded(&own).into_iter().zip(folded(&mirrored(&own)));
        assert!(
            both.into_iter()
                .all(|(own, other)| (own - other).abs() < 2e-4)
        );
    }
}

#[test]
fn more_key_points_than_cocos_change_nothing() {
    let coco = points(&STANDING);
    let mut halpe = coco.clone();
    halpe.extend([[1.0, 2.0, 0.9]; 9]);
    let (first, mut second) = (pose(&[], &coco), pose(&[], &halpe));
    assert_eq!(
        second["keypoints"].as_array().unwrap().len(),
        26,
        "they stay"
    );
    second["keypoints"] = first["keypoints"].clone();
    assert_eq!(first, second);
}

#[test]
fn a_face_alone_is_unknown() {
    let mut face = points(&STANDING);
    for point in &mut face[5..] {
        *point = [0.0, 0.0, 0.0];
    }
    let found = pose(&[], &face);
    assert_eq!(
        (&found["action"], &found["angle"], &found["occlusion"]),
        (&json!("unknown"), &json!("unknown"), &json!("heavy"))
    );
    assert!(found.get("vector").is_none() && found.get("scores").is_none());
    let careful = pose(&["--threshold", "1"], &points(&STANDING));
    assert_eq!(careful["action"], "unknown");
    assert!(careful["scores"]["action"]["standing"].is_number());
}

#[test]
fn every_box_is_judged_and_what_others_wrote_stays() {
    let figure = |places| json!({"box": [1.25, 2, 3, 4], "score": 0.75, "mine": 1, "pose": {"keypoints": points(places), "score": 0.9, "yours": [2]}});
    let record = json!({"id": "a", "image": "a.png", "boxes": [figure(&STANDING), {"box": [0, 0, 1, 1]}, figure(&LYING)]});
    let found = &classify(&[], &[record])[0];
    assert_eq!(found["boxes"][0]["pose"]["action"], "standing");
    assert_eq!(found["boxes"][2]["pose"]["action"], "lying");
    assert_eq!(found["boxes"][2]["pose"]["yours"], json!([2]));
    assert_eq!(found["boxes"][1], json!({"box": [0, 0, 1, 1]}));
    assert!(found.get("pose").is_none());
}

#[test]
fn edges_and_masks_are_seen() {
    let here = tempfile::tempdir().unwrap();
    let mask = here.path().join("mask.png");
    GrayImage::from_fn(450, 450, |_, y| {
        image::Luma([if y < 240 { 255 } else { 0 }])
    })
    .save(&mask)
    .unwrap();
    let mut masked = record(&points(&STANDING));
    masked["parent"] = json!("frame");
    masked["mask"] = json!(mask);
    let found = &classify(&[], &[masked.clone()])[0]["pose"];
    assert_eq!(found["hidden"], 0.2353, "knees and ankles, 4 of 17");
    assert_eq!(found["occlusion"], "partial");
    masked.as_object_mut().unwrap().remove("parent");
    assert!(
        classify(&[], &[masked])[0]["pose"].get("hidden").is_none(),
        "a frame's mask is not one figure's"
    );
    let mut cut = record(&points(&STANDING));
    cut["height"] = json!(410);
    let found = &classify(&[], &[cut])[0]["pose"];
    assert_eq!(
        (&found["cut"], &found["occlusion"]),
        (&json!(["bottom"]), &json!("partial"))
    );
}

#[test]
fn a_shot_votes_on_the_action() {
    let at = |number: usize, places: &[[f64; 2]; 17], shot: u64, name: &str| {
        let mut record = record(&points(places));
        record["id"] = json!(format!("r{number}"));
        record["source"] =
            json!({"film": "f", "frame": number, "time": number as f64 / 10.0, "shot": shot});
        record["identity"] = json!({"name": "oreste", "track": name});
        record
    };
    let records: Vec<Value> = (0..7)
        .map(|n| at(n, if n == 3 { &SITTING } else { &STANDING }, 0, "pia"))
        .chain([at(8, &SITTING, 0, "nilo"), at(9, &SITTING, 1, "pia")])
        .collect();
    let alone = classify(&[], &records);
    assert_eq!(alone[3]["pose"]["action"], "sitting");
    let voted = classify(&["--smooth", "1"], &records);
    assert_eq!(voted[3]["pose"]["action"], "standing", "six of seven stand");
    assert_eq!(
        (&voted[7]["pose"]["action"], &voted[8]["pose"]["action"]),
        (&json!("sitting"), &json!("sitting"))
    );
    assert_eq!(voted[3]["pose"]["angle"], alone[3]["pose"]["angle"]);
    let mut nobody = records.clone();
    for record in &mut nobody {
        record["identity"]["track"] = json!("unknown");
    }
    assert_eq!(
        classify(&["--smooth", "1"], &nobody)[3]["pose"]["action"],
        "sitting",
        "unknown is nobody"
    );
    let near = classify(&["--smooth", "0.05"], &records);
    assert_eq!(near[3]["pose"]["action"], "sitting", "nobody is so near");
}

#[test]
fn twice_is_once() {
    let once = classify(&[], &[record(&points(&SITTING))]);
    assert_eq!(classify(&[], &once), once);
}

#[test]
fn bad_poses_fail_for_their_record() {
    let here = tempfile::tempdir().unwrap();
    let records = [
        (
            json!({"id": "a", "pose": {"keypoints": [[1, 2, 3]]}}),
            "1 key points",
        ),
        (json!({"id": "b", "pose": {"score": 1}}), "no `keypoints`"),
        (json!({"id": "c", "pose": 7}), "pose"),
        (
            json!({"id": "d", "pose": {"keypoints": [["x"]]}}),
            "[x, y, score]",
        ),
        (
            json!({"id": "e", "parent": "p", "mask": "gone.png", "pose": {"keypoints": points(&STANDING)}}),
            "gone.png",
        ),
        (
            json!({"id": "f", "pose": {"keypoints": points(&STANDING)}, "width": 0, "height": 5}),
            "below 1",
        ),
        (
            json!({"id": "g", "pose": {"keypoints": vec![[1e300, -1e300, 1e300]; 17]}}),
            "",
        ),
    ];
    let lines: Vec<String> = records
        .iter()
        .map(|(record, _)| record.to_string())
        .collect();
    let input = lines.join(
        "
",
    ) + "
";
    let ran = run_in(here.path(), TOOL, &["--rejects", "rejects.jsonl"], &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(
        ran.records().len(),
        1,
        "one place seventeen times is a pose, of which nothing is known"
    );
    let rejects = fs::read_to_string(here.path().join("rejects.jsonl")).unwrap();
    for (line, (_, say)) in rejects.lines().zip(&records) {
        let reject: Value = serde_json::from_str(line).unwrap();
        assert!(
            reject["rejected"]["error"].as_str().unwrap().contains(say),
            "{reject}"
        );
    }
}
