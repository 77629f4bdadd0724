//! Masks against pycocotools and `OpenCV`.

use vision::Rect;
use vision::mask::{Mask, Rle};

use crate::{luma, near, numbers, values};

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
        let found = mask.bounding_box().unwrap_or(Rect::whole(0, 0));
        assert_eq!(found.map(f64::from).edges(), theirs[1..], "{name}");
    }
    let mask = Mask::from_luma(&luma("mask_0.png"), 128).unwrap();
    let rolled = Mask::from_fn(mask.width(), mask.height(), |x, y| {
        mask.get((x + mask.width() - 5) % mask.width(), y)
    });
    let overlap = Rle::encode(&mask).iou(&Rle::encode(&rolled.unwrap()));
    near(
        "iou",
        overlap.unwrap(),
        numbers(&values["iou_rolled_5"])[0],
        1e-12,
    );
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
