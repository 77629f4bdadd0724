//! What a record asks for.

use nets::sam::{Point, Prompt};
use serde::Deserialize;
use serde_json::{Map, Value};
use stage::manifest::shapes::Detection;
use stage::{Context, Record, Result, ensure};
use vision::Rect;

/// The most masks that one record may ask for.
const MOST: usize = 4096;

/// One thing that a record asks for.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// Where it is, in pixels of the image.
    pub(crate) prompt: Prompt,
    /// How sure the detector was, where one was.
    pub(crate) score: f64,
    /// The score from which its masks count; `None` for that of the flags.
    pub(crate) least: Option<f64>,
    /// What the mask's entry takes over.
    pub(crate) about: Map<String, Value>,
}

impl Wanted {
    /// What words name: its masks have them for a label, and at least the score `least`.
    pub(crate) fn of_words(words: &str, least: f64) -> Self {
        Self {
            prompt: Prompt {
                points: Vec::new(),
                rect: None,
            },
            score: 0.0,
            least: Some(least),
            about: [("label".to_owned(), words.into())].into_iter().collect(),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Clicks {
    One(Click),
    Several(Vec<Click>),
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Click {
    At([f64; 2]),
    Labelled([f64; 3]),
}

/// The boxes of a record. It must have the key: without it nobody has looked for any.
pub(crate) fn boxes(record: &Record) -> Result<Vec<Wanted>> {
    let boxes = record
        .boxes()?
        .context("no boxes: run char-detect first, or give --points or --auto")?;
    checked(boxes.len())?;
    // What a mask takes over are all members of its box, also those that nothing here knows.
    let about: Vec<Map<String, Value>> = record.get("boxes")?;
    let wanted = |(found, mut about): (Detection, Map<String, Value>)| {
        let rect = found.rect;
        ensure!(
            rect.is_sound(),
            "box {rect} is not [left, top, right, bottom] of a rectangle"
        );
        let mut detection = Map::new();
        for name in ["box", "score"] {
            detection.extend(about.shift_remove(name).map(|own| (name.to_owned(), own)));
        }
        about.insert("detection".to_owned(), detection.into());
        Ok(Wanted {
            prompt: Prompt::of_box(rect),
            score: found.score.unwrap_or(0.0),
            least: None,
            about,
        })
    };
    boxes.into_iter().zip(about).map(wanted).collect()
}

/// The points that a JSON pointer leads to: a point or a list of points a mask.
pub(crate) fn points(record: &Record, pointer: &str) -> Result<Vec<Wanted>> {
    let found: Option<Vec<Value>> = record.at(pointer)?;
    let found = found.with_context(|| format!("no points at {pointer}"))?;
    checked(found.len())?;
    let wanted = |value: Value| {
        let clicks = Clicks::deserialize(&value)
            .with_context(|| format!("{pointer}: {value} is not a point or a list of points"))?;
        let clicks = match clicks {
            Clicks::One(click) => vec![click],
            Clicks::Several(clicks) => clicks,
        };
        let points = clicks.into_iter().map(|click| match click {
            Click::At(at) => Point { at, inside: true },
            Click::Labelled([x, y, label]) => Point {
                at: [x, y],
                inside: label > 0.0,
            },
        });
        Ok(Wanted {
            prompt: Prompt {
                points: points.collect(),
                rect: None,
            },
            score: 0.0,
            least: None,
            about: [("points".to_owned(), value)].into_iter().collect(),
        })
    };
    found.into_iter().map(wanted).collect()
}

fn checked(count: usize) -> Result<()> {
    ensure!(
        count <= MOST,
        "{count} prompts, but at most {MOST} are allowed"
    );
    Ok(())
}

/// A box grown by a share of its size and cut off at the image's edges; `None` if it lies outside.
pub(crate) fn grown(rect: Rect<f64>, share: f64, (width, height): (u32, u32)) -> Option<Rect<f64>> {
    let grown = rect.grow(rect.width() * share, rect.height() * share);
    let grown = grown.clip(width.into(), height.into());
    (!grown.is_empty()).then_some(grown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_grows_to_the_edges_and_not_over() {
        let grow = |edges: [f64; 4], share| grown(edges.into(), share, (100, 50)).map(Rect::edges);
        assert_eq!(
            grow([10.0, 10.0, 30.0, 20.0], 0.1),
            Some([8.0, 9.0, 32.0, 21.0])
        );
        assert_eq!(
            grow([-5.0, 40.0, 30.0, 60.0], 0.5),
            Some([0.0, 30.0, 47.5, 50.0])
        );
        assert_eq!(grow([120.0, 0.0, 130.0, 9.0], 0.0), None);
    }
}
