//! What is behind the instance.

use std::str::FromStr;

use image::{Rgb, Rgba};
use stage::Result;
use vision::mask::Mask;
use vision::resize::{PilFilter, pil};
use vision::write::{encode_png, encode_png_rgba};
use vision::{GrayImage, Rect, RgbImage, RgbaImage, crop};

/// How strong the blur is: this many cells along the longer side of the crop.
const CELLS: u32 = 16;

/// What is behind the instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ground {
    /// What is there.
    Whole,
    /// What is there, blurred.
    Blur,
    /// Nothing.
    Transparent,
    /// A colour.
    Plain([u8; 3]),
}

impl FromStr for Ground {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "whole" => Self::Whole,
            "blur" => Self::Blur,
            "transparent" => Self::Transparent,
            "white" => Self::Plain([255; 3]),
            other => {
                let digits = other.strip_prefix('#').filter(|digits| digits.len() == 6);
                let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                let [_, red, green, blue] = number
                    .ok_or("not whole, blur, transparent, white or a colour such as #808080")?
                    .to_be_bytes();
                Self::Plain([red, green, blue])
            }
        })
    }
}

impl Ground {
    /// The crop of an image as a PNG file; `shape` is of the crop's size.
    pub(crate) fn paint(self, image: &RgbImage, rect: Rect, shape: &Shape) -> Result<Vec<u8>> {
        let part = crop::rgb(image, rect)?;
        Ok(match self {
            Self::Whole => encode_png(&part)?,
            Self::Blur => encode_png(&over(&part, &blurred(&part, &shape.mask)?, shape))?,
            Self::Plain(colour) => {
                let ground = RgbImage::from_pixel(part.width(), part.height(), Rgb(colour));
                encode_png(&over(&part, &ground, shape))?
            }
            Self::Transparent => encode_png_rgba(&cut_out(&part, shape))?,
        })
    }
}

/// Which pixels of a crop are inside, and by how much, where a matte says so.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) mask: Mask,
    /// 0 outside to 255 inside.
    pub(crate) levels: Option<GrayImage>,
}

impl Shape {
    /// How much of a pixel is inside, 0..=255.
    fn opacity(&self, x: u32, y: u32) -> u32 {
        match &self.levels {
            Some(levels) => levels.get_pixel(x, y).0[0].into(),
            None => opacity(&self.mask, x, y),
        }
    }

    /// As a file has it: the levels, or white inside and black outside.
    pub(crate) fn to_luma(&self) -> GrayImage {
        let levels = self.levels.clone();
        levels.unwrap_or_else(|| self.mask.to_luma())
    }
}

/// How much of a pixel is inside where no matte says so: the share of its neighbourhood that is, so that
/// the edge has no steps.
fn opacity(mask: &Mask, x: u32, y: u32) -> u32 {
    let columns = x.saturating_sub(1)..(x + 2).min(mask.width());
    let rows = y.saturating_sub(1)..(y + 2).min(mask.height());
    let all = (columns.len() * rows.len()) as u32;
    let near = rows.flat_map(|y| columns.clone().map(move |x| (x, y)));
    let inside = near.filter(|(x, y)| mask.get(*x, *y)).count() as u32;
    (inside * 255 + all / 2) / all
}

/// The instance before another ground.
fn over(part: &RgbImage, ground: &RgbImage, shape: &Shape) -> RgbImage {
    RgbImage::from_fn(part.width(), part.height(), |x, y| {
        let opacity = shape.opacity(x, y);
        let (own, behind) = (part.get_pixel(x, y).0, ground.get_pixel(x, y).0);
        let mixed = |at: usize| {
            (u32::from(own[at]) * opacity + u32::from(behind[at]) * (255 - opacity) + 127) / 255
        };
        Rgb([mixed(0) as u8, mixed(1) as u8, mixed(2) as u8])
    })
}

/// The instance before nothing. Most trainers drop alpha, and show what lies under it: white.
fn cut_out(part: &RgbImage, shape: &Shape) -> RgbaImage {
    RgbaImage::from_fn(part.width(), part.height(), |x, y| {
        let opacity = shape.opacity(x, y) as u8;
        let [red, green, blue] = if opacity == 0 {
            [255; 3]
        } else {
            part.get_pixel(x, y).0
        };
        Rgba([red, green, blue, opacity])
    })
}

/// The ground as coarse cells, enlarged. Only what is outside of the mask counts, so that the
/// instance has no halo of its own colours.
fn blurred(part: &RgbImage, mask: &Mask) -> Result<RgbImage> {
    let (width, height) = part.dimensions();
    let side = width.max(height).div_ceil(CELLS);
    let (across, down) = (width.div_ceil(side), height.div_ceil(side));
    let mut sums = vec![[0_u64; 4]; (across * down) as usize];
    for (x, y, pixel) in part.enumerate_pixels() {
        if !mask.get(x, y) {
            let sum = &mut sums[(y / side * across + x / side) as usize];
            for (sum, level) in sum.iter_mut().zip(pixel.0.into_iter().chain([1])) {
                *sum += u64::from(level);
            }
        }
    }
    spread(&mut sums, across as usize);
    let small = RgbImage::from_fn(across, down, |x, y| {
        let [red, green, blue, count] = sums[(y * across + x) as usize];
        Rgb([red, green, blue].map(|sum| (sum / count.max(1)) as u8))
    });
    Ok(pil(&small, width, height, PilFilter::Bicubic)?)
}

/// Gives cells of which nothing is seen what is seen beside them, until none is left.
fn spread(sums: &mut [[u64; 4]], across: usize) {
    let down = sums.len() / across;
    for _ in 0..across + down {
        let before = sums.to_vec();
        for at in (0..sums.len()).filter(|at| before[*at][3] == 0) {
            let (column, row) = (at % across, at / across);
            let rows = row.saturating_sub(1)..(row + 2).min(down);
            let near = rows.flat_map(|row| {
                (column.saturating_sub(1)..(column + 2).min(across)).map(move |x| row * across + x)
            });
            sums[at] = near.fold([0; 4], |sum, near| {
                std::array::from_fn(|channel| sum[channel] + before[near][channel])
            });
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn colours_are_read_as_the_web_writes_them() {
        assert_eq!("#80ff01".parse(), Ok(Ground::Plain([128, 255, 1])));
        for wrong in ["#80ff0", "80ff01", "#80fg01", "black", ""] {
            assert!(wrong.parse::<Ground>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_matte_says_how_much_of_a_pixel_is_inside() {
        let part = RgbImage::from_pixel(3, 1, Rgb([200, 100, 0]));
        let mask = Mask::from_fn(3, 1, |x, _| x > 0).unwrap();
        let levels = GrayImage::from_raw(3, 1, vec![0, 51, 255]);
        let shape = Shape { mask, levels };
        let ground = RgbImage::new(3, 1);
        let levels: Vec<u8> = over(&part, &ground, &shape).into_raw();
        assert_eq!(levels, [0, 0, 0, 40, 20, 0, 200, 100, 0]);
        assert_eq!(cut_out(&part, &shape).get_pixel(1, 0).0, [200, 100, 0, 51]);
    }

    #[test]
    fn the_blurred_ground_has_nothing_of_the_instance() {
        let part = RgbImage::from_fn(64, 64, |x, _| {
            Rgb(if x < 40 { [250, 0, 0] } else { [0, 90, 0] })
        });
        let mask = Mask::from_fn(64, 64, |x, _| x < 40).unwrap();
        for pixel in blurred(&part, &mask).unwrap().pixels() {
            assert_eq!(pixel.0, [0, 90, 0]);
        }
        let all = Mask::from_fn(64, 64, |_, _| true).unwrap();
        assert_eq!(blurred(&part, &all).unwrap().get_pixel(5, 5).0, [0; 3]);
    }
}
