//! Masks and run-length codes from strangers.

use vision::mask::{Mask, Rle};
use vision::{GrayImage, hash};

#[test]
fn counts_that_do_not_fit_are_errors() {
    for counts in [
        vec![],
        vec![3],
        vec![5],
        vec![u32::MAX, u32::MAX, 6],
        vec![0, 0, 0, 0, 0, 0, 4],
        vec![2, 2, 1],
    ] {
        assert!(
            Rle::from_counts(2, 2, counts.clone()).is_err(),
            "{counts:?}"
        );
    }
    assert!(Rle::from_counts(0, 2, vec![0]).is_err());
    assert!(Rle::from_counts(60000, 60000, vec![3_600_000_000]).is_err());
    assert!(Rle::from_counts(2, 2, vec![0, 0, 4]).is_ok());
}

#[test]
fn strings_from_strangers_are_errors() {
    let hostile = [
        "",
        "4 ",
        "p",
        "o",
        "oooooooooooooo",
        "PPPPPPPPPPPP0",
        "\u{e9}",
        "/",
        "5",
        "03N",
        "N",
        "O",
        "0O5",
        "000000000000000000000000000000004",
        "P",
        "4\n",
    ];
    for text in hostile {
        assert!(Rle::from_coco_string(2, 2, text).is_err(), "{text:?}");
    }
    assert_eq!(Rle::from_coco_string(2, 2, "4").unwrap().area(), 0);
    let many = "0".repeat(1 << 20);
    let message = Rle::from_coco_string(2, 2, &many).unwrap_err().to_string();
    assert_eq!(message, "damaged run-length code: more runs than pixels");
}

#[test]
fn every_string_of_three_letters_is_read_or_refused() {
    let letters: Vec<char> = ('0'..='o').collect();
    let mut read = 0;
    for first in &letters {
        for second in &letters {
            for third in &letters {
                let text: String = [first, second, third].into_iter().collect();
                if let Ok(rle) = Rle::from_coco_string(3, 3, &text) {
                    assert_eq!(
                        Rle::from_coco_string(3, 3, &rle.to_coco_string()).unwrap(),
                        rle
                    );
                    assert_eq!(rle.decode().unwrap().area(), rle.area());
                    read += 1;
                }
            }
        }
    }
    assert!(read > 50, "{read}");
}

#[test]
fn a_large_mask_survives_both_ways() {
    let mask = Mask::from_fn(16384, 512, |x, y| (x / 5000 + y / 300) % 2 == 1).unwrap();
    let rle = Rle::encode(&mask);
    let back = Rle::from_coco_string(16384, 512, &rle.to_coco_string()).unwrap();
    assert_eq!(back.decode().unwrap(), mask);
}

#[test]
fn masks_of_different_sizes_do_not_meet() {
    let (wide, tall) = (Mask::new(4, 2).unwrap(), Mask::new(2, 4).unwrap());
    for result in [
        wide.union(&tall),
        wide.intersection(&tall),
        wide.difference(&tall),
    ] {
        assert_eq!(result.unwrap_err().to_string(), "sizes differ: 4x2 and 2x4");
    }
    assert!(Rle::encode(&wide).iou(&Rle::encode(&tall)).is_err());
    assert!(Mask::new(0, 1).is_err() && Mask::new(1 << 20, 1 << 20).is_err());
    assert!(Mask::from_luma(&GrayImage::new(0, 0), 1).is_err());
}

#[test]
fn overlap_by_runs_is_that_of_the_pixels() {
    let masks = [
        Mask::from_fn(7, 5, |x, y| (x + y) % 3 == 0).unwrap(),
        Mask::from_fn(7, 5, |x, _| x < 4).unwrap(),
        Mask::from_fn(7, 5, |x, y| x > 2 && y > 1).unwrap(),
        Mask::from_fn(7, 5, |_, _| true).unwrap(),
        Mask::new(7, 5).unwrap(),
    ];
    for first in &masks {
        for second in &masks {
            let both = first.intersection(second).unwrap().area();
            let either = first.union(second).unwrap().area();
            let found = Rle::encode(first).iou(&Rle::encode(second)).unwrap();
            assert!((found - both as f64 / either.max(1) as f64).abs() < 1e-12);
        }
    }
}

#[test]
fn growing_by_nothing_changes_nothing_and_by_much_fills() {
    let mask = Mask::from_fn(30, 20, |x, y| x == 29 && y == 19).unwrap();
    assert_eq!(mask.dilate(0), mask);
    assert_eq!(mask.dilate(u32::MAX).area(), 600);
    assert_eq!(Mask::new(30, 20).unwrap().dilate(9).area(), 0);
    assert_eq!(mask.inverse().erode(3), mask.dilate(3).inverse());
}

#[test]
fn hashes_are_read_as_they_are_written() {
    for hash in [0, 1, u64::MAX, 0x0123_4567_89ab_cdef] {
        assert_eq!(hash::from_hex(&hash::to_hex(hash)).unwrap(), hash);
    }
    for text in [
        "",
        "0",
        "0123456789abcdeg",
        "0123456789abcdef0",
        "-123456789abcdef",
        "ééééééé",
    ] {
        assert!(hash::from_hex(text).is_err(), "{text}");
    }
}
