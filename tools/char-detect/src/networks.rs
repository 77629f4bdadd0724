//! The networks that look, one after the other.

use std::collections::BTreeMap;

use answers::{Answers, ImageFile};
use nets::detect::{Detection, Detector, Settings};
use nets::words::Phrase;
use stage::Result;

use crate::faces::{self, CloseUps};
use crate::search::{Ready, Search};
use crate::words::{self, ByWords};
use crate::{Args, TOOL};

/// The networks that the flags ask for.
pub(crate) struct Networks {
    detector: Option<Detector>,
    close_ups: Option<CloseUps>,
    words: Option<ByWords>,
    of_cast: BTreeMap<String, Vec<Phrase>>,
    settings: Settings,
}

impl Networks {
    /// Opens them.
    pub(crate) fn open(args: &Args) -> Result<Self> {
        let runtime = &args.model.runtime;
        let mut settings = Settings {
            threshold: args.threshold,
            nms: args.nms,
            classes: args.classes.clone(),
            tiles: args.tiles,
            min_size: args.min_side as f32,
        };
        let of_cast = args.words.of_cast()?;
        let words = ByWords::open(&args.words, &of_cast, &args.like, runtime)?;
        let only = args.words.only();
        stage::ensure!(
            !only || words.is_some(),
            "--words-only: there are no words: name some with --words or --words-of, or examples with --like"
        );
        let detector = if only {
            None
        } else {
            Some(Detector::open(&args.model.open("detect")?, runtime)?)
        };
        if let Some(detector) = &detector {
            settings.classes = nets::detect::creatures::named(settings.classes, detector.layout());
            detector.layout().wanted(&settings)?;
        }
        Ok(Self {
            detector,
            close_ups: CloseUps::open(&args.close_ups, runtime)?,
            words,
            of_cast,
            settings,
        })
    }

    /// What is looked for, and how.
    pub(crate) fn search(&self) -> Result<Search> {
        Ok(Search {
            answers: self.answers()?,
            layout: self
                .detector
                .as_ref()
                .map(|detector| detector.layout().clone()),
            settings: self.settings.clone(),
            faces: self.close_ups.as_ref().map(CloseUps::looks),
            words: self.words.as_ref().map(ByWords::way),
            of_cast: self.of_cast.clone(),
        })
    }

    fn answers(&self) -> Result<Answers> {
        let mut answers = TOOL.answers();
        if let Some(detector) = &self.detector {
            answers = answers.by(detector.provenance());
        }
        if let Some(close_ups) = &self.close_ups {
            answers = close_ups.part(answers)?;
        }
        if let Some(detector) = &self.detector {
            answers = answers.with(&(detector.layout(), &self.settings))?;
        }
        match &self.words {
            Some(words) => {
                let answers = words.part(answers, self.settings.nms)?;
                answers.with(&self.settings.min_size)
            }
            None => Ok(answers),
        }
    }

    /// What is in each image, by descending score. Words and faces may fail for one image alone.
    pub(crate) fn find(&mut self, images: Vec<Ready>) -> Result<Vec<Result<Vec<Detection>>>> {
        let mut whole = Vec::new();
        let mut others = Vec::new();
        for image in images {
            whole.extend(image.whole);
            others.push((image.file, image.words, image.close));
        }
        let found = match &mut self.detector {
            Some(detector) => detector.detect_all(&whole, &self.settings)?,
            None => vec![Vec::new(); others.len()],
        };
        let more = |(boxes, (file, words, close)): (_, (ImageFile, _, _))| {
            file.named(|_| self.more(boxes, words, close))
        };
        Ok(found.into_iter().zip(others).map(more).collect())
    }

    /// The boxes of an image, and those that words and faces add.
    fn more(
        &mut self,
        mut boxes: Vec<Detection>,
        asked: Option<words::Ready>,
        close: Option<faces::Ready>,
    ) -> Result<Vec<Detection>> {
        if let (Some(words), Some(asked)) = (&mut self.words, asked) {
            words.add(&asked, self.settings.nms, &mut boxes)?;
            let side = |found: &Detection| found.rect.width().min(found.rect.height());
            boxes.retain(|found| side(found) >= self.settings.min_size);
        }
        if let (Some(close_ups), Some(close)) = (&mut self.close_ups, close) {
            close_ups.add(close, &mut boxes)?;
        }
        Ok(boxes)
    }
}
