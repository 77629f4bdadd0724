//! The table of keys: README.md and record.schema.json are made of it.
//!
//! A key that more than one tool reads or writes has its type in `shapes`; what only the tool that
//! writes a key knows of it is described here.

#![expect(dead_code, reason = "only what the types are made of is looked at")]

mod captions;
mod images;
mod taught;

use std::collections::BTreeMap;
use std::path::PathBuf;

use geometry::{MaskShape, Rect};
use schemars::JsonSchema;

use captions::{
    Balance, Captioner, Dataset, Emotion, Facts, Features, Lint, Network, Review, Scored,
};
use images::{Dedup, Format, Ground, Letterbox, Light, Plate, Quality, Transition};
use taught::{Ask, Taught};

use crate::shapes::{
    Cluster, Detection, Embedding, Face, Identity, Inpaint, Instance, Label, Pose, Rejected,
    Segment, Source, Text,
};

/// What is known of one image. Your own tool may add keys; every tool passes on keys that it does
/// not know.
#[derive(JsonSchema)]
#[schemars(title = "A record of film2lora")]
pub(crate) struct Keys {
    /// Unique in the manifest, safe as a file name; the id of a crop is its parent's id and a
    /// suffix (`film_000812.i1`).
    #[schemars(extend("x-written-by" = ["frame-extract", "frame-scan", "mask-crop", "face-crop"]), length(min = 1, max = 200))]
    id: String,
    /// The path of the image, relative to the working directory or absolute.
    #[schemars(extend("x-written-by" = ["frame-extract", "frame-scan", "frame-crop", "text-remove", "mask-crop", "face-crop", "plate-merge", "lama-inpaint", "plate-crop"]))]
    image: PathBuf,
    /// Width of the image in pixels, rotated as its Exif orientation says.
    #[schemars(extend("x-written-by" = ["frame-extract", "frame-scan", "frame-crop", "text-remove", "mask-crop", "face-crop", "plate-crop"]))]
    width: Option<u32>,
    /// Height of the image in pixels.
    #[schemars(extend("x-written-by" = ["frame-extract", "frame-scan", "frame-crop", "text-remove", "mask-crop", "face-crop", "plate-crop"]))]
    height: Option<u32>,
    /// The file's format, by its content.
    #[schemars(extend("x-written-by" = ["frame-scan", "lama-inpaint"]))]
    format: Option<Format>,
    /// Where in a film the image comes from.
    #[schemars(extend("x-written-by" = ["frame-extract", "shot-detect"]))]
    source: Option<Source>,
    /// The transition that the frame is part of, if it is part of one.
    #[schemars(extend("x-written-by" = ["frame-extract", "shot-detect"]))]
    transition: Option<Transition>,
    /// True if the decoder reported errors near the frame.
    #[schemars(extend("x-written-by" = ["frame-extract"]))]
    damage: Option<bool>,
    /// The `id` of the record that the image was cropped from.
    #[schemars(extend("x-written-by" = ["mask-crop", "face-crop"]))]
    parent: Option<String>,
    /// Groups of images that look alike.
    #[schemars(extend("x-written-by" = ["frame-dedup"]))]
    dedup: Option<Dedup>,
    /// Measures of the image. Levels are of luma, 0 to 255.
    #[schemars(extend("x-written-by" = ["blur-filter"]))]
    quality: Option<Quality>,
    /// The light in the image.
    #[schemars(extend("x-written-by" = ["light-classify"]))]
    light: Option<Light>,
    /// The lines of text in the image, and what of them is laid over the film.
    #[schemars(extend("x-written-by" = ["text-detect", "text-remove"]))]
    text: Option<Text>,
    /// The characters that were detected; empty if there are none.
    #[schemars(extend("x-written-by" = ["char-detect", "rtmpose", "pose-classify"]))]
    boxes: Option<Vec<Detection>>,
    /// What was segmented.
    #[schemars(extend("x-written-by" = ["sam-mask", "mask-track", "matte"]))]
    masks: Option<Vec<Segment>>,
    /// A mask of the image's size: the union of `masks`, or in a crop the mask of its character, or
    /// in a plate its hole, or in a frame all but the text that is laid over it.
    #[schemars(extend("x-written-by" = ["sam-mask", "mask-track", "matte", "mask-crop", "plate-merge", "text-remove"]))]
    mask: Option<MaskShape>,
    /// Of a frame that no detector has searched, the tracks of its shot that may be in it without a mask: they are in the
    /// frames before or after it that were searched.
    #[schemars(extend("x-written-by" = ["mask-track"]))]
    lost: Option<Vec<usize>>,
    /// How the image was cropped from its parent.
    #[schemars(extend("x-written-by" = ["mask-crop"]))]
    instance: Option<Instance>,
    /// How the image was merged from frames without their characters.
    #[schemars(extend("x-written-by" = ["plate-merge"]))]
    plate: Option<Plate>,
    /// How a hole in the image was inpainted.
    #[schemars(extend("x-written-by" = ["lama-inpaint"]))]
    inpaint: Option<Inpaint>,
    /// The frame with black bars that the image was cropped from.
    #[schemars(extend("x-written-by" = ["frame-crop"]))]
    letterbox: Option<Letterbox>,
    /// The image that this part, which shows a place beside a hole, was cropped from.
    #[schemars(extend("x-written-by" = ["plate-crop"]))]
    ground: Option<Ground>,
    /// The vector that a network computes of the image.
    #[schemars(extend("x-written-by" = ["clip-embed"]))]
    embedding: Option<Embedding>,
    /// For each group, the labels and their scores, 0 to 1, best first; `[["unknown", score]]` if
    /// no label of clip-tag reaches its threshold. wd-tag's groups are `wd`, `rating`,
    /// `wd_character`.
    #[schemars(extend("x-written-by" = ["clip-tag", "wd-tag"]))]
    tags: Option<BTreeMap<String, Vec<Label>>>,
    /// The character that the image shows, in a manifest of references.
    #[schemars(extend("x-written-by" = ["you", "frame-scan"]))]
    character: Option<String>,
    /// The character that the image shows.
    #[schemars(extend("x-written-by" = ["id-match"]))]
    identity: Option<Identity>,
    /// The cluster that the image is in.
    #[schemars(extend("x-written-by" = ["cluster"]))]
    cluster: Option<Cluster>,
    /// The face that the image shows.
    #[schemars(extend("x-written-by" = ["face-crop"]))]
    face: Option<Face>,
    /// The eyes, the mouth and the eyebrows of the face, measured by its landmarks.
    #[schemars(extend("x-written-by" = ["face-landmarks"]))]
    features: Option<Features>,
    /// The expression of the face.
    #[schemars(extend("x-written-by" = ["emotion-classify"]))]
    emotion: Option<Emotion>,
    /// The pose of the one character in the image; if there are several, each of `boxes` has its
    /// own.
    #[schemars(extend("x-written-by" = ["rtmpose", "pose-classify"]))]
    pose: Option<Pose>,
    /// The skeleton of the pose, or of several, drawn on black: a control image.
    #[schemars(extend("x-written-by" = ["pose-draw"]))]
    skeleton: Option<PathBuf>,
    /// The final caption.
    #[schemars(extend("x-written-by" = ["vlm-caption", "caption-compose", "review"]))]
    caption: Option<String>,
    /// The description, as the network gave it.
    #[schemars(extend("x-written-by" = ["vlm-caption"]))]
    captioner: Option<Captioner>,
    /// For each tool, the network that answered.
    #[schemars(extend("x-written-by" = ["every tool with a network"]))]
    models: Option<BTreeMap<String, Network>>,
    /// A decision made in review.
    #[schemars(extend("x-written-by" = ["review"]))]
    review: Option<Review>,
    /// By the JSON pointer of each key that was judged again, what labels of this film have taught.
    #[schemars(extend("x-written-by" = ["label-apply"]))]
    taught: Option<BTreeMap<String, Taught>>,
    /// Why a label of the image is asked for.
    #[schemars(extend("x-written-by" = ["label-fit"]))]
    ask: Option<Ask>,
    /// The facts in the caption, and where they are from.
    #[schemars(extend("x-written-by" = ["caption-compose"]))]
    facts: Option<Facts>,
    /// Why the record was selected.
    #[schemars(extend("x-written-by" = ["balance"]))]
    balance: Option<Balance>,
    /// The part of the image that dataset-write exports: left, top, right, bottom in pixels, ends
    /// exclusive.
    #[schemars(extend("x-written-by" = ["you", "bucket-crop"]))]
    crop: Option<Rect<f64>>,
    /// The exported image.
    #[schemars(extend("x-written-by" = ["dataset-write"]))]
    dataset: Option<Dataset>,
    /// How a trainer reads the image.
    #[schemars(extend("x-written-by" = ["lora-lint"]))]
    lint: Option<Lint>,
    /// In a manifest of generated images, the checkpoint that the image was made with: its folder.
    #[schemars(extend("x-written-by" = ["you", "frame-scan"]))]
    checkpoint: Option<String>,
    /// How the generated image was scored.
    #[schemars(extend("x-written-by" = ["lora-score"]))]
    scored: Option<Scored>,
    /// Why the record was dropped or failed: in the file of `--rejects`, and with `--keep`.
    #[schemars(extend("x-written-by" = ["any tool"]))]
    rejected: Option<Rejected>,
    /// In the file of `--rejects`, the line that is not a record.
    #[schemars(extend("x-written-by" = ["any tool"]))]
    line: Option<String>,
}
