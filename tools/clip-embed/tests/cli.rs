//! What clip-embed makes of manifests, with small networks that have the names and shapes of the
//! published ones. What is expected of them was made by `shared/nets/tests/reference/embed.py`.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use image::{GrayImage, Luma, Rgb, RgbImage, Rgba, RgbaImage};
use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, golden, manners, run_in, scene, without_embeddings};

const TOOL: &str = env!("CARGO_BIN_EXE_clip-embed");
const CLIP: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/nets/tests/onnx/tiny-clip"
);
const DINO: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/nets/tests/onnx/tiny-dinov2"
);
const SIGLIP: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/nets/tests/onnx/tiny-siglip2"
);
const EXPECTED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/nets/tests/expected/embed/vectors.json"
);

#[test]
fn has_manners() {
    let flags = [
        "--model",
        CLIP,
        "--device",
        "cpu",
        "--threads",
        "1",
        "--batch",
        "2",
        "--no-cache",
    ];
    let folder = tempfile::tempdir().unwrap();
    let in_file = ["--vectors", folder.path().to_str().unwrap()];
    for more in [&[][..], &in_file] {
        manners(Shape {
            tool: TOOL,
            flags: &[&flags, more].concat(),
            opens_images: true,
            streams: true,
        });
    }
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// The cache only saves time: if there is no room for it, images are embedded all the same.
#[test]
fn a_full_disk_under_the_cache_costs_one_warning() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let names: Vec<String> = (0..6).map(|n| format!("{n}.png")).collect();
    for (n, name) in names.iter().enumerate() {
        scene(64, 48, n as u64).save(here.join(name)).unwrap();
    }
    let input: String = names.iter().map(|name| record(name, name)).collect();
    fs::write(here.join("in.jsonl"), &input).unwrap();
    let without = embed(here, CLIP, &[], &input);
    // No file may hold a byte: what a disk says that is full.
    let ran = Command::new("bash")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 0; exec \"$@\" 2> >(cat >&2)",
            "bash",
            TOOL,
        ])
        .args([
            "--model", CLIP, "--device", "cpu", "--batch", "2", "--cache", "cache", "in.jsonl",
        ])
        .current_dir(here)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), without.stdout);
    let warnings = said
        .matches("continuing without remembered results")
        .count();
    assert_eq!(warnings, 1, "{said}");
}

fn record(id: &str, image: &str) -> String {
    format!("{}\n", json!({"id": id, "image": image}))
}

fn embed(here: &Path, model: &str, more: &[&str], input: &str) -> Ran {
    let flags = ["--model", model, "--device", "cpu", "--no-cache"];
    let arguments: Vec<_> = flags.iter().chain(more).collect();
    run_in(here, TOOL, &arguments, input)
}

fn vectors(ran: &Ran) -> Vec<Vec<f64>> {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let records = ran.records();
    let vector = |record: &Value| serde_json::from_value(record["embedding"]["vector"].clone());
    records
        .iter()
        .map(|record| vector(record).unwrap())
        .collect()
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The image that the reference draws too.
fn drawn(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let even = (x / 9 + y / 7) % 2 == 0;
        let green = if even {
            230
        } else {
            y * 200 / (height - 1).max(1)
        };
        let red = x * 255 / (width - 1).max(1);
        Rgb([red, green, (x * x + y * y) / 97 % 256].map(|level| u8::try_from(level).unwrap()))
    })
}

#[test]
fn vectors_are_those_of_transformers() {
    let here = tempfile::tempdir().unwrap();
    let expected: Vec<Value> = serde_json::from_slice(&fs::read(EXPECTED).unwrap()).unwrap();
    for (model, path) in expected.iter().zip([CLIP, SIGLIP, DINO]) {
        let images = model["images"].as_array().unwrap();
        let mut input = String::new();
        for image in images {
            let (width, height): (u32, u32) =
                serde_json::from_value(image["size"].clone()).unwrap();
            let name = format!("{width}x{height}.png");
            drawn(width, height).save(here.path().join(&name)).unwrap();
            input += &record(&name, &name);
        }
        let ran = embed(here.path(), path, &["--batch", "5"], &input);
        for (image, found) in images.iter().zip(vectors(&ran)) {
            let wanted: Vec<f64> = serde_json::from_value(image["vector"].clone()).unwrap();
            let cosine = cosine(&wanted, &found);
            assert!(
                cosine > 0.9998,
                "{} {}: {cosine}",
                model["model"],
                image["size"]
            );
        }
        assert_eq!(ran.records()[0]["embedding"]["model"], model["model"]);
        assert_eq!(ran.records()[0]["models"]["clip-embed"]["device"], "cpu");
    }
}

/// Six scenes as PNG, and their manifest.
fn scenes(here: &Path) -> String {
    let scene = |number: u64| {
        let name = format!("s{number}.png");
        scene(300, 200, number).save(here.join(&name)).unwrap();
        record(&format!("s{number}"), &name)
    };
    (0..6).map(scene).collect()
}

#[test]
fn any_batch_gives_the_same_bytes() {
    let here = tempfile::tempdir().unwrap();
    let input = scenes(here.path());
    for model in [CLIP, DINO, SIGLIP] {
        let one = embed(here.path(), model, &["--batch", "1"], &input);
        assert_eq!(vectors(&one).len(), 6);
        for batch in ["2", "5", "64"] {
            let many = embed(here.path(), model, &["--batch", batch], &input);
            assert_eq!(one.stdout, many.stdout, "--batch {batch}");
        }
    }
}

#[test]
fn what_is_remembered_has_the_same_bytes() {
    let here = tempfile::tempdir().unwrap();
    let input = scenes(here.path());
    let again = |more: &[&str]| {
        let flags = ["--model", CLIP, "--device", "cpu", "--cache", "cache"];
        let arguments: Vec<_> = flags.iter().chain(more).collect();
        let ran = run_in(here.path(), TOOL, &arguments, &input);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.stdout
    };
    let first = again(&[]);
    assert_eq!(first, again(&["--batch", "3"]));
    assert_ne!(
        first,
        again(&["--crops", "wide"]),
        "another look is another answer"
    );
    assert_ne!(first, again(&["--family", "clip", "--crops", "wide"]));
    assert_eq!(first, again(&[]));
}

#[test]
fn a_wide_frame_is_seen_at_its_ends() {
    let here = tempfile::tempdir().unwrap();
    let plain = RgbImage::from_pixel(600, 200, Rgb([90, 120, 90]));
    let mut sign = plain.clone();
    // Something at the left end, which the middle square leaves out.
    for (x, y) in (0..150).flat_map(|x| (20..180).map(move |y| (x, y))) {
        sign.put_pixel(x, y, Rgb([if (x + y) % 16 < 8 { 255 } else { 0 }, 0, 200]));
    }
    plain.save(here.path().join("plain.png")).unwrap();
    sign.save(here.path().join("sign.png")).unwrap();
    let input = record("a", "plain.png") + &record("b", "sign.png");
    let middle = vectors(&embed(here.path(), CLIP, &[], &input));
    assert_eq!(middle[0], middle[1], "the middle is the same");
    let ran = embed(here.path(), CLIP, &["--crops", "wide"], &input);
    let wide = vectors(&ran);
    assert!(cosine(&wide[0], &wide[1]) < 0.999);
    assert!(
        (cosine(&wide[1], &wide[1]) - 1.0).abs() < 1e-4,
        "of unit length"
    );
    assert_eq!(ran.records()[0]["embedding"]["crops"], "wide");
}

#[test]
fn a_character_stands_on_plain_ground() {
    let here = tempfile::tempdir().unwrap();
    let inside = |x: u32, y: u32| x.abs_diff(60) < 30 && y.abs_diff(60) < 50;
    let red = Rgb([200, 30, 40]);
    let before = |ground: Rgb<u8>| {
        RgbImage::from_fn(120, 120, |x, y| if inside(x, y) { red } else { ground })
    };
    let alpha = |x, y| if inside(x, y) { 255 } else { 0 };
    before(Rgb([0, 128, 255]))
        .save(here.path().join("plain.png"))
        .unwrap();
    before(Rgb([9, 90, 9]))
        .save(here.path().join("scene.png"))
        .unwrap();
    let cut = RgbaImage::from_fn(120, 120, |x, y| Rgba([200, 30, 40, alpha(x, y)]));
    cut.save(here.path().join("cut.png")).unwrap();
    let mask = GrayImage::from_fn(120, 120, |x, y| Luma([alpha(x, y)]));
    mask.save(here.path().join("mask.png")).unwrap();
    let masked = json!({"id": "m", "image": "scene.png", "mask": "mask.png"});
    let input = record("p", "plain.png") + &record("c", "cut.png") + &format!("{masked}\n");
    let ran = embed(
        here.path(),
        CLIP,
        &["--mask", "--ground", "#0080ff"],
        &input,
    );
    let found = vectors(&ran);
    assert_eq!(found[0], found[1], "a transparent cut-out");
    assert_eq!(found[0], found[2], "a mask");
    let grounds: Vec<_> = ran
        .records()
        .iter()
        .map(|r| r["embedding"]["ground"].clone())
        .collect();
    assert_eq!(grounds, [Value::Null, json!("#0080ff"), json!("#0080ff")]);
    let unmasked = vectors(&embed(here.path(), CLIP, &["--ground", "#0080ff"], &input));
    assert_ne!(
        found[2], unmasked[2],
        "without --mask the whole scene counts"
    );
    let small = GrayImage::new(10, 10);
    small.save(here.path().join("mask.png")).unwrap();
    let ran = embed(here.path(), CLIP, &["--mask"], &input);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("the mask is 10x10"), "{}", ran.stderr);
}

#[test]
fn what_is_wrong_is_said() {
    let here = tempfile::tempdir().unwrap();
    let said = |model: &str, more: &[&str], words: &str| {
        let ran = embed(here.path(), model, more, "");
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    };
    said(
        "no-such-model",
        &[],
        "no-such-model: not a model in the registry and not a file",
    );
    said(
        &format!("{CLIP}/text_model.onnx"),
        &[],
        "not a known image encoder",
    );
    said(
        CLIP,
        &["--family", "dinov2"],
        "no output `last_hidden_state`",
    );
    said(
        DINO,
        &["--side", "112"],
        "takes images of 224 pixels, not of 112",
    );
    fs::write(here.path().join("cut.onnx"), b"\x08\x08").unwrap();
    said("cut.onnx", &[], "cut.onnx: ");
    let ran = embed(here.path(), CLIP, &["--family", "vgg"], "");
    assert_eq!(ran.code, Some(2));
}

/// The file, the row and the checksum that a record names.
fn row(record: &Value) -> (PathBuf, usize, String) {
    let vector = &record["embedding"]["vector"];
    let path = PathBuf::from(vector["file"].as_str().unwrap());
    let row = usize::try_from(vector["row"].as_u64().unwrap()).unwrap();
    (path, row, vector["crc32"].as_str().unwrap().to_owned())
}

/// The numbers of a row, read without any code of ours: rows begin after 128 bytes.
fn numbers(here: &Path, record: &Value, length: usize) -> Vec<f32> {
    let (path, row, _) = row(record);
    let bytes = fs::read(here.join(path)).unwrap();
    let own = &bytes[128 + 4 * length * row..][..4 * length];
    let (numbers, _) = own.as_chunks();
    numbers.iter().copied().map(f32::from_le_bytes).collect()
}

#[test]
fn vectors_in_a_file_are_the_numbers_of_the_records() {
    let here = tempfile::tempdir().unwrap();
    let input = scenes(here.path());
    let plain = embed(here.path(), CLIP, &[], &input);
    let inside = vectors(&plain);
    let ran = embed(here.path(), CLIP, &["--vectors", "of/all"], &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let records = ran.records();
    for (number, (record, inside)) in records.iter().zip(&inside).enumerate() {
        let (path, row, _) = row(record);
        assert_eq!((path.parent(), row), (Some(Path::new("of/all")), number));
        let inside: Vec<f32> = inside.iter().map(|x| *x as f32).collect();
        assert_eq!(numbers(here.path(), record, inside.len()), inside);
        assert_eq!(record["embedding"]["model"], "tiny-clip");
    }
    assert_eq!(
        without_embeddings(records.clone()),
        without_embeddings(plain.records())
    );
    let (path, ..) = row(&records[0]);
    let bytes = fs::read(here.path().join(&path)).unwrap();
    assert_eq!(bytes.len(), 128 + 6 * 4 * inside[0].len());
    // Again, in batches: the same manifest, the same file, and no other beside it.
    let again = embed(
        here.path(),
        CLIP,
        &["--vectors", "of/all", "--batch", "4"],
        &input,
    );
    assert_eq!(again.stdout, ran.stdout);
    assert_eq!(fs::read(here.path().join(&path)).unwrap(), bytes);
    assert_eq!(fs::read_dir(here.path().join("of/all")).unwrap().count(), 1);
}

#[test]
fn what_fails_has_no_row_and_parts_of_a_manifest_have_files_of_their_own() {
    let here = tempfile::tempdir().unwrap();
    let input = scenes(here.path());
    let mut lines: Vec<_> = input.lines().map(|line| format!("{line}\n")).collect();
    lines.insert(0, record("none", "none.png"));
    lines.insert(3, "junk\n".to_owned());
    fs::write(here.path().join("s4.png"), b"no image").unwrap();
    let flags = ["--vectors", "v", "--rejects", "r.jsonl"];
    let ran = embed(here.path(), CLIP, &flags, &lines.concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let rows: Vec<_> = ran.records().iter().map(|one| row(one).1).collect();
    assert_eq!(rows, [0, 1, 2, 3, 4]);
    let rejects = fs::read_to_string(here.path().join("r.jsonl")).unwrap();
    assert!(!rejects.contains("embedding"), "{rejects}");
    // The same records in two parts, into the same folder.
    let parts = [lines[..4].concat(), lines[4..].concat()];
    let parts = parts.map(|part| embed(here.path(), CLIP, &flags, &part));
    let cut =
        " rows now, and had 5: of a manifest that names the others, clip-embed is to be run again";
    assert!(parts[0].stderr.contains(cut), "{}", parts[0].stderr);
    assert!(!parts[1].stderr.contains(cut), "{}", parts[1].stderr);
    let parts = parts.map(|part| part.records());
    let [first, second] = parts.each_ref().map(|part| row(&part[0]).0);
    assert_ne!(first, second);
    let length = vectors(&embed(here.path(), CLIP, &[], &record("s0", "s0.png")))[0].len();
    let both = parts.concat();
    assert_eq!(both.len(), 5);
    for (one, other) in both.iter().zip(ran.records()) {
        assert_eq!(one["id"], other["id"]);
        // The file of the first part is that of the whole, written anew: it begins with the same record.
        if row(one).0 == second || row(&other).1 < 2 {
            assert_eq!(
                row(one).2,
                row(&other).2,
                "the same vector, the same checksum"
            );
        }
        assert_eq!(numbers(here.path(), one, length).len(), length);
    }
    assert!(numbers_in(here.path(), &first) < 5, "it was cut");
}

/// How many rows the head of a file says that there are.
fn numbers_in(here: &Path, path: &Path) -> usize {
    let bytes = fs::read(here.join(path)).unwrap();
    let text = String::from_utf8_lossy(&bytes[10..128]).into_owned();
    let rows = text.split_once("'shape': (").unwrap().1;
    rows.split_once(',').unwrap().0.parse().unwrap()
}

/// Whoever reads records from a pipe looks for their rows at once, and after a kill no record names a row that is not there.
#[test]
fn a_row_is_in_the_file_before_its_record_is_out() {
    let here = tempfile::tempdir().unwrap();
    let input = scenes(here.path());
    let length = vectors(&embed(here.path(), CLIP, &[], &record("s0", "s0.png")))[0].len();
    let mut child = Command::new(TOOL)
        .args([
            "--model",
            CLIP,
            "--device",
            "cpu",
            "--no-cache",
            "--vectors",
            "v",
        ])
        .current_dir(here.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut path = PathBuf::new();
    for (number, line) in input.lines().take(4).enumerate() {
        writeln!(stdin, "{line}").unwrap();
        let mut out = String::new();
        stdout.read_line(&mut out).unwrap();
        let record: Value = serde_json::from_str(&out).unwrap();
        path = row(&record).0;
        let there = fs::metadata(here.path().join(&path)).unwrap().len();
        assert_eq!(there, 128 + 4 * (length * (number + 1)) as u64);
        assert_eq!(numbers(here.path(), &record, length).len(), length);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(
        numbers_in(here.path(), &path),
        0,
        "the head says that it is not complete"
    );
    // Made again it is the file of a run that nothing disturbed.
    let flags = ["--vectors", "v"];
    let again = embed(here.path(), CLIP, &flags, &input);
    assert_eq!(row(&again.records()[5]).0, path);
    assert_eq!(numbers_in(here.path(), &path), 6);
    let whole = fs::read(here.path().join(&path)).unwrap();
    fs::remove_dir_all(here.path().join("v")).unwrap();
    assert_eq!(
        embed(here.path(), CLIP, &flags, &input).stdout,
        again.stdout
    );
    assert_eq!(fs::read(here.path().join(&path)).unwrap(), whole);
}

#[test]
fn where_there_is_no_room_for_vectors_the_run_ends_and_rejects_nothing() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("in.jsonl"), scenes(here.path())).unwrap();
    // No file may have a byte. What the tool says goes through a pipe.
    let limited = r#"trap '' XFSZ; ulimit -f 0; exec "$@" 2> >(cat >&2)"#;
    let ran = Command::new("bash")
        .args([
            "-c",
            limited,
            "bash",
            TOOL,
            "--model",
            CLIP,
            "--device",
            "cpu",
            "--no-cache",
        ])
        .args(["--vectors", "v", "--rejects", "r.jsonl", "in.jsonl"])
        .current_dir(here.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(ran.stdout.is_empty());
    assert!(said.contains("v/") && said.contains(".npy: "), "{said}");
    assert_eq!(fs::read(here.path().join("r.jsonl")).unwrap(), b"");
}
