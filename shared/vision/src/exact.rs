//! Pillow's 8-bit resampling, bit for bit, for hashes that must equal those of Python tools.
//!
//! The method is that of Pillow up to version 12 (`libImaging/Resample.c`): weights in 22-bit fixed
//! point, the columns first, rounded to 8 bits, then the rows. Version 13 takes the rows first where
//! that is cheaper, mostly in tall images, which changes some pixels by a level or two.

use std::f64::consts::PI;

use image::GrayImage;

use crate::error::Result;
use crate::resize::{self, PilFilter, no_pixels};

const PRECISION: u32 = 22;

/// Resizes luma exactly as `PIL.Image.resize` does. About a tenth as fast as
/// [`pil_luma`](crate::resize::pil_luma), which matters only for large images.
///
/// # Errors
/// An image or a target without pixels, or a target over the limit.
///
/// ```
/// use vision::resize::{PilFilter, pil_luma_exact};
/// let step = vision::GrayImage::from_raw(4, 1, vec![0, 10, 100, 110]).unwrap();
/// let half = pil_luma_exact(&step, 2, 1, PilFilter::Box).unwrap();
/// assert_eq!(half.into_raw(), [5, 105]);
/// ```
pub fn pil_luma_exact(
    image: &GrayImage,
    width: u32,
    height: u32,
    filter: PilFilter,
) -> Result<GrayImage> {
    resize::check(image.dimensions(), (width, height))?;
    let columns = weights(image.width(), width, filter);
    let rows = weights(image.height(), height, filter);
    let from = image.width() as usize;
    let pixels = if resize::columns_first(image.height(), width) {
        down(
            &across(image.as_raw(), from, &columns),
            width as usize,
            &rows,
        )
    } else {
        across(&down(image.as_raw(), from, &rows), from, &columns)
    };
    GrayImage::from_raw(width, height, pixels).ok_or_else(|| no_pixels(width, height))
}

/// Where one result pixel takes its value from.
struct Taps {
    first: usize,
    weights: Vec<i32>,
}

fn across(pixels: &[u8], width: usize, taps: &[Taps]) -> Vec<u8> {
    let mut result = Vec::with_capacity(pixels.len() / width * taps.len());
    for row in pixels.chunks_exact(width) {
        result.extend(taps.iter().map(|taps| {
            let covered = &row[taps.first..taps.first + taps.weights.len()];
            let sum: i32 = covered
                .iter()
                .zip(&taps.weights)
                .map(|(sample, weight)| i32::from(*sample) * weight)
                .sum();
            round(sum)
        }));
    }
    result
}

fn down(pixels: &[u8], width: usize, taps: &[Taps]) -> Vec<u8> {
    let mut result = Vec::with_capacity(taps.len() * width);
    let mut sums = vec![0_i32; width];
    for taps in taps {
        sums.fill(0);
        let covered = &pixels[taps.first * width..];
        for (row, weight) in covered.chunks_exact(width).zip(&taps.weights) {
            for (sum, sample) in sums.iter_mut().zip(row) {
                *sum += i32::from(*sample) * weight;
            }
        }
        result.extend(sums.iter().map(|sum| round(*sum)));
    }
    result
}

fn round(sum: i32) -> u8 {
    ((sum + (1 << (PRECISION - 1))) >> PRECISION).clamp(0, 255) as u8
}

/// The taps of each of `to` pixels over `from`, normalised to a sum of one.
fn weights(from: u32, to: u32, filter: PilFilter) -> Vec<Taps> {
    let scale = f64::from(from) / f64::from(to);
    let stretch = scale.max(1.0);
    let support = radius(filter) * stretch;
    (0..to)
        .map(|index| {
            let centre = (f64::from(index) + 0.5) * scale;
            let first = (centre - support + 0.5).max(0.0) as usize;
            let end = ((centre + support + 0.5) as usize).min(from as usize);
            let raw: Vec<f64> = (first..end)
                .map(|at| kernel(filter, (at as f64 - centre + 0.5) / stretch))
                .collect();
            let total: f64 = raw.iter().sum();
            Taps {
                first,
                weights: raw.iter().map(|weight| fixed(weight / total)).collect(),
            }
        })
        .collect()
}

/// Fixed point, halves away from zero.
fn fixed(weight: f64) -> i32 {
    let scaled = weight * f64::from(1_u32 << PRECISION);
    (scaled + 0.5_f64.copysign(weight)) as i32
}

fn radius(filter: PilFilter) -> f64 {
    match filter {
        PilFilter::Box => 0.5,
        PilFilter::Bilinear => 1.0,
        PilFilter::Bicubic => 2.0,
        PilFilter::Lanczos => 3.0,
    }
}

fn kernel(filter: PilFilter, x: f64) -> f64 {
    let distance = x.abs();
    match filter {
        PilFilter::Box if x > -0.5 && x <= 0.5 => 1.0,
        PilFilter::Bilinear => (1.0 - distance).max(0.0),
        PilFilter::Bicubic => cubic(distance),
        PilFilter::Lanczos if (-3.0..3.0).contains(&x) => sinc(x) * sinc(x / 3.0),
        PilFilter::Box | PilFilter::Lanczos => 0.0,
    }
}

fn cubic(distance: f64) -> f64 {
    const A: f64 = -0.5;
    if distance < 1.0 {
        ((A + 2.0) * distance - (A + 3.0)) * distance * distance + 1.0
    } else if distance < 2.0 {
        (((distance - 5.0) * distance + 8.0) * distance - 4.0) * A
    } else {
        0.0
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 {
        return 1.0;
    }
    (x * PI).sin() / (x * PI)
}
