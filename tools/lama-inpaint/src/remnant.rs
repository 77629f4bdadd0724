//! What remains of the characters: a detector, and a segmenter, look at the filled image.

use answers::Answers;
use clap::Args;
use nets::detect::creatures::{self, CREATURES};
use nets::detect::{Detection, Detector, Settings};
use nets::sam::{OFFSET, Prompt, Segmenter, best};
use onnx::Runtime;
use stage::{Context, Result};
use vision::RgbImage;
use vision::mask::Mask;

use crate::hole::Hole;

const REMAINS: &str = "Remnants";

/// The word for the registry's own choice of a detector.
const DEFAULT: &str = "default";

/// What looks for remnants.
#[derive(Debug, Args)]
pub(crate) struct Look {
    /// Detector that searches the result for remnants of the characters, people or not (what char-detect
    /// calls `creatures`): a name in the registry, a path, or `default` for char-detect's own [default: no check]
    #[arg(long, value_name = "NAME|PATH", help_heading = REMAINS)]
    detector: Option<String>,

    /// Segmenter that makes masks of what the detector finds
    #[arg(long, value_name = "NAME|PATH", help_heading = REMAINS, requires = "detector")]
    segmenter: Option<String>,

    /// Lowest score of what the detector finds, 0 to 1
    #[arg(long, value_name = "SCORE", help_heading = REMAINS, value_parser = stage::share::<f32>, default_value_t = 0.3)]
    threshold: f32,
}

/// Those who look.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Finds boxes.
    pub(crate) detector: Detector,
    /// What it counts as found.
    pub(crate) settings: Settings,
    /// Makes masks of the boxes; without it a box is its own mask.
    pub(crate) segmenter: Option<Segmenter>,
}

/// What they found in the hole.
#[derive(Debug)]
pub(crate) struct Remnant {
    /// The largest share of something found that lies in the hole, 0 to 1; 0 where nothing does.
    pub(crate) share: f64,
    /// All that was found and has more than the limit in the hole.
    pub(crate) mask: Mask,
}

impl Watch {
    /// Opens what the flags name; `None` where they name no detector.
    pub(crate) fn open(look: &Look, runtime: &Runtime) -> Result<Option<Self>> {
        let Some(detector) = &look.detector else {
            stage::log::info!(
                "no --detector: results are not checked for remnants of the characters"
            );
            return Ok(None);
        };
        let named = Some(detector.as_str()).filter(|name| *name != DEFAULT);
        let model = runtime.model("detect", named)?;
        let segmenter = match &look.segmenter {
            Some(name) => {
                let model = runtime.model("segment", Some(name))?;
                Some(Segmenter::open(&model, runtime)?)
            }
            None => None,
        };
        let detector = Detector::open(&model, runtime)?;
        let settings = Settings {
            threshold: look.threshold,
            classes: creatures::named(vec![CREATURES.to_owned()], detector.layout()),
            ..Settings::default()
        };
        Ok(Some(Self {
            detector,
            settings,
            segmenter,
        }))
    }

    /// Answers in which those who look have a part.
    pub(crate) fn part(&self, answers: Answers) -> Answers {
        let answers = answers.and_by(" detector", self.detector.provenance());
        match &self.segmenter {
            Some(segmenter) => answers.and_by(" segmenter", segmenter.provenance()),
            None => answers,
        }
    }

    /// Looks at `image`, whose `hole` was filled.
    pub(crate) fn look(&mut self, image: &RgbImage, hole: &Hole, limit: f64) -> Result<Remnant> {
        let mut remnant = Remnant {
            share: 0.0,
            mask: Mask::new(image.width(), image.height())?,
        };
        let found = self.detector.detect(image, &self.settings)?;
        let mut touching = Vec::new();
        for detection in &found {
            let mask = boxed(detection, &hole.mask)?;
            if mask.intersection(&hole.mask)?.area() > 0 {
                touching.push((mask, detection));
            }
        }
        if touching.is_empty() {
            return Ok(remnant);
        }
        let masks = match &mut self.segmenter {
            Some(segmenter) => segmented(segmenter, image, &touching)?,
            None => touching.into_iter().map(|(mask, _)| mask).collect(),
        };
        for mask in masks {
            let share = mask.intersection(&hole.mask)?.area() as f64 / mask.area().max(1) as f64;
            remnant.share = remnant.share.max(share);
            if share > limit {
                remnant.mask = remnant.mask.union(&mask)?;
            }
        }
        Ok(remnant)
    }
}

/// The box of a detection as a mask of the size of `hole`.
fn boxed(found: &Detection, hole: &Mask) -> Result<Mask> {
    let rect = found.rect;
    let within = |x: u32, y: u32| {
        let (x, y) = (x as f32 + 0.5, y as f32 + 0.5);
        x > rect.left && x < rect.right && y > rect.top && y < rect.bottom
    };
    Ok(Mask::from_fn(hole.width(), hole.height(), within)?)
}

fn segmented(
    segmenter: &mut Segmenter,
    image: &RgbImage,
    found: &[(Mask, &Detection)],
) -> Result<Vec<Mask>> {
    let embedding = segmenter.encode(image)?;
    let mut masks = Vec::with_capacity(found.len());
    for (_, detection) in found {
        let prompt = Prompt::of_box(detection.rect.map(f64::from));
        let mut answers = segmenter.predict(&embedding, std::slice::from_ref(&prompt))?;
        let candidates = answers.pop().context("the segmenter gave no answer")?;
        let candidate = best(candidates).context("the segmenter gave no mask")?;
        masks.push(candidate.logits.cut(0.0, OFFSET)?.mask);
    }
    Ok(masks)
}
