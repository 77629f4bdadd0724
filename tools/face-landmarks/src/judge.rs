//! Labels of the measures.

use stage::manifest::shapes::Face;
use stage::{Result, ensure};

use crate::features::{Features, UNKNOWN};
use crate::usual::Usual;

/// Eyes are wide, half-closed and closed from this share of their usual openness on; a mouth smiles by
/// its width alone from this share of its usual one: on the sample film, by the five true landmarks, no
/// mouth but a happy one is so wide.
const WIDE_EYES: f64 = 1.1;
const HALF_CLOSED: f64 = 0.75;
const CLOSED: f64 = 0.5;
const WIDE_MOUTH: f64 = 1.1;

/// Eyebrows are raised or lowered from this far above or below where they usually are, in widths of
/// an eye.
const RAISED: f64 = 0.12;

/// Ratios and angles of the labels.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Bounds {
    /// Write `unknown` if the mean score of the points is below this, 0 to 1
    #[arg(long, value_name = "SCORE", default_value_t = 0.3, value_parser = stage::share::<f64>)]
    threshold: f64,

    /// Write `unknown` for faces that `face` says are turned to the side by more than this
    #[arg(long, value_name = "DEGREES", default_value_t = 45.0)]
    turned: f64,

    /// Height over width below which eyes are closed, unless compared with the character's
    #[arg(
        long,
        value_name = "RATIO",
        default_value_t = 0.2,
        help_heading = "Labels"
    )]
    eyes_closed: f64,

    /// Height over width from which a mouth is open
    #[arg(
        long,
        value_name = "RATIO",
        default_value_t = 0.15,
        help_heading = "Labels"
    )]
    mouth_open: f64,

    /// Height over width from which a mouth is wide open
    #[arg(
        long,
        value_name = "RATIO",
        default_value_t = 0.6,
        help_heading = "Labels"
    )]
    mouth_wide: f64,

    /// From how far the corners of the mouth are above the upper lip, or below the lower one, over its
    /// width, it is a smile or a frown
    #[arg(
        long,
        value_name = "RATIO",
        default_value_t = 0.1,
        help_heading = "Labels"
    )]
    smile: f64,

    /// Tilt from which eyebrows are worried; lowered from the same tilt downwards
    #[arg(
        long,
        value_name = "DEGREES",
        default_value_t = 10.0,
        help_heading = "Labels"
    )]
    brow_tilt: f64,
}

impl Bounds {
    /// Whether the flags go together.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(
            self.mouth_open <= self.mouth_wide,
            "--mouth-wide {}: is below --mouth-open {}",
            self.mouth_wide,
            self.mouth_open
        );
        Ok(())
    }

    /// Whether a face shows enough of itself to be judged.
    pub(crate) fn tells(&self, features: &Features, face: &Face) -> bool {
        let yaw = face.angle.map_or(0.0, |angle| angle.yaw.abs());
        let sure = features.score.is_none_or(|score| score >= self.threshold);
        sure && yaw <= self.turned
    }

    /// Sets the labels by the measures; `usual` are those of the character.
    pub(crate) fn judge(&self, features: &mut Features, face: &Face, usual: Option<&Usual>) {
        let judged = if usual.is_some() {
            "character"
        } else {
            "absolute"
        };
        judged.clone_into(&mut features.judged);
        let tells = self.tells(features, face);
        let said = |label: Option<&'static str>| label.filter(|_| tells).unwrap_or(UNKNOWN);
        features.eyes.label = said(self.eyes(features, usual)).to_owned();
        features.mouth.label = said(self.mouth(features, usual)).to_owned();
        features.eyebrows.label = said(self.eyebrows(features, usual)).to_owned();
    }

    fn eyes(&self, features: &Features, usual: Option<&Usual>) -> Option<&'static str> {
        let openness = features.eyes.openness?;
        let Some(usual) = usual.and_then(|usual| usual.eyes) else {
            return Some(if openness < self.eyes_closed {
                "closed eyes"
            } else {
                "open eyes"
            });
        };
        Some(match openness / usual {
            share if share < CLOSED => "closed eyes",
            share if share < HALF_CLOSED => "half-closed eyes",
            share if share > WIDE_EYES => "wide eyes",
            _ => "open eyes",
        })
    }

    fn mouth(&self, features: &Features, usual: Option<&Usual>) -> Option<&'static str> {
        let mouth = &features.mouth;
        let (Some(openness), Some(curve)) = (mouth.openness, mouth.curve) else {
            // Of a mouth of which the width alone is known, a wide one smiles; others may do anything.
            let usual = usual.and_then(|usual| usual.mouth_width)?;
            return (mouth.width? > WIDE_MOUTH * usual).then_some("smile");
        };
        let open = openness >= self.mouth_open;
        Some(match curve {
            curve if curve >= self.smile && open => "open smile",
            curve if curve >= self.smile => "smile",
            curve if curve <= -self.smile && open => "open frown",
            curve if curve <= -self.smile => "frown",
            _ if openness >= self.mouth_wide => "wide open mouth",
            _ if open => "open mouth",
            _ => "closed mouth",
        })
    }

    fn eyebrows(&self, features: &Features, usual: Option<&Usual>) -> Option<&'static str> {
        let (height, tilt) = (features.eyebrows.height?, features.eyebrows.tilt?);
        let usual_tilt = usual.and_then(|usual| usual.brow_tilt).unwrap_or(0.0);
        let risen = usual
            .and_then(|usual| usual.brow_height)
            .map_or(0.0, |usual| height - usual);
        Some(match tilt - usual_tilt {
            tilt if tilt <= -self.brow_tilt => "lowered eyebrows",
            tilt if tilt >= self.brow_tilt => "worried eyebrows",
            _ if risen >= RAISED => "raised eyebrows",
            _ if risen <= -RAISED => "lowered eyebrows",
            _ => "relaxed eyebrows",
        })
    }
}
