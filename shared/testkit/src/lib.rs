//! Drawn images, golden manifests, and the manners that every tool must have.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "only tests use this crate"
)]

mod drawing;
mod golden;
mod manners;
mod needs;
mod programs;
mod run;
mod shelf;
mod vectors;

pub use drawing::{blurred, checkerboard, flat, folder, noise, scene};
pub use golden::{Tolerance, close, golden};
pub use manners::{Shape, help_and_manual, keyed_manners, manners};
pub use needs::{ffmpeg, jq, lacking};
pub use programs::{copy, program};
pub use run::{Ran, run, run_in};
pub use shelf::shelf;
pub use vectors::{in_file, without_embeddings};
