//! What a person had before them when they decided on an image.

use std::collections::BTreeMap;

use geometry::Rect;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Record, Result};

/// The least intersection over union of two boxes of one thing, as is usual for a detection that counts as right
/// (Everingham et al., The Pascal Visual Object Classes Challenge, 2010).
const SAME: f64 = 0.5;

/// Where a plate has its measures, and what they are called here.
const PLATES: [&str; 2] = ["plate", "inpaint"];

/// What a decision is of: the member `of` in a line of review's patches.
///
/// An id is the number of what a stage found in an image, so it is of something else once that stage has run with other
/// settings; and a plate is inpainted anew under its old id. What a decision was of tells whether it still holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// The box of an instance, in pixels of its parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instance: Option<Rect<f64>>,
    /// The box of a face, in pixels of its parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    face: Option<Rect<f64>>,
    /// The measures of a plate, such as `inpaint/fog`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    plate: BTreeMap<String, f64>,
}

/// What has become of an image since a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// It is the same, or nothing tells it from what it was.
    Same,
    /// It is the same part of the film, but was made anew: what the film shows holds, and what was said of the image
    /// does not.
    Remade,
    /// The id is of something else.
    Other,
}

impl Shown {
    /// What of a record tells whether it is the same later; none of a frame, whose id is its place in the film.
    pub fn of(record: &Record) -> Result<Option<Self>> {
        let id = record.id()?;
        let is_face = { id.rsplit_once(".f") }
            .is_some_and(|(_, number)| number.bytes().all(|digit| digit.is_ascii_digit()));
        let mut plate = BTreeMap::new();
        for key in PLATES {
            let members: Map<String, Value> = record.find(key)?.unwrap_or_default();
            let numbers = { members.into_iter() }
                .filter_map(|(name, value)| Some((format!("{key}/{name}"), value.as_f64()?)));
            plate.extend(numbers);
        }
        let shown = Self {
            instance: record.at("/instance/box")?,
            // A record of an instance may have the face that was found in it.
            face: if is_face {
                record.at("/face/box")?
            } else {
                None
            },
            plate,
        };
        Ok(Some(shown).filter(|shown| *shown != Self::default()))
    }

    /// What has become of it in a record with its id.
    pub fn since(&self, record: &Record) -> Result<Since> {
        Ok(self.until(&Self::of(record)?.unwrap_or_default()))
    }

    /// What has become of it where the same id is of `now`.
    pub fn until(&self, now: &Self) -> Since {
        let moved = |one: Option<Rect<f64>>, other: Option<Rect<f64>>| {
            { one.zip(other) }.is_some_and(|(one, other)| one.iou(other) < SAME)
        };
        if moved(self.instance, now.instance) || moved(self.face, now.face) {
            return Since::Other;
        }
        // A measure that only one of them has is of another version of the tool.
        let differs = |(name, number): (&String, &f64)| {
            { now.plate.get(name) }.is_some_and(|now| (now - number).abs() > f64::EPSILON)
        };
        if self.plate.iter().any(differs) {
            Since::Remade
        } else {
            Since::Same
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    fn since(before: &str, now: &str) -> Since {
        let record = |text: &str| serde_json::from_str::<Record>(text).unwrap();
        let shown = Shown::of(&record(before)).unwrap().unwrap_or_default();
        // As a patch has it.
        let text = serde_json::to_string(&shown).unwrap();
        let shown: Shown = serde_json::from_str(&text).unwrap();
        shown.since(&record(now)).unwrap()
    }

    #[test]
    fn an_instance_is_the_same_where_its_box_is() {
        let before = r#"{"id":"a.i0","instance":{"box":[10,10,20,30]}}"#;
        // By a pixel wider: 200 of 220. Next to it: 100 of 300.
        let wider = r#"{"id":"a.i0","instance":{"box":[10,10,21,30],"area":7}}"#;
        let beside = r#"{"id":"a.i0","instance":{"box":[15,10,25,30]}}"#;
        assert_eq!(since(before, wider), Since::Same);
        assert_eq!(since(before, beside), Since::Other);
        assert_eq!(since(before, r#"{"id":"a.i0"}"#), Since::Same);
    }

    #[test]
    fn a_face_is_the_same_in_the_same_instance_alone() {
        let face = |of: &str, at: &str| {
            format!(r#"{{"id":"a.i0.f0","instance":{{"box":{of}}},"face":{{"box":{at}}}}}"#)
        };
        let before = face("[10,10,20,30]", "[0,0,8,8]");
        assert_eq!(since(&before, &before), Since::Same);
        assert_eq!(
            since(&before, &face("[10,10,20,30]", "[6,0,14,8]")),
            Since::Other
        );
        assert_eq!(
            since(&before, &face("[40,10,50,30]", "[0,0,8,8]")),
            Since::Other
        );
        // The face that was found in an instance is not what was decided on.
        let of_instance = |at: &str| face("[10,10,20,30]", at).replace("a.i0.f0", "a.i0");
        let found = since(&of_instance("[0,0,8,8]"), &of_instance("[6,0,14,8]"));
        assert_eq!(found, Since::Same);
    }

    #[test]
    fn a_plate_that_was_made_anew_is_of_the_same_place() {
        let plate = |fog: f64| {
            format!(
                r#"{{"id":"a","plate":{{"frames":3}},"inpaint":{{"fog":{fog},"remnant":"unknown"}}}}"#
            )
        };
        assert_eq!(since(&plate(0.25), &plate(0.25)), Since::Same);
        assert_eq!(since(&plate(0.25), &plate(0.26)), Since::Remade);
        let more = plate(0.25).replace("\"fog\"", "\"seam\":1.5,\"fog\"");
        assert_eq!(since(&plate(0.25), &more), Since::Same);
    }

    #[test]
    fn a_frame_is_what_its_id_says() {
        let frame: Record = serde_json::from_str(r#"{"id":"a","image":"a.png"}"#).unwrap();
        assert_eq!(Shown::of(&frame).unwrap(), None);
    }
}
