//! Landmarks against hysts' anime-face-detector and mmpose 0.29: what the network is given of a face, and
//! what is read out of its heat maps. The expected values are made by `reference/landmark.py`.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::{Path, PathBuf};

use nets::landmark::heatmap::{Maps, add_mirrored, decode};
use nets::landmark::{Estimator, Plan};
use onnx::{Device, Runtime};
use serde::Deserialize;
use vision::{Rect, RgbImage};

const POINTS: usize = 28;
const CELLS: usize = 64;

#[derive(Deserialize)]
struct Case {
    #[serde(rename = "box")]
    rect: Rect<f64>,
    /// Whether some points are at the edge.
    edge: bool,
    /// Of the face as it is: column, row, score.
    alone: Vec<[f64; 3]>,
    /// Of the face and the mirrored face.
    both: Vec<[f64; 3]>,
    /// Every 4999th number that the network is given.
    given: Vec<f32>,
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn cases() -> Vec<Case> {
    let text = fs::read_to_string(file("expected/landmark.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// A linear congruential generator (Numerical Recipes), as in the script.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = (self.0 * 1_664_525 + 1_013_904_223) % (1 << 32);
        self.0 as f64 / 4_294_967_296.0
    }
}

/// The maps of the script: two bells each, and noise.
fn bells(chance: &mut Chance, edge: bool) -> Maps {
    let mut levels = Vec::new();
    for number in 0..POINTS {
        let mut map = vec![0.0; CELLS * CELLS];
        for (least, more) in [(0.2, 0.9), (0.0, 0.3)] {
            let height = least + more * chance.next();
            let (mut column, row) = (63.0 * chance.next(), 63.0 * chance.next());
            let spread = 1.2 + 1.8 * chance.next();
            if edge && number % 3 == 0 {
                column = if number % 2 == 1 { 0.2 } else { 62.8 };
            }
            for (cell, level) in map.iter_mut().enumerate() {
                let away = ((cell % CELLS) as f64 - column).powi(2)
                    + ((cell / CELLS) as f64 - row).powi(2);
                *level += height * (-away / (2.0 * spread * spread)).exp();
            }
        }
        let noisy = |level: f64| (level + 0.008 * chance.next() - 0.004) as f32;
        let map: Vec<f32> = map.into_iter().map(noisy).collect();
        let empty = edge && number == 27;
        levels.extend(
            map.into_iter()
                .map(|level| if empty { -0.25 } else { level }),
        );
    }
    Maps {
        levels,
        size: [CELLS; 2],
    }
}

fn plan() -> Plan {
    estimator(true).plan().clone()
}

fn estimator(flip: bool) -> Estimator {
    let runtime = Runtime {
        device: Device::Cpu,
        threads: Some(1),
        ..Runtime::default()
    };
    let model = runtime.model("landmark", file("onnx/landmark.onnx").to_str());
    Estimator::open(&model.unwrap(), flip, &runtime).unwrap()
}

fn drawn() -> RgbImage {
    RgbImage::from_fn(320, 180, |x, y| {
        let lattice = (x / 5 + y / 7) % 2 * 255;
        let levels = [(x * 7 + y * 13) % 256, (x * y + x / 3 * 40) % 256, lattice];
        image::Rgb(levels.map(|level| level as u8))
    })
}

#[test]
fn a_face_is_cropped_as_the_reference_does() {
    for (number, case) in cases().iter().enumerate() {
        let crop = plan().crop(&drawn(), case.rect).unwrap();
        let own = crop.numbers(false);
        let own: Vec<f32> = own.into_iter().step_by(4999).collect();
        assert_eq!(own.len(), case.given.len());
        // OpenCV interpolates in 32nds of a pixel: a level or two of 255, over the deviation.
        let far = own
            .iter()
            .zip(&case.given)
            .filter(|(own, given)| (*own - *given).abs() > 0.04);
        assert!(far.count() <= own.len() / 50, "{number}");
    }
}

#[test]
fn points_are_where_the_reference_finds_them() {
    for (number, case) in cases().iter().enumerate() {
        let mut chance = Chance(number as u64);
        let mut maps = bells(&mut chance, case.edge);
        let mirrored = bells(&mut chance, case.edge);
        let plan = plan();
        let crop = plan.crop(&drawn(), case.rect).unwrap();
        // The reference counts in 32 bits.
        let check = |maps: &Maps, expected: &[[f64; 3]], what: &str| {
            let size = crop.window().size;
            for (point, (own, expected)) in decode(maps).iter().zip(expected).enumerate() {
                let ([x, y], score) = *own;
                let [left, top] = crop.window().place([x / 64.0, y / 64.0]);
                let near = (left - expected[0]).abs().max((top - expected[1]).abs());
                assert!(
                    near < 2e-3 * size[0] / 64.0 + 1e-3 && (score - expected[2]).abs() < 1e-4,
                    "{number} {what} {point}: {left} {top} {score}, not {expected:?}"
                );
            }
        };
        check(&maps, &case.alone, "alone");
        add_mirrored(&mut maps, &mirrored, plan.scheme().mirrored);
        check(&maps, &case.both, "both");
    }
}

#[test]
fn mirroring_twice_is_no_mirroring_and_every_point_of_an_eye_has_its_own() {
    let plan = plan();
    let scheme = plan.scheme();
    for (point, other) in scheme.mirrored.iter().enumerate() {
        assert_eq!(scheme.mirrored[*other], point);
    }
    let [left, right] = scheme.eyes;
    let pairs = [
        (left.outer, right.outer),
        (left.inner, right.inner),
        (left.top, right.top),
        (left.bottom, right.bottom),
        (left.brow[0], right.brow[0]),
        (left.brow[1], right.brow[1]),
        (left.brow[2], right.brow[2]),
        (scheme.corners[0], scheme.corners[1]),
    ];
    assert!(
        pairs
            .iter()
            .all(|(one, other)| scheme.mirrored[*one] == *other)
    );
}

#[test]
fn a_mirrored_look_changes_the_answer_and_is_asked_for() {
    let rect = Rect::from([100.0, 40.0, 200.0, 140.0]);
    let crop = plan().crop(&drawn(), rect).unwrap();
    let points = [false, true].map(|flip| estimator(flip).run(&crop).unwrap());
    assert!(points.iter().all(|points| points.len() == POINTS));
    assert_ne!(points[0], points[1]);
}
