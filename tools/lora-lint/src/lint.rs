//! What a trainer sees of an image, and what is wrong with it, or with a folder or file.

use std::path::Path;

use loaders::{Finding, Level, Trainer};
use manifest::{Record, Rect};
use serde::Serialize;
use stage::Result;

/// What a trainer sees of one image: the key `lint`.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Lint {
    /// The trainer.
    pub(crate) trainer: &'static str,
    /// The worst of the problems.
    pub(crate) status: Level,
    /// The caption that is trained on; of several the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) caption: Option<String>,
    /// How many there are, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) captions: Option<usize>,
    /// The file that it is from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) caption_from: Option<String>,
    /// Its tokens; of several captions the most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tokens: Option<usize>,
    /// Width and height of what the network sees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) bucket: Option<[u32; 2]>,
    /// The share of the area that is cut off, 0..1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cropped: Option<f64>,
    /// What is kept, in the image's own pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kept: Option<Rect<f64>>,
    /// By how much it is scaled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scale: Option<f64>,
    /// How often an epoch shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) repeats: Option<f64>,
    /// Its mask.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mask: Option<String>,
    /// What is wrong.
    pub(crate) problems: Vec<Finding>,
}

impl Lint {
    /// Nothing known yet.
    pub(crate) fn new(trainer: &dyn Trainer) -> Self {
        Self {
            trainer: trainer.profile().name,
            status: Level::Ok,
            caption: None,
            captions: None,
            caption_from: None,
            tokens: None,
            bucket: None,
            cropped: None,
            kept: None,
            scale: None,
            repeats: None,
            mask: None,
            problems: Vec::new(),
        }
    }

    /// Adds what is wrong.
    pub(crate) fn add(&mut self, findings: impl IntoIterator<Item = Finding>) {
        for finding in findings {
            self.status = self.status.max(finding.level);
            self.problems.push(finding);
        }
    }

    /// The record of an image (`key` is `image`) or of a folder or file
    /// (`key` is `path`).
    pub(crate) fn record(&self, key: &str, path: &Path) -> Result<Record> {
        let mut record = Record::default();
        record.put(key, &path.to_string_lossy())?;
        record.put("lint", self)?;
        Ok(record)
    }
}
