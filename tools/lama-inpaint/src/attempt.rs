//! Filling, looking, and trying again.

use nets::inpaint::Inpainter;
use serde::{Deserialize, Serialize};
use stage::Result;
use vision::RgbImage;
use vision::mask::Mask;

use crate::fill::{fill, fullest};
use crate::fog::fog;
use crate::hole::{Growth, Hole};
use crate::measure::look;
use crate::patch::Patch;
use crate::remnant::Watch;
use crate::verdict::{Figures, Limits, Verdict};

/// How holes are made and filled.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Plan {
    pub(crate) growth: Growth,
    pub(crate) limits: Limits,
    /// How often to try at most.
    pub(crate) tries: u32,
}

/// What is remembered of a hole.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) figures: Figures,
    /// What was filled; none where the hole is too large.
    pub(crate) patch: Option<Patch>,
}

/// One try.
struct Attempt {
    result: RgbImage,
    hole: Hole,
    figures: Figures,
    /// What was seen of the characters, for the next try.
    remnant: Mask,
}

/// Fills an image until nothing shows, or to the last try, and keeps the best.
///
/// The second try has twice the dilation and takes in what remained; the third also sees twice the
/// context.
pub(crate) fn attempts(
    network: &mut Inpainter,
    watch: &mut Option<Watch>,
    plan: &Plan,
    image: &RgbImage,
    mask: &Mask,
) -> Result<Answer> {
    let mut mask = mask.clone();
    let mut best: Option<Attempt> = None;
    let mut tried = 0;
    while tried < plan.tries {
        let growth = if tried == 0 {
            plan.growth
        } else {
            plan.growth.doubled()
        };
        let hole = Hole::of(&mask, growth)?;
        let wide = tried >= 2 || fullest(&hole, 1.0)? > plan.limits.hole;
        let context = if wide { 2.0 } else { 1.0 };
        if wide && fullest(&hole, context)? > plan.limits.hole {
            break;
        }
        if tried == 0 && hole.share() > plan.limits.invented {
            return unfilled(&mask, plan, Verdict::Invented);
        }
        tried += 1;
        let attempt = attempt(network, watch.as_mut(), plan, image, hole, context)?;
        mask = mask.union(&attempt.remnant)?;
        let badness = |attempt: &Attempt| attempt.figures.badness(&plan.limits);
        if best
            .as_ref()
            .is_none_or(|best| badness(&attempt) < badness(best))
        {
            best = Some(attempt);
        }
        if best
            .as_ref()
            .is_some_and(|best| best.figures.verdict == Verdict::Clean)
        {
            break;
        }
    }
    let Some(mut best) = best else {
        return unfilled(&mask, plan, Verdict::TooLarge);
    };
    best.figures.tries = tried;
    let patch = Patch::of(&best.result, &best.hole.mask)?;
    Ok(Answer {
        figures: best.figures,
        patch: Some(patch),
    })
}

fn unfilled(mask: &Mask, plan: &Plan, verdict: Verdict) -> Result<Answer> {
    Ok(Answer {
        figures: Figures {
            hole: rounded(Hole::of(mask, plan.growth)?.share()),
            seam: None,
            texture: None,
            fog: None,
            remnant: None,
            tries: 0,
            verdict,
        },
        patch: None,
    })
}

fn attempt(
    network: &mut Inpainter,
    watch: Option<&mut Watch>,
    plan: &Plan,
    image: &RgbImage,
    hole: Hole,
    context: f64,
) -> Result<Attempt> {
    let result = fill(network, image, &hole, context)?;
    let seen = look(&result, &hole.mask)?;
    let limit = plan.limits.remnant;
    let remnant = watch
        .map(|watch| watch.look(&result, &hole, limit))
        .transpose()?;
    let mut figures = Figures {
        hole: rounded(hole.share()),
        seam: seen.seam.map(rounded),
        texture: seen.texture.map(rounded),
        fog: fog(&result, &hole.mask)?.map(|share| rounded(share * hole.share())),
        remnant: remnant.as_ref().map(|remnant| rounded(remnant.share)),
        tries: 1,
        verdict: Verdict::Clean,
    };
    figures.verdict = figures.judge(&plan.limits);
    let remnant = match remnant {
        Some(remnant) => remnant.mask,
        None => Mask::new(image.width(), image.height())?,
    };
    Ok(Attempt {
        result,
        hole,
        figures,
        remnant,
    })
}

fn rounded(figure: f64) -> f64 {
    stage::manifest::rounded(figure, 4)
}
