//! The trainers, and which files each takes for pictures.

use std::fmt;
use std::path::{Component, Path};

/// A trainer, or a loader that several trainers share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trainer {
    /// kohya sd-scripts with a data set configuration.
    SdScripts,
    /// kohya sd-scripts, or its GUI, with folders called `N_name`.
    KohyaFolder,
    /// `OneTrainer`.
    OneTrainer,
    /// `ai-toolkit`.
    AiToolkit,
    /// `musubi-tuner`.
    MusubiTuner,
    /// `diffusion-pipe`.
    DiffusionPipe,
    /// `SimpleTuner`.
    SimpleTuner,
    /// The scripts of diffusers, through Hugging Face's `imagefolder`.
    Diffusers,
    /// `WebDataset` shards.
    WebDataset,
}

/// The endings that sd-scripts and musubi-tuner look for: all small or all large.
const KOHYA: &[&str] = &[
    "png", "jpg", "jpeg", "webp", "bmp", "PNG", "JPG", "JPEG", "WEBP", "BMP",
];

/// The endings of pictures that Pillow opens, as far as data sets have them.
const PILLOW: &[&str] = &[
    "apng", "bmp", "dib", "gif", "jfif", "jpe", "jpeg", "jpg", "pbm", "pgm", "png", "pnm", "ppm",
    "tga", "tif", "tiff", "webp", "avif", "ico", "jp2", "psd",
];

/// The endings of videos that `SimpleTuner` takes.
const VIDEOS: &[&str] = &["mp4", "avi", "mov", "mkv", "webm", "flv"];

/// What diffusion-pipe passes over in its folder. All else is a picture to it if it has a caption
/// and Pillow opens it; if not, it is left out with a line on the terminal.
const NO_PICTURE: &[&str] = &["txt", "npz", "json", "parquet", "bak", "db"];

impl Trainer {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::SdScripts,
        Self::KohyaFolder,
        Self::OneTrainer,
        Self::AiToolkit,
        Self::MusubiTuner,
        Self::DiffusionPipe,
        Self::SimpleTuner,
        Self::Diffusers,
        Self::WebDataset,
    ];

    /// Its name, as command lines and records say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::SdScripts => "sd-scripts",
            Self::KohyaFolder => "kohya-folder",
            Self::OneTrainer => "onetrainer",
            Self::AiToolkit => "ai-toolkit",
            Self::MusubiTuner => "musubi-tuner",
            Self::DiffusionPipe => "diffusion-pipe",
            Self::SimpleTuner => "simpletuner",
            Self::Diffusers => "diffusers",
            Self::WebDataset => "webdataset",
        }
    }

    /// The version whose rules these are.
    pub fn version(self) -> &'static str {
        match self {
            Self::SdScripts | Self::KohyaFolder => "sd-scripts 48d368f",
            Self::OneTrainer => "OneTrainer 23df383, mgds 3a6994a",
            Self::AiToolkit => "ai-toolkit 27a03a9",
            Self::MusubiTuner => "musubi-tuner 30c658c",
            Self::DiffusionPipe => "diffusion-pipe 8f83dbf",
            Self::SimpleTuner => "SimpleTuner bc8e6ab",
            Self::Diffusers => "diffusers 58eb52c, datasets b7cb10b",
            Self::WebDataset => "webdataset 1.0.2",
        }
    }

    /// Whether it takes a file for a picture; `path` is relative to the
    /// folder that it is given.
    ///
    /// ```
    /// use std::path::Path;
    /// use loaders::Trainer;
    /// assert!(Trainer::AiToolkit.takes(Path::new("masks/a.png")));
    /// assert!(!Trainer::SdScripts.takes(Path::new("masks/a.png")));
    /// assert!(Trainer::DiffusionPipe.takes(Path::new("metadata.jsonl")));
    /// ```
    pub fn takes(self, path: &Path) -> bool {
        let flat = path.components().count() == 1;
        let hidden = hidden(path.file_name().and_then(|name| name.to_str()));
        match self {
            Self::SdScripts => flat && !hidden && ends(path, KOHYA),
            Self::KohyaFolder => numbered(path) && !hidden && ends(path, KOHYA),
            Self::MusubiTuner => {
                flat && !hidden && (ends(path, KOHYA) || ends(path, &["avif", "AVIF"]))
            }
            Self::OneTrainer => flat && self.reads(path) && !is_label(path),
            Self::AiToolkit => self.reads(path) && !is_hidden_anywhere(path) && !is_control(path),
            Self::DiffusionPipe => flat && !ends(path, NO_PICTURE),
            Self::SimpleTuner => self.reads(path),
            Self::Diffusers => self.reads(path) && !is_hidden_anywhere(path),
            Self::WebDataset => false,
        }
    }

    /// Whether it would take a file of this ending, wherever it lay.
    pub fn reads(self, path: &Path) -> bool {
        let small = |endings: &[&str]| {
            let ending = ending(path).to_ascii_lowercase();
            endings.contains(&ending.as_str())
        };
        match self {
            Self::SdScripts | Self::KohyaFolder => ends(path, KOHYA),
            Self::MusubiTuner => ends(path, KOHYA) || ends(path, &["avif", "AVIF"]),
            Self::OneTrainer => {
                small(&["bmp", "jpg", "jpeg", "png", "tif", "tiff", "webp", "avif"])
            }
            Self::AiToolkit => small(&["jpg", "jpeg", "png", "webp"]),
            Self::DiffusionPipe => !ends(path, NO_PICTURE),
            // It takes videos, too, into a data set of images.
            Self::SimpleTuner => small(PILLOW) || small(VIDEOS),
            Self::Diffusers | Self::WebDataset => small(PILLOW),
        }
    }

    /// Whether it looks into every folder below the one that it is given.
    pub fn recurses(self) -> bool {
        matches!(self, Self::AiToolkit | Self::SimpleTuner | Self::Diffusers)
    }

    /// Whether it turns pictures as their EXIF data says. The others train on
    /// the picture as it is stored.
    pub fn turns(self) -> bool {
        matches!(self, Self::OneTrainer | Self::AiToolkit | Self::Diffusers)
    }

    /// Whether it lays pictures with alpha over white. The others let the
    /// colour come back that lies hidden under transparent pixels.
    pub fn flattens(self) -> bool {
        self == Self::DiffusionPipe
    }
}

impl fmt::Display for Trainer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Whether a file's name says that it is a picture of any kind.
pub(crate) fn is_picture(path: &Path) -> bool {
    let ending = ending(path).to_ascii_lowercase();
    PILLOW.contains(&ending.as_str()) || matches!(ending.as_str(), "jxl" | "heic")
}

impl Trainer {
    /// Whether a file's name says that it is a picture, to anybody.
    pub fn is_picture(path: &Path) -> bool {
        is_picture(path)
    }
}

/// The repeats and class tokens that a folder's name gives, in folder mode.
///
/// ```
/// use loaders::repeats;
/// assert_eq!(repeats("10_lucap boy"), Some((10, "lucap boy")));
/// assert_eq!(repeats("luca_10"), None);
/// assert_eq!(repeats("0_luca"), None);
/// ```
pub fn repeats(folder: &str) -> Option<(u32, &str)> {
    let (number, name) = folder.split_once('_').unwrap_or((folder, ""));
    let number = number.trim().parse().ok().filter(|number| *number > 0)?;
    Some((number, name))
}

fn ending(path: &Path) -> &str {
    path.extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default()
}

fn ends(path: &Path, endings: &[&str]) -> bool {
    endings.contains(&ending(path))
}

fn hidden(name: Option<&str>) -> bool {
    name.is_none_or(|name| name.starts_with('.'))
}

fn is_hidden_anywhere(path: &Path) -> bool {
    let names = path.components().map(Component::as_os_str);
    names.into_iter().any(|name| hidden(name.to_str()))
}

fn numbered(path: &Path) -> bool {
    let mut parts = path.components();
    let folder = parts.next().and_then(|part| part.as_os_str().to_str());
    parts.count() == 1 && folder.is_some_and(|folder| repeats(folder).is_some())
}

/// `OneTrainer`'s masks and conditions stand beside the pictures.
fn is_label(path: &Path) -> bool {
    let stem = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    stem.ends_with("-masklabel") || stem.ends_with("-condlabel")
}

fn is_control(path: &Path) -> bool {
    path.parent()
        .is_some_and(|folder| folder.ends_with("_controls"))
}
