//! Base models: what reads their captions and how much of them, and how the sides of their buckets
//! step in a trainer.

use captions::encoder::Encoder;

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
    /// The base model whose network it has: its own name, or that of the one it was made from.
    pub network: &'static str,
}

/// The base models.
///
/// Sources of the tokens: sd-scripts `library/strategy_sd3.py`, `strategy_lumina.py`,
/// `strategy_anima.py`, and the manual of `flux_train_network.py` (512, or 256 for schnell); for
/// Wan `text_len` of its configuration; for Qwen-Image 512 in `OneTrainer`, 1024 in musubi-tuner
/// and diffusers; for FLUX.2, Z-Image, Chroma and Krea 2 512 in every trainer; for `HiDream` 128 in
/// every trainer; for Ideogram 4 2048 in `OneTrainer` and musubi-tuner, 3072 in ai-toolkit; for
/// `HunyuanImage` 1000 in diffusion-pipe, 1024 in sd-scripts.
pub const BASES: &[Base] = &[
    clip("sd15"),
    clip("sdxl"),
    Base {
        name: "illustrious",
        ..clip("sdxl")
    },
    other("sd3", "T5", 256),
    other("flux", "T5", 512),
    other("flux-schnell", "T5", 256),
    other("flux2", "Mistral 3 or Qwen3", 512),
    other("lumina", "Gemma 2", 256),
    other("qwen-image", "Qwen2.5", 512),
    other("z-image", "Qwen3", 512),
    other("chroma", "T5", 512),
    other("hidream", "Llama 3.1", 128),
    other("krea2", "Qwen3-VL", 512),
    other("ideogram", "Qwen3-VL", 2048),
    other("anima", "T5", 512),
    other("hunyuan-image", "Qwen2.5-VL", 1000),
    other("wan", "umT5", 512),
    other("wan-5b", "umT5", 512),
];

/// CLIP has windows of 77; trainers take one unless they are told to take two or three.
const fn clip(name: &'static str) -> Base {
    Base {
        name,
        encoder: "CLIP",
        clip: true,
        longest: 77,
        network: name,
    }
}

const fn other(name: &'static str, encoder: &'static str, longest: usize) -> Base {
    Base {
        name,
        encoder,
        clip: false,
        longest,
        network: name,
    }
}

/// Why there is no base model of a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no base model `{0}`, only {list}", list = names())]
pub struct NoBase(String);

/// The names of all base models, as a command line's help lists them.
pub fn names() -> String {
    let names: Vec<_> = BASES.iter().map(|base| base.name).collect();
    names.join(", ")
}

/// Other names of base models, and what they stand for.
const ALSO: &[(&str, &str)] = &[("flux1", "flux"), ("sd1", "sd15")];

/// The base model of this name.
///
/// ```
/// use captions::encoder::Encoder;
/// use loaders::bases::base;
/// assert_eq!(base("sdxl").unwrap().budget(&Encoder::clip()), 75);
/// assert_eq!(base("flux1").unwrap().name, "flux");
/// assert!(base("sd9").unwrap_err().to_string().contains("sd15, sdxl, illustrious"));
/// ```
pub fn base(name: &str) -> Result<&'static Base, NoBase> {
    let also = ALSO.iter().find(|(also, _)| *also == name);
    let own = also.map_or(name, |(_, own)| own);
    let found = BASES.iter().find(|base| base.name == own);
    found.ok_or_else(|| NoBase(name.to_owned()))
}

impl Base {
    /// Whether its name is among these, which stand between spaces.
    pub(crate) fn is_among(&self, names: &str) -> bool {
        names.split(' ').any(|name| name == self.name)
    }

    /// The tokens that it reads of a caption, without the marks that `encoder` puts around it.
    pub fn budget(&self, encoder: &Encoder) -> usize {
        self.longest.saturating_sub(encoder.marks())
    }
}

/// What the sides of a trainer's buckets are multiples of, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// What they are for most of the base models that it trains.
    pub usual: u32,
    /// Steps, and the names of the base models that have them, between spaces: all that it trains.
    pub of: &'static [(u32, &'static str)],
}

impl Steps {
    /// The steps of a base model; the usual ones where none is named, or one that the trainer does
    /// not train.
    ///
    /// ```
    /// use loaders::{bases::base, trainers::named};
    /// let steps = named("ai-toolkit").unwrap().profile().steps.unwrap();
    /// assert_eq!(steps.of(base("flux").ok()), 32);
    /// assert_eq!(steps.of(None), 16);
    /// ```
    pub fn of(&self, base: Option<&Base>) -> u32 {
        let known = base.and_then(|base| self.known(base));
        known.unwrap_or(self.usual)
    }

    /// Whether the trainer trains a base model, as far as its buckets tell.
    pub fn has(&self, base: &Base) -> bool {
        self.known(base).is_some()
    }

    fn known(&self, base: &Base) -> Option<u32> {
        let has = |names: &str| names.split(' ').any(|name| name == base.network);
        let found = self.of.iter().find(|(_, names)| has(names));
        found.map(|(steps, _)| *steps)
    }
}
