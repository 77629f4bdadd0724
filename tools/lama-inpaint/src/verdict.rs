//! What is said of a filling.

use clap::Args;
use serde::{Deserialize, Serialize};

const LIMITS: &str = "Limits";

/// Limits beyond which an inpainting has failed; README.md gives their origin.
#[derive(Debug, Clone, Copy, Args, Serialize)]
pub(crate) struct Limits {
    /// Step of colour across the edge of the hole, times the usual step beside it
    #[arg(long = "max-seam", value_name = "TIMES", help_heading = LIMITS, value_parser = limit, default_value_t = 2.0)]
    pub(crate) seam: f64,

    /// Share of the hole that is much smoother than its surroundings, 0 to 1
    #[arg(long = "max-flat", value_name = "SHARE", help_heading = LIMITS, value_parser = limit, default_value_t = 0.7)]
    pub(crate) texture: f64,

    /// Share of the image that was inpainted with less detail, fine and coarse, than its
    /// surroundings have, 0 to 1
    #[arg(long = "max-fog", value_name = "SHARE", help_heading = LIMITS, value_parser = limit, default_value_t = 0.05)]
    pub(crate) fog: f64,

    /// Share of the image that may be invented, 0 to 1; beyond it nothing is inpainted
    #[arg(long = "max-invented", value_name = "SHARE", help_heading = LIMITS, value_parser = limit, default_value_t = 0.25)]
    pub(crate) invented: f64,

    /// Share of something detected in the result that lies in the hole, 0 to 1
    #[arg(long = "max-remnant", value_name = "SHARE", help_heading = LIMITS, value_parser = limit, default_value_t = 0.1)]
    pub(crate) remnant: f64,

    /// Share of a crop that may be hole, 0 to 1; beyond it nothing is inpainted
    #[arg(long = "max-hole", value_name = "SHARE", help_heading = LIMITS, value_parser = limit, default_value_t = 0.6)]
    pub(crate) hole: f64,
}

fn limit(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|x| (0.0..=1e6).contains(x));
    number.ok_or_else(|| "not a number of 0 or more".to_owned())
}

/// What came of a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Nothing shows.
    Clean,
    /// Something of the characters is left.
    Remnant,
    /// The edge of the hole shows.
    Seam,
    /// The hole is smeared.
    Flat,
    /// Too much of the image is smeared.
    Fog,
    /// Too much of the image would be invented.
    Invented,
    /// There is too little round the hole to fill it from.
    TooLarge,
}

/// The figures of a filling, rounded to 4 decimals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// The hole as a share of the image.
    pub(crate) hole: f64,
    /// See [`crate::measure::Look::seam`].
    pub(crate) seam: Option<f64>,
    /// See [`crate::measure::Look::texture`].
    pub(crate) texture: Option<f64>,
    /// The share of the image that is fog: of [`crate::fog::fog`], that of the hole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fog: Option<f64>,
    /// The largest share of something detected that lies in the hole; `None` where nobody looked.
    pub(crate) remnant: Option<f64>,
    /// How many times it was filled.
    pub(crate) tries: u32,
    /// What to think of it.
    pub(crate) verdict: Verdict,
}

impl Figures {
    /// The verdict on these figures. What could not be measured does not count against them.
    pub(crate) fn judge(&self, limits: &Limits) -> Verdict {
        let over = |figure: Option<f64>, limit: f64| figure.is_some_and(|figure| figure > limit);
        if over(self.remnant, limits.remnant) {
            Verdict::Remnant
        } else if over(self.seam, limits.seam) {
            Verdict::Seam
        } else if over(self.texture, limits.texture) {
            Verdict::Flat
        } else if over(self.fog, limits.fog) {
            Verdict::Fog
        } else {
            Verdict::Clean
        }
    }

    /// How far the worst figure is over its limit, times; the best try has the least.
    pub(crate) fn badness(&self, limits: &Limits) -> f64 {
        [
            (self.remnant, limits.remnant),
            (self.seam, limits.seam),
            (self.texture, limits.texture),
            (self.fog, limits.fog),
        ]
        .into_iter()
        .map(|(figure, limit)| figure.unwrap_or(0.0) / limit.max(1e-9))
        .fold(0.0, f64::max)
    }

    /// Why the record is dropped, if it is.
    pub(crate) fn reason(&self, limits: &Limits) -> Option<String> {
        let reason = |what: &str, figure: Option<f64>, limit: f64| {
            let figure = figure.unwrap_or_default();
            Some(format!("{what}: {figure} is over {limit}"))
        };
        match self.verdict {
            Verdict::Clean => None,
            Verdict::Remnant => reason("remnant", self.remnant, limits.remnant),
            Verdict::Seam => reason("seam", self.seam, limits.seam),
            Verdict::Flat => reason("flat", self.texture, limits.texture),
            Verdict::Fog => reason("fog", self.fog, limits.fog),
            Verdict::Invented => reason("invented", Some(self.hole), limits.invented),
            Verdict::TooLarge => Some(format!(
                "too_large: the hole is over {} of its crop",
                limits.hole
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        seam: 2.0,
        texture: 0.5,
        fog: 0.05,
        invented: 0.25,
        remnant: 0.25,
        hole: 0.5,
    };

    fn figures(seam: f64, texture: f64, remnant: Option<f64>) -> Figures {
        let mut figures = Figures {
            hole: 0.1,
            seam: Some(seam),
            texture: Some(texture),
            fog: None,
            remnant,
            tries: 1,
            verdict: Verdict::Clean,
        };
        figures.verdict = figures.judge(&LIMITS);
        figures
    }

    #[test]
    fn the_worst_sort_of_failure_is_said() {
        assert_eq!(figures(2.0, 0.5, Some(0.25)).verdict, Verdict::Clean);
        assert_eq!(figures(2.1, 0.6, Some(0.26)).verdict, Verdict::Remnant);
        assert_eq!(figures(2.1, 0.6, None).verdict, Verdict::Seam);
        assert_eq!(figures(2.0, 0.6, Some(0.0)).verdict, Verdict::Flat);
        let reason = figures(3.0, 0.0, None).reason(&LIMITS);
        assert_eq!(reason.as_deref(), Some("seam: 3 is over 2"));
    }

    #[test]
    fn fog_is_said_where_nothing_worse_is() {
        let mut foggy = Figures {
            fog: Some(0.06),
            ..figures(1.0, 0.2, None)
        };
        foggy.verdict = foggy.judge(&LIMITS);
        assert_eq!(
            foggy.reason(&LIMITS).as_deref(),
            Some("fog: 0.06 is over 0.05")
        );
        assert!((foggy.badness(&LIMITS) - 1.2).abs() < 1e-12);
        let invented = Figures {
            hole: 0.43,
            verdict: Verdict::Invented,
            ..foggy
        };
        assert_eq!(
            invented.reason(&LIMITS).as_deref(),
            Some("invented: 0.43 is over 0.25")
        );
    }

    #[test]
    fn the_worst_figure_counts() {
        let close = |figures: Figures, badness: f64| {
            assert!((figures.badness(&LIMITS) - badness).abs() < 1e-12);
        };
        close(figures(1.0, 0.75, None), 1.5);
        close(figures(1.0, 0.0, Some(0.5)), 2.0);
    }
}
