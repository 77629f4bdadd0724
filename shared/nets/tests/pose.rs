//! Key points against rtmlib: windows, crops, and what is read out of scores. The expected values
//! are made by `reference/pose.py`.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::{Path, PathBuf};

use nets::pose::simcc::{self, decode};
use nets::pose::{Crop, PADDING, View, Window};
use onnx::{Kind, Port};
use serde::Deserialize;
use vision::{Rect, RgbImage};

/// Pixels between the crop's that are stored.
const EVERY: u32 = 5;

#[derive(Deserialize)]
struct Cut {
    #[serde(rename = "image")]
    image: (u32, u32),
    #[serde(rename = "box")]
    rect: Rect<f64>,
    input: (u32, u32),
    centre: [f64; 2],
    size: [f64; 2],
    /// From the image to the crop.
    matrix: [[f64; 3]; 2],
    /// Every 9973rd number that the network is given.
    given: Vec<f32>,
}

#[derive(Deserialize)]
struct Scored {
    points: usize,
    input: (u32, u32),
    #[serde(rename = "box")]
    rect: Rect<f64>,
    keypoints: Vec<[f64; 2]>,
    scores: Vec<f64>,
}

fn expected(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/expected/pose")
        .join(name)
}

fn read<T: for<'de> Deserialize<'de>>(name: &str) -> Vec<T> {
    serde_json::from_str(&fs::read_to_string(expected(name)).unwrap()).unwrap()
}

/// The image of `reference/pose.py`.
fn drawn((width, height): (u32, u32)) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let lattice = (x / 5 + y / 7) % 2 * 255;
        let levels = [(x * 7 + y * 13) % 256, (x * y + x / 3 * 40) % 256, lattice];
        vision_pixel(levels.map(|level| level as u8))
    })
}

fn vision_pixel<P: From<[u8; 3]>>(levels: [u8; 3]) -> P {
    P::from(levels)
}

fn view((width, height): (u32, u32)) -> View {
    let port = |name: &str, shape: &[Option<usize>]| Port {
        name: name.to_owned(),
        kind: Kind::F32,
        shape: shape.to_vec(),
    };
    let input = port(
        "input",
        &[None, Some(3), Some(height as usize), Some(width as usize)],
    );
    let outputs = ["simcc_x", "simcc_y"].map(|name| port(name, &[None, Some(17), None]));
    simcc::view(&[input], &outputs).unwrap()
}

#[test]
fn windows_and_matrices_are_rtmlibs() {
    for (number, cut) in read::<Cut>("crops.json").iter().enumerate() {
        let window = Window::around(cut.rect, PADDING, cut.input).unwrap();
        for axis in 0..2 {
            assert!(
                (window.centre[axis] - cut.centre[axis]).abs() < 1e-9,
                "{number}"
            );
            assert!(
                (window.size[axis] - cut.size[axis]).abs() < 1e-9,
                "{number}"
            );
        }
        // Through rtmlib's matrix and back through ours, the input's corners stay where they are,
        // to 1e-4 of its pixels for every thousand pixels of the image: rtmlib's is of 32 bits.
        let [[across, _, left], [_, down, top]] = window.to_image(cut.input);
        for (x, y) in [(0.0, 0.0), (f64::from(cut.input.0), f64::from(cut.input.1))] {
            let (column, row) = (across * x + left, down * y + top);
            let there = cut.matrix.map(|[a, b, c]| a * column + b * row + c);
            let bound = 1e-4 * (1.0 + column.abs().max(row.abs()) / 1000.0 / across.min(1.0));
            assert!(
                (there[0] - x).abs() < bound && (there[1] - y).abs() < bound,
                "{number}: {there:?} {bound}"
            );
        }
    }
}

#[test]
fn crops_are_rtmlibs_to_one_level() {
    for (number, cut) in read::<Cut>("crops.json").iter().enumerate() {
        let window = Window::around(cut.rect, PADDING, cut.input).unwrap();
        let crop = Crop::cut(&drawn(cut.image), window, cut.input).unwrap();
        assert_eq!(crop.image.dimensions(), cut.input);
        let theirs = vision::decode::rgb(&expected(&format!("crop_{number:02}.png"))).unwrap();
        for (x, y, pixel) in theirs.enumerate_pixels() {
            let own = crop.image.get_pixel(EVERY * x, EVERY * y);
            let apart = own
                .0
                .iter()
                .zip(pixel.0)
                .map(|(own, other)| own.abs_diff(other));
            assert!(
                apart.max().unwrap() <= 1,
                "{number}: {x},{y}: {own:?} {pixel:?}"
            );
        }
        // A level is 0.0175 of what the network is given.
        let given = simcc::numbers(&view(cut.input), &[crop]);
        for (own, other) in given.iter().step_by(9973).zip(&cut.given) {
            assert!((own - other).abs() < 0.018, "{number}: {own} {other}");
        }
    }
}

#[test]
fn scores_are_read_as_rtmlib_reads_them() {
    for (case, scored) in read::<Scored>("simcc.json").iter().enumerate() {
        let scores = |side: u32, seed: usize| -> Vec<f32> {
            let score = |k: usize, i: usize| {
                let made = ((k * 31 + i * (17 + seed) + case * 7) % 101) as f32 / 128.0 - 0.25;
                if k % 7 == 6 { -made - 1.0 } else { made }
            };
            let length = 2 * side as usize;
            (0..scored.points)
                .flat_map(|k| (0..length).map(move |i| score(k, i)))
                .collect()
        };
        let (columns, rows) = (scores(scored.input.0, 0), scores(scored.input.1, 1));
        let window = Window::around(scored.rect, PADDING, scored.input).unwrap();
        let crop = Crop {
            image: RgbImage::new(1, 1),
            window,
        };
        let pose = decode(&crop, &columns, &rows, scored.points);
        assert_eq!(
            pose.keypoints.len(),
            scored.points.min(26) - scored.points / 133 * 9
        );
        for (own, (place, score)) in pose
            .keypoints
            .iter()
            .zip(scored.keypoints.iter().zip(&scored.scores))
        {
            assert!(
                (own[0] - place[0]).abs() < 1e-2,
                "{case}: {own:?} {place:?}"
            );
            assert!(
                (own[1] - place[1]).abs() < 1e-2,
                "{case}: {own:?} {place:?}"
            );
            // What is not above 0 was not found; rtmlib says how little.
            assert!(
                (own[2] - score.max(0.0)).abs() < 1e-4,
                "{case}: {own:?} {score}"
            );
        }
    }
}

#[test]
fn blue_for_red_is_only_the_colours_place() {
    let crop = Crop {
        image: RgbImage::from_pixel(1, 1, vision_pixel([10, 20, 30])),
        window: Window::around(Rect::whole(1.0, 1.0), 1.0, (1, 1)).unwrap(),
    };
    let mut rgb = view((1, 1));
    let right = simcc::numbers(&rgb, std::slice::from_ref(&crop));
    rgb.swapped = true;
    let wrong = simcc::numbers(&rgb, &[crop]);
    let near = |own: f32, level: f32, mean: f32, deviation: f32| {
        assert!((own - (level - mean) / deviation).abs() < 1e-6);
    };
    near(right[0], 10.0, 123.675, 58.395);
    near(wrong[0], 30.0, 123.675, 58.395);
    near(wrong[2], 10.0, 103.53, 57.375);
    assert!((right[1] - wrong[1]).abs() < f32::EPSILON);
}

#[test]
fn boxes_of_no_image_are_refused() {
    for edges in [
        [5.0, 5.0, 5.0, 5.0],
        [9.0, 0.0, 1.0, 5.0],
        [0.0, 0.0, f64::NAN, 5.0],
        [0.0, 0.0, f64::INFINITY, 5.0],
        [0.0, 0.0, 1e9, 5.0],
    ] {
        assert!(
            Window::around(edges.into(), PADDING, (192, 256)).is_err(),
            "{edges:?}"
        );
    }
}

#[test]
fn graphs_of_something_else_are_refused() {
    let port = |name: &str, shape: &[Option<usize>]| Port {
        name: name.to_owned(),
        kind: Kind::F32,
        shape: shape.to_vec(),
    };
    let input = port("input", &[None, Some(3), Some(256), Some(192)]);
    let open = port("input", &[None, Some(3), None, None]);
    let (columns, rows) = (
        port("simcc_x", &[None, Some(17), None]),
        port("simcc_y", &[None; 3]),
    );
    let hand = port("simcc_x", &[None, Some(21), Some(512)]);
    let say =
        |inputs: &[Port], outputs: &[Port]| simcc::view(inputs, outputs).unwrap_err().to_string();
    assert!(
        simcc::view(
            std::slice::from_ref(&input),
            &[rows.clone(), columns.clone()]
        )
        .is_ok()
    );
    assert!(
        say(std::slice::from_ref(&input), &[hand, rows.clone()])
            .contains("`simcc_x` f32[?,21,512]")
    );
    assert!(say(std::slice::from_ref(&input), std::slice::from_ref(&columns)).contains("simcc_y"));
    assert!(say(&[open], &[columns.clone(), rows.clone()]).contains("`input` f32[?,3,?,?]"));
    assert!(say(&[input.clone(), input], &[columns, rows]).contains("takes"));
}
