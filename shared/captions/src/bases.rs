//! Base models, and how many tokens of a caption the trainers let each of them read.

use crate::encoder::Encoder;

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
}

/// The base models.
///
/// Sources: sd-scripts `library/strategy_sd3.py`, `strategy_lumina.py` and the manual of
/// `flux_train_network.py` (512, or 256 for schnell); for Wan `text_len` of its configuration;
/// for Qwen-Image 512 in `OneTrainer`, 1024 in musubi-tuner and diffusers.
pub const BASES: &[Base] = &[
    clip("sd15"),
    clip("sdxl"),
    other("sd3", "T5", 256),
    other("flux", "T5", 512),
    other("flux-schnell", "T5", 256),
    other("lumina", "Gemma 2", 256),
    other("qwen-image", "Qwen2.5", 512),
    other("wan", "umT5", 512),
];

/// CLIP has windows of 77; trainers take one unless they are told to take two or three.
const fn clip(name: &'static str) -> Base {
    Base {
        name,
        encoder: "CLIP",
        clip: true,
        longest: 77,
    }
}

const fn other(name: &'static str, encoder: &'static str, longest: usize) -> Base {
    Base {
        name,
        encoder,
        clip: false,
        longest,
    }
}

/// Why there is no base model of a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no base model `{0}`: there are {list}", list = names())]
pub struct NoBase(String);

fn names() -> String {
    let names: Vec<_> = BASES.iter().map(|base| base.name).collect();
    names.join(", ")
}

/// The base model of this name.
///
/// ```
/// use captions::bases::base;
/// use captions::encoder::Encoder;
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
}
