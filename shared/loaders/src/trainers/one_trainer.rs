//! `OneTrainer`: `concepts.json`, captions and masks beside the images.

mod training;

use std::path::Path;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::Trainer;
use crate::bases::{Base, Steps};
use crate::caption::{Captions, Lines, Unreadable, stripped_lines};
use crate::configuration::{Claim, Configuration, Names};
use crate::files::{ending, ends, is_flat};
use crate::fit::{Fit, Fitting, Size, smallest};
use crate::mask::{Masks, Place, labelled};
use crate::set::Set;
use crate::trainer::{Pixels, Profile};
use crate::training::{Plan, Run};
use crate::view::{DataSet, Form, Group, Layout, Notes, Side, View};

/// `OneTrainer`.
#[derive(Debug)]
pub struct OneTrainer;

/// `aspect_bucketing_quantization` of each data loader.
const STEPS: Steps = Steps {
    usual: 64,
    of: &[
        (8, "sd15"),
        (
            64,
            "sdxl sd3 flux flux-schnell flux2 qwen-image z-image chroma hidream krea2 ideogram anima",
        ),
    ],
};

/// What stands behind the name of an image in that of its mask.
const MASK: &str = "-masklabel.png";

impl Trainer for OneTrainer {
    fn profile(&self) -> Profile {
        Profile {
            pixels: Pixels {
                turns: true,
                overflows: true,
                ..Pixels::default()
            },
            captions: Captions {
                any_ending: false,
                lines: Lines::Drawn,
                ..Captions::default()
            },
            masks: Some(Masks {
                place: Place::Beside(MASK),
                required: false,
                same_size: false,
                squeezed: false,
            }),
            steps: Some(STEPS),
            names: Names {
                files: &["concepts.json"],
                texts: &["\"path\""],
            },
            ..Profile::new("onetrainer", "OneTrainer 23df383, mgds 3a6994a")
        }
    }

    fn reads(&self, path: &Path) -> bool {
        let endings = ["bmp", "jpg", "jpeg", "png", "tif", "tiff", "webp", "avif"];
        ends(path, &endings)
    }

    fn takes(&self, path: &Path) -> bool {
        is_flat(path) && self.takes_of_set(path, true)
    }

    fn takes_of_set(&self, path: &Path, deep: bool) -> bool {
        (deep || is_flat(path)) && self.reads(path) && labelled(path).is_none()
    }

    fn texts(&self, text: &str, _set: &Set) -> Result<Vec<String>, Unreadable> {
        Ok(stripped_lines(text))
    }

    fn fitting(&self, resolution: u32, base: Option<&Base>) -> Option<Box<dyn Fitting>> {
        Some(Box::new(Buckets {
            resolution,
            quantization: STEPS.of(base),
        }))
    }

    fn claims(&self, path: &Path, _text: &str) -> Claim {
        match ending(path) {
            "json" => Claim::Perhaps,
            _ => Claim::No,
        }
    }

    fn configuration(&self, configuration: &mut Configuration<'_>) -> bool {
        let concepts = configuration.objects().unwrap_or_default();
        for (number, concept) in concepts.iter().enumerate() {
            let place = format!("[{number}]");
            check(concept, &place, configuration);
            if concept.get("enabled") != Some(&Value::Bool(false)) {
                add(concept, &place, configuration);
            }
        }
        true
    }

    fn view(&self) -> Option<&'static dyn View> {
        Some(&Self)
    }
}

/// Long side over short side of the buckets.
const ASPECTS: [f64; 9] = [1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0];

/// Seventeen buckets of about `resolution` squared pixels, with sides that are multiples of
/// `quantization`: `AspectBucketing` of mgds.
///
/// ```
/// use loaders::fit::{Fitting, Size};
/// use loaders::trainers::one_trainer::Buckets;
/// let buckets = Buckets { resolution: 1024, quantization: 64 };
/// assert_eq!(buckets.fit(Size::new(1920, 1080)).unwrap().bucket, Size::new(1344, 768));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buckets {
    /// A side of the square whose area the buckets have, in pixels.
    pub resolution: u32,
    /// What sides are multiples of, in pixels.
    pub quantization: u32,
}

impl Fitting for Buckets {
    fn fit(&self, source: Size) -> Option<Fit> {
        let Self {
            resolution,
            quantization,
        } = *self;
        let side = |share: f64| {
            let steps = f64::from(resolution) * share / f64::from(quantization);
            steps.round_ties_even() as u32 * quantization
        };
        let sizes = ASPECTS.iter().flat_map(|aspect| {
            let (long, short) = (side(aspect.sqrt()), side(1.0 / aspect.sqrt()));
            [Size::new(long, short), Size::new(short, long)]
        });
        let sizes: Vec<_> = sizes.filter(|size| size.area() > 0).collect();
        let tall = |size: Size| 1.0 / size.aspect();
        let errors = sizes.iter().map(|size| (tall(*size) - tall(source)).abs());
        let bucket = smallest(errors).map_or(Size::square(quantization), |best| sizes[best]);
        let scaled = |side: u32, to: u32, from: u32| {
            let scale = f64::from(to) / f64::from(from);
            (f64::from(side) * scale).round_ties_even() as u32
        };
        let resized = if tall(source) > tall(bucket) {
            Size::new(
                bucket.width,
                scaled(source.height, bucket.width, source.width),
            )
        } else {
            Size::new(
                scaled(source.width, bucket.height, source.height),
                bucket.height,
            )
        };
        Some(Fit::middle(source, resized, bucket))
    }
}

/// Keys of a concept. What `OneTrainer` does not know or like takes the default, at most with a line
/// on the terminal.
const KNOWN: &[&str] = &[
    "__version",
    "balancing",
    "balancing_strategy",
    "concept_stats",
    "enabled",
    "image",
    "image_variations",
    "include_subdirectories",
    "loss_weight",
    "name",
    "path",
    "seed",
    "text",
    "text_variations",
    "type",
];

/// Keys whose values are words, and the words; the first is the default.
const WORDS: &[(&str, &[&str])] = &[
    ("type", &["STANDARD", "VALIDATION", "PRIOR_PREDICTION"]),
    ("balancing_strategy", &["REPEATS", "SAMPLES"]),
];

/// Adds one folder. `balancing` is repeats, or with the strategy `SAMPLES` images an epoch;
/// `text_variations` captions are drawn of each image, and cached for all epochs unless the text
/// encoder is trained.
fn add(concept: &Map<String, Value>, place: &str, configuration: &mut Configuration<'_>) {
    let Some(path) = concept.get("path").and_then(Value::as_str) else {
        return configuration.error("config-missing", place, "`path` is missing");
    };
    let image = concept.get("image");
    let jitter = image.and_then(|image| image.get("enable_crop_jitter"));
    if jitter != Some(&Value::Bool(false)) {
        let text = "crop jitter is on unless switched off: the crop changes from step to step";
        configuration.warning("config-jitter", place, text);
    }
    let balancing = concept.get("balancing").and_then(Value::as_f64);
    let draws = concept.get("text_variations").and_then(Value::as_u64);
    configuration.add(Set {
        repeats: balancing.unwrap_or(1.0),
        deep: concept.get("include_subdirectories") == Some(&Value::Bool(true)),
        side: Side::trained(
            concept.get("type").and_then(Value::as_str) == Some("PRIOR_PREDICTION"),
        ),
        draws: Some(draws.map_or(1, |draws| u32::try_from(draws).unwrap_or(u32::MAX))),
        ..Set::folder(&OneTrainer, path, configuration.settings)
    });
}

/// Says which keys and words of a concept are not taken as they stand.
fn check(concept: &Map<String, Value>, place: &str, configuration: &mut Configuration<'_>) {
    let mut astray = |code, key: &str, text: &str| {
        configuration.warning(code, &format!("{place}.{key}"), text);
    };
    // Files from before `__version` called the number of repeats `repeats`.
    let old = concept.get("__version").is_none_or(|version| version == 0);
    for key in concept.keys().map(String::as_str) {
        match key {
            "repeats" if old => {}
            "repeats" => astray("config-key", key, "is not read: use `balancing` instead"),
            _ if KNOWN.contains(&key) => {}
            _ => astray("config-key", key, "is not read"),
        }
    }
    for (key, words) in WORDS {
        let wrong = |value: &&Value| !words.iter().any(|word| value.as_str() == Some(word));
        if let Some(value) = concept.get(*key).filter(wrong) {
            let text = format!(
                "is {value}, which is not one of {words:?}: the trainer uses {}",
                words[0]
            );
            astray("config-word", key, &text);
        }
    }
    let source = concept
        .get("text")
        .and_then(|text| text.get("prompt_source"));
    let sources = ["sample", "concept", "filename"];
    if let Some(source) =
        source.filter(|source| !source.as_str().is_some_and(|s| sources.contains(&s)))
    {
        let text = format!("is {source}, which is not one of {sources:?}");
        astray("config-word", "text.prompt_source", &text);
    }
}

/// How many captions are drawn for each line that there is. `OneTrainer` draws before it caches
/// what the text encoder makes of a caption, so that with one draw an image has one caption for
/// ever. Of 200 images with two lines, its own cache showed 200 with one caption in all epochs
/// after one draw, 94 after two, 34 after four and 1 after eight.
const DRAWS: usize = 4;

/// One folder of the view, as `concepts.json` has it.
fn concept(set: &DataSet<'_>, group: Group) -> Value {
    let (kind, balancing) = match group {
        Group::Validation => ("VALIDATION", 1.0),
        Group::Regularization => ("PRIOR_PREDICTION", set.regularly()),
        Group::Train(repeats) => ("STANDARD", f64::from(repeats)),
    };
    let lines = set.members(group).map(|(_, one)| one.captions);
    let draws = match lines.max().unwrap_or(1) {
        0 | 1 => 1,
        lines => DRAWS * lines,
    };
    json!({
        "__version": 2,
        "name": set.title,
        "path": set.seen(OneTrainer.folder(set, group)),
        "seed": 1,
        "enabled": true,
        "type": kind,
        "include_subdirectories": false,
        "image_variations": 1,
        "text_variations": draws,
        "balancing": balancing,
        "balancing_strategy": "REPEATS",
        "loss_weight": 1.0,
        // Jitter is on where nothing is said, and moves faces out of the image.
        "image": {"enable_crop_jitter": false, "enable_resolution_override": false},
        "text": {
            "prompt_source": "sample",
            "enable_tag_shuffling": false,
            "tag_delimiter": ",",
            "keep_tags_count": 1,
        },
    })
}

impl View for OneTrainer {
    fn word(&self) -> &'static str {
        "onetrainer"
    }

    fn about(&self) -> &'static str {
        "OneTrainer: concepts.json"
    }

    fn form(&self) -> Form {
        Form::Several
    }

    fn notes(&self, _title: &str) -> Notes {
        Notes {
            give: "`onetrainer/concepts.json` as `concept_file_name`".to_owned(),
            validation: Some("a concept of the type VALIDATION: switch `validation` on"),
            masks: Some("beside the images: switch `masked_training` on"),
            regularization: Some("a concept of the type PRIOR_PREDICTION"),
        }
    }

    fn training(&self, set: &DataSet<'_>, plan: &Plan) -> Result<Option<Run>> {
        Ok(training::run(set, plan))
    }

    fn layout(&self, set: &DataSet<'_>, to: &mut Layout<'_>) -> Result<()> {
        to.images(self, set)?;
        to.captions(self, set)?;
        let masked = set.examples.iter().enumerate();
        for (example, one) in masked.filter(|(_, one)| one.masked) {
            let folder = self.folder(set, one.group());
            to.mask(folder.join(format!("{}{MASK}", one.name)), example)?;
        }
        let concepts: Vec<_> = set.groups().map(|group| concept(set, group)).collect();
        to.json("onetrainer/concepts.json", &json!(concepts))
    }
}
