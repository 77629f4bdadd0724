//! Base models: how much of a caption is read, and the steps of buckets in each trainer.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use captions::encoder::Encoder;
use loaders::Trainer;
use loaders::bases::{BASES, base, steps};

const UNIGRAM: &[u8] = include_bytes!("../../captions/tests/encoders/unigram.json");
const BYTES: &[u8] = include_bytes!("../../captions/tests/encoders/bytes.json");

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
        (Trainer::AiToolkit, "sdxl", 16),
        (Trainer::AiToolkit, "flux", 32),
        (Trainer::AiToolkit, "flux2", 16),
        (Trainer::AiToolkit, "chroma", 32),
        (Trainer::AiToolkit, "qwen-image", 32),
        (Trainer::AiToolkit, "z-image", 16),
        (Trainer::AiToolkit, "wan", 16),
        (Trainer::DiffusionPipe, "flux", 16),
        (Trainer::DiffusionPipe, "hunyuan-image", 32),
        (Trainer::DiffusionPipe, "wan-5b", 32),
        (Trainer::OneTrainer, "sd15", 8),
        (Trainer::OneTrainer, "sdxl", 64),
        (Trainer::MusubiTuner, "krea2", 16),
        (Trainer::SimpleTuner, "sdxl", 64),
        (Trainer::SimpleTuner, "flux2", 16),
        (Trainer::SimpleTuner, "wan", 32),
    ];
    for (trainer, name, expected) in table {
        let found = steps(trainer, Some(base(name).unwrap()));
        assert_eq!(found, Some(expected), "{trainer}, {name}");
    }
}

#[test]
fn a_trainer_that_does_not_train_a_base_model_is_known_not_to() {
    let hunyuan = base("hunyuan-image").unwrap();
    assert!(hunyuan.is_trained_by(Trainer::DiffusionPipe));
    assert!(hunyuan.is_trained_by(Trainer::SdScripts));
    assert!(!hunyuan.is_trained_by(Trainer::AiToolkit));
    // The usual steps are taken then.
    assert_eq!(steps(Trainer::AiToolkit, Some(hunyuan)), Some(16));
}

#[test]
fn every_base_model_is_trained_by_a_trainer_whose_buckets_are_known() {
    for base in BASES {
        let trained = Trainer::ALL
            .into_iter()
            .filter(|trainer| steps(*trainer, None).is_some() && base.is_trained_by(*trainer));
        assert!(trained.count() > 0, "{}", base.name);
    }
}
