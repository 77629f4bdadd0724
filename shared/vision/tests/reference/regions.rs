//! Regions and distances against `imageproc`.

use imageproc::distance_transform::euclidean_squared_distance_transform;
use imageproc::region_labelling::{Connectivity, connected_components};
use vision::Rect;
use vision::mask::Mask;
use vision::regions::{Region, Regions};

/// Blotches, stripes and grain of a given density, the same each time.
fn drawn(width: u32, height: u32, seed: u64, one_in: u64) -> Mask {
    let noise = |x: u32, y: u32| {
        let mut state = seed ^ (u64::from(y) << 32 | u64::from(x));
        for _ in 0..2 {
            state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            state ^= state >> 27;
        }
        state.is_multiple_of(one_in)
    };
    Mask::from_fn(width, height, |x, y| match seed % 3 {
        0 => noise(x, y),
        1 => noise(x / 3, y / 2) != noise(x, y),
        _ => noise(x / 5, y / 7) && (x + y) % 9 > 1,
    })
    .unwrap()
}

/// The regions by `imageproc`'s labels: the number of runs is that of left edges.
fn labelled(mask: &Mask) -> Vec<Region> {
    let labels = connected_components(&mask.to_luma(), Connectivity::Eight, image::Luma([0]));
    let mut regions: Vec<Region> = Vec::new();
    for (x, y, label) in labels
        .enumerate_pixels()
        .filter(|(_, _, label)| label.0[0] > 0)
    {
        let number = label.0[0] as usize - 1;
        let rect = Rect::from([x, y, x + 1, y + 1]);
        let none = Region {
            rect,
            area: 0,
            runs: 0,
        };
        if number == regions.len() {
            regions.push(none);
        }
        let region = &mut regions[number];
        region.rect = region.rect.around(rect);
        region.area += 1;
        region.runs += u32::from(x == 0 || !mask.get(x - 1, y));
    }
    regions
}

#[test]
fn regions_are_imageprocs() {
    let mut most = 0;
    for seed in 0..60 {
        // `imageproc` 0.27 panics on an image of one pixel.
        let (width, height) = (2 + seed as u32 * 7 % 61, 1 + seed as u32 * 11 % 47);
        let mask = drawn(width, height, seed, 2 + seed % 7);
        let found = Regions::inside(&mask);
        let expected = labelled(&mask);
        let regions: Vec<Region> = found.iter().copied().collect();
        assert_eq!(regions, expected, "{seed}");
        assert_eq!(found.mask(|_| true).unwrap(), mask, "{seed}");
        let even = found.mask(|number| number % 2 == 0).unwrap();
        let area: u64 = regions.iter().step_by(2).map(|region| region.area).sum();
        assert_eq!(even.area(), area, "{seed}");
        let holes: Vec<Region> = Regions::outside(&mask).iter().copied().collect();
        assert_eq!(holes, labelled(&mask.inverse()), "{seed}");
        most = most.max(expected.len());
    }
    assert!(most > 50, "{most}");
}

#[test]
fn discs_are_imageprocs_distances() {
    for seed in 0..30 {
        let (width, height) = (2 + seed as u32 * 7 % 61, 1 + seed as u32 * 11 % 47);
        let mask = drawn(width, height, seed, 3 + 40 * (seed % 4));
        let squares = euclidean_squared_distance_transform(&mask.to_luma());
        for radius in [1, 2, 3, 7, 20] {
            let near = Mask::from_fn(width, height, |x, y| {
                squares.get_pixel(x, y).0[0] <= f64::from(radius * radius)
            });
            assert_eq!(mask.dilate(radius), near.unwrap(), "{seed} {radius}");
        }
    }
}
