//! How musubi-tuner trains a view: `train.toml`, prompts for samples, and three commands, of which two
//! cache latents and embedded captions.

use std::path::PathBuf;

use crate::training::{ACCELERATE, NETWORK, Plan, Run, SEED, Word, path, prompt_lines, words};
use crate::view::{DataSet, quoted};

/// What musubi-tuner needs to know of a base model.
struct Model {
    /// The base models that this is for, between spaces.
    names: &'static str,
    /// What its scripts begin with.
    scripts: &'static str,
    /// The script that trains.
    program: &'static str,
    /// The module of its LoRA.
    module: &'static str,
    /// What its weights are: of the model, the autoencoder and the text encoder.
    weights: [&'static str; 3],
    /// Which version of the model it is, where scripts ask for it.
    version: Option<&'static str>,
    /// The learning rate of its manual.
    learning_rate: f64,
    /// Lines of `train.toml`.
    own: &'static str,
    /// What is added to a prompt.
    prompt: &'static str,
}

/// The commands of `docs/flux_2.md`, `docs/qwen_image.md`, `docs/zimage.md`, `docs/krea2.md` and
/// `docs/ideogram4.md`; the last has no learning rate, and this is that of the others.
const MODELS: &[Model] = &[
    Model {
        names: "flux2",
        scripts: "flux_2",
        program: "src/musubi_tuner/flux_2_train_network.py",
        module: "networks.lora_flux_2",
        weights: [
            "the base model FLUX.2 dev",
            "the autoencoder of FLUX.2, ae.safetensors",
            "the text encoder Mistral 3",
        ],
        version: Some("dev"),
        learning_rate: 1e-4,
        own: "timestep_sampling = \"flux2_shift\"\nweighting_scheme = \"none\"\n",
        prompt: "--w 1024 --h 1024 --s 50 --g 4",
    },
    Model {
        names: "qwen-image",
        scripts: "qwen_image",
        program: "src/musubi_tuner/qwen_image_train_network.py",
        module: "networks.lora_qwen_image",
        weights: [
            "the base model Qwen-Image",
            "the autoencoder of Qwen-Image",
            "the text encoder Qwen2.5-VL",
        ],
        version: Some("original"),
        learning_rate: 5e-5,
        own: "timestep_sampling = \"shift\"\nweighting_scheme = \"none\"\ndiscrete_flow_shift = 2.2\n",
        prompt: "--w 1024 --h 1024 --s 20 --l 4",
    },
    Model {
        names: "z-image",
        scripts: "zimage",
        program: "src/musubi_tuner/zimage_train_network.py",
        module: "networks.lora_zimage",
        weights: [
            "the base model Z-Image",
            "the autoencoder of FLUX.1, ae.safetensors",
            "the text encoder Qwen3 4B",
        ],
        version: None,
        learning_rate: 1e-4,
        own: "timestep_sampling = \"shift\"\nweighting_scheme = \"none\"\ndiscrete_flow_shift = 2.0\n",
        prompt: "--w 1024 --h 1024 --s 25 --l 4",
    },
    Model {
        names: "krea2",
        scripts: "krea2",
        program: "src/musubi_tuner/krea2_train_network.py",
        module: "networks.lora_krea2",
        weights: [
            "the base model Krea 2 Raw",
            "the autoencoder of Qwen-Image",
            "the text encoder Qwen3-VL 4B",
        ],
        version: None,
        learning_rate: 1e-4,
        own: "timestep_sampling = \"shift\"\nweighting_scheme = \"none\"\ndiscrete_flow_shift = 2.5\n",
        prompt: "--w 1024 --h 1024 --s 28 --l 4.5",
    },
    Model {
        names: "ideogram",
        scripts: "ideogram4",
        program: "src/musubi_tuner/ideogram4_train_network.py",
        module: "networks.lora_ideogram4",
        weights: [
            "the base model Ideogram 4",
            "the autoencoder of FLUX.2",
            "the text encoder Qwen3-VL 8B",
        ],
        version: None,
        learning_rate: 1e-4,
        own: "",
        prompt: "--w 1024 --h 1024 --s 20",
    },
];

/// `docs/advanced_config.md` has a rank of 32 with an alpha of 16.
const ALPHA: f64 = 0.5;

/// The training of a view; `None` where musubi-tuner does not train images for the base model.
pub(super) fn run(set: &DataSet<'_>, plan: &Plan) -> Option<Run> {
    let model = MODELS
        .iter()
        .find(|model| plan.base.is_among(model.names))?;
    let [dit, vae, encoder] = model.weights;
    Some(Run {
        trainer: "musubi-tuner",
        program: model.program,
        files: vec![
            (
                PathBuf::from("musubi/train.toml"),
                configuration(set, plan, model),
            ),
            (
                PathBuf::from("musubi/prompts.txt"),
                prompt_lines(plan, model.prompt),
            ),
        ],
        weights: vec![
            path("MODEL", dit),
            path("VAE", vae),
            path("TEXT_ENCODER", encoder),
        ],
        learning_rate: model.learning_rate,
        alpha: Some(ALPHA),
        drafts: Vec::new(),
        at_home: false,
        prints_loss: false,
        commands: vec![
            cache(set, model, "latents", "--vae=$VAE"),
            cache(
                set,
                model,
                "text_encoder_outputs",
                "--text_encoder=$TEXT_ENCODER",
            ),
            train(set, model),
        ],
    })
}

/// A command that caches.
fn cache(set: &DataSet<'_>, model: &Model, what: &str, weights: &'static str) -> Vec<Word> {
    let script = format!(
        "$TRAINER/src/musubi_tuner/{}_cache_{what}.py",
        model.scripts
    );
    let mut command = vec![
        "$PYTHON".into(),
        Word::with(&script),
        format!("--dataset_config={}", set.seen("musubi/dataset.toml")).into(),
        weights.into(),
        "--skip_existing".into(),
    ];
    command.extend(version(model));
    command
}

fn version(model: &Model) -> Option<Word> {
    let version = model.version?;
    Some(format!("--model_version={version}").into())
}

/// The command that trains.
fn train(set: &DataSet<'_>, model: &Model) -> Vec<Word> {
    let mut command: Vec<Word> = words(ACCELERATE).collect();
    command.extend([
        "--num_cpu_threads_per_process=1".into(),
        Word::with(&format!("$TRAINER/{}", model.program)),
        format!("--config_file={}", set.seen("musubi/train.toml")).into(),
    ]);
    command.extend(version(model));
    command.extend(words(&[
        "--dit=$MODEL",
        "--vae=$VAE",
        "--text_encoder=$TEXT_ENCODER",
    ]));
    command.extend(words(NETWORK));
    command
}

/// The file for `--config_file`, over which the command line has the last word.
fn configuration(set: &DataSet<'_>, plan: &Plan, model: &Model) -> String {
    format!(
        "dataset_config = {}
output_name = {}
save_every_n_steps = {every}
max_train_steps = {}
seed = {SEED}
log_with = \"tensorboard\"

network_module = {}
network_dim = {}
network_alpha = {:?}

learning_rate = {:?}
optimizer_type = \"adamw8bit\"
{}mixed_precision = \"bf16\"
sdpa = true
gradient_checkpointing = true
max_data_loader_n_workers = 2
persistent_data_loader_workers = true

sample_prompts = {}
sample_every_n_steps = {every}
",
        quoted(&set.seen("musubi/dataset.toml")),
        quoted(&set.slug),
        plan.steps,
        quoted(model.module),
        plan.rank,
        f64::from(plan.rank) * ALPHA,
        model.learning_rate,
        model.own,
        quoted(&set.seen("musubi/prompts.txt")),
        every = plan.every,
    )
}
