//! What a trainer makes of a caption.
//!
//! | module | what |
//! |---|---|
//! | [`tokens`] | CLIP's tokens: how many, and what is cut off |
//! | [`text`] | caption hygiene: one clean line, tags, words |
//! | [`families`] | words of one subject: looks, rendering, quality, people |
//! | [`audit`] | a whole set: what fuses with the trigger, what betrays one shot |
//!
//! Nothing here prints, reads files, or knows of manifests.

pub mod audit;
pub mod families;
pub mod text;
pub mod tokens;

mod phrases;
