//! How sd-scripts trains a view: `train.toml`, prompts for samples, and the command.

use std::fmt::Write;
use std::path::PathBuf;

use crate::training::{ACCELERATE, NETWORK, Plan, Run, SEED, Word, path, prompt_lines, words};
use crate::view::{DataSet, quoted};

/// What sd-scripts needs to know of a base model.
struct Model {
    /// The base models that this is for, between spaces.
    names: &'static str,
    /// The script that trains it.
    script: &'static str,
    /// The module of its LoRA.
    module: &'static str,
    /// Weights besides the base model: the flag, the variable, what it is.
    weights: &'static [(&'static str, &'static str, &'static str)],
    /// Lines of `train.toml`.
    own: &'static str,
    /// What is added to a prompt.
    prompt: &'static str,
}

const AE: (&str, &str, &str) = ("ae", "AE", "the autoencoder of FLUX.1, ae.safetensors");
const T5XXL: (&str, &str, &str) = (
    "t5xxl",
    "T5XXL",
    "the text encoder T5-XXL, t5xxl_fp16.safetensors",
);
const CLIP_L: (&str, &str, &str) = (
    "clip_l",
    "CLIP_L",
    "the text encoder CLIP-L, clip_l.safetensors",
);

/// The text encoders are not trained.
const UNET_ONLY: &str = "network_train_unet_only = true\n";

/// Nor do they run more than once: captions are embedded before the training.
const CACHED: &str = "cache_text_encoder_outputs = true\n";

/// The commands of `docs/train_network.md`, `docs/sdxl_train_network.md` and those beside them.
const MODELS: &[Model] = &[
    Model {
        names: "sd15",
        script: "train_network.py",
        module: "networks.lora",
        weights: &[],
        own: "text_encoder_lr = [1e-5]\n",
        prompt: "--w 512 --h 512 --s 28 --l 7.5",
    },
    Model {
        names: "sdxl illustrious",
        script: "sdxl_train_network.py",
        module: "networks.lora",
        weights: &[],
        own: "",
        prompt: "--w 1024 --h 1024 --s 28 --l 7.5",
    },
    Model {
        names: "sd3",
        script: "sd3_train_network.py",
        module: "networks.lora_sd3",
        weights: &[
            CLIP_L,
            ("clip_g", "CLIP_G", "the text encoder CLIP-G, clip_g.safetensors"),
            T5XXL,
        ],
        own: "weighting_scheme = \"uniform\"\n",
        prompt: "--w 1024 --h 1024 --s 28 --l 5",
    },
    Model {
        names: "flux flux-schnell",
        script: "flux_train_network.py",
        module: "networks.lora_flux",
        weights: &[CLIP_L, T5XXL, AE],
        own: "guidance_scale = 1.0
timestep_sampling = \"flux_shift\"
model_prediction_type = \"raw\"
",
        prompt: "--w 1024 --h 1024 --s 20 --l 1 --g 3.5",
    },
    Model {
        names: "chroma",
        script: "flux_train_network.py",
        module: "networks.lora_flux",
        weights: &[T5XXL, AE],
        own: "model_type = \"chroma\"
guidance_scale = 0.0
timestep_sampling = \"sigmoid\"
model_prediction_type = \"raw\"
apply_t5_attn_mask = true
",
        prompt: "--n low quality, ugly, unfinished, out of focus, deformed, blurry, flat colors --w 1024 --h 1024 --l 4 --g 0 --s 20",
    },
    Model {
        names: "lumina",
        script: "lumina_train_network.py",
        module: "networks.lora_lumina",
        weights: &[
            ("gemma2", "GEMMA2", "the text encoder Gemma 2, gemma-2-2b.safetensors"),
            AE,
        ],
        own: "timestep_sampling = \"nextdit_shift\"
discrete_flow_shift = 6.0
model_prediction_type = \"raw\"
system_prompt = \"You are an assistant designed to generate high-quality images based on user prompts.\"
",
        prompt: "--w 1024 --h 1024 --s 20 --l 4",
    },
    Model {
        names: "hunyuan-image",
        script: "hunyuan_image_train_network.py",
        module: "networks.lora_hunyuan_image",
        weights: &[
            ("text_encoder", "TEXT_ENCODER", "the text encoder Qwen2.5-VL"),
            ("byt5", "BYT5", "the text encoder byT5"),
            ("vae", "VAE", "the autoencoder of HunyuanImage"),
        ],
        own: "attn_mode = \"torch\"
split_attn = true
model_prediction_type = \"raw\"
discrete_flow_shift = 5.0
",
        prompt: "--w 1024 --h 1024 --s 20 --l 3.5",
    },
    Model {
        names: "anima",
        script: "anima_train_network.py",
        module: "networks.lora_anima",
        weights: &[
            ("qwen3", "QWEN3", "the text encoder Qwen3-0.6B: a file or folder"),
            ("vae", "VAE", "the autoencoder of Qwen-Image"),
        ],
        own: "timestep_sampling = \"sigmoid\"
discrete_flow_shift = 1.0
vae_chunk_size = 64
vae_disable_cache = true
",
        prompt: "--w 1024 --h 1024 --s 30 --l 4",
    },
];

/// 1e-4 in every one of those commands.
const LEARNING_RATE: f64 = 1e-4;

/// `docs/train_network.md`: about half the rank.
const ALPHA: f64 = 0.5;

/// The training of a view; `None` where sd-scripts does not know the base model.
pub(super) fn run(set: &DataSet<'_>, plan: &Plan) -> Option<Run> {
    let model = MODELS
        .iter()
        .find(|model| plan.base.is_among(model.names))?;
    let mut weights = vec![path(
        "MODEL",
        "the base model: a .safetensors file, or a folder of diffusers for sd15 and sdxl",
    )];
    let mut command: Vec<Word> = words(ACCELERATE).collect();
    command.extend([
        "--num_cpu_threads_per_process=1".into(),
        Word::with(&format!("$TRAINER/{}", model.script)),
        format!("--config_file={}", set.seen("kohya/train.toml")).into(),
        "--pretrained_model_name_or_path=$MODEL".into(),
    ]);
    for (flag, variable, about) in model.weights {
        weights.push(path(variable, about));
        command.push(Word::with(&format!("--{flag}=${variable}")));
    }
    command.extend(words(NETWORK));
    Some(Run {
        trainer: "sd-scripts",
        program: model.script,
        files: vec![
            (
                PathBuf::from("kohya/train.toml"),
                configuration(set, plan, model),
            ),
            (
                PathBuf::from("kohya/prompts.txt"),
                prompt_lines(plan, model.prompt),
            ),
        ],
        weights,
        learning_rate: LEARNING_RATE,
        alpha: Some(ALPHA),
        drafts: Vec::new(),
        at_home: false,
        prints_loss: plan.validated,
        commands: vec![command],
    })
}

/// What becomes of the text encoders. Of several captions, which stand in one file, line by line, the one that is
/// drawn is known only when it is needed: what is embedded beforehand is the whole file
/// (`library/train_util.py`, `strategy_*.py`).
fn encoders(set: &DataSet<'_>, model: &Model) -> String {
    match model.names {
        "sd15" => String::new(),
        _ if set.has_several() => UNET_ONLY.to_owned(),
        _ => UNET_ONLY.to_owned() + CACHED,
    }
}

/// The file for `--config_file`, over which the command line has the last word.
fn configuration(set: &DataSet<'_>, plan: &Plan, model: &Model) -> String {
    let data = if plan.masked { "masked" } else { "dataset" };
    let data = set.seen(format!("kohya/{data}.toml"));
    let mut text = format!(
        "dataset_config = {}
output_name = {}
save_model_as = \"safetensors\"
save_precision = \"bf16\"
save_every_n_steps = {every}
max_train_steps = {}
seed = {SEED}
log_with = \"tensorboard\"

network_module = {}
network_dim = {}
network_alpha = {:?}
{}{}
learning_rate = {:?}
optimizer_type = \"AdamW8bit\"
lr_scheduler = \"constant\"
mixed_precision = \"bf16\"
sdpa = true
gradient_checkpointing = true
cache_latents = true
max_data_loader_n_workers = 2
persistent_data_loader_workers = true

sample_prompts = {}
sample_every_n_steps = {every}
",
        quoted(&data),
        quoted(&set.slug),
        plan.steps,
        quoted(model.module),
        plan.rank,
        f64::from(plan.rank) * ALPHA,
        encoders(set, model),
        model.own,
        LEARNING_RATE,
        quoted(&set.seen("kohya/prompts.txt")),
        every = plan.every,
    );
    if plan.masked {
        text += "masked_loss = true\n";
    }
    if plan.validated {
        let _ = writeln!(text, "validate_every_n_steps = {}", plan.every);
    }
    text
}
