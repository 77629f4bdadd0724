//! What is looked for, and how: all that a thread beside the networks needs to know.

use nets::detect::{Detection, Layout, Prepared, Settings, prepare};
use onnx::Provenance;
use stage::{Context, Key, Record, Result};
use vision::decode;

use crate::boxed::Boxed;
use crate::faces::{Looks, Ready};
use crate::{TOOL, VERSION};

/// What is looked for.
pub(crate) struct Search {
    pub(crate) layout: Layout,
    pub(crate) settings: Settings,
    pub(crate) network: Provenance,
    /// How faces of close-ups are looked for, and by which network.
    pub(crate) faces: Option<(Looks, Provenance)>,
}

impl Search {
    /// Reads the file of a record's image, and names what will be found in it.
    pub(crate) fn look(&self, record: &Record) -> Result<(Key, Vec<u8>)> {
        let path = record.image()?;
        let file = decode::read(&path).with_context(|| path.display().to_string())?;
        let key = Key::new(TOOL, VERSION).part(&file);
        let key = key.part(self.network.sha256.as_bytes());
        let key = key.settings(&(&self.layout, &self.settings))?;
        let key = match &self.faces {
            Some((looks, network)) => key.settings(&looks.settings(network))?,
            None => key,
        };
        Ok((key, file))
    }

    /// Decodes a picture and makes the networks' inputs.
    pub(crate) fn prepare(
        &self,
        record: &Record,
        file: Vec<u8>,
    ) -> Result<(Prepared, Option<Ready>)> {
        let path = record.image()?;
        let picture = decode::rgb_from_bytes(&file);
        let picture = picture.with_context(|| path.display().to_string())?;
        let looks = self
            .faces
            .as_ref()
            .map(|(looks, _)| looks.prepare(&picture));
        let ready = prepare(&self.layout, &picture, &self.settings)?;
        Ok((ready, looks.transpose()?))
    }

    /// The record with its boxes, and which networks found them.
    pub(crate) fn finish(&self, mut record: Record, boxes: &[Detection]) -> Result<Record> {
        let boxes: Vec<Boxed> = boxes.iter().map(Boxed::of).collect();
        record.put("boxes", &boxes)?;
        record.put_member("models", TOOL, &self.network)?;
        if let Some((_, network)) = &self.faces {
            record.put_member("models", "char-detect faces", network)?;
        }
        Ok(record)
    }
}
