//! How diffusion-pipe trains a view: `train.toml`, and the command.

use std::path::PathBuf;

use super::models::{MODELS, Model, Place, UNET};
use crate::training::{Draft, Plan, Run, Word, words};
use crate::view::{DataSet, quoted};

/// The training of a view; `None` where diffusion-pipe does not know the base model.
pub(super) fn run(set: &DataSet<'_>, plan: &Plan) -> Option<Run> {
    let model = MODELS
        .iter()
        .find(|model| plan.base.is_among(model.names))?;
    let mut values: Vec<_> = model.weights.iter().map(Place::value).collect();
    values.extend([
        ("output_dir = ", Word::quoted("OUTPUT")),
        ("max_steps = ", "$STEPS".into()),
        ("rank = ", "$RANK".into()),
        ("lr = ", "$LEARNING_RATE".into()),
        (UNET, "$LEARNING_RATE".into()),
    ]);
    let command = words(&[
        "env",
        // Its manual: cards of the RTX 4000 series need both.
        "NCCL_P2P_DISABLE=1",
        "NCCL_IB_DISABLE=1",
        "$PYTHON",
        "-m",
        "deepspeed.launcher.runner",
        "--num_gpus=1",
        "$TRAINER/train.py",
        "--deepspeed",
        "--config",
        "$OUTPUT/train.toml",
    ]);
    Some(Run {
        trainer: "diffusion-pipe",
        program: "train.py",
        files: vec![(
            PathBuf::from("diffusion-pipe/train.toml"),
            configuration(set, plan, model),
        )],
        weights: model.weights.iter().map(Place::weight).collect(),
        learning_rate: model.learning_rate(),
        alpha: None,
        drafts: vec![Draft {
            from: PathBuf::from("diffusion-pipe/train.toml"),
            to: "train.toml",
            values,
            absolute: false,
        }],
        at_home: false,
        prints_loss: false,
        commands: vec![command.collect()],
    })
}

/// The main configuration, after `examples/main_example.toml`. It ends after `max_steps`, not after
/// epochs.
fn configuration(set: &DataSet<'_>, plan: &Plan, model: &Model) -> String {
    let validation = plan.validated.then(|| validation(set, plan));
    let places: String = model.weights.iter().map(Place::draft).collect();
    format!(
        "output_dir = \"OUTPUT\"
dataset = {}
{}
epochs = {}
max_steps = {}
micro_batch_size_per_gpu = 1
pipeline_stages = 1
gradient_accumulation_steps = 1
gradient_clipping = 1.0
warmup_steps = 100

save_every_n_steps = {}
checkpoint_every_n_minutes = 120
activation_checkpointing = true
partition_method = \"parameters\"
save_dtype = \"bfloat16\"
caching_batch_size = 1
steps_per_print = 1

[model]
{places}{}
[adapter]
type = \"lora\"
rank = {}
dtype = \"bfloat16\"

[optimizer]
type = \"adamw_optimi\"
lr = {:?}
betas = [0.9, 0.99]
weight_decay = 0.01
eps = 1e-8
",
        quoted(&set.seen("diffusion-pipe/dataset.toml")),
        validation.unwrap_or_default(),
        EPOCHS,
        plan.steps,
        plan.every,
        model.own,
        plan.rank,
        model.learning_rate(),
    )
}

/// What the configuration says of validation.
fn validation(set: &DataSet<'_>, plan: &Plan) -> String {
    let data = quoted(&set.seen("diffusion-pipe/validation.toml"));
    format!(
        "eval_datasets = [{{name = \"validation\", config = {data}}}]
eval_every_n_steps = {}
eval_before_first_step = true
eval_micro_batch_size_per_gpu = 1
eval_gradient_accumulation_steps = 1
",
        plan.every
    )
}

/// More than the steps ever are: "a really high value", as `examples/main_example.toml` has it.
const EPOCHS: u32 = 1_000_000;
