//! Images drawn on the spot, so that none need be stored.

use std::path::Path;

use image::{Rgb, RgbImage};

/// Black and white squares of 4 pixels, as crisp as an image can be.
pub fn checkerboard(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        Rgb([if (x / 4 + y / 4) % 2 == 0 { 0 } else { 255 }; 3])
    })
}

/// One colour all over.
pub fn flat(width: u32, height: u32, colour: [u8; 3]) -> RgbImage {
    RgbImage::from_pixel(width, height, Rgb(colour))
}

/// The same for the same `seed`: grey noise, every pixel for itself.
pub fn noise(width: u32, height: u32, seed: u64) -> RgbImage {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    RgbImage::from_fn(width, height, |_, _| {
        // Knuth's MMIX generator; its high bits are the good ones.
        state = state.wrapping_mul(6_364_136_223_846_793_005);
        state = state.wrapping_add(1_442_695_040_888_963_407);
        Rgb([(state >> 56) as u8; 3])
    })
}

/// A small landscape with sky, ground and a few discs, another for every
/// `seed`: enough of an image for hashes, focus and light to tell apart.
pub fn scene(width: u32, height: u32, seed: u64) -> RgbImage {
    let part = |n: u32, of: u32| {
        let mixed = seed.wrapping_mul(2_654_435_761) + u64::from(n) * 40_503;
        ((mixed >> 7) % u64::from(of)) as u32
    };
    let horizon = height / 3 + part(1, height / 3 + 1);
    let discs: Vec<_> = (0..6)
        .map(|n| {
            let (x, y) = (part(10 + n, width), part(20 + n, height));
            let radius = height / 16 + part(30 + n, height / 6 + 1);
            let colour = [40, 41, 42].map(|c| part(c + 3 * n, 200) as u8 + 28);
            (x, y, radius, colour)
        })
        .collect();
    RgbImage::from_fn(width, height, |x, y| {
        let inside = |disc: &&(u32, u32, u32, [u8; 3])| {
            x.abs_diff(disc.0).pow(2) + y.abs_diff(disc.1).pow(2) < disc.2.pow(2)
        };
        let shade = (y * 90 / height.max(1)) as u8;
        let ground = if y < horizon {
            [120 + shade, 160 + shade, 220]
        } else {
            [140 - shade, 120 - shade / 2, 70]
        };
        // A fine weave, so that the ground is in focus.
        let weave = if (x / 3 + y / 3) % 2 == 0 { 0 } else { 12 };
        let colour = discs
            .iter()
            .rev()
            .find(inside)
            .map_or(ground, |disc| disc.3);
        Rgb(colour.map(|c| c.saturating_sub(weave)))
    })
}

/// `image` after a box blur of `radius` pixels, twice.
pub fn blurred(image: &RgbImage, radius: u32) -> RgbImage {
    let once = box_blur(image, radius);
    box_blur(&once, radius)
}

fn box_blur(image: &RgbImage, radius: u32) -> RgbImage {
    let (width, height) = image.dimensions();
    RgbImage::from_fn(width, height, |x, y| {
        let (left, right) = (x.saturating_sub(radius), (x + radius).min(width - 1));
        let (top, bottom) = (y.saturating_sub(radius), (y + radius).min(height - 1));
        let mut sum = [0_u32; 3];
        for (x, y) in (top..=bottom).flat_map(|y| (left..=right).map(move |x| (x, y))) {
            let pixel = image.get_pixel(x, y).0;
            sum = std::array::from_fn(|c| sum[c] + u32::from(pixel[c]));
        }
        let count = (right - left + 1) * (bottom - top + 1);
        Rgb(sum.map(|c| (c / count) as u8))
    })
}

/// Fills `folder` with `count` scenes of 96x64 as `scene_NN.png`, and returns
/// their manifest.
pub fn folder(folder: &Path, count: u64) -> String {
    let mut manifest = String::new();
    for seed in 0..count {
        let path = folder.join(format!("scene_{seed:02}.png"));
        scene(96, 64, seed).save(&path).unwrap();
        let record = serde_json::json!({
            "id": format!("scene_{seed:02}"),
            "image": path,
            "width": 96,
            "height": 64,
            "mine": {"kept": [1.50, "ä"]},
            "source": {"film": "drawn.mp4", "frame": seed * 12, "time": seed as f64 / 2.0, "shot": seed / 4},
        });
        manifest.extend([record.to_string(), "\n".to_owned()]);
    }
    manifest
}
