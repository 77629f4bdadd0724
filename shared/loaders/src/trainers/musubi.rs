//! musubi-tuner: a folder and its TOML, or JSON Lines and theirs.

mod training;

use std::path::{Path, PathBuf};

use anyhow::Result;
use toml::Table;

use super::sd_scripts::ENDINGS;
use crate::Trainer;
use crate::bases::{Base, Steps};
use crate::caption::{Captions, Missing, Unreadable, python_strip};
use crate::configuration::schema::{Keys, Type, Values, check, general, tables};
use crate::configuration::{Claim, Configuration, Names};
use crate::files::{ending, is_flat, is_hidden};
use crate::fit::{Fit, Fitting, Size, half_up, smallest};
use crate::metadata::{Format, listed};
use crate::set::Set;
use crate::trainer::Profile;
use crate::training::{Plan, Run};
use crate::view::{Content, DataSet, Example, Form, Group, Layout, Notes, View, quoted};

/// musubi-tuner.
#[derive(Debug)]
pub struct Musubi;

/// The steps of `dataset/bucket.py`, which are the same for all but `HiDream`.
const STEPS: Steps = Steps {
    usual: 16,
    of: &[(
        16,
        "flux flux-schnell flux2 qwen-image z-image krea2 ideogram wan",
    )],
};

/// Rows of `image_jsonl_file`.
pub const ROWS: Format = Format {
    image: "image_path",
    caption: "caption",
    columns: false,
    tags: false,
};

impl Trainer for Musubi {
    fn profile(&self) -> Profile {
        Profile {
            captions: Captions {
                missing: Missing::LeftOut,
                clip: false,
                ..Captions::default()
            },
            steps: Some(STEPS),
            names: Names {
                files: &["dataset.toml", "jsonl.toml"],
                texts: &["[[datasets]]"],
            },
            ..Profile::new("musubi-tuner", "musubi-tuner 30c658c")
        }
    }

    fn reads(&self, path: &Path) -> bool {
        let ending = ending(path);
        ENDINGS.contains(&ending) || ["avif", "AVIF"].contains(&ending)
    }

    fn takes(&self, path: &Path) -> bool {
        is_flat(path) && !is_hidden(path) && self.reads(path)
    }

    fn texts(&self, text: &str, _set: &Set) -> Result<Vec<String>, Unreadable> {
        Ok(vec![python_strip(text).to_owned()])
    }

    fn fitting(&self, resolution: u32, base: Option<&Base>) -> Option<Box<dyn Fitting>> {
        Some(Box::new(Buckets {
            resolution: Size::square(resolution),
            enable_bucket: true,
            bucket_no_upscale: true,
            steps: STEPS.of(base),
        }))
    }

    fn claims(&self, path: &Path, text: &str) -> Claim {
        let own = ["image_directory", "image_jsonl_file"];
        if ending(path) == "toml" && own.iter().any(|key| text.contains(key)) {
            Claim::Sure
        } else {
            Claim::No
        }
    }

    fn configuration(&self, configuration: &mut Configuration<'_>) -> bool {
        if let Some(config) = configuration.toml() {
            read(&config, configuration);
        }
        true
    }

    fn view(&self) -> Option<&'static dyn View> {
        Some(&Self)
    }
}

/// The settings of a data set that decide on its buckets: `BucketSelector` of `dataset/bucket.py`.
///
/// ```
/// use loaders::fit::{Fitting, Size};
/// use loaders::trainers::musubi::Buckets;
/// let buckets = Buckets {
///     resolution: Size::square(1024),
///     enable_bucket: true,
///     bucket_no_upscale: false,
///     steps: 16,
/// };
/// let fit = buckets.fit(Size::new(1920, 1080)).unwrap();
/// assert_eq!(fit.bucket, Size::new(1360, 768));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    /// `resolution`, 960x544 where it is not given.
    pub resolution: Size,
    /// `enable_bucket`; without it everything is cut to `resolution`.
    pub enable_bucket: bool,
    /// `bucket_no_upscale`: a small image keeps its size.
    pub bucket_no_upscale: bool,
    /// What sides are multiples of: 16, and 32 for `HiDream`.
    pub steps: u32,
}

impl Fitting for Buckets {
    /// `None` if nothing is left of the image.
    fn fit(&self, source: Size) -> Option<Fit> {
        let to_steps = |side: u32| side / self.steps * self.steps;
        let bucket = if !self.enable_bucket {
            self.resolution
        } else if self.bucket_no_upscale && source.area() <= self.resolution.area() {
            Size::new(to_steps(source.width), to_steps(source.height))
        } else {
            self.nearest(source)?
        };
        if bucket.area() == 0 || source.area() == 0 {
            return None;
        }
        let across = f64::from(bucket.width) / f64::from(source.width);
        let scale = across.max(f64::from(bucket.height) / f64::from(source.height));
        let scaled = |side: u32| half_up(f64::from(side) * scale);
        let resized = Size::new(scaled(source.width), scaled(source.height));
        Some(Fit::middle(source, resized, bucket))
    }
}

impl Buckets {
    fn nearest(&self, source: Size) -> Option<Size> {
        let budget = self.resolution.area();
        let side = budget.isqrt() as u32;
        let least = (side / 2 / self.steps * self.steps).max(self.steps);
        let widths = (least..side + self.steps).step_by(self.steps as usize);
        let mut sizes: Vec<_> = widths
            .flat_map(|width| {
                let height = (budget / u64::from(width)) as u32 / self.steps * self.steps;
                [Size::new(width, height), Size::new(height, width)]
            })
            .filter(|size| size.area() > 0)
            .collect();
        sizes.sort();
        let errors = sizes
            .iter()
            .map(|size| (size.aspect() - source.aspect()).abs());
        smallest(errors).map(|best| sizes[best])
    }
}

const DATASET: Keys = &[
    ("batch_size", Type::Integer),
    ("bucket_no_upscale", Type::Bool),
    ("caption_extension", Type::Text),
    ("enable_bucket", Type::Bool),
    ("num_repeats", Type::Integer),
    ("resolution", Type::Size),
];
const IMAGES: Keys = &[
    ("cache_directory", Type::Text),
    ("control_directory", Type::Text),
    ("control_resolution", Type::Size),
    ("fp_1f_clean_indices", Type::Integers),
    ("fp_1f_no_post", Type::Bool),
    ("fp_1f_target_index", Type::Integer),
    ("fp_latent_window_size", Type::Integer),
    ("image_directory", Type::Text),
    ("image_jsonl_file", Type::Text),
    ("multiple_target", Type::Bool),
    ("no_resize_control", Type::Bool),
];
const VIDEOS: Keys = &[
    ("cache_directory", Type::Text),
    ("control_directory", Type::Text),
    ("fp_latent_window_size", Type::Integer),
    ("frame_extraction", Type::Text),
    ("frame_sample", Type::Integer),
    ("frame_stride", Type::Integer),
    ("max_frames", Type::Integer),
    ("source_fps", Type::Float),
    ("target_frames", Type::Integers),
    ("video_directory", Type::Text),
    ("video_jsonl_file", Type::Text),
];

/// Reads a configuration as `dataset/config_utils.py` does. Data sets of videos are checked and left
/// out.
fn read(config: &Table, configuration: &mut Configuration<'_>) {
    let before = configuration.opened.findings.len();
    let general = general(config, &[DATASET], configuration);
    let mut any = false;
    for (number, dataset) in tables(config, "datasets").into_iter().enumerate() {
        let place = format!("datasets[{number}]");
        let videos = ["video_directory", "video_jsonl_file"];
        if videos.iter().any(|key| dataset.contains_key(*key)) {
            check(dataset, &place, &[DATASET, VIDEOS], &[], configuration);
            continue;
        }
        any = true;
        check(dataset, &place, &[DATASET, IMAGES], &[], configuration);
        add(&Values(vec![dataset, &general]), &place, configuration);
    }
    if !any && configuration.opened.findings.len() == before {
        let text = "there is no data set of images";
        configuration.error("config-missing", "datasets", text);
    }
}

/// Adds a data set of images, with the defaults of the outer level.
fn add(values: &Values<'_>, place: &str, configuration: &mut Configuration<'_>) {
    let folder = values.text("image_directory").map(PathBuf::from);
    let list = values.text("image_jsonl_file").map(PathBuf::from);
    let extension = values.text("caption_extension");
    let missing = match (&folder, &list) {
        (None, None) => Some("neither `image_directory` nor `image_jsonl_file`"),
        (None, Some(_)) if values.0[0].get("cache_directory").is_none() => {
            Some("`cache_directory` is required with `image_jsonl_file`")
        }
        (Some(_), _) if extension.is_none() => {
            Some("without `caption_extension` no captions are found, and the loader stops")
        }
        _ => None,
    };
    if let Some(text) = missing {
        configuration.error("config-missing", place, text);
    }
    let rows = match (&folder, &list) {
        (None, Some(file)) => {
            let (folder, settings) = (Path::new(""), configuration.settings);
            Some(listed(ROWS, file, folder, settings, configuration.opened))
        }
        _ => None,
    };
    let path = folder.or(list).unwrap_or_default();
    configuration.add(Set {
        rows,
        extension: extension.unwrap_or_default(),
        repeats: values.number("num_repeats", 1).into(),
        masks: None,
        fitting: Some(Box::new(Buckets {
            resolution: values.size("resolution").unwrap_or(Size::new(960, 544)),
            enable_bucket: values.flag("enable_bucket"),
            bucket_no_upscale: values.flag("bucket_no_upscale"),
            steps: STEPS.of(configuration.settings.base),
        })),
        ..Set::folder(&Musubi, path, configuration.settings)
    });
}

impl View for Musubi {
    fn word(&self) -> &'static str {
        "musubi"
    }

    fn about(&self) -> &'static str {
        "musubi-tuner: TOML and JSON Lines"
    }

    fn form(&self) -> Form {
        Form::Sentence
    }

    fn draws(&self) -> bool {
        false
    }

    fn notes(&self, _title: &str) -> Notes {
        Notes {
            give: "`--dataset_config musubi/dataset.toml` (or `musubi/jsonl.toml`)".to_owned(),
            validation: None,
            masks: None,
            regularization: None,
        }
    }

    fn training(&self, set: &DataSet<'_>, plan: &Plan) -> Result<Option<Run>> {
        Ok(training::run(set, plan))
    }

    /// Both configurations; either does.
    fn layout(&self, set: &DataSet<'_>, to: &mut Layout<'_>) -> Result<()> {
        to.images(self, set)?;
        to.captions(self, set)?;
        let mut folders = Vec::new();
        let mut lists = Vec::new();
        for group in set.training() {
            let row = |(number, one): (usize, &Example<'_>)| {
                let row = set.row(self, one, &set.says.of(number)?);
                Ok(format!("{row}\n"))
            };
            let list = list(set, group);
            let rows = &mut set.members(group).map(row);
            to.add(&list, Content::Pieces(rows))?;
            folders.push((group, set.seen(self.folder(set, group))));
            lists.push((group, set.seen(&list)));
        }
        for (name, key, paths) in [
            ("dataset", "image_directory", folders),
            ("jsonl", "image_jsonl_file", lists),
        ] {
            let text = dataset_config(set, key, &paths);
            to.text(format!("musubi/{name}.toml"), text)?;
        }
        Ok(())
    }
}

/// The list of a group of images.
fn list(set: &DataSet<'_>, group: Group) -> PathBuf {
    PathBuf::from(match group {
        Group::Train(repeats) if set.varies() => format!("musubi/metadata-x{repeats}.jsonl"),
        _ => "musubi/metadata.jsonl".to_owned(),
    })
}

/// A configuration. musubi-tuner refuses any key that it does not know, and two data sets with the
/// same cache.
fn dataset_config(set: &DataSet<'_>, key: &str, paths: &[(Group, String)]) -> String {
    let dataset = |(group, path): &(Group, String)| {
        let Group::Train(repeats) = group else {
            return String::new();
        };
        let cache = if set.varies() {
            format!("musubi/cache/x{repeats}")
        } else {
            "musubi/cache".to_owned()
        };
        format!(
            "
[[datasets]]
{key} = {}
cache_directory = {}
num_repeats = {repeats}
",
            quoted(path),
            quoted(&set.seen(cache))
        )
    };
    let datasets: Vec<_> = paths.iter().map(dataset).collect();
    format!(
        "[general]
resolution = [{0}, {0}]
caption_extension = \".txt\"
batch_size = 1
enable_bucket = true
bucket_no_upscale = true
{1}",
        set.resolution,
        datasets.concat()
    )
}
