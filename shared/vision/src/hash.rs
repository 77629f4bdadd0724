//! Perceptual hashes of 64 bits, equal to those of Python's `imagehash` on the same luma.
//!
//! Images that look alike have hashes that differ in few bits: up to about 10 of 64 for a
//! recompressed, resized or slightly graded image, around 32 for unrelated ones.
//!
//! They are exactly those of `imagehash` 4.3 over Pillow up to 12; over Pillow 13, which resizes tall
//! images in another order, one tall image in 25 differs in one or two bits.

use std::f64::consts::PI;
use std::sync::LazyLock;

use image::GrayImage;

use crate::error::{Error, Result};
use crate::resize::{PilFilter, pil_luma_exact};

const SIDE: usize = 32;
const KEPT: usize = 8;

/// The hash by frequency (`imagehash.phash`): the image at 32x32, its cosine transform, and a
/// bit for each of the 8x8 lowest frequencies that is above their median. It survives blur, grain,
/// compression and changes of brightness.
///
/// The highest bit is the mean brightness, then row by row. A flat image has only that bit (none
/// if it is black), whatever its size.
///
/// # Errors
/// An image without pixels.
///
/// ```
/// let flat = vision::GrayImage::from_pixel(40, 30, image::Luma([90]));
/// assert_eq!(vision::hash::phash(&flat).unwrap(), 0x8000_0000_0000_0000);
/// ```
pub fn phash(image: &GrayImage) -> Result<u64> {
    let small = pil_luma_exact(image, SIDE as u32, SIDE as u32, PilFilter::Lanczos)?;
    let low = lowest(small.as_raw());
    let mut sorted = low;
    sorted.sort_by(f64::total_cmp);
    let median = f64::midpoint(sorted[31], sorted[32]);
    Ok(bits(low.iter().map(|value| *value > median)))
}

/// The hash by gradient (`imagehash.dhash`): the image at 9x8, and a bit for each pixel that is
/// brighter than its left neighbour. Cheaper than [`phash`], and blind to frequency; the two together
/// miss less than either. The highest bit is the top left. A flat image gives 0.
///
/// # Errors
/// An image without pixels.
///
/// ```
/// let ramp = vision::GrayImage::from_fn(90, 80, |x, _| image::Luma([x as u8]));
/// assert_eq!(vision::hash::dhash(&ramp).unwrap(), u64::MAX);
/// ```
pub fn dhash(image: &GrayImage) -> Result<u64> {
    let small = pil_luma_exact(image, 9, 8, PilFilter::Lanczos)?;
    let rows = small.as_raw().chunks_exact(9);
    Ok(bits(rows.flat_map(|row| {
        row.windows(2).map(|pair| pair[1] > pair[0])
    })))
}

/// In how many bits two hashes differ, 0..=64.
///
/// ```
/// assert_eq!(vision::hash::hamming(0b1011, 0b0010), 2);
/// ```
pub const fn hamming(first: u64, second: u64) -> u32 {
    (first ^ second).count_ones()
}

/// Sixteen lower-case hexadecimal digits, as `str(imagehash)` prints them.
///
/// ```
/// assert_eq!(vision::hash::to_hex(0xff), "00000000000000ff");
/// ```
pub fn to_hex(hash: u64) -> String {
    format!("{hash:016x}")
}

/// The hash that [`to_hex`] wrote; capitals are read too.
///
/// # Errors
/// Anything but sixteen hexadecimal digits.
///
/// ```
/// assert_eq!(vision::hash::from_hex("00000000000000ff").unwrap(), 255);
/// assert!(vision::hash::from_hex("ff").is_err());
/// assert!(vision::hash::from_hex("+0000000000000ff").is_err());
/// ```
pub fn from_hex(text: &str) -> Result<u64> {
    let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    digits
        .then(|| u64::from_str_radix(text, 16).ok())
        .flatten()
        .ok_or_else(|| Error::Hash {
            text: text.chars().take(40).collect(),
        })
}

/// The first bit becomes the highest.
fn bits(values: impl Iterator<Item = bool>) -> u64 {
    values.fold(0, |hash, bit| hash << 1 | u64::from(bit))
}

/// `cos(pi * frequency * (2 * position + 1) / 64)`, doubled as scipy's unnormalised DCT-II does.
static COSINES: LazyLock<[[f64; SIDE]; KEPT]> = LazyLock::new(|| {
    let mut table = [[0.0; SIDE]; KEPT];
    for (frequency, row) in table.iter_mut().enumerate() {
        for (position, value) in row.iter_mut().enumerate() {
            let angle = PI * frequency as f64 * (2 * position + 1) as f64 / (2 * SIDE) as f64;
            *value = 2.0 * angle.cos();
        }
    }
    table
});

/// The 8x8 lowest frequencies, row by row.
fn lowest(pixels: &[u8]) -> [f64; KEPT * KEPT] {
    let mut columns = [[0.0; SIDE]; KEPT];
    for (sums, cosines) in columns.iter_mut().zip(COSINES.iter()) {
        for (row, cosine) in pixels.chunks_exact(SIDE).zip(cosines) {
            for (sum, sample) in sums.iter_mut().zip(row) {
                *sum += f64::from(*sample) * cosine;
            }
        }
    }
    let mut result = [0.0; KEPT * KEPT];
    for (value, index) in result.iter_mut().zip(0..) {
        let (row, column): (usize, usize) = (index / KEPT, index % KEPT);
        let sum: f64 = columns[row]
            .iter()
            .zip(&COSINES[column])
            .map(|(sample, cosine)| sample * cosine)
            .sum();
        // Rounding noise must not become bits where the true value is zero, as in flat images.
        *value = (sum * 1e6).round() / 1e6 + 0.0;
    }
    result
}
