//! What single tools say of an image, choose it by, and export of it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use geometry::Rect;
use schemars::JsonSchema;

/// The expression of a face.
#[derive(JsonSchema)]
pub(super) struct Emotion {
    /// The expression, such as `happy`, or `unknown`.
    label: Option<String>,
    /// `low`, `medium` or `high`.
    intensity: Option<String>,
    /// With `--rank-within`, the share of the character's faces with a weaker expression, 0 to 1.
    rank: Option<f64>,
    /// The score of each expression, 0 to 1; they add up to 1.
    scores: Option<BTreeMap<String, f64>>,
    /// The lead of the best score over the second, 0 to 1.
    margin: Option<f64>,
    /// The second-best expression.
    second: Option<String>,
}

/// The parts of a face, measured by its landmarks. A label is one of examples/labels/faces, `open smile`,
/// `open frown` or `unknown`. Left and right are the image's.
#[derive(JsonSchema)]
pub(super) struct Features {
    /// Which landmarks: `anime28`, those of hysts' anime-face-detector, or `five`.
    scheme: Option<String>,
    /// `[column, row, score]` of each landmark, in pixels of the parent.
    points: Option<Vec<[f64; 3]>>,
    /// The mean of their scores, or with `five` the detector's.
    score: Option<f64>,
    /// The eyes.
    eyes: Option<Eyes>,
    /// The mouth.
    mouth: Option<Mouth>,
    /// The eyebrows.
    eyebrows: Option<Eyebrows>,
    /// What labels compare with: `absolute` ratios, or the other faces of the `character`.
    judged: Option<String>,
}

/// The eyes of a face.
#[derive(JsonSchema)]
pub(super) struct Eyes {
    /// `open eyes`, `closed eyes`, `half-closed eyes` or `wide eyes`.
    label: Option<String>,
    /// Height over width, of both together.
    openness: Option<f64>,
}

/// The mouth of a face.
#[derive(JsonSchema)]
pub(super) struct Mouth {
    /// `closed mouth`, `open mouth`, `wide open mouth`, `smile`, `open smile`, `frown` or `open frown`.
    label: Option<String>,
    /// Height over width.
    openness: Option<f64>,
    /// How far its corners are above the upper lip, or below the lower one (less than 0), over its
    /// width.
    curve: Option<f64>,
    /// Width over the distance of the eyes.
    width: Option<f64>,
}

/// The eyebrows of a face.
#[derive(JsonSchema)]
pub(super) struct Eyebrows {
    /// `relaxed eyebrows`, `raised eyebrows`, `lowered eyebrows` or `worried eyebrows`.
    label: Option<String>,
    /// Above the corners of the eyes, in widths of an eye.
    height: Option<f64>,
    /// Degrees; above 0 the inner ends are up.
    tilt: Option<f64>,
}

/// A description, as the network gave it.
#[derive(JsonSchema)]
pub(super) struct Captioner {
    /// The network.
    model: Option<String>,
    /// Its answer.
    raw: Option<String>,
    /// Why the answer ended: `eos`, `length`, `loop`, or the server's word.
    finish: Option<String>,
    /// The number of its tokens, if known.
    tokens: Option<u64>,
    /// True if a server had put the answer among the model's thoughts.
    from_reasoning: Option<bool>,
    /// With `--schema`, the facts in the answer, by name.
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

/// A decision made in review.
#[derive(JsonSchema)]
pub(super) struct Review {
    /// `keep`, `drop` or `open`.
    decision: Option<String>,
    /// Who decided.
    by: Option<String>,
    /// When, in the format of RFC 3339.
    at: Option<String>,
    /// The caption that they wrote, which no tool changes.
    caption: Option<String>,
}

/// The facts in a caption, and where they are from.
#[derive(JsonSchema)]
pub(super) struct Facts {
    /// The type of LoRA.
    r#type: Option<String>,
    /// The trigger word, if there is one.
    trigger: Option<String>,
    /// `tags` or `sentence`, if `--form` chose one.
    form: Option<String>,
    /// `[pointer, phrase]` of each fact in the caption.
    said: Option<Vec<(String, String)>>,
    /// `[pointer, why]` of each fact that was left out.
    left_out: Option<Vec<(String, String)>>,
    /// The caption as tags.
    tags: Option<String>,
    /// The caption as a sentence.
    sentence: Option<String>,
    /// The number of its tokens.
    tokens: Option<usize>,
    /// Where the description contradicts a measurement.
    contradictions: Option<Vec<Contradiction>>,
}

/// Where a description contradicts a measurement.
#[derive(JsonSchema)]
pub(super) struct Contradiction {
    /// JSON pointer to the measurement.
    at: Option<String>,
    /// The measured value.
    is: Option<String>,
    /// What the description says.
    says: Option<String>,
}

/// Why a record was selected.
#[derive(JsonSchema)]
pub(super) struct Balance {
    /// Its rank in the selection, from 1.
    rank: Option<usize>,
    /// The value at each JSON pointer of `--by`.
    cell: Option<BTreeMap<String, String>>,
}

/// An exported image.
#[derive(JsonSchema)]
pub(super) struct Dataset {
    /// Its path, or the path of its shard.
    file: Option<PathBuf>,
    /// Width in pixels.
    width: Option<u32>,
    /// Height in pixels.
    height: Option<u32>,
    /// True if the image is held back for validation.
    validation: Option<bool>,
}

/// What lora-score measured of a generated image.
#[derive(JsonSchema)]
pub(super) struct Scored {
    /// The id of its prompt.
    prompt: Option<String>,
    /// The share of what the prompt wants that it shows, by the weights of the measures, 0 to 1.
    merit: Option<f64>,
    /// What is wrong, in words.
    faults: Option<Vec<String>>,
    /// The cosines of its embedding with characters.
    cosine: Option<Cosine>,
    /// The training image that it is nearest to.
    nearest: Option<Nearest>,
    /// Whether it is a copy of a training image.
    copy: Option<bool>,
    /// The share of the pixels across its long side that it really shows, 0 to 1; pixels past 960 do not count.
    shown_share: Option<f64>,
    /// Whether it is at least as sharp as 95 of 100 training images.
    sharp: Option<bool>,
}

/// The cosines of an embedding with characters, -1 to 1.
#[derive(JsonSchema)]
pub(super) struct Cosine {
    /// With the wanted ones, on average.
    wanted: f64,
    /// With the nearest others.
    other: Option<f64>,
}

/// The training image that a generated one is nearest to.
#[derive(JsonSchema)]
pub(super) struct Nearest {
    /// Its id.
    id: String,
    /// Cosine of the two embeddings, -1 to 1.
    cosine: Option<f64>,
    /// Bits of 64 by which the hash differs from the hash nearest to it.
    bits: Option<u32>,
}

/// How a trainer reads an image.
#[derive(JsonSchema)]
pub(super) struct Lint {
    /// The trainer.
    trainer: Option<String>,
    /// The level of the worst problem: `ok`, `warning` or `error`.
    status: Option<String>,
    /// The caption that is trained on; if there are several, the first.
    caption: Option<String>,
    /// The number of captions, if there are several.
    captions: Option<usize>,
    /// The file that the caption is from.
    caption_from: Option<PathBuf>,
    /// The number of its tokens; of several captions the largest number.
    tokens: Option<usize>,
    /// Width and height of the network's input, in pixels.
    bucket: Option<[u32; 2]>,
    /// The share of the area that is cropped, 0 to 1.
    cropped: Option<f64>,
    /// The part that is kept: left, top, right, bottom in pixels of the image.
    kept: Option<Rect<f64>>,
    /// Factor by which it is enlarged; below 1 it is shrunk.
    scale: Option<f64>,
    /// How often it appears in an epoch.
    repeats: Option<f64>,
    /// Its mask.
    mask: Option<PathBuf>,
    /// The problems found.
    problems: Option<Vec<Problem>>,
}

/// A problem with an image of a data set.
#[derive(JsonSchema)]
pub(super) struct Problem {
    /// A word for the kind of problem.
    code: Option<String>,
    /// `warning` or `error`.
    level: Option<String>,
    /// The problem and its effect.
    text: Option<String>,
}
