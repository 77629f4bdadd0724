//! The shapes of keys that more than one tool reads or writes.

use serde::{Deserialize, Serialize};

/// Where in a film an image comes from: the key `source`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The film's file name, without its folder.
    pub film: String,
    /// Number of the frame in the film, from 0, counted as decoded.
    pub frame: u64,
    /// Presentation time in seconds from the start of the film.
    pub time: f64,
    /// Number of the shot in the film, from 0.
    pub shot: u64,
}

/// Why a record did not go on: the key `rejected`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The tool that dropped it or failed on it.
    pub by: String,
    /// Why it was dropped, with the figure that decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why the tool failed on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
