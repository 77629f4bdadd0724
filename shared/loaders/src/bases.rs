//! Base models: who reads their captions and how much of them, and what the sides of their buckets
//! are multiples of in each trainer.

use captions::encoder::Encoder;

use crate::Trainer;

/// A base model that a LoRA is trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Base {
    /// Its name, as one writes it.
    pub name: &'static str,
    /// Its text encoder, as people call it; of several the one that reads most.
    pub encoder: &'static str,
    /// Whether that is CLIP, which needs no file.
    pub clip: bool,
    /// The tokens that trainers give it, marks included. Where trainers differ, the fewest.
    pub longest: usize,
    /// The steps of the sides of buckets, in the order of [`STEPPED`]; 0 where the trainer does not
    /// train it.
    steps: [u32; 5],
}

/// The trainers whose buckets depend on the base model. The steps of sd-scripts are a setting.
const STEPPED: [Trainer; 5] = [
    Trainer::AiToolkit,
    Trainer::DiffusionPipe,
    Trainer::OneTrainer,
    Trainer::MusubiTuner,
    Trainer::SimpleTuner,
];

/// The steps where no base model is named: what each trainer has for most of those it trains.
const USUAL: [u32; 5] = [16, 16, 64, 16, 64];

/// The base models.
///
/// Sources of the tokens: sd-scripts `library/strategy_sd3.py`, `strategy_lumina.py`,
/// `strategy_anima.py`, and the manual of `flux_train_network.py` (512, or 256 for schnell); for
/// Wan `text_len` of its configuration; for Qwen-Image 512 in `OneTrainer`, 1024 in musubi-tuner
/// and diffusers; for FLUX.2, Z-Image, Chroma and Krea 2 512 in every trainer; for `HiDream` 128 in
/// every trainer; for Ideogram 4 2048 in `OneTrainer` and musubi-tuner, 3072 in ai-toolkit; for
/// `HunyuanImage` 1000 in diffusion-pipe, 1024 in sd-scripts.
///
/// Sources of the steps: ai-toolkit `get_bucket_divisibility` of each model, diffusion-pipe
/// `pixels_round_to_multiple`, `OneTrainer` `aspect_bucketing_quantization` of each data loader,
/// musubi-tuner `dataset/bucket.py`, `SimpleTuner` `aspect_bucket_alignment` of each model, all at
/// the versions of [`Trainer::version`].
pub const BASES: &[Base] = &[
    clip("sd15", [16, 0, 8, 0, 64]),
    clip("sdxl", [16, 16, 64, 0, 64]),
    other("sd3", "T5", 256, [32, 16, 64, 0, 64]),
    other("flux", "T5", 512, [32, 16, 64, 16, 64]),
    other("flux-schnell", "T5", 256, [32, 16, 64, 16, 64]),
    other("flux2", "Mistral 3 or Qwen3", 512, [16, 16, 64, 16, 16]),
    other("lumina", "Gemma 2", 256, [16, 16, 0, 0, 64]),
    other("qwen-image", "Qwen2.5", 512, [32, 16, 64, 16, 32]),
    other("z-image", "Qwen3", 512, [16, 16, 64, 16, 64]),
    other("chroma", "T5", 512, [32, 16, 64, 0, 64]),
    other("hidream", "Llama 3.1", 128, [16, 16, 64, 0, 64]),
    other("krea2", "Qwen3-VL", 512, [16, 16, 64, 16, 64]),
    other("ideogram", "Qwen3-VL", 2048, [16, 16, 64, 16, 64]),
    other("anima", "T5", 512, [32, 16, 64, 0, 16]),
    other("hunyuan-image", "Qwen2.5-VL", 1000, [0, 32, 0, 0, 0]),
    other("wan", "umT5", 512, [16, 16, 0, 16, 32]),
    other("wan-5b", "umT5", 512, [32, 32, 0, 0, 64]),
];

/// CLIP has windows of 77; trainers take one unless they are told to take two or three.
const fn clip(name: &'static str, steps: [u32; 5]) -> Base {
    Base {
        name,
        encoder: "CLIP",
        clip: true,
        longest: 77,
        steps,
    }
}

const fn other(name: &'static str, encoder: &'static str, longest: usize, steps: [u32; 5]) -> Base {
    Base {
        name,
        encoder,
        clip: false,
        longest,
        steps,
    }
}

/// Why there is no base model of a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no base model `{0}`: there are {list}", list = names())]
pub struct NoBase(String);

/// The names of all base models, as a command line's help lists them.
pub fn names() -> String {
    let names: Vec<_> = BASES.iter().map(|base| base.name).collect();
    names.join(", ")
}

/// The base model of this name.
///
/// ```
/// use captions::encoder::Encoder;
/// use loaders::bases::base;
/// assert_eq!(base("sdxl").unwrap().budget(&Encoder::clip()), 75);
/// assert!(base("sd9").unwrap_err().to_string().contains("sd15, sdxl, sd3"));
/// ```
pub fn base(name: &str) -> Result<&'static Base, NoBase> {
    let found = BASES.iter().find(|base| base.name == name);
    found.ok_or_else(|| NoBase(name.to_owned()))
}

impl Base {
    /// The tokens that it reads of a caption, without the marks that `encoder` puts around it.
    pub fn budget(&self, encoder: &Encoder) -> usize {
        self.longest.saturating_sub(encoder.marks())
    }

    /// Whether `trainer` trains it, as far as its buckets tell: sd-scripts, diffusers and
    /// `WebDataset` have buckets, if any, that do not depend on it.
    pub fn is_trained_by(&self, trainer: Trainer) -> bool {
        place(trainer).is_none_or(|place| self.steps[place] > 0)
    }
}

/// What the sides of buckets of `trainer` are multiples of, in pixels, for a base model or, without
/// one, for most that it trains; `None` where its configuration says, or it has no buckets.
///
/// ```
/// use loaders::{Trainer, bases::{base, steps}};
/// assert_eq!(steps(Trainer::AiToolkit, base("flux").ok()), Some(32));
/// assert_eq!(steps(Trainer::AiToolkit, None), Some(16));
/// assert_eq!(steps(Trainer::OneTrainer, base("sd15").ok()), Some(8));
/// assert_eq!(steps(Trainer::SdScripts, None), None);
/// ```
pub fn steps(trainer: Trainer, base: Option<&Base>) -> Option<u32> {
    let place = place(trainer)?;
    let known = base.map(|base| base.steps[place]);
    Some(known.filter(|steps| *steps > 0).unwrap_or(USUAL[place]))
}

fn place(trainer: Trainer) -> Option<usize> {
    STEPPED.iter().position(|one| *one == trainer)
}
