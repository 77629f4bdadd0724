//! The vectors of a group's labels.

use answers::Answers;
use nets::embed::mean_direction;
use nets::embed::text::TextEncoder;
use stage::{Cache, Context, Result};

use crate::labels::Group;

/// One vector for each label, of unit length: the mean direction of its texts.
pub(crate) fn vectors(
    group: &Group,
    encoder: &mut TextEncoder,
    answers: &Answers,
    cache: Option<&Cache>,
) -> Result<Vec<Vec<f32>>> {
    let mut vectors = Vec::with_capacity(group.labels.len());
    for (label, texts) in &group.labels {
        let mut each = Vec::with_capacity(texts.len());
        for text in texts {
            each.push(vector(text, encoder, answers, cache)?);
        }
        let named = || format!("{}: label `{label}`", group.name);
        vectors.push(mean_direction(&each).with_context(named)?);
    }
    Ok(vectors)
}

fn vector(
    text: &str,
    encoder: &mut TextEncoder,
    answers: &Answers,
    cache: Option<&Cache>,
) -> Result<Vec<f32>> {
    let Some(cache) = cache else {
        return encoder.encode(text);
    };
    cache.remember(&answers.key(text.as_bytes()), || encoder.encode(text))
}
