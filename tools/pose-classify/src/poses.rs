//! The poses of a record, and what is said of each.

use serde_json::{Map, Value, json};
use stage::manifest::rounded;
use stage::manifest::shapes::{Instance, Keypoint};
use stage::{Context, Record, Result, ensure};
use vision::mask::{self, Mask};

use crate::Args;
use crate::body::{Body, JOINTS};
use crate::features::features;
use crate::framing::{framing, head};
use crate::limbs::{Sides, limbs};
use crate::model::{Model, Scores, UNKNOWN};
use crate::occlusion::{self, Place, Seen};
use crate::smooth::{self, Vote};

/// A pose as it stands in the record: what others wrote into it stays.
type Pose = Map<String, Value>;

/// Says of every pose of a record what it shows.
pub(crate) fn classify(model: &Model, args: &Args, mut record: Record) -> Result<Record> {
    let own: Option<Pose> = record.find("pose")?;
    let mut boxes: Vec<Map<String, Value>> = record.find("boxes")?.unwrap_or_default();
    let posed = boxes.iter().any(|figure| figure.contains_key("pose"));
    if own.is_none() && !posed {
        return Ok(record);
    }
    let picture = occlusion::picture(&record)?;
    let masks = occlusion::masks(&record, boxes.len())?;
    let masks: Vec<Mask> = { masks.iter() }
        .map(|shape| mask::open(shape).context("a mask"))
        .collect::<Result<_>>()?;
    if let Some(mut pose) = own {
        let mask = if let [only] = &masks[..] {
            Some(only)
        } else {
            None
        };
        let instance = record.instance()?.unwrap_or_default();
        let place = Place {
            picture,
            mask,
            instance,
        };
        describe(model, args, &mut pose, &place)?;
        record.put_rounded("pose", &pose, 9)?;
    }
    if posed {
        for (at, figure) in boxes.iter_mut().enumerate() {
            let Some(Value::Object(pose)) = figure.get_mut("pose") else {
                continue;
            };
            let mask = masks
                .get(at)
                .filter(|_| masks.len() > 1 || !record.has("parent"));
            let place = Place {
                picture,
                mask,
                instance: Instance::default(),
            };
            describe(model, args, pose, &place)?;
        }
        record.put_rounded("boxes", &boxes, 9)?;
    }
    Ok(record)
}

/// Says what one pose shows.
fn describe(model: &Model, args: &Args, pose: &mut Pose, place: &Place<'_>) -> Result<()> {
    let keypoints = pose.get("keypoints").context("pose: no `keypoints`")?;
    let points: Vec<Keypoint> = serde_json::from_value(keypoints.clone())
        .context("pose: `keypoints` are not an array of [x, y, score]")?;
    ensure!(
        points.len() >= JOINTS,
        "pose: {} key points instead of at least the 17 in COCO's order",
        points.len()
    );
    let body = Body::of(&points, args.joint_threshold);
    let four = |numbers: Vec<f64>| -> Vec<f64> {
        numbers
            .into_iter()
            .map(|number| rounded(number, 4))
            .collect()
    };
    for left in ["vector", "scores", "features", "limbs", "hidden"] {
        pose.remove(left);
    }
    let (mut action, mut angle) = (UNKNOWN.to_owned(), UNKNOWN.to_owned());
    if let Some(body) = &body {
        let shown = if args.fold_mirror {
            body.folded()
        } else {
            body.clone()
        };
        pose.insert("vector".to_owned(), json!(four(shown.vector())));
        let answers = model.answers(body);
        answers.action.label(args.threshold).clone_into(&mut action);
        answers.angle.label(args.threshold).clone_into(&mut angle);
        pose.insert("scores".to_owned(), serde_json::to_value(&answers)?);
        pose.insert(
            "limbs".to_owned(),
            json!(limbs(body, Sides::asked(args.sides))),
        );
        if args.features {
            pose.insert("features".to_owned(), json!(four(features(body))));
        }
    }
    pose.insert("action".to_owned(), action.into());
    pose.insert("angle".to_owned(), angle.into());
    let framing = framing(&points, args.joint_threshold);
    pose.insert("framing".to_owned(), framing.into());
    pose.insert("head".to_owned(), head(&points, args.head_threshold).into());
    let pixels = body.map_or(0.0, |body| body.pixels);
    let seen = Seen::of(&points, args.joint_threshold, pixels, place);
    if let Value::Object(seen) = serde_json::to_value(&seen)? {
        pose.extend(seen);
    }
    Ok(())
}

/// The part of a record's own pose in the vote; `None` where it has none that could be judged.
pub(crate) fn vote(record: &Record, identity: &str) -> Result<Option<Vote>> {
    let mut pose = record.pose()?.unwrap_or_default();
    let Some(scores) = pose.scores.shift_remove("action") else {
        return Ok(None);
    };
    let (figure, time) = smooth::figure(record, identity)?;
    Ok(Some(Vote {
        figure,
        time,
        weight: pose.visible.unwrap_or(0.0),
        scores: Scores(scores.into_iter().collect()),
    }))
}
