//! Agreement with Pillow, OpenCV, imagehash and pycocotools, on what `reference/make.py` stored.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failing helper is a failing test"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use vision::mask::{Bounds, Mask, Rle};
use vision::resize::{self, PilFilter};
use vision::{GrayImage, RgbImage, colour, decode, focus, hash, statistics};

const SIZES: [(&str, u32, u32); 4] = [
    ("down", 45, 25),
    ("up", 150, 150),
    ("half", 64, 36),
    ("mixed", 40, 100),
];
const FILTERS: [(&str, PilFilter); 4] = [
    ("box", PilFilter::Box),
    ("bilinear", PilFilter::Bilinear),
    ("bicubic", PilFilter::Bicubic),
    ("lanczos", PilFilter::Lanczos),
];

fn stored(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reference")
        .join(name)
}

fn rgb(name: &str) -> RgbImage {
    decode::rgb(&stored(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn luma(name: &str) -> GrayImage {
    decode::luma(&stored(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The stored values, each line a name and words.
fn values() -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(stored("values.txt")).unwrap();
    let lines = text.lines().enumerate().map(|(number, line)| {
        let mut words = line.split(' ').map(str::to_owned);
        let name = words.next().unwrap();
        // The colours all have one name.
        let name = if name == "colour" {
            format!("colour_{number}")
        } else {
            name
        };
        (name, words.collect())
    });
    lines.collect()
}

fn numbers(words: &[String]) -> Vec<f64> {
    words.iter().map(|word| word.parse().unwrap()).collect()
}

/// The largest and the mean difference in levels.
fn difference(first: &[u8], second: &[u8]) -> (u8, f64) {
    assert_eq!(first.len(), second.len());
    let differences = || first.iter().zip(second).map(|(a, b)| a.abs_diff(*b));
    let sum: u64 = differences().map(u64::from).sum();
    (
        differences().max().unwrap_or(0),
        sum as f64 / first.len() as f64,
    )
}

#[track_caller]
fn close(what: &str, ours: &[u8], theirs: &[u8], largest: u8, mean: f64) {
    let found = difference(ours, theirs);
    println!("{what}: largest {}, mean {:.3}", found.0, found.1);
    assert!(found.0 <= largest && found.1 <= mean, "{what}: {found:?}");
}

#[track_caller]
fn near(what: &str, ours: f64, theirs: f64, tolerance: f64) {
    assert!(
        (ours - theirs).abs() <= tolerance,
        "{what}: {ours} is not {theirs}"
    );
}

#[test]
fn resizing_is_pillows() {
    let (source, gray) = (rgb("source.png"), luma("luma.png"));
    for (size, width, height) in SIZES {
        for (name, filter) in FILTERS {
            let ours = resize::pil(&source, width, height, filter).unwrap();
            let file = format!("pil_{name}_{size}_rgb.png");
            close(&file, ours.as_raw(), rgb(&file).as_raw(), 2, 0.01);
            let ours = resize::pil_luma(&gray, width, height, filter).unwrap();
            let file = format!("pil_{name}_{size}_luma.png");
            close(&file, ours.as_raw(), luma(&file).as_raw(), 2, 0.01);
        }
    }
}

#[test]
fn exact_resizing_is_pillows_bit_for_bit() {
    let gray = luma("luma.png");
    for (size, width, height) in SIZES {
        for (name, filter) in FILTERS {
            let file = format!("pil_{name}_{size}_luma.png");
            let ours = resize::pil_luma_exact(&gray, width, height, filter).unwrap();
            close(&file, ours.as_raw(), luma(&file).as_raw(), 0, 0.0);
        }
    }
}

#[test]
fn linear_resizing_is_opencvs() {
    let (source, gray) = (rgb("source.png"), luma("luma.png"));
    for (size, width, height) in SIZES {
        let file = format!("cv_linear_{size}_rgb.png");
        let ours = resize::opencv_linear(&source, width, height).unwrap();
        close(&file, ours.as_raw(), rgb(&file).as_raw(), 1, 0.3);
        let file = format!("cv_linear_{size}_luma.png");
        let ours = resize::opencv_linear_luma(&gray, width, height).unwrap();
        close(&file, ours.as_raw(), luma(&file).as_raw(), 1, 0.3);
    }
}

#[test]
fn area_resizing_is_opencvs() {
    let (source, gray) = (rgb("source.png"), luma("luma.png"));
    for (size, width, height) in [SIZES[0], SIZES[2]] {
        let file = format!("cv_area_{size}_rgb.png");
        let ours = resize::opencv_area(&source, width, height).unwrap();
        close(&file, ours.as_raw(), rgb(&file).as_raw(), 0, 0.0);
        let file = format!("cv_area_{size}_luma.png");
        let ours = resize::opencv_area_luma(&gray, width, height).unwrap();
        close(&file, ours.as_raw(), luma(&file).as_raw(), 0, 0.0);
    }
}

#[test]
fn hashes_are_imagehashs() {
    for (name, words) in values()
        .iter()
        .filter(|(name, _)| name.starts_with("hash_"))
    {
        let picture = luma(&format!("{name}.png"));
        let ours = [hash::phash(&picture), hash::dhash(&picture)].map(Result::unwrap);
        assert_eq!(ours.map(hash::to_hex), words[..], "{name}");
    }
}

#[test]
fn the_laplacian_is_opencvs() {
    let (values, gray) = (values(), luma("luma.png"));
    for (name, words) in values
        .iter()
        .filter(|(name, _)| name.starts_with("laplacian_"))
    {
        let [left, top, width, height, variance] = numbers(words)[..] else {
            panic!("{name}");
        };
        let crop =
            image::imageops::crop_imm(&gray, left as u32, top as u32, width as u32, height as u32);
        let ours = focus::laplacian_variance(&crop.to_image());
        near(name, ours, variance, 1e-9 * variance.max(1.0));
    }
    for (index, ours) in focus::tiles(&gray, 4, 3).into_iter().enumerate() {
        let name = format!("tile_{index}");
        near(&name, ours, numbers(&values[&name])[0], 1e-8);
    }
}

#[test]
fn colour_spaces_are_scikit_images() {
    for (name, words) in values()
        .iter()
        .filter(|(name, _)| name.starts_with("colour_"))
    {
        let words = numbers(words);
        let rgb = [words[0] as u8, words[1] as u8, words[2] as u8];
        let (lab, hsv) = (colour::lab(rgb), colour::hsv(rgb));
        let ours = [
            lab.lightness,
            lab.a,
            lab.b,
            hsv.hue,
            hsv.saturation,
            hsv.value,
        ];
        let tolerances = [0.01, 0.02, 0.02, 0.001, 1e-6, 1e-6];
        for (index, (ours, tolerance)) in ours.into_iter().zip(tolerances).enumerate() {
            near(
                &format!("{name} {rgb:?} {index}"),
                ours.into(),
                words[3 + index],
                tolerance,
            );
        }
    }
}

#[test]
fn figures_are_numpys() {
    let (values, gray) = (values(), luma("luma.png"));
    let ours = statistics::LumaStatistics::of(&gray);
    let theirs = numbers(&values["luma"]);
    near("mean", ours.mean, theirs[0], 1e-9);
    near(
        "standard deviation",
        ours.standard_deviation,
        theirs[1],
        1e-9,
    );
    assert_eq!(ours.percentiles.map(f64::from), theirs[2..7]);
    near("dark", ours.dark_share, theirs[7], 1e-12);
    near("bright", ours.bright_share, theirs[8], 1e-12);
    near(
        "entropy",
        ours.entropy,
        numbers(&values["entropy"])[0],
        1e-9,
    );
    let colourfulness = colour::colourfulness(&rgb("source.png"));
    near(
        "colourfulness",
        colourfulness,
        numbers(&values["colourfulness"])[0],
        1e-9,
    );
    let (first, second) = (numbers(&values["first"]), numbers(&values["second"]));
    let distance = statistics::bhattacharyya(&first, &second).unwrap();
    near(
        "bhattacharyya",
        distance,
        numbers(&values["bhattacharyya"])[0],
        1e-6,
    );
    let distance = statistics::chi_square(&first, &second).unwrap();
    near(
        "chi-square",
        distance,
        numbers(&values["chi_square"])[0],
        1e-6,
    );
}

#[test]
fn masks_are_codes_of_pycocotools() {
    let values = values();
    for (name, words) in values.iter().filter(|(name, _)| name.starts_with("mask_")) {
        let mask = Mask::from_luma(&luma(&format!("{name}.png")), 128).unwrap();
        let rle = Rle::encode(&mask);
        assert_eq!(rle.to_coco_string(), words[0], "{name}");
        let back = Rle::from_coco_string(mask.width(), mask.height(), &words[0]).unwrap();
        assert_eq!(back, rle, "{name}");
        assert_eq!(back.decode().unwrap(), mask, "{name}");
        let theirs = numbers(&words[1..]);
        assert_eq!(rle.area() as f64, theirs[0], "{name}");
        assert_eq!(mask.area() as f64, theirs[0], "{name}");
        let nothing = Bounds {
            left: 0,
            top: 0,
            right: 0,
            bottom: 0,
        };
        let found = mask.bounding_box().unwrap_or(nothing);
        let found = [found.left, found.top, found.right, found.bottom].map(f64::from);
        assert_eq!(found, theirs[1..], "{name}");
    }
    let mask = Mask::from_luma(&luma("mask_0.png"), 128).unwrap();
    let rolled = Mask::from_fn(mask.width(), mask.height(), |x, y| {
        mask.get((x + mask.width() - 5) % mask.width(), y)
    });
    let overlap = mask.intersection_over_union(&rolled.unwrap()).unwrap();
    near("iou", overlap, numbers(&values["iou_rolled_5"])[0], 1e-12);
}

#[test]
fn discs_are_opencvs() {
    let mask = Mask::from_luma(&luma("mask_0.png"), 128).unwrap();
    for radius in [1, 2, 5, 11] {
        let grown = luma(&format!("mask_dilate_{radius}.png"));
        assert_eq!(mask.dilate(radius).to_luma(), grown, "radius {radius}");
        let shrunk = luma(&format!("mask_erode_{radius}.png"));
        assert_eq!(mask.erode(radius).to_luma(), shrunk, "radius {radius}");
    }
}

#[test]
fn decoding_is_pillows() {
    for name in [
        "decode_420",
        "decode_progressive",
        "decode_gray",
        "decode_cmyk",
    ] {
        let (ours, theirs) = (rgb(&format!("{name}.jpg")), rgb(&format!("{name}.rgb.png")));
        close(name, ours.as_raw(), theirs.as_raw(), 1, 0.3);
    }
    for name in ["decode_420", "decode_progressive"] {
        let (ours, theirs) = (
            luma(&format!("{name}.jpg")),
            luma(&format!("{name}.luma.png")),
        );
        close(
            &format!("{name} luma"),
            ours.as_raw(),
            theirs.as_raw(),
            0,
            0.0,
        );
    }
    let lossy = (rgb("decode_lossy.webp"), rgb("decode_lossy.rgb.png"));
    close(
        "decode_lossy.webp",
        lossy.0.as_raw(),
        lossy.1.as_raw(),
        3,
        0.6,
    );
    assert_eq!(rgb("decode_palette.png"), rgb("decode_palette.rgb.png"));
    assert_eq!(rgb("decode_palette.bmp"), rgb("decode_palette.rgb.png"));
}

#[test]
fn lossless_files_are_the_source() {
    let source = rgb("source.png");
    let names = [
        "decode_lzw.tif",
        "decode_deflate.tif",
        "decode_plain.tif",
        "decode_24.bmp",
        "decode_lossless.webp",
    ];
    for name in names {
        assert_eq!(rgb(name), source, "{name}");
    }
    assert_eq!(
        rgb("decode_orientation.tif"),
        image::imageops::rotate90(&source)
    );
    assert_eq!(
        decode::dimensions(&stored("decode_orientation.tif"))
            .unwrap()
            .width,
        72
    );
    close(
        "decode_cmyk.tif",
        rgb("decode_cmyk.tif").as_raw(),
        source.as_raw(),
        1,
        0.1,
    );
    assert_eq!(decode::to_luma(&source), luma("luma.png"));
    assert_eq!(luma("source.png"), luma("luma.png"));
}

#[test]
fn sixteen_bits_are_rounded_to_eight() {
    for name in ["decode_16.png", "decode_16.tif"] {
        let picture = luma(name);
        for (index, pixel) in picture.pixels().enumerate() {
            let exact = (index * 37) as f64 / 257.0;
            assert_eq!(f64::from(pixel.0[0]), exact.round(), "{name} {index}");
        }
        assert_eq!(
            rgb(name).get_pixel(99, 16).0,
            [picture.get_pixel(99, 16).0[0]; 3]
        );
    }
}
