//! Which instances are dropped, and why.

use clap::Args;

use crate::figures::{Cut, Figures};

/// What an instance must come up to.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What is dropped")]
pub(crate) struct Limits {
    /// Instances of fewer pixels than this
    #[arg(long, value_name = "PIXELS", default_value_t = 20_000)]
    min_area: u64,

    /// Instances that the frame's left, right or upper edge cuts off along more
    /// than this share of their box's side
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = stage::share::<f64>)]
    max_cut: f64,

    /// The same for the lower edge; by default a bust is no fault
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, value_parser = stage::share::<f64>)]
    max_cut_below: f64,

    /// Instances of whose box others fill more than this share
    #[arg(long, value_name = "SHARE", default_value_t = 0.15, value_parser = stage::share::<f64>)]
    max_hidden: f64,

    /// Instances whose mask is that of a surer one by more than this
    /// intersection over union
    #[arg(long, value_name = "IOU", default_value_t = 0.5, value_parser = stage::share::<f64>)]
    max_overlap: f64,

    /// Instances less sharp than this, in squared levels of luma
    #[arg(long, value_name = "VARIANCE", default_value_t = 20.0)]
    min_sharpness: f64,
}

impl Limits {
    /// Why an instance is dropped, if it is.
    pub(crate) fn reason(&self, figures: &Figures) -> Option<String> {
        let Figures {
            area,
            cut:
                Cut {
                    left,
                    top,
                    right,
                    bottom,
                },
            hidden,
            twin,
            sharpness,
        } = *figures;
        if area < self.min_area {
            return Some(format!("small: {area} pixels, under {}", self.min_area));
        }
        let sides = [
            ("left", left, self.max_cut),
            ("upper", top, self.max_cut),
            ("right", right, self.max_cut),
            ("lower", bottom, self.max_cut_below),
        ];
        if let Some((side, share, limit)) =
            sides.into_iter().find(|(_, share, limit)| share > limit)
        {
            return Some(format!(
                "cut off by the frame's {side} edge along {share:.2} of its box, over {limit}"
            ));
        }
        if hidden > self.max_hidden {
            return Some(format!(
                "hidden: others fill {hidden:.2} of its box, over {}",
                self.max_hidden
            ));
        }
        if let Some((overlap, index)) = twin.filter(|(overlap, _)| *overlap > self.max_overlap) {
            return Some(format!(
                "the same as instance {index}: intersection over union {overlap:.2}, over {}",
                self.max_overlap
            ));
        }
        (sharpness < self.min_sharpness).then(|| {
            format!(
                "blurred: sharpness {sharpness:.1}, under {}",
                self.min_sharpness
            )
        })
    }
}
