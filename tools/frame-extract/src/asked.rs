//! Which network was asked for the shots.

use nets::shot::Detector;
use serde::{Deserialize, Serialize};
use stage::{Record, Result};

/// The network that is asked for the shots, and in which way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// Whether it is asked alone, without the rules.
    pub(crate) alone: bool,
    /// Its name in the registry, or that of its file.
    model: String,
    sha256: String,
    device: String,
    /// The number of its family's answers.
    answer: u32,
}

impl Asked {
    /// The network of `detector`.
    pub(crate) fn of(detector: &Detector, alone: bool) -> Self {
        let network = detector.net().provenance();
        Self {
            alone,
            model: network.model.clone(),
            sha256: network.sha256.clone(),
            device: network.device.to_owned(),
            answer: network.answer,
        }
    }

    /// Writes into a record which network it was.
    pub(crate) fn sign(&self, record: &mut Record) -> Result<()> {
        let network = serde_json::json!({
            "model": self.model, "sha256": self.sha256, "device": self.device,
        });
        record.put_member("models", "frame-extract", &network)?;
        Ok(())
    }

    /// Whether the same is asked, wherever it runs.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        (self.alone, &self.sha256, self.answer) == (other.alone, &other.sha256, other.answer)
    }
}
