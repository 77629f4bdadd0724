//! ai-toolkit: the data sets of a job in YAML or JSON, images in a tree of folders, masks in another.

mod configuration;
mod training;

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::Trainer;
use crate::bases::{Base, Steps};
use crate::caption::{Captions, Lines, Unreadable};
use crate::configuration::{Claim, Configuration, Names};
use crate::files::{ending, ends, is_hidden_anywhere};
use crate::fit::{Fit, Fitting, Size, smallest};
use crate::mask::{Masks, Place};
use crate::set::Set;
use crate::trainer::{Pixels, Profile};
use crate::training::{Plan, Run};
use crate::view::{DataSet, Form, Group, Layout, Notes, Side, View};

/// ai-toolkit.
#[derive(Debug)]
pub struct AiToolkit;

/// The endings of images and of masks.
const ENDINGS: &[&str] = &["jpg", "jpeg", "png", "webp"];

/// `get_bucket_divisibility` of each model.
const STEPS: Steps = Steps {
    usual: 16,
    of: &[
        (
            16,
            "sd15 sdxl flux2 lumina z-image hidream krea2 ideogram wan",
        ),
        (32, "sd3 flux flux-schnell qwen-image chroma anima wan-5b"),
    ],
};

impl Trainer for AiToolkit {
    fn profile(&self) -> Profile {
        Profile {
            recurses: true,
            pixels: Pixels {
                turns: true,
                ..Pixels::default()
            },
            captions: Captions {
                lines: Lines::Kept { end: true },
                clip: false,
                for_all: Some("default"),
                ..Captions::default()
            },
            masks: Some(Masks {
                place: Place::Stem(ENDINGS),
                required: false,
                same_size: false,
                squeezed: false,
            }),
            steps: Some(STEPS),
            names: Names {
                files: &["config.yaml"],
                texts: &["datasets:"],
            },
            ..Profile::new("ai-toolkit", "ai-toolkit 27a03a9")
        }
    }

    fn reads(&self, path: &Path) -> bool {
        ends(path, ENDINGS)
    }

    fn takes(&self, path: &Path) -> bool {
        let control = path.parent().is_some_and(|folder| self.passes_over(folder));
        self.reads(path) && !is_hidden_anywhere(path) && !control
    }

    fn passes_over(&self, folder: &Path) -> bool {
        folder.ends_with("_controls")
    }

    /// Split at commas, joined with a comma and a space without stripping, the trigger put in where
    /// it is asked for or else in front.
    fn texts(&self, text: &str, set: &Set) -> Result<Vec<String>, Unreadable> {
        let parts: Vec<_> = text.split(',').collect();
        let trigger = set.trigger.as_deref().unwrap_or_default();
        let caption = parts.join(", ");
        let caption = caption
            .replace("[trigger]", trigger)
            .replace("[name]", trigger);
        let stands = trigger.trim().is_empty() || caption.contains(trigger);
        Ok(vec![if stands {
            caption
        } else {
            format!("{trigger} {caption}")
        }])
    }

    fn fitting(&self, resolution: u32, base: Option<&Base>) -> Option<Box<dyn Fitting>> {
        Some(Box::new(Buckets {
            resolution,
            divisibility: STEPS.of(base),
        }))
    }

    fn claims(&self, path: &Path, text: &str) -> Claim {
        match ending(path) {
            "yaml" | "yml" => Claim::Sure,
            "json" if text.contains("\"job\"") && text.contains("\"process\"") => Claim::Sure,
            _ => Claim::No,
        }
    }

    fn configuration(&self, configuration: &mut Configuration<'_>) -> bool {
        if let Some(job) = configuration.yaml() {
            configuration::read(&job, configuration);
        }
        true
    }

    fn view(&self) -> Option<&'static dyn View> {
        Some(&Self)
    }
}

/// Buckets of about `resolution` squared pixels and never more, with sides that are multiples of
/// `divisibility`; never enlarges but to reach them. `toolkit/buckets.py` and `BucketsMixin`.
///
/// ```
/// use loaders::fit::{Fitting, Size};
/// use loaders::trainers::ai_toolkit::Buckets;
/// let buckets = Buckets { resolution: 1024, divisibility: 16 };
/// assert_eq!(buckets.fit(Size::new(1920, 1080)).unwrap().bucket, Size::new(1360, 768));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    /// A side of the square whose area is the budget, in pixels.
    pub resolution: u32,
    /// What sides are multiples of, in pixels.
    pub divisibility: u32,
}

impl Fitting for Buckets {
    fn fit(&self, source: Size) -> Option<Fit> {
        let Self {
            resolution,
            divisibility,
        } = *self;
        let budget = u64::from(resolution).pow(2);
        let target = source.area().min(budget);
        let scale = (target as f64 / source.area() as f64).sqrt();
        let steps = |side: u32| f64::from(side) * scale / f64::from(divisibility);
        let (width, height) = (steps(source.width), steps(source.height));
        let [w0, w1] = [width.floor(), width.ceil()].map(|steps| steps as u32 * divisibility);
        let [h0, h1] = [height.floor(), height.ceil()].map(|steps| steps as u32 * divisibility);
        let sizes = [(w0, h0), (w0, h1), (w1, h0), (w1, h1)].map(|(w, h)| Size::new(w, h));
        let sizes = sizes
            .into_iter()
            .filter(|size| size.area() > 0 && size.area() <= budget);
        let sizes: Vec<_> = sizes.collect();
        let errors = sizes.iter().map(|size| size.area().abs_diff(target) as f64);
        let least = Size::new(w0.max(divisibility), h0.max(divisibility));
        let bucket = smallest(errors).map_or(least, |best| sizes[best]);
        let across = f64::from(bucket.width) / f64::from(source.width);
        let scale = across.max(f64::from(bucket.height) / f64::from(source.height));
        let scaled = |side: u32| (f64::from(side) * scale).ceil() as u32;
        let resized = Size::new(scaled(source.width), scaled(source.height));
        Some(Fit::middle(source, resized, bucket))
    }
}

/// What the file is not.
const NOTE: &str = "# The data set's part of a job of ai-toolkit. It is not a complete job and does not run as it is:
# put the entry under `datasets` into one that names a model, a network, and how to train.
";

impl View for AiToolkit {
    fn word(&self) -> &'static str {
        "ai-toolkit"
    }

    fn about(&self) -> &'static str {
        "ai-toolkit: YAML"
    }

    fn form(&self) -> Form {
        Form::Sentence
    }

    fn draws(&self) -> bool {
        false
    }

    fn notes(&self, _title: &str) -> Notes {
        Notes {
            give: "`ai-toolkit/config.yaml`: a whole job where a base model is named, or else the entry under `datasets` for a job of your own".to_owned(),
            validation: Some("`validation_config` of a job for a base model"),
            masks: Some("`mask_path` of that entry"),
            regularization: Some("an entry with `is_reg`"),
        }
    }

    fn training(&self, set: &DataSet<'_>, plan: &Plan) -> Result<Option<Run>> {
        training::run(set, plan)
    }

    fn layout(&self, set: &DataSet<'_>, to: &mut Layout<'_>) -> Result<()> {
        to.images(self, set)?;
        to.captions(self, set)?;
        // Outside of the images' folder, all of whose sub-folders are trained on.
        to.masks(self, set)?;
        if crate::training::run(self, set)?.is_none() {
            to.text("ai-toolkit/config.yaml", part(set))?;
        }
        Ok(())
    }
}

/// The data sets of a job.
fn datasets(set: &DataSet<'_>) -> Vec<Value> {
    let masked = set.side(Side::Training).any(|(_, one)| one.masked);
    let dataset = |group| {
        let mut dataset = json!({
            "folder_path": set.seen(AiToolkit.folder(set, group)),
            "caption_ext": "txt",
            "num_repeats": match group { Group::Train(repeats) => repeats, _ => 1 },
            "resolution": [set.resolution],
            "shuffle_tokens": false,
            "cache_latents_to_disk": true,
        });
        if group == Group::Regularization {
            dataset["is_reg"] = json!(true);
        } else if masked {
            dataset["mask_path"] = json!(set.seen("ai-toolkit/mask"));
            // A weight of nothing round the subject leaves halos.
            dataset["mask_min_value"] = json!(0.1);
        }
        dataset
    };
    let groups = set.training().chain(set.regularization());
    groups.map(dataset).collect()
}

/// The part of a job that a data set is: no base model is named that it could be trained on.
fn part(set: &DataSet<'_>) -> String {
    let title = json!(set.title);
    let trigger = set.trigger.map(|trigger| json!(trigger));
    let trigger = trigger.map(|trigger| format!("      trigger_word: {trigger}\n"));
    // JSON values are YAML, too.
    let entry = |dataset: &Value| {
        let lines = dataset.as_object().into_iter().flatten();
        let lines: Vec<_> = lines
            .map(|(key, value)| format!("{key}: {value}\n"))
            .collect();
        format!("        - {}", lines.join("          "))
    };
    let entries: Vec<_> = datasets(set).iter().map(entry).collect();
    format!(
        "{NOTE}job: extension
config:
  name: {title}
  process:
    - type: sd_trainer
{}      datasets:
{}",
        trigger.unwrap_or_default(),
        entries.concat()
    )
}
