//! What is looked for, and how: all that a thread beside the networks needs to know.

use answers::{Answers, ImageFile};
use nets::detect::{Detection, Layout, Prepared, Settings, prepare};
use stage::{Key, Record, Result};

use crate::boxed::Boxed;
use crate::faces::{Looks, Ready};

/// What is looked for.
pub(crate) struct Search {
    pub(crate) layout: Layout,
    pub(crate) settings: Settings,
    pub(crate) answers: Answers,
    /// How faces of close-ups are looked for.
    pub(crate) faces: Option<Looks>,
}

impl Search {
    /// Reads the file of a record's image, and names what will be found in it.
    pub(crate) fn look(&self, record: &Record) -> Result<(Key, ImageFile)> {
        let file = ImageFile::of(record)?;
        Ok((self.answers.key(file.bytes()), file))
    }

    /// Decodes an image and makes the networks' inputs.
    pub(crate) fn prepare(&self, file: ImageFile) -> Result<(Prepared, Option<Ready>)> {
        let image = file.rgb()?;
        let looks = self.faces.as_ref().map(|looks| looks.prepare(&image));
        let ready = prepare(&self.layout, &image, &self.settings)?;
        Ok((ready, looks.transpose()?))
    }

    /// The record with its boxes, and which networks found them.
    pub(crate) fn finish(&self, mut record: Record, boxes: &[Detection]) -> Result<Record> {
        let boxes: Vec<Boxed> = boxes.iter().map(Boxed::of).collect();
        record.put("boxes", &boxes)?;
        self.answers.sign(&mut record)?;
        Ok(record)
    }
}
