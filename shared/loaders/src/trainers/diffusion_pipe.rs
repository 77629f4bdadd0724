//! diffusion-pipe: `dataset.toml`, masks in a tree of their own.

mod models;
mod training;

use std::path::{Path, PathBuf};

use anyhow::Result;
use toml::{Table, Value};

use crate::Trainer;
use crate::bases::{Base, Steps};
use crate::caption::{Captions, Missing, Unreadable, python_strip};
use crate::configuration::schema::tables;
use crate::configuration::{Claim, Configuration, Names};
use crate::files::{ending, is_flat, is_image};
use crate::fit::{Fit, Fitting, Size, smallest};
use crate::mask::{Masks, Place};
use crate::set::Set;
use crate::trainer::{Pixels, Profile};
use crate::training::{Plan, Run};
use crate::view::{DataSet, Form, Group, Layout, Notes, View, quoted};

/// diffusion-pipe.
#[derive(Debug)]
pub struct DiffusionPipe;

/// `pixels_round_to_multiple` of each model.
const STEPS: Steps = Steps {
    usual: 16,
    of: &[
        (
            16,
            "sdxl sd3 flux flux-schnell flux2 lumina qwen-image z-image chroma hidream krea2 ideogram anima wan",
        ),
        (32, "hunyuan-image wan-5b"),
    ],
};

/// The file with all captions of a folder.
const CAPTIONS: &str = "captions.json";

impl Trainer for DiffusionPipe {
    fn profile(&self) -> Profile {
        Profile {
            pixels: Pixels {
                flattens: true,
                ..Pixels::default()
            },
            captions: Captions {
                any_ending: false,
                missing: Missing::LeftOut,
                clip: false,
                list: Some(CAPTIONS),
                ..Captions::default()
            },
            masks: Some(Masks {
                place: Place::Stem(&["bmp", "jpeg", "jpg", "png", "tif", "tiff", "webp"]),
                required: false,
                same_size: true,
                squeezed: false,
            }),
            steps: Some(STEPS),
            names: Names {
                files: &["dataset.toml", "validation.toml"],
                texts: &["[[directory]]"],
            },
            ..Profile::new("diffusion-pipe", "diffusion-pipe 8f83dbf")
        }
    }

    /// Whatever Pillow opens; all else is left out with a line on the terminal.
    fn reads(&self, path: &Path) -> bool {
        is_image(path)
    }

    fn takes(&self, path: &Path) -> bool {
        is_flat(path) && self.reads(path)
    }

    fn texts(&self, text: &str, _set: &Set) -> Result<Vec<String>, Unreadable> {
        Ok(vec![python_strip(text).to_owned()])
    }

    fn fitting(&self, resolution: u32, base: Option<&Base>) -> Option<Box<dyn Fitting>> {
        Some(boxed(resolution, (0.5, 2.0, 7), STEPS.of(base)))
    }

    fn claims(&self, path: &Path, text: &str) -> Claim {
        if ending(path) == "toml" && text.contains("[[directory]]") {
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

/// Buckets for the aspects that `least`, `most` and `count` give.
fn boxed(resolution: u32, (least, most, count): (f64, f64, u32), steps: u32) -> Box<dyn Fitting> {
    Box::new(Buckets {
        resolution: resolution.into(),
        enable_ar_bucket: true,
        aspects: aspects(least, most, count),
        steps,
    })
}

/// The settings of a data set that decide on its buckets: `DirectoryDataset` of `utils/dataset.py`.
///
/// ```
/// use loaders::fit::{Fitting, Size};
/// use loaders::trainers::diffusion_pipe::{Buckets, aspects};
/// let buckets = Buckets {
///     resolution: 1024.0,
///     enable_ar_bucket: true,
///     aspects: aspects(0.5, 2.0, 7),
///     steps: 16,
/// };
/// let fit = buckets.fit(Size::new(1920, 1080)).unwrap();
/// assert_eq!(fit.bucket, Size::new(1296, 816));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Buckets {
    /// A side of the square whose area is the budget: one of `resolutions`.
    pub resolution: f64,
    /// `enable_ar_bucket`; without it there is one square bucket.
    pub enable_ar_bucket: bool,
    /// The aspects of the buckets, width over height.
    pub aspects: Vec<f64>,
    /// What sides are multiples of, by base model: `pixels_round_to_multiple`, 16 for most.
    pub steps: u32,
}

/// The aspects that `min_ar`, `max_ar` and `num_ar_buckets` give.
pub fn aspects(least: f64, most: f64, count: u32) -> Vec<f64> {
    let gaps = f64::from(count.saturating_sub(1).max(1));
    let share = |index: u32| f64::from(index) / gaps;
    let aspect = |index| thousandths(least * (most / least).powf(share(index)));
    let mut all: Vec<_> = (0..count).map(aspect).collect();
    all.dedup();
    all
}

impl Fitting for Buckets {
    fn fit(&self, source: Size) -> Option<Fit> {
        let aspects: &[f64] = if self.enable_ar_bucket {
            &self.aspects
        } else {
            &[1.0]
        };
        let errors = aspects
            .iter()
            .map(|aspect| (aspect.ln() - source.aspect().ln()).abs());
        let aspect = smallest(errors).map_or(1.0, |best| aspects[best]);
        let steps = f64::from(self.steps);
        let width = self.resolution * aspect.sqrt();
        let rounded = |side: f64| (side / steps).round_ties_even().max(1.0) * steps;
        let bucket = Size::new(
            rounded(width) as u32,
            rounded(self.resolution * self.resolution / width) as u32,
        );
        Some(fitted(source, bucket))
    }
}

/// `ImageOps.fit` of Pillow: the largest middle part of the bucket's aspect,
/// scaled to it.
fn fitted(source: Size, bucket: Size) -> Fit {
    let (width, height) = (f64::from(source.width), f64::from(source.height));
    let scale = (f64::from(bucket.width) / width).max(f64::from(bucket.height) / height);
    let resized = Size::new(
        (width * scale).round() as u32,
        (height * scale).round() as u32,
    );
    Fit {
        source,
        bucket,
        resized,
        left: f64::from(resized.width - bucket.width) / 2.0,
        top: f64::from(resized.height - bucket.height) / 2.0,
    }
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round_ties_even() / 1000.0
}

/// Reads `dataset.toml`. Keys that diffusion-pipe does not know are ignored.
fn read(config: &Table, configuration: &mut Configuration<'_>) {
    let directories = tables(config, "directory");
    if directories.is_empty() {
        let text = "there is no `[[directory]]`";
        configuration.error("config-missing", "directory", text);
    }
    let steps = STEPS.of(configuration.settings.base);
    for (number, directory) in directories.into_iter().enumerate() {
        let place = format!("directory[{number}]");
        let levels = [directory, config];
        let Some(buckets) = buckets(&levels, steps) else {
            let text =
                "`resolutions` is missing, or the aspect ratios that `enable_ar_bucket` needs";
            configuration.error("config-missing", &place, text);
            continue;
        };
        let path = directory.get("path").and_then(Value::as_str);
        if path.is_none() {
            configuration.error("config-missing", &place, "`path` is missing");
        }
        // Unlike the rest, it is read here alone.
        let masks = directory.get("mask_path").and_then(Value::as_str);
        let skips = flag_of(&levels, "skip_empty_caption").unwrap_or(true);
        configuration.add(Set {
            // A fraction is taken, too.
            repeats: number_of(&levels, "num_repeats").unwrap_or(1.0),
            masks: masks.map(PathBuf::from),
            class_tokens: (!skips).then(String::new),
            fitting: Some(Box::new(buckets)),
            ..Set::folder(
                &DiffusionPipe,
                path.unwrap_or_default(),
                configuration.settings,
            )
        });
    }
}

/// The buckets of a folder, at the largest of `resolutions`.
fn buckets(tables: &[&Table], steps: u32) -> Option<Buckets> {
    let resolutions = tables
        .iter()
        .find_map(|table| table.get("resolutions")?.as_array())?;
    let resolution = resolutions.iter().filter_map(side).fold(0.0, f64::max);
    let enable_ar_bucket = flag_of(tables, "enable_ar_bucket").unwrap_or(false);
    let given = tables
        .iter()
        .find_map(|table| table.get("ar_buckets")?.as_array());
    let aspects = match given {
        Some(all) => all.iter().filter_map(aspect).collect(),
        None if !enable_ar_bucket => Vec::new(),
        None => aspects(
            number_of(tables, "min_ar")?,
            number_of(tables, "max_ar")?,
            number_of(tables, "num_ar_buckets")? as u32,
        ),
    };
    let sound = resolution > 0.0 && aspects.iter().all(|aspect| *aspect > 0.0);
    sound.then_some(Buckets {
        resolution,
        enable_ar_bucket: enable_ar_bucket && !aspects.is_empty(),
        aspects,
        steps,
    })
}

fn flag_of(tables: &[&Table], key: &str) -> Option<bool> {
    tables.iter().find_map(|table| table.get(key)?.as_bool())
}

fn number_of(tables: &[&Table], key: &str) -> Option<f64> {
    tables.iter().find_map(|table| number(table.get(key)?))
}

fn number(value: &Value) -> Option<f64> {
    value
        .as_float()
        .or_else(|| value.as_integer().map(|value| value as f64))
}

/// A side, or the side of the square of as many pixels.
fn side(value: &Value) -> Option<f64> {
    match value.as_array().map(Vec::as_slice) {
        Some([width, height]) => Some((number(width)? * number(height)?).sqrt()),
        _ => number(value),
    }
}

/// An aspect, or width and height.
fn aspect(value: &Value) -> Option<f64> {
    match value.as_array().map(Vec::as_slice) {
        Some([width, height]) => Some(number(width)? / number(height)?),
        _ => number(value),
    }
}

/// Narrowest and widest bucket of the view, width over height, and how many there are: fine enough
/// for 1.85:1 and 2.39:1.
const ASPECTS: (f64, f64, u32) = (0.4, 2.5, 13);

impl View for DiffusionPipe {
    fn word(&self) -> &'static str {
        "diffusion-pipe"
    }

    fn about(&self) -> &'static str {
        "diffusion-pipe: TOML"
    }

    fn form(&self) -> Form {
        Form::Sentence
    }

    fn buckets(&self, resolution: u32) -> Option<Box<dyn Fitting>> {
        Some(boxed(resolution, ASPECTS, STEPS.usual))
    }

    fn notes(&self, _title: &str) -> Notes {
        Notes {
            give: "`dataset = 'diffusion-pipe/dataset.toml'`".to_owned(),
            validation: Some(
                "`eval_datasets = [{name = 'validation', config = 'diffusion-pipe/validation.toml'}]`",
            ),
            masks: Some("`mask_path` of the data set"),
            regularization: None,
        }
    }

    fn training(&self, set: &DataSet<'_>, plan: &Plan) -> Result<Option<Run>> {
        Ok(training::run(set, plan))
    }

    /// Where an image has several captions, they stand in a list for all: the trainer shows an image
    /// once with each.
    fn layout(&self, set: &DataSet<'_>, to: &mut Layout<'_>) -> Result<()> {
        to.images(self, set)?;
        if set.has_several() {
            for group in set.groups() {
                let file = self.folder(set, group).join(CAPTIONS);
                to.listed(file, set, group)?;
            }
        } else {
            to.captions(self, set)?;
        }
        let masks = to
            .masks(self, set)?
            .then(|| set.seen("diffusion-pipe/mask"));
        let groups = |groups: &mut dyn Iterator<Item = Group>| {
            let all = groups.map(|group| directory(self, set, group, masks.as_deref()));
            head(set.resolution) + &all.collect::<String>()
        };
        let train = groups(&mut set.training());
        to.text("diffusion-pipe/dataset.toml", train)?;
        if set.has_validation() {
            // For `eval_datasets` of the main configuration.
            let validation = groups(&mut [Group::Validation].into_iter());
            to.text("diffusion-pipe/validation.toml", validation)?;
        }
        Ok(())
    }
}

/// What all folders of a configuration have in common.
fn head(resolution: u32) -> String {
    let (least, most, count) = ASPECTS;
    format!(
        "resolutions = [{resolution}]
enable_ar_bucket = true
min_ar = {least:?}
max_ar = {most:?}
num_ar_buckets = {count}
frame_buckets = [1]
"
    )
}

/// A folder of a configuration. What is kept from training has no masks.
fn directory(view: &dyn View, set: &DataSet<'_>, group: Group, masks: Option<&str>) -> String {
    let (repeats, masks) = match group {
        Group::Train(repeats) => (repeats, masks),
        Group::Validation | Group::Regularization => (1, None),
    };
    let masks = masks.map(|folder| format!("mask_path = {}\n", quoted(folder)));
    format!(
        "
[[directory]]
path = {}
{}num_repeats = {repeats}
",
        quoted(&set.seen(view.folder(set, group))),
        masks.unwrap_or_default(),
    )
}
