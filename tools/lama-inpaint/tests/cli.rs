//! What lama-inpaint makes of images and masks.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use image::{GrayImage, Luma, Rgb, RgbImage};
use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, golden, manners, noise, run_in, scene};

const TOOL: &str = env!("CARGO_BIN_EXE_lama-inpaint");
const FIXED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/nets/tests/onnx/lama_512.onnx"
);
const DYNAMIC: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/nets/tests/onnx/lama_dynamic.onnx"
);
const BRIGHT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/nets/tests/onnx/lama_bright.onnx"
);

/// Runs the tool in `folder` on the CPU, without the user's cache.
fn fill(folder: &Path, model: &str, flags: &[&str], input: &str) -> Ran {
    let usual = [
        "--model",
        model,
        "--device",
        "cpu",
        "--threads",
        "1",
        "--out-dir",
        "out",
    ];
    let cache: &[&str] = if flags.contains(&"--cache") {
        &[]
    } else {
        &["--no-cache"]
    };
    run_in(folder, TOOL, &[&usual, cache, flags].concat(), input)
}

/// Stores an image and the mask of an ellipse in it; gives its record.
fn drawn(folder: &Path, id: &str, image: &RgbImage, parts: &[[i64; 4]]) -> String {
    let (width, height) = image.dimensions();
    let mask = GrayImage::from_fn(width, height, |x, y| {
        let inside = parts.iter().any(|[cx, cy, rx, ry]| {
            let across = (i64::from(x) - cx) * ry;
            let down = (i64::from(y) - cy) * rx;
            across * across + down * down <= (rx * ry) * (rx * ry)
        });
        Luma([if inside { 255 } else { 0 }])
    });
    let (name, hole) = (format!("{id}.png"), format!("{id}.mask.png"));
    image.save(folder.join(&name)).unwrap();
    mask.save(folder.join(&hole)).unwrap();
    let record = json!({"id": id, "image": name, "width": width, "height": height, "mask": hole});
    format!("{record}\n")
}

fn open(folder: &Path, path: &Value) -> RgbImage {
    image::open(folder.join(path.as_str().unwrap()))
        .unwrap()
        .to_rgb8()
}

fn rejected(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("rejects.jsonl")).unwrap();
    serde_json::from_str(text.lines().next().unwrap()).unwrap()
}

/// The waves and squares of `shared/nets/tests/reference/lama.py`.
fn waves(width: u32, height: u32) -> RgbImage {
    let wave = |at: u32, half: u32| (at % (2 * half)).abs_diff(half) * 200 / half;
    RgbImage::from_fn(width, height, |x, y| {
        let squares = (x / 8 + y / 8) % 2 * 12;
        let level = |c: u32| u32::midpoint(wave(x + c * 20, 97), wave(2 * y + c * 11, 61));
        Rgb([0, 1, 2].map(|c| (level(c) + squares) as u8))
    })
}

#[test]
fn has_manners() {
    manners(Shape {
        tool: TOOL,
        flags: &[
            "--model",
            DYNAMIC,
            "--device",
            "cpu",
            "--no-cache",
            "--out-dir",
            "out",
        ],
        opens_images: false,
        streams: true,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// Name, width and height, and the ellipses of the mask.
type Case = (&'static str, (u32, u32), &'static [[i64; 4]]);

/// Every pixel within one level of the same steps in Python, hole for hole.
#[test]
fn fills_as_the_reference_does() {
    let here = tempfile::tempdir().unwrap();
    let cases: [Case; 4] = [
        ("odd", (333, 257), &[[160, 120, 40, 70]]),
        ("tiny", (5, 7), &[[2, 3, 1, 1]]),
        (
            "border",
            (640, 480),
            &[[0, 240, 50, 90], [639, 470, 60, 60]],
        ),
        (
            "apart",
            (2200, 600),
            &[[200, 300, 40, 60], [1900, 280, 50, 90], [2080, 300, 20, 60]],
        ),
    ];
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected");
    for (model, kind) in [(FIXED, "512"), (DYNAMIC, "dynamic")] {
        let input: String = cases
            .iter()
            .map(|(id, (width, height), parts)| {
                drawn(here.path(), id, &waves(*width, *height), parts)
            })
            .collect();
        let ran = fill(
            here.path(),
            model,
            &["--tries", "1", "--keep", "--max-invented", "1"],
            &input,
        );
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        for (record, (id, ..)) in ran.records().iter().zip(cases) {
            let hole = open(here.path(), &record["inpaint"]["filled"]);
            let wanted = image::open(expected.join(format!("{id}_hole.png"))).unwrap();
            assert_eq!(hole, wanted.to_rgb8(), "{id}: the hole");
            let found = open(here.path(), &record["image"]);
            let wanted = image::open(expected.join(format!("{id}_{kind}.png"))).unwrap();
            let levels = found.as_raw().iter().zip(wanted.to_rgb8().into_raw());
            let worst = levels.map(|(a, b)| a.abs_diff(b)).max().unwrap();
            assert!(worst <= 1, "{id}_{kind}: {worst} levels off");
        }
    }
}

#[test]
fn changes_nothing_outside_the_hole() {
    let here = tempfile::tempdir().unwrap();
    let image = waves(300, 200);
    let input = drawn(here.path(), "a", &image, &[[150, 100, 30, 50]]);
    let ran = fill(here.path(), FIXED, &["--keep"], &input);
    let record = &ran.records()[0];
    let found = open(here.path(), &record["image"]);
    let hole = open(here.path(), &record["inpaint"]["filled"]);
    assert_eq!((record["width"].clone(), found.width()), (json!(300), 300));
    assert_eq!(record["inpaint"]["original"], "a.png");
    let mut changed = 0;
    for (x, y, pixel) in found.enumerate_pixels() {
        let same = pixel == image.get_pixel(x, y);
        assert!(same || hole.get_pixel(x, y).0[0] == 255, "{x} {y}");
        changed += u32::from(!same);
    }
    assert!(changed > 3000, "the hole is filled: {changed}");
    let share = record["inpaint"]["hole"].as_f64().unwrap();
    let inside = hole.pixels().filter(|pixel| pixel.0[0] == 255).count();
    assert!((share - inside as f64 / 60000.0).abs() < 1e-4);
}

#[test]
fn a_mask_of_few_levels_or_of_transparency_is_filled_all_the_same() {
    let here = tempfile::tempdir().unwrap();
    let input = drawn(here.path(), "a", &waves(200, 150), &[[90, 70, 20, 25]]);
    let filled = |input: &str| {
        let ran = fill(here.path(), FIXED, &["--keep"], input);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        open(here.path(), &ran.records()[0]["image"])
    };
    let usual = filled(&input);
    let path = here.path().join("a.mask.png");
    let mask = image::open(&path).unwrap().to_luma8();
    for inside in [1, 7, 76] {
        let few = GrayImage::from_fn(200, 150, |x, y| {
            Luma([mask.get_pixel(x, y).0[0] / 255 * inside])
        });
        few.save(&path).unwrap();
        assert_eq!(filled(&input), usual, "{inside}");
    }
    let clear = |x, y| image::Rgba([0, 0, 0, mask.get_pixel(x, y).0[0]]);
    image::RgbaImage::from_fn(200, 150, clear)
        .save(&path)
        .unwrap();
    assert_eq!(filled(&input), usual, "transparency");
}

#[test]
fn a_mask_that_is_not_clear_or_says_nothing_is_told_by_its_name() {
    let here = tempfile::tempdir().unwrap();
    let input = drawn(here.path(), "a", &waves(200, 150), &[[90, 70, 20, 25]]);
    let path = here.path().join("a.mask.png");
    GrayImage::from_fn(200, 150, |x, _| Luma([(x / 50) as u8]))
        .save(&path)
        .unwrap();
    let ran = fill(here.path(), FIXED, &[], &input);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("a.mask.png: unclear as a mask"),
        "{}",
        ran.stderr
    );
    GrayImage::new(200, 150).save(&path).unwrap();
    let ran = fill(here.path(), FIXED, &[], &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("a.mask.png: the mask is all black"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_smear_is_dropped_with_its_figure() {
    let here = tempfile::tempdir().unwrap();
    // A network that knows nothing but means of what is round a hole smears noise.
    let input = drawn(
        here.path(),
        "noise",
        &noise(256, 256, 3),
        &[[128, 128, 40, 40]],
    );
    let ran = fill(here.path(), FIXED, &["--rejects", "rejects.jsonl"], &input);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""));
    let record = rejected(here.path());
    assert_eq!(record["inpaint"]["verdict"], "flat");
    assert_eq!(record["inpaint"]["tries"], 3, "it was tried again");
    let reason = record["rejected"]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("flat: 0.9") || reason == "flat: 1 is over 0.7",
        "{reason}"
    );
    let kept = fill(here.path(), FIXED, &["--keep"], &input);
    assert_eq!(kept.records()[0]["rejected"]["reason"], json!(reason));
    let lenient = fill(
        here.path(),
        FIXED,
        &["--max-flat", "1", "--max-fog", "1"],
        &input,
    );
    assert_eq!(lenient.records()[0]["inpaint"]["verdict"], "clean");
    assert_eq!(lenient.records()[0]["inpaint"]["tries"], 1);
}

#[test]
fn a_smear_that_has_grain_is_fog() {
    let here = tempfile::tempdir().unwrap();
    // Squares of 16 pixels, of which the network makes their mean.
    let squares = RgbImage::from_fn(320, 240, |x, y| {
        Rgb([60 + ((x / 16 + y / 16) % 2) as u8 * 120; 3])
    });
    let input = drawn(here.path(), "squares", &squares, &[[160, 120, 45, 60]]);
    let flags = ["--max-flat", "1", "--max-seam", "99"];
    let strict = [&flags[..], &["--rejects", "rejects.jsonl"]].concat();
    let ran = fill(here.path(), FIXED, &strict, &input);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), ""),
        "{}",
        ran.stderr
    );
    let record = rejected(here.path());
    assert_eq!(record["inpaint"]["verdict"], "fog");
    let (fog, hole) = (&record["inpaint"]["fog"], &record["inpaint"]["hole"]);
    let (fog, hole) = (fog.as_f64().unwrap(), hole.as_f64().unwrap());
    assert!(fog > 0.6 * hole && fog <= hole, "{fog} of {hole}");
    let lenient = [&flags[..], &["--max-fog", "0.2"]].concat();
    assert_eq!(
        fill(here.path(), FIXED, &lenient, &input).records().len(),
        1
    );
}

#[test]
fn no_more_is_invented_than_is_allowed() {
    let here = tempfile::tempdir().unwrap();
    let input = drawn(here.path(), "a", &waves(300, 200), &[[150, 100, 75, 75]]);
    let flags = ["--rejects", "rejects.jsonl"];
    assert_eq!(fill(here.path(), FIXED, &flags, &input).stdout, "");
    let record = rejected(here.path());
    assert_eq!(record["inpaint"]["verdict"], "invented");
    // A disc of 75 pixels is 0.295 of it, and the hole a little more.
    let hole = record["inpaint"]["hole"].as_f64().unwrap();
    assert!((0.295..0.33).contains(&hole), "{hole}");
    assert_eq!(record["image"], "a.png", "nothing was filled");
    let ran = fill(
        here.path(),
        FIXED,
        &["--keep", "--max-invented", "0.4"],
        &input,
    );
    assert_eq!(ran.records()[0]["image"], "out/a.png");
}

#[test]
fn a_wrong_colour_is_a_seam() {
    let here = tempfile::tempdir().unwrap();
    let plain = RgbImage::from_pixel(200, 150, Rgb([150, 160, 170]));
    let input = drawn(here.path(), "plain", &plain, &[[100, 70, 30, 30]]);
    let flags = ["--rejects", "rejects.jsonl"];
    let ran = fill(here.path(), BRIGHT, &flags, &input);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), ""),
        "{}",
        ran.stderr
    );
    let record = rejected(here.path());
    assert_eq!(record["inpaint"]["verdict"], "seam");
    // A tenth of white is 25 or 26 levels, of which the fading ring takes some; nothing is round it.
    let seam = record["inpaint"]["seam"].as_f64().unwrap();
    assert!((15.0..27.0).contains(&seam), "{seam}");
    let right = fill(here.path(), DYNAMIC, &flags, &input);
    assert_eq!(right.records()[0]["inpaint"]["verdict"], "clean");
    assert_eq!(right.records()[0]["inpaint"]["seam"], 1.0);
}

#[test]
fn a_hole_without_surroundings_is_too_large() {
    let here = tempfile::tempdir().unwrap();
    let input = drawn(here.path(), "all", &scene(96, 64, 1), &[[48, 32, 60, 60]]);
    let ran = fill(here.path(), FIXED, &["--rejects", "rejects.jsonl"], &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let record = rejected(here.path());
    assert_eq!(record["inpaint"]["verdict"], "too_large");
    assert_eq!(record["image"], "all.png", "nothing was filled");
    assert!(!here.path().join("out/all.png").exists());
}

#[test]
fn what_has_no_hole_passes_as_it_is() {
    let here = tempfile::tempdir().unwrap();
    let mut input = drawn(here.path(), "empty", &scene(96, 64, 1), &[]);
    input += "{\"id\":\"none\",\"image\":\"none.png\"}\n";
    let ran = fill(here.path(), FIXED, &[], &input);
    for (record, image) in ran.records().iter().zip(["empty.png", "none.png"]) {
        let inpaint = json!({"original": image, "hole": 0.0, "tries": 0, "verdict": "clean"});
        assert_eq!(record["image"], image);
        assert_eq!(record["inpaint"], inpaint);
    }
    assert!(!here.path().join("out").exists(), "nothing is written");
}

#[test]
fn a_rerun_writes_the_same_bytes_from_memory() {
    let here = tempfile::tempdir().unwrap();
    let input = drawn(here.path(), "a", &waves(300, 200), &[[150, 100, 30, 50]])
        + &drawn(here.path(), "b", &noise(200, 200, 1), &[[90, 90, 30, 30]]);
    let flags = ["--keep", "--cache", "memory"];
    let first = fill(here.path(), FIXED, &flags, &input);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let files = || {
        let names = ["a.png", "a.hole.png", "b.png", "b.hole.png"];
        names.map(|name| fs::read(here.path().join("out").join(name)).unwrap())
    };
    let bytes = files();
    // As after a kill between the network's answer and the file.
    fs::remove_file(here.path().join("out/a.png")).unwrap();
    fs::write(here.path().join("out/b.png"), "half").unwrap();
    let again = fill(here.path(), FIXED, &flags, &input);
    assert_eq!(again.stdout, first.stdout);
    assert!(files() == bytes, "the files are the same");
    let without = fill(here.path(), FIXED, &["--keep"], &input);
    assert_eq!(without.stdout, first.stdout);
    assert!(files() == bytes, "and without memory");
}

#[test]
fn takes_run_lengths_under_another_key() {
    let here = tempfile::tempdir().unwrap();
    scene(40, 30, 1).save(here.path().join("a.png")).unwrap();
    // Column 20 from row 0 on: 600 outside, 30 inside, 570 outside.
    let runs = vision::mask::Rle::from_counts(40, 30, vec![600, 30, 570]).unwrap();
    let record = json!({"id": "a", "image": "a.png",
        "plate": {"left": {"size": [30, 40], "counts": runs.to_coco_string()}}});
    let flags = [
        "--mask-key",
        "/plate/left",
        "--dilate",
        "0",
        "--keep",
        "--format",
        "jpeg",
    ];
    let ran = fill(here.path(), FIXED, &flags, &format!("{record}\n"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let record = &ran.records()[0];
    assert_eq!(record["inpaint"]["hole"], 0.025);
    assert_eq!(record["image"], "out/a.jpg");
    let hole = open(here.path(), &record["inpaint"]["filled"]);
    assert!(
        hole.enumerate_pixels()
            .all(|(x, _, p)| (p.0[0] == 255) == (x == 20))
    );
}

#[test]
fn says_what_is_wrong_with_a_record() {
    let here = tempfile::tempdir().unwrap();
    let good = drawn(here.path(), "good", &scene(96, 64, 1), &[[40, 30, 9, 9]]);
    drawn(here.path(), "small", &scene(90, 64, 1), &[[40, 30, 9, 9]]);
    let cases = [
        (
            good.replace("good.mask", "small.mask"),
            "the mask is 90x64, but the image is 96x64",
        ),
        (good.replace("good.mask", "gone"), "gone.png: "),
        (
            good.replace("\"id\":\"good\"", "\"id\":\"../good\""),
            "../good",
        ),
        (good.replace("\"good.mask.png\"", "7"), "mask"),
        (
            good.replace("\"good.mask.png\"", r#"{"size":[64,96],"counts":"~~"}"#),
            "run-length",
        ),
        (
            good.replace("\"image\":\"good.png\"", "\"image\":\"cut.png\""),
            "cut.png",
        ),
    ];
    let whole = fs::read(here.path().join("good.png")).unwrap();
    fs::write(here.path().join("cut.png"), &whole[..whole.len() / 2]).unwrap();
    for (input, message) in cases {
        let ran = fill(here.path(), FIXED, &[], &input);
        assert_eq!(ran.code, Some(1), "{message}");
        assert!(ran.stderr.contains(message), "{message}: {}", ran.stderr);
    }
    let flags = ["--out-dir", "."];
    let usual = ["--model", FIXED, "--device", "cpu", "--no-cache", "--keep"];
    let ran = run_in(here.path(), TOOL, &[&usual[..], &flags].concat(), &good);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("would be overwritten"),
        "{}",
        ran.stderr
    );
    let original = image::open(here.path().join("good.png")).unwrap();
    assert_eq!(original.to_rgb8(), scene(96, 64, 1));
}

#[test]
fn a_network_of_another_role_is_refused() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("text.onnx"), "no network").unwrap();
    let ran = fill(here.path(), "text.onnx", &[], "");
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("not a network that can be run"),
        "{}",
        ran.stderr
    );
}

const WATCHER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/nets/tests/onnx/lama_watcher.onnx"
);

/// A dark disc of which the mask covers the middle: its rim fills the hole with darkness, whose
/// edge does not show. Only who looks for dark things sees that the disc is still there.
fn half_hidden(folder: &Path) -> String {
    let image = RgbImage::from_fn(256, 256, |x, y| {
        let inside = x.abs_diff(130).pow(2) + y.abs_diff(120).pow(2) < 40 * 40;
        Rgb(if inside {
            [30, 20, 10]
        } else {
            [150, 160, 170]
        })
    });
    drawn(folder, "disc", &image, &[[130, 120, 34, 34]])
}

#[test]
fn a_detector_finds_what_remains() {
    let here = tempfile::tempdir().unwrap();
    let input = half_hidden(here.path());
    let flags = [
        "--detector",
        WATCHER,
        "--max-seam",
        "9",
        "--rejects",
        "rejects.jsonl",
    ];
    let ran = fill(
        here.path(),
        DYNAMIC,
        &[&flags[..], &["--tries", "1"]].concat(),
        &input,
    );
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), ""),
        "{}",
        ran.stderr
    );
    let record = rejected(here.path());
    let reason = record["rejected"]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("remnant: 0.") && reason.ends_with(" is over 0.1"),
        "{reason}"
    );
    // The second try takes the whole of what was found.
    let ran = fill(here.path(), DYNAMIC, &flags, &input);
    let record = &ran.records()[0];
    assert_eq!(record["inpaint"]["verdict"], "clean", "{record}");
    assert_eq!(record["inpaint"]["tries"], 2);
    assert_eq!(record["inpaint"]["remnant"], 0.0);
    assert_eq!(
        record["models"]["lama-inpaint detector"]["model"],
        "lama_watcher.onnx"
    );
    let filled = open(here.path(), &record["image"]);
    assert!(filled.pixels().all(|pixel| pixel.0[0] > 100), "it is gone");
}

#[test]
fn says_when_nobody_looked() {
    let here = tempfile::tempdir().unwrap();
    let input = half_hidden(here.path());
    let ran = fill(here.path(), DYNAMIC, &["--keep"], &input);
    let inpaint = &ran.records()[0]["inpaint"];
    assert_eq!(inpaint["remnant"], "unknown", "{inpaint}");
    let ran = fill(here.path(), DYNAMIC, &["--segmenter", "x.onnx"], &input);
    assert_eq!(ran.code, Some(2), "a segmenter needs a detector");
}

#[test]
fn the_default_detector_is_that_of_the_registry() {
    let here = tempfile::tempdir().unwrap();
    let input = half_hidden(here.path());
    fs::write(
        here.path().join("registry.toml"),
        "[[model]]\nname = \"mine\"\nrole = \"detect\"\nfamily = \"yolox\"\ndefault = true\nlicence = \"MIT\"\n\
         [[model.file]]\npath = \"mine.onnx\"\nsha256 = \"unconfirmed\"\n",
    )
    .unwrap();
    let flags = ["--detector", "default", "--models", "."];
    let ran = fill(here.path(), DYNAMIC, &flags, &input);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("mine"), "{}", ran.stderr);
}

#[test]
fn a_segmenter_sharpens_what_the_detector_finds() {
    let here = tempfile::tempdir().unwrap();
    let input = half_hidden(here.path());
    let sam = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/nets/tests/onnx/sam/drawn2"
    );
    let flags = ["--detector", WATCHER, "--segmenter", sam, "--max-seam", "9"];
    let ran = fill(here.path(), DYNAMIC, &flags, &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let record = &ran.records()[0];
    assert_eq!(record["inpaint"]["verdict"], "clean", "{record}");
    assert_eq!(
        record["models"]["lama-inpaint segmenter"]["model"],
        "drawn2"
    );
}

#[test]
fn a_wrong_number_is_a_wrong_command_line() {
    let here = tempfile::tempdir().unwrap();
    for wrong in [
        "--max-seam=nan",
        "--max-flat=-1",
        "--threshold=2",
        "--dilate=inf",
        "--tries=4",
        "--quality=0",
    ] {
        let ran = fill(here.path(), DYNAMIC, &[wrong], "");
        assert_eq!(ran.code, Some(2), "{wrong}: {}", ran.stderr);
    }
}

const MIGAN: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/nets/tests/onnx/migan.onnx"
);

#[test]
fn migan_inpaints_holes_far_apart_and_changes_nothing_else() {
    let here = tempfile::tempdir().unwrap();
    let image = noise(1500, 700, 5);
    let input = drawn(
        here.path(),
        "a",
        &image,
        &[[150, 300, 40, 60], [1350, 400, 50, 30]],
    );
    let flags = ["--tries", "1", "--keep", "--max-invented", "1"];
    let ran = fill(here.path(), MIGAN, &flags, &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let record = &ran.records()[0];
    assert_eq!(record["models"]["lama-inpaint"]["model"], "migan.onnx");
    let (found, hole) = (
        open(here.path(), &record["image"]),
        open(here.path(), &record["inpaint"]["filled"]),
    );
    let mut changed = [0, 0];
    for (x, y, pixel) in found.enumerate_pixels() {
        let (inside, other) = (
            hole.get_pixel(x, y).0[0] == 255,
            pixel != image.get_pixel(x, y),
        );
        assert!(inside || !other, "{x}, {y}");
        changed[usize::from(x > 750)] += u32::from(other);
    }
    assert!(
        changed.iter().all(|count| *count > 3000),
        "both holes: {changed:?}"
    );
}

#[test]
fn a_hole_in_text_is_named_by_a_pointer() {
    let here = tempfile::tempdir().unwrap();
    noise(120, 90, 2).save(here.path().join("a.png")).unwrap();
    // Columns 40 to 50, all rows.
    let sign = json!({"box": [60.5, 10, 90, 20], "score": 0.123_456_789, "kind": "scene"});
    let text = json!({
        "lines": [sign, {"box": [40, 0, 50, 90], "score": 0.9, "kind": "burnt-in"}],
        "mine": 0.123_456_789, "clear": [50, 0, 120, 90],
        "mask": {"size": [90, 120], "counts": [3600, 900, 6300]},
    });
    let records = [
        json!({"id": "a", "image": "a.png", "text": text}),
        json!({"id": "b", "image": "a.png", "text": {"lines": []}}),
    ];
    let input = [&records[0], &records[1]]
        .map(ToString::to_string)
        .join("\n");
    let flags = [
        "--mask-key",
        "/text/mask",
        "--tries",
        "1",
        "--keep",
        "--dilate",
        "0",
        "--shadow",
        "0",
    ];
    let ran = fill(here.path(), DYNAMIC, &flags, &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let found = ran.records();
    assert_eq!(
        (&found[0]["inpaint"]["hole"], &found[1]["inpaint"]["hole"]),
        (&json!(0.0833), &json!(0.0))
    );
    assert_eq!(found[1]["image"], "a.png", "nothing to inpaint");
    // The strip is part of the image now, and of whoever is in it.
    let wanted = json!({"lines": [sign], "mine": 0.123_456_789});
    assert_eq!(found[0]["text"], wanted);
    // Of another hole the text stays.
    let hole = records[0]["text"]["mask"].clone();
    let mut other = records[0].clone();
    other["mask"] = hole;
    let flags = [&["--mask-key", "mask"], &flags[2..]].concat();
    let ran = fill(here.path(), DYNAMIC, &flags, &other.to_string());
    assert_eq!(
        ran.records()[0]["text"],
        records[0]["text"],
        "{}",
        ran.stderr
    );
}
