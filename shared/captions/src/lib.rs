//! What a trainer makes of a caption.
//!
//! | module | what |
//! |---|---|
//! | [`tokens`] | CLIP's tokens: how many, and what is cut off |
//! | [`encoder`] | the same of any text encoder, by its `tokenizer.json` |
//! | [`text`] | caption hygiene: one clean line, tags, words |
//! | [`families`] | words of one subject: looks, rendering, quality, people |
//! | [`marks`], [`refusals`] | what a language model writes beside and instead of it |
//! | [`answer`] | what a vision-language model answers, made into a description |
//! | [`claims`] | what a text claims that can be measured too |
//! | [`kinds`] | a description that calls an animal a man: the right noun in its place |
//! | [`mood`] | the mood of an image, in plain words |
//! | [`audit`] | a whole set: what fuses with the trigger, what betrays one shot |
//!
//! Nothing here prints, reads files, or knows of manifests.

pub mod answer;
pub mod audit;
pub mod claims;
pub mod encoder;
pub mod families;
pub mod kinds;
pub mod marks;
pub mod mood;
pub mod refusals;
pub mod text;
pub mod tokens;

mod chat;
mod escapes;
mod layout;
mod phrases;
