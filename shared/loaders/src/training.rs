//! What a training needs besides a data set: numbers, a configuration, and a script that starts it.
//!
//! A trainer's own file says what its configuration looks like and which commands train by it
//! ([`Run`]). What is the same for all is here: how many steps a set is worth, and [`files`],
//! which makes of a run the `train.sh` of its view, or, where paths are those of Windows, its `train.cmd`.

mod script;
mod search;
mod windows;
mod word;

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::bases::Base;
use crate::view::{Content, DataSet, Layout, Side, View};

pub use word::Word;
pub(crate) use word::words;

/// How a data set is to be trained, whatever the trainer.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The base model.
    pub base: &'static Base,
    /// How many images an epoch shows, those for regularization among them.
    pub epoch: u32,
    /// How many images are shown in all, one at a step: twice as many as the set is worth where every second one is for
    /// regularization.
    pub steps: u32,
    /// The rank of the LoRA.
    pub rank: u32,
    /// Steps from one checkpoint, with its samples, to the next.
    pub every: u32,
    /// What samples are made of: captions that the training does not see, if there are any.
    pub prompts: Vec<String>,
    /// Whether images have masks.
    pub masked: bool,
    /// Whether images are kept from training.
    pub validated: bool,
}

/// Where chance begins: what the examples of ai-toolkit, `SimpleTuner` and musubi-tuner have.
pub const SEED: u32 = 42;

/// Ranks, and up to how many images each is used: above the last, 64. 16 is the rank of the examples
/// of ai-toolkit and `SimpleTuner` and of sd-scripts for FLUX, 32 that of diffusion-pipe,
/// musubi-tuner and sd-scripts for SDXL, 64 that of `SimpleTuner` for Z-Image and Krea 2. That more
/// images need more rank is our own rule: there is more in them to learn.
const RANKS: [(u32, u32); 2] = [(50, 16), (250, 32)];
const HIGHEST: u32 = 64;

/// Steps for every image of one subject, and the fewest and the most in all: the run sheet of
/// perfectgf/lora-dataset-studio, of which the fewest also hold for what is no subject.
const OF_SUBJECT: u32 = 120;
const FEWEST: u32 = 1500;
const MOST: u32 = 3500;

/// Steps for the root of the number of images that have a style or a concept in common: the same.
const OF_CONCEPT: f64 = 475.0;

/// Checkpoints of a training: as many as the examples of ai-toolkit save, every 250 of 2000 steps.
pub(crate) const CHECKPOINTS: u32 = 8;

/// The most prompts that samples are made of, as every checkpoint makes them all.
const PROMPTS: usize = 4;

impl Plan {
    /// The plan for a data set; `None` if it names no base model, or has nothing to train on.
    ///
    /// An error if the captions cannot be read, here and below.
    pub fn of(set: &DataSet<'_>) -> Result<Option<Self>> {
        let Some(base) = set.base else {
            return Ok(None);
        };
        let images = u32::try_from(set.side(Side::Training).count()).unwrap_or(u32::MAX);
        if images == 0 {
            return Ok(None);
        }
        let turns = if set.regularization().is_some() { 2 } else { 1 };
        let steps = turns * steps(images, set.subject);
        Ok(Some(Self {
            base,
            epoch: turns * set.epoch(),
            steps,
            rank: rank(images),
            every: steps.div_ceil(CHECKPOINTS),
            prompts: prompts(set)?,
            masked: set.side(Side::Training).any(|(_, one)| one.masked),
            validated: set.has_validation(),
        }))
    }

    /// How many epochs are as many steps, one at least.
    pub fn epochs(&self) -> u32 {
        self.steps.div_ceil(self.epoch.max(1))
    }
}

/// The rank for this many images.
///
/// ```
/// use loaders::training::rank;
/// assert_eq!([12, 50, 51, 412].map(rank), [16, 16, 32, 64]);
/// ```
pub fn rank(images: u32) -> u32 {
    let fits = RANKS.iter().find(|(most, _)| images <= *most);
    fits.map_or(HIGHEST, |(_, rank)| *rank)
}

/// The steps for this many images, of one subject or of what they have in common.
///
/// ```
/// use loaders::training::steps;
/// assert_eq!([5, 20, 412].map(|images| steps(images, true)), [1500, 2400, 3500]);
/// assert_eq!([5, 100, 600].map(|images| steps(images, false)), [1500, 4750, 11635]);
/// ```
pub fn steps(images: u32, subject: bool) -> u32 {
    if subject {
        images.saturating_mul(OF_SUBJECT).clamp(FEWEST, MOST)
    } else {
        let steps = OF_CONCEPT * f64::from(images).sqrt();
        (steps.round() as u32).max(FEWEST)
    }
}

/// Captions from all over the images that are kept from training, or else over all.
fn prompts(set: &DataSet<'_>) -> Result<Vec<String>> {
    let side = if set.has_validation() {
        Side::Validation
    } else {
        Side::Training
    };
    let all = set.side(side).count();
    let count = all.min(PROMPTS);
    let mut prompts = Vec::new();
    for place in 0..count {
        let Some((number, _)) = set.side(side).nth(place * all / count) else {
            continue;
        };
        let caption = set.says.of(number)?.captions.into_iter().next();
        prompts.extend(caption.filter(|caption| !prompts.contains(caption)));
    }
    Ok(prompts)
}

/// How one trainer trains a data set.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// The trainer, as people call it.
    pub trainer: &'static str,
    /// The file of its checkout by which the checkout is known.
    pub program: &'static str,
    /// The files that the commands read, by their paths in the data set.
    pub files: Vec<(PathBuf, String)>,
    /// The weights that it wants.
    pub weights: Vec<Weight>,
    /// The learning rate, which goes with the optimiser and with `alpha`.
    pub learning_rate: f64,
    /// The alpha of the LoRA, as a share of its rank; `None` where the trainer takes none.
    pub alpha: Option<f64>,
    /// The configurations that the script completes.
    pub drafts: Vec<Draft>,
    /// Whether the trainer must be started in its own folder.
    pub at_home: bool,
    /// Whether it prints a validation loss, by which a search can tell trials apart.
    pub prints_loss: bool,
    /// The commands, the last of which trains.
    pub commands: Vec<Vec<Word>>,
}

/// Weights that a trainer wants: a variable of the script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weight {
    /// The variable.
    pub variable: &'static str,
    /// What it is, for people.
    pub about: &'static str,
    /// The repository of Hugging Face where nothing is said; `None` if only a path will do.
    pub usual: Option<&'static str>,
}

/// The base model, which is found at Hugging Face where nothing is said.
pub(crate) fn model(usual: &'static str) -> Vec<Weight> {
    vec![Weight {
        variable: "MODEL",
        about: "the base model: a folder, or a repository of Hugging Face",
        usual: Some(usual),
    }]
}

/// A path that must be said.
pub(crate) fn path(variable: &'static str, about: &'static str) -> Weight {
    Weight {
        variable,
        about,
        usual: None,
    }
}

/// A configuration that the script writes into the folder of the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The configuration in the data set.
    pub from: PathBuf,
    /// The name of the file that is written.
    pub to: &'static str,
    /// What stands before a value in its line, and the value.
    pub values: Vec<(&'static str, Word)>,
    /// Whether relative paths are made absolute, for a trainer that is started elsewhere.
    pub absolute: bool,
}

/// How a script of accelerate is started.
pub(crate) const ACCELERATE: &[&str] = &[
    "$PYTHON",
    "-m",
    "accelerate.commands.launch",
    "--num_processes=1",
    "--num_machines=1",
    "--mixed_precision=bf16",
    "--dynamo_backend=no",
];

/// What the scripts of sd-scripts and of musubi-tuner, which descends from it, are given.
pub(crate) const NETWORK: &[&str] = &[
    "--output_dir=$OUTPUT",
    "--logging_dir=$OUTPUT/log",
    "--max_train_steps=$STEPS",
    "--network_dim=$RANK",
    "--network_alpha=$ALPHA",
    "--learning_rate=$LEARNING_RATE",
    "--seed=$SEED",
];

/// The file of prompts for samples of both: a prompt a line, with how it is drawn.
///
/// A line ends for them at a space and two hyphens, after which settings come, and `#` begins a remark
/// (`library/train_util.py`, `line_to_prompt_dict`).
pub(crate) fn prompt_lines(plan: &Plan, settings: &str) -> String {
    let line = |prompt: &String| {
        let mut prompt = prompt.clone();
        while prompt.contains(" --") {
            prompt = prompt.replace(" --", " ");
        }
        let prompt = prompt.trim_start_matches(['#', ' ', '-']);
        format!("{prompt} {settings} --d {SEED}\n")
    };
    plan.prompts.iter().map(line).collect()
}

/// What starts a training in the folder of a data set; `None` where no base model is named, or not one
/// that the trainer of the view can train.
pub fn started(view: &dyn View, set: &DataSet<'_>) -> Result<Option<String>> {
    let Some(run) = run(view, set)? else {
        return Ok(None);
    };
    let mut wanted = vec!["TRAINER=…".to_owned()];
    let paths = run.weights.iter().filter(|weight| weight.usual.is_none());
    wanted.extend(paths.map(|weight| format!("{}=…", weight.variable)));
    let (wanted, folder) = (wanted.join(" "), view.scripts());
    Ok(Some(if windows(set) {
        format!(
            r"{}\{} {wanted}",
            folder.replace('/', r"\"),
            windows::STARTED
        )
    } else {
        format!("{wanted} sh {folder}/train.sh")
    }))
}

/// How the trainer of a view trains the data set; `None` as for [`started`].
pub(crate) fn run(view: &dyn View, set: &DataSet<'_>) -> Result<Option<Run>> {
    Plan::of(set)?.map_or(Ok(None), |plan| view.training(set, &plan))
}

/// Whether paths are those of Windows, on which the trainer is to run: on a drive, as in `C:/data`, or on another
/// machine of its network, as in `//wsl.localhost/Ubuntu/data`, which is how it names the disk of WSL.
fn windows(set: &DataSet<'_>) -> bool {
    let root = set.root.to_string_lossy();
    match root.as_bytes() {
        [drive, b':', ..] => drive.is_ascii_alphabetic(),
        [b'/', b'/', next, ..] => *next != b'/',
        [b'\\', b'\\', ..] => true,
        _ => false,
    }
}

/// Everything that stands in a view: the data set, and, where a base model is named that the trainer
/// can train, what starts a training.
pub fn files(view: &dyn View, set: &DataSet<'_>, layout: &mut Layout<'_>) -> Result<()> {
    view.layout(set, layout)?;
    let Some(plan) = Plan::of(set)? else {
        return Ok(());
    };
    let Some(run) = view.training(set, &plan)? else {
        return Ok(());
    };
    let folder = Path::new(view.scripts());
    layout.add(folder, Content::Folder)?;
    for (path, text) in &run.files {
        layout.text(path, text.as_str())?;
    }
    let scripts = if windows(set) {
        windows::files(view, set, &plan, &run)
    } else {
        let script = script::text(view, set, &plan, &run);
        let [search, program] = search::files(&plan, &run);
        vec![("train.sh", script), search, program]
    };
    for (name, text) in scripts {
        layout.text(folder.join(name), text)?;
    }
    Ok(())
}
