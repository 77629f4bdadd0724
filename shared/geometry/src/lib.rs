//! Where things are in an image: the one rectangle, the one mask and the joints in a record.
//!
//! Records (`manifest`) and image functions (`vision`, which names both again) hold the same types,
//! so that what one tool writes another can use without a conversion of its own.

mod mask;
mod rect;
pub mod skeleton;

pub use mask::{Counts, MaskShape, RunLengths};
pub use rect::{Coordinate, Rect};
pub use skeleton::Skeleton;
