//! A trainer: which files it wants, and what it makes of captions, masks, sizes and configurations.

use std::fmt::Debug;
use std::path::Path;

use crate::bases::{Base, Steps};
use crate::caption::{Captions, Unreadable};
use crate::configuration::{Claim, Configuration, Names};
use crate::fit::{Fitting, Size};
use crate::mask::Masks;
use crate::set::{Opened, Set, Settings};
use crate::view::View;

/// The stem and the size of an image that the name of its cache says; `None` for other files.
pub type CacheName = fn(&Path) -> Option<(String, Size)>;

/// A trainer, or a way of reading that several trainers share. What is not said here is as the
/// default has it: the most usual.
pub trait Trainer: Debug + Sync {
    /// What is fixed about it.
    fn profile(&self) -> Profile;

    /// Whether it would take a file of this ending for an image, wherever it lay.
    fn reads(&self, path: &Path) -> bool;

    /// Whether it takes a file for an image; `path` is relative to the folder that it is given.
    ///
    /// ```
    /// use std::path::Path;
    /// use loaders::trainers::named;
    /// assert!(named("ai-toolkit").unwrap().takes(Path::new("masks/a.png")));
    /// assert!(!named("sd-scripts").unwrap().takes(Path::new("masks/a.png")));
    /// ```
    fn takes(&self, path: &Path) -> bool;

    /// The same for a set that it opened: `path` is relative to the folder of the set, and `deep`
    /// says whether the configuration asks for the folders below.
    fn takes_of_set(&self, path: &Path, _deep: bool) -> bool {
        self.takes(path)
    }

    /// Whether it passes over a folder of this name on purpose.
    fn passes_over(&self, _folder: &Path) -> bool {
        false
    }

    /// The captions of which it takes one, from what stands in a file.
    fn texts(&self, text: &str, _set: &Set) -> Result<Vec<String>, Unreadable> {
        Ok(vec![text.to_owned()])
    }

    /// Another stem whose caption it takes where `stem`, the path of an image without its ending,
    /// has none.
    fn other_stem(&self, _stem: &str) -> Option<String> {
        None
    }

    /// What it makes of sizes with its usual settings: buckets on, never enlarging where that can be
    /// said. `resolution` is the side of the square whose area is the budget of an image, in
    /// pixels. `None` if it hands images on as they are.
    fn fitting(&self, _resolution: u32, _base: Option<&Base>) -> Option<Box<dyn Fitting>> {
        None
    }

    /// Whether a file is a configuration of this trainer.
    fn claims(&self, _path: &Path, _text: &str) -> Claim {
        Claim::No
    }

    /// Whether a folder without a configuration can only be meant for this trainer.
    fn claims_folder(&self, _folder: &Path) -> bool {
        false
    }

    /// What it reads in a folder; `None` where that is the images in it and nothing else.
    fn open_folder(&self, _path: &Path, _settings: &Settings) -> Option<Opened> {
        None
    }

    /// What it reads in a file that holds a data set; `None` where a file is a configuration.
    fn open_file(&self, _path: &Path) -> Option<Opened> {
        None
    }

    /// Adds the sets that a configuration describes, and what is wrong with it; says `false` if
    /// this trainer has none.
    fn configuration(&self, _configuration: &mut Configuration<'_>) -> bool {
        false
    }

    /// A data set as it wants it; `None` where another trainer's is the same.
    fn view(&self) -> Option<&'static dyn View> {
        None
    }
}

/// What is fixed about a trainer.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// Its name, as command lines and records say it.
    pub name: &'static str,
    /// The version whose rules these are.
    pub version: &'static str,
    /// Whether it looks into every folder below the one that it is given.
    pub recurses: bool,
    /// Whether a folder of images with captions beside them is all that it wants.
    pub flat: bool,
    /// What the name of a cache beside an image says, where the trainer takes the size of the image
    /// from there.
    pub cache_name: Option<CacheName>,
    /// What it does with pixels.
    pub pixels: Pixels,
    /// How it reads captions.
    pub captions: Captions,
    /// How it finds masks; `None` if it cannot use any.
    pub masks: Option<Masks>,
    /// What the sides of its buckets are multiples of, by base model; `None` where its configuration
    /// says, or it has no buckets.
    pub steps: Option<Steps>,
    /// By what its configurations are known among other files.
    pub names: Names,
}

impl Profile {
    /// One with all else as most trainers have it.
    pub fn new(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version,
            recurses: false,
            flat: true,
            cache_name: None,
            pixels: Pixels::default(),
            captions: Captions::default(),
            masks: None,
            steps: None,
            names: Names::default(),
        }
    }
}

/// What a trainer does with pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pixels {
    /// Whether it turns images as their EXIF data says. The others train on the image as it is
    /// stored.
    pub turns: bool,
    /// Whether it lays images with alpha over white. The others let the colour come back that lies
    /// hidden under transparent pixels.
    pub flattens: bool,
    /// Whether it divides samples of 16 bits by 255, too. The others read through Pillow, which
    /// cuts colours of 16 bits to 8 and makes gray of 16 bits white.
    pub overflows: bool,
}
