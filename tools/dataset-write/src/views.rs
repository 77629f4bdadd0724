//! A data set as each trainer wants it.

mod ai_toolkit;
mod diffusers;
mod diffusion_pipe;
mod kohya;
mod musubi;
mod notes;
mod onetrainer;
mod simpletuner;
mod webdataset;
mod written;

use std::path::PathBuf;

use clap::ValueEnum;
use loaders::Trainer;
use loaders::bases::steps;
use loaders::fit::{Fit, Size, ai_toolkit, one_trainer, simple_tuner, square};
use stage::Result;

use crate::caption::Form;
use crate::plan::{Example, Purpose};
use diffusers::IMAGES;
pub(crate) use kohya::buckets as kohya_buckets;
pub(crate) use written::Written;

/// A trainer, or a family of them that read alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum View {
    /// kohya sd-scripts, its GUI, `FluxGym`: TOML and numbered folders
    Kohya,
    /// `OneTrainer`: concepts.json
    Onetrainer,
    /// ai-toolkit: YAML
    AiToolkit,
    /// Hugging Face's imagefolder: squares and metadata.jsonl
    Diffusers,
    /// musubi-tuner: TOML and JSON Lines
    Musubi,
    /// diffusion-pipe: TOML
    DiffusionPipe,
    /// `SimpleTuner`: multidatabackend.json
    Simpletuner,
    /// `WebDataset`: tar shards
    Webdataset,
}

impl View {
    /// The word of the command line, and the name of the folder.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kohya => "kohya",
            Self::Onetrainer => "onetrainer",
            Self::AiToolkit => "ai-toolkit",
            Self::Diffusers => "diffusers",
            Self::Musubi => "musubi",
            Self::DiffusionPipe => "diffusion-pipe",
            Self::Simpletuner => "simpletuner",
            Self::Webdataset => "webdataset",
        }
    }

    /// The form of captions that its trainer is best with, where both forms
    /// are there: tags for models that learnt from tags, sentences for those
    /// that learnt from sentences, and both where one is drawn each time.
    pub(crate) fn usual(self) -> Form {
        match self {
            Self::Kohya => Form::Tags,
            Self::Onetrainer | Self::Simpletuner => Form::Several,
            Self::AiToolkit | Self::Diffusers | Self::Musubi | Self::DiffusionPipe => {
                Form::Sentence
            }
            Self::Webdataset => Form::Own,
        }
    }

    /// Whether its trainer takes several captions of an image, and draws one
    /// of them or shows each.
    pub(crate) fn draws(self) -> bool {
        !matches!(self, Self::AiToolkit | Self::Musubi | Self::Webdataset)
    }

    /// The folder of training images or of those for validation.
    pub(crate) fn folder(self, purpose: &Purpose, validation: bool) -> PathBuf {
        let part = if validation { "validation" } else { "train" };
        let folder = PathBuf::from(self.name()).join(part);
        match self {
            Self::Kohya if !validation => folder.join(kohya::numbered(purpose)),
            // All that lies in `diffusers` is trained on, so what is not lies elsewhere. Only a
            // folder that is not called for a split keeps its captions however it is read.
            Self::Diffusers if validation => PathBuf::from(diffusers::VALIDATION).join(IMAGES),
            Self::Diffusers => PathBuf::from(self.name()).join(IMAGES),
            _ => folder,
        }
    }

    /// Where the view has the image of `example`.
    pub(crate) fn image(self, purpose: &Purpose, example: &Example) -> PathBuf {
        match self {
            Self::Webdataset => webdataset::shard(purpose, example),
            _ => self
                .folder(purpose, example.validation)
                .join(example.file(self)),
        }
    }

    /// What the trainer makes of an image of `size`, where it may enlarge it.
    pub(crate) fn fit(self, size: Size, resolution: u32) -> Option<Fit> {
        let steps = |trainer| steps(trainer, None).unwrap_or(1);
        match self {
            Self::Onetrainer => Some(one_trainer(size, resolution, steps(Trainer::OneTrainer))),
            Self::AiToolkit => Some(ai_toolkit(size, resolution, steps(Trainer::AiToolkit))),
            Self::Simpletuner => Some(simple_tuner(size, resolution, steps(Trainer::SimpleTuner))),
            Self::Diffusers => Some(square(size, resolution)),
            Self::DiffusionPipe => Some(diffusion_pipe::buckets(resolution).fit(size)),
            Self::Kohya | Self::Musubi | Self::Webdataset => None,
        }
    }
}

/// Whether an image of the set has several captions in a view.
fn several(view: View, purpose: &Purpose, examples: &[Example]) -> bool {
    let mut captions = examples.iter().map(|one| one.captions(purpose, view));
    captions.any(|captions| captions.len() > 1)
}

/// Writes the folder of one view.
pub(crate) fn write(
    view: View,
    written: &Written<'_>,
    purpose: &Purpose,
    examples: &[Example],
) -> Result<()> {
    if view == View::Webdataset {
        return webdataset::write(written, purpose, examples);
    }
    written.folders(view, purpose, examples)?;
    match view {
        View::Kohya => kohya::write(written, purpose, examples),
        View::Onetrainer => onetrainer::write(written, purpose, examples),
        View::AiToolkit => ai_toolkit::write(written, purpose, examples),
        View::Diffusers => diffusers::write(written, purpose, examples),
        View::Musubi => musubi::write(written, purpose, examples),
        View::DiffusionPipe => diffusion_pipe::write(written, purpose, examples),
        View::Simpletuner => simpletuner::write(written, purpose, examples),
        View::Webdataset => Ok(()),
    }
}
