//! The data sets of a job of ai-toolkit.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::AiToolkit;
use crate::Trainer;
use crate::bases::{self, Base};
use crate::configuration::Configuration;
use crate::fit::Square;
use crate::set::Set;
use crate::view::Side;

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

/// Reads the data sets of a job. Keys that ai-toolkit does not know are ignored.
pub(super) fn read(job: &Value, configuration: &mut Configuration<'_>) {
    let mut any = false;
    let processes = job.pointer("/config/process").and_then(Value::as_array);
    for (number, process) in processes.into_iter().flatten().enumerate() {
        let place = format!("config.process[{number}]");
        if process.get("model").is_none() {
            let text = "there is no `model`: this is not a complete job, and the trainer stops";
            configuration.warning("config-part", &place, text);
        }
        let found = process.get("datasets").and_then(Value::as_array);
        for (number, dataset) in found.into_iter().flatten().enumerate() {
            any = true;
            let place = format!("{place}.datasets[{number}]");
            match dataset.as_object() {
                Some(dataset) => add(dataset, process, &place, configuration),
                None => configuration.error("config-type", &place, "is not a table"),
            }
        }
    }
    if !any {
        let text = "there are no `datasets` in a `process`";
        configuration.error("config-missing", "config", text);
    }
}

/// Adds one folder of a job.
fn add(
    dataset: &Map<String, Value>,
    process: &Value,
    place: &str,
    configuration: &mut Configuration<'_>,
) {
    for key in dataset.keys().map(String::as_str) {
        if !KNOWN.contains(&key) && !key.starts_with("control_path_") {
            configuration.warning("config-key", &format!("{place}.{key}"), "is not read");
        }
    }
    let text = |key: &str| dataset.get(key).and_then(Value::as_str).map(str::to_owned);
    let flag = |key: &str| dataset.get(key).and_then(Value::as_bool) == Some(true);
    let Some(folder) = text("folder_path").or_else(|| text("dataset_path")) else {
        return configuration.error("config-missing", place, "`folder_path` is missing");
    };
    if flag("random_crop") || flag("random_scale") {
        configuration.warning("config-crop", place, "the crop is drawn at random");
    }
    let whole = process.get("trigger_word").and_then(Value::as_str);
    let trigger = text("trigger_word").or_else(|| whole.map(str::to_owned));
    let resolution = largest(dataset.get("resolution")).unwrap_or(512);
    let named = process.get("model").and_then(base);
    let base = configuration.settings.base.or(named);
    let unsquare = dataset.get("buckets") != Some(&Value::Bool(false)) && !flag("square_crop");
    let set = Set::folder(&AiToolkit, folder, configuration.settings);
    configuration.add(Set {
        extension: dotted(&text("caption_ext").unwrap_or_else(|| "txt".to_owned())),
        repeats: number(dataset.get("num_repeats")).unwrap_or(1).into(),
        masks: text("mask_path").map(PathBuf::from),
        alpha_mask: flag("alpha_mask"),
        side: Side::trained(flag("is_reg")),
        // Of these it leaves captions as they are.
        trigger: trigger
            .filter(|trigger| !trigger.is_empty())
            .or(set.trigger.clone())
            .filter(|_| !flag("is_reg")),
        fitting: if unsquare {
            AiToolkit.fitting(resolution, base)
        } else {
            Some(Box::new(Square(resolution)))
        },
        ..set
    });
}

/// An ending with its dot.
fn dotted(text: &str) -> String {
    format!(".{}", text.trim_start_matches('.'))
}

fn number(value: Option<&Value>) -> Option<u32> {
    u32::try_from(value?.as_u64()?).ok()
}

/// A resolution, or the largest of several.
fn largest(value: Option<&Value>) -> Option<u32> {
    match value? {
        Value::Array(all) => all.iter().filter_map(|one| number(Some(one))).max(),
        one => number(Some(one)),
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
