//! What files of masks mean, by the ways in which tools write them.

use std::io::Cursor;

use geometry::MaskShape;
use image::{DynamicImage, GrayImage, ImageFormat, RgbImage, RgbaImage};
use vision::mask::{self, Mask, Rle};
use vision::write::{Subsampling, encode_jpeg, encode_png, encode_png_luma, encode_png_rgba};

/// A disc in a field of 64x48, which is inside.
fn inside(x: u32, y: u32) -> bool {
    let (across, down) = (f64::from(x) - 30.0, f64::from(y) - 20.0);
    across.hypot(down) < 12.0
}

fn wanted() -> Mask {
    Mask::from_fn(64, 48, inside).unwrap()
}

fn gray(outside: u8, within: u8) -> Vec<u8> {
    encode_png_luma(&drawn(|x, y| if inside(x, y) { within } else { outside })).unwrap()
}

fn drawn(level: impl Fn(u32, u32) -> u8) -> GrayImage {
    GrayImage::from_fn(64, 48, |x, y| image::Luma([level(x, y)]))
}

fn rgb(outside: [u8; 3], within: [u8; 3]) -> Vec<u8> {
    let colour = |x, y| image::Rgb(if inside(x, y) { within } else { outside });
    encode_png(&RgbImage::from_fn(64, 48, colour)).unwrap()
}

fn rgba(colour: impl Fn(u32, u32) -> [u8; 3]) -> Vec<u8> {
    let pixel = |x, y| {
        let [red, green, blue] = colour(x, y);
        image::Rgba([red, green, blue, if inside(x, y) { 255 } else { 0 }])
    };
    encode_png_rgba(&RgbaImage::from_fn(64, 48, pixel)).unwrap()
}

fn sixteen(outside: u16, within: u16) -> Vec<u8> {
    let level = |x, y| image::Luma([if inside(x, y) { within } else { outside }]);
    let image = image::ImageBuffer::from_fn(64, 48, level);
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageLuma16(image)
        .write_to(&mut bytes, ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// A PNG whose pixels are numbers of a table of colours, as label tools write masks.
fn indexed(table: &[[u8; 3]], within: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 64, 48);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(table.concat());
    let pixels: Vec<u8> = (0..48)
        .flat_map(|y| (0..64).map(move |x| if inside(x, y) { within } else { 0 }))
        .collect();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    bytes
}

#[test]
fn a_table_of_dark_colours_is_a_mask() {
    // The first colours of PASCAL VOC's table, and two that are darker still.
    for (table, within) in [
        (vec![[0, 0, 0], [128, 0, 0], [0, 128, 0]], 1),
        (vec![[0, 0, 0], [128, 0, 0], [0, 128, 0]], 2),
        (vec![[0, 0, 0], [1, 1, 1]], 1),
        (vec![[0, 0, 0], [0, 40, 0]], 1),
    ] {
        let found = mask::from_bytes(&indexed(&table, within));
        assert_eq!(found.unwrap(), wanted(), "{table:?}");
    }
}

fn refused(bytes: &[u8]) -> String {
    mask::from_bytes(bytes).unwrap_err().to_string()
}

#[test]
fn two_levels_of_which_one_is_black_are_a_mask() {
    for within in [1, 2, 7, 76, 128, 254, 255] {
        assert_eq!(
            mask::from_bytes(&gray(0, within)).unwrap(),
            wanted(),
            "{within}"
        );
    }
    for within in [1, 7, 255, 256, 30_000, 65_535] {
        assert_eq!(
            mask::from_bytes(&sixteen(0, within)).unwrap(),
            wanted(),
            "{within}"
        );
    }
    for within in [[128, 0, 0], [0, 40, 0], [255, 255, 255], [20, 20, 90]] {
        assert_eq!(
            mask::from_bytes(&rgb([0; 3], within)).unwrap(),
            wanted(),
            "{within:?}"
        );
    }
}

#[test]
fn the_levels_of_television_are_a_mask() {
    assert_eq!(mask::from_bytes(&gray(16, 235)).unwrap(), wanted());
}

#[test]
fn what_is_opaque_is_inside_whatever_its_colour() {
    for colour in [[255; 3], [0; 3], [12, 200, 90]] {
        assert_eq!(
            mask::from_bytes(&rgba(|_, _| colour)).unwrap(),
            wanted(),
            "{colour:?}"
        );
    }
    let cutout = rgba(|x, y| [x as u8 * 3, y as u8 * 5, 90]);
    assert_eq!(mask::from_bytes(&cutout).unwrap(), wanted());
}

#[test]
fn alpha_that_is_opaque_throughout_says_nothing() {
    let level = |x, y| if inside(x, y) { 255 } else { 0 };
    let pixel = |x, y| image::Rgba([level(x, y), level(x, y), level(x, y), 255]);
    let bytes = encode_png_rgba(&RgbaImage::from_fn(64, 48, pixel)).unwrap();
    assert_eq!(mask::from_bytes(&bytes).unwrap(), wanted());
}

#[test]
fn soft_edges_are_cut_at_half() {
    let soft = drawn(|x, y| {
        let away = (f64::from(x) - 30.0).hypot(f64::from(y) - 20.0) - 12.0;
        (127.5 - 40.0 * away).clamp(0.0, 255.0) as u8
    });
    let found = mask::from_bytes(&encode_png_luma(&soft).unwrap()).unwrap();
    assert!(Rle::encode(&found).iou(&Rle::encode(&wanted())).unwrap() > 0.98);
    let noisy = RgbImage::from_fn(64, 48, |x, y| {
        image::Rgb([if inside(x, y) { 255 } else { 0 }; 3])
    });
    let jpeg = encode_jpeg(&noisy, 75, Subsampling::S420).unwrap();
    let found = mask::from_bytes(&jpeg).unwrap();
    assert!(Rle::encode(&found).iou(&Rle::encode(&wanted())).unwrap() > 0.95);
}

#[test]
fn all_black_and_all_white_are_told_apart_and_are_no_error() {
    assert_eq!(
        mask::from_bytes(&gray(0, 0)).unwrap().uniform(),
        Some(false)
    );
    assert_eq!(
        mask::from_bytes(&gray(255, 255)).unwrap().uniform(),
        Some(true)
    );
    assert_eq!(
        mask::from_bytes(&sixteen(65_535, 65_535))
            .unwrap()
            .uniform(),
        Some(true)
    );
    let black = RgbImage::from_pixel(64, 48, image::Rgb([2, 1, 2]));
    let black = encode_jpeg(&black, 60, Subsampling::S420).unwrap();
    assert_eq!(mask::from_bytes(&black).unwrap().uniform(), Some(false));
    assert_eq!(mask::from_bytes(&gray(0, 255)).unwrap().uniform(), None);
}

#[test]
fn maps_of_several_classes_are_refused() {
    let classes = drawn(|x, y| u8::from(inside(x, y)) + u8::from(x < 20) * 2);
    let cause = refused(&encode_png_luma(&classes).unwrap());
    assert!(
        cause.contains("map of classes") && cause.contains("0 to 3"),
        "{cause}"
    );
    let spread = drawn(|x, _| (x / 8 * 30) as u8);
    assert!(refused(&encode_png_luma(&spread).unwrap()).contains("neither dark nor light"));
    let colours = |x, y| {
        image::Rgb([
            if inside(x, y) { 200 } else { 0 },
            if x < 20 { 180 } else { 0 },
            0,
        ])
    };
    let colours = RgbImage::from_fn(64, 48, colours);
    assert!(refused(&encode_png(&colours).unwrap()).contains("several colours"));
    assert!(refused(&rgb([255; 3], [255, 0, 0])).contains("several colours"));
}

#[test]
fn what_could_be_meant_in_two_ways_is_refused() {
    assert!(refused(&gray(1, 2)).contains("all dark"));
    assert!(refused(&gray(128, 255)).contains("all light"));
    assert!(refused(&gray(9, 9)).contains("one gray, 9 of 255"));
    let clear = RgbaImage::from_pixel(64, 48, image::Rgba([255, 255, 255, 0]));
    assert!(refused(&encode_png_rgba(&clear).unwrap()).contains("fully transparent"));
    let both = rgba(|x, _| [if x < 30 { 255 } else { 0 }; 3]);
    assert!(refused(&both).contains("partly transparent"));
}

#[test]
fn a_file_and_run_lengths_of_a_record_are_the_same_mask() {
    let here = tempfile::tempdir().unwrap();
    let path = here.path().join("a.png");
    std::fs::write(&path, gray(0, 255)).unwrap();
    let file = MaskShape::File(path.clone());
    let runs = MaskShape::Runs((&Rle::encode(&wanted())).into());
    for shape in [&file, &runs] {
        assert_eq!(mask::open(shape).unwrap(), wanted());
        assert_eq!(mask::open_for(shape, (64, 48)).unwrap(), wanted());
    }
    let said = |shape: &MaskShape| mask::open_for(shape, (64, 50)).unwrap_err().to_string();
    let wrong = "the mask is 64x48, but the image is 64x50: make the mask from this same image";
    assert_eq!(said(&file), format!("{}: {wrong}", path.display()));
    assert_eq!(said(&runs), wrong);
    let gone = mask::open(&MaskShape::File(here.path().join("gone.png")));
    assert!(gone.unwrap_err().to_string().contains("gone.png: "));
}

#[test]
fn what_is_half_opaque_is_inside() {
    let here = tempfile::tempdir().unwrap();
    let (clear, plain) = (here.path().join("clear.png"), here.path().join("plain.png"));
    let alpha = |x, _| image::Rgba([9, 9, 9, [0, 127, 128, 255][x as usize]]);
    let image = RgbaImage::from_fn(4, 1, alpha);
    std::fs::write(&clear, encode_png_rgba(&image).unwrap()).unwrap();
    std::fs::write(&plain, gray(0, 255)).unwrap();
    let opaque = mask::of_alpha(&clear).unwrap().unwrap();
    assert_eq!(opaque.as_slice(), [false, false, true, true]);
    assert_eq!(mask::of_alpha(&plain).unwrap(), None);
}
