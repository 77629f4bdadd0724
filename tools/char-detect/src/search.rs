//! What is looked for, and how: all that a thread beside the networks needs to know.

use answers::{Answers, ImageFile};
use nets::detect::{Detection, Layout, Prepared, Settings, prepare};
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
}

/// An image, ready for each network.
pub(crate) struct Ready {
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
            whole: whole.transpose()?,
            close: close.transpose()?,
            words: words.transpose()?,
        })
    }

    /// The record with its boxes, and which networks found them.
    pub(crate) fn finish(&self, mut record: Record, boxes: &[Detection]) -> Result<Record> {
        let boxes: Vec<Boxed> = boxes.iter().map(Boxed::of).collect();
        record.put("boxes", &boxes)?;
        self.answers.sign(&mut record)?;
        Ok(record)
    }
}
