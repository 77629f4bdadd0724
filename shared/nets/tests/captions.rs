//! Florence-2 and `SmolVLM` write what `transformers` writes, token for token: tiny random networks
//! with the published names of inputs and outputs, made by tests/reference/florence.py and
//! tests/reference/smolvlm.py, which say with which versions.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::{Path, PathBuf};

use nets::caption::Writer;
use nets::caption::florence::{self, Florence};
use nets::caption::smolvlm::{self, Marks, SmolVlm};
use nets::caption::words::Words;
use onnx::{Device, ModelFlags, Runtime};
use serde_json::Value;

fn runtime() -> Runtime {
    Runtime {
        device: Device::Cpu,
        threads: Some(2),
        ..Runtime::default()
    }
}

fn model(folder: &str) -> onnx::Model {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/onnx")
        .join(folder);
    let flags = ModelFlags {
        model: Some(path.display().to_string()),
        runtime: runtime(),
    };
    flags.open("caption").unwrap()
}

fn expected(family: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected");
    let path: PathBuf = folder.join(family).join("expected.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<i64> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|number| number.as_i64().unwrap())
        .collect()
}

/// The images that the references draw by a formula: sine waves, another for each `image`.
fn waves(image: usize, side: usize) -> impl Iterator<Item = (usize, f64)> {
    let wave = move |(channel, y, x): (usize, usize, usize)| {
        let n = (image + 1) as f64;
        (
            channel,
            (x as f64 * 0.05 * n + y as f64 * 0.08 + channel as f64).sin(),
        )
    };
    let places = (0..3).flat_map(move |channel| {
        (0..side).flat_map(move |y| (0..side).map(move |x| (channel, y, x)))
    });
    places.map(wave)
}

fn florence_image(image: usize, side: usize) -> Vec<f32> {
    let (mean, deviation) = ([0.485_f32, 0.456, 0.406], [0.229_f32, 0.224, 0.225]);
    let normal = |(channel, wave): (usize, f64)| {
        ((0.5 + 0.5 * wave) as f32 - mean[channel]) / deviation[channel]
    };
    waves(image, side).map(normal).collect()
}

#[test]
fn florence_writes_what_transformers_writes() {
    let expected = expected("florence");
    let mut florence = Florence::open(&model("florence"), &runtime()).unwrap();
    let side = florence.side() as usize;
    assert_eq!(expected["side"], side);
    let images: Vec<_> = (0..3).map(|image| florence_image(image, side)).collect();
    let features = florence.features(&images).unwrap();
    let shape = features.shape();
    let second = shape[1] * shape[2] + shape[2];
    for (found, wanted) in features.as_floats().unwrap()[second..]
        .iter()
        .zip(expected["features"].as_array().unwrap())
    {
        assert!(
            (f64::from(*found) - wanted.as_f64().unwrap()).abs() < 1e-3,
            "{found} {wanted}"
        );
    }
    let prompt = numbers(&expected["prompt"]);
    for case in expected["cases"].as_array().unwrap() {
        let most = case["max_new_tokens"].as_u64().unwrap() as usize;
        let beams = case["beams"].as_u64().unwrap() as usize;
        let rules = florence::rules(most, beams);
        let together = florence.written(&images, &prompt, &rules).unwrap();
        for (number, wanted) in case["ids"].as_array().unwrap().iter().enumerate() {
            assert_eq!(
                together[number].ids,
                numbers(wanted),
                "{beams} beams, {most} tokens, image {number}"
            );
            let alone = florence
                .written(&images[number..=number], &prompt, &rules)
                .unwrap();
            assert_eq!(alone[0], together[number], "alone as among others");
        }
    }
}

#[test]
fn smolvlm_writes_what_transformers_writes() {
    let expected = expected("smolvlm");
    let mut smolvlm = SmolVlm::open(&model("smolvlm"), &runtime()).unwrap();
    let marks = Marks {
        image: expected["image_token"].as_i64().unwrap(),
        end: expected["end"].as_i64().unwrap(),
    };
    let side = smolvlm.side() as usize;
    assert_eq!(expected["side"], side);
    let tile = |image| -> Vec<f32> { waves(image, side).map(|(_, wave)| wave as f32).collect() };
    for case in expected["cases"].as_array().unwrap() {
        let tiles = case["tiles"].as_u64().unwrap() as usize;
        let all: Vec<Vec<f32>> = (0..3).map(tile).collect();
        let features: Vec<_> = all
            .chunks(tiles)
            .map(|tiles| smolvlm.features(tiles).unwrap())
            .collect();
        let mut rules = marks.rules(case["max_new_tokens"].as_u64().unwrap() as usize);
        rules.no_repeat = 4;
        let written = smolvlm
            .written(&features, &numbers(&case["prompt"]), marks, &rules)
            .unwrap();
        for (written, wanted) in written.iter().zip(case["ids"].as_array().unwrap()) {
            assert_eq!(written.ids, numbers(wanted), "{tiles} tiles");
        }
    }
}

/// The image that `tests/reference/smolvlm_pixels.py` draws.
fn drawn(width: u32, height: u32) -> vision::RgbImage {
    vision::RgbImage::from_fn(width, height, |x, y| {
        let level = |c: u32| ((x * x + 3 * y * y + 17 * c * (x + y)) / 4 % 256) as u8;
        image::Rgb([level(0), level(1), level(2)])
    })
}

#[test]
fn smolvlm_sees_the_pixels_that_its_processor_makes() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected/smolvlm/pixels.json");
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let cases = cases.as_array().unwrap();
    assert_eq!(cases.len(), 34);
    for case in cases {
        let size = numbers(&case["size"]);
        let image = drawn(size[0] as u32, size[1] as u32);
        let split = case["split"].as_bool().unwrap();
        let name = format!("{size:?}, split: {split}");
        let tiles = smolvlm::prepare(&image, 16, split).unwrap();
        assert_eq!(numbers(&case["grid"]), tiles.grid.map(i64::from), "{name}");
        let levels: Vec<Vec<i64>> = { tiles.tiles.iter() }
            .map(|tile| {
                tile.iter()
                    .map(|value| ((value + 1.0) * 127.5).round() as i64)
            })
            .map(Iterator::collect)
            .collect();
        let sums = numbers(&case["sums"]);
        assert_eq!(levels.len(), sums.len(), "{name}");
        let samples = case["levels"].as_array().unwrap();
        for ((tile, sum), samples) in levels.iter().zip(sums).zip(samples) {
            // Our resizing is Pillow's to a level or two, and there are up to three in a row.
            let off = (tile.iter().sum::<i64>() - sum).abs() as f64 / tile.len() as f64;
            assert!(off < 0.05, "{name}: off by {off} levels");
            let samples = samples.as_str().unwrap();
            assert_eq!(samples.len(), 2 * tile.iter().step_by(11).count());
            for (at, found) in tile.iter().step_by(11).enumerate() {
                let wanted = i64::from_str_radix(&samples[2 * at..2 * at + 2], 16).unwrap();
                assert!((found - wanted).abs() <= 2, "{name}: {found} for {wanted}");
            }
        }
    }
}

#[test]
fn frozen_attention_scales_are_put_right() {
    // The graph gives its twelve scales, as they are frozen in the published file.
    let model = model("frozen");
    let run = |mut net: onnx::Net| {
        let image = onnx::Tensor::floats(&[1, 3, 8, 8], vec![0.5; 192]).unwrap();
        let features = net.run(&[("pixel_values", &image)]).unwrap();
        let features = features.get("image_features").unwrap();
        features.as_floats().unwrap().into_owned()
    };
    let as_it_is = onnx::Net::open(&model, "vision_encoder", &runtime(), &onnx::Contract::new());
    assert!((run(as_it_is.unwrap())[0] - 1.0 / 56.0).abs() < 1e-7);
    let mended = run(florence::vision(&model, &runtime()).unwrap());
    let right = [
        192.0, 96.0, 48.0, 48.0, 48.0, 48.0, 48.0, 48.0, 48.0, 48.0, 48.0, 24.0,
    ];
    for (found, tokens) in mended.iter().zip(right) {
        assert!((found - 1.0 / tokens).abs() < 1e-7, "{mended:?}");
    }
}

#[test]
fn prompts_have_the_tokens_that_were_published() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx");
    let tiny = Words::open(&tests.join("florence/tokenizer.json")).unwrap();
    assert_eq!(tiny.ids("w5 w6", true).unwrap(), [0, 5, 6, 2]);
    assert_eq!(tiny.text(&[2, 0, 5, 6, 2]).unwrap(), "w5 w6");
    let chat = Words::open(&tests.join("smolvlm/tokenizer.json")).unwrap();
    let asked = chat.ids(&smolvlm::prompt("w5", [0, 0], 2), false).unwrap();
    assert_eq!(
        asked.iter().filter(|id| **id == 170).count(),
        2,
        "{asked:?}"
    );
    assert_eq!((asked[0], Marks::of(&chat).unwrap().end), (1, 171));
    // The published one where it is there: `make models` downloads it.
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/published");
    let published = models.join("florence-2-base/tokenizer.json");
    if published.is_file() {
        let words = Words::open(&published).unwrap();
        let question = florence::TASKS[0].question;
        let ids = words.ids(question, true).unwrap();
        assert_eq!(ids, [0, 2264, 473, 5, 2274, 6190, 116, 2]);
    }
}
