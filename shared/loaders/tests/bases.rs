//! Base models: how much of a caption is read, and the steps of buckets in each trainer.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use captions::encoder::Encoder;
use loaders::bases::{BASES, Base, Steps, base};
use loaders::trainers::{TRAINERS, named};

const UNIGRAM: &[u8] = include_bytes!("../../captions/tests/encoders/unigram.json");
const BYTES: &[u8] = include_bytes!("../../captions/tests/encoders/bytes.json");

fn steps(trainer: &str) -> Steps {
    named(trainer).unwrap().profile().steps.unwrap()
}

#[test]
fn a_base_model_reads_what_its_marks_leave() {
    let t5 = Encoder::parse(UNIGRAM).unwrap();
    for (name, tokens) in [("flux", 511), ("sd3", 255), ("hidream", 127)] {
        assert_eq!(base(name).unwrap().budget(&t5), tokens, "{name}");
    }
    let qwen = Encoder::parse(BYTES).unwrap();
    for (name, tokens) in [("qwen-image", 512), ("z-image", 512), ("ideogram", 2048)] {
        assert_eq!(base(name).unwrap().budget(&qwen), tokens, "{name}");
    }
}

#[test]
fn sides_of_buckets_step_by_what_trainer_and_base_model_say() {
    let table = [
        ("ai-toolkit", "sdxl", 16),
        ("ai-toolkit", "flux", 32),
        ("ai-toolkit", "flux2", 16),
        ("ai-toolkit", "chroma", 32),
        ("ai-toolkit", "qwen-image", 32),
        ("ai-toolkit", "z-image", 16),
        ("ai-toolkit", "wan", 16),
        ("diffusion-pipe", "flux", 16),
        ("diffusion-pipe", "hunyuan-image", 32),
        ("diffusion-pipe", "wan-5b", 32),
        ("onetrainer", "sd15", 8),
        ("onetrainer", "sdxl", 64),
        ("musubi-tuner", "krea2", 16),
        ("simpletuner", "sdxl", 64),
        ("simpletuner", "flux2", 16),
        ("simpletuner", "wan", 32),
    ];
    for (trainer, name, expected) in table {
        let found = steps(trainer).of(Some(base(name).unwrap()));
        assert_eq!(found, expected, "{trainer}, {name}");
    }
}

#[test]
fn a_trainer_that_does_not_train_a_base_model_is_known_not_to() {
    let hunyuan = base("hunyuan-image").unwrap();
    assert!(steps("diffusion-pipe").has(hunyuan));
    assert!(named("sd-scripts").unwrap().profile().steps.is_none());
    assert!(!steps("ai-toolkit").has(hunyuan));
    // The usual steps are taken then.
    assert_eq!(steps("ai-toolkit").of(Some(hunyuan)), 16);
}

#[test]
fn steps_and_base_models_know_of_each_other() {
    let all = || {
        TRAINERS
            .iter()
            .filter_map(|trainer| trainer.profile().steps)
    };
    for base in BASES {
        assert!(all().any(|steps| steps.has(base)), "{}", base.name);
    }
    let known = |name: &str| base(name).is_ok_and(|base: &Base| base.name == name);
    for (_, names) in all().flat_map(|steps| steps.of) {
        assert!(names.split(' ').all(known), "{names}");
    }
}

#[test]
fn make_knows_every_base_model() {
    let path = "../../tools/phase/make/names.py";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(path).unwrap();
    let (_, list) = text.split_once("\"BASE\": [").unwrap();
    let (list, _) = list.split_once(']').unwrap();
    for one in BASES {
        assert!(list.contains(&format!("\"{}\"", one.name)), "{}", one.name);
    }
    for name in list
        .split(',')
        .map(|name| name.trim().trim_matches('"'))
        .filter(|name| !name.is_empty())
    {
        assert!(base(name).is_ok(), "{name}");
    }
}
