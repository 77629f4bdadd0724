//! From an image to a network's tensor, and from the tensors of its answer to what it says.
//!
//! A module is a role, which is what a tool asks for (`detect`, `face`), and runs networks of any family.
//! Below it, a file is a network family: which published networks it reads, the [`onnx::Contract`] that
//! they keep, `prepare` (image to tensor), `decode` (tensor to answer), and `ANSWER`, the number under which
//! its answers are remembered. Families implement the trait of their role and stand in its table, `ROLE`;
//! they know neither the role nor each other. Each is proved against the reference implementation on the
//! same input: the scripts are in `tests/reference`, what they found in `tests/expected`.

pub mod align;
mod batch;
pub mod caption;
pub mod detect;
pub mod embed;
pub mod emotion;
pub mod face;
pub mod family;
pub mod grounding;
pub mod inpaint;
pub mod landmark;
mod letterbox;
pub mod matte;
pub mod nms;
pub mod planes;
pub mod pose;
pub mod sam;
pub mod sam3;
pub mod shot;
pub mod tagger;
pub mod text;
mod tokenizer;
pub mod track;
pub mod words;
