//! How ai-toolkit trains a view: a whole job, and the command.

use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Value, json};

use super::AiToolkit;
use crate::training::{CHECKPOINTS, Draft, Plan, Run, SEED, Word, model};
use crate::view::{DataSet, Group, View};

/// What ai-toolkit needs to know of a base model.
struct Model {
    /// The base models that this is for, between spaces.
    names: &'static str,
    /// `arch`.
    arch: &'static str,
    /// The repository of its weights.
    repository: &'static str,
    /// Further lines of `model`, as JSON.
    own: &'static str,
    /// Whether it learns to denoise by a flow, and not as Stable Diffusion 1 and XL do.
    flow: bool,
    /// How time steps are drawn; nothing is the default.
    timesteps: &'static str,
    /// The learning rate.
    learning_rate: f64,
    /// Guidance and steps of samples.
    sample: (f64, u32),
}

const EIGHT_BITS: &str = r#"{"quantize": true, "quantize_te": true}"#;
const LOW: &str =
    r#"{"quantize": true, "quantize_te": true, "qtype": "qfloat8", "low_vram": true}"#;

/// What all have in common, unless they say otherwise: `config/examples`.
const USUAL: Model = Model {
    names: "",
    arch: "",
    repository: "",
    own: EIGHT_BITS,
    flow: true,
    timesteps: "",
    learning_rate: 1e-4,
    sample: (4.0, 25),
};

/// The defaults of `ui/src/app/jobs/new/options.tsx` and of `config/examples`.
const MODELS: &[Model] = &[
    Model {
        names: "sd15",
        arch: "sd1",
        repository: "stable-diffusion-v1-5/stable-diffusion-v1-5",
        own: "{}",
        flow: false,
        sample: (6.0, 25),
        ..USUAL
    },
    Model {
        names: "sdxl",
        arch: "sdxl",
        repository: "stabilityai/stable-diffusion-xl-base-1.0",
        own: "{}",
        flow: false,
        sample: (6.0, 25),
        ..USUAL
    },
    Model {
        names: "illustrious",
        arch: "sdxl",
        repository: "OnomaAIResearch/Illustrious-XL-v1.0",
        own: "{}",
        flow: false,
        sample: (6.0, 25),
        ..USUAL
    },
    Model {
        names: "sd3",
        arch: "sd3",
        repository: "stabilityai/stable-diffusion-3.5-large",
        own: r#"{"quantize": true}"#,
        timesteps: "linear",
        ..USUAL
    },
    Model {
        names: "flux",
        arch: "flux",
        repository: "black-forest-labs/FLUX.1-dev",
        sample: (4.0, 20),
        ..USUAL
    },
    Model {
        names: "flux-schnell",
        arch: "flux",
        repository: "black-forest-labs/FLUX.1-schnell",
        own: r#"{"assistant_lora_path": "ostris/FLUX.1-schnell-training-adapter", "quantize": true}"#,
        sample: (1.0, 4),
        ..USUAL
    },
    Model {
        names: "flux2",
        arch: "flux2",
        repository: "black-forest-labs/FLUX.2-dev",
        own: LOW,
        timesteps: "weighted",
        ..USUAL
    },
    Model {
        names: "lumina",
        arch: "lumina2",
        repository: "Alpha-VLLM/Lumina-Image-2.0",
        own: r#"{"quantize_te": true}"#,
        timesteps: "lumina2_shift",
        ..USUAL
    },
    Model {
        names: "qwen-image",
        arch: "qwen_image",
        repository: "Qwen/Qwen-Image",
        own: LOW,
        timesteps: "weighted",
        sample: (3.0, 25),
        ..USUAL
    },
    Model {
        names: "z-image",
        arch: "zimage",
        repository: "Tongyi-MAI/Z-Image",
        own: LOW,
        timesteps: "weighted",
        sample: (4.0, 30),
        ..USUAL
    },
    Model {
        names: "chroma",
        arch: "chroma",
        repository: "lodestones/Chroma1-Base",
        ..USUAL
    },
    Model {
        names: "hidream",
        arch: "hidream",
        repository: "HiDream-ai/HiDream-I1-Full",
        timesteps: "shift",
        learning_rate: 2e-4,
        ..USUAL
    },
    Model {
        names: "krea2",
        arch: "krea2",
        repository: "krea/Krea-2-Raw",
        own: LOW,
        timesteps: "linear",
        ..USUAL
    },
    Model {
        names: "ideogram",
        arch: "ideogram4",
        repository: "ideogram-ai/ideogram-4-fp8",
        own: r#"{"quantize": true, "quantize_te": true, "low_vram": true, "unconditional_lora_path": "ostris/ideogram_4_unconditional_lora/ideogram_4_unconditional_lora_r16.safetensors"}"#,
        timesteps: "linear",
        ..USUAL
    },
    Model {
        names: "anima",
        arch: "anima",
        repository: "circlestone-labs/Anima-Base-v1.0-Diffusers",
        own: "{}",
        timesteps: "weighted",
        ..USUAL
    },
];

/// `linear_alpha` is `linear` in every example.
const ALPHA: f64 = 1.0;

/// The training of a view; `None` where ai-toolkit does not know the base model.
pub(super) fn run(set: &DataSet<'_>, plan: &Plan) -> Result<Option<Run>> {
    let known = MODELS.iter();
    let mut known = known.filter(|model| plan.base.is_among(model.names));
    let Some(known) = known.next() else {
        return Ok(None);
    };
    Ok(Some(Run {
        trainer: "ai-toolkit",
        program: "run.py",
        files: vec![(
            PathBuf::from("ai-toolkit/config.yaml"),
            whole(set, job(set, plan, known)?),
        )],
        weights: model(known.repository),
        learning_rate: known.learning_rate,
        alpha: Some(ALPHA),
        drafts: vec![Draft {
            from: PathBuf::from("ai-toolkit/config.yaml"),
            to: "config.yaml",
            values: vec![
                ("training_folder: ", Word::quoted("OUTPUT")),
                ("name_or_path: ", Word::quoted("MODEL")),
                ("linear: ", "$RANK".into()),
                ("linear_alpha: ", "$ALPHA".into()),
                ("steps: ", "$STEPS".into()),
                ("lr: ", "$LEARNING_RATE".into()),
                ("seed: ", "$SEED".into()),
            ],
            absolute: false,
        }],
        at_home: false,
        prints_loss: false,
        commands: vec![vec![
            "env".into(),
            "SEED=$SEED".into(),
            "$PYTHON".into(),
            "$TRAINER/run.py".into(),
            "$OUTPUT/config.yaml".into(),
        ]],
    }))
}

/// The whole file.
fn whole(set: &DataSet<'_>, mut job: Value) -> String {
    job["type"] = json!("sd_trainer");
    job["datasets"] = json!(super::datasets(set));
    if let Some(trigger) = set.trigger {
        job["trigger_word"] = json!(trigger);
    }
    let file = json!({"job": "extension", "config": {"name": set.slug, "process": [job]}});
    let mut text = String::new();
    write(&file, 0, &mut text);
    text
}

/// Writes YAML with a line for every key, whose scalars are those of JSON.
fn write(value: &Value, indent: usize, to: &mut String) {
    let blank = " ".repeat(indent);
    let nested = |value: &Value| match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(all) => all.iter().any(|one| one.is_object() || one.is_string()),
        _ => false,
    };
    if let Value::Object(map) = value {
        for (key, value) in map {
            if nested(value) {
                let _ = writeln!(to, "{blank}{key}:");
                write(value, indent + 2, to);
            } else {
                let _ = writeln!(to, "{blank}{key}: {value}");
            }
        }
    }
    for item in value.as_array().into_iter().flatten() {
        if !item.is_object() {
            let _ = writeln!(to, "{blank}- {item}");
            continue;
        }
        // The first key stands behind the hyphen.
        let start = to.len();
        write(item, indent + 2, to);
        to.replace_range(start + indent..=start + indent, "-");
    }
}

/// The process of a job, but for its data sets.
fn job(set: &DataSet<'_>, plan: &Plan, model: &Model) -> Result<Value> {
    let scheduler = if model.flow { "flowmatch" } else { "ddpm" };
    let mut train = json!({
        "batch_size": 1,
        "steps": plan.steps,
        "gradient_accumulation_steps": 1,
        "train_unet": true,
        "train_text_encoder": false,
        "gradient_checkpointing": true,
        "noise_scheduler": scheduler,
        "optimizer": "adamw8bit",
        "lr": model.learning_rate,
        "dtype": "bf16",
    });
    if !model.timesteps.is_empty() {
        train["timestep_type"] = json!(model.timesteps);
    }
    if plan.validated {
        train["validation_config"] = validation(set, plan)?;
    }
    let mut base = json!({"name_or_path": model.repository, "arch": model.arch});
    let own = serde_json::from_str::<Value>(model.own).ok();
    for (key, value) in own.iter().filter_map(Value::as_object).flatten() {
        base[key] = value.clone();
    }
    let side = if model.names == "sd15" { 512 } else { 1024 };
    let (guidance, steps) = model.sample;
    Ok(json!({
        "training_folder": "output",
        "network": {"type": "lora", "linear": plan.rank, "linear_alpha": plan.rank},
        "save": {"dtype": "float16", "save_every": plan.every, "max_step_saves_to_keep": CHECKPOINTS},
        "train": train,
        "model": base,
        "sample": {
            "sampler": scheduler,
            "sample_every": plan.every,
            "width": side,
            "height": side,
            "prompts": plan.prompts,
            "neg": "",
            "seed": SEED,
            "walk_seed": true,
            "guidance_scale": guidance,
            "sample_steps": steps,
        },
    }))
}

/// Images that are kept from training, of which the trainer says the loss.
fn validation(set: &DataSet<'_>, plan: &Plan) -> Result<Value> {
    let items = set.members(Group::Validation).map(|(number, one)| {
        let image = set.seen(AiToolkit.image(set, one));
        let said = set.says.of(number)?;
        Ok(json!({"image_path": image, "prompt": said.captions.first()}))
    });
    Ok(json!({
        "resolution": set.resolution,
        "validate_every_n_steps": plan.every,
        "validation_items": items.collect::<Result<Vec<_>>>()?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_an_object() {
        for model in MODELS {
            let preset = serde_json::from_str::<Value>(model.own);
            assert!(
                model.own.is_empty() || preset.is_ok_and(|preset| preset.is_object()),
                "{}",
                model.names
            );
        }
    }
}
