//! How `SimpleTuner` trains a view: `config.json`, a library of prompts, and the command.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

use crate::training::{ACCELERATE, CHECKPOINTS, Draft, Plan, Run, SEED, Word, model, words};
use crate::view::DataSet;

/// What `SimpleTuner` needs to know of a base model.
struct Model {
    /// The base models that this is for, between spaces.
    names: &'static str,
    /// `model_family` and `model_flavour`.
    family: (&'static str, &'static str),
    /// The repository of its weights: that of the flavour.
    repository: &'static str,
    /// In how many bits the base model is kept, where memory is short.
    precision: &'static str,
    /// The shift of the flow, where its example has one.
    shift: Option<f64>,
    /// The learning rate.
    learning_rate: f64,
    /// Guidance and steps of samples.
    sample: (f64, u32),
}

const USUAL: Model = Model {
    names: "",
    family: ("", ""),
    repository: "",
    precision: "int8-quanto",
    shift: None,
    learning_rate: 1e-4,
    sample: (4.0, 30),
};

/// `simpletuner/examples`, with the repositories of `simpletuner/helpers/models`. The example for
/// `HiDream` has 5e-5 and that for Anima 1e-5.
const MODELS: &[Model] = &[
    Model {
        names: "sd15",
        family: ("sd1x", "1.5"),
        repository: "stable-diffusion-v1-5/stable-diffusion-v1-5",
        precision: "no_change",
        sample: (7.5, 30),
        ..USUAL
    },
    Model {
        names: "sdxl",
        family: ("sdxl", "base-1.0"),
        repository: "stabilityai/stable-diffusion-xl-base-1.0",
        precision: "no_change",
        sample: (4.2, 30),
        ..USUAL
    },
    Model {
        names: "illustrious",
        family: ("sdxl", "base-1.0"),
        repository: "OnomaAIResearch/Illustrious-XL-v1.0",
        precision: "no_change",
        sample: (4.2, 30),
        ..USUAL
    },
    Model {
        names: "sd3",
        family: ("sd3", "medium"),
        repository: "stabilityai/stable-diffusion-3.5-medium",
        shift: Some(3.0),
        ..USUAL
    },
    Model {
        names: "flux",
        family: ("flux", "dev"),
        repository: "black-forest-labs/flux.1-dev",
        shift: Some(3.0),
        sample: (4.0, 16),
        ..USUAL
    },
    Model {
        names: "flux-schnell",
        family: ("flux", "schnell"),
        repository: "black-forest-labs/flux.1-schnell",
        shift: Some(3.0),
        sample: (1.0, 4),
        ..USUAL
    },
    Model {
        names: "flux2",
        family: ("flux2", "dev"),
        repository: "black-forest-labs/FLUX.2-dev",
        shift: Some(3.0),
        sample: (4.0, 16),
        ..USUAL
    },
    Model {
        names: "lumina",
        family: ("lumina2", "2.0"),
        repository: "Alpha-VLLM/Lumina-Image-2.0",
        sample: (4.0, 40),
        ..USUAL
    },
    Model {
        names: "qwen-image",
        family: ("qwen_image", "v1.0"),
        repository: "Qwen/Qwen-Image",
        shift: Some(1.73),
        ..USUAL
    },
    Model {
        names: "z-image",
        family: ("z_image", "base"),
        repository: "TONGYI-MAI/Z-Image",
        precision: "int8-torchao",
        ..USUAL
    },
    Model {
        names: "chroma",
        family: ("chroma", "base"),
        repository: "lodestones/Chroma1-Base",
        shift: Some(3.0),
        sample: (4.0, 16),
        ..USUAL
    },
    Model {
        names: "hidream",
        family: ("hidream", "full"),
        repository: "HiDream-ai/HiDream-I1-Full",
        shift: Some(3.0),
        learning_rate: 5e-5,
        sample: (3.0, 30),
        ..USUAL
    },
    Model {
        names: "krea2",
        family: ("krea2", "raw"),
        repository: "krea/Krea-2-Raw",
        sample: (4.5, 28),
        ..USUAL
    },
    Model {
        names: "anima",
        family: ("anima", "base-v1.0"),
        repository: "circlestone-labs/Anima-Base-v1.0-Diffusers",
        precision: "no_change",
        shift: Some(3.0),
        learning_rate: 1e-5,
        sample: (4.0, 20),
    },
    Model {
        names: "ideogram",
        family: ("ideogram", "fp8"),
        repository: "ideogram-ai/ideogram-4-fp8",
        precision: "no_change",
        sample: (3.0, 12),
        ..USUAL
    },
];

/// `lora_alpha` is `lora_rank` in every example.
const ALPHA: f64 = 1.0;

/// The training of a view; `None` where `SimpleTuner` does not know the base model.
pub(super) fn run(set: &DataSet<'_>, plan: &Plan) -> Option<Run> {
    let known = MODELS
        .iter()
        .find(|model| plan.base.is_among(model.names))?;
    let mut command: Vec<Word> = words(&[
        "env",
        "CONFIG_BACKEND=json",
        "CONFIG_PATH=$OUTPUT/config.json",
        "PYTHONPATH=$TRAINER",
    ])
    .collect();
    command.extend(words(ACCELERATE));
    command.push("$TRAINER/simpletuner/train.py".into());
    let prompts = plan.prompts.iter().enumerate();
    let prompts: Map<String, Value> = prompts
        .map(|(number, prompt)| (format!("sample_{}", number + 1), json!(prompt)))
        .collect();
    Some(Run {
        trainer: "SimpleTuner",
        program: "simpletuner/train.py",
        files: vec![
            (
                PathBuf::from("simpletuner/config.json"),
                format!("{:#}\n", configuration(set, plan, known)),
            ),
            (
                PathBuf::from("simpletuner/prompts.json"),
                format!("{:#}\n", Value::Object(prompts)),
            ),
        ],
        weights: model(known.repository),
        learning_rate: known.learning_rate,
        alpha: Some(ALPHA),
        drafts: vec![Draft {
            from: PathBuf::from("simpletuner/config.json"),
            to: "config.json",
            values: vec![
                ("\"output_dir\": ", Word::quoted("OUTPUT")),
                ("\"pretrained_model_name_or_path\": ", Word::quoted("MODEL")),
                ("\"max_train_steps\": ", "$STEPS".into()),
                ("\"lora_rank\": ", "$RANK".into()),
                ("\"lora_alpha\": ", "$ALPHA".into()),
                ("\"learning_rate\": ", "$LEARNING_RATE".into()),
                ("\"seed\": ", "$SEED".into()),
            ],
            absolute: false,
        }],
        at_home: false,
        prints_loss: false,
        commands: vec![command],
    })
}

/// `config.json`: the options of its command line.
fn configuration(set: &DataSet<'_>, plan: &Plan, model: &Model) -> Value {
    let (family, flavour) = model.family;
    let (guidance, steps) = model.sample;
    let side = if family == "sd1x" { 512 } else { 1024 };
    let mut config = json!({
        "model_type": "lora",
        "model_family": family,
        "model_flavour": flavour,
        "pretrained_model_name_or_path": model.repository,
        "data_backend_config": set.seen("simpletuner/multidatabackend.json"),
        "output_dir": set.seen("simpletuner/output"),
        "base_model_precision": model.precision,
        "mixed_precision": "bf16",
        "lora_type": "standard",
        "lora_rank": plan.rank,
        "lora_alpha": f64::from(plan.rank) * ALPHA,
        "optimizer": "adamw_bf16",
        "learning_rate": model.learning_rate,
        "lr_scheduler": "constant",
        "train_batch_size": 1,
        "gradient_checkpointing": true,
        "max_train_steps": plan.steps,
        "num_train_epochs": 0,
        "checkpoint_step_interval": plan.every,
        "checkpoints_total_limit": CHECKPOINTS,
        "disable_bucket_pruning": true,
        "resolution": set.resolution,
        "resolution_type": "pixel_area",
        "minimum_image_size": 0,
        "seed": SEED,
        "report_to": "tensorboard",
        "validation_prompt": plan.prompts.first(),
        "user_prompt_library": set.seen("simpletuner/prompts.json"),
        "validation_step_interval": plan.every,
        "validation_resolution": format!("{side}x{side}"),
        "validation_guidance": guidance,
        "validation_num_inference_steps": steps,
        "validation_seed": SEED,
    });
    if let Some(shift) = model.shift {
        config["flow_schedule_shift"] = json!(shift);
    }
    if plan.validated {
        config["eval_steps_interval"] = json!(plan.every);
    }
    config
}
