//! What light-classify says of images.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::Path;

use image::{Rgb, RgbImage};
use serde_json::{Value, json};
use testkit::{Shape, Tolerance, golden, manners, run_in, scene};

const TOOL: &str = env!("CARGO_BIN_EXE_light-classify");

#[test]
fn has_manners() {
    manners(Shape {
        tool: TOOL,
        flags: &[],
        opens_images: true,
        streams: true,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

fn light(folder: &Path, image: &RgbImage, flags: &[&str]) -> Value {
    image.save(folder.join("image.png")).unwrap();
    let record = json!({"id": "image", "image": "image.png"});
    let ran = run_in(folder, TOOL, flags, &format!("{record}\n"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.records()[0]["light"].clone()
}

#[test]
fn scores_add_up_to_one() {
    let here = tempfile::tempdir().unwrap();
    for seed in 0..12 {
        let found = light(here.path(), &scene(120, 80, seed), &[]);
        for question in ["time", "weather", "setting"] {
            let scores = found["scores"][question].as_object().unwrap();
            let thousandths: f64 = scores
                .values()
                .map(|score| (score.as_f64().unwrap() * 1000.0).round())
                .sum();
            assert!(
                (thousandths - 1000.0).abs() < 1e-9,
                "{seed} {question}: {scores:?}"
            );
        }
    }
}

#[test]
fn says_unknown_below_the_threshold() {
    let here = tempfile::tempdir().unwrap();
    let image = scene(120, 80, 3);
    let bold = light(here.path(), &image, &["--threshold", "0"]);
    let careful = light(here.path(), &image, &["--threshold", "1"]);
    assert_ne!(bold["time"], "unknown");
    assert_eq!(careful["time"], "unknown");
    assert_eq!(bold["scores"], careful["scores"]);
}

#[test]
fn says_nothing_of_an_image_without_light() {
    let here = tempfile::tempdir().unwrap();
    for level in [0, 128, 255] {
        let found = light(
            here.path(),
            &RgbImage::from_pixel(64, 48, Rgb([level; 3])),
            &[],
        );
        for question in ["time", "weather", "setting"] {
            assert_eq!(found[question], "unknown", "{level}");
        }
    }
}

#[test]
fn features_of_two_halves() {
    let here = tempfile::tempdir().unwrap();
    // White above black: L* 100 and 0.
    let image = RgbImage::from_fn(48, 48, |_, y| Rgb([if y < 24 { 255 } else { 0 }; 3]));
    let features = light(here.path(), &image, &[])["features"].clone();
    for (name, expected) in [
        ("lightness", 50.0),
        ("contrast", 50.0),
        ("dark", 0.5),
        ("bright", 0.5),
        ("fall", 100.0),
        ("sky_lightness", 100.0),
        ("sky_gray", 1.0),
        ("saturation", 0.0),
        ("edges", 0.021),
        ("hardness", 1.0),
        ("foliage", 0.0),
    ] {
        let found = features[name].as_f64().unwrap();
        assert!((found - expected).abs() < 0.01, "{name}: {found}");
    }
    let kelvin = features["temperature"].as_f64().unwrap();
    assert!(
        (kelvin - 6504.0).abs() < 10.0,
        "sRGB's white is D65: {kelvin}"
    );
}

#[test]
fn a_wrong_threshold_is_a_wrong_command_line() {
    for wrong in ["1.5", "-0.1", "nan", "much"] {
        let ran = run_in(Path::new("."), TOOL, &[&format!("--threshold={wrong}")], "");
        assert_eq!(ran.code, Some(2), "{wrong}");
    }
}

#[test]
fn with_tags_a_light_of_ones_own_stays_and_what_it_lacks_comes_from_the_tags() {
    let here = tempfile::tempdir().unwrap();
    // No image of this name is there: it must not be looked at.
    let record = json!({
        "id": "plate", "image": "nowhere.png",
        "light": {"time": "unknown", "weather": "rainy", "setting": "outdoor"},
        "tags": {"time": [["night", 0.9], ["evening", 0.1]], "weather": [["sunny", 0.8]]},
    });
    let ran = run_in(here.path(), TOOL, &["--use-tags"], &format!("{record}\n"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let expected =
        json!({"time": "night", "weather": "rainy", "setting": "outdoor", "tagged": ["time"]});
    assert_eq!(ran.records()[0]["light"], expected);
}

#[test]
fn with_tags_a_record_without_light_is_measured_first() {
    let here = tempfile::tempdir().unwrap();
    let image = scene(120, 80, 3);
    image.save(here.path().join("image.png")).unwrap();
    let plain = light(here.path(), &image, &["--threshold", "1"]);
    let record = json!({
        "id": "image", "image": "image.png", "tags": {"setting": [["indoor", 1.0]]},
    });
    let flags = ["--use-tags", "--threshold", "1"];
    let ran = run_in(here.path(), TOOL, &flags, &format!("{record}\n"));
    let found = ran.records()[0]["light"].clone();
    assert_eq!(found["scores"], plain["scores"]);
    assert_eq!(found["setting"], "indoor");
    assert_eq!(found["time"], "unknown");
}
