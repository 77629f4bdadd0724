//! Which instances are dropped, and why.

use clap::Args;

use crate::figures::{Cut, Figures};

/// Limits that an instance must meet.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What is dropped")]
pub(crate) struct Limits {
    /// Instances of fewer pixels than this
    #[arg(long, value_name = "PIXELS", default_value_t = 20_000)]
    min_area: u64,

    /// Instances cut by the frame's left, right or upper edge along more than this share of their
    /// box's side, except close-ups
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, value_parser = stage::share::<f64>)]
    max_cut: f64,

    /// The same for the lower edge; by default a bust is kept
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, value_parser = stage::share::<f64>)]
    max_cut_below: f64,

    /// Share of the frame from which an instance is a close-up, which an edge may cut; a sliver,
    /// three times as long as wide, never is one; 1 means no close-ups
    #[arg(long, value_name = "SHARE", default_value_t = 0.1, value_parser = stage::share::<f64>)]
    close_up: f64,

    /// Instances with more than this share of their box covered by others
    #[arg(long, value_name = "SHARE", default_value_t = 0.15, value_parser = stage::share::<f64>)]
    max_hidden: f64,

    /// Instances whose mask overlaps that of a surer instance by more than this intersection over
    /// union
    #[arg(long, value_name = "IOU", default_value_t = 0.5, value_parser = stage::share::<f64>)]
    max_overlap: f64,

    /// Instances with more than this share of their mask inside the mask of a larger, surer
    /// instance, such as an arm that was detected again
    #[arg(long, value_name = "SHARE", default_value_t = 0.8, value_parser = stage::share::<f64>)]
    max_inside: f64,

    /// Instances with sharpness below this, in squared levels of luma
    #[arg(long, value_name = "VARIANCE", default_value_t = 20.0)]
    min_laplacian_variance: f64,

    /// Instances with edges less narrow than this many times the median of the run, as in motion; 0
    /// drops none and keeps no other instances in memory
    #[arg(long, value_name = "TIMES", default_value_t = 0.8, value_parser = stage::share::<f64>)]
    pub(crate) min_edges: f64,

    /// Keep instances that mask-track takes for ghosts: detected in one frame of their shot alone,
    /// and faintly
    #[arg(long)]
    keep_ghosts: bool,
}

/// What is longer than this many times its width is a sliver.
const SLIVER: f64 = 3.0;

impl Limits {
    /// Why an instance is dropped, if it is, whatever the others of the run are like. `ghost` says why its
    /// track may be a false detection.
    pub(crate) fn reason(&self, figures: &Figures, ghost: Option<&str>) -> Option<String> {
        let Figures {
            area,
            hidden,
            laplacian_variance,
            ..
        } = *figures;
        if let Some(ghost) = ghost.filter(|_| !self.keep_ghosts) {
            return Some(format!("may be a false detection: {ghost}"));
        }
        if area < self.min_area {
            return Some(format!("small: {area} pixels, under {}", self.min_area));
        }
        if let Some(reason) = self.cut_off(figures) {
            return Some(reason);
        }
        if hidden > self.max_hidden {
            return Some(format!(
                "hidden: others cover {hidden:.2} of its box, over {}",
                self.max_hidden
            ));
        }
        if let Some((overlap, index)) = figures.twin.filter(|twin| twin.0 > self.max_overlap) {
            return Some(format!(
                "the same as instance {index}: intersection over union {overlap:.2}, over {}",
                self.max_overlap
            ));
        }
        if let Some((share, index)) = figures.part.filter(|part| part.0 > self.max_inside) {
            return Some(format!(
                "a part of instance {index}: {share:.2} of its mask lies in the mask of that one, over {}",
                self.max_inside
            ));
        }
        (laplacian_variance < self.min_laplacian_variance).then(|| {
            format!(
                "blurred: variance of the Laplacian {laplacian_variance:.1}, under {}",
                self.min_laplacian_variance
            )
        })
    }

    /// Which edge cuts off too much of it. Framing decides: a close-up is no fault however much of
    /// the hair or the shoulders is outside, half a figure beside the frame's edge is.
    fn cut_off(&self, figures: &Figures) -> Option<String> {
        let Cut {
            left,
            top,
            right,
            bottom,
        } = figures.cut;
        let sliver = figures.slender * SLIVER < 1.0;
        let close_up = figures.share >= self.close_up && !sliver;
        let sides = [
            ("left", left, self.max_cut, close_up),
            ("upper", top, self.max_cut, close_up),
            ("right", right, self.max_cut, close_up),
            ("lower", bottom, self.max_cut_below, false),
        ];
        let mut sides = sides.into_iter();
        let (side, share, limit, _) = sides.find(|(_, share, limit, may)| share > limit && !may)?;
        Some(format!(
            "cut off by the frame's {side} edge along {share:.2} of its box, over {limit}"
        ))
    }

    /// Why an instance is dropped beside the others of the run, whose median is `median`.
    pub(crate) fn beside(&self, edges: f64, median: f64) -> Option<String> {
        let least = self.min_edges * median;
        (edges < least).then(|| format!("blurred: edge narrowness {edges:.2}, under {least:.2}"))
    }
}
