//! One folder or list of images, as one trainer would read it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use loaders::Trainer;
use loaders::bases::{Base, base, steps};
use loaders::caption::Reading;
use loaders::fit::{
    Buckets, DiffusionPipe, Fit, Musubi, SdScripts, Size, ai_toolkit, one_trainer, simple_tuner,
    square,
};

/// One folder or list of images, as one trainer would read it.
#[derive(Debug, Clone)]
pub(crate) struct Set {
    /// The trainer.
    pub(crate) trainer: Trainer,
    /// The folder, or the file with the list.
    pub(crate) path: PathBuf,
    /// The images that a list names, with their captions; for a folder none.
    pub(crate) rows: Option<Vec<(PathBuf, Vec<String>)>>,
    /// Captions by file name, where one file of the folder has them all.
    pub(crate) lists: Option<Lists>,
    /// The ending of caption files, with its dot.
    pub(crate) extension: String,
    /// Whether every line of a caption counts in sd-scripts.
    pub(crate) wildcard: bool,
    /// The caption of images that have none.
    pub(crate) class_tokens: Option<String>,
    /// The trigger that a configuration names, for a trainer that puts it into captions.
    pub(crate) trigger: Option<String>,
    /// How many captions are drawn of each image and kept for all epochs, where a configuration
    /// says so.
    pub(crate) draws: Option<u32>,
    /// How often an epoch shows each image.
    pub(crate) repeats: f64,
    /// The tree of masks.
    pub(crate) masks: Option<PathBuf>,
    /// Whether transparency is the mask.
    pub(crate) alpha_mask: bool,
    /// Whether sub-folders are read where the trainer leaves that open.
    pub(crate) deep: bool,
    /// Bucket, scale and crop.
    pub(crate) fitting: Fitting,
}

/// A file with the captions of a folder.
#[derive(Debug, Clone)]
pub(crate) struct Lists {
    /// The file.
    pub(crate) path: PathBuf,
    /// The captions by the image's file name.
    pub(crate) captions: BTreeMap<String, Vec<String>>,
}

/// Whose rules decide on bucket, scale and crop.
#[derive(Debug, Clone)]
pub(crate) enum Fitting {
    SdScripts(Buckets),
    Musubi(Musubi),
    DiffusionPipe(DiffusionPipe),
    /// Resolution, and the steps of the sides.
    OneTrainer(u32, u32),
    AiToolkit(u32, u32),
    SimpleTuner(u32, u32),
    Square(u32),
    /// The loader hands images on as they are.
    None,
}

/// What is said of sets that no configuration describes.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Settings {
    /// Base model that is trained, which decides on the buckets of many trainers
    /// and on how much of a caption is read: sd15, sdxl, sd3, flux, flux-schnell,
    /// flux2, lumina, qwen-image, z-image, chroma, hidream, krea2, ideogram, anima,
    /// hunyuan-image, wan or wan-5b [default: the buckets that most models have
    /// in the trainer; CLIP's 75 tokens, for trainers that mostly train models
    /// of CLIP]
    #[arg(long, value_name = "MODEL", value_parser = base)]
    pub(crate) base: Option<&'static Base>,

    /// Side of the square whose area is the budget of an image
    #[arg(long, value_name = "PIXELS", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(64..=8192))]
    pub(crate) resolution: u32,

    /// Ending of caption files, where the trainer lets one choose
    #[arg(long, value_name = "ENDING", default_value = ".txt")]
    pub(crate) caption_extension: String,

    /// Folder of masks
    #[arg(long, value_name = "DIR")]
    pub(crate) masks: Option<PathBuf>,

    /// Read a configuration as sd-scripts does with its flag for masked loss
    #[arg(long)]
    pub(crate) masked_loss: bool,
}

/// The steps of sd-scripts where no configuration says them: its default.
const SD_SCRIPTS: u32 = 64;

impl Settings {
    /// What the sides of the trainer's buckets are multiples of.
    pub(crate) fn steps(&self, trainer: Trainer) -> u32 {
        steps(trainer, self.base).unwrap_or(SD_SCRIPTS)
    }
}

impl Set {
    /// A folder without a configuration.
    pub(crate) fn folder(trainer: Trainer, path: &Path, settings: &Settings) -> Self {
        Self {
            trainer,
            path: path.to_path_buf(),
            rows: None,
            lists: None,
            extension: match trainer {
                // These have no such setting.
                Trainer::OneTrainer | Trainer::DiffusionPipe | Trainer::SimpleTuner => {
                    ".txt".into()
                }
                _ => settings.caption_extension.clone(),
            },
            wildcard: false,
            class_tokens: None,
            trigger: None,
            draws: None,
            repeats: 1.0,
            masks: settings.masks.clone(),
            alpha_mask: false,
            deep: false,
            fitting: fitting(trainer, settings.resolution, settings.steps(trainer)),
        }
    }

    /// Whether it takes a file of its folder for an image; `path` is relative
    /// to it.
    pub(crate) fn takes(&self, path: &Path) -> bool {
        match self.trainer {
            // The folder is one of those with a number.
            Trainer::KohyaFolder => Trainer::SdScripts.takes(path),
            Trainer::OneTrainer if self.deep => {
                let name = path.file_name().unwrap_or_default();
                Trainer::OneTrainer.takes(Path::new(name))
            }
            trainer => trainer.takes(path),
        }
    }

    /// Whether it looks into sub-folders.
    pub(crate) fn recurses(&self) -> bool {
        self.deep || self.trainer.recurses()
    }

    /// How captions are read.
    pub(crate) fn reading<'a>(&'a self, trigger: Option<&'a str>) -> Reading<'a> {
        Reading {
            extension: &self.extension,
            wildcard: self.wildcard,
            trigger: self
                .trigger
                .as_deref()
                .or(trigger)
                .filter(|_| self.trainer == Trainer::AiToolkit),
            ..Reading::new(self.trainer)
        }
    }
}

impl Fitting {
    /// What becomes of an image of this size; `None` if nothing is left of it.
    pub(crate) fn fit(&self, source: Size) -> Option<Fit> {
        match self {
            Self::SdScripts(buckets) => buckets.fit(source),
            Self::Musubi(musubi) => musubi.fit(source),
            Self::DiffusionPipe(pipe) => Some(pipe.fit(source)),
            Self::OneTrainer(resolution, steps) => Some(one_trainer(source, *resolution, *steps)),
            Self::AiToolkit(resolution, steps) => Some(ai_toolkit(source, *resolution, *steps)),
            Self::SimpleTuner(resolution, steps) => Some(simple_tuner(source, *resolution, *steps)),
            Self::Square(resolution) => Some(square(source, *resolution)),
            Self::None => None,
        }
    }
}

/// The usual settings of a trainer: buckets on, never enlarging where that
/// can be said.
fn fitting(trainer: Trainer, resolution: u32, steps: u32) -> Fitting {
    match trainer {
        Trainer::SdScripts | Trainer::KohyaFolder => {
            let buckets = Buckets::new(SdScripts {
                enable_bucket: true,
                bucket_no_upscale: true,
                min_bucket_reso: resolution / 2,
                max_bucket_reso: resolution * 3 / 2,
                ..SdScripts::new(Size::square(resolution))
            });
            buckets.map_or(Fitting::None, Fitting::SdScripts)
        }
        Trainer::OneTrainer => Fitting::OneTrainer(resolution, steps),
        Trainer::AiToolkit => Fitting::AiToolkit(resolution, steps),
        Trainer::MusubiTuner => Fitting::Musubi(Musubi {
            resolution: Size::square(resolution),
            enable_bucket: true,
            bucket_no_upscale: true,
            steps,
        }),
        Trainer::DiffusionPipe => Fitting::DiffusionPipe(DiffusionPipe {
            resolution: resolution.into(),
            enable_ar_bucket: true,
            aspects: DiffusionPipe::aspects(0.5, 2.0, 7),
            steps,
        }),
        Trainer::SimpleTuner => Fitting::SimpleTuner(resolution, steps),
        Trainer::Diffusers => Fitting::Square(resolution),
        Trainer::WebDataset => Fitting::None,
    }
}
