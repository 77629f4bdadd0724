//! What the keys of a record say, in words.

use serde_json::Value;
use stage::Record;

/// Values longer than this, in characters, are cut short.
const LONGEST: usize = 100;
/// This many figures of an object are said.
const FIGURES: usize = 5;
/// Decimals of a figure.
const DIGITS: usize = 3;

/// The tool that writes `key` of a record that has the keys that `has` says;
/// `None` for a key of nobody that is known.
pub(crate) fn tool(key: &str, has: impl Fn(&str) -> bool) -> Option<&'static str> {
    let from_film = has("source");
    Some(match key {
        "id" | "image" | "width" | "height" if has("face") && has("parent") => "face-crop",
        "id" | "image" | "width" | "height" if has("parent") => "mask-crop",
        "id" | "image" | "width" | "height" if from_film => "frame-extract",
        "id" | "image" | "width" | "height" | "format" => "frame-scan",
        "source" | "transition" => "frame-extract",
        "parent" => {
            if has("face") {
                "face-crop"
            } else {
                "mask-crop"
            }
        }
        "dedup" => "frame-dedup",
        "quality" => "blur-filter",
        "light" => "light-classify",
        "boxes" => "char-detect",
        "masks" | "mask" => "sam-mask",
        "plate" => "plate-merge",
        "inpaint" => "lama-inpaint",
        "embedding" => "clip-embed",
        "tags" => "clip-tag",
        "cluster" => "cluster",
        "identity" => "id-match",
        "pose" => "rtmpose",
        "face" => "face-crop",
        "emotion" => "emotion-classify",
        "features" => "face-landmarks",
        "captioner" => "vlm-caption",
        "caption" if !has("facts") => "vlm-caption",
        "caption" | "facts" => "caption-compose",
        "review" => "review",
        "balance" => "balance",
        "dataset" => "dataset-write",
        _ => return None,
    })
}

/// What `key` says of the image.
pub(crate) fn words(key: &str, record: &Record) -> String {
    let value: Value = record.get(key).unwrap_or_default();
    let text = |pointer: &str| value.pointer(pointer).map(plain).unwrap_or_default();
    let said = match key {
        "image" => format!("{}{}", plain(&value), size(record)),
        "source" => format!(
            "{} at {}, frame {}, shot {}",
            text("/film"),
            clock(&value["time"]),
            text("/frame"),
            text("/shot")
        ),
        "parent" => format!("cut from {}", plain(&value)),
        "dedup" => duplicates(record, &value),
        "boxes" | "masks" => format!("{} {key}", value.as_array().map_or(0, Vec::len)),
        "embedding" => format!("{} by {}", vector(&value["vector"]), text("/model")),
        "light" => scored(&value, &["time", "weather", "setting"]),
        "tags" => tags(&value),
        "facts" => format!(
            "{} facts used, {} left out, {} tokens",
            value["said"].as_array().map_or(0, Vec::len),
            value["left_out"].as_array().map_or(0, Vec::len),
            text("/tokens")
        ),
        "captioner" => format!("by {}", text("/model")),
        "emotion" => format!(
            "{} {}, margin {}",
            text("/intensity"),
            text("/label"),
            text("/margin")
        ),
        "features" => format!(
            "{}, {}, {}",
            text("/eyes/label"),
            text("/mouth/label"),
            text("/eyebrows/label")
        ),
        "dataset" => format!("exported as {}", text("/file")),
        _ => figures(&value),
    };
    short(said.trim())
}

fn size(record: &Record) -> String {
    let side = |key| record.find::<u64>(key).ok().flatten();
    match (side("width"), side("height")) {
        (Some(width), Some(height)) => format!(", {width} x {height}"),
        _ => String::new(),
    }
}

fn duplicates(record: &Record, value: &Value) -> String {
    let Some(group) = value["group"].as_str() else {
        return "hashed".to_owned();
    };
    let size = value["size"].as_u64().unwrap_or(1);
    if record.get::<String>("id").is_ok_and(|id| id != group) {
        format!("near duplicate of {group}, which stands for {size} images")
    } else if size > 1 {
        format!("best of {size} near duplicates")
    } else {
        "no near duplicates".to_owned()
    }
}

/// How long a vector is, or where it is.
fn vector(value: &Value) -> String {
    match value["file"].as_str() {
        Some(file) => format!("row {} of {file}", plain(&value["row"])),
        None => format!("{} numbers", value.as_array().map_or(0, Vec::len)),
    }
}

/// Labels with their scores.
fn scored(value: &Value, names: &[&str]) -> String {
    let label = |name: &&str| {
        let label = value[*name].as_str()?;
        let score = value["scores"][*name][label].as_f64();
        let score = score
            .map(|score| format!(" ({score:.2})"))
            .unwrap_or_default();
        Some(format!("{name} {label}{score}"))
    };
    names
        .iter()
        .filter_map(label)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The first label of every group.
fn tags(value: &Value) -> String {
    let groups = value.as_object().into_iter().flatten();
    let first = groups.map(|(group, labels)| format!("{group} {}", plain(&labels[0][0])));
    first.collect::<Vec<_>>().join(", ")
}

/// The figures and labels of an object; the text of anything else.
fn figures(value: &Value) -> String {
    let Some(members) = value.as_object() else {
        return plain(value);
    };
    let simple = members
        .iter()
        .filter(|(_, value)| !value.is_array() && !value.is_object());
    let said = simple
        .take(FIGURES)
        .map(|(name, value)| format!("{name} {}", plain(value)));
    said.collect::<Vec<_>>().join(", ")
}

/// A text without quotes, a number with few decimals, anything else as JSON.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => {
            let text = format!("{:.DIGITS$}", number.as_f64().unwrap_or_default());
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Seconds as a clock has them.
fn clock(value: &Value) -> String {
    let seconds = value.as_f64().unwrap_or_default().max(0.0);
    let whole = seconds as u64;
    format!(
        "{}:{:02}:{:05.2}",
        whole / 3600,
        whole / 60 % 60,
        seconds - (whole - whole % 60) as f64
    )
}

fn short(text: &str) -> String {
    let visible = text.replace(|c: char| c.is_control(), " ");
    if visible.chars().count() <= LONGEST {
        return visible;
    }
    visible.chars().take(LONGEST).chain(['…']).collect()
}
