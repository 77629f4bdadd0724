//! What is looked for, and how: all that a thread beside the networks needs to know.

use std::collections::BTreeMap;

use answers::{Answers, ImageFile};
use nets::detect::{Detection, Layout, Prepared, Settings, prepare};
use nets::words::Phrase;
use stage::{Key, Record, Result};

use crate::boxed::Boxed;
use crate::faces::{self, Looks};
use crate::words;

/// What is looked for.
pub(crate) struct Search {
    /// How the detector's tensors are read, if there is one.
    pub(crate) layout: Option<Layout>,
    pub(crate) settings: Settings,
    pub(crate) answers: Answers,
    /// How faces of close-ups are looked for.
    pub(crate) faces: Option<Looks>,
    /// How images are made ready for the detector by words.
    pub(crate) words: Option<words::Way>,
    /// The words of characters.
    pub(crate) of_cast: BTreeMap<String, Vec<Phrase>>,
}

/// An image, ready for each network.
pub(crate) struct Ready {
    /// Where it is from, for errors.
    pub(crate) file: ImageFile,
    pub(crate) whole: Option<Prepared>,
    pub(crate) close: Option<faces::Ready>,
    pub(crate) words: Option<words::Ready>,
}

impl Search {
    /// Reads the file of a record's image, and names what will be found in it.
    pub(crate) fn look(&self, record: &Record) -> Result<(Key, ImageFile)> {
        let file = ImageFile::of(record)?;
        Ok((self.answers.key(file.bytes()), file))
    }

    /// Decodes an image and makes the networks' inputs.
    pub(crate) fn prepare(&self, file: ImageFile) -> Result<Ready> {
        let image = file.rgb()?;
        let close = self.faces.as_ref().map(|looks| looks.prepare(&image));
        let words = self.words.as_ref().map(|way| way.prepare(&image));
        let whole = { self.layout.as_ref() }.map(|layout| prepare(layout, &image, &self.settings));
        Ok(Ready {
            whole: file.named(|_| whole.transpose())?,
            close: file.named(|_| close.transpose())?,
            words: file.named(|_| words.transpose())?,
            file,
        })
    }

    /// The record with its boxes, and which networks found them.
    pub(crate) fn finish(&self, mut record: Record, boxes: &[Detection]) -> Result<Record> {
        let character = record.find::<String>("character")?;
        let character = character.as_deref().unwrap_or_default();
        let shown = match self.of_cast.get(character) {
            Some(phrases) => own(boxes, character, phrases),
            None => boxes.iter().collect(),
        };
        let boxes: Vec<Boxed> = shown.into_iter().map(Boxed::of).collect();
        record.put("boxes", &boxes)?;
        self.answers.sign(&mut record)?;
        Ok(record)
    }
}

/// Of an image that shows a character with words, the boxes that these found, or examples, which have its name; if there
/// are any: other boxes, of a person detector too, may be surer of something else.
fn own<'a>(boxes: &'a [Detection], character: &str, phrases: &[Phrase]) -> Vec<&'a Detection> {
    let is = |label: &str| label == character || phrases.iter().any(|phrase| phrase.text == label);
    let second = |found: &Detection| {
        found
            .second
            .as_ref()
            .is_some_and(|second| is(&second.label))
    };
    let own = boxes
        .iter()
        .filter(|found| is(&found.label) || second(found));
    let own: Vec<_> = own.collect();
    if own.is_empty() {
        return boxes.iter().collect();
    }
    own
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use nets::detect::Second;
    use vision::Rect;

    use super::*;

    fn found(label: &str, second: Option<&str>) -> Detection {
        Detection {
            rect: Rect::whole(9.0, 9.0),
            score: 0.5,
            label: label.to_owned(),
            second: second.map(|label| Second {
                label: label.to_owned(),
                score: 0.4,
            }),
        }
    }

    #[test]
    fn an_image_of_a_character_shows_what_its_words_found() {
        let boxes = [
            found("person", None),
            found("a dragon", None),
            found("creature", Some("a lizard")),
        ];
        let said = |boxes: &[Detection], phrases: &[Phrase]| -> Vec<String> {
            let own = own(boxes, "smaug", phrases).into_iter();
            own.map(|found| found.label.clone()).collect()
        };
        let phrases = nets::words::phrases("a dragon. a lizard.").unwrap();
        assert_eq!(said(&boxes, &phrases), ["a dragon", "creature"]);
        assert_eq!(
            said(&boxes[..1], &phrases),
            ["person"],
            "better than nothing"
        );
        assert_eq!(said(&boxes, &[]).len(), 3);
        let by_example = [&boxes[..], &[found("smaug", None)]].concat();
        assert_eq!(
            said(&by_example, &phrases),
            ["a dragon", "creature", "smaug"]
        );
    }
}
