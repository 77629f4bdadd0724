//! SAM 2.1 with its memory: objects that are followed from frame to frame of a shot.
//!
//! A model is a folder of five graphs and `constants.json`, as in `square-zero-labs/sam2.1-tiny-video-onnx`
//! and the repositories `diffusionstudio/sam2.1-…-video-onnx-fp16`:
//!
//! | graph | takes | gives |
//! |---|---|---|
//! | `vision_encoder` | the image, squeezed into a square | its features, with and without "no memory" |
//! | `mask_decoder` | features, points | mask, its quality, whether the object is there, a pointer to it |
//! | `memory_encoder` | features, mask | the memory of the frame |
//! | `memory_attention` | features, memories, pointers | features that know the memories |
//! | `pointer_tpos` | how far back pointers are | their positions |
//!
//! The processing is that of facebookresearch/sam2 @ 2b90b9f (`sam2_base.py`, `sam2_video_predictor.py`).
//! Which memories a frame looks back on is in [`Bank`]; it runs no network, and is tested by hand. Sizes are
//! read from the graphs.

mod bank;
mod graphs;
mod memory;

pub use bank::{Bank, Places, Plan, Way};
pub use graphs::{Features, Found, Scaled, Tracker};
pub use memory::Memory;

/// The number of its answers: raised whenever the same frames would be answered otherwise.
pub const ANSWER: u32 = 1;

/// The role in the registry.
pub const ROLE: &str = "track";

/// The name of the family.
const NAME: &str = "sam21-video";

/// The families of this role, each with the number of its answers.
pub fn answers() -> Vec<(&'static str, u32)> {
    vec![(NAME, ANSWER)]
}
