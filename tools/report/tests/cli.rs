//! What report makes of manifests.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Ran, folder, help_and_manual, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_report");
const HOSTILE: &str = "</figcaption><script>alert('x')</script>\"&<img src=x onerror=alert(1)>";

#[test]
fn has_help_and_manual() {
    help_and_manual(TOOL);
}

/// Twelve drawn images: seven kept, three too soft, one a duplicate, one that failed.
fn set() -> TempDir {
    let here = tempfile::tempdir().unwrap();
    let manifest = folder(here.path(), 12);
    let mut kept = String::new();
    let mut rejects = String::new();
    for (n, line) in manifest.lines().enumerate() {
        let mut record: Value = serde_json::from_str(line).unwrap();
        record["quality"] = json!({"sharpness": n as f64 * 10.0});
        record["light"] = json!({"time": if n % 2 == 0 { "noon" } else { "night" }});
        let rejected = match n {
            0..=2 => {
                json!({"by": "blur-filter", "reason": format!("sharpness {} is under 25", n * 10)})
            }
            3 => {
                json!({"by": "frame-dedup", "reason": "near duplicate of scene_04: pHash 2 bits apart, dHash 0"})
            }
            4 => {
                json!({"by": "light-classify", "error": format!("{}: No such file", record["image"].as_str().unwrap())})
            }
            _ => {
                kept += &(record.to_string() + "\n");
                continue;
            }
        };
        record["rejected"] = rejected;
        rejects += &(record.to_string() + "\n");
    }
    fs::write(here.path().join("kept.jsonl"), kept).unwrap();
    fs::write(here.path().join("rejects.jsonl"), rejects).unwrap();
    here
}

fn report(here: &Path, more: &[&str]) -> Ran {
    let flags = [
        "--kept",
        "kept.jsonl",
        "--dropped",
        "rejects.jsonl",
        "--out-dir",
        "out",
    ];
    run_in(here, TOOL, &[&flags[..], more].concat(), "")
}

fn page(here: &Path) -> String {
    fs::read_to_string(here.join("out/report.html")).unwrap()
}

fn paper(here: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(here.join("out/report.json")).unwrap()).unwrap()
}

#[test]
fn counts_and_reasons_are_those_of_the_manifests() {
    let set = set();
    let ran = report(set.path(), &["--title", "Drawn", "--phase", "frames"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let paper = paper(set.path());
    assert_eq!(
        [&paper["kept"], &paper["dropped"], &paper["failed"]],
        [7, 4, 1]
    );
    let reasons: Vec<_> = { paper["reasons"].as_array().unwrap().iter() }
        .map(|why| {
            (
                why["by"].as_str().unwrap(),
                why["why"].as_str().unwrap(),
                why["count"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        reasons,
        [
            ("blur-filter", "sharpness … is under …", 3),
            (
                "frame-dedup",
                "near duplicate of …: pHash … bits apart, dHash …",
                1
            ),
            ("light-classify", "…: No such file", 1),
        ]
    );
    assert_eq!(
        paper["shots"],
        json!({"kept": 2, "all": 3, "most": 4, "most_of": 2})
    );
    let page = page(set.path());
    for part in [
        "<h1>Drawn</h1>",
        "<b>7</b> kept",
        "<b>4</b> dropped",
        "sharpness 10 is under 25",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn figures_are_those_of_kept_and_dropped() {
    let set = set();
    report(set.path(), &[]);
    let paper = paper(set.path());
    let sharpness = { paper["figures"].as_array().unwrap().iter() }
        .find(|figure| figure["pointer"] == "/quality/sharpness")
        .unwrap();
    assert_eq!(
        (&sharpness["least"], &sharpness["most"]),
        (&json!(0.0), &json!(110.0))
    );
    assert_eq!(sharpness["mean_kept"], 80.0);
    let light = &paper["labels"][0];
    assert_eq!(light["pointer"], "/light/time");
    assert_eq!(
        light["counts"],
        json!([["night", [4, 2]], ["noon", [3, 3]]])
    );
    let bars = sharpness["counts"].as_array().unwrap().iter();
    let sum = |side: usize| {
        bars.clone()
            .map(|bar| bar[side].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!((sum(0), sum(1)), (7, 5));
}

#[test]
fn the_page_needs_no_other_file_and_no_network() {
    let set = set();
    report(set.path(), &[]);
    let page = page(set.path());
    for part in [
        "http:", "https:", "//", "<link", "<script", "@import", "url(",
    ] {
        // Base 64 has slashes of its own.
        let text: String = page
            .split("base64,")
            .map(|part| part.split_once('"').map_or(part, |cut| cut.1))
            .collect();
        assert!(!text.contains(part), "{part}");
    }
    assert_eq!(
        page.matches("src=\"data:image/jpeg;base64,").count(),
        page.matches("<img").count()
    );
    assert_eq!(page.matches("<img").count(), 12);
}

#[test]
fn hostile_texts_stay_texts() {
    let set = set();
    let record = json!({"id": HOSTILE, "image": HOSTILE, "caption": HOSTILE, "light": {HOSTILE: HOSTILE},
        "source": {"film": HOSTILE, "frame": 1, "time": -1e300, "shot": 1}, "huge": 1e308, "tiny": -1e-308});
    let mut rejected = record.clone();
    rejected["rejected"] = json!({"by": HOSTILE, "reason": HOSTILE});
    let add = |name: &str, record: &Value| {
        let path = set.path().join(name);
        let text = fs::read_to_string(&path).unwrap() + &format!("{record}\n");
        fs::write(path, text).unwrap();
    };
    add("kept.jsonl", &record);
    add("rejects.jsonl", &rejected);
    let ran = report(set.path(), &["--title", HOSTILE, "--phase", HOSTILE]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let page = page(set.path());
    assert!(!page.contains("<script") && !page.contains("<img src=x"));
    assert!(page.contains("&lt;script&gt;alert('x')&lt;/script&gt;&quot;&amp;"));
}

#[test]
fn the_same_records_give_the_same_bytes() {
    let set = set();
    report(set.path(), &["--images", "3"]);
    let first = (page(set.path()), paper(set.path()));
    assert!(
        first
            .0
            .contains("3 of 7 shown, drawn by the hash of their ids.")
    );
    report(set.path(), &["--images", "3"]);
    assert!(first == (page(set.path()), paper(set.path())));
}

#[test]
fn an_image_that_is_gone_is_said_to_be() {
    let set = set();
    fs::remove_file(set.path().join("scene_07.png")).unwrap();
    let ran = report(set.path(), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(page(set.path()).matches("no image").count(), 1);
}

#[test]
fn phases_come_from_the_progress_file() {
    let set = set();
    let progress = json!({"phases": {"frames": {"status": "done", "in": 12, "out": 7, "rejected": 4, "failed": 1, "seconds": 1.5, "log": "x"}}});
    fs::write(set.path().join("progress.json"), progress.to_string()).unwrap();
    report(set.path(), &["--progress", "progress.json"]);
    assert_eq!(paper(set.path())["phases"][0]["name"], "frames");
    assert!(page(set.path()).contains("<h2>Phases</h2>"));
}

#[test]
fn what_cannot_be_read_is_named() {
    let set = set();
    fs::write(set.path().join("kept.jsonl"), "{\"id\":\"a\"}\nnot json\n").unwrap();
    let ran = report(set.path(), &[]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("kept.jsonl: line 2"), "{}", ran.stderr);
    let ran = report(set.path(), &["--kept", "gone.jsonl"]);
    assert_eq!(ran.code, Some(1));
    assert!(!set.path().join("out/report.html").exists());
}

#[test]
fn an_empty_run_has_a_page_too() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("kept.jsonl"), "").unwrap();
    fs::write(here.path().join("rejects.jsonl"), "").unwrap();
    let ran = report(here.path(), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(page(here.path()).contains("<b>0</b> kept"));
}

/// The images of a page, in its order.
fn images(page: &str) -> Vec<image::RgbImage> {
    let parts = page.split("data:image/jpeg;base64,").skip(1);
    let decoded = parts.map(|part| {
        let text = part.split('"').next().unwrap();
        let bytes =
            base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).unwrap();
        image::load_from_memory(&bytes).unwrap().to_rgb8()
    });
    decoded.collect()
}

#[test]
fn what_was_found_is_drawn_over_images() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let grey = |level: u8| image::RgbImage::from_pixel(60, 40, image::Rgb([level; 3]));
    grey(100).save(here.join("a.png")).unwrap();
    grey(30).save(here.join("before.png")).unwrap();
    let left =
        image::GrayImage::from_fn(60, 40, |x, _| image::Luma([if x < 30 { 255 } else { 0 }]));
    left.save(here.join("mask.png")).unwrap();
    let mut points = vec![[0.0, 0.0, 0.0]; 17];
    (points[11], points[12]) = ([35.0, 20.0, 0.9], [55.0, 20.0, 0.9]);
    let record = json!({
        "id": "a", "image": "a.png", "mask": "mask.png", "pose": {"keypoints": points},
        "plate": {"original": "before.png"}, "boxes": [{"box": [30.0, 30.0, 58.0, 38.0]}],
    });
    fs::write(here.join("kept.jsonl"), record.to_string() + "\n").unwrap();
    fs::write(here.join("rejects.jsonl"), "").unwrap();
    let ran = report(
        here,
        &[
            "--draw",
            "mask",
            "--draw",
            "pose",
            "--draw",
            "boxes",
            "--beside",
            "/plate/original",
        ],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let shown = images(&page(here));
    assert_eq!(shown.len(), 2, "the image and the one beside it");
    let pixel = |x, y| shown[0].get_pixel(x, y).0;
    let red = |[red, green, _]: [u8; 3]| i32::from(red) - i32::from(green);
    assert!(red(pixel(5, 20)) > 50, "the mask: {:?}", pixel(5, 20));
    assert!(
        red(pixel(45, 5)).abs() < 30,
        "outside it: {:?}",
        pixel(45, 5)
    );
    assert!(pixel(45, 20)[1] > 180, "the hips: {:?}", pixel(45, 20));
    assert!(red(pixel(44, 37)) > 60, "the box: {:?}", pixel(44, 37));
    assert!(shown[1].pixels().all(|pixel| pixel.0[0] < 45));
    // A mask that is gone costs the drawing, not the image.
    fs::remove_file(here.join("mask.png")).unwrap();
    assert_eq!(report(here, &["--draw", "mask"]).code, Some(0));
    let shown = images(&page(here));
    assert!(shown[0].pixels().all(|pixel| pixel.0[0].abs_diff(100) < 4));
    assert_eq!(report(here, &["--draw", "nothing"]).code, Some(2));
}

#[test]
fn a_report_says_how_much_a_person_has_seen() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("rejects.jsonl"), "").unwrap();
    let kept = |reviews: &[bool]| {
        let line = |reviewed: &bool| {
            let mut record = json!({"id": "a", "image": "gone.png"});
            if *reviewed {
                record["review"] = json!({"decision": "keep", "by": "ann"});
            }
            record.to_string() + "\n"
        };
        let text: String = reviews.iter().map(line).collect();
        fs::write(here.join("kept.jsonl"), text).unwrap();
        assert_eq!(report(here, &["--reviewed"]).code, Some(0));
        (page(here), paper(here)["reviewed"].clone())
    };
    let (text, count) = kept(&[true, false, true]);
    assert!(text.contains("2 of 3 reviewed by a person"));
    assert_eq!(count, 2);
    assert!(kept(&[false, false]).0.contains("Not reviewed by a person"));
    assert_eq!(report(here, &[]).code, Some(0));
    assert!(!page(here).contains("eviewed by a person"));
}

#[test]
fn a_threshold_that_labels_set_says_what_it_is_worth() {
    let set = set();
    let proof = r#"{"labels":80,"shots":25,"keep":50,"drop":30,"precision":0.931,"recall":0.88,
        "before":{"threshold":319.8,"precision":0.85,"recall":0.9},"better":true}"#;
    let of = |more: &str| {
        format!(
            r#"{{"form":1,"threshold_of":"/quality/sharpness","side":"above",{more}"proof":{proof}}}"#
        )
    };
    fs::write(set.path().join("blur.json"), of("\"threshold\":412.5,")).unwrap();
    fs::write(set.path().join("none.json"), of("")).unwrap();
    fs::write(
        set.path().join("theirs.json"),
        of("\"threshold\":300,\"elsewhere\":true,"),
    )
    .unwrap();
    let flags = [
        "--taught",
        "blur.json",
        "--taught",
        "none.json",
        "--taught",
        "theirs.json",
    ];
    let ran = report(set.path(), &flags);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let line = "/quality/sharpness is kept from 412.5: precision 0.93, recall 0.88 on 80 labels of this film; 0.85 and 0.90 before.";
    assert!(page(set.path()).contains(line));
    assert!(page(set.path()).contains("on 80 labels of another film"));
    let paper = paper(set.path());
    assert_eq!(paper["taught"].as_array().unwrap().len(), 2);
    assert_eq!(paper["taught"][0]["recall"], 0.88);
    fs::write(set.path().join("blur.json"), "{}").unwrap();
    let ran = report(set.path(), &flags);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("blur.json: not a threshold that labels have set"),
        "{}",
        ran.stderr
    );
}
