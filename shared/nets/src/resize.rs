//! Resizing to the bit as `OpenCV` does, for detectors whose boxes follow every level.
//!
//! [`vision::resize::opencv_linear`] is within one level of `OpenCV`, and faster. A small detector's
//! scores move by 0.02 and its boxes by some pixels with that.

use anyhow::{Result, ensure};
use vision::RgbImage;

/// Steps of a weight from 0 to 1: `INTER_RESIZE_COEF_SCALE`.
const STEPS: f32 = 2048.0;

/// The two neighbours of a target's pixel along one axis, and their weights of [`STEPS`].
#[derive(Debug, Clone, Copy)]
struct Tap {
    places: [usize; 2],
    weights: [i32; 2],
}

/// The taps of all targets of an axis: the pixel's centre, clamped to the first and last source.
fn taps(from: u32, to: u32) -> Vec<Tap> {
    let scale = 1.0 / (f64::from(to) / f64::from(from));
    let last = from as usize - 1;
    let tap = |target: u32| {
        let at = ((f64::from(target) + 0.5) * scale - 0.5) as f32;
        let place = at.floor();
        let share = if place < 0.0 || place as usize >= last {
            0.0
        } else {
            at - place
        };
        let place = (place.max(0.0) as usize).min(last);
        let weight = |share: f32| (share * STEPS).round_ties_even() as i32;
        Tap {
            places: [place, (place + 1).min(last)],
            weights: [weight(1.0 - share), weight(share)],
        }
    };
    (0..to).map(tap).collect()
}

/// Resizes as `cv2.resize(…, INTER_LINEAR)` does pictures of 8 bits: `HResizeLinear` and
/// `VResizeLinear` of `resize.cpp`, in integers. Shrinking gives the same bits; enlarging differs by
/// a level in a few of a thousand.
///
/// ```
/// let step = vision::RgbImage::from_raw(2, 1, vec![0, 0, 0, 100, 100, 200]).unwrap();
/// let wide = nets::resize::opencv_linear(&step, 4, 1).unwrap();
/// assert_eq!(wide.into_raw(), [0, 0, 0, 25, 25, 50, 75, 75, 150, 100, 100, 200]);
/// ```
pub fn opencv_linear(image: &RgbImage, width: u32, height: u32) -> Result<RgbImage> {
    let (own_width, own_height) = image.dimensions();
    ensure!(
        own_width > 0 && own_height > 0 && width > 0 && height > 0,
        "{own_width}x{own_height} cannot become {width}x{height}"
    );
    let across = taps(own_width, width);
    let source = image.as_raw();
    let stride = 3 * own_width as usize;
    let stretch = |line: usize, to: &mut Vec<i32>| {
        let row = &source[line * stride..][..stride];
        to.clear();
        for Tap { places, weights } in &across {
            let [left, right] = places.map(|place| &row[3 * place..3 * place + 3]);
            let sum = |c: usize| i32::from(left[c]) * weights[0] + i32::from(right[c]) * weights[1];
            to.extend([sum(0), sum(1), sum(2)]);
        }
    };
    let mut pixels = Vec::with_capacity(3 * width as usize * height as usize);
    // Of two target lines in a row, most share their sources.
    let mut lines: [(usize, Vec<i32>); 2] = [(usize::MAX, Vec::new()), (usize::MAX, Vec::new())];
    for Tap { places, weights } in taps(own_height, height) {
        if lines[1].0 == places[0] {
            lines.swap(0, 1);
        }
        for (line, place) in lines.iter_mut().zip(places) {
            if line.0 != place {
                stretch(place, &mut line.1);
                line.0 = place;
            }
        }
        let [upper, lower] = weights;
        let mix = |(a, b): (&i32, &i32)| {
            let sum = ((upper * (a >> 4)) >> 16) + ((lower * (b >> 4)) >> 16);
            ((sum + 2) >> 2) as u8
        };
        pixels.extend(lines[0].1.iter().zip(&lines[1].1).map(mix));
    }
    RgbImage::from_raw(width, height, pixels)
        .ok_or_else(|| anyhow::anyhow!("{width}x{height} pixels are too many"))
}
