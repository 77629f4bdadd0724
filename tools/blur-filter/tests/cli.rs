//! What blur-filter makes of manifests and images.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::Path;

use image::RgbImage;
use image::imageops::{self, FilterType};
use serde_json::{Value, json};
use testkit::{Shape, Tolerance, blurred, golden, manners, run_in, scene};

const TOOL: &str = env!("CARGO_BIN_EXE_blur-filter");

/// Drops nothing that has an edge.
const LENIENT: [&str; 12] = [
    "--min-side",
    "0",
    "--sharpness",
    "0",
    "--contrast",
    "0",
    "--flat",
    "0",
    "--letters",
    "0",
    "--around-titles",
    "0",
];

#[test]
fn has_manners() {
    let shape = Shape {
        tool: TOOL,
        flags: &[],
        opens_images: true,
        streams: false,
    };
    manners(shape);
    manners(Shape {
        flags: &LENIENT,
        streams: true,
        ..shape
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// Why each image of the golden case is dropped; empty for those that are kept.
#[test]
fn says_why() {
    let text = std::fs::read_to_string("tests/golden/kinds/out.jsonl").unwrap();
    let found: Vec<String> = text
        .lines()
        .map(|line| {
            let record: Value = serde_json::from_str(line).unwrap();
            let reason = record["rejected"]["reason"].as_str().unwrap_or_default();
            let word = reason.split([':', ',']).next().unwrap();
            format!("{} {word}", record["id"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        found,
        [
            "sharp ",
            "night ",
            "face ",
            "shallow ",
            "blurred blurred",
            "moved blurred",
            "black black",
            "white white",
            "plain plain",
            "faint faint",
            "card a title",
            "paper a title",
            "credits a title",
            "caption text",
            "fading in a fade",
        ]
    );
}

/// The figures of an image.
fn quality(folder: &Path, name: &str, image: &RgbImage) -> Value {
    let file = format!("{name}.png");
    image.save(folder.join(&file)).unwrap();
    let record = json!({"id": name, "image": file});
    let ran = run_in(folder, TOOL, &LENIENT, &format!("{record}\n"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.records()[0]["quality"].clone()
}

fn sharpness(folder: &Path, name: &str, image: &RgbImage) -> f64 {
    quality(folder, name, image)["sharpness"].as_f64().unwrap()
}

#[test]
fn sharpness_is_that_of_the_scene_and_not_of_its_light() {
    let here = tempfile::tempdir().unwrap();
    let image = blurred(&scene(480, 270, 5), 1);
    let bright = sharpness(here.path(), "bright", &image);
    let mut dark = image;
    for pixel in dark.pixels_mut() {
        pixel.0 = pixel.0.map(|level| level / 2);
    }
    let dark = sharpness(here.path(), "dark", &dark);
    assert!((dark / bright - 1.0).abs() < 0.1, "{bright} and {dark}");
}

#[test]
fn sharpness_is_that_of_the_scene_and_not_of_its_size() {
    let here = tempfile::tempdir().unwrap();
    let squares = RgbImage::from_fn(900, 506, |x, y| {
        image::Rgb([40 + ((x / 40 + y / 40) % 2 * 150) as u8; 3])
    });
    let large = blurred(&squares, 3);
    let small = imageops::resize(&large, 600, 337, FilterType::Triangle);
    let large = sharpness(here.path(), "large", &large);
    let small = sharpness(here.path(), "small", &small);
    assert!((small / large - 1.0).abs() < 0.15, "{large} and {small}");
}

/// A JPEG of these sizes is decoded at half of it, odd sides rounded up.
#[test]
fn an_image_measures_alike_however_it_is_stored() {
    let here = tempfile::tempdir().unwrap();
    for (width, height) in [(1920, 1080), (1919, 1079)] {
        let image = blurred(&scene(width, height, 8), 1);
        let stored = quality(here.path(), "png", &image);
        let jpeg = vision::write::encode_jpeg(&image, 98, vision::write::Subsampling::S444);
        std::fs::write(here.path().join("jpeg.jpg"), jpeg.unwrap()).unwrap();
        let record = json!({"id": "jpeg", "image": "jpeg.jpg"});
        let ran = run_in(here.path(), TOOL, &LENIENT, &format!("{record}\n"));
        let photograph = ran.records()[0]["quality"].clone();
        for (figure, most) in [
            ("sharpness", 0.08),
            ("sharpness_median", 0.08),
            ("brightness", 0.005),
            ("contrast", 0.01),
            ("saturation", 0.02),
            ("colourfulness", 0.02),
        ] {
            let [one, other] = [&stored, &photograph].map(|all| all[figure].as_f64().unwrap());
            let apart = (one / other - 1.0).abs();
            assert!(apart < most, "{width}: {figure}: {one} and {other}");
        }
    }
}

#[test]
fn sharpness_falls_with_blur() {
    let here = tempfile::tempdir().unwrap();
    let image = scene(480, 270, 2);
    let by_blur: Vec<f64> = [0, 1, 2, 4]
        .into_iter()
        .map(|radius| sharpness(here.path(), "blurred", &blurred(&image, radius)))
        .collect();
    assert!(
        by_blur.is_sorted_by(|sharper, softer| *sharper > 1.3 * softer),
        "{by_blur:?}"
    );
}

#[test]
fn figures_of_two_halves() {
    let here = tempfile::tempdir().unwrap();
    let image = RgbImage::from_fn(64, 32, |x, _| {
        image::Rgb(if x < 32 { [0; 3] } else { [250, 0, 0] })
    });
    let found = quality(here.path(), "halves", &image);
    // The luma of (250, 0, 0) is 0.299 * 250 = 75.
    assert_eq!(found["brightness"], json!(37.5));
    assert_eq!(found["contrast"], json!(37.5));
    assert_eq!(found["levels"], json!([0, 0, 75]));
    assert_eq!(found["dark_share"], json!(0.5));
    assert_eq!(found["entropy"], json!(1.0));
    assert_eq!(found["saturation"], json!(0.5));
    assert_eq!(found["flat"], json!(0.5));
    assert_eq!(found["resolution"], json!(32));
}

#[test]
fn thresholds_of_the_film() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let mut input = String::new();
    for number in 0..10 {
        let name = format!("p{number}.png");
        blurred(&scene(320, 180, 2), number / 3)
            .save(here.join(&name))
            .unwrap();
        let record = json!({"id": format!("p{number}"), "image": name});
        input += &record.to_string();
        input.push('\n');
    }
    let kept = |sharpness: &str| {
        let flags = [
            "--min-side",
            "0",
            "--contrast",
            "0",
            "--letters",
            "0",
            "--sharpness",
            sharpness,
        ];
        let ran = run_in(here, TOOL, &flags, &input);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.records().len()
    };
    assert_eq!(kept("0%"), 10);
    assert_eq!(kept("10%"), 9, "the softest of ten");
    assert_eq!(kept("0x"), 10);
    assert!(kept("0.9x") < 10);
}

#[test]
fn a_wrong_threshold_is_a_wrong_command_line() {
    for wrong in ["", "x", "%", "-1", "101%", "nan", "5 %"] {
        let ran = run_in(Path::new("."), TOOL, &[&format!("--sharpness={wrong}")], "");
        assert_eq!(ran.code, Some(2), "{wrong}");
    }
}

#[test]
fn transitions_may_pass() {
    let here = Path::new("tests/golden/kinds");
    let input = "{\"id\":\"fading\",\"image\":\"fading.jpg\",\"transition\":\"fade\"}\n";
    let strict = run_in::<&str>(here, TOOL, &[], input);
    assert_eq!(strict.stdout, "");
    let allowed = run_in(here, TOOL, &["--allow", "dissolve,fade"], input);
    assert_eq!(allowed.records().len(), 1, "{}", allowed.stderr);
    let wrong = run_in(
        here,
        TOOL,
        &["--sharpness", "0"],
        &input.replace("\"fade\"", "\"wipe\""),
    );
    assert_eq!(wrong.code, Some(1));
    assert!(
        wrong.stderr.contains("key `transition`"),
        "{}",
        wrong.stderr
    );
}

/// Writes white letters on a line, so many and so far apart, from this place on, each of three strokes: left, top, width
/// and height.
fn write_on(
    image: &mut RgbImage,
    (count, apart): (u32, u32),
    (x0, y0): (u32, u32),
    strokes: [(u32, u32, u32, u32); 3],
) {
    for letter in 0..count {
        for (left, top, wide, high) in strokes {
            for (x, y) in (0..wide * high).map(|at| (at % wide, at / wide)) {
                let place = (x0 + letter * apart + left + x, y0 + top + y);
                image.put_pixel(place.0, place.1, image::Rgb([255; 3]));
            }
        }
    }
}

#[test]
fn subtitles_that_are_marked_say_nothing_of_the_frame() {
    let here = tempfile::tempdir().unwrap();
    let clean = blurred(&scene(640, 360, 4), 2);
    let mut subtitled = clean.clone();
    let strokes = [(0, 0, 4, 20), (10, 0, 4, 20), (0, 8, 14, 4)];
    write_on(&mut subtitled, (12, 20), (200, 320), strokes);
    subtitled.save(here.path().join("a.png")).unwrap();
    let judged = |text: Option<Value>| {
        let mut record = json!({"id": "a", "image": "a.png"});
        if let Some(text) = text {
            record["text"] = text;
        }
        let flags = ["--sharpness", "0", "--keep"];
        let ran = run_in(here.path(), TOOL, &flags, &format!("{record}\n"));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.records().remove(0)
    };
    let before = judged(None);
    let reason = before["rejected"]["reason"].as_str().unwrap();
    assert!(reason.contains("letters"), "{reason}");
    let marked = judged(Some(json!({"lines": [], "clear": [0, 0, 640, 310]})));
    assert_eq!(marked.get("rejected"), None, "{marked}");
    assert_eq!(marked["quality"]["letters"], 0);
    let whole = quality(here.path(), "clean", &clean);
    let sharpness = |quality: &Value| quality["sharpness"].as_f64().unwrap();
    let off = sharpness(&marked["quality"]) / sharpness(&whole);
    assert!(
        (off - 1.0).abs() < 0.1,
        "as sharp as the frame without letters: {off}"
    );
    assert_eq!(
        marked["quality"]["resolution"], 360,
        "the image is as large as it is"
    );
    // Too little is clear to speak for the frame.
    let little = judged(Some(json!({"lines": [], "clear": [0, 0, 640, 100]})));
    assert!(little.get("rejected").is_some());
}

/// Frames by their shot, time and image.
fn manifest(frames: &[(u32, f64, &str)]) -> String {
    let mut lines = String::new();
    for (shot, time, name) in frames {
        let source =
            json!({"film": "f.mp4", "frame": (time * 24.0) as u32, "time": time, "shot": shot});
        let id = format!("{shot}_{time}");
        lines += &json!({"id": id, "image": format!("{name}.png"), "source": source}).to_string();
        lines.push('\n');
    }
    lines
}

#[test]
fn about_a_title_frames_of_its_shot_are_dropped_as_it_may_be_fading() {
    let here = tempfile::tempdir().unwrap();
    let clean = scene(640, 360, 4);
    let mut titled = clean.clone();
    // As high as a quarter of the image.
    let strokes = [(0, 0, 20, 90), (40, 0, 20, 90), (0, 35, 60, 20)];
    write_on(&mut titled, (6, 80), (90, 120), strokes);
    clean.save(here.path().join("clean.png")).unwrap();
    titled.save(here.path().join("titled.png")).unwrap();
    let input = manifest(&[
        (0, 9.0, "clean"),
        (1, 9.5, "clean"),
        (1, 11.0, "titled"),
        (1, 12.5, "clean"),
        (1, 13.5, "clean"),
        (2, 12.0, "clean"),
    ]);
    let kept = |flags: &[&str]| -> Vec<String> {
        let ran = run_in(here.path(), TOOL, flags, &input);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let id = |record: &Value| record["id"].as_str().unwrap().to_owned();
        ran.records().iter().map(id).collect()
    };
    assert_eq!(kept(&["--sharpness", "0x"]), ["0_9", "1_13.5", "2_12"]);
    let all = ["0_9", "1_9.5", "1_12.5", "1_13.5", "2_12"];
    assert_eq!(kept(&["--sharpness", "0x", "--around-titles", "0"]), all);
    assert_eq!(kept(&["--sharpness", "0"]), ["0_9", "1_13.5", "2_12"]);
}

#[test]
fn about_text_that_is_marked_faint_text_is_dropped_too() {
    let here = tempfile::tempdir().unwrap();
    let clean = scene(640, 360, 4);
    let mut full = clean.clone();
    write_on(
        &mut full,
        (12, 20),
        (200, 300),
        [(0, 0, 4, 20), (10, 0, 4, 20), (4, 8, 6, 4)],
    );
    full.save(here.path().join("full.png")).unwrap();
    mixed(&clean, &full, 0.3)
        .save(here.path().join("faint.png"))
        .unwrap();
    clean.save(here.path().join("clean.png")).unwrap();
    let frames = manifest(&[(1, 1.0, "full"), (1, 1.5, "faint"), (1, 2.0, "clean")]);
    let mask = json!({"size": [360, 640], "counts": [640 * 360]});
    let text = json!({"lines": [], "mask": mask, "clear": [0, 0, 640, 290]}).to_string();
    let input = frames.replacen("{\"id\"", &format!("{{\"text\":{text},\"id\""), 1);
    assert!(input.contains("clear"));
    let ran = run_in(here.path(), TOOL, &["--sharpness", "0"], &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let kept: Vec<_> = ran
        .records()
        .iter()
        .map(|record| record["id"].clone())
        .collect();
    assert_eq!(kept, ["1_1", "1_2"]);
}

/// Lays the second image over the first, so opaque.
fn mixed(under: &RgbImage, over: &RgbImage, opacity: f32) -> RgbImage {
    let mut mixed = under.clone();
    for (pixel, over) in mixed.pixels_mut().zip(over.pixels()) {
        for (level, over) in pixel.0.iter_mut().zip(over.0) {
            *level = (f32::from(*level) + opacity * (f32::from(over) - f32::from(*level))) as u8;
        }
    }
    mixed
}

#[test]
fn about_a_subtitle_frames_that_show_it_faintly_are_dropped_and_clean_ones_are_not() {
    let here = tempfile::tempdir().unwrap();
    let clean = scene(640, 360, 4);
    let mut full = clean.clone();
    let strokes = [(0, 0, 4, 20), (10, 0, 4, 20), (4, 8, 6, 4)];
    write_on(&mut full, (12, 20), (200, 300), strokes);
    clean.save(here.path().join("clean.png")).unwrap();
    full.save(here.path().join("full.png")).unwrap();
    mixed(&clean, &full, 0.2)
        .save(here.path().join("faint.png"))
        .unwrap();
    let input = manifest(&[
        (1, 9.0, "faint"),
        (1, 9.5, "clean"),
        (1, 10.0, "faint"),
        (1, 11.0, "full"),
        (1, 11.5, "faint"),
        (1, 12.0, "clean"),
        (1, 14.0, "faint"),
        (2, 12.0, "faint"),
    ]);
    let ran = run_in(here.path(), TOOL, &["--sharpness", "0", "--keep"], &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let reasons: Vec<String> = (ran.records().iter())
        .map(|record| {
            record["rejected"]["reason"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect();
    assert_eq!(reasons[3], "text: 12 letters in lines, 10 or more");
    let faint = |far: &str| {
        format!(
            "faint text: the letters of 1_11, {far} s away, show here with 0.20 of their contrast"
        )
    };
    let others = [0, 1, 2, 4, 5, 6, 7].map(|at| reasons[at].clone());
    let empty = String::new;
    let expected = [
        faint("2.0"),
        empty(),
        faint("1.0"),
        faint("0.5"),
        empty(),
        empty(),
        empty(),
    ];
    assert_eq!(others, expected);
}
