//! Vectors of unit length, and which network and what part of an image they are of.

use stage::manifest::shapes::Embedding;
use stage::{Record, Result, ensure};

/// What two vectors must have in common to be compared: network, parts of the image, and what replaced the ground.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Space(String);

/// The vector of a record and its space; `None` if it has none.
pub(crate) fn vector(record: &Record) -> Result<Option<(Space, Vec<f32>)>> {
    let Some(Embedding {
        model,
        vector,
        crops,
        ground,
    }) = record.embedding()?
    else {
        return Ok(None);
    };
    let vector = ::vectors::numbers(vector)?;
    let part = |name: &str, value: Option<String>| {
        value
            .map(|value| format!(", {name} {value}"))
            .unwrap_or_default()
    };
    let space = Space(format!(
        "{model}, {} numbers{}{}",
        vector.len(),
        part("crops", crops),
        part("ground", ground)
    ));
    let unit = unit(vector);
    ensure!(
        unit.is_some(),
        "its vector has no direction: run clip-embed again"
    );
    Ok(unit.map(|unit| (space, unit)))
}

impl std::fmt::Display for Space {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The vector with length 1; `None` if it has no direction.
pub(crate) fn unit(vector: Vec<f32>) -> Option<Vec<f32>> {
    let length = vector.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>();
    let length = length.sqrt() as f32;
    (length.is_finite() && length > 1e-6).then(|| vector.into_iter().map(|x| x / length).collect())
}

/// The cosine of two vectors of unit length, -1 to 1.
pub(crate) fn cosine(one: &[f32], other: &[f32]) -> f64 {
    let sum: f64 = one
        .iter()
        .zip(other)
        .map(|(x, y)| f64::from(*x) * f64::from(*y))
        .sum();
    sum.clamp(-1.0, 1.0)
}

/// The mean direction of vectors; `None` if they have none in common.
pub(crate) fn mean<'a>(vectors: impl Iterator<Item = &'a [f32]>) -> Option<Vec<f32>> {
    let mut sum: Vec<f64> = Vec::new();
    for vector in vectors {
        sum.resize(vector.len(), 0.0);
        for (sum, x) in sum.iter_mut().zip(vector) {
            *sum += f64::from(*x);
        }
    }
    let length = sum.iter().map(|x| x * x).sum::<f64>().sqrt();
    (length > 1e-6).then(|| sum.into_iter().map(|x| (x / length) as f32).collect())
}
