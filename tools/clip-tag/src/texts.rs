//! The vectors of a group's labels.

use nets::embed::mean_direction;
use nets::text::TextEncoder;
use stage::{Cache, Context, Key, Result};

use crate::TOOL;
use crate::labels::Group;

/// One vector for each label, of unit length: the mean direction of its texts.
pub(crate) fn vectors(
    group: &Group,
    encoder: &mut TextEncoder,
    model: &str,
    cache: Option<&Cache>,
) -> Result<Vec<Vec<f32>>> {
    let mut vectors = Vec::with_capacity(group.labels.len());
    for (label, texts) in &group.labels {
        let mut each = Vec::with_capacity(texts.len());
        for text in texts {
            each.push(vector(text, encoder, model, cache)?);
        }
        let named = || format!("{}: label `{label}`", group.name);
        vectors.push(mean_direction(&each).with_context(named)?);
    }
    Ok(vectors)
}

fn vector(
    text: &str,
    encoder: &mut TextEncoder,
    model: &str,
    cache: Option<&Cache>,
) -> Result<Vec<f32>> {
    let Some(cache) = cache else {
        return encoder.encode(text);
    };
    let key = Key::new(TOOL, env!("CARGO_PKG_VERSION"))
        .part(model.as_bytes())
        .part(encoder.family().name().as_bytes())
        .part(text.as_bytes());
    cache.remember(&key, || encoder.encode(text))
}
