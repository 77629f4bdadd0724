//! Images that trainers cannot read, or would misread, are written as they can.

use std::fs;
use std::path::{Path, PathBuf};

use image::{DynamicImage, GrayImage, RgbImage};
use serde_json::{Value, json};

use crate::support::{scenes, write};

/// Images of the reference tests of `vision`, and what other programs make of them.
fn reference(name: &str) -> PathBuf {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/vision/tests/reference"
    );
    Path::new(folder).join(name)
}

/// What is written of a file: its bytes, and its pixels as a trainer reads them.
fn written(name: &str) -> (Vec<u8>, RgbImage) {
    let (folder, records) = scenes(1);
    let mut record = records[0].clone();
    record["image"] = json!(reference(name));
    let flags = ["--type", "style", "--trigger", "drawn"];
    let ran = write(folder.path(), &flags, &[record]);
    let file = ran.records()[0]["dataset"]["file"].clone();
    let bytes = fs::read(folder.path().join(file.as_str().unwrap())).unwrap();
    let image = image::load_from_memory(&bytes).unwrap();
    assert!(matches!(image, DynamicImage::ImageRgb8(_)), "{name}");
    (bytes, image.to_rgb8())
}

fn furthest(first: &RgbImage, second: &RgbImage) -> u8 {
    let levels = first.iter().zip(second.iter());
    levels.map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

fn opened(name: &str) -> RgbImage {
    image::open(reference(name)).unwrap().to_rgb8()
}

#[test]
fn colours_of_other_spaces_are_written_in_srgb_without_the_profile() {
    for (name, shown, levels) in [
        ("format_p3.png", "format_p3.rgb.png", 1),
        ("format_p3.tif", "format_p3.rgb.png", 1),
        ("format_p3.webp", "format_p3.rgb.png", 1),
        ("format_adobe.png", "format_adobe.rgb.png", 2),
        ("format_p3.jpg", "format_p3_jpeg.rgb.png", 24),
    ] {
        let (bytes, image) = written(name);
        let off = furthest(&image, &opened(shown));
        assert!(off <= levels, "{name}: {off} levels off");
        for mark in [&b"iCCP"[..], b"ICC_PROFILE"] {
            assert!(
                !bytes.windows(mark.len()).any(|part| part == mark),
                "{name}"
            );
        }
    }
}

#[test]
fn an_srgb_image_with_its_profile_is_kept_byte_for_byte() {
    let bytes = fs::read(reference("format_srgb.png")).unwrap();
    assert_eq!(written("format_srgb.png").0, bytes);
}

#[test]
fn formats_that_trainers_cannot_read_become_png() {
    for (name, shown, levels) in [
        ("format.gif", "format_gif.rgb.png", 0),
        ("format_420.avif", "format_avif_420.rgb.png", 4),
        ("format_lossless.jxl", "source.png", 0),
    ] {
        let (bytes, image) = written(name);
        assert!(bytes.starts_with(b"\x89PNG"), "{name}");
        let off = furthest(&image, &opened(shown));
        assert!(off <= levels, "{name}: {off} levels off");
    }
    let (bytes, _) = written("format_animated.gif");
    assert!(!bytes.windows(4).any(|part| part == b"acTL"));
}

/// The mask that is written of a mask file with these levels outside and inside.
fn mask(outside: u8, inside: u8) -> GrayImage {
    let (folder, records) = scenes(1);
    let mut record: Value = records[0].clone();
    let level = |x, y| if x > 30 && y > 20 { inside } else { outside };
    let drawn = GrayImage::from_fn(96, 64, |x, y| image::Luma([level(x, y)]));
    drawn.save(folder.path().join("m.png")).unwrap();
    record["mask"] = json!("m.png");
    let flags = [
        "--type",
        "style",
        "--trigger",
        "drawn",
        "--train-on",
        "subject",
    ];
    write(folder.path(), &flags, &[record]);
    let all = crate::support::files(&folder.path().join("out/dataset"));
    let found = all
        .iter()
        .find(|(path, _)| path.to_string_lossy().contains("mask"));
    let (path, bytes) = found.unwrap_or_else(|| panic!("{:?}", all.keys()));
    let image = image::load_from_memory(bytes);
    image
        .unwrap_or_else(|cause| panic!("{}: {cause}", path.display()))
        .to_luma8()
}

#[test]
fn masks_of_few_levels_come_out_black_and_white() {
    let usual = mask(0, 255);
    assert!(usual.pixels().any(|pixel| pixel.0 == [255]));
    for inside in [1, 7, 76] {
        assert_eq!(mask(0, inside), usual, "{inside}");
    }
}
