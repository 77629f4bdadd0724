//! Resizing against Pillow and `OpenCV`.

use vision::resize::{self, PilFilter};

use crate::{close, luma, rgb};

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
        close(&file, ours.as_raw(), rgb(&file).as_raw(), 1, 0.01);
        let file = format!("cv_linear_{size}_luma.png");
        let ours = resize::opencv_linear_luma(&gray, width, height).unwrap();
        close(&file, ours.as_raw(), luma(&file).as_raw(), 1, 0.01);
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
