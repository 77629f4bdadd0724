//! Masks as records hold them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A mask: a file, or the run lengths themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged, expecting = "not a path or run lengths")]
pub enum MaskShape {
    /// The path of an image of the mask's size, relative to the working directory or absolute.
    File(PathBuf),
    /// Its run lengths, as COCO writes them.
    Runs(RunLengths),
}

/// Run lengths as COCO writes them: down the columns from the top left, outside and inside in turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RunLengths {
    /// Height and width, in this order, pixels.
    pub size: [u32; 2],
    /// The lengths.
    pub counts: Counts,
}

/// The lengths of runs, compressed or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(
    untagged,
    expecting = "not compressed run lengths or an array of run lengths"
)]
pub enum Counts {
    /// Compressed, in the characters `0` to `o`, as pycocotools encodes them.
    Text(String),
    /// One number a run, pixels.
    Numbers(Vec<u32>),
}
