//! What `TEXT` makes of subtitles, with a network that takes what is bright for text.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::fs;
use std::path::{Path, PathBuf};

use end_to_end::{make, records, root, runtime, succeeds};
use image::{Rgb, RgbImage};
use serde_json::Value;
use tempfile::TempDir;

/// What is brighter is text; the scenes are darker.
const BRIGHT: u8 = 200;
const DARK: u8 = 140;

/// A folder with `frames`: two shots of four with a subtitle that holds still, and one without. None where networks
/// cannot run.
fn drawn() -> Option<TempDir> {
    runtime().then_some(())?;
    let here = tempfile::tempdir().unwrap();
    let folder = here.path().join("frames");
    fs::create_dir(&folder).unwrap();
    for number in 0..12_u32 {
        let (shot, frame) = (number / 4, number % 4);
        let scene = testkit::scene(760, 360, u64::from(shot) * 7 + 3);
        let image = RgbImage::from_fn(640, 360, |x, y| {
            let letter = (200..440).contains(&x) && (310..330).contains(&y) && x % 30 < 18;
            if shot < 2 && letter {
                return Rgb([255; 3]);
            }
            let of_scene = scene.get_pixel(x + 24 * frame, y).0;
            Rgb(of_scene.map(|level| level.min(DARK)))
        });
        image.save(folder.join(format!("{number:03}.png"))).unwrap();
    }
    Some(here)
}

/// Makes `target` of the drawn frames with `TEXT=how`; the folder of the run.
fn made(here: &Path, target: &str, how: &str) -> PathBuf {
    let model = root().join("shared/nets/tests/onnx/text/bright.onnx");
    let blur = "--min-side 1 --sharpness 1 --contrast 1 --flat 1 --letters 0";
    let any = "--max-flat 1 --max-fog 1 --max-seam 1000 --max-invented 1";
    let out = format!("{target}-{how}");
    let mut command = make(here);
    command
        .args([target, "FRAMES=frames", "FRAMES_FPS=2", "NETWORKS=small"])
        .args(["DEVICE=cpu", "DESCRIBE=no", "MINIMUM=1", "NICE=0"])
        .args(["ALLOW_UNSEEN=yes", "DEDUP_FLAGS=--keep"])
        .arg(format!("BLUR_FLAGS={blur}"))
        .arg(format!("PLATE_BLUR_FLAGS={blur}"))
        // What the small network inpaints is as good as it is.
        .arg(format!("INPAINT_FLAGS={any}"))
        .arg(format!(
            "TEXT_REMOVE_FLAGS={}",
            if how == "inpaint" { any } else { "" }
        ))
        .arg(format!("TEXT={how}"))
        .arg(format!("TEXT_MODEL={}", model.display()))
        .arg(format!("OUT={out}"));
    succeeds(&mut command);
    here.join(out)
}

/// The brightest level of the images of a manifest, which are named from `out`.
fn brightest(out: &Path, manifest: &str) -> u8 {
    let images = records(&out.join(manifest)).into_iter().map(|record| {
        let path = out.join(record["image"].as_str().unwrap());
        image::open(&path).unwrap().to_rgb8()
    });
    let levels = images.filter_map(|image| image.pixels().flat_map(|pixel| pixel.0).max());
    levels.max().unwrap()
}

#[test]
fn inpainted_frames_of_a_style_have_no_text_and_the_others_are_as_they_were() {
    let Some(here) = drawn() else { return };
    let kept = made(here.path(), "style", "keep");
    assert!(
        brightest(&kept, "sharp.jsonl") > BRIGHT,
        "else the test says nothing"
    );
    let out = made(here.path(), "style", "inpaint");
    let frames = records(&out.join("sharp.jsonl"));
    assert_eq!(frames.len(), 12, "none is left out");
    let inpainted = |record: &&Value| record["image"].as_str().unwrap().starts_with("plain/");
    assert_eq!(frames.iter().filter(inpainted).count(), 8);
    assert!(brightest(&out, "sharp.jsonl") < BRIGHT);
    assert!(brightest(&out, "style/dataset.jsonl") < BRIGHT);
}

#[test]
fn frames_with_text_are_dropped_and_the_report_says_so() {
    let Some(here) = drawn() else { return };
    let out = made(here.path(), "style", "drop");
    let ids = |manifest: &str| -> Vec<String> {
        let all = records(&out.join(manifest)).into_iter();
        all.map(|record| record["id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids("sharp.jsonl"), ["008", "009", "010", "011"]);
    assert_eq!(ids("plain.rejects.jsonl").len(), 8);
    assert!(brightest(&out, "style/dataset.jsonl") < BRIGHT);
    let report = fs::read_to_string(out.join("style/report.html")).unwrap();
    assert!(report.contains("has text that is burnt in"));
}

#[test]
fn backgrounds_have_no_text_whatever_happens_to_it_in_other_sets() {
    let Some(here) = drawn() else { return };
    for how in ["inpaint", "drop"] {
        let out = made(here.path(), "background", how);
        let with_text = |record: &Value| !record["text"]["lines"].as_array().unwrap().is_empty();
        let plates = records(&out.join("background/plates.jsonl"));
        assert!(
            plates.iter().any(with_text),
            "{how}: no plate of such a frame"
        );
        assert!(
            brightest(&out, "background/dataset.jsonl") < BRIGHT,
            "{how}"
        );
    }
}
