//! `cv2.resize(…, INTER_LINEAR)` of 8 bits, in the integers that `OpenCV` works in.
//!
//! Rounding otherwise moves a small detector's scores by 0.02 and its boxes by some pixels.

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

/// Resizes `source`, `N` bytes a pixel, neither size being without pixels: `HResizeLinear` and
/// `VResizeLinear` of `resize.cpp`. Shrinking gives the same bits; enlarging differs by a level in a
/// few of a thousand.
pub(crate) fn resized<const N: usize>(
    source: &[u8],
    (own_width, own_height): (u32, u32),
    (width, height): (u32, u32),
) -> Vec<u8> {
    let across = taps(own_width, width);
    let (rows, _) = source.as_chunks::<N>();
    let stretch = |line: usize, to: &mut [[i32; N]]| {
        let row = &rows[line * own_width as usize..][..own_width as usize];
        for (Tap { places, weights }, to) in across.iter().zip(to) {
            let [left, right] = places.map(|place| row[place]);
            *to = std::array::from_fn(|channel| {
                i32::from(left[channel]) * weights[0] + i32::from(right[channel]) * weights[1]
            });
        }
    };
    let mut pixels = Vec::with_capacity(N * width as usize * height as usize);
    // Of two target lines in a row, most share their sources.
    let none = || (usize::MAX, vec![[0; N]; width as usize]);
    let mut lines = [none(), none()];
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
        let [above, below] = [&lines[0].1, &lines[1].1].map(|line| line.as_flattened());
        pixels.extend(above.iter().zip(below).map(mix));
    }
    pixels
}
