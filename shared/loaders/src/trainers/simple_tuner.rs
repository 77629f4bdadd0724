//! `SimpleTuner`: `multidatabackend.json`, a list of data sets of images, masks and caches.

mod training;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::Trainer;
use crate::bases::{Base, Steps};
use crate::caption::{Captions, Lines, Missing, Unreadable};
use crate::configuration::{Claim, Configuration, Names};
use crate::files::{PILLOW, ending, ends};
use crate::fit::{Fit, Fitting, Size, Square};
use crate::mask::{Masks, Place};
use crate::set::Set;
use crate::trainer::Profile;
use crate::training::{Plan, Run};
use crate::view::{Content, DataSet, File, Form, Group, Layout, Notes, Side, View};

/// `SimpleTuner`.
#[derive(Debug)]
pub struct SimpleTuner;

/// `aspect_bucket_alignment` of each model.
const STEPS: Steps = Steps {
    usual: 64,
    of: &[
        (16, "flux2 anima"),
        (32, "qwen-image wan"),
        (
            64,
            "sd15 sdxl sd3 flux flux-schnell lumina z-image chroma hidream krea2 ideogram wan-5b",
        ),
    ],
};

impl Trainer for SimpleTuner {
    fn profile(&self) -> Profile {
        Profile {
            recurses: true,
            captions: Captions {
                any_ending: false,
                bytes: true,
                lines: Lines::Drawn,
                missing: Missing::Stops,
                clip: false,
                ..Captions::default()
            },
            masks: Some(Masks {
                place: Place::Name,
                required: true,
                same_size: false,
                squeezed: false,
            }),
            steps: Some(STEPS),
            names: Names {
                files: &["multidatabackend.json"],
                texts: &["\"dataset_type\""],
            },
            ..Profile::new("simpletuner", "SimpleTuner bc8e6ab")
        }
    }

    /// It takes videos, too, into a data set of images.
    fn reads(&self, path: &Path) -> bool {
        let videos = ["mp4", "avi", "mov", "mkv", "webm", "flv"];
        ends(path, PILLOW) || ends(path, &videos)
    }

    fn takes(&self, path: &Path) -> bool {
        self.reads(path)
    }

    fn texts(&self, text: &str, _set: &Set) -> Result<Vec<String>, Unreadable> {
        if !text.contains('\n') {
            return Ok(vec![text.to_owned()]);
        }
        let lines = text.split('\n').filter(|line| !line.is_empty());
        Ok(lines.map(str::to_owned).collect())
    }

    fn fitting(&self, resolution: u32, base: Option<&Base>) -> Option<Box<dyn Fitting>> {
        Some(Box::new(Buckets {
            resolution,
            alignment: STEPS.of(base),
        }))
    }

    fn claims(&self, path: &Path, text: &str) -> Claim {
        let own = ["\"dataset_type\"", "\"instance_data_dir\""];
        if ending(path) == "json" && own.iter().any(|key| text.contains(key)) {
            Claim::Sure
        } else {
            Claim::No
        }
    }

    fn configuration(&self, configuration: &mut Configuration<'_>) -> bool {
        if let Some(backends) = configuration.objects() {
            read(&backends, configuration);
        }
        true
    }

    fn view(&self) -> Option<&'static dyn View> {
        Some(&Self)
    }
}

/// Buckets of about `resolution` squared pixels (`resolution_type` `pixel_area`), with sides that are
/// multiples of `alignment`: `calculate_new_size_by_pixel_area` of `multiaspect/image.py`.
///
/// ```
/// use loaders::fit::{Fitting, Size};
/// use loaders::trainers::simple_tuner::Buckets;
/// let buckets = Buckets { resolution: 1024, alignment: 64 };
/// assert_eq!(buckets.fit(Size::new(1920, 1080)).unwrap().bucket, Size::new(1344, 768));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    /// A side of the square whose area the buckets have, in pixels.
    pub resolution: u32,
    /// What sides are multiples of, in pixels.
    pub alignment: u32,
}

impl Fitting for Buckets {
    fn fit(&self, source: Size) -> Option<Fit> {
        let steps = f64::from(self.alignment);
        let rounded = |side: f64| ((side / steps).round_ties_even().max(1.0) * steps) as u32;
        let side = f64::from(rounded(self.resolution.into()));
        // The aspect is rounded to hundredths before anything is worked out from it.
        let aspect = ((source.aspect() * 100.0).round_ties_even() / 100.0).max(0.01);
        let bucket = Size::new(rounded(side * aspect.sqrt()), rounded(side / aspect.sqrt()));
        Some(Fit::middle(source, scaled(source, bucket), bucket))
    }
}

/// The size before the cut, of the image's own aspect.
fn scaled(source: Size, bucket: Size) -> Size {
    if source.width == source.height {
        return bucket;
    }
    let aspect = source.aspect();
    let across = |rows: u32| (f64::from(rows) * aspect) as u32;
    let down = |columns: u32| (f64::from(columns) / aspect) as u32;
    let (width, height) = if bucket.width < bucket.height {
        (bucket.width, down(bucket.width))
    } else {
        (across(bucket.height), bucket.height)
    };
    // One side may be too short by a little, by which both are made longer.
    if bucket.width > width {
        let more = bucket.width - width;
        Size::new(width + more, height + down(more))
    } else if bucket.height > height {
        let more = bucket.height - height;
        Size::new(width + across(more), height + more)
    } else {
        Size::new(width, height)
    }
}

/// Reads a list of data sets: those of images, whether trained on or for evaluation.
fn read(backends: &[Map<String, Value>], configuration: &mut Configuration<'_>) {
    let masks = backends.iter();
    let masks = masks.filter(|one| word(one, "conditioning_type") == Some("mask"));
    let masks = masks.filter_map(|one| word(one, "id").zip(word(one, "instance_data_dir")));
    let masks: BTreeMap<_, _> = masks.collect();
    for (number, backend) in backends.iter().enumerate() {
        let kind = word(backend, "dataset_type").unwrap_or("image");
        let off = backend.get("disabled") == Some(&Value::Bool(true));
        if !off && matches!(kind, "image" | "eval") {
            add(backend, &masks, &format!("[{number}]"), configuration);
        }
    }
}

/// Adds one folder of images. `masks` are the folders of masks by id.
fn add(
    backend: &Map<String, Value>,
    masks: &BTreeMap<&str, &str>,
    place: &str,
    configuration: &mut Configuration<'_>,
) {
    let Some(folder) = word(backend, "instance_data_dir") else {
        return configuration.error("config-missing", place, "`instance_data_dir` is missing");
    };
    if word(backend, "crop_style").unwrap_or("random") == "random" {
        let text = "is not `center`: what exceeds the bucket is cropped at random places";
        configuration.warning("config-crop", &format!("{place}.crop_style"), text);
    }
    let crop = backend.get("crop") == Some(&Value::Bool(true));
    let fitting: Option<Box<dyn Fitting>> = match resolution(backend) {
        Some(side) if crop => Some(Box::new(Square(side))),
        Some(side) => SimpleTuner.fitting(side, configuration.settings.base),
        None => None,
    };
    configuration.add(Set {
        // What is written are passes besides the first one.
        repeats: (1 + number_of(backend, "repeats").unwrap_or(0)).into(),
        masks: self::masks(backend, masks),
        fitting,
        side: Side::trained(backend.get("is_regularisation_data") == Some(&Value::Bool(true))),
        ..Set::folder(&SimpleTuner, folder, configuration.settings)
    });
}

/// The folder of the masks of a backend.
fn masks(backend: &Map<String, Value>, folders: &BTreeMap<&str, &str>) -> Option<PathBuf> {
    let named = backend.get("conditioning_data")?;
    let ids: Vec<_> = match named {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let mut folders = ids.iter().filter_map(|id| folders.get(id));
    folders.next().map(PathBuf::from)
}

/// The side in pixels: of `pixel_area`, or of megapixels.
fn resolution(backend: &Map<String, Value>) -> Option<u32> {
    let value = backend.get("resolution").and_then(Value::as_f64)?;
    match word(backend, "resolution_type") {
        Some("pixel_area") => Some(value as u32),
        Some("area") => Some((value * 1e6).sqrt() as u32),
        _ => None,
    }
}

fn word<'a>(backend: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    backend.get(key).and_then(Value::as_str)
}

fn number_of(backend: &Map<String, Value>, key: &str) -> Option<u32> {
    u32::try_from(backend.get(key)?.as_u64()?).ok()
}

/// Where masks lie, beside the images.
const MASKS: &str = "simpletuner/mask";

impl View for SimpleTuner {
    fn word(&self) -> &'static str {
        "simpletuner"
    }

    fn about(&self) -> &'static str {
        "SimpleTuner: multidatabackend.json"
    }

    fn form(&self) -> Form {
        Form::Several
    }

    fn notes(&self, _title: &str) -> Notes {
        Notes {
            give: "`--data_backend_config simpletuner/multidatabackend.json`".to_owned(),
            validation: Some("a data set of the type `eval`: give `--eval_steps_interval`"),
            masks: Some("a conditioning data set, which the images' data set names"),
            regularization: Some("a data set with `is_regularisation_data`"),
        }
    }

    fn training(&self, set: &DataSet<'_>, plan: &Plan) -> Result<Option<Run>> {
        Ok(training::run(set, plan))
    }

    /// The images, masks, what is kept from training, and a cache of embedded text.
    fn layout(&self, set: &DataSet<'_>, to: &mut Layout<'_>) -> Result<()> {
        to.images(self, set)?;
        to.captions(self, set)?;
        let mut backends = Vec::new();
        for group in set.training() {
            trained(to, &mut backends, set, group)?;
        }
        if let Some(group) = set.regularization() {
            let folder = set.seen(self.folder(set, group));
            let id = format!("{}-regularization", set.slug);
            let mut images = backend(set, &id, "image", folder);
            images["is_regularisation_data"] = json!(true);
            // Passes besides the first one.
            let passes = set.regularly().round() as u32;
            images["repeats"] = json!(passes.saturating_sub(1));
            backends.push(images);
        }
        if set.has_validation() {
            let folder = set.seen(self.folder(set, Group::Validation));
            let id = format!("{}-validation", set.slug);
            backends.push(backend(set, &id, "eval", folder));
        }
        backends.push(json!({
            "id": "text",
            "type": "local",
            "dataset_type": "text_embeds",
            "default": true,
            "cache_dir": set.seen("simpletuner/cache/text"),
        }));
        to.json("simpletuner/multidatabackend.json", &json!(backends))
    }
}

/// A folder of files that are scaled and cut in the middle.
fn backend(set: &DataSet<'_>, id: &str, kind: &str, folder: String) -> Value {
    let mut backend = json!({
        "id": id,
        "type": "local",
        "dataset_type": kind,
        "instance_data_dir": folder,
        "resolution": set.resolution,
        "resolution_type": "pixel_area",
        "crop": false,
        // Also without `crop` what stands over the bucket is cut off, and at random by default.
        "crop_style": "center",
    });
    // Masks have no captions, and pass through no autoencoder.
    if kind != "conditioning" {
        backend["caption_strategy"] = json!("textfile");
        backend["cache_dir_vae"] = json!(set.seen(format!("simpletuner/cache/{id}")));
    }
    backend
}

/// Adds a group of training images and their masks.
fn trained(
    to: &mut Layout<'_>,
    backends: &mut Vec<Value>,
    set: &DataSet<'_>,
    group: Group,
) -> Result<()> {
    let (id, repeats) = match group {
        Group::Train(repeats) if set.varies() => (format!("{}-x{repeats}", set.slug), repeats),
        Group::Train(repeats) => (set.slug.clone(), repeats),
        Group::Validation | Group::Regularization => return Ok(()),
    };
    let train = set.seen(SimpleTuner.folder(set, group));
    let mut images = backend(set, &id, "image", train);
    // Passes besides the first one.
    images["repeats"] = json!(repeats.saturating_sub(1));
    let folder = if set.varies() {
        format!("{MASKS}/x{repeats}")
    } else {
        MASKS.to_owned()
    };
    if !masks_of_all(to, set, group, &folder)? {
        backends.push(images);
        return Ok(());
    }
    images["conditioning_data"] = json!(format!("{id}-mask"));
    let mut masks = backend(set, &format!("{id}-mask"), "conditioning", set.seen(folder));
    masks["conditioning_type"] = json!("mask");
    // A mask has no caption, and where `--caption_strategy textfile` is given for all data sets, the
    // sampler would stop at the first mask without a text beside it.
    masks["caption_strategy"] = json!("filename");
    backends.extend([images, masks]);
    Ok(())
}

/// Adds the masks of a group, if it has any, and says so. A mask has the whole name of its image, with
/// the ending, and every image has one: what has none is trained on whole.
fn masks_of_all(
    to: &mut Layout<'_>,
    set: &DataSet<'_>,
    group: Group,
    folder: &str,
) -> Result<bool> {
    if !set.members(group).any(|(_, one)| one.masked) {
        return Ok(false);
    }
    to.add(folder, Content::Folder)?;
    for (example, one) in set.members(group) {
        let path = format!("{folder}/{}", one.file());
        to.add(path, Content::File(File::MaskAsImage(example)))?;
    }
    Ok(true)
}
