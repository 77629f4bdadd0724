//! kohya sd-scripts, its GUI and `FluxGym`: a data set configuration in TOML, or numbered folders.

mod buckets;
mod configuration;
mod flags;
mod keys;
mod training;
mod view;

use std::path::Path;

use crate::bases::Base;
use crate::caption::{Captions, Lines, Missing, Unreadable, python_strip, stripped_lines};
use crate::configuration::{Claim, Configuration, Names};
use crate::files::{ending, is_flat, is_hidden, names};
use crate::fit::{Fitting, Size};
use crate::mask::{Masks, Place};
use crate::metadata::Format;
use crate::set::{Opened, Set, Settings};
use crate::trainer::Profile;
use crate::view::View;
use crate::{Finding, Trainer};
pub use buckets::{BucketSettings, Buckets};
pub use flags::BucketFlags;

/// kohya sd-scripts.
#[derive(Debug)]
pub struct SdScripts {
    /// Whether it is given folders called `N_name`, as by its GUI, and no configuration.
    numbered: bool,
}

/// With a data set configuration.
pub static CONFIGURED: SdScripts = SdScripts { numbered: false };

/// With numbered folders.
pub static NUMBERED: SdScripts = SdScripts { numbered: true };

/// The endings that it looks for: all small or all large. musubi-tuner has them from here.
pub(super) const ENDINGS: &[&str] = &[
    "png", "jpg", "jpeg", "webp", "bmp", "PNG", "JPG", "JPEG", "WEBP", "BMP",
];

/// Rows of fine-tuning data sets.
pub const ROWS: Format = Format {
    image: "image_path",
    caption: "caption",
    columns: false,
    tags: true,
};

/// With `--cache_latents_to_disk` the size of an image is not read from the image where a cache of
/// its name lies beside it, but from the name of the cache, as in `a_0832x1216_sdxl.npz`
/// (`get_image_size_from_disk_cache_path` of `library/strategy_base.py`).
fn cache_name(file: &Path) -> Option<(String, Size)> {
    if file.extension()? != "npz" || !is_flat(file) {
        return None;
    }
    let mut parts = file.file_stem()?.to_str()?.rsplitn(3, '_');
    let (_, size, stem) = (parts.next()?, parts.next()?, parts.next()?);
    let (width, height) = size.split_once('x')?;
    let size = Size::new(width.parse().ok()?, height.parse().ok()?);
    Some((stem.to_owned(), size))
}

impl Trainer for SdScripts {
    fn profile(&self) -> Profile {
        Profile {
            flat: !self.numbered,
            cache_name: Some(cache_name),
            captions: Captions {
                lines: Lines::First,
                missing: Missing::Class,
                ..Captions::default()
            },
            // Those of `conditioning_data_dir`. `ControlNetDataset.__getitem__` of `library/train_util.py`
            // scales the image, cuts it to the bucket, and scales the mask straight to the bucket, uncut.
            masks: Some(Masks {
                // Of several, the first by name is taken; capitals sort first.
                place: Place::Stem(&[
                    "BMP", "JPEG", "JPG", "PNG", "WEBP", "bmp", "jpeg", "jpg", "png", "webp",
                ]),
                required: true,
                same_size: true,
                squeezed: true,
            }),
            names: Names {
                files: &["dataset.toml", "masked.toml"],
                texts: &["[[datasets]]"],
            },
            ..Profile::new(
                if self.numbered {
                    "kohya-folder"
                } else {
                    "sd-scripts"
                },
                "sd-scripts 48d368f",
            )
        }
    }

    fn reads(&self, path: &Path) -> bool {
        ENDINGS.contains(&ending(path))
    }

    fn takes(&self, path: &Path) -> bool {
        if !self.numbered {
            return self.takes_of_set(path, false);
        }
        let folder = path.parent().filter(|folder| is_flat(folder));
        let numbered = folder.is_some_and(|folder| repeats(last_name(folder)).is_some());
        numbered && self.takes_of_set(Path::new(last_name(path)), false)
    }

    fn takes_of_set(&self, path: &Path, _deep: bool) -> bool {
        is_flat(path) && !is_hidden(path) && self.reads(path)
    }

    fn texts(&self, text: &str, set: &Set) -> Result<Vec<String>, Unreadable> {
        if text.is_empty() {
            return Err(Unreadable::Empty);
        }
        if set.every_line {
            return Ok(stripped_lines(text));
        }
        let first = text.split('\n').next().unwrap_or_default();
        Ok(vec![python_strip(first).to_owned()])
    }

    /// The stem without its last four parts between underscores, which it takes for a face
    /// detector's.
    fn other_stem(&self, stem: &str) -> Option<String> {
        let parts: Vec<_> = stem.split('_').collect();
        let kept = parts.len().checked_sub(4).filter(|kept| *kept > 0)?;
        Some(parts[..kept].join("_"))
    }

    fn fitting(&self, resolution: u32, _base: Option<&Base>) -> Option<Box<dyn Fitting>> {
        boxed(BucketSettings {
            enable_bucket: true,
            bucket_no_upscale: true,
            min_bucket_reso: resolution / 2,
            max_bucket_reso: resolution * 3 / 2,
            ..BucketSettings::new(Size::square(resolution))
        })
    }

    fn claims(&self, path: &Path, _text: &str) -> Claim {
        if !self.numbered && ending(path) == "toml" {
            Claim::Perhaps
        } else {
            Claim::No
        }
    }

    fn claims_folder(&self, folder: &Path) -> bool {
        let numbered = |name: &String| repeats(name).is_some() && folder.join(name).is_dir();
        self.numbered && names(folder).iter().any(numbered)
    }

    fn open_folder(&self, path: &Path, settings: &Settings) -> Option<Opened> {
        self.numbered.then(|| numbered_folders(path, settings))
    }

    fn configuration(&self, configuration: &mut Configuration<'_>) -> bool {
        if self.numbered {
            return false;
        }
        if let Some(config) = configuration.toml() {
            configuration::read(&config, configuration);
        }
        true
    }

    fn view(&self) -> Option<&'static dyn View> {
        (!self.numbered).then_some(&CONFIGURED)
    }
}

/// The repeats and class tokens that a folder's name gives, in folder mode.
///
/// ```
/// use loaders::trainers::sd_scripts::repeats;
/// assert_eq!(repeats("10_lucap boy"), Some((10, "lucap boy")));
/// assert_eq!(repeats("luca_10"), None);
/// assert_eq!(repeats("0_luca"), None);
/// ```
pub fn repeats(folder: &str) -> Option<(u32, &str)> {
    let (number, name) = folder.split_once('_').unwrap_or((folder, ""));
    let number = number.trim().parse().ok().filter(|number| *number > 0)?;
    Some((number, name))
}

/// The last name of a path, as text.
fn last_name(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str());
    name.unwrap_or_default()
}

fn boxed(settings: BucketSettings) -> Option<Box<dyn Fitting>> {
    let buckets = Buckets::new(settings)?;
    Some(Box::new(buckets))
}

/// The folders called `N_name` under the one that is given.
fn numbered_folders(path: &Path, settings: &Settings) -> Opened {
    let has_images = |folder: &Path| {
        let names = names(folder);
        names.iter().any(|name| NUMBERED.reads(Path::new(name)))
    };
    let mut opened = Opened::default();
    for name in names(path) {
        let folder = path.join(&name);
        match repeats(&name) {
            Some((number, class)) if folder.is_dir() => opened.sets.push(Set {
                repeats: number.into(),
                class_tokens: Some(class.to_owned()).filter(|class| !class.is_empty()),
                ..Set::folder(&NUMBERED, folder, settings)
            }),
            None if folder.is_dir() && has_images(&folder) => {
                let text = "has images, but no number of repeats in its name: it is left out";
                opened.say(&folder, Finding::error("folder-unnumbered", text));
            }
            _ => {}
        }
    }
    let wrong = match (opened.sets.is_empty(), repeats(last_name(path))) {
        (true, Some(_)) => Some((
            "folder-is-child",
            "is a folder with a number of repeats: give the trainer the folder above it",
        )),
        (true, None) => Some((
            "folder-no-repeats",
            "has no folder with a name such as `10_name`: nothing is trained on",
        )),
        (false, _) => has_images(path).then_some((
            "folder-loose",
            "has images beside the folders with numbers: they are left out",
        )),
    };
    if let Some((code, text)) = wrong {
        opened.say(path, Finding::error(code, text));
    }
    opened
}
