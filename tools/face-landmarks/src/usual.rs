//! What is usual for a character: the median of its own faces.
//!
//! Drawn eyes may be twice as high as wide or a quarter of it, and eyebrows sit where the design wants them. What a
//! face does shows only beside the character's other faces. The mouth has no such bias: a closed one has no
//! height, and one that neither smiles nor frowns has no curve.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use stage::manifest::shapes::Face;
use stage::{Flow, Outcome, Record, Result};

use crate::features::{Features, UNKNOWN};
use crate::judge::Bounds;

/// With fewer faces a median says little, and the absolute ratios hold.
const FEWEST: usize = 12;

/// Faces that are turned further, in degrees, are judged, but not what is usual: foreshortened eyes are
/// narrow.
const FRONTAL: f64 = 30.0;

/// The medians of a character's measures, in the units of [`Features`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Usual {
    pub(crate) eyes: Option<f64>,
    pub(crate) mouth_width: Option<f64>,
    pub(crate) brow_height: Option<f64>,
    pub(crate) brow_tilt: Option<f64>,
}

/// A face, as far as its record tells.
#[derive(Debug)]
struct Seen {
    name: String,
    features: Features,
    face: Face,
}

/// Judges all records that have `features` anew; `name` leads to the name of the character.
pub(crate) fn all(flow: &mut Flow, name: &str, bounds: &Bounds) -> Result<()> {
    let prepare = |record: Record| {
        let seen = seen(&record, name)?;
        Ok((record, seen))
    };
    flow.whole(prepare, |_, all| {
        let (mut records, mut all): (Vec<Record>, Vec<Option<Seen>>) = all.into_iter().unzip();
        let usual = usual(&all, bounds);
        for (record, seen) in records.iter_mut().zip(&mut all) {
            let Some(seen) = seen else {
                continue;
            };
            let key = (seen.name.clone(), seen.features.scheme.clone());
            bounds.judge(&mut seen.features, &seen.face, usual.get(&key));
            label(record, &seen.features)?;
        }
        Ok(records.into_iter().map(Outcome::from).collect::<Vec<_>>())
    })
}

/// Writes the labels of `features`, and by what they are judged; all else in the record's stays as it is.
fn label(record: &mut Record, features: &Features) -> Result<()> {
    let mut stored: Map<String, Value> = record.get("features")?;
    let parts = [
        ("eyes", &features.eyes.label),
        ("mouth", &features.mouth.label),
        ("eyebrows", &features.eyebrows.label),
    ];
    for (name, label) in parts {
        let part = stored.entry(name).or_insert_with(|| json!({}));
        // An empty list is read as a part without measures, too.
        let own = part.as_object().cloned().unwrap_or_default();
        *part = Value::Object(own);
        part["label"] = json!(label);
    }
    stored.insert("judged".to_owned(), json!(features.judged));
    record.put_unrounded("features", &stored)?;
    Ok(())
}

fn seen(record: &Record, name: &str) -> Result<Option<Seen>> {
    let Some(features) = record.find("features")? else {
        return Ok(None);
    };
    let named: Option<String> = record.at(name)?;
    Ok(Some(Seen {
        name: named.unwrap_or_else(|| UNKNOWN.to_owned()),
        features,
        face: record.face()?.unwrap_or_default(),
    }))
}

/// What is usual for every character with enough faces, by its name and the scheme of the points. Faces
/// of no known character are compared with nothing.
fn usual(all: &[Option<Seen>], bounds: &Bounds) -> BTreeMap<(String, String), Usual> {
    let mut groups: BTreeMap<(String, String), Vec<&Features>> = BTreeMap::new();
    for seen in all.iter().flatten() {
        let yaw = seen.face.angle.map_or(0.0, |angle| angle.yaw.abs());
        let known = seen.name != UNKNOWN;
        if known && yaw <= FRONTAL && bounds.tells(&seen.features, &seen.face) {
            let key = (seen.name.clone(), seen.features.scheme.clone());
            groups.entry(key).or_default().push(&seen.features);
        }
    }
    groups.retain(|_, faces| faces.len() >= FEWEST);
    let of = |faces: &[&Features]| Usual {
        eyes: median(faces, |face| face.eyes.openness),
        mouth_width: median(faces, |face| face.mouth.width),
        brow_height: median(faces, |face| face.eyebrows.height),
        brow_tilt: median(faces, |face| face.eyebrows.tilt),
    };
    let usual = groups.into_iter().map(|(key, faces)| (key, of(&faces)));
    usual.collect()
}

/// The middle of what is measured of the faces, the lower of two.
fn median(faces: &[&Features], measure: impl Fn(&Features) -> Option<f64>) -> Option<f64> {
    let mut values: Vec<f64> = faces.iter().filter_map(|face| measure(face)).collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied()
}
