//! Vectors of images, and how they are written.

use nets::embed::{Embedder, mean_direction};
use serde::{Deserialize, Serialize};
use stage::{Beside, Record, Result};

use crate::look::Views;

/// Decimals of a vector.
pub(crate) const DECIMALS: u32 = 5;

/// The key `embedding`.
#[derive(Debug, Serialize)]
pub(crate) struct Embedding<'a> {
    pub(crate) model: &'a str,
    pub(crate) vector: Vec<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) crops: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ground: Option<String>,
}

/// Vectors that go into a file.
pub(crate) struct InFile(pub(crate) vectors::Writer);

impl Beside for InFile {
    fn take(&mut self, record: &mut Record) -> Result<()> {
        self.0.take(record)
    }

    fn complete(&mut self, well: bool) -> Result<()> {
        self.0.finish(well)
    }
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    /// Of unit length, rounded.
    pub(crate) vector: Vec<f64>,
    pub(crate) masked: bool,
}

/// The vectors of a batch of images, each of one or more views.
pub(crate) fn embed(embedder: &mut Embedder, images: Vec<Views>) -> Result<Vec<Result<Answer>>> {
    let counts: Vec<_> = images.iter().map(|image| image.views.len()).collect();
    let masked: Vec<_> = images.iter().map(|image| image.masked).collect();
    let views: Vec<_> = images.into_iter().flat_map(|image| image.views).collect();
    let mut vectors = embedder.embed(&views)?.into_iter();
    let answers = counts.into_iter().zip(masked).map(|(count, masked)| {
        let vectors: Vec<_> = vectors.by_ref().take(count).collect();
        let vector = mean_direction(&vectors)?;
        let steps = f64::from(10_u32.pow(DECIMALS));
        let rounded = vector
            .iter()
            .map(|x| (f64::from(*x) * steps).round() / steps);
        Ok(Answer {
            vector: rounded.collect(),
            masked,
        })
    });
    Ok(answers.collect())
}
