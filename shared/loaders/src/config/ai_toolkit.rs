//! ai-toolkit: the data sets of a job, YAML or JSON. Keys that it does not know are ignored.

use serde_json::{Map, Value};

use super::Problem;
use crate::bases::{self, Base};

/// One folder of a job.
#[derive(Debug, Clone, PartialEq)]
pub struct DataSet {
    /// Where it stands in the configuration.
    pub place: String,
    /// `folder_path`, or `dataset_path` where it names a folder.
    pub folder: String,
    /// `caption_ext`, with its dot.
    pub caption_extension: String,
    /// `mask_path`.
    pub mask_path: Option<String>,
    /// `alpha_mask`.
    pub alpha_mask: bool,
    /// `num_repeats`.
    pub num_repeats: u32,
    /// The largest `resolution`.
    pub resolution: u32,
    /// `buckets`; without them everything is cut to squares.
    pub buckets: bool,
    /// Whether what is cut off is drawn at random: `random_crop` or `random_scale`.
    pub random_crop: bool,
    /// `trigger_word` of the data set, or of the whole job.
    pub trigger: Option<String>,
    /// The base model of the job, where it names one that is known.
    pub base: Option<&'static Base>,
}

/// The keys of a data set: `DatasetConfig` of `toolkit/config_modules.py`.
const KNOWN: &[&str] = &[
    "alpha_mask",
    "audio_normalize",
    "audio_preserve_pitch",
    "augmentations",
    "augments",
    "auto_frame_count",
    "batch_size",
    "bucket_tolerance",
    "buckets",
    "cache_clip_vision_to_disk",
    "cache_latents",
    "cache_latents_num_workers",
    "cache_latents_to_disk",
    "cache_tensors_to_disk",
    "cache_text_embeddings",
    "caption_dropout_rate",
    "caption_ext",
    "caption_type",
    "clip_image_augmentations",
    "clip_image_from_same_folder",
    "clip_image_path",
    "clip_image_shuffle_augmentations",
    "control_from_same_folder",
    "control_path",
    "control_transparent_color",
    "controls",
    "dataset_path",
    "debug",
    "default_caption",
    "do_audio",
    "do_i2v",
    "extra_values",
    "fast_image_size",
    "flip_x",
    "flip_y",
    "folder_path",
    "fps",
    "full_size_control_images",
    "guidance_type",
    "inpaint_path",
    "invert_mask",
    "is_reg",
    "keep_tokens",
    "load_image_when_caching_latents",
    "loss_multiplier",
    "mask_min_value",
    "mask_path",
    "network_weight",
    "num_controls_from_same_folder",
    "num_frames",
    "num_repeats",
    "num_workers",
    "poi",
    "prefetch_factor",
    "prior_reg",
    "random_crop",
    "random_scale",
    "random_triggers",
    "random_triggers_max",
    "replacements",
    "replay_transforms",
    "resolution",
    "scale",
    "shrink_video_to_frames",
    "shuffle_augmentations",
    "shuffle_tokens",
    "square_crop",
    "standardize_images",
    "token_dropout_rate",
    "trigger_word",
    "trim_auto_frame_count_tail",
    "type",
    "unconditional_path",
    "use_short_captions",
];

/// Beginnings of `arch` in `model`, and the base model that each stands for; the longest first.
const ARCHITECTURES: &[(&str, &str)] = &[
    ("wan22_5b", "wan-5b"),
    ("qwen_image", "qwen-image"),
    ("ideogram4", "ideogram"),
    ("hidream", "hidream"),
    ("lumina2", "lumina"),
    ("chroma", "chroma"),
    ("zimage", "z-image"),
    ("anima", "anima"),
    ("flux2", "flux2"),
    ("krea2", "krea2"),
    ("flux", "flux"),
    ("sdxl", "sdxl"),
    ("sd3", "sd3"),
    ("sd1", "sd15"),
    ("wan", "wan"),
];

/// Reads a job; none where the text is neither YAML nor JSON.
pub fn read(text: &str) -> (Vec<DataSet>, Vec<Problem>) {
    let job: Value = match serde_saphyr::from_str(text) {
        Ok(job) => job,
        Err(cause) => {
            let cause = cause.to_string();
            let first = cause.lines().next().unwrap_or_default().to_owned();
            let text = format!("not YAML: {first}");
            return (Vec::new(), vec![Problem::fatal("config-syntax", "", text)]);
        }
    };
    let mut sets = Vec::new();
    let mut problems = Vec::new();
    let processes = job.pointer("/config/process").and_then(Value::as_array);
    for (number, process) in processes.into_iter().flatten().enumerate() {
        let place = format!("config.process[{number}]");
        if process.get("model").is_none() {
            let text = "there is no `model`: this is no whole job, and the trainer stops at it";
            problems.push(Problem {
                code: "config-part",
                place: place.clone(),
                text: text.to_owned(),
                fatal: false,
            });
        }
        let found = process.get("datasets").and_then(Value::as_array);
        for (number, dataset) in found.into_iter().flatten().enumerate() {
            let place = format!("{place}.datasets[{number}]");
            match dataset.as_object() {
                Some(dataset) => {
                    check(dataset, &place, &mut problems);
                    sets.extend(resolved(dataset, process, place, &mut problems));
                }
                None => problems.push(Problem::fatal("config-type", place, "is no table")),
            }
        }
    }
    if sets.is_empty() && problems.iter().all(|problem| !problem.fatal) {
        let text = "there are no `datasets` in a `process`";
        problems.push(Problem::fatal("config-missing", "config", text));
    }
    (sets, problems)
}

fn check(dataset: &Map<String, Value>, place: &str, problems: &mut Vec<Problem>) {
    let numbered = |key: &str| key.starts_with("control_path_");
    for key in dataset.keys().map(String::as_str) {
        if !KNOWN.contains(&key) && !numbered(key) {
            problems.push(Problem {
                code: "config-key",
                place: format!("{place}.{key}"),
                text: "is not read".to_owned(),
                fatal: false,
            });
        }
    }
}

fn resolved(
    dataset: &Map<String, Value>,
    process: &Value,
    place: String,
    problems: &mut Vec<Problem>,
) -> Option<DataSet> {
    let text = |key: &str| dataset.get(key).and_then(Value::as_str).map(str::to_owned);
    let flag = |key: &str| dataset.get(key).and_then(Value::as_bool);
    let Some(folder) = text("folder_path").or_else(|| text("dataset_path")) else {
        problems.push(Problem::fatal(
            "config-missing",
            place,
            "`folder_path` is missing",
        ));
        return None;
    };
    let trigger = text("trigger_word").or_else(|| {
        let whole = process.get("trigger_word").and_then(Value::as_str);
        whole.map(str::to_owned)
    });
    Some(DataSet {
        place,
        folder,
        caption_extension: ending(&text("caption_ext").unwrap_or_else(|| "txt".to_owned())),
        mask_path: text("mask_path"),
        alpha_mask: flag("alpha_mask").unwrap_or(false),
        num_repeats: whole(dataset.get("num_repeats")).unwrap_or(1),
        resolution: largest(dataset.get("resolution")).unwrap_or(512),
        buckets: flag("buckets").unwrap_or(true) && flag("square_crop") != Some(true),
        random_crop: flag("random_crop") == Some(true) || flag("random_scale") == Some(true),
        trigger: trigger.filter(|trigger| !trigger.is_empty()),
        base: process.get("model").and_then(base),
    })
}

/// An ending with its dot.
fn ending(text: &str) -> String {
    format!(".{}", text.trim_start_matches('.'))
}

fn whole(value: Option<&Value>) -> Option<u32> {
    u32::try_from(value?.as_u64()?).ok()
}

/// A resolution, or the largest of several.
fn largest(value: Option<&Value>) -> Option<u32> {
    match value? {
        Value::Array(all) => all.iter().filter_map(|one| whole(Some(one))).max(),
        one => whole(Some(one)),
    }
}

/// The base model that a job's `model` names.
fn base(model: &Value) -> Option<&'static Base> {
    let set = |key: &str| model.get(key).and_then(Value::as_bool) == Some(true);
    let name = match model.get("arch").and_then(Value::as_str) {
        Some(arch) => {
            ARCHITECTURES
                .iter()
                .find(|(start, _)| arch.starts_with(start))?
                .1
        }
        None if set("is_flux") => "flux",
        None if set("is_xl") => "sdxl",
        None if set("is_v3") => "sd3",
        None if set("is_lumina2") => "lumina",
        None => return None,
    };
    bases::base(name).ok()
}
