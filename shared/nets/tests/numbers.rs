//! What every network family answers, under which number: an answer that changes under the same number
//! would be served from the cache as it was.
//!
//! The answers of small networks to a drawn image are stored in `expected/answers.json`. Where one
//! changes and is meant to, raise the family's `ANSWER` and run the test with `UPDATE=1`.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use nets::caption::{Captioner, Settings, florence};
use nets::embed::text::TextEncoder;
use nets::embed::{Crops, Embedder, mean_direction};
use nets::emotion::{Classifier, FaceImage};
use nets::inpaint::{self, Inpainter};
use nets::pose::Estimator;
use nets::sam::{OFFSET, Prompt, Segmenter, best};
use nets::tagger::{self, Tagger};
use nets::track::{self, Tracker, Way};
use nets::{
    align, caption, detect, embed, emotion, face, grounding, landmark, matte, pose, sam, sam3,
    shot, text,
};
use onnx::{Device, Model, Provenance, Registry, Runtime};
use serde::{Deserialize, Serialize};
use vision::mask::Mask;
use vision::{Rect, RgbImage};

/// How far numbers may lie apart, relative to the larger, or absolutely below 1: processors round
/// differently.
const APART: f64 = 2e-3;

/// An answer in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Said {
    /// The number of the family's answers.
    answer: u32,
    /// Some of the numbers that the answer is of.
    says: Vec<f64>,
}

impl Said {
    fn of(
        network: &Provenance,
        says: impl IntoIterator<Item = impl Into<f64>>,
    ) -> (&'static str, Self) {
        let round = |number: f64| (number * 1e4).round() / 1e4;
        let says = says.into_iter().map(|number| round(number.into()));
        let said = Self {
            answer: network.answer,
            says: says.take(60).collect(),
        };
        (network.family, said)
    }

    fn is_like(&self, other: &Self) -> bool {
        let near = |(a, b): (&f64, &f64)| (a - b).abs() <= APART * a.abs().max(b.abs()).max(1.0);
        self.says.len() == other.says.len() && self.says.iter().zip(&other.says).all(near)
    }
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

fn model(name: &str) -> Model {
    let path = file("onnx").join(name);
    runtime().model("any", path.to_str()).unwrap()
}

/// The graph as a registry's model of `family`, for those that cannot be told by their ports.
fn registered(graph: &str, family: &str) -> Model {
    let folder = tempfile::tempdir().unwrap();
    let entry = format!(
        "[[model]]\nname = \"own\"\nrole = \"any\"\nfamily = \"{family}\"\nlicence = \"MIT\"\nfolder = \".\"\n\
         [[model.file]]\npath = \"own.onnx\"\nsha256 = \"unconfirmed\"\n"
    );
    fs::write(folder.path().join("registry.toml"), entry).unwrap();
    fs::copy(file("onnx").join(graph), folder.path().join("own.onnx")).unwrap();
    let registry = Registry::open(Some(&folder.keep())).unwrap();
    registry.model("any", Some("own")).unwrap()
}

/// Faces, near enough: discs on waves.
fn image() -> RgbImage {
    RgbImage::from_fn(240, 180, |x, y| {
        let disc = |cx: f64, cy: f64, r: f64| (f64::from(x) - cx).hypot(f64::from(y) - cy) < r;
        if disc(80.0, 70.0, 6.0) || disc(120.0, 70.0, 6.0) {
            return image::Rgb([20, 20, 40]);
        }
        if disc(100.0, 85.0, 50.0) {
            return image::Rgb([230, 180, 150]);
        }
        image::Rgb([x * 255 / 240, (x * y) % 251, 255 - y].map(|level| level as u8))
    })
}

const FACE: Rect<f32> = Rect {
    left: 50.0,
    top: 35.0,
    right: 150.0,
    bottom: 135.0,
};

fn detected(model: &Model) -> (&'static str, Said) {
    let mut detector = detect::Detector::open(model, &runtime()).unwrap();
    let settings = detect::Settings {
        classes: vec!["all".to_owned()],
        tiles: 1,
        ..detect::Settings::default()
    };
    let found = detector.detect(&image(), &settings).unwrap();
    let numbers = found
        .iter()
        .take(9)
        .flat_map(|found| found.rect.edges().into_iter().chain([found.score]));
    let count = found.len() as f32;
    Said::of(detector.provenance(), std::iter::once(count).chain(numbers))
}

fn grounded(folder: &str) -> (&'static str, Said) {
    let settings = grounding::Settings::of(nets::words::phrases("a boy. a cat.").unwrap());
    let mut detector = grounding::Detector::open(&model(folder), settings, &runtime()).unwrap();
    let prepared = detector.plan().prepare(&image()).unwrap();
    let found = detector.detect(&prepared).unwrap();
    let numbers = { found.iter().take(5) }.flat_map(|found| {
        let label = found.label.len() as f32;
        { found.rect.edges().into_iter() }.chain([found.score, label])
    });
    let count = found.len() as f32;
    Said::of(detector.provenance(), std::iter::once(count).chain(numbers))
}

fn faces(graph: &str) -> (&'static str, Said) {
    let mut detector = face::Detector::open(&model(graph), &runtime()).unwrap();
    let input = detector.plan().prepare(&image(), 320).unwrap();
    let found = detector.run(input, 0.02).unwrap();
    let numbers = found.iter().take(3).flat_map(|face| {
        let marks = face.landmarks.into_iter().flatten().flatten();
        face.rect
            .edges()
            .into_iter()
            .chain([face.score])
            .chain(marks)
    });
    let count = found.len() as f32;
    Said::of(detector.provenance(), std::iter::once(count).chain(numbers))
}

fn expression(graph: &str) -> (&'static str, Said) {
    let mut network = Classifier::open(&model(graph), &runtime()).unwrap();
    let face_image = FaceImage {
        image: &image(),
        rect: FACE,
        landmarks: Some(align::TEMPLATE.map(|place| place.map(|at| at + 40.0))),
    };
    let input = network.plan().prepare(&face_image).unwrap();
    let answer = network.run(input).unwrap();
    let scores = network.plan().columns().decode(&answer).unwrap();
    let numbers = scores
        .into_iter()
        .map(|(emotion, score)| f64::from(score) + f64::from(emotion as u8));
    Said::of(network.provenance(), numbers)
}

/// The vector of the image, and that of a text where there are texts.
fn embedded(folder: &str, family: &str, text: bool) -> (&'static str, Said) {
    let model = model(folder);
    let family = embed::ROLE.named(family).unwrap();
    let mut embedder = Embedder::open(&model, Some(family), None, 1, &runtime()).unwrap();
    let views = embedder
        .processing()
        .prepare(&image(), Crops::Wide)
        .unwrap();
    let vectors = embedder.embed(&views).unwrap();
    let mut numbers: Vec<f32> = mean_direction(&vectors).unwrap();
    numbers.truncate(16);
    if text {
        let mut encoder = TextEncoder::open(&model, Some(family), &runtime()).unwrap();
        numbers.extend(
            encoder
                .encode("a boy in a harbour")
                .unwrap()
                .iter()
                .take(16),
        );
    }
    Said::of(embedder.net().provenance(), numbers)
}

fn posed(graph: &str) -> (&'static str, Said) {
    let graph = format!("../../../../tools/rtmpose/tests/onnx/{graph}");
    let mut estimator = Estimator::open(&model(&graph), false, &runtime()).unwrap();
    let crop = estimator.view().crop(&image(), FACE.map(f64::from));
    let poses = estimator.run(&[crop.unwrap()]).unwrap();
    let numbers: Vec<f64> = poses[0].keypoints.iter().flatten().copied().collect();
    Said::of(estimator.net().provenance(), numbers)
}

fn marked(graph: &str) -> (&'static str, Said) {
    let mut estimator = landmark::Estimator::open(&model(graph), true, &runtime()).unwrap();
    let crop = { estimator.plan() }.crop(&image(), FACE.map(f64::from));
    let points = estimator.run(&crop.unwrap()).unwrap();
    Said::of(estimator.provenance(), points.into_iter().flatten())
}

fn matted(graph: &str) -> (&'static str, Said) {
    let mut network = matte::Matting::open(&model(graph), &runtime()).unwrap();
    let numbers = matte::prepare(&image(), network.side()).unwrap();
    let matte = network.run(numbers, image().dimensions()).unwrap();
    // A level or two up or down is rounding.
    let levels =
        { matte.as_raw().iter().step_by(911) }.map(|level| (f64::from(*level) / 8.0).round());
    Said::of(network.provenance(), levels)
}

fn segmented(folder: &str) -> (&'static str, Said) {
    let mut segmenter = Segmenter::open(&model(folder), &runtime()).unwrap();
    let embedding = segmenter.encode(&image()).unwrap();
    let prompts = [
        Prompt::of_box(FACE.map(f64::from)),
        Prompt::at([100.0, 85.0]),
    ];
    let answers = segmenter.predict(&embedding, &prompts).unwrap();
    let numbers = answers.into_iter().flat_map(|candidates| {
        let candidate = best(candidates).unwrap();
        let cut = candidate.logits.cut(0.0, OFFSET).unwrap();
        // A pixel at the threshold may fall to either side: to a hundredth.
        let area = cut.mask.area() as f64 / 43_200.0;
        [
            f64::from(candidate.iou),
            (cut.stability * 100.0).round() / 100.0,
            (area * 100.0).round() / 100.0,
        ]
    });
    Said::of(segmenter.provenance(), numbers.collect::<Vec<_>>())
}

fn named_by_words() -> (&'static str, Said) {
    let mut segmenter = sam3::Segmenter::open(&model("sam3"), &runtime()).unwrap();
    let prepared = sam3::prepare(&image()).unwrap();
    let asked = [
        sam3::Asked::words("a boy in a harbour"),
        sam3::Asked::like(FACE.map(f64::from)),
    ];
    let answers = segmenter.find(prepared, &asked).unwrap();
    let numbers = answers.into_iter().flatten().flat_map(|found| {
        // A pixel at the threshold may fall to either side: to a hundredth.
        let area = found.mask.area() as f64 / 43_200.0;
        [f64::from(found.score), (area * 100.0).round() / 100.0]
    });
    Said::of(segmenter.provenance(), numbers.collect::<Vec<_>>())
}

fn filled(graph: &str) -> (&'static str, Said) {
    let mut network = Inpainter::open(&model(graph), &runtime()).unwrap();
    let hole = Mask::from_fn(240, 180, |x, y| x.abs_diff(100) < 40 && y.abs_diff(80) < 30).unwrap();
    let crops = inpaint::crops(&hole, 1.0).unwrap();
    let filled = network.fill(&image(), &hole).unwrap();
    let side = crops[0].rect.width();
    let levels = filled
        .as_raw()
        .iter()
        .step_by(2711)
        .map(|level| f64::from(*level));
    // A level up or down is rounding.
    let levels = levels.map(|level| (level / 8.0).round());
    Said::of(
        network.provenance(),
        std::iter::once(f64::from(side)).chain(levels),
    )
}

fn tagged() -> (&'static str, Said) {
    let mut network = Tagger::open(&model("tiny-tagger"), 1, &runtime()).unwrap();
    let image = tagger::prepare(&image(), network.side()).unwrap();
    let probabilities = network.tag(&[image]).unwrap().remove(0);
    Said::of(network.net().provenance(), probabilities)
}

fn changes_of_shot() -> (&'static str, Said) {
    let mut detector = shot::Detector::open(&model("shot/scores.onnx"), &runtime()).unwrap();
    let frame = shot::frame(&image()).unwrap();
    for number in 0..30 {
        let mut frame = frame.clone();
        if number > 12 {
            image::imageops::invert(&mut frame);
        }
        detector.push(&frame).unwrap();
    }
    let scores = detector.finish().unwrap();
    Said::of(
        detector.net().provenance(),
        scores.last.into_iter().chain(scores.within),
    )
}

/// A face, and where it is in the frame after.
fn tracked() -> (&'static str, Said) {
    let mut network = Tracker::open(&model("track"), &runtime()).unwrap();
    let scaled = Tracker::scaled(network.side(), &image()).unwrap();
    let seen = network.encode(&scaled).unwrap();
    let first = network.prompt(&seen, FACE.map(f64::from)).unwrap();
    let mut bank = track::Bank::default();
    bank.prompt(0, network.remember(&seen, &first, true).unwrap());
    let second = network.follow(&seen, &bank, (1, Way::Forward, 4)).unwrap();
    let numbers = [first, second].map(|found| {
        let area = found.logits.cut(0.0, OFFSET).unwrap().mask.area() as f64 / 43_200.0;
        let area = (area * 100.0).round() / 100.0;
        [f64::from(found.iou), f64::from(found.presence), area]
    });
    Said::of(network.provenance(), numbers.into_iter().flatten())
}

fn lettered() -> (&'static str, Said) {
    let mut detector = text::Detector::open(&model("text/bright.onnx"), &runtime()).unwrap();
    let prepared = text::prepare(&image(), 640).unwrap();
    let found = detector.run(prepared, 0.3).unwrap();
    // A pixel at the threshold may fall to either side.
    let numbers = found.iter().flat_map(|found| {
        let edges = found.rect.edges().map(|edge| (edge / 8.0).round());
        edges.into_iter().chain([(found.score * 100.0).round()])
    });
    Said::of(detector.provenance(), numbers)
}

/// The tokens of a caption are words of the small vocabulary, w5 and so on.
fn captioned(folder: &str) -> (&'static str, Said) {
    let settings = Settings {
        task: &florence::TASKS[0],
        most: Some(12),
        beams: 3,
        split: false,
    };
    let mut network = Captioner::open(&model(folder), settings, &runtime()).unwrap();
    let asked = network.plan().prepare(&image(), "w5".to_owned()).unwrap();
    let described = network.describe(&[asked], &mut 1).unwrap().remove(0);
    let letters = described.text.bytes().map(f64::from);
    let count = described.tokens as f64;
    Said::of(&network.provenance(), std::iter::once(count).chain(letters))
}

/// What each family says now.
fn now() -> BTreeMap<String, Said> {
    let said = [
        detected(&model("yolox.onnx")),
        detected(&registered("rtmdet_suppressed.onnx", "rtmdet")),
        detected(&model("rtdetr.onnx")),
        grounded("grounding_dino/tiny"),
        grounded("owlv2"),
        faces("face/centerface.onnx"),
        faces("face/retinaface_640.onnx"),
        faces("face/scrfd.onnx"),
        faces("face/ultraface_320.onnx"),
        faces("face/yolo_face.onnx"),
        faces("face/yunet_dynamic.onnx"),
        expression("face/fer_mobilefacenet_tiny.onnx"),
        expression("face/ferplus_tiny.onnx"),
        expression("face/enet_b0_8_tiny.onnx"),
        expression("face/mini_xception_tiny.onnx"),
        embedded("tiny-clip", "clip", true),
        embedded("tiny-siglip2", "siglip", false),
        embedded("tiny-siglip2", "siglip2", true),
        embedded("tiny-dinov2", "dinov2", false),
        posed("body17.onnx"),
        posed("movenet.onnx"),
        marked("landmark.onnx"),
        matted("matte/logits.onnx"),
        segmented("sam/sam1"),
        segmented("sam/sam2"),
        segmented("sam/sam21"),
        named_by_words(),
        filled("lama_512.onnx"),
        filled("migan.onnx"),
        tagged(),
        changes_of_shot(),
        tracked(),
        lettered(),
        captioned("florence"),
        captioned("smolvlm"),
    ];
    said.into_iter()
        .map(|(family, said)| (family.to_owned(), said))
        .collect()
}

#[test]
fn an_answer_changes_only_with_its_number() {
    let path = file("expected/answers.json");
    let stored = fs::read(&path).unwrap_or_else(|_| b"{}".to_vec());
    let stored: BTreeMap<String, Said> = serde_json::from_slice(&stored).unwrap();
    let now = now();
    for (family, now) in &now {
        assert!(!now.says.is_empty(), "{family}: says nothing here");
        let Some(then) = stored.get(family) else {
            continue;
        };
        assert!(then.answer <= now.answer, "{family}: its ANSWER went down");
        assert!(
            then.answer < now.answer || then.is_like(now),
            "{family} answers otherwise than before: raise its ANSWER, and run this test with UPDATE=1\n\
             before {:?}\nnow    {:?}",
            then.says,
            now.says
        );
    }
    let numbers = |said: &BTreeMap<String, Said>| -> Vec<(String, u32)> {
        let numbers = said
            .iter()
            .map(|(family, said)| (family.clone(), said.answer));
        numbers.collect()
    };
    if std::env::var_os("UPDATE").is_some() {
        let lines = now.iter().map(|(family, said)| {
            let said = serde_json::to_string(said).unwrap();
            format!("\"{family}\": {said}")
        });
        let lines: Vec<_> = lines.collect();
        fs::write(&path, format!("{{\n{}\n}}\n", lines.join(",\n"))).unwrap();
    } else {
        assert_eq!(
            numbers(&stored),
            numbers(&now),
            "run this test with UPDATE=1"
        );
    }
}

#[test]
fn every_family_of_a_role_is_among_them() {
    let roles = [
        detect::ROLE.answers(),
        grounding::ROLE.answers(),
        face::ROLE.answers(),
        emotion::ROLE.answers(),
        embed::ROLE.answers(),
        pose::ROLE.answers(),
        landmark::ROLE.answers(),
        sam::ROLE.answers(),
        sam3::answers(),
        inpaint::ROLE.answers(),
        matte::answers(),
        tagger::answers(),
        shot::answers(),
        track::answers(),
        text::answers(),
        caption::ROLE.answers(),
    ];
    let known = roles.into_iter().flatten();
    let known = known.map(|(family, answer)| (family.to_owned(), answer));
    let found = now()
        .into_iter()
        .map(|(family, said)| (family, said.answer));
    assert_eq!(known.collect::<BTreeMap<_, _>>(), found.collect());
}
