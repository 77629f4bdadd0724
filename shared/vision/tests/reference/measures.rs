//! Hashes, focus, brightness and colour against imagehash, `OpenCV`, numpy and scikit-image.

use vision::{colour, focus, hash, statistics};

use crate::{luma, near, numbers, rgb, values};

#[test]
fn hashes_are_imagehashs() {
    for (name, words) in values()
        .iter()
        .filter(|(name, _)| name.starts_with("hash_"))
    {
        let image = luma(&format!("{name}.png"));
        let ours = [hash::phash(&image), hash::dhash(&image)].map(Result::unwrap);
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
}
