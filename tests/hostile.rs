//! What people's folders hold, all of it at once: no tool panics, each bad
//! file is named, nothing else is lost, and nothing is written elsewhere.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use end_to_end::tools;
use image::{DynamicImage, ImageFormat};
use serde_json::{Value, json};
use testkit::{Ran, run_in, scene};

/// The flags of a tool that runs one of the tiny networks of the tests.
macro_rules! network {
    ($path:literal) => {
        &[
            "--no-cache",
            "--device",
            "cpu",
            "--model",
            concat!(env!("CARGO_MANIFEST_DIR"), "/../", $path),
        ]
    };
}

/// Tools that open images, with the flags that they need.
const READERS: [(&str, &[&str]); 10] = [
    ("frame-dedup", &[]),
    ("blur-filter", &["--keep", "--min-side", "1"]),
    ("light-classify", &[]),
    ("char-detect", network!("shared/nets/tests/onnx/yolox.onnx")),
    ("clip-embed", network!("shared/nets/tests/onnx/tiny-dinov2")),
    ("rtmpose", network!("tools/rtmpose/tests/onnx/body17.onnx")),
    (
        "emotion-classify",
        network!("shared/nets/tests/onnx/face/mini_xception_tiny.onnx"),
    ),
    (
        "face-landmarks",
        network!("shared/nets/tests/onnx/landmark.onnx"),
    ),
    ("wd-tag", network!("shared/nets/tests/onnx/tiny-tagger")),
    (
        "text-detect",
        network!("shared/nets/tests/onnx/text/bright.onnx"),
    ),
];

/// Those of them whose networks take a square of the shorter side, or of the longer.
const SQUARE: [&str; 2] = ["clip-embed", "wd-tag"];

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// The header of a PNG that announces an image of this size, and no more.
fn bomb(width: u32, height: u32) -> Vec<u8> {
    let small = encoded(&DynamicImage::new_rgb8(1, 1), ImageFormat::Png);
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut png = small[..12].to_vec();
    png.extend(&header);
    png.extend(checksum(&header).to_be_bytes());
    png.extend(&small[33..]);
    png
}

/// CRC-32 as in the PNG specification, annex D.
fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ if sum & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    })
}

/// Fills `folder` with a thousand files, most of them bad, and returns the
/// names of those that are good.
fn fill(folder: &Path) -> BTreeSet<String> {
    let image = DynamicImage::from(scene(96, 64, 5));
    let mut good = BTreeSet::new();
    let formats = [
        ("png", ImageFormat::Png),
        ("jpg", ImageFormat::Jpeg),
        ("bmp", ImageFormat::Bmp),
        ("tiff", ImageFormat::Tiff),
        ("webp", ImageFormat::WebP),
    ];
    for (extension, format) in formats {
        let whole = encoded(&image, format);
        fs::write(
            folder.join(format!("whole_{extension}.{extension}")),
            &whole,
        )
        .unwrap();
        good.insert(format!("whole_{extension}.{extension}"));
        for part in 0..190 {
            let cut = &whole[..(whole.len() - 1) * part / 190];
            fs::write(folder.join(format!("cut_{part:03}.{extension}")), cut).unwrap();
        }
        fs::write(folder.join(format!("wrong_{extension}.jpg")), &whole).unwrap();
        good.insert(format!("wrong_{extension}.jpg"));
    }
    good.extend(unusual(folder, &image));
    bad(folder);
    good
}

/// Images that are rare and good.
fn unusual(folder: &Path, image: &DynamicImage) -> [String; 4] {
    let deep = DynamicImage::from(image.to_rgb16());
    fs::write(folder.join("deep.png"), encoded(&deep, ImageFormat::Png)).unwrap();
    let dot = DynamicImage::new_luma8(1, 1);
    fs::write(folder.join("dot.png"), encoded(&dot, ImageFormat::Png)).unwrap();
    let wide = DynamicImage::new_luma8(65_535, 1);
    fs::write(folder.join("wide.png"), encoded(&wide, ImageFormat::Png)).unwrap();
    let glass = DynamicImage::from(image.to_rgba8());
    fs::write(folder.join("glass.png"), encoded(&glass, ImageFormat::Png)).unwrap();
    ["deep.png", "dot.png", "wide.png", "glass.png"].map(String::from)
}

/// Files that are no images, up to a thousand in the folder.
fn bad(folder: &Path) {
    fs::write(folder.join("bomb.png"), bomb(60_000, 60_000)).unwrap();
    fs::write(folder.join("endless.png"), bomb(u32::MAX, u32::MAX)).unwrap();
    fs::write(folder.join("empty.jpg"), "").unwrap();
    fs::write(folder.join("text.jpg"), "this is no image\n").unwrap();
    fs::create_dir(folder.join("folder.jpg")).unwrap();
    symlink("nowhere", folder.join("dangling.png")).unwrap();
    symlink("loop.png", folder.join("loop.png")).unwrap();
    let pipe = Command::new("mkfifo").arg(folder.join("pipe.jpg")).status();
    assert!(pipe.unwrap().success());
    while fs::read_dir(folder).unwrap().count() < 1000 {
        let number = fs::read_dir(folder).unwrap().count();
        fs::write(
            folder.join(format!("noise_{number}.png")),
            number.to_string(),
        )
        .unwrap();
    }
}

fn rejects(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("rejects.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn tool(name: &str) -> String {
    tools().join(name).display().to_string()
}

fn name_of(record: &Value) -> String {
    let path = Path::new(record["image"].as_str().unwrap());
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// The run went well, and every record came out or was rejected with a reason.
fn accounted(ran: &Ran, folder: &Path, read: usize) {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    let rejects = fs::read_to_string(folder.join("rejects.jsonl")).unwrap();
    assert_eq!(ran.stdout.lines().count() + rejects.lines().count(), read);
    for reject in rejects.lines() {
        let rejected = reject.contains(r#""rejected":{"by":"#);
        assert!(rejected, "{}", &reject[..reject.len().min(200)]);
    }
}

/// Runs `reader` on all files of `manifest`, and looks at what became of them.
fn reads_what_is_good(
    reader: &str,
    flags: &[&str],
    folder: &Path,
    manifest: &str,
    good: &BTreeSet<String>,
) {
    let flags = [flags, &["--rejects", "rejects.jsonl"]].concat();
    let ran = run_in(folder, &tool(reader), &flags, manifest);
    accounted(&ran, folder, 1000);
    let failed: BTreeSet<_> = rejects(folder)
        .iter()
        .filter(|reject| reject["rejected"]["error"].is_string())
        .map(name_of)
        .collect();
    // Scaled to where its shorter side is the network's, a line of pixels is gigapixels.
    let refuses = |name: &str| name == "wide.png" && SQUARE.contains(&reader);
    let lost: Vec<_> = failed
        .intersection(good)
        .filter(|name| !refuses(name))
        .collect();
    assert!(lost.is_empty(), "{reader} cannot read {lost:?}");
    for bad in [
        "bomb.png",
        "endless.png",
        "empty.jpg",
        "text.jpg",
        "folder.jpg",
        "pipe.jpg",
        "dangling.png",
    ] {
        assert!(failed.contains(bad), "{reader} names {bad}");
    }
}

#[test]
fn a_thousand_hostile_files_are_each_named_and_nothing_else_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let images = folder.path().join("images");
    fs::create_dir(&images).unwrap();
    let good = fill(&images);
    let names: BTreeSet<_> = fs::read_dir(&images)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 1000);
    let flags = ["images", "--rejects", "rejects.jsonl"];
    let scanned = run_in(folder.path(), &tool("frame-scan"), &flags, "");
    assert_eq!(scanned.code, Some(0), "{}", scanned.stderr);
    let seen: BTreeSet<_> = scanned.records().iter().map(name_of).collect();
    assert!(
        seen.is_superset(&good),
        "lost: {:?}",
        good.difference(&seen)
    );
    // frame-scan reads headers only; the others are given every file there is.
    let manifest: String = (0..)
        .zip(&names)
        .map(|(n, name)| {
            json!({"id": format!("r{n:04}"), "image": format!("images/{name}")}).to_string() + "\n"
        })
        .collect();
    for (reader, flags) in READERS {
        reads_what_is_good(reader, flags, folder.path(), &manifest, &good);
    }
    let left: BTreeSet<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(
        left,
        ["images", "rejects.jsonl"].map(String::from).into(),
        "nothing else is written"
    );
}

/// Other tools that read manifests.
const OTHERS: [(&str, &[&str]); 4] = [
    (
        "cluster",
        &[
            "--figures",
            "/width,/height",
            "--method",
            "kmeans",
            "--k",
            "1",
        ],
    ),
    ("balance", &["--target", "5"]),
    ("caption-compose", &["--type", "style", "--trigger", "x"]),
    (
        "dataset-write",
        &["--type", "style", "--trigger", "x", "--out-dir", "set"],
    ),
];

/// Ten records, of which the first and the last are good.
fn hostile_manifest() -> Vec<u8> {
    let record =
        |id: &str| json!({"id": id, "image": "a.png", "width": 96, "height": 64}).to_string();
    let deep = ["[".repeat(50_000), "]".repeat(50_000)].concat();
    let long = "x".repeat(100 << 20);
    let lines = [
        record("first").into_bytes(),
        b"{\"id\":\"\xff\",\"image\":\"a.png\"}".to_vec(),
        b"{\"id\":\"nan\",\"image\":\"a.png\",\"x\":NaN}".to_vec(),
        format!("{{\"id\":\"deep\",\"deep\":{deep}}}").into_bytes(),
        record("../../escaped").into_bytes(),
        b"{\"id\":\"no_image\"}".to_vec(),
        b"{\"id\":7,\"image\":[]}".to_vec(),
        b"{\"id\":\"twice\",\"id\":\"twice\"}".to_vec(),
        format!("{{\"id\":\"long\",\"x\":\"{long}\"}}").into_bytes(),
        record("last").into_bytes(),
    ];
    lines.join(&b'\n')
}

#[test]
fn a_hostile_manifest_is_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    scene(96, 64, 1).save(here.join("a.png")).unwrap();
    fs::write(here.join("in.jsonl"), hostile_manifest()).unwrap();
    for (name, flags) in READERS.iter().chain(&OTHERS) {
        let flags = [*flags, &["--rejects", "rejects.jsonl", "in.jsonl"]].concat();
        let ran = run_in(here, &tool(name), &flags, "");
        accounted(&ran, here, 10);
        let all = ran.stdout + &fs::read_to_string(here.join("rejects.jsonl")).unwrap();
        for id in [r#""id":"first""#, r#""id":"last""#] {
            assert!(all.contains(id), "{name}: {id}");
        }
        assert!(
            !here.join("../escaped.png").exists(),
            "{name} stays in its folder"
        );
    }
    let above = here.parent().unwrap();
    let escaped = fs::read_dir(above).unwrap();
    let escaped = escaped.filter(|e| {
        e.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .contains("escaped")
    });
    assert_eq!(escaped.count(), 0);
}
