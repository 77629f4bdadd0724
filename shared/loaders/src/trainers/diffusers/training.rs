//! How the scripts of diffusers train a view: all that they are told stands in the command.

use crate::training::{ACCELERATE, CHECKPOINTS, Plan, Run, Word, model, words};
use crate::view::{DataSet, Side};

/// What is known of the script for a base model.
struct Model {
    /// The base models that this is for, between spaces.
    names: &'static str,
    /// The script.
    script: &'static str,
    /// The repository of its weights.
    repository: &'static str,
    /// The learning rate.
    learning_rate: f64,
    /// Whether it takes an alpha; the others have that of the rank.
    alpha: bool,
    /// Its own flags.
    own: &'static [&'static str],
}

/// What scripts for `DreamBooth` have in common.
const DREAM_BOOTH: Model = Model {
    names: "",
    script: "",
    repository: "",
    learning_rate: 1e-4,
    alpha: true,
    own: &["--cache_latents", "--use_8bit_adam", "--optimizer=adamW"],
};

/// `examples/text_to_image/README*.md` and `examples/dreambooth/README*.md`; for FLUX.1, whose example
/// is for another optimiser, the default of the script.
const MODELS: &[Model] = &[
    Model {
        names: "sd15",
        script: "examples/text_to_image/train_text_to_image_lora.py",
        repository: "stable-diffusion-v1-5/stable-diffusion-v1-5",
        alpha: false,
        own: &[],
        ..DREAM_BOOTH
    },
    Model {
        names: "sdxl",
        script: "examples/text_to_image/train_text_to_image_lora_sdxl.py",
        repository: "stabilityai/stable-diffusion-xl-base-1.0",
        alpha: false,
        own: &[],
        ..DREAM_BOOTH
    },
    Model {
        names: "illustrious",
        script: "examples/text_to_image/train_text_to_image_lora_sdxl.py",
        repository: "OnomaAIResearch/Illustrious-XL-v1.0",
        alpha: false,
        own: &[],
        ..DREAM_BOOTH
    },
    Model {
        names: "sd3",
        script: "examples/dreambooth/train_dreambooth_lora_sd3.py",
        repository: "stabilityai/stable-diffusion-3-medium-diffusers",
        alpha: false,
        ..DREAM_BOOTH
    },
    Model {
        names: "flux",
        script: "examples/dreambooth/train_dreambooth_lora_flux.py",
        repository: "black-forest-labs/FLUX.1-dev",
        own: &[
            "--cache_latents",
            "--use_8bit_adam",
            "--optimizer=adamW",
            "--guidance_scale=1",
        ],
        ..DREAM_BOOTH
    },
    Model {
        names: "flux2",
        script: "examples/dreambooth/train_dreambooth_lora_flux2.py",
        repository: "black-forest-labs/FLUX.2-dev",
        own: &[
            "--cache_latents",
            "--use_8bit_adam",
            "--optimizer=adamW",
            "--guidance_scale=1",
        ],
        ..DREAM_BOOTH
    },
    Model {
        names: "lumina",
        script: "examples/dreambooth/train_dreambooth_lora_lumina2.py",
        repository: "Alpha-VLLM/Lumina-Image-2.0",
        alpha: false,
        ..DREAM_BOOTH
    },
    Model {
        names: "qwen-image",
        script: "examples/dreambooth/train_dreambooth_lora_qwen_image.py",
        repository: "Qwen/Qwen-Image",
        learning_rate: 2e-4,
        ..DREAM_BOOTH
    },
    Model {
        names: "z-image",
        script: "examples/dreambooth/train_dreambooth_lora_z_image.py",
        repository: "Tongyi-MAI/Z-Image",
        own: &[
            "--cache_latents",
            "--use_8bit_adam",
            "--optimizer=adamW",
            "--guidance_scale=5.0",
        ],
        ..DREAM_BOOTH
    },
    Model {
        names: "hidream",
        script: "examples/dreambooth/train_dreambooth_lora_hidream.py",
        repository: "HiDream-ai/HiDream-I1-Dev",
        learning_rate: 2e-4,
        alpha: false,
        ..DREAM_BOOTH
    },
    Model {
        names: "krea2",
        script: "examples/dreambooth/train_dreambooth_lora_krea2.py",
        repository: "krea/Krea-2-Raw",
        learning_rate: 3e-4,
        ..DREAM_BOOTH
    },
    Model {
        names: "ideogram",
        script: "examples/dreambooth/train_dreambooth_lora_ideogram4.py",
        repository: "ideogram-ai/ideogram-4-nf4-diffusers",
        ..DREAM_BOOTH
    },
];

/// What all scripts are given.
const COMMON: &[&str] = &[
    "--pretrained_model_name_or_path=$MODEL",
    "--output_dir=$OUTPUT",
    "--max_train_steps=$STEPS",
    "--rank=$RANK",
    "--learning_rate=$LEARNING_RATE",
    "--seed=$SEED",
    "--caption_column=text",
    "--train_batch_size=1",
    "--gradient_checkpointing",
    "--mixed_precision=bf16",
    "--lr_scheduler=constant",
    "--lr_warmup_steps=0",
    "--report_to=tensorboard",
];

/// The training of a view; `None` where no script is for the base model.
pub(super) fn run(set: &DataSet<'_>, plan: &Plan) -> Option<Run> {
    let known = MODELS
        .iter()
        .find(|model| plan.base.is_among(model.names))?;
    let mut command: Vec<Word> = words(ACCELERATE).collect();
    command.push(Word::with(&format!("$TRAINER/{}", known.script)));
    command.extend(words(COMMON));
    let data = set.seen("diffusers");
    let images = set.side(Side::Training).count().max(1) as u32;
    let mut own = vec![
        format!("--resolution={}", set.resolution),
        format!("--checkpointing_steps={}", plan.every),
        format!("--checkpoints_total_limit={CHECKPOINTS}"),
        // Scripts draw by epochs, which know no repeats.
        format!(
            "--validation_epochs={}",
            plan.steps.div_ceil(images).div_ceil(CHECKPOINTS)
        ),
    ];
    if known.script.contains("text_to_image") {
        own.push(format!("--train_data_dir={data}"));
    } else {
        own.push(format!("--dataset_name={data}"));
        own.push(format!("--instance_prompt={}", set.title));
    }
    if let Some(prompt) = plan.prompts.first() {
        own.push(format!("--validation_prompt={prompt}"));
    }
    command.extend(own.into_iter().map(Word::from));
    command.extend(words(known.own));
    if known.alpha {
        command.push("--lora_alpha=$ALPHA".into());
    }
    Some(Run {
        trainer: "diffusers",
        program: known.script,
        files: Vec::new(),
        weights: model(known.repository),
        learning_rate: known.learning_rate,
        // That of the rank, as in `README_krea2.md`.
        alpha: known.alpha.then_some(1.0),
        drafts: Vec::new(),
        at_home: false,
        prints_loss: false,
        commands: vec![command],
    })
}
