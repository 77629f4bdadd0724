//! Mends what is combed in an image whose fields are of different times, and leaves the rest whole.
//!
//! A flag on the frame does not say whether anything is combed: films on PAL discs and Blu-rays are
//! whole frames stored as fields, and even in a broadcast only what moves is combed. Deinterlacing
//! all of it would cost half of its fine detail.

use std::ops::Range;

use vision::RgbImage;

/// Side of the blocks that are judged, in pixels.
const BLOCK: u32 = 16;

/// How many times more a line must differ from the next than from the one after that. Twice as
/// far apart, natural lines differ more; grain makes it 1.
const COMBED: u32 = 13;

/// [`COMBED`] is in tenths.
const TENTHS: u32 = 10;

/// What the lines of a combed block differ beyond that at least, in levels a pixel of luma: weak
/// encodes differ by less.
const LEVELS: u32 = 3;

/// The upper half of `both` is an image as it is, the lower half the same deinterlaced: returns
/// the upper one, with every combed block and those around it taken from the lower one.
pub(crate) fn mend(both: &RgbImage) -> RgbImage {
    let (width, height) = (both.width(), both.height() / 2);
    let luma: Vec<u32> = both.pixels().map(|pixel| weigh(pixel.0)).collect();
    let (columns, rows) = (width.div_ceil(BLOCK), height.div_ceil(BLOCK));
    let mut combed = vec![false; (columns * rows) as usize];
    for row in 0..rows {
        for column in 0..columns {
            // The last two lines have no second line below them.
            let lines = row * BLOCK..((row + 1) * BLOCK).min(height.saturating_sub(2));
            let across = column * BLOCK..((column + 1) * BLOCK).min(width);
            combed[(row * columns + column) as usize] = is_combed(&luma, width, lines, across);
        }
    }
    let near = |x: u32, y: u32| {
        let (column, row) = (x / BLOCK, y / BLOCK);
        (row.saturating_sub(1)..=(row + 1).min(rows - 1)).any(|row| {
            (column.saturating_sub(1)..=(column + 1).min(columns - 1))
                .any(|column| combed[(row * columns + column) as usize])
        })
    };
    RgbImage::from_fn(width, height, |x, y| {
        *both.get_pixel(x, if near(x, y) { y + height } else { y })
    })
}

/// Whether the lines of a block differ more from the next ones than from those of their own field.
fn is_combed(luma: &[u32], width: u32, lines: Range<u32>, across: Range<u32>) -> bool {
    let (mut next, mut second, mut count) = (0, 0, 0);
    for y in lines {
        for x in across.clone() {
            let at = |line: u32| luma[(line * width + x) as usize];
            next += at(y).abs_diff(at(y + 1));
            second += at(y).abs_diff(at(y + 2));
            count += 1;
        }
    }
    count > 0 && TENTHS * next > COMBED * second + TENTHS * LEVELS * count
}

/// Roughly the luma of BT.709, 0..=255.
fn weigh([red, green, blue]: [u8; 3]) -> u32 {
    (2 * u32::from(red) + 5 * u32::from(green) + u32::from(blue)) / 8
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    /// A bright bar on dark ground that is 12 pixels further in every second line, and a lower half
    /// of plain gray to tell it by.
    fn both(bar: impl Fn(u32) -> u32) -> RgbImage {
        RgbImage::from_fn(96, 128, |x, y| {
            if y >= 64 {
                return Rgb([77; 3]);
            }
            let inside = (bar(y)..bar(y) + 20).contains(&x);
            Rgb([if inside { 220 } else { 30 }; 3])
        })
    }

    #[test]
    fn only_what_is_combed_is_replaced() {
        let mended = mend(&both(|y| 24 + 12 * (y % 2)));
        assert_eq!(mended.get_pixel(28, 30).0, [77; 3], "the bar's combed edge");
        assert_eq!(mended.get_pixel(90, 30).0, [30; 3], "the ground beside it");
        assert_eq!(mended.dimensions(), (96, 64));
    }

    #[test]
    fn whole_frames_stay_as_they_are() {
        let whole = both(|y| 24 + y / 3);
        let upper = image::imageops::crop_imm(&whole, 0, 0, 96, 64).to_image();
        assert_eq!(mend(&whole), upper);
        let grain = testkit::noise(96, 128, 5);
        let upper = image::imageops::crop_imm(&grain, 0, 0, 96, 64).to_image();
        let kept = mend(&grain);
        let same = upper.pixels().zip(kept.pixels()).filter(|(a, b)| a == b);
        assert!(same.count() > 96 * 64 * 95 / 100, "grain is not combing");
    }
}
