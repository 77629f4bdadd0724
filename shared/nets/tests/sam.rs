//! Segment Anything against graphs whose answers are known, and against the reference.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::{Path, PathBuf};

use nets::sam::{Layout, OFFSET, Prompt, Segmenter, best};
use onnx::{Device, ModelFlags, Runtime};
use vision::RgbImage;

fn graphs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/onnx/sam")
}

/// A folder with the two graphs of a model, under names that users' files have.
fn folder(encoder: &str, decoder: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [
        (encoder, "tiny.encoder.onnx"),
        (decoder, "tiny.decoder.onnx"),
    ] {
        fs::copy(graphs().join(from), folder.path().join(to)).unwrap();
    }
    folder
}

fn open(folder: &Path) -> anyhow::Result<Segmenter> {
    let flags = ModelFlags {
        model: Some(folder.to_str().unwrap().to_owned()),
        runtime: Runtime {
            device: Device::Cpu,
            threads: Some(2),
            ..Runtime::default()
        },
    };
    Segmenter::open(&flags.open("segment")?, &flags.runtime)
}

#[test]
fn a_box_comes_back_from_a_frame_of_another_shape() {
    let folder = folder("drawn2.encoder.onnx", "drawn2.decoder.onnx");
    let mut segmenter = open(folder.path()).unwrap();
    assert_eq!(segmenter.layout(), Layout::Sam2);
    for (width, height) in [(640, 271), (97, 403), (1024, 1024)] {
        let picture = RgbImage::new(width, height);
        let embedding = segmenter.encode(&picture).unwrap();
        let (w, h) = (f64::from(width), f64::from(height));
        let boxes = [
            [0.2 * w, 0.3 * h, 0.6 * w, 0.9 * h],
            [0.5 * w, 0.1 * h, 0.7 * w, 0.4 * h],
        ];
        let prompts = boxes.map(Prompt::of_box);
        let answers = segmenter.predict(&embedding, &prompts).unwrap();
        for (rectangle, candidates) in boxes.iter().zip(answers) {
            assert_eq!(candidates.len(), 3);
            let mask = best(candidates)
                .unwrap()
                .logits
                .cut(0.0, OFFSET)
                .unwrap()
                .mask;
            let bounds = mask.bounding_box().unwrap();
            let found = [bounds.left, bounds.top, bounds.right, bounds.bottom].map(f64::from);
            for (found, wanted) in found.iter().zip(rectangle) {
                assert!(
                    (found - wanted).abs() <= 0.75,
                    "{width}x{height}: {found} {wanted}"
                );
            }
        }
    }
}
