//! Grounding DINO and OWLv2 against transformers on the same images and phrases, `reference/grounding_dino.py` and
//! `reference/owlv2.py`; and small drawn detectors that know colours, `reference/grounding_coloured.py`.
//!
//! Tolerance: two thousandths of the longer side of the image, and 0.005 of a score. Pillow is matched to a level of
//! 255; the random network is steeper than one that was trained.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::path::{Path, PathBuf};

use nets::detect::Detection;
use nets::grounding::{Detector, Settings};
use nets::words::phrases;
use onnx::{Device, Model, Runtime};
use serde::Deserialize;
use vision::{Rect, RgbImage};

#[derive(Deserialize)]
struct Case {
    size: [u32; 2],
    phrases: Vec<String>,
    /// Of each query: the box in pixels, and the score of each phrase.
    rows: Vec<Vec<f32>>,
}

fn runtime() -> Runtime {
    Runtime {
        device: Device::Cpu,
        threads: Some(1),
        ..Runtime::default()
    }
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn open(name: &str, settings: Settings) -> anyhow::Result<Detector> {
    let path = file(&format!("onnx/{name}"));
    let model = runtime().model("words", path.to_str())?;
    Detector::open(&model, settings, &runtime())
}

fn found(detector: &mut Detector, image: &RgbImage) -> Vec<Detection> {
    let prepared = detector.plan().prepare(image).unwrap();
    detector.detect(&prepared).unwrap()
}

/// The image of this size that the script draws as well.
fn drawn(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let (across, down) = (x * 251 / width, y * 241 / height);
        let blue = ((across / 16) ^ (down / 16)) * 16;
        [across + 2 * down, across * down / 64, blue]
            .map(|level| (level % 256) as u8)
            .into()
    })
}

/// Gray, with a red, a green and a blue rectangle.
fn coloured() -> RgbImage {
    RgbImage::from_fn(320, 160, |x, y| {
        let colour = match (x, y) {
            (40..100, 40..120) => [220, 30, 30],
            (150..200, 20..150) => [30, 220, 40],
            (250..310, 100..140) => [30, 30, 230],
            _ => [128, 128, 128],
        };
        colour.into()
    })
}

/// Compares what is found with `expected/NAME.json`, whose boxes are not clipped, and scores those of all phrases.
fn agrees(name: &str, model: &str, bound: f32) {
    let text = std::fs::read_to_string(file(&format!("expected/{name}.json"))).unwrap();
    let cases: Vec<Case> = serde_json::from_str(&text).unwrap();
    assert!(cases.len() >= 8);
    for case in cases {
        let everything = Settings {
            threshold: Some(0.0),
            nms: Some(1.0),
            largest: 1.0,
            ..Settings::of(phrases(&case.phrases.join(".")).unwrap())
        };
        let texts: Vec<_> = { everything.phrases.iter() }
            .map(|phrase| phrase.text.clone())
            .collect();
        let mut detector = open(model, everything).unwrap();
        assert_eq!(detector.passes(), 1);
        let [width, height] = case.size;
        let all = found(&mut detector, &drawn(width, height));
        let longer = width.max(height) as f32;
        for row in &case.rows {
            assert_eq!(row.len(), 4 + texts.len());
            let whole = Rect::from([row[0], row[1], row[2], row[3]]);
            let clipped = whole.clip(width as f32, height as f32);
            if clipped.width().min(clipped.height()) < 0.002 * longer {
                continue;
            }
            let matches = |found: &&Detection| {
                let edges = found.rect.edges().into_iter().zip(clipped.edges());
                let off = edges.fold(0.0_f32, |most, (own, other)| most.max((own - other).abs()));
                let place = texts.iter().position(|text| *text == found.label).unwrap();
                let best = row[4..].iter().copied().fold(0.0, f32::max);
                off <= 0.002 * longer
                    && (found.score - row[4 + place]).abs() <= bound
                    && (found.score - best).abs() <= bound
            };
            assert!(
                all.iter().any(|found| matches(&found)),
                "{:?}: {width}x{height}: {row:?} is not in {all:?}",
                case.phrases
            );
        }
    }
}

#[test]
fn grounding_dino_is_read_as_transformers_does() {
    agrees("grounding_dino", "grounding_dino/tiny", 0.005);
}

#[test]
fn owl_is_read_as_transformers_does() {
    agrees("owlv2", "owlv2", 0.005);
}

#[derive(Deserialize)]
struct Guided {
    example: [u32; 2],
    /// What of the example is shown.
    area: [f32; 4],
    size: [u32; 2],
    /// Of each patch: the box in pixels, and the score.
    rows: Vec<[f32; 5]>,
}

#[test]
fn owl_finds_what_is_like_an_example_as_transformers_does() {
    let text = std::fs::read_to_string(file("expected/owlv2_guided.json")).unwrap();
    let cases: Vec<Guided> = serde_json::from_str(&text).unwrap();
    assert_eq!(cases.len(), 8);
    for case in cases {
        let mut detector = open("owlv2", Settings::of(phrases("creature").unwrap())).unwrap();
        assert!(detector.takes_examples());
        let prepared = |detector: &Detector, [width, height]: [u32; 2]| {
            detector.plan().prepare(&drawn(width, height)).unwrap()
        };
        let example = prepared(&detector, case.example);
        detector
            .learn("odd", &example, Some(case.area.into()))
            .unwrap();
        let image = prepared(&detector, case.size);
        let found = detector.detect_like(&image, 0.0).unwrap().by_example;
        let [width, height] = case.size.map(|size| size as f32);
        let best = { case.rows.iter() }
            .filter(|row| {
                !Rect::from([row[0], row[1], row[2], row[3]])
                    .clip(width, height)
                    .is_empty()
            })
            .max_by(|a, b| a[4].total_cmp(&b[4]))
            .unwrap();
        let off = |found: &Detection, row: &[f32; 5]| {
            let expected = Rect::from([row[0], row[1], row[2], row[3]]).clip(width, height);
            let edges = found.rect.edges().into_iter().zip(expected.edges());
            edges.fold(0.0_f32, |most, (own, other)| most.max((own - other).abs()))
                / width.max(height)
        };
        assert!(
            found[0].label == "odd" && found[0].score >= best[4] - 0.005,
            "{best:?}: {found:?}"
        );
        // Each box that was kept is one of the reference's, with its score.
        for found in &found {
            let is =
                |row: &&[f32; 5]| off(found, row) <= 0.002 && (found.score - row[4]).abs() <= 0.005;
            assert!(
                case.rows.iter().any(|row| is(&row)),
                "{found:?} is not in {:?}",
                case.rows
            );
        }
    }
}

/// A copy of the small OWLv2 with these bytes for others of the same number.
fn changed(here: &Path, from: &[u8], to: &[u8]) -> Model {
    assert_eq!(from.len(), to.len());
    for name in ["model.onnx", "tokenizer.json"] {
        let mut bytes = std::fs::read(file("onnx/owlv2").join(name)).unwrap();
        let places: Vec<_> = (0..bytes.len() - from.len())
            .filter(|at| bytes[*at..].starts_with(from))
            .collect();
        for at in places {
            bytes[at..at + to.len()].copy_from_slice(to);
        }
        std::fs::write(here.join(name), bytes).unwrap();
    }
    runtime().model("words", here.to_str()).unwrap()
}

#[test]
fn an_example_without_an_area_is_the_largest_box_of_the_phrases() {
    let settings = Settings {
        threshold: Some(0.0),
        ..Settings::of(phrases("creature").unwrap())
    };
    let mut detector = open("owlv2", settings).unwrap();
    let image = detector.plan().prepare(&drawn(320, 180)).unwrap();
    let boxes = detector.detect(&image).unwrap().into_iter();
    let largest = boxes.map(|found| found.rect);
    let largest = largest.max_by(|a, b| a.area().total_cmp(&b.area()));
    assert!(largest.is_some());
    detector.learn("one", &image, largest).unwrap();
    detector.learn("two", &image, None).unwrap();
    let shown = detector.examples();
    assert_eq!(shown[0].1, shown[1].1);
}

#[test]
fn an_export_whose_class_head_is_not_in_floats_takes_no_examples() {
    let here = tempfile::tempdir().unwrap();
    let model = changed(
        here.path(),
        b"class_head.logit_shift",
        b"class_head.logit_other",
    );
    let settings = Settings::of(phrases("creature").unwrap());
    let mut detector = Detector::open(&model, settings, &runtime()).unwrap();
    assert!(!detector.takes_examples());
    let image = detector.plan().prepare(&drawn(320, 180)).unwrap();
    let error = detector.learn("odd", &image, None).unwrap_err();
    assert!(error.to_string().contains("cannot be shown"), "{error}");
}

#[test]
fn grounding_dino_takes_no_examples() {
    let mut detector = open(
        "grounding_dino/coloured",
        Settings::of(phrases("a dragon").unwrap()),
    )
    .unwrap();
    assert!(!detector.takes_examples());
    let image = detector.plan().prepare(&coloured()).unwrap();
    assert!(detector.learn("red", &image, None).is_err());
}

#[test]
fn owl_takes_phrases_of_sixteen_tokens() {
    let wrong = open("owlv2", Settings::of(phrases(&"zebra ".repeat(9)).unwrap()));
    let error = format!("{:#}", wrong.unwrap_err());
    assert!(error.contains("no phrase of more than 14"), "{error}");
}

#[test]
fn each_box_has_the_phrase_that_fits() {
    let settings = Settings::of(phrases("a boy. the dragon. a creature. an animal=0.9").unwrap());
    let mut detector = open("grounding_dino/coloured", settings).unwrap();
    let all = found(&mut detector, &coloured());
    let said: Vec<_> = all
        .iter()
        .map(|found| {
            let second = found.second.as_ref().map(|second| second.label.as_str());
            (found.label.as_str(), second)
        })
        .collect();
    // 1 / (1 + e^-2) twice, then 1 / (1 + e^-1.5); what is blue is no animal of 0.9.
    assert_eq!(
        said,
        [
            ("a boy", None),
            ("the dragon", Some("a creature")),
            ("a creature", None)
        ]
    );
    for (score, found) in [0.8808, 0.8808, 0.8176].into_iter().zip(&all) {
        assert!((found.score - score).abs() < 1e-4, "{found:?}");
    }
    // A pixel of the input is five across and two and a half down.
    let dragon = all[1].rect.edges();
    for (edge, expected) in dragon.into_iter().zip([40.0, 40.0, 100.0, 120.0]) {
        assert!((edge - expected).abs() <= 5.0, "{dragon:?}");
    }
}

#[test]
fn an_export_that_knows_the_first_phrase_alone_is_asked_one_by_one() {
    let ask = |name: &str| {
        let settings = Settings::of(phrases("a cat. a boy. a dragon.").unwrap());
        let mut detector = open(&format!("grounding_dino/{name}"), settings).unwrap();
        let all = found(&mut detector, &coloured());
        let labels: Vec<_> = all.iter().map(|found| found.label.clone()).collect();
        (detector.passes(), labels)
    };
    let (passes, labels) = ask("coloured");
    assert_eq!((passes, labels.len()), (1, 3));
    assert_eq!(ask("frozen"), (3, labels));
}

#[test]
fn more_phrases_than_fit_are_several_passes() {
    let many: Vec<_> = (0..80)
        .map(|place| format!("the red boy {place} of green"))
        .collect();
    let settings = Settings::of(phrases(&format!("{}. a dragon", many.join(". "))).unwrap());
    let mut detector = open("grounding_dino/coloured", settings).unwrap();
    // Six tokens, unknown ones too, and a full stop: 36 phrases in 254.
    assert_eq!(detector.passes(), 3);
    let all = found(&mut detector, &coloured());
    let labels: Vec<_> = all.iter().map(|found| found.label.as_str()).collect();
    assert!(labels.contains(&"a dragon"), "{labels:?}");
    assert!(
        labels.iter().any(|label| label.starts_with("the red boy")),
        "{labels:?}"
    );
}

#[test]
fn what_cannot_be_asked_is_an_error() {
    let wrong = |name: &str, text: &str| {
        let error = open(
            &format!("grounding_dino/{name}"),
            Settings::of(phrases(text).unwrap()),
        )
        .unwrap_err();
        format!("{error:#}")
    };
    let error = wrong("coloured", "a dragon. Drachenfisch.");
    assert!(error.contains("`drachenfisch`"), "{error}");
    let error = wrong("coloured/model.onnx", "a dragon");
    assert!(error.contains("vocab.txt or tokenizer.json"), "{error}");
    let error = wrong("../rtdetr.onnx", "a dragon");
    assert!(error.contains("not a known detector by words"), "{error}");
}
