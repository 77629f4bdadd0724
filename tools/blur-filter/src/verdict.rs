//! Why an image is dropped.

use stage::{Record, Result, bail};

use crate::Args;
use crate::measured::Bounds;
use crate::quality::Quality;

/// An image whose brightest percent lies below this level shows nothing.
const BLACK: u8 = 20;

/// An image whose darkest percent lies above this level shows nothing.
const WHITE: u8 = 240;

/// An image with at least this share of one plain level is a card if something is written on it.
const CARD: f64 = 0.6;

/// The kinds of transition that frame-extract marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Two shots on top of each other
    Dissolve,
    /// From or to a plain colour
    Fade,
    /// A burst of light within a shot
    Flash,
}

impl Kind {
    /// What the record says of itself.
    fn of(record: &Record) -> Result<Option<Self>> {
        let Some(name) = record.find::<String>("transition")? else {
            return Ok(None);
        };
        Ok(Some(match name.as_str() {
            "dissolve" => Self::Dissolve,
            "fade" => Self::Fade,
            "flash" => Self::Flash,
            other => bail!("key `transition`: `{other}` is not dissolve, fade or flash"),
        }))
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Dissolve => "in a dissolve",
            Self::Fade => "in a fade",
            Self::Flash => "in a flash",
        }
    }
}

/// What is laid over an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overlay {
    /// A title, which fills its frame or is large in it.
    Title,
    /// Letters over a scene, as a subtitle and a credit are.
    Text,
}

/// What is wrong with an image by itself.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    /// What it is, with the value that decided.
    pub(crate) reason: String,
    /// What is laid over it, if that is what is wrong.
    pub(crate) overlay: Option<Overlay>,
}

/// What is wrong with an image whatever the others are like.
pub(crate) fn fault(record: &Record, quality: &Quality, args: &Args) -> Result<Option<Fault>> {
    let transition = Kind::of(record)?.filter(|kind| !args.allow.contains(kind));
    let [darkest, _, brightest] = quality.levels;
    let Quality {
        resolution,
        flat,
        letters,
        title,
        ..
    } = *quality;
    let mut overlay = None;
    let reason = if resolution < args.min_side {
        format!("too small: {resolution} px, below {}", args.min_side)
    } else if let Some(kind) = transition {
        kind.reason().to_owned()
    } else if args.letters > 0 && flat >= CARD && 2 * letters >= args.letters {
        overlay = Some(Overlay::Title);
        let half = args.letters.div_ceil(2);
        format!("a title: {letters} letters in lines on a plain ground, {half} or more")
    } else if args.letters > 0 && letters >= args.letters {
        overlay = Some(Overlay::Text);
        format!("text: {letters} letters in lines, {} or more", args.letters)
    } else if let Some(title) =
        title.filter(|title| args.drawn_title > 0.0 && *title >= args.drawn_title)
    {
        overlay = Some(Overlay::Title);
        format!(
            "a title: letters cover a share of {title:.3}, {} or more",
            args.drawn_title
        )
    } else if brightest < BLACK {
        format!("black: 99% at or below level {brightest}, below {BLACK}")
    } else if darkest > WHITE {
        format!("white: 99% at or above level {darkest}, above {WHITE}")
    } else if args.flat > 0.0 && flat >= args.flat {
        format!(
            "plain: a share of {flat:.3} is one level, {} or more",
            args.flat
        )
    } else {
        return Ok(None);
    };
    Ok(Some(Fault { reason, overlay }))
}

/// What is wrong with an image beside the others.
pub(crate) fn shortfall(figures: Figures, bounds: Bounds) -> Option<String> {
    let Bounds {
        sharpness,
        contrast,
    } = bounds;
    if figures.contrast < contrast {
        return Some(format!(
            "faint: contrast {:.1}, below {contrast:.1}",
            figures.contrast
        ));
    }
    match figures.sharpness {
        None if sharpness > 0.0 => Some("blurred: nothing in it has an edge".to_owned()),
        Some(value) if value < sharpness => Some(format!(
            "blurred: sharpness {value:.0} px, below {sharpness:.0}"
        )),
        _ => None,
    }
}

/// The figures that are compared with those of the run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) sharpness: Option<f64>,
    pub(crate) contrast: f64,
}
