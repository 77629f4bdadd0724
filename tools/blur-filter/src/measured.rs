//! A record with its figures and what is wrong with it.

use std::collections::BTreeMap;
use std::fmt;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use stage::manifest::Line;
use stage::{Outcome, Record, Result};

use crate::Args;
use crate::fading::{Moment, Shown};
use crate::faint::Letters;
use crate::quality::{self, Quality};
use crate::verdict::{self, Fault, Figures, Overlay};

/// The figures below which images are dropped, once they are known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) sharpness: f64,
    pub(crate) contrast: f64,
}

impl fmt::Display for Bounds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            sharpness,
            contrast,
        } = self;
        write!(
            formatter,
            "dropping below a sharpness of {sharpness:.0} px and a contrast of {contrast:.1}"
        )
    }
}

/// A record with what is wrong with it by itself, and the figures that are still to be compared.
pub(crate) struct Measured<R> {
    record: R,
    pub(crate) fault: Option<Fault>,
    /// Whether text-detect has found text that is laid over it.
    is_marked: bool,
    /// When it is shown.
    pub(crate) moment: Option<Moment>,
    pub(crate) figures: Figures,
}

impl Measured<Record> {
    /// Measures the image of a record.
    pub(crate) fn new(args: &Args, mut record: Record) -> Result<Self> {
        let quality = Quality::measure(&record)?;
        let fault = verdict::fault(&record, &quality, args)?;
        record.put_rounded("quality", &quality, 3)?;
        let is_marked = record.text()?.is_some_and(|text| text.mask.is_some());
        Ok(Self {
            is_marked,
            moment: Moment::of(&record),
            record,
            fault,
            figures: Figures {
                sharpness: quality.sharpness,
                contrast: quality.contrast,
            },
        })
    }

    /// The record as bytes, which take a quarter of its memory while a whole film waits.
    pub(crate) fn packed(self) -> Measured<Line> {
        let mut bytes = Vec::new();
        self.record.write_line(&mut bytes);
        bytes.shrink_to_fit();
        Measured {
            record: Line { number: 0, bytes },
            fault: self.fault,
            is_marked: self.is_marked,
            moment: self.moment,
            figures: self.figures,
        }
    }

    /// Passes or drops the record.
    pub(crate) fn judge(self, bounds: Bounds) -> Outcome {
        judged(self.record, self.fault, self.figures, bounds)
    }
}

impl Measured<Line> {
    /// Passes or drops the record.
    pub(crate) fn judge(self, bounds: Bounds) -> Result<Outcome> {
        let record = self.record.parse()?;
        Ok(judged(record, self.fault, self.figures, bounds))
    }
}

/// Passes or drops a record, for its own fault or because it falls short of the others.
fn judged(record: Record, fault: Option<Fault>, figures: Figures, bounds: Bounds) -> Outcome {
    let fault = fault.map(|fault| fault.reason);
    Outcome::judge(
        record,
        fault.or_else(|| verdict::shortfall(figures, bounds)),
    )
}

/// Finds fault with frames `within` seconds of a title of their shot, and of a text whose letters they show faintly.
///
/// A title fills a frame, so that a fade of it is all that frames about it may show. A subtitle does not: a shot in which
/// someone speaks would lose all its frames, and most of them are clean.
///
/// # Errors
/// An image that was there before can't be read any more.
pub(crate) fn beside_overlays(all: &mut [Measured<Line>], within: f64) -> Result<()> {
    if within <= 0.0 {
        return Ok(());
    }
    let titles = shown(all, Overlay::Title);
    for image in all.iter_mut().filter(|image| image.fault.is_none()) {
        let near = image.moment.map(|moment| titles.nearest(moment, within));
        let Some((_, far)) = near.into_iter().flatten().next() else {
            continue;
        };
        image.fault = Some(Fault {
            reason: format!(
                "near a title: there is one {far:.1} s away in the same shot (limit {within} s), which may be fading here"
            ),
            overlay: None,
        });
    }
    let mut about: BTreeMap<usize, Vec<(usize, f64)>> = BTreeMap::new();
    let texts = shown(all, Overlay::Text);
    for (number, image) in all
        .iter()
        .enumerate()
        .filter(|(_, image)| image.fault.is_none())
    {
        // Frames with marked text are left to the stage that marked it.
        let moment = image.moment.filter(|_| !image.is_marked);
        let near = moment.map(|moment| texts.nearest(moment, within));
        for (text, far) in near.into_iter().flatten() {
            about.entry(text).or_default().push((number, far));
        }
    }
    let faint: Vec<Vec<_>> = about
        .par_iter()
        .map(|(text, frames)| faint_in(all, *text, frames))
        .collect::<Result<_>>()?;
    for (number, reason) in faint.into_iter().flatten() {
        all[number].fault.get_or_insert(Fault {
            reason,
            overlay: None,
        });
    }
    Ok(())
}

/// The frames that have this laid over them, by their shots.
fn shown(all: &[Measured<Line>], overlay: Overlay) -> Shown {
    let mut found = Shown::default();
    for (number, image) in all.iter().enumerate() {
        let fault = image.fault.as_ref().and_then(|fault| fault.overlay);
        let is_laid = fault == Some(overlay) || overlay == Overlay::Text && image.is_marked;
        if let Some(moment) = image.moment.filter(|_| is_laid) {
            found.note(number, moment);
        }
    }
    found
}

/// The frames that show the letters of the image `text` faintly, each with the reason to drop it. `frames` has their
/// numbers, and how far each is from the text, in seconds.
fn faint_in(
    all: &[Measured<Line>],
    text: usize,
    frames: &[(usize, f64)],
) -> Result<Vec<(usize, String)>> {
    let text = all[text].record.parse()?;
    let letters = Letters::of(quality::luma(&text)?);
    let mut faint = Vec::new();
    for (number, far) in frames {
        let luma = quality::luma(&all[*number].record.parse()?)?;
        if let Some(share) = letters.share(&luma) {
            let id = text.id()?;
            faint.push((
                *number,
                format!("faint text: the letters of {id}, {far:.1} s away, show here with {share:.2} of their contrast"),
            ));
        }
    }
    Ok(faint)
}
