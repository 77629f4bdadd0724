//! `OpenCV`'s `INTER_AREA`: each result pixel is the mean of exactly the area that it covers.

use image::{GrayImage, RgbImage};

use crate::error::Result;
use crate::resize::{self, no_pixels, opencv_linear, opencv_linear_luma};

/// Shrinks as `OpenCV`'s `INTER_AREA`, fractions of pixels counted by their share. Where either side
/// would grow `OpenCV` interpolates instead, and so does this, by [`opencv_linear`].
///
/// # Errors
/// An image or a target without pixels, or a target over the limit.
pub fn opencv_area(image: &RgbImage, width: u32, height: u32) -> Result<RgbImage> {
    if width > image.width() || height > image.height() {
        return opencv_linear(image, width, height);
    }
    let pixels = shrink::<3>(image.as_raw(), image.dimensions(), (width, height))?;
    RgbImage::from_raw(width, height, pixels).ok_or_else(|| no_pixels(width, height))
}

/// As [`opencv_area`], of luma.
///
/// ```
/// use vision::resize::opencv_area_luma;
/// let ramp = vision::GrayImage::from_raw(3, 1, vec![0, 90, 180]).unwrap();
/// // 2 of 3: the first covers all of 0 and half of 90
/// assert_eq!(opencv_area_luma(&ramp, 2, 1).unwrap().into_raw(), [30, 150]);
/// ```
pub fn opencv_area_luma(image: &GrayImage, width: u32, height: u32) -> Result<GrayImage> {
    if width > image.width() || height > image.height() {
        return opencv_linear_luma(image, width, height);
    }
    let pixels = shrink::<1>(image.as_raw(), image.dimensions(), (width, height))?;
    GrayImage::from_raw(width, height, pixels).ok_or_else(|| no_pixels(width, height))
}

/// What one result pixel takes of the source along one side: that pixel and the next ones, each with its share.
struct Shares {
    from: usize,
    weights: Vec<f32>,
}

fn shrink<const CHANNELS: usize>(
    pixels: &[u8],
    source: (u32, u32),
    target: (u32, u32),
) -> Result<Vec<u8>> {
    resize::check(source, target)?;
    let columns = shares(source.0, target.0);
    let stride = source.0 as usize * CHANNELS;
    // OpenCV's fast way of halving rounds halves up, everything else rounds them to even.
    let halving = source == (target.0 * 2, target.1 * 2);
    let round = if halving {
        f32::round
    } else {
        f32::round_ties_even
    };
    let mut result = Vec::with_capacity(target.0 as usize * target.1 as usize * CHANNELS);
    let mut sums = vec![[0.0_f32; CHANNELS]; target.0 as usize];
    for rows in shares(source.1, target.1) {
        let lines = pixels[rows.from * stride..].chunks_exact(stride);
        for (line, weight) in lines.zip(&rows.weights) {
            let (line, _) = line.as_chunks::<CHANNELS>();
            for (sum, column) in sums.iter_mut().zip(&columns) {
                let narrow = weighted(&line[column.from..], &column.weights);
                for (sum, value) in sum.iter_mut().zip(narrow) {
                    *sum += value * weight;
                }
            }
        }
        result.extend(sums.iter().flatten().map(|sum| round(*sum) as u8));
        sums.fill([0.0; CHANNELS]);
    }
    Ok(result)
}

fn weighted<const CHANNELS: usize>(pixels: &[[u8; CHANNELS]], weights: &[f32]) -> [f32; CHANNELS] {
    let mut sums = [0.0; CHANNELS];
    for (pixel, weight) in pixels.iter().zip(weights) {
        for (sum, sample) in sums.iter_mut().zip(pixel) {
            *sum += f32::from(*sample) * weight;
        }
    }
    sums
}

/// The shares of all result pixels along one side.
fn shares(from: u32, to: u32) -> Vec<Shares> {
    let scale = f64::from(from) / f64::from(to);
    let of = |index: u32| {
        let begin = f64::from(index) * scale;
        let end = (begin + scale).min(f64::from(from));
        let last = (end.ceil() as u32).min(from);
        let covered = |at: u32| end.min(f64::from(at) + 1.0) - begin.max(f64::from(at));
        let covered = (begin as u32..last).map(|at| (at, covered(at)));
        let mut shares = Shares {
            from: 0,
            weights: Vec::new(),
        };
        for (at, covered) in covered.filter(|(_, covered)| *covered > 1e-3) {
            if shares.weights.is_empty() {
                shares.from = at as usize;
            }
            shares.weights.push((covered / (end - begin)) as f32);
        }
        shares
    };
    (0..to).map(of).collect()
}
