//! The images and their records.

use stage::manifest::Source;
use stage::{Context, Flow, Outcome, Record, Result};
use vision::RgbImage;

use crate::again::Again;
use crate::analysis::Analysis;
use crate::extract::{self, Chosen, Trouble};
use crate::ffmpeg::Ffmpeg;
use crate::film::Film;
use crate::folder::Folder;
use crate::options::Settings;

/// The images of a film.
pub(crate) struct Images {
    /// The film's file name.
    pub(crate) film: String,
    /// Where they are.
    pub(crate) folder: Folder,
    /// What they are made with.
    pub(crate) settings: Settings,
    /// What is known of the film.
    pub(crate) analysis: Analysis,
}

/// Writes the image of a frame that has this shape.
pub(crate) fn write(
    folder: &Folder,
    settings: &Settings,
    frame: usize,
    shape: (u32, u32),
    image: &RgbImage,
) -> Result<()> {
    let path = folder.image(frame);
    let part = extract::shaped(image, shape, settings.part(shape));
    let bytes = part.and_then(|part| settings.encode(&part));
    let written = bytes.and_then(|bytes| vision::write::bytes_lasting(&path, &bytes));
    written.with_context(|| path.display().to_string())
}

impl Images {
    /// Writes the images of the frames `wanted` that are not there yet, and all their records.
    pub(crate) fn write(
        &self,
        ffmpeg: &Ffmpeg,
        film: &Film,
        wanted: Vec<usize>,
        flow: &mut Flow,
    ) -> Result<()> {
        // A power cut can have left an empty or a short file of that name.
        let there = |frame: &usize| {
            vision::decode::looks_whole(&self.folder.image(self.analysis.number(*frame)))
        };
        let missing: Vec<usize> = wanted
            .iter()
            .copied()
            .filter(|frame| !there(frame))
            .collect();
        let source = Again::open(ffmpeg, film, &self.analysis, &missing)?;
        let trouble = Trouble::default();
        let missing = extract::expected(&self.analysis, missing);
        let chosen = extract::images(source, wanted, missing, trouble.clone());
        flow.make(
            chosen,
            |chosen| self.write_one(&chosen).map(Outcome::pass),
            |chosen| self.record(chosen.frame),
        )?;
        trouble.check()
    }

    fn write_one(&self, chosen: &Chosen) -> Result<Record> {
        if let Some(image) = &chosen.image {
            let shape = self.analysis.shape(chosen.frame);
            let number = self.analysis.number(chosen.frame);
            write(&self.folder, &self.settings, number, shape, image)?;
        }
        self.record(chosen.frame)
    }

    fn record(&self, frame: usize) -> Result<Record> {
        let number = self.analysis.number(frame);
        let image = self.folder.image(number);
        let image = image
            .to_str()
            .context("--out-dir is not UTF-8, but a manifest must be UTF-8")?;
        let mut record = Record::new(&self.folder.id(number), image)?;
        let part = self.settings.part(self.analysis.shape(frame));
        record.put("width", &part.width)?;
        record.put("height", &part.height)?;
        let source = Source {
            film: self.film.clone(),
            frame: number as u64,
            time: self.analysis.times[frame],
            shot: self.analysis.shot(frame) as u64,
        };
        record.put("source", &source)?;
        if let Some(transition) = self.analysis.transition(frame) {
            record.put("transition", &transition)?;
        }
        if self.analysis.damage.meets(frame) {
            record.put("damage", &true)?;
        }
        if let Some(asked) = &self.analysis.asked {
            asked.sign(&mut record)?;
        }
        Ok(record)
    }
}
