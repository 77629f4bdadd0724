//! One network family a file: from a picture to its tensor, and from the answer's tensor to what
//! it says.
//!
//! Each file says which published networks it reads, has the [`onnx::Contract`] that they keep,
//! `prepare` (picture to tensor) and `decode` (tensor to answer), both pure, and the small type of
//! its answer. Each is proved against the reference implementation on the same input: the scripts
//! are in `tests/reference`, what they found in `tests/expected`.

pub mod align;
mod beams;
mod cache;
pub mod centerface;
pub mod clip;
pub mod detect;
pub mod detr;
pub mod dino;
pub mod embed;
pub mod emotion;
pub mod face;
pub mod fer_mobilefacenet;
pub mod ferplus;
pub mod florence;
pub mod generate;
pub mod hsemotion;
pub mod lama;
pub mod letterbox;
pub mod mini_xception;
pub mod movenet;
pub mod nms;
pub mod planes;
pub mod pose;
pub mod retinaface;
pub mod sam;
pub mod scrfd;
mod seen;
pub mod siglip;
pub mod simcc;
pub mod smolvlm;
pub mod tagger;
pub mod text;
pub mod ultraface;
pub mod words;
pub mod yolo_face;
pub mod yolox;
pub mod yunet;
