//! `SimpleTuner`: `multidatabackend.json`, a list of data sets of images, masks and caches.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Problem;

/// One folder of images.
#[derive(Debug, Clone, PartialEq)]
pub struct Backend {
    /// Where it stands in the file.
    pub place: String,
    /// `instance_data_dir`.
    pub folder: String,
    /// How often an epoch shows each image: one more than `repeats`.
    pub shown: u32,
    /// A side of the square whose area is the budget of an image; `None` where `resolution` is
    /// something else.
    pub resolution: Option<u32>,
    /// `crop`: whether images are cut to squares, or another aspect that is given.
    pub crop: bool,
    /// Whether captions are read from files of the images' names.
    pub captioned: bool,
    /// The folder of the masks that `conditioning_data` names.
    pub masks: Option<String>,
}

/// Reads a list of data sets: those of images, whether trained on or for evaluation.
pub fn read(text: &str) -> (Vec<Backend>, Vec<Problem>) {
    let all: Vec<Map<String, Value>> = match serde_json::from_str(text) {
        Ok(all) => all,
        Err(cause) => {
            let text = format!("not a list of objects: {cause}");
            return (Vec::new(), vec![Problem::fatal("config-syntax", "", text)]);
        }
    };
    let mut problems = Vec::new();
    let mut folders = BTreeMap::new();
    for backend in &all {
        let is_mask = word(backend, "conditioning_type") == Some("mask");
        if let (Some(id), Some(folder)) = (word(backend, "id"), word(backend, "instance_data_dir"))
        {
            folders.insert(id, (is_mask, folder));
        }
    }
    let mut found = Vec::new();
    for (number, backend) in all.iter().enumerate() {
        let place = format!("[{number}]");
        let kind = word(backend, "dataset_type").unwrap_or("image");
        let off = backend.get("disabled") == Some(&Value::Bool(true));
        if off || !matches!(kind, "image" | "eval") {
            continue;
        }
        let Some(folder) = word(backend, "instance_data_dir") else {
            let text = "`instance_data_dir` is missing";
            problems.push(Problem::fatal("config-missing", place, text));
            continue;
        };
        problems.extend(random(backend, &place));
        found.push(Backend {
            folder: folder.to_owned(),
            shown: 1 + number_of(backend, "repeats").unwrap_or(0),
            resolution: resolution(backend),
            crop: backend.get("crop") == Some(&Value::Bool(true)),
            captioned: word(backend, "caption_strategy").is_none_or(|how| how == "textfile"),
            masks: masks(backend, &folders),
            place,
        });
    }
    if !all
        .iter()
        .any(|backend| word(backend, "dataset_type") == Some("text_embeds"))
    {
        let text = "there is no data set of the type `text_embeds`, at which the trainer stops";
        problems.push(Problem::fatal("config-missing", "", text));
    }
    (found, problems)
}

/// What is wrong with how images are cut: at random, unless it is said otherwise.
fn random(backend: &Map<String, Value>, place: &str) -> Option<Problem> {
    let style = word(backend, "crop_style").unwrap_or("random");
    (style == "random").then(|| Problem {
        code: "config-crop",
        place: format!("{place}.crop_style"),
        text: "is not `center`: what stands over the bucket is cut off at random places".to_owned(),
        fatal: false,
    })
}

/// The folder of the masks of a backend.
fn masks(backend: &Map<String, Value>, folders: &BTreeMap<&str, (bool, &str)>) -> Option<String> {
    let named = backend.get("conditioning_data")?;
    let ids: Vec<_> = match named {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let found = ids
        .iter()
        .find_map(|id| folders.get(id).filter(|(is_mask, _)| *is_mask));
    found.map(|(_, folder)| (*folder).to_owned())
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
