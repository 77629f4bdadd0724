//! What single tools say of an image, choose it by, and export of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use geometry::Rect;
use schemars::JsonSchema;

/// The expression of a face.
#[derive(JsonSchema)]
pub(super) struct Emotion {
    /// The expression, as `happy`, or `unknown`.
    label: Option<String>,
    /// `low`, `medium` or `high`.
    intensity: Option<String>,
    /// The score of each expression, 0 to 1; they add up to 1.
    scores: Option<BTreeMap<String, f64>>,
    /// By how much the best is above the second, 0 to 1.
    margin: Option<f64>,
    /// The second best.
    second: Option<String>,
}

/// A description, as it came.
#[derive(JsonSchema)]
pub(super) struct Captioner {
    /// The network.
    model: Option<String>,
    /// Its answer.
    raw: Option<String>,
    /// Why it ended: `eos`, `length`, `loop`, or the server's word.
    finish: Option<String>,
    /// Its tokens, where they are known.
    tokens: Option<u64>,
    /// By name, what it says, with `--schema`.
    facts: Option<BTreeMap<String, serde_json::Value>>,
}

/// The network that answered.
#[derive(JsonSchema)]
pub(super) struct Network {
    /// Its name.
    model: Option<String>,
    /// The checksum of its file.
    sha256: Option<String>,
    /// `cpu` or `cuda`.
    device: Option<String>,
}

/// What a person decided.
#[derive(JsonSchema)]
pub(super) struct Review {
    /// `keep`, `drop` or `open`.
    decision: Option<String>,
    /// Who.
    by: Option<String>,
    /// When, as RFC 3339 has it.
    at: Option<String>,
}

/// What a caption says, and from where.
#[derive(JsonSchema)]
pub(super) struct Facts {
    /// The type of LoRA.
    r#type: Option<String>,
    /// The trigger word, where there is one.
    trigger: Option<String>,
    /// `tags` or `sentence`, where one was asked for.
    form: Option<String>,
    /// `[pointer, phrase]` of what is said.
    said: Option<Vec<(String, String)>>,
    /// `[pointer, why]` of what is not.
    left_out: Option<Vec<(String, String)>>,
    /// The caption as tags.
    tags: Option<String>,
    /// The caption as a sentence.
    sentence: Option<String>,
    /// Its tokens.
    tokens: Option<usize>,
    /// Where the description contradicts what was measured.
    contradictions: Option<Vec<Contradiction>>,
}

/// Where a description contradicts what was measured.
#[derive(JsonSchema)]
pub(super) struct Contradiction {
    /// JSON pointer to what was measured.
    at: Option<String>,
    /// What was measured.
    is: Option<String>,
    /// What the description says.
    says: Option<String>,
}

/// Why a record was chosen.
#[derive(JsonSchema)]
pub(super) struct Balance {
    /// Its place in the choice, from 1.
    rank: Option<usize>,
    /// The value at each JSON pointer of `--by`.
    cell: Option<BTreeMap<String, String>>,
}

/// An exported image.
#[derive(JsonSchema)]
pub(super) struct Dataset {
    /// Its path, or that of its shard.
    file: Option<PathBuf>,
    /// Columns, pixels.
    width: Option<u32>,
    /// Rows, pixels.
    height: Option<u32>,
}

/// What a trainer sees of an image.
#[derive(JsonSchema)]
pub(super) struct Lint {
    /// The trainer.
    trainer: Option<String>,
    /// The worst of the problems: `ok`, `warning` or `error`.
    status: Option<String>,
    /// The caption that is trained on; of several the first.
    caption: Option<String>,
    /// How many there are, where there are several.
    captions: Option<usize>,
    /// The file that it is from.
    caption_from: Option<PathBuf>,
    /// Its tokens; of several captions the most.
    tokens: Option<usize>,
    /// Width and height of what the network sees, pixels.
    bucket: Option<[u32; 2]>,
    /// The share of the area that is cut off, 0 to 1.
    cropped: Option<f64>,
    /// What is kept: left, top, right, bottom in pixels of the image.
    kept: Option<Rect<f64>>,
    /// By how much it is enlarged; under 1 it is shrunk.
    scale: Option<f64>,
    /// How often an epoch shows it.
    repeats: Option<f64>,
    /// Its mask.
    mask: Option<PathBuf>,
    /// What is wrong.
    problems: Option<Vec<Problem>>,
}

/// Something that is wrong with an image of a data set.
#[derive(JsonSchema)]
pub(super) struct Problem {
    /// A word for the kind of thing.
    code: Option<String>,
    /// `warning` or `error`.
    level: Option<String>,
    /// What it is, and what comes of it.
    text: Option<String>,
}
