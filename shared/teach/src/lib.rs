//! What a film's own labels teach.
//!
//! No published network has seen this film. Its owner can label a hundred images in some minutes; from
//! those, and from vectors and numbers that records carry already, a small classifier learns to judge
//! the rest: [`Reading`] takes what is needed out of a record, [`learn`] makes a [`Model`] of it, proven
//! across shots, [`Model::judge`] answers, and [`choose`] says which images to label next. [`Threshold`] is
//! what labels say of one number by which a tool drops images.
//!
//! Pure functions of records in memory; the only files are the labels and the model.

mod ask;
mod calibrate;
mod classify;
mod film;
mod fit;
mod folds;
mod key;
mod labels;
mod model;
mod proof;
mod reading;
pub mod threshold;
mod vectors;

pub use ask::{Asked, choose};
pub use film::Film;
pub use key::Key;
pub use labels::Labels;
pub use model::{Judgement, Model, learn};
pub use proof::{OfClass, Point, Proof};
pub use reading::{Reading, Sight};
pub use threshold::{Goal, Scale, Side, Threshold, Weighed, Wish, around, near};

/// What is said where no class is sure enough; as a label it says nothing.
pub const UNKNOWN: &str = "unknown";

/// The decision, and the class, of what is to be left out.
pub const DROP: &str = "drop";
