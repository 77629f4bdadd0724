//! The key `boxes`, and what is said of a run without any.

use nets::detect::Detection;
use serde::Serialize;
use stage::{Result, bail, log};
use vision::Rect;

/// Says loudly that nothing was found; with `must` it is an error.
pub(crate) fn said(seen: usize, found: usize, must: bool) -> Result<()> {
    if seen == 0 || found > 0 {
        return Ok(());
    }
    let hint = "try --tiles 2, a lower --threshold, --words or another --model";
    if must {
        bail!("no box in any of {seen} images: no character was detected: {hint}");
    }
    log::warn!("no box in any of {seen} images: {hint}");
    Ok(())
}

/// One of the key `boxes`.
#[derive(Debug, Serialize)]
pub(crate) struct Boxed {
    #[serde(rename = "box")]
    rect: Rect<f64>,
    score: f64,
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    second: Option<Label>,
}

/// A label and its score.
#[derive(Debug, Serialize)]
struct Label {
    label: String,
    score: f64,
}

impl Boxed {
    pub(crate) fn of(found: &Detection) -> Self {
        let rounded = |number: f32, scale: f64| (f64::from(number) * scale).round() / scale;
        Self {
            rect: found.rect.map(|edge| rounded(edge, 100.0)),
            score: rounded(found.score, 1e4),
            label: found.label.clone(),
            second: found.second.as_ref().map(|second| Label {
                label: second.label.clone(),
                score: rounded(second.score, 1e4),
            }),
        }
    }
}
