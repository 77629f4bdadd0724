//! What the captions of a LoRA type say and leave out, with which trigger, in how many tokens.
//!
//! caption-compose makes captions by it, caption-audit looks at them by it; [`Flags`] are the same
//! in both.
//!
//! | module | what |
//! |---|---|
//! | [`policy`] | what is said, in which order, and what is not: a type's `captions.toml` |
//! | [`facts`] | what a record says at the places that a policy names |
//! | [`trigger`] | the word that a record's caption begins with |
//! | [`budget`] | the tokens that a caption may have, by the base model that reads it |
//! | [`contradictions`] | what a model said of an image against what was measured of it |
//! | [`kinds`] | what the character is that an image shows, so that no description calls an animal a man |
//!
//! Nothing here prints.

pub mod budget;
pub mod contradictions;
pub mod facts;
mod flags;
pub mod kinds;
pub mod policy;
pub mod trigger;

pub use budget::{Budget, Form};
pub use flags::{Flags, Plan};
pub use policy::Policy;
pub use trigger::Trigger;
