//! Characters that are asked for in words, of a network that knows no fixed classes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use answers::Answers;
use nets::detect::{Detection, Second};
use nets::grounding::{Detector, Plan, Prepared, Settings};
use nets::words::{self, Phrase};
use onnx::Runtime;
use stage::{Result, log};
use vision::{Rect, RgbImage};

use crate::like::{ANYTHING, LikeFlags, Likeness};

/// Flags for characters that are asked for in words.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Words")]
pub(crate) struct WordFlags {
    /// Also find what these phrases name, with a detector by words. Each ends with a full stop, and may
    /// have the score from which it counts: `person. a sea monster=0.4.`
    #[arg(long, value_name = "PHRASES")]
    words: Option<String>,

    /// Also find what the words of each character name: the lines of words.txt in its folder in this
    /// one. Of a record whose `character` has words, keep the boxes of these and of its own --like
    /// alone, if there are any
    #[arg(long, value_name = "DIR")]
    words_of: Option<PathBuf>,

    /// Detector by words: a name in the registry, or a folder with the graph and its vocabulary
    /// [default: the registry's]
    #[arg(long, value_name = "NAME|PATH")]
    words_model: Option<String>,

    /// Keep boxes of a phrase with at least this score, 0 to 1 [default: 0.3; 0.2 with OWLv2]
    #[arg(long, value_name = "SCORE", value_parser = stage::share::<f32>)]
    words_threshold: Option<f32>,

    /// Drop boxes of phrases that cover more than this share of the image, 0 to 1: they show the place
    #[arg(long, value_name = "SHARE", value_parser = stage::share::<f32>, default_value_t = 0.95)]
    words_area: f32,

    /// Find by words alone, without the detector of --model
    #[arg(long)]
    words_only: bool,
}

impl WordFlags {
    /// Whether only words find anything.
    pub(crate) fn only(&self) -> bool {
        self.words_only
    }

    /// The name of the network, if one is given.
    pub(crate) fn model(&self) -> Option<&str> {
        self.words_model.as_deref()
    }

    /// What is looked for, by each flag that names something, and for each character; empty if nothing is.
    fn phrases(&self, of_cast: &BTreeMap<String, Vec<Phrase>>) -> Result<Vec<Phrase>> {
        let mut all = Vec::new();
        if let Some(text) = &self.words {
            all = words::phrases(text)?;
        }
        for phrase in of_cast.values().flatten() {
            words::add(&mut all, phrase.clone());
        }
        Ok(all)
    }

    /// Reads the phrases of each character that has some, and says where none has.
    pub(crate) fn of_cast(&self) -> Result<BTreeMap<String, Vec<Phrase>>> {
        let Some(cast) = &self.words_of else {
            return Ok(BTreeMap::new());
        };
        let found = words::of_cast(cast)?;
        if found.is_empty() {
            let (cast, file) = (cast.display(), words::FILE);
            log::warn!("--words-of: {cast}: none of its folders has a {file}");
        }
        Ok(found.into_iter().collect())
    }

    /// How `phrases` are looked for.
    pub(crate) fn settings(&self, phrases: Vec<Phrase>) -> Settings {
        Settings {
            threshold: self.words_threshold,
            largest: self.words_area,
            ..Settings::of(phrases)
        }
    }
}

/// A network that is asked in words, and what compares its boxes with examples.
pub(crate) struct ByWords {
    detector: Detector,
    likeness: Option<Likeness>,
}

/// An image, ready for it.
pub(crate) struct Ready {
    asked: Prepared,
    /// Where boxes are compared with examples.
    image: Option<RgbImage>,
}

/// How images are made ready for it.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    plan: Plan,
    compares: bool,
}

impl Way {
    pub(crate) fn prepare(&self, image: &RgbImage) -> Result<Ready> {
        Ok(Ready {
            asked: self.plan.prepare(image)?,
            image: self.compares.then(|| image.clone()),
        })
    }
}

impl ByWords {
    /// Opens the network to look for something, if there is anything.
    pub(crate) fn open(
        flags: &WordFlags,
        of_cast: &BTreeMap<String, Vec<Phrase>>,
        like: &LikeFlags,
        runtime: &Runtime,
    ) -> Result<Option<Self>> {
        let mut phrases = flags.phrases(of_cast)?;
        let said = !phrases.is_empty();
        if !said && like.any() {
            phrases = words::phrases(ANYTHING)?;
        }
        if phrases.is_empty() {
            return Ok(None);
        }
        let model = runtime.model("words", flags.model())?;
        let mut detector = Detector::open(&model, flags.settings(phrases), runtime)?;
        let likeness = if like.any() {
            Some(Likeness::open(like, &mut detector, said, runtime)?)
        } else {
            None
        };
        Ok(Some(Self { detector, likeness }))
    }

    /// How images are made ready for it.
    pub(crate) fn way(&self) -> Way {
        Way {
            plan: self.detector.plan().clone(),
            compares: { self.likeness.as_ref() }.is_some_and(Likeness::compares),
        }
    }

    /// Answers in which it has a part.
    pub(crate) fn part(&self, answers: Answers, overlap: f32) -> Result<Answers> {
        let answers = answers.and_by(" words", self.detector.provenance());
        let answers = answers.with(&(self.detector.settings(), overlap))?;
        match &self.likeness {
            Some(likeness) => likeness.part(answers, &self.detector),
            None => Ok(answers),
        }
    }

    /// Adds what words find to what a detector has found.
    pub(crate) fn add(
        &mut self,
        ready: &Ready,
        overlap: f32,
        boxes: &mut Vec<Detection>,
    ) -> Result<()> {
        let found = match &mut self.likeness {
            Some(likeness) => {
                let found = self.detector.detect_like(&ready.asked, likeness.score())?;
                likeness.judge(ready.image.as_ref(), found)?
            }
            None => self.detector.detect(&ready.asked)?,
        };
        *boxes = joined(std::mem::take(boxes), found, overlap);
        Ok(())
    }
}

/// One box for each character: of those that overlap by more than `overlap`, intersection over union.
///
/// Of boxes of different phrases the surest counts, and the other is the second label. A box of the detector keeps its
/// place and its score, as the detector was trained for just these, and gets the phrase as its label.
fn joined(mut boxes: Vec<Detection>, words: Vec<Detection>, overlap: f32) -> Vec<Detection> {
    let mut said: Vec<Detection> = Vec::new();
    for one in words {
        match nearest(said.iter().enumerate(), one.rect, overlap) {
            Some(place) => second(&mut said[place], one.label, one.score),
            None => said.push(one),
        }
    }
    // Which boxes of the detector have no phrase yet.
    let mut free = vec![true; boxes.len()];
    let mut alone = Vec::new();
    for one in said {
        let others = boxes.iter().enumerate().filter(|(place, _)| free[*place]);
        if let Some(place) = nearest(others, one.rect, overlap) {
            free[place] = false;
            let found = &mut boxes[place];
            let (label, score) = (std::mem::replace(&mut found.label, one.label), found.score);
            found.second = one.second;
            second(found, label, score);
        } else {
            alone.push(one);
        }
    }
    boxes.append(&mut alone);
    boxes.sort_by(|a, b| b.score.total_cmp(&a.score));
    boxes
}

/// The place of the box that overlaps most with another, by more than `overlap`.
fn nearest<'a>(
    boxes: impl Iterator<Item = (usize, &'a Detection)>,
    rect: Rect<f32>,
    overlap: f32,
) -> Option<usize> {
    let overlaps = boxes.map(|(place, found)| (place, found.rect.iou(rect)));
    let near = overlaps.filter(|(_, iou)| *iou > overlap);
    let nearest = near.max_by(|(_, a), (_, b)| a.total_cmp(b));
    nearest.map(|(place, _)| place)
}

/// Notes another label of a box, unless one is noted that is surer.
fn second(found: &mut Detection, label: String, score: f32) {
    let surer = found
        .second
        .as_ref()
        .is_some_and(|second| second.score >= score);
    if label != found.label && !surer {
        found.second = Some(Second { label, score });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(edges: [f32; 4], score: f32, label: &str) -> Detection {
        Detection {
            rect: edges.into(),
            score,
            label: label.to_owned(),
            second: None,
        }
    }

    fn said(found: &[Detection]) -> Vec<(&str, f32, Option<&str>)> {
        { found.iter() }
            .map(|found| {
                let second = found.second.as_ref().map(|second| second.label.as_str());
                (found.label.as_str(), found.score, second)
            })
            .collect()
    }

    #[test]
    fn a_persons_box_gets_the_phrase() {
        let person = found([0.0, 0.0, 20.0, 40.0], 0.9, "person");
        let monster = found([0.0, 0.0, 20.0, 39.0], 0.5, "a sea monster");
        let far = found([50.0, 0.0, 80.0, 40.0], 0.4, "a cat");
        let all = joined(vec![person.clone()], vec![monster, far], 0.65);
        assert_eq!(
            said(&all),
            [("a sea monster", 0.9, Some("person")), ("a cat", 0.4, None)]
        );
        assert_eq!(all[0].rect, person.rect);
        let again = joined(vec![person.clone()], vec![person.clone()], 0.65);
        assert_eq!(said(&again), [("person", 0.9, None)]);
    }

    #[test]
    fn of_two_phrases_the_surer_counts() {
        let cat = found([0.0, 0.0, 20.0, 40.0], 0.6, "a cat");
        let creature = found([0.0, 0.0, 20.0, 38.0], 0.5, "creature");
        let beside = found([12.0, 0.0, 32.0, 40.0], 0.4, "creature");
        let all = joined(Vec::new(), vec![cat, creature, beside], 0.65);
        assert_eq!(
            said(&all),
            [("a cat", 0.6, Some("creature")), ("creature", 0.4, None)]
        );
    }

    #[test]
    fn two_boxes_of_a_detector_stay_two() {
        let crowd = [
            found([0.0, 0.0, 20.0, 40.0], 0.9, "person"),
            found([2.0, 0.0, 22.0, 40.0], 0.8, "person"),
        ];
        let boy = found([2.0, 0.0, 22.0, 40.0], 0.5, "a boy");
        let all = joined(crowd.to_vec(), vec![boy], 0.65);
        assert_eq!(
            said(&all),
            [("person", 0.9, None), ("a boy", 0.8, Some("person"))]
        );
    }
}
