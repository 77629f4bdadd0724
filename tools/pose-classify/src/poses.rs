//! The poses of a record, and what is said of each.

use serde_json::{Map, Value, json};
use stage::manifest::shapes::{Instance, Keypoint};
use stage::manifest::{Skeleton, rounded};
use stage::{Context, Record, Result, ensure};
use vision::mask::{self, Mask};

use crate::Args;
use crate::animal::Animal;
use crate::body::{Body, JOINTS};
use crate::features::features;
use crate::framing::{framing, head};
use crate::limbs::{Sides, limbs};
use crate::model::{Answers, Model, Scores, UNKNOWN};
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
    let image = occlusion::image(&record)?;
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
            image,
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
                image,
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
    let skeleton = pose.get("skeleton").cloned().unwrap_or_default();
    let skeleton: Option<Skeleton> =
        serde_json::from_value(skeleton).context("pose: `skeleton` is unknown")?;
    let skeleton = skeleton.unwrap_or_default();
    for left in ["vector", "scores", "features", "limbs", "hidden"] {
        pose.remove(left);
    }
    let (least, of_head) = if skeleton.is_coco() {
        (args.joint_threshold, args.head_threshold)
    } else {
        (args.animal_joint_threshold, args.animal_head_threshold)
    };
    let said = if skeleton.is_coco() {
        let body = Body::of(&points, least);
        body.map(|body| of_person(model, args, pose, &body))
    } else {
        let animal = Animal::of(&points, least);
        animal.map(|animal| of_animal(args, pose, &animal))
    };
    let (answers, pixels) = said.unzip();
    let (mut action, mut angle) = (UNKNOWN, UNKNOWN);
    if let Some(answers) = &answers {
        action = answers.action.label(args.threshold);
        angle = answers.angle.label(args.threshold);
    }
    pose.insert("action".to_owned(), action.into());
    pose.insert("angle".to_owned(), angle.into());
    let framing = framing(&points, skeleton, least);
    pose.insert("framing".to_owned(), framing.into());
    let head = head(&points, skeleton, of_head);
    pose.insert("head".to_owned(), head.into());
    let seen = Seen::of(&points, least, pixels.unwrap_or(0.0), place);
    if let Value::Object(seen) = serde_json::to_value(&seen)? {
        pose.extend(seen);
    }
    Ok(())
}

/// Numbers with four decimals.
fn four(numbers: Vec<f64>) -> Vec<f64> {
    let rounded = |number| rounded(number, 4);
    numbers.into_iter().map(rounded).collect()
}

/// Puts down what a person's body shows, but for the two answers, which it gives with its size in pixels.
fn of_person(model: &Model, args: &Args, pose: &mut Pose, body: &Body) -> (Answers, f64) {
    let shown = if args.fold_mirror {
        body.folded()
    } else {
        body.clone()
    };
    let answers = model.answers(body);
    pose.insert("vector".to_owned(), json!(four(shown.vector())));
    pose.insert("scores".to_owned(), json!(answers));
    let words = limbs(body, Sides::asked(args.sides));
    pose.insert("limbs".to_owned(), json!(words));
    if args.features {
        pose.insert("features".to_owned(), json!(four(features(body))));
    }
    (answers, body.pixels)
}

/// The same of an animal, whose limbs have no words.
fn of_animal(args: &Args, pose: &mut Pose, animal: &Animal) -> (Answers, f64) {
    let shown = if args.fold_mirror {
        animal.folded()
    } else {
        animal.clone()
    };
    let answers = animal.answers();
    pose.insert("vector".to_owned(), json!(four(shown.vector())));
    pose.insert("scores".to_owned(), json!(answers));
    (answers, animal.pixels)
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
