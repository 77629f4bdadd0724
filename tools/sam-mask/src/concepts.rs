//! SAM 3: masks of everything that words name, or of what is in each box.

use answers::{Answers, ImageFile};
use nets::sam3::{self, Asked, Found as Seen, Prepared, Segmenter};
use nets::words::Phrase;
use onnx::{Model, Runtime};
use serde_json::json;
use stage::{Cache, Flow, Inference, Key, Record, Result, ensure};
use vision::mask::Rle;
use vision::{Rect, decode};

use crate::TOOL;
use crate::answer::{Answer, Found};
use crate::finish::Choice;
use crate::prompt::{self, Wanted};

/// The least overlap of a box with what is found in it, intersection over union of the boxes.
const IN_BOX: f64 = 0.3;

/// What is asked of every image.
#[derive(Debug)]
pub(crate) struct Asking {
    /// The phrases; none where records have boxes.
    pub(crate) words: Vec<Phrase>,
    /// By which share boxes are grown.
    pub(crate) grow: f64,
}

impl Asking {
    /// What answers depend on. Thresholds are not among it: all that was found is remembered.
    fn settings(&self) -> (Vec<&str>, f64) {
        let texts = self.words.iter().map(|phrase| phrase.text.as_str());
        (texts.collect(), self.grow)
    }
}

/// What is done with every record.
struct Task<'a> {
    answers: Answers,
    asking: Asking,
    choice: &'a Choice,
}

/// A record that is ready for the network.
struct Input {
    file: ImageFile,
    /// Width and height, pixels.
    size: (u32, u32),
    /// What is asked for, with the number that each has in the record.
    asked: Vec<(usize, Asked)>,
    /// The image; `None` where nothing is asked for.
    prepared: Option<Prepared>,
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
        answers: answers.with(&asking.settings())?,
        asking,
        choice,
    };
    let work = Inference {
        look: |record: &Record| task.look(record),
        prepare: |_: &Record, (file, asked)| task.prepare(file, asked),
        infer: |inputs: Vec<Input>| {
            let inputs = inputs.into_iter();
            Ok(inputs.map(|input| infer(&mut segmenter, input)).collect())
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

impl Task<'_> {
    /// What masks take over: the words, or the members of the boxes.
    fn wanted(&self, record: &Record) -> Result<Vec<Wanted>> {
        if self.asking.words.is_empty() {
            return prompt::boxes(record);
        }
        let named = |phrase: &Phrase| {
            let own = phrase.threshold.map(f64::from);
            Wanted::of_words(
                phrase.class_word(),
                own.unwrap_or_else(|| self.choice.least_of_words()),
            )
        };
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

    /// Decodes the image, if anything in it is asked for.
    fn prepare(&self, file: ImageFile, asked: Vec<Asked>) -> Result<Input> {
        let size = file.named(decode::dimensions_from_bytes)?;
        let size = (size.width, size.height);
        let ready = |(number, mut asked): (usize, Asked)| {
            if let Some(rect) = asked.like {
                // A box outside of the image asks for nothing.
                asked.like = Some(prompt::grown(rect, self.asking.grow, size)?);
            }
            Some((number, asked))
        };
        let asked: Vec<_> = asked.into_iter().enumerate().filter_map(ready).collect();
        let prepared = if asked.is_empty() {
            None
        } else {
            let image = file.rgb()?;
            Some(file.named(|_| sam3::prepare(&image))?)
        };
        Ok(Input {
            file,
            size,
            asked,
            prepared,
        })
    }
}

/// Runs the network.
fn infer(segmenter: &mut Segmenter, input: Input) -> Result<Answer> {
    let (width, height) = input.size;
    let (numbers, asked): (Vec<usize>, Vec<Asked>) = input.asked.into_iter().unzip();
    let found = match input.prepared {
        Some(prepared) => input.file.named(|_| segmenter.find(prepared, &asked))?,
        None => Vec::new(),
    };
    let mut masks = Vec::new();
    for ((number, asked), found) in numbers.into_iter().zip(asked).zip(found) {
        let found = match asked.like {
            Some(rect) => in_box(found, rect).into_iter().collect(),
            None => found,
        };
        masks.extend(found.into_iter().map(|seen| Found {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn an_answer_depends_on_words_and_not_on_thresholds() {
        let settings = |words: &str, grow: f64| {
            let words = nets::words::phrases(words).unwrap();
            json!(Asking { words, grow }.settings())
        };
        let usual = settings("a boy. a lantern.", 0.0);
        assert_eq!(settings("a boy=0.3. a lantern=0.9.", 0.0), usual);
        assert_ne!(settings("a boy.", 0.0), usual);
        assert_ne!(settings("a boy. a lantern.", 0.1), usual);
    }
}
