//! Thresholds that labels have set, and how far they can be trusted.

use std::path::Path;

use serde::Serialize;
use stage::{Context, Result};
use teach::{Side, Threshold};

/// What is said of a threshold.
#[derive(Debug, Serialize)]
pub(crate) struct Taught {
    /// JSON pointer of the number.
    pub(crate) of: String,
    /// Which side is kept.
    pub(crate) side: Side,
    pub(crate) threshold: f64,
    /// How many labels set it.
    pub(crate) labels: usize,
    /// Whether these are of another film.
    pub(crate) elsewhere: bool,
    /// By labels of shots that did not set it.
    pub(crate) precision: f64,
    pub(crate) recall: f64,
    /// Precision and recall of what decided before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<[f64; 2]>,
}

/// Reads the files of `--taught`; of labels that set no threshold nothing is said.
pub(crate) fn read(paths: &[impl AsRef<Path>]) -> Result<Vec<Taught>> {
    let mut all = Vec::new();
    for path in paths {
        let path = path.as_ref();
        let name = || path.display().to_string();
        let text = std::fs::read(path).with_context(name)?;
        all.extend(taught(&Threshold::parse(&text).with_context(name)?));
    }
    Ok(all)
}

fn taught(found: &Threshold) -> Option<Taught> {
    let rates = found.proof.taught?;
    let before = found.proof.before.as_ref().and_then(|before| before.rates);
    Some(Taught {
        of: found.threshold_of.clone(),
        side: found.side,
        threshold: found.threshold?,
        labels: found.proof.labels,
        elsewhere: found.elsewhere,
        precision: rates.precision,
        recall: rates.recall,
        before: before.map(|before| [before.precision, before.recall]),
    })
}

impl Taught {
    /// In words.
    pub(crate) fn words(&self) -> String {
        let side = match self.side {
            Side::Above => "kept from",
            Side::Below => "kept up to",
        };
        let film = if self.elsewhere { "another" } else { "this" };
        let before = self.before.map_or(String::new(), |[precision, recall]| {
            format!("; {precision:.2} and {recall:.2} before")
        });
        format!(
            "{} is {side} {}: precision {:.2}, recall {:.2} on {} labels of {film} film{before}.",
            self.of, self.threshold, self.precision, self.recall, self.labels
        )
    }
}
