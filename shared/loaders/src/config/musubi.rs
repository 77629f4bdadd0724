//! musubi-tuner: the data set configuration, `dataset/config_utils.py`.

use toml::{Table, Value};

use super::Problem;
use super::schema::{Keys, Type, Values, check, tables};
use crate::fit::{Musubi, Size};

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

/// One data set of pictures, with the defaults of the outer level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSet {
    /// Where it stands in the configuration.
    pub place: String,
    /// Its buckets.
    pub buckets: Musubi,
    /// `image_directory`.
    pub image_directory: Option<String>,
    /// `image_jsonl_file`.
    pub image_jsonl_file: Option<String>,
    /// `caption_extension`.
    pub caption_extension: Option<String>,
    /// `num_repeats`.
    pub num_repeats: u32,
}

/// Reads a configuration as musubi-tuner does. Data sets of videos are
/// checked and left out.
pub fn read(config: &Table) -> (Vec<DataSet>, Vec<Problem>) {
    let mut problems = Vec::new();
    let empty = Table::new();
    let general = config
        .get("general")
        .and_then(Value::as_table)
        .unwrap_or(&empty);
    for key in config
        .keys()
        .filter(|key| !["general", "datasets"].contains(&key.as_str()))
    {
        let text = "not a key that may stand here, at which the trainer stops";
        problems.push(Problem::fatal("config-key", key, text));
    }
    check(general, "general", &[DATASET], &[], &mut problems);
    let mut sets = Vec::new();
    for (number, dataset) in tables(config, "datasets").into_iter().enumerate() {
        let place = format!("datasets[{number}]");
        let videos = ["video_directory", "video_jsonl_file"];
        if videos.iter().any(|key| dataset.contains_key(*key)) {
            check(dataset, &place, &[DATASET, VIDEOS], &[], &mut problems);
            continue;
        }
        check(dataset, &place, &[DATASET, IMAGES], &[], &mut problems);
        let set = resolved(Values(vec![dataset, general]), place);
        problems.extend(missing(&set, dataset));
        sets.push(set);
    }
    if sets.is_empty() && problems.is_empty() {
        let text = "there is no data set of pictures";
        problems.push(Problem::fatal("config-missing", "datasets", text));
    }
    (sets, problems)
}

fn resolved(values: Values<'_>, place: String) -> DataSet {
    DataSet {
        place,
        buckets: Musubi {
            resolution: values.size("resolution").unwrap_or(Size::new(960, 544)),
            enable_bucket: values.flag("enable_bucket"),
            bucket_no_upscale: values.flag("bucket_no_upscale"),
            steps: 16,
        },
        image_directory: values.text("image_directory"),
        image_jsonl_file: values.text("image_jsonl_file"),
        caption_extension: values.text("caption_extension"),
        num_repeats: values.number("num_repeats", 1),
    }
}

fn missing(set: &DataSet, dataset: &Table) -> Option<Problem> {
    let text = match (&set.image_directory, &set.image_jsonl_file) {
        (None, None) => "neither `image_directory` nor `image_jsonl_file`",
        (None, Some(_)) if !dataset.contains_key("cache_directory") => {
            "`cache_directory` is required with `image_jsonl_file`"
        }
        (Some(_), _) if set.caption_extension.is_none() => {
            "without `caption_extension` no caption is found, and the loader stops"
        }
        _ => return None,
    };
    Some(Problem::fatal("config-missing", &set.place, text))
}
