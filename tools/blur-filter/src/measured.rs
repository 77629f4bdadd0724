//! A record with its figures and what is wrong with it.

use std::fmt;

use stage::manifest::Line;
use stage::{Outcome, Record, Result};

use crate::Args;
use crate::fading::{Moment, Titles};
use crate::quality::Quality;
use crate::verdict::{self, Fault, Figures};

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
        Ok(Self {
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
            moment: self.moment,
            figures: self.figures,
        }
    }

    /// Passes or drops the record.
    pub(crate) fn judge(self, bounds: Bounds) -> Outcome {
        let shortfall = || verdict::shortfall(self.figures, bounds);
        let fault = self.fault.map(|fault| fault.reason);
        Outcome::judge(self.record, fault.or_else(shortfall))
    }
}

impl Measured<Line> {
    /// Passes or drops the record.
    pub(crate) fn judge(self, bounds: Bounds) -> Result<Outcome> {
        let unpacked = Measured {
            record: self.record.parse()?,
            fault: self.fault,
            moment: self.moment,
            figures: self.figures,
        };
        Ok(unpacked.judge(bounds))
    }
}

/// Finds fault with frames about a title of their shot, `within` seconds of it.
pub(crate) fn beside_titles<R>(all: &mut [Measured<R>], within: f64) {
    if within <= 0.0 {
        return;
    }
    let mut titles = Titles::default();
    let written = |image: &&Measured<R>| image.fault.as_ref().is_some_and(|fault| fault.is_title);
    all.iter()
        .filter(written)
        .filter_map(|image| image.moment)
        .for_each(|moment| titles.note(moment));
    for image in all.iter_mut().filter(|image| image.fault.is_none()) {
        let Some(far) = image.moment.and_then(|moment| titles.near(moment, within)) else {
            continue;
        };
        image.fault = Some(Fault {
            reason: format!(
                "near a title: there is one {far:.1} s away in the same shot (limit {within} s), which may be fading here"
            ),
            is_title: false,
        });
    }
}
