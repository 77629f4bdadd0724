//! Buckets and crops against what the trainers' own loaders made of generated images, up to their
//! tensors. `tests/trainers/run.py` makes these files; each names the trainer's commit.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::fs;
use std::path::Path;

use loaders::bases::base;
use loaders::fit::{Fit, Fitting, Size};
use loaders::mask::squeezed;
use loaders::trainers::sd_scripts::{BucketSettings, Buckets};
use loaders::trainers::{ai_toolkit, diffusion_pipe, musubi, named, one_trainer, simple_tuner};
use serde_json::Value;

/// How far a corner of what is kept may lie from the trainer's, in pixels of the image: corners
/// are read from the trainer's pixels, whose scaling filter blurs them by about one.
const NEAR: f64 = 1.6;

fn golden(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/trainers/golden");
    let text = fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Checks every row of every run of a trainer, and that there are enough of them.
fn check(trainer: &str, fit: impl Fn(&Value, Size) -> Option<Fit>) {
    let golden = golden(trainer);
    let commit = golden["commit"].as_str().unwrap();
    for part in commit.split('+') {
        assert!(
            named(trainer).unwrap().profile().version.contains(part),
            "{trainer}: {commit}"
        );
    }
    let mut rows = 0;
    for run in golden["runs"].as_array().unwrap() {
        for row in run["rows"].as_array().unwrap() {
            let row: Vec<f64> = serde_json::from_value(row.clone()).unwrap();
            let size = |index: usize| Size::new(row[index] as u32, row[index + 1] as u32);
            let found = fit(&run["settings"], size(0)).unwrap();
            let place = format!("{trainer}, {}: {row:?}: {found:?}", run["settings"]);
            assert_eq!(found.bucket, size(2), "{place}");
            let near = |(mine, theirs): (&f64, &f64)| (mine - theirs).abs() <= NEAR;
            let kept = found.kept();
            assert!(
                kept.edges().iter().zip(&row[4..]).all(near),
                "{place}: {kept}"
            );
            rows += 1;
        }
    }
    assert!(rows >= 200, "{rows}");
}

fn whole(settings: &Value, key: &str) -> u32 {
    u32::try_from(settings[key].as_u64().unwrap()).unwrap()
}

#[test]
fn sd_scripts_fits_as_its_own_data_set_does() {
    check("sd-scripts", |settings, size| {
        let buckets = Buckets::new(BucketSettings {
            enable_bucket: true,
            min_bucket_reso: whole(settings, "min_bucket_reso"),
            max_bucket_reso: whole(settings, "max_bucket_reso"),
            bucket_reso_steps: whole(settings, "bucket_reso_steps"),
            bucket_no_upscale: settings["bucket_no_upscale"].as_bool().unwrap(),
            ..BucketSettings::new(Size::square(whole(settings, "resolution")))
        });
        buckets.unwrap().fit(size)
    });
}

#[test]
fn ai_toolkit_fits_as_its_own_data_set_does() {
    check("ai-toolkit", |settings, size| {
        let buckets = ai_toolkit::Buckets {
            resolution: whole(settings, "resolution"),
            divisibility: whole(settings, "steps"),
        };
        buckets.fit(size)
    });
}

#[test]
fn musubi_tuner_fits_as_its_own_data_set_does() {
    check("musubi-tuner", |settings, size| {
        let musubi = musubi::Buckets {
            resolution: Size::square(whole(settings, "resolution")),
            enable_bucket: true,
            bucket_no_upscale: settings["bucket_no_upscale"].as_bool().unwrap(),
            steps: whole(settings, "steps"),
        };
        musubi.fit(size)
    });
}

#[test]
fn diffusion_pipe_fits_as_its_own_data_set_does() {
    check("diffusion-pipe", |settings, size| {
        let aspects = diffusion_pipe::aspects(
            settings["min_ar"].as_f64().unwrap(),
            settings["max_ar"].as_f64().unwrap(),
            whole(settings, "num_ar_buckets"),
        );
        let pipe = diffusion_pipe::Buckets {
            resolution: whole(settings, "resolution").into(),
            enable_ar_bucket: true,
            aspects,
            steps: whole(settings, "steps"),
        };
        pipe.fit(size)
    });
}

#[test]
fn onetrainer_fits_as_its_own_pipeline_does() {
    check("onetrainer", |settings, size| {
        let buckets = one_trainer::Buckets {
            resolution: whole(settings, "resolution"),
            quantization: whole(settings, "steps"),
        };
        buckets.fit(size)
    });
}

#[test]
fn simpletuner_fits_as_its_own_samples_do_where_it_cuts_in_the_middle() {
    check("simpletuner", |settings, size| {
        let buckets = simple_tuner::Buckets {
            resolution: whole(settings, "resolution"),
            alignment: whole(settings, "steps"),
        };
        buckets.fit(size)
    });
}

#[test]
fn masks_lie_as_far_off_their_images_as_in_sd_scripts_own_data_set() {
    let masks = golden("sd-scripts")["masks"].clone();
    let settings = &masks["settings"];
    let buckets = Buckets::new(BucketSettings {
        enable_bucket: true,
        min_bucket_reso: whole(settings, "min_bucket_reso"),
        max_bucket_reso: whole(settings, "max_bucket_reso"),
        bucket_no_upscale: true,
        ..BucketSettings::new(Size::square(whole(settings, "resolution")))
    });
    let buckets = buckets.unwrap();
    let (mut most, mut least) = (0.0_f64, 1.0_f64);
    for row in masks["rows"].as_array().unwrap() {
        let row: Vec<f64> = serde_json::from_value(row.clone()).unwrap();
        let source = Size::new(row[0] as u32, row[1] as u32);
        // Someone left of the middle, as in `sd_scripts.py`.
        let inside = |x: u32, y: u32| {
            let (x, y) = ((f64::from(x) + 0.5) / row[0], (f64::from(y) + 0.5) / row[1]);
            ((x - 0.3) / 0.18).powi(2) + ((y - 0.55) / 0.42).powi(2) <= 1.0
        };
        let found = squeezed(&buckets.fit(source).unwrap(), inside);
        // The trainer's mask has soft edges, which weigh most in the smallest.
        let near = 0.01 + 0.06 * row[4];
        assert!((found - row[4]).abs() <= near, "{row:?}: {found}");
        (most, least) = (most.max(found), least.min(found));
    }
    assert!(most > 0.3 && least < 1e-9, "{most} {least}");
}

#[test]
fn onetrainer_shows_every_caption_after_four_draws_a_line() {
    let rows = golden("onetrainer")["frozen"].clone();
    let frozen = |draws: u64| {
        let row = rows.as_array().unwrap().iter().find(|row| row[0] == draws);
        let row = row.unwrap();
        row[2].as_f64().unwrap() / row[1].as_f64().unwrap()
    };
    assert!(
        (frozen(1) - 1.0).abs() < 1e-9,
        "of two captions one is ever seen"
    );
    assert!(frozen(8) < 0.02 && frozen(4) < 0.3, "{rows}");
}

#[test]
fn steps_are_those_in_the_trainers_sources() {
    let golden = golden("steps");
    let mut checked = 0;
    for (trainer, bases) in golden["steps"].as_object().unwrap() {
        let steps = named(trainer).unwrap().profile().steps.unwrap();
        for (name, expected) in bases.as_object().unwrap() {
            let base = base(name).unwrap();
            assert!(steps.has(base), "{trainer}, {name}");
            let found = u64::from(steps.of(Some(base)));
            assert_eq!(Some(found), expected.as_u64(), "{trainer}, {name}");
            checked += 1;
        }
    }
    assert!(checked >= 60, "{checked}");
}
