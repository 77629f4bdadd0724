//! SAM 3: masks of everything that words name, or of what is in each box.

use answers::{Answers, ImageFile};
use nets::sam3::{self, Asked, Found as Seen, Prepared, Segmenter};
use nets::words::Phrase;
use onnx::{Model, Runtime};
use serde::Serialize;
use serde_json::json;
use stage::{Cache, Flow, Inference, Key, Record, Result, ensure};
use vision::Rect;
use vision::mask::Rle;

use crate::TOOL;
use crate::answer::{Answer, Found};
use crate::finish::Choice;
use crate::prompt::{self, Wanted};

/// The least overlap of a box with what is found in it, intersection over union of the boxes.
const IN_BOX: f64 = 0.3;

/// What is asked of every image.
#[derive(Debug, Serialize)]
pub(crate) struct Asking {
    /// The phrases; none where records have boxes.
    pub(crate) words: Vec<Phrase>,
    /// Least score of what words name, where the phrase has none of its own.
    pub(crate) least: f32,
    /// By which share boxes are grown.
    pub(crate) grow: f64,
}

/// What is done with every record.
struct Task {
    answers: Answers,
    asking: Asking,
}

/// Runs a SAM 3 on all records.
pub(crate) fn run(
    model: &Model,
    runtime: &Runtime,
    flow: &mut Flow,
    cache: Option<&Cache>,
    choice: &Choice,
    asking: Asking,
) -> Result<()> {
    let mut segmenter = Segmenter::open(model, runtime)?;
    let answers = TOOL.answers().by(segmenter.provenance());
    let task = Task {
        answers: answers.with(&asking)?,
        asking,
    };
    let work = Inference {
        look: |record: &Record| task.look(record),
        prepare: |_: &Record, (file, asked): (ImageFile, Vec<Asked>)| {
            let image = file.rgb()?;
            let prepared = file.named(|_| sam3::prepare(&image))?;
            Ok((prepared, asked))
        },
        infer: |inputs: Vec<(Prepared, Vec<Asked>)>| {
            let inputs = inputs.into_iter();
            Ok(inputs
                .map(|(prepared, asked)| task.infer(&mut segmenter, prepared, &asked))
                .collect())
        },
        finish: |mut record: Record, answer| {
            let wanted = task.wanted(&record)?;
            choice.finish(&mut record, &wanted, answer)?;
            task.answers.sign(&mut record)?;
            Ok(record.into())
        },
    };
    flow.infer(1, cache, work)
}

impl Task {
    /// What masks take over: the words, or the members of the boxes.
    fn wanted(&self, record: &Record) -> Result<Vec<Wanted>> {
        if self.asking.words.is_empty() {
            return prompt::boxes(record);
        }
        let named = |phrase: &Phrase| Wanted::of_words(phrase.class_word());
        Ok(self.asking.words.iter().map(named).collect())
    }

    fn look(&self, record: &Record) -> Result<(Key, (ImageFile, Vec<Asked>))> {
        let file = ImageFile::of(record)?;
        let asked: Vec<Asked> = if self.asking.words.is_empty() {
            let wanted = prompt::boxes(record)?;
            wanted
                .iter()
                .filter_map(|wanted| wanted.prompt.rect)
                .map(Asked::like)
                .collect()
        } else {
            self.asking
                .words
                .iter()
                .map(|phrase| Asked::words(&phrase.text))
                .collect()
        };
        let boxes: Vec<_> = asked.iter().map(|asked| asked.like).collect();
        Ok((
            self.answers.key(file.bytes()).settings(&json!(boxes))?,
            (file, asked),
        ))
    }

    fn infer(
        &self,
        segmenter: &mut Segmenter,
        prepared: Prepared,
        asked: &[Asked],
    ) -> Result<Answer> {
        let [width, height] = prepared.size;
        let ready = |(number, asked): (usize, &Asked)| {
            let mut asked = asked.clone();
            if let Some(rect) = asked.like {
                // A box outside of the image asks for nothing.
                asked.like = Some(prompt::grown(rect, self.asking.grow, (width, height))?);
            }
            Some((number, asked))
        };
        let ready = asked.iter().enumerate().filter_map(ready);
        let (numbers, asked): (Vec<usize>, Vec<Asked>) = ready.unzip();
        let found = segmenter.find(prepared, &asked)?;
        let mut masks = Vec::new();
        for ((number, asked), found) in numbers.into_iter().zip(asked).zip(found) {
            let chosen = match asked.like {
                Some(rect) => in_box(found, rect).into_iter().collect(),
                None => self.sure(number, found),
            };
            masks.extend(chosen.into_iter().map(|seen| Found {
                prompt: number,
                counts: Rle::encode(&seen.mask).to_coco_string(),
                score: seen.score,
                stability: None,
                place: None,
            }));
        }
        Ok(Answer {
            width,
            height,
            masks,
        })
    }

    /// What counts of all that a phrase names.
    fn sure(&self, phrase: usize, mut found: Vec<Seen>) -> Vec<Seen> {
        let own = self
            .asking
            .words
            .get(phrase)
            .and_then(|phrase| phrase.threshold);
        let least = own.unwrap_or(self.asking.least);
        found.retain(|seen| seen.score >= least);
        found
    }
}

/// What is in a box, of all that looks like what is in it: whatever has the box that overlaps it most.
fn in_box(found: Vec<Seen>, rect: Rect<f64>) -> Option<Seen> {
    let overlap = |seen: &Seen| {
        let own = seen.mask.bounding_box();
        own.map_or(0.0, |own| own.map(f64::from).iou(rect))
    };
    let best = found
        .into_iter()
        .max_by(|a, b| overlap(a).total_cmp(&overlap(b)));
    best.filter(|best| overlap(best) >= IN_BOX)
}

/// Whether flags go together with a model of words, and the other way round.
pub(crate) fn check(model: &Model, words: &[Phrase], others: bool) -> Result<bool> {
    let is_one = sam3::is_one(model);
    ensure!(
        is_one || words.is_empty(),
        "{}: does not know words: --words needs SAM 3",
        model.name()
    );
    ensure!(
        !is_one || !others,
        "{}: SAM 3 is asked by boxes or by --words, and has no --points, --auto and --cut",
        model.name()
    );
    Ok(is_one)
}
