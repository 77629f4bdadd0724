//! What the documents promise and no other program can confirm.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failing helper is a failing test"
)]

mod alpha;
mod codes;
mod mask_files;
mod measures;
mod scaled;
mod writing;

use vision::RgbImage;

/// An image with edges, ramps and saturated colours.
fn drawn(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let stripe = if (x / 11 + y / 7) % 2 == 0 { 200 } else { 20 };
        image::Rgb([stripe, (x * 2) as u8, (y * 3) as u8])
    })
}
