//! How `OneTrainer` trains a view: `config.json`, `samples.json`, and the command.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::training::{Draft, Plan, Run, SEED, Word, model};
use crate::view::DataSet;

/// What `OneTrainer` needs to know of a base model.
struct Model {
    /// The base models that this is for, between spaces.
    names: &'static str,
    /// `model_type`.
    kind: &'static str,
    /// The repository of its weights.
    repository: &'static str,
    /// The learning rate.
    learning_rate: f64,
    /// What its preset says besides, as JSON.
    preset: &'static str,
    /// Pixels on a side, steps and guidance of samples.
    sample: (u32, u32, f64),
}

const USUAL: Model = Model {
    names: "",
    kind: "",
    repository: "",
    learning_rate: 3e-4,
    preset: "{}",
    sample: (1024, 30, 7.5),
};

const XL: &str = r#"{"layer_filter_preset": "attn-mlp", "output_model_format": "KOHYA_LORA",
    "unet": {"weight_dtype": "FLOAT_16"}, "vae": {"weight_dtype": "FLOAT_32"},
    "text_encoder": {"train": false, "weight_dtype": "FLOAT_16"},
    "text_encoder_2": {"train": false, "weight_dtype": "FLOAT_16"}}"#;

/// `training_presets`, and for samples `modules/util/config/SampleConfig.py`. Batches of one instead of
/// four or two, since `OneTrainer` leaves out what fills no whole batch of a bucket.
const MODELS: &[Model] = &[
    Model {
        names: "sd15",
        kind: "STABLE_DIFFUSION_15",
        repository: "stable-diffusion-v1-5/stable-diffusion-v1-5",
        preset: r#"{"layer_filter_preset": "attn-mlp", "output_model_format": "KOHYA_LORA",
            "unet": {"weight_dtype": "FLOAT_16"}, "vae": {"weight_dtype": "FLOAT_32"},
            "text_encoder": {"weight_dtype": "FLOAT_16"}}"#,
        sample: (512, 30, 7.5),
        ..USUAL
    },
    Model {
        names: "sdxl",
        kind: "STABLE_DIFFUSION_XL_10_BASE",
        repository: "stabilityai/stable-diffusion-xl-base-1.0",
        preset: XL,
        ..USUAL
    },
    Model {
        names: "illustrious",
        kind: "STABLE_DIFFUSION_XL_10_BASE",
        repository: "OnomaAIResearch/Illustrious-XL-v1.0",
        preset: XL,
        ..USUAL
    },
    Model {
        names: "sd3",
        kind: "STABLE_DIFFUSION_3",
        repository: "stabilityai/stable-diffusion-3-medium-diffusers",
        preset: r#"{"output_model_format": "DIFFUSERS_LORA", "timestep_distribution": "LOGIT_NORMAL",
            "transformer": {"train": true, "weight_dtype": "FLOAT_16"}, "vae": {"weight_dtype": "FLOAT_32"},
            "text_encoder": {"train": false, "weight_dtype": "FLOAT_16"},
            "text_encoder_2": {"train": false, "weight_dtype": "FLOAT_16"},
            "text_encoder_3": {"train": false, "weight_dtype": "FLOAT_16"}}"#,
        sample: (1024, 28, 7.0),
        ..USUAL
    },
    Model {
        names: "flux",
        kind: "FLUX_DEV_1",
        repository: "black-forest-labs/FLUX.1-dev",
        preset: r#"{"output_model_format": "DIFFUSERS_LORA", "timestep_distribution": "LOGIT_NORMAL",
            "dynamic_timestep_shifting": true, "train_dtype": "BFLOAT_16",
            "transformer": {"train": true, "weight_dtype": "NFLOAT_4"}, "vae": {"weight_dtype": "FLOAT_32"},
            "text_encoder": {"train": false, "weight_dtype": "BFLOAT_16"},
            "text_encoder_2": {"train": false, "weight_dtype": "NFLOAT_4"}}"#,
        sample: (1024, 30, 3.5),
        ..USUAL
    },
    Model {
        names: "flux2",
        kind: "FLUX_2",
        repository: "black-forest-labs/FLUX.2-klein-base-9B",
        learning_rate: 3e-5,
        preset: r#"{"output_model_format": "DIFFUSERS_LORA", "timestep_distribution": "LOGIT_NORMAL",
            "dynamic_timestep_shifting": true, "compile": true,
            "train_dtype": "BFLOAT_16", "output_dtype": "BFLOAT_16",
            "transformer": {"train": true, "weight_dtype": "INT_W8A8"}, "vae": {"weight_dtype": "FLOAT_32"},
            "text_encoder": {"train": false, "weight_dtype": "FLOAT_8"},
            "layer_filter": "transformer_block", "layer_filter_preset": "blocks",
            "quantization": {"layer_filter": "transformer_block", "layer_filter_preset": "blocks"}}"#,
        sample: (1024, 30, 4.0),
    },
    Model {
        names: "qwen-image",
        kind: "QWEN",
        repository: "Qwen/Qwen-Image",
        preset: r#"{"output_model_format": "DIFFUSERS_LORA", "timestep_distribution": "LOGIT_NORMAL",
            "train_dtype": "BFLOAT_16", "output_dtype": "BFLOAT_16",
            "transformer": {"train": true, "weight_dtype": "FLOAT_8", "offload_fraction": 0.1},
            "text_encoder": {"train": false, "weight_dtype": "FLOAT_8"}, "vae": {"weight_dtype": "FLOAT_32"},
            "layer_filter": "attn,img_mlp,txt_mlp", "layer_filter_preset": "attn-mlp",
            "quantization": {"layer_filter": "transformer_block", "layer_filter_preset": "blocks"}}"#,
        sample: (1024, 25, 3.5),
        ..USUAL
    },
    Model {
        names: "z-image",
        kind: "Z_IMAGE",
        repository: "Tongyi-MAI/Z-Image",
        preset: r#"{"output_model_format": "DIFFUSERS_LORA", "timestep_distribution": "LOGIT_NORMAL",
            "compile": true, "train_dtype": "BFLOAT_16", "output_dtype": "BFLOAT_16",
            "transformer": {"train": true, "weight_dtype": "FLOAT_8"},
            "text_encoder": {"train": false, "weight_dtype": "FLOAT_8"}, "vae": {"weight_dtype": "FLOAT_32"},
            "layer_filter": "^(?=.*attention)(?!.*refiner).*,^(?=.*feed_forward)(?!.*refiner).*",
            "layer_filter_preset": "attn-mlp", "layer_filter_regex": true,
            "quantization": {"layer_filter": "layers", "layer_filter_preset": "blocks"}}"#,
        sample: (1024, 28, 4.0),
        ..USUAL
    },
    Model {
        names: "chroma",
        kind: "CHROMA_1",
        repository: "lodestones/Chroma1-HD",
        preset: r#"{"output_model_format": "DIFFUSERS_LORA", "timestep_distribution": "INVERTED_PARABOLA",
            "noising_weight": 7.7, "train_dtype": "BFLOAT_16", "output_dtype": "BFLOAT_16",
            "transformer": {"train": true, "weight_dtype": "BFLOAT_16"},
            "text_encoder": {"train": false, "weight_dtype": "BFLOAT_16"}, "vae": {"weight_dtype": "FLOAT_32"},
            "layer_filter": "attn,ff.net,proj_mlp", "layer_filter_preset": "attn-mlp",
            "quantization": {"layer_filter": "transformer_block", "layer_filter_preset": "blocks"}}"#,
        sample: (1024, 30, 3.5),
        ..USUAL
    },
    Model {
        names: "hidream",
        kind: "HI_DREAM_FULL",
        repository: "HiDream-ai/HiDream-I1-Full",
        preset: r#"{"output_model_format": "DIFFUSERS_LORA", "timestep_distribution": "LOGIT_NORMAL",
            "dataloader_threads": 1, "train_dtype": "BFLOAT_16",
            "transformer": {"train": true, "weight_dtype": "FLOAT_8", "offload_fraction": 0.5},
            "text_encoder": {"train": false, "weight_dtype": "FLOAT_8"},
            "text_encoder_2": {"train": false, "weight_dtype": "FLOAT_8"},
            "text_encoder_3": {"train": false, "weight_dtype": "FLOAT_8", "offload_fraction": 0.5},
            "text_encoder_4": {"model_name": "meta-llama/Llama-3.1-8B-Instruct", "train": false,
                "weight_dtype": "FLOAT_8", "offload_fraction": 0.5},
            "vae": {"weight_dtype": "FLOAT_32"}}"#,
        sample: (1024, 28, 5.0),
        ..USUAL
    },
    Model {
        names: "krea2",
        kind: "KREA_2",
        repository: "krea/Krea-2-Raw",
        preset: r#"{"output_model_format": "DIFFUSERS_LORA", "timestep_distribution": "LOGIT_NORMAL",
            "compile": true, "attention_mechanism": "CUDNN",
            "train_dtype": "BFLOAT_16", "output_dtype": "BFLOAT_16",
            "transformer": {"train": true, "weight_dtype": "INT_W8A8"},
            "text_encoder": {"train": false, "weight_dtype": "FLOAT_8"}, "vae": {"weight_dtype": "FLOAT_32"},
            "layer_filter": "attn,ff", "layer_filter_preset": "attn-mlp",
            "quantization": {"layer_filter": "attn,ff", "layer_filter_preset": "attn-mlp"}}"#,
        sample: (1024, 28, 3.5),
        ..USUAL
    },
    Model {
        names: "anima",
        kind: "ANIMA",
        repository: "circlestone-labs/Anima-Base-v1.0-Diffusers",
        learning_rate: 3e-5,
        preset: r#"{"output_model_format": "KOHYA_LORA", "timestep_distribution": "LOGIT_NORMAL",
            "compile": true, "train_dtype": "BFLOAT_16", "output_dtype": "BFLOAT_16",
            "transformer": {"train": true, "weight_dtype": "INT_W8A8"},
            "text_encoder": {"train": false, "weight_dtype": "FLOAT_8"}, "vae": {"weight_dtype": "FLOAT_32"},
            "layer_filter": "attn1,attn2,ff", "layer_filter_preset": "attn-mlp",
            "quantization": {"layer_filter": "attn1,attn2,ff", "layer_filter_preset": "attn-mlp"}}"#,
        sample: (1024, 25, 4.0),
    },
    Model {
        names: "ideogram",
        kind: "IDEOGRAM_4",
        repository: "CalamitousFelicitousness/Ideogram-4-bf16-Diffusers",
        learning_rate: 5e-5,
        preset: r#"{"output_model_format": "COMFY_LORA", "timestep_distribution": "LOGIT_NORMAL",
            "compile": true, "train_dtype": "BFLOAT_16", "output_dtype": "BFLOAT_16",
            "transformer": {"train": true, "weight_dtype": "INT_W8A8"},
            "unconditional_transformer": {"weight_dtype": "NFLOAT_4", "offload_fraction": 1.0},
            "text_encoder": {"train": false, "weight_dtype": "NFLOAT_4"}, "vae": {"weight_dtype": "FLOAT_32"},
            "layer_filter": "attention,feed_forward", "layer_filter_preset": "attn-mlp",
            "quantization": {"layer_filter": "layers", "layer_filter_preset": "blocks"}}"#,
        sample: (1024, 25, 3.0),
    },
];

/// `lora_alpha` over `lora_rank`, 1 and 16, of `modules/util/config/TrainConfig.py`.
const ALPHA: f64 = 1.0 / 16.0;

/// `config_version` of that file: without it the values would be taken for those of an old one.
const VERSION: u32 = 11;

/// What is asked of the configuration when it is run.
const VALUES: [&str; 9] = [
    "base_model_name=$MODEL",
    "concept_file_name=$OUTPUT/concepts.json",
    "sample_definition_file_name=$OUTPUT/samples.json",
    "workspace_dir=$OUTPUT/workspace",
    "cache_dir=$OUTPUT/cache",
    "output_model_destination=$OUTPUT/lora.safetensors",
    "learning_rate=$LEARNING_RATE",
    "lora_rank=$RANK",
    "lora_alpha=$ALPHA",
];

/// The training of a view; `None` where `OneTrainer` does not know the base model.
pub(super) fn run(set: &DataSet<'_>, plan: &Plan) -> Option<Run> {
    let known = MODELS
        .iter()
        .find(|model| plan.base.is_among(model.names))?;
    let copied = |name: &'static str| Draft {
        from: PathBuf::from("onetrainer").join(name),
        to: name,
        values: Vec::new(),
        absolute: true,
    };
    let mut command = vec![
        "$PYTHON".into(),
        "$TRAINER/scripts/train.py".into(),
        "--config-path=$OUTPUT/config.json".into(),
    ];
    let values = VALUES.map(|value| Word::with(&format!("--config-value={value}")));
    command.extend(values);
    command.push(Word::epochs("--config-value=epochs=", plan.epoch));
    Some(Run {
        trainer: "OneTrainer",
        program: "scripts/train.py",
        files: vec![
            (
                PathBuf::from("onetrainer/config.json"),
                format!("{:#}\n", configuration(set, plan, known)),
            ),
            (
                PathBuf::from("onetrainer/samples.json"),
                format!("{:#}\n", samples(plan, known)),
            ),
        ],
        weights: model(known.repository),
        learning_rate: known.learning_rate,
        alpha: Some(ALPHA),
        drafts: ["config.json", "concepts.json", "samples.json"]
            .map(copied)
            .into(),
        // It looks for `resources` in the folder that it is started in.
        at_home: true,
        prints_loss: false,
        commands: vec![command],
    })
}

/// `config.json`: the preset, with what the data set decides.
fn configuration(set: &DataSet<'_>, plan: &Plan, model: &Model) -> Value {
    let mut config = json!({
        "__version": VERSION,
        "training_method": "LORA",
        "model_type": model.kind,
        "base_model_name": model.repository,
        "concept_file_name": set.seen("onetrainer/concepts.json"),
        "sample_definition_file_name": set.seen("onetrainer/samples.json"),
        "workspace_dir": set.seen("onetrainer/output/workspace"),
        "cache_dir": set.seen("onetrainer/output/cache"),
        "output_model_destination": set.seen("onetrainer/output/lora.safetensors"),
        "save_filename_prefix": set.slug,
        "resolution": set.resolution.to_string(),
        "aspect_ratio_bucketing": true,
        "latent_caching": true,
        "batch_size": 1,
        "epochs": plan.epochs(),
        "learning_rate": model.learning_rate,
        "learning_rate_scheduler": "CONSTANT",
        "optimizer": {"optimizer": "ADAMW"},
        "lora_rank": plan.rank,
        "lora_alpha": f64::from(plan.rank) * ALPHA,
        "save_every": plan.every,
        "save_every_unit": "STEP",
        "sample_after": plan.every,
        "sample_after_unit": "STEP",
        "masked_training": plan.masked,
        "unmasked_weight": 0.1,
        "validation": plan.validated,
        "validate_after": plan.every,
        "validate_after_unit": "STEP",
    });
    let preset = serde_json::from_str::<Value>(model.preset).ok();
    for (key, value) in preset.iter().filter_map(Value::as_object).flatten() {
        config[key] = value.clone();
    }
    config
}

/// `samples.json`.
fn samples(plan: &Plan, model: &Model) -> Value {
    let (side, steps, guidance) = model.sample;
    let sample = |prompt: &String| {
        json!({
            "enabled": true,
            "prompt": prompt,
            "negative_prompt": "",
            "width": side,
            "height": side,
            "seed": SEED,
            "random_seed": false,
            "diffusion_steps": steps,
            "cfg_scale": guidance,
        })
    };
    plan.prompts.iter().map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_an_object() {
        for model in MODELS {
            let preset = serde_json::from_str::<Value>(model.preset);
            assert!(
                preset.is_ok_and(|preset| preset.is_object()),
                "{}",
                model.names
            );
        }
    }
}
