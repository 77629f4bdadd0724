//! The vectors that are labelled, and whether they may be.

use stage::{Context, Record, Result, ensure};

/// The vector of a record, which must be of the model that the texts are of.
pub(crate) fn vector(record: &Record, partner: &str, sha256: Option<&str>) -> Result<Vec<f32>> {
    let embedding = record.embedding()?.context("key `embedding` is missing")?;
    ensure!(
        embedding.model == partner,
        "its vector is by {}, the texts are by {partner}: give both tools the same --model, or name the vectors' model with --partner",
        embedding.model
    );
    let by: Option<String> = record.at("/models/clip-embed/sha256")?;
    ensure!(
        by.is_none() || sha256.is_none() || by.as_deref() == sha256,
        "its vector is by other files of {partner} than the texts: embed it again, or give --partner {partner} if they belong together"
    );
    vectors::numbers(embedding.vector)
}
