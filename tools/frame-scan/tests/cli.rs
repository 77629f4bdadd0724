//! What frame-scan does from outside.
#![allow(clippy::unwrap_used, reason = "a test stops at what goes wrong")]

use std::collections::HashSet;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use testkit::{Ran, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_frame-scan");

/// A folder with `names` of drawn images, 96x64.
fn images(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (seed, name) in (0..).zip(names) {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let image = testkit::scene(96, 64, seed);
        image.save(path).unwrap();
    }
    folder
}

fn scan(folder: &Path, arguments: &[&str], input: &str) -> Ran {
    run_in(folder, TOOL, arguments, input)
}

fn column(ran: &Ran, key: &str) -> Vec<String> {
    let text = |record: &serde_json::Value| record[key].as_str().unwrap().to_owned();
    ran.records().iter().map(text).collect()
}

#[test]
fn help_and_manual() {
    testkit::help_and_manual(TOOL);
}

#[test]
fn golden() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    testkit::golden(TOOL, folder, testkit::Tolerance::default());
}

#[test]
fn a_folder_in_the_order_of_its_paths() {
    let here = images(&[
        "b.png",
        "a/z.png",
        "a.jpg",
        "a/b/c.webp",
        ".hidden.png",
        ".git/x.png",
    ]);
    fs::write(here.path().join("notes.txt"), "no image").unwrap();
    let ran = scan(here.path(), &["-v", "."], "");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(
        column(&ran, "image"),
        ["./a.jpg", "./a/b/c.webp", "./a/z.png", "./b.png"]
    );
    assert_eq!(column(&ran, "id"), ["a", "a_b_c", "a_z", "b"]);
    assert_eq!(column(&ran, "format"), ["jpeg", "webp", "png", "png"]);
    assert!(ran.stderr.contains("1 files skipped"), "{}", ran.stderr);
    let record = &ran.records()[0];
    assert_eq!(
        (&record["width"], &record["height"]),
        (&96.into(), &64.into())
    );
    for jobs in ["1", "7"] {
        assert_eq!(scan(here.path(), &["-j", jobs, "."], "").stdout, ran.stdout);
    }
}

#[test]
fn a_folder_gives_its_images_its_name() {
    let names = [
        "luca/a.png",
        "luca/day/b.png",
        "O'Brien & `x`/a.png",
        "a.png",
    ];
    let here = images(&names);
    let ran = scan(here.path(), &["--folder-as", "character", "."], "");
    assert_eq!(
        column(&ran, "character"),
        ["O'Brien & `x`", "luca", "luca"],
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("1 files skipped"), "{}", ran.stderr);
    let ids: HashSet<_> = column(&ran, "id").into_iter().collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    let ran = scan(here.path(), &["--folder-as", "character", "luca/a.png"], "");
    assert_eq!(ran.stdout, "", "it is in no folder below the path");
}

#[test]
fn no_two_ids_are_the_same() {
    let names = [
        "a/x.png",
        "b/x.png",
        "a_x.png",
        "a/x.jpg",
        "a/x y.png",
        "a/x-y.png",
        "a/x?y.png",
    ];
    let here = images(&names);
    for arguments in [vec!["."], vec!["a", "b", "a_x.png"], vec!["a", "a"]] {
        let ids = column(&scan(here.path(), &arguments, ""), "id");
        let unlike: HashSet<_> = ids.iter().collect();
        assert_eq!(unlike.len(), ids.len(), "{arguments:?}: {ids:?}");
    }
}

#[test]
fn lists_on_standard_input() {
    let here = images(&["a.png", "two\nlines.png"]);
    let ran = scan(here.path(), &["-"], "a.png\n\na.png");
    assert_eq!(column(&ran, "image"), ["a.png", "a.png"]);
    let ran = scan(here.path(), &["-0", "-"], "two\nlines.png\0a.png\0");
    assert_eq!(column(&ran, "image"), ["two\nlines.png", "a.png"]);
    assert_eq!(
        scan(here.path(), &["-"], "").code,
        Some(0),
        "an empty list is no error"
    );
    let endless = "x".repeat(1 << 20);
    let ran = scan(here.path(), &["-"], &endless);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
}

#[test]
fn lists_as_windows_writes_them() {
    let here = images(&["a.png", "b.png"]);
    for list in [
        "a.png\r\nb.png\r\n",
        "\u{feff}a.png\nb.png\n",
        "\u{feff}a.png\r\n\r\nb.png",
    ] {
        let ran = scan(here.path(), &["-"], list);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert_eq!(column(&ran, "image"), ["a.png", "b.png"], "{list:?}");
    }
    fs::rename(here.path().join("b.png"), here.path().join("b.png\r")).unwrap();
    let ran = scan(here.path(), &["-"], "b.png\r\n");
    assert_eq!(
        column(&ran, "image"),
        ["b.png\r"],
        "a file of that very name"
    );
}

#[test]
fn images_that_cannot_be_read_are_counted_by_their_formats() {
    let here = images(&["a.png"]);
    for name in ["b.heic", "c.HEIC", "d.jp2", "e.nef", "notes.txt"] {
        fs::write(here.path().join(name), "x").unwrap();
    }
    let ran = scan(here.path(), &["."], "");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(column(&ran, "id"), ["a"]);
    let said = "4 images skipped, in formats that this tool cannot read: 2 HEIC, 1 JPEG 2000, 1 camera raw:";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    fs::write(here.path().join("b.heic"), b"\0\0\0\x18ftypheic\0\0\0\0").unwrap();
    for (name, said) in [
        ("b.heic", "b.heic: HEIC image"),
        ("e.nef", "e.nef: camera raw image"),
    ] {
        let ran = scan(here.path(), &[name], "");
        assert_eq!(ran.code, Some(1));
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
}

#[test]
fn newer_formats_are_read_and_animations_told() {
    let here = tempfile::tempdir().unwrap();
    let reference = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/vision/tests/reference"
    );
    for (from, to) in [
        ("format_turned6.avif", "a.avif"),
        ("format_lossless.jxl", "b.jxl"),
        ("format_animated.gif", "c.gif"),
        ("source.png", "d"),
    ] {
        fs::copy(Path::new(reference).join(from), here.path().join(to)).unwrap();
    }
    let ran = scan(here.path(), &["."], "");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(column(&ran, "format"), ["avif", "jxl", "gif", "png"]);
    let records = ran.records();
    let sizes: Vec<_> = { records.iter() }
        .map(|record| (record["width"].as_u64(), record["height"].as_u64()))
        .collect();
    let whole = (Some(128), Some(72));
    assert_eq!(sizes, [(Some(33), Some(21)), whole, whole, whole]);
    assert!(
        ran.stderr.contains("1 animated images: only the first"),
        "{}",
        ran.stderr
    );
}

#[test]
fn exif_turns_the_size() {
    let here = images(&["a.jpg"]);
    let path = here.path().join("a.jpg");
    let jpeg = fs::read(&path).unwrap();
    // An APP1 segment that says orientation 6, behind the first two bytes.
    let exif = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    fs::write(&path, [&jpeg[..2], exif, &jpeg[2..]].concat()).unwrap();
    let record = &scan(here.path(), &["."], "").records()[0];
    assert_eq!(
        (&record["width"], &record["height"]),
        (&64.into(), &96.into())
    );
}

#[test]
fn what_is_no_image_is_named() {
    let here = images(&["good.png"]);
    let bad = ["empty.png", "text.jpg", "cut.png"];
    fs::write(here.path().join("empty.png"), "").unwrap();
    fs::write(here.path().join("text.jpg"), "no image at all").unwrap();
    fs::write(here.path().join("cut.png"), b"\x89PNG\r\n\x1a\n\0\0").unwrap();
    symlink("nowhere", here.path().join("dangling.png")).unwrap();
    fs::create_dir(here.path().join("folder.png")).unwrap();
    let ran = scan(here.path(), &["."], "");
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("./cut.png: "), "{}", ran.stderr);
    let ran = scan(here.path(), &[".", "--rejects", "rejects.jsonl"], "");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(column(&ran, "id"), ["good"]);
    let rejects = fs::read_to_string(here.path().join("rejects.jsonl")).unwrap();
    for name in bad.into_iter().chain(["dangling.png"]) {
        assert!(
            rejects.contains(&format!("./{name}: ")),
            "{name}: {rejects}"
        );
    }
    assert_eq!(rejects.lines().count(), 4);
    for given in ["gone.png", "text.jpg"] {
        let ran = scan(here.path(), &[given], "");
        assert_eq!(ran.code, Some(1));
        assert!(ran.stderr.contains(given), "{}", ran.stderr);
    }
}

#[test]
fn links_that_go_round_end() {
    let here = images(&["a/x.png", "other/y.png"]);
    symlink("..", here.path().join("a/loop")).unwrap();
    symlink("../other", here.path().join("a/side")).unwrap();
    let ran = scan(here.path(), &["a"], "");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stderr.contains("links back to"), "{}", ran.stderr);
    let images = column(&ran, "image");
    assert!(images.contains(&"a/x.png".to_owned()) && images.contains(&"a/side/y.png".to_owned()));
}

#[test]
fn a_name_that_json_cannot_hold() {
    let here = images(&["good.png"]);
    let name = std::ffi::OsString::from_vec(b"b\xffad.png".to_vec());
    fs::copy(here.path().join("good.png"), here.path().join(name)).unwrap();
    let ran = scan(here.path(), &[".", "--rejects", "rejects.jsonl"], "");
    assert_eq!(column(&ran, "id"), ["good"], "{}", ran.stderr);
    let rejects = fs::read_to_string(here.path().join("rejects.jsonl")).unwrap();
    assert!(rejects.contains("not UTF-8"), "{rejects}");
}
