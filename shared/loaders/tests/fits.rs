//! Buckets and crops, against figures of the trainers' own code.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use geometry::Rect;
use loaders::fit::{Fit, Fitting, Size, Square};
use loaders::trainers::diffusion_pipe::aspects;
use loaders::trainers::sd_scripts::{BucketSettings, Buckets};
use loaders::trainers::{ai_toolkit, diffusion_pipe, musubi, one_trainer, simple_tuner};

fn ai_toolkit_fit(source: Size, resolution: u32, divisibility: u32) -> Fit {
    let buckets = ai_toolkit::Buckets {
        resolution,
        divisibility,
    };
    buckets.fit(source).unwrap()
}

fn one_trainer_fit(source: Size, resolution: u32, quantization: u32) -> Fit {
    let buckets = one_trainer::Buckets {
        resolution,
        quantization,
    };
    buckets.fit(source).unwrap()
}

fn simple_tuner_fit(source: Size, resolution: u32, alignment: u32) -> Fit {
    let buckets = simple_tuner::Buckets {
        resolution,
        alignment,
    };
    buckets.fit(source).unwrap()
}

/// Four film frames: 16:9, 1.85:1, 2.39:1, and a crop of someone standing.
const SOURCES: [Size; 4] = [
    Size::new(1920, 1080),
    Size::new(1920, 1038),
    Size::new(1920, 804),
    Size::new(420, 900),
];

fn settings(
    resolution: u32,
    least: u32,
    most: u32,
    steps: u32,
    no_upscale: bool,
) -> BucketSettings {
    BucketSettings {
        resolution: Size::square(resolution),
        enable_bucket: true,
        min_bucket_reso: least,
        max_bucket_reso: most,
        bucket_reso_steps: steps,
        bucket_no_upscale: no_upscale,
    }
}

/// What sd-scripts' own `BucketManager` made of the four sources: width and
/// height of the bucket, percent of the area cropped away.
const TABLE: [(Row, [Cell; 4]); 7] = [
    (
        (1024, 256, 1024, 64, false),
        [
            (1024, 576, 0.0),
            (1024, 576, 3.8),
            (1024, 448, 4.3),
            (448, 1024, 6.3),
        ],
    ),
    (
        (1024, 512, 1536, 64, false),
        [
            (1344, 768, 1.5),
            (1344, 768, 5.4),
            (1536, 640, 0.5),
            (704, 1472, 2.5),
        ],
    ),
    (
        (1024, 512, 1536, 64, true),
        [
            (1344, 768, 1.5),
            (1280, 704, 1.7),
            (1536, 640, 0.5),
            (384, 896, 9.0),
        ],
    ),
    (
        (1024, 512, 2048, 32, false),
        [
            (1344, 768, 1.5),
            (1376, 736, 1.1),
            (1568, 640, 2.6),
            (704, 1472, 2.5),
        ],
    ),
    (
        (768, 256, 1024, 64, false),
        [
            (1024, 576, 0.0),
            (1024, 576, 3.8),
            (1024, 448, 4.3),
            (448, 1024, 6.3),
        ],
    ),
    (
        (512, 256, 1024, 64, false),
        [
            (640, 384, 6.3),
            (640, 384, 9.9),
            (768, 320, 0.6),
            (320, 704, 2.7),
        ],
    ),
    (
        (512, 384, 768, 64, false),
        [
            (640, 384, 6.3),
            (640, 384, 9.9),
            (640, 384, 30.2),
            (384, 640, 22.2),
        ],
    ),
];

/// Resolution, shortest and longest side, steps, whether not to enlarge.
type Row = (u32, u32, u32, u32, bool);
/// Width, height, percent cropped away.
type Cell = (u32, u32, f64);

#[test]
fn sd_scripts_puts_images_into_these_buckets() {
    for ((resolution, least, most, steps, no_upscale), expected) in TABLE {
        let buckets = Buckets::new(settings(resolution, least, most, steps, no_upscale)).unwrap();
        for (source, (width, height, percent)) in SOURCES.iter().zip(expected) {
            let fit = buckets.fit(*source).unwrap();
            let row = format!("{source:?} at {resolution}, {least}-{most}, {steps}, {no_upscale}");
            assert_eq!(fit.bucket, Size::new(width, height), "{row}");
            // The table has one decimal.
            let found = 100.0 * fit.cropped();
            assert!(
                (found - percent).abs() < 0.06,
                "{row}: {found} % and not {percent} %"
            );
        }
    }
}

#[test]
fn sd_scripts_enlarges_unless_it_is_told_not_to() {
    let fit = |no_upscale| {
        let buckets = Buckets::new(settings(1024, 512, 1536, 64, no_upscale)).unwrap();
        buckets.fit(SOURCES[3]).unwrap().scale()
    };
    assert!(fit(false) > 1.6);
    assert!((fit(true) - 1.0).abs() < 1e-9);
}

#[test]
fn sd_scripts_without_buckets_cuts_everything_to_the_resolution() {
    let buckets = Buckets::new(BucketSettings::new(Size::square(512))).unwrap();
    let fit = buckets.fit(SOURCES[0]).unwrap();
    assert_eq!(
        (fit.bucket, fit.resized),
        (Size::square(512), Size::new(910, 512))
    );
    let [x0, y0, x1, y1] = fit.kept().edges();
    assert!((x1 - x0 - 1080.0).abs() < 1.5 && y0.abs() < 1e-9 && (y1 - 1080.0).abs() < 1e-9);
    assert!((x0 - 420.0).abs() < 1.5, "{x0}");
}

#[test]
fn sd_scripts_refuses_bounds_that_exclude_the_resolution() {
    assert!(
        settings(512, 768, 1024, 64, false)
            .refused()
            .unwrap()
            .contains("min_bucket_reso")
    );
    assert!(
        settings(1536, 256, 1024, 64, false)
            .refused()
            .unwrap()
            .contains("max_bucket_reso")
    );
    assert!(Buckets::new(settings(512, 512, 512, 0, false)).is_none());
}

#[test]
fn nothing_is_left_of_an_image_smaller_than_the_steps() {
    let buckets = Buckets::new(settings(1024, 512, 1536, 64, true)).unwrap();
    assert_eq!(buckets.fit(Size::new(63, 500)), None);
    assert_eq!(buckets.fit(Size::new(0, 0)), None);
}

#[test]
fn each_trainer_has_buckets_of_its_own_for_a_film_frame() {
    let frame = SOURCES[0];
    let pipe = diffusion_pipe::Buckets {
        resolution: 1024.0,
        enable_ar_bucket: true,
        aspects: aspects(0.5, 2.0, 7),
        steps: 16,
    };
    let musubi = musubi::Buckets {
        resolution: Size::square(1024),
        enable_bucket: true,
        bucket_no_upscale: true,
        steps: 16,
    };
    for (fit, bucket) in [
        (ai_toolkit_fit(frame, 1024, 64), Size::new(1344, 768)),
        (ai_toolkit_fit(frame, 1024, 16), Size::new(1360, 768)),
        (one_trainer_fit(frame, 1024, 64), Size::new(1344, 768)),
        (one_trainer_fit(SOURCES[2], 1024, 64), Size::new(1600, 640)),
        (simple_tuner_fit(frame, 1024, 64), Size::new(1344, 768)),
        (pipe.fit(frame).unwrap(), Size::new(1296, 816)),
        (musubi.fit(frame).unwrap(), Size::new(1360, 768)),
        (musubi.fit(SOURCES[3]).unwrap(), Size::new(416, 896)),
        (Square(512).fit(frame).unwrap(), Size::square(512)),
    ] {
        assert_eq!(fit.bucket, bucket, "{fit:?}");
    }
}

#[test]
fn what_is_kept_lies_in_the_image_and_has_the_bucket_s_aspect() {
    let pipe = diffusion_pipe::Buckets {
        resolution: 768.0,
        enable_ar_bucket: true,
        aspects: aspects(0.5, 2.0, 7),
        steps: 16,
    };
    let musubi = musubi::Buckets {
        resolution: Size::new(960, 544),
        enable_bucket: true,
        bucket_no_upscale: false,
        steps: 16,
    };
    let buckets = Buckets::new(settings(1024, 512, 1536, 64, true)).unwrap();
    for width in (64..2500).step_by(97) {
        for height in (64..2500).step_by(89) {
            let source = Size::new(width, height);
            let fits = [
                buckets.fit(source),
                Some(ai_toolkit_fit(source, 768, 16)),
                Some(one_trainer_fit(source, 1024, 64)),
                Some(simple_tuner_fit(source, 1024, 64)),
                pipe.fit(source),
                musubi.fit(source),
                Square(512).fit(source),
            ];
            for fit in fits.into_iter().flatten() {
                whole(&fit);
            }
        }
    }
}

fn whole(fit: &Fit) {
    let kept = fit.kept();
    let (width, height) = (f64::from(fit.source.width), f64::from(fit.source.height));
    let nearly = Rect::from([0.0, 0.0, width + 1e-6, height + 1e-6]);
    assert!(nearly.holds(kept) && kept.is_sound(), "{fit:?}");
    assert!((-1e-9..1.0).contains(&fit.cropped()), "{fit:?}");
    let kept = kept.area() / (width * height);
    // Scaled sides are whole pixels, which small images notice.
    assert!((1.0 - fit.cropped() - kept).abs() < 0.02, "{kept} {fit:?}");
}
