//! What holds for every mask and every run-length code.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use proptest::collection::vec;
use proptest::prelude::*;
use vision::mask::{Mask, Rle};

fn masks() -> impl Strategy<Value = Mask> {
    (1_u32..24, 1_u32..24).prop_flat_map(|(width, height)| {
        vec(any::<bool>(), (width * height) as usize)
            .prop_map(move |inside| Mask::from_pixels(width, height, inside).unwrap())
    })
}

proptest! {
    #[test]
    fn run_lengths_give_the_mask_back(mask in masks()) {
        let runs = Rle::encode(&mask);
        prop_assert_eq!(runs.area(), mask.area());
        prop_assert_eq!(runs.bounding_box(), mask.bounding_box());
        let text = runs.to_coco_string();
        let back = Rle::from_coco_string(mask.width(), mask.height(), &text).unwrap();
        prop_assert_eq!(back.decode().unwrap(), mask);
    }

    #[test]
    fn any_code_is_an_error_or_the_runs_of_a_mask(
        width in 1_u32..9, height in 1_u32..9, text in "[0-o]{0,24}",
    ) {
        if let Ok(runs) = Rle::from_coco_string(width, height, &text) {
            let all: u64 = runs.counts().iter().copied().map(u64::from).sum();
            prop_assert_eq!(all, u64::from(width * height));
            prop_assert_eq!(runs.decode().unwrap().area(), runs.area());
            prop_assert_eq!(runs.decode().unwrap().bounding_box(), runs.bounding_box());
        }
    }

    #[test]
    fn a_mask_grows_and_shrinks_by_what_is_near(mask in masks(), radius in 0_u32..7) {
        let near = |x: u32, y: u32, inside: bool| {
            let pixels = (0..mask.height()).flat_map(|row| (0..mask.width()).map(move |at| (at, row)));
            let mut pixels = pixels.filter(|&(at, row)| mask.get(at, row) == inside);
            pixels.any(|(at, row)| at.abs_diff(x).pow(2) + row.abs_diff(y).pow(2) <= radius.pow(2))
        };
        let size = (mask.width(), mask.height());
        let grown = Mask::from_fn(size.0, size.1, |x, y| near(x, y, true)).unwrap();
        prop_assert_eq!(mask.dilate(radius), grown);
        let shrunk = Mask::from_fn(size.0, size.1, |x, y| !near(x, y, false)).unwrap();
        prop_assert_eq!(mask.erode(radius), shrunk);
    }

    #[test]
    fn what_a_mask_grows_by_it_loses_again(mask in masks(), radius in 0_u32..4) {
        let closed = mask.dilate(radius).erode(radius);
        prop_assert_eq!(closed.intersection(&mask).unwrap(), mask.clone());
        let opened = mask.erode(radius).dilate(radius);
        prop_assert_eq!(opened.union(&mask).unwrap(), mask);
    }
}
