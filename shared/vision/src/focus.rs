//! How sharp an image is: the variance of its Laplacian, whole or tile by tile.
//!
//! The Laplacian is `OpenCV`'s `cv2.Laplacian(image, CV_64F, ksize=1)` with its default border
//! (reflected, the edge pixel not repeated), so the figures are those of the usual Python line
//! `cv2.Laplacian(gray, cv2.CV_64F).var()`. The unit is squared levels of luma; a sharp 1080p frame
//! has hundreds to thousands, a defocused one below fifty. It grows with contrast and grain and
//! falls with resolution, so compare only images of one size and one film.

use image::GrayImage;

/// The variance of the Laplacian over the whole image, in squared luma levels, 0 or more.
/// 0 for a flat image, and for one without pixels.
///
/// ```
/// let flat = vision::GrayImage::from_pixel(5, 5, image::Luma([7]));
/// assert_eq!(vision::focus::laplacian_variance(&flat), 0.0);
/// let mut dot = flat;
/// dot.put_pixel(2, 2, image::Luma([8]));
/// // one -4, four +1, the rest 0: mean 0, (16 + 4) / 25
/// assert!((vision::focus::laplacian_variance(&dot) - 0.8).abs() < 1e-12);
/// ```
pub fn laplacian_variance(image: &GrayImage) -> f64 {
    tiles(image, 1, 1).first().copied().unwrap_or(0.0)
}

/// The variance of the Laplacian in each of `across` x `down` tiles, row by row.
///
/// Tiles differ by at most a pixel in size; the Laplacian reaches over their borders, so that no
/// edge is counted twice or lost. A tile without pixels (more tiles than pixels) has 0. One pass,
/// whole numbers only.
///
/// ```
/// let image = vision::GrayImage::from_fn(64, 32, |x, y| {
///     image::Luma([if x < 32 { 128 } else { ((x + y) % 2 * 255) as u8 }])
/// });
/// let tiles = vision::focus::tiles(&image, 2, 1);
/// assert!(tiles[0] < tiles[1] / 10.0);
/// ```
pub fn tiles(image: &GrayImage, across: u32, down: u32) -> Vec<f64> {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let (across, down) = (across as usize, down as usize);
    let mut sums = vec![Sums::default(); across * down];
    if width == 0 || height == 0 || across == 0 || down == 0 {
        return vec![0.0; across * down];
    }
    let mut line = vec![0_i16; width];
    for band in 0..down {
        let sums = &mut sums[band * across..(band + 1) * across];
        for y in band * height / down..(band + 1) * height / down {
            laplacian(image.as_raw(), width, height, y, &mut line);
            for (tile, sums) in sums.iter_mut().enumerate() {
                sums.add(&line[tile * width / across..(tile + 1) * width / across]);
            }
        }
    }
    sums.iter().map(Sums::variance).collect()
}

/// The mean of the sharpest tenth of what [`tiles`] gave, at least of one: high whenever *something*
/// is in focus, so that shallow depth is not blur, and steadier than the sharpest alone. 0 without
/// tiles.
///
/// ```
/// assert_eq!(vision::focus::sharpest_tenth(&[1.0, 9.0, 2.0]), 9.0);
/// ```
pub fn sharpest_tenth(tiles: &[f64]) -> f64 {
    let mut sorted = tiles.to_vec();
    sorted.sort_by(|first, second| second.total_cmp(first));
    let tenth = &sorted[..sorted.len().div_ceil(10)];
    tenth.iter().sum::<f64>() / tenth.len().max(1) as f64
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: u64,
    sum: i64,
    squares: u64,
}

impl Sums {
    fn add(&mut self, line: &[i16]) {
        // 1020^2 * 2048 is the most that an unsigned 32-bit sum can take.
        for part in line.chunks(2048) {
            let (mut sum, mut squares) = (0_i32, 0_i32);
            for value in part {
                let value = i32::from(*value);
                sum += value;
                squares = squares.wrapping_add(value * value);
            }
            self.sum += i64::from(sum);
            self.squares += u64::from(squares.cast_unsigned());
        }
        self.count += line.len() as u64;
    }

    fn variance(&self) -> f64 {
        if self.count == 0 {
            return 0.0;
        }
        let count = self.count as f64;
        let mean = self.sum as f64 / count;
        (self.squares as f64 / count - mean * mean).max(0.0)
    }
}

/// The Laplacian of row `y` into `line`.
fn laplacian(pixels: &[u8], width: usize, height: usize, y: usize, line: &mut [i16]) {
    let row = |y: usize| &pixels[y * width..(y + 1) * width];
    let above = row(reflected(y.wrapping_sub(1), y, height));
    let here = row(y);
    let below = row(reflected(y + 1, y, height));
    for (((value, up), middle), under) in line.iter_mut().zip(above).zip(here).zip(below) {
        *value = i16::from(*up) + i16::from(*under) - 4 * i16::from(*middle);
    }
    if width == 1 {
        line[0] += 2 * i16::from(here[0]);
        return;
    }
    let inner = &mut line[1..width - 1];
    for ((value, left), right) in inner.iter_mut().zip(here).zip(&here[2..]) {
        *value += i16::from(*left) + i16::from(*right);
    }
    line[0] += 2 * i16::from(here[1]);
    line[width - 1] += 2 * i16::from(here[width - 2]);
}

/// The neighbour row, or the one on the other side at the border, or the row itself if it is alone.
fn reflected(wanted: usize, y: usize, height: usize) -> usize {
    if height == 1 {
        0
    } else if wanted < height {
        wanted
    } else if y == 0 {
        1
    } else {
        height - 2
    }
}
