//! Contact sheets.

use vision::RgbImage;
use vision::sheet::{Tile, contact_sheet};

use crate::drawn;

fn tile<'a>(image: &'a RgbImage, label: &'a str) -> Tile<'a> {
    Tile {
        image,
        label,
        border: None,
    }
}

#[test]
fn pictures_labels_and_frames_are_drawn() {
    let gray = RgbImage::from_pixel(160, 90, image::Rgb([100; 3]));
    let mut tiles = [
        tile(&gray, "a"),
        tile(&gray, ""),
        tile(&gray, "frame_000812 äß漢"),
    ];
    tiles[1].border = Some([255, 0, 0]);
    let sheet = contact_sheet(&tiles, 2, 80).unwrap();
    assert_eq!(sheet.get_pixel(46, 28).0, [100; 3]);
    assert_eq!(sheet.get_pixel(6 + 80 + 6, 6).0, [255, 0, 0]);
    let ink = |left: u32| {
        let below = (0..80 * 8).map(|at| (left + at % 80, 6 + 45 + 6 + at / 80));
        below
            .filter(|at| sheet.get_pixel(at.0, at.1).0 == [230; 3])
            .count()
    };
    assert!(ink(6) > 5, "the first has a letter");
    assert_eq!(ink(92), 0, "the second has none");
}

#[test]
fn tall_tiny_and_wide_pictures_fit() {
    let (tall, tiny, wide) = (drawn(3, 3000), drawn(1, 1), drawn(5000, 2));
    let sheet = contact_sheet(
        &[tile(&tall, "tall"), tile(&tiny, "x"), tile(&wide, "w")],
        3,
        64,
    );
    assert_eq!(sheet.unwrap().width(), 6 + 3 * 70);
}

#[test]
fn labels_as_long_as_a_line_are_cut() {
    let picture = drawn(16, 16);
    let long = "x".repeat(10_000);
    let sheet = contact_sheet(&[tile(&picture, &long)], 1, 64).unwrap();
    assert_eq!(sheet.width(), 76);
}

#[test]
fn impossible_sheets_are_errors() {
    let picture = drawn(16, 16);
    let one = [tile(&picture, "")];
    assert!(contact_sheet(&[], 3, 100).is_err());
    assert!(contact_sheet(&one, 0, 100).is_err());
    assert!(contact_sheet(&one, 1, 15).is_err());
    assert!(contact_sheet(&one, 1, 5000).is_err());
    let none = RgbImage::new(0, 0);
    assert!(contact_sheet(&[tile(&none, "")], 1, 100).is_err());
}
