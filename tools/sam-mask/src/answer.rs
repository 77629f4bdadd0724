//! From a record to the network's masks, which are remembered.

use answers::{Answers, ImageFile};
use clap::Args;
use nets::sam::{Automatic, Layout, OFFSET, PROMPTS, Prepared, Prompt, Segmenter, best};
use serde::{Deserialize, Serialize};
use stage::{Key, Record, Result};
use vision::mask::Rle;
use vision::{Rect, RgbImage, decode};

use crate::prompt::{self, Wanted};

/// Flags of the automatic mask generator.
#[derive(Debug, Clone, Args)]
pub(crate) struct Auto {
    /// Segment everything: prompt with a grid of points, and keep the stable masks
    #[arg(long = "auto", conflicts_with_all = ["points", "grow_boxes"], help_heading = "Everything")]
    everything: bool,

    /// Points along each side of the grid
    #[arg(long, value_name = "N", default_value_t = 32, requires = "everything", help_heading = "Everything",
          value_parser = clap::value_parser!(u32).range(1..=256))]
    points_per_side: u32,

    /// Lowest stability of a mask, 0 to 1: how little it changes with its threshold
    #[arg(long, value_name = "SHARE", default_value_t = 0.95, requires = "everything", help_heading = "Everything",
          value_parser = stage::share::<f64>)]
    stability: f64,

    /// Layers of crops to search as well: 1 adds 2x2 crops, 2 adds 4x4 more
    #[arg(long, value_name = "LAYERS", default_value_t = 0, requires = "everything", help_heading = "Everything",
          value_parser = clap::value_parser!(u32).range(0..=3))]
    crop_layers: u32,

    /// Divide the points per side by this in each further layer of crops
    #[arg(long, value_name = "N", default_value_t = 1, requires = "everything", help_heading = "Everything",
          value_parser = clap::value_parser!(u32).range(1..=8))]
    crop_points_downscale: u32,

    /// Close holes and drop islands of fewer pixels than this
    #[arg(
        long,
        value_name = "PIXELS",
        default_value_t = 0,
        requires = "everything",
        help_heading = "Everything"
    )]
    min_region: u64,
}

impl Auto {
    /// Whether everything is to be segmented.
    pub(crate) fn is_on(&self) -> bool {
        self.everything
    }

    /// What the flags ask for, with the defaults of the reference; `None` without `--auto`.
    pub(crate) fn settings(&self, layout: &Layout, threshold: Option<f64>) -> Option<Automatic> {
        let usual = Automatic::new(layout);
        self.everything.then(|| Automatic {
            points_per_side: self.points_per_side,
            least_iou: threshold.map_or(usual.least_iou, |least| least as f32),
            least_stability: self.stability,
            crop_layers: self.crop_layers,
            crop_points_downscale: self.crop_points_downscale,
            least_region: self.min_region,
            ..usual
        })
    }
}

/// What is to be done with every record.
pub(crate) struct Task {
    pub(crate) answers: Answers,
    /// Where the points are, if not boxes are taken.
    pub(crate) points: Option<String>,
    /// By which share boxes are grown.
    pub(crate) grow: f64,
    /// The logit over which a pixel is in a mask of a prompt.
    pub(crate) cut: f32,
    /// How everything is cut out, if it is.
    pub(crate) everything: Option<Automatic>,
    pub(crate) layout: &'static Layout,
}

/// A record that was looked at.
pub(crate) struct Seen {
    file: ImageFile,
    prompts: Vec<Prompt>,
}

/// A record that is ready for the network.
pub(crate) struct Input {
    file: ImageFile,
    width: u32,
    height: u32,
    work: Work,
}

enum Work {
    /// Nothing is asked for.
    Nothing,
    /// Prompts, with the number that each has in the record.
    Prompted(Prepared, Vec<(usize, Prompt)>),
    Everything(RgbImage, Prepared),
}

/// The masks of a record.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) masks: Vec<Found>,
}

/// A mask.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Found {
    /// Which prompt it answers.
    pub(crate) prompt: usize,
    /// COCO's compressed run lengths.
    pub(crate) counts: String,
    /// The predicted quality.
    pub(crate) score: f32,
    /// How little it depends on its threshold; `None` of a network that cuts its masks itself.
    pub(crate) stability: Option<f64>,
    /// The point and the crop in which it was found without a prompt.
    pub(crate) place: Option<([f64; 2], Rect)>,
}

impl Task {
    /// What a record asks for; nothing in particular where everything is cut out.
    pub(crate) fn wanted(&self, record: &Record) -> Result<Vec<Wanted>> {
        match (&self.everything, &self.points) {
            (Some(_), _) => Ok(Vec::new()),
            (None, Some(pointer)) => prompt::points(record, pointer),
            (None, None) => prompt::boxes(record),
        }
    }

    pub(crate) fn look(&self, record: &Record) -> Result<(Key, Seen)> {
        let file = ImageFile::of(record)?;
        let prompts = self.wanted(record)?.into_iter().map(|wanted| wanted.prompt);
        let prompts: Vec<Prompt> = prompts.collect();
        let clicks = |prompt: &Prompt| -> Vec<_> {
            let points = prompt.points.iter();
            points.map(|point| (point.at, point.inside)).collect()
        };
        let asked: Vec<_> = prompts
            .iter()
            .map(|prompt| (clicks(prompt), prompt.rect))
            .collect();
        let key = self.answers.key(file.bytes()).settings(&asked)?;
        Ok((key, Seen { file, prompts }))
    }

    pub(crate) fn prepare(&self, seen: Seen) -> Result<Input> {
        let Seen { file, prompts } = seen;
        let size = file.named(decode::dimensions_from_bytes)?;
        let (width, height) = (size.width, size.height);
        let prompts = prompts.into_iter().enumerate();
        let prompts = prompts.filter_map(|(at, mut prompt)| {
            if let Some(rect) = prompt.rect {
                prompt.rect = Some(prompt::grown(rect, self.grow, (width, height))?);
            }
            Some((at, prompt))
        });
        let prompts: Vec<_> = prompts.collect();
        let work = if self.everything.is_none() && prompts.is_empty() {
            Work::Nothing
        } else {
            let image = file.rgb()?;
            let prepared = file.named(|_| self.layout.scaled(&image))?;
            match self.everything {
                Some(_) => Work::Everything(image, prepared),
                None => Work::Prompted(prepared, prompts),
            }
        };
        Ok(Input {
            file,
            width,
            height,
            work,
        })
    }

    /// Runs the network. One mask of the image's size is held at a time, by each thread.
    pub(crate) fn infer(&self, segmenter: &mut Segmenter, input: Input) -> Result<Answer> {
        let masks = input
            .file
            .named(|_| match (&input.work, &self.everything) {
                (Work::Everything(image, prepared), Some(settings)) => {
                    everything(segmenter, image, prepared, settings)
                }
                (Work::Prompted(prepared, prompts), _) => {
                    prompted(segmenter, prepared, prompts, self.cut)
                }
                _ => Ok(Vec::new()),
            })?;
        Ok(Answer {
            width: input.width,
            height: input.height,
            masks,
        })
    }
}

fn prompted(
    segmenter: &mut Segmenter,
    prepared: &Prepared,
    prompts: &[(usize, Prompt)],
    threshold: f32,
) -> Result<Vec<Found>> {
    let mut masks = Vec::new();
    let embedding = segmenter.encode_prepared(prepared)?;
    for part in prompts.chunks(PROMPTS) {
        let prompts: Vec<Prompt> = part.iter().map(|(_, prompt)| prompt.clone()).collect();
        let answers = segmenter.predict(&embedding, &prompts)?;
        for ((prompt, _), candidates) in part.iter().zip(answers) {
            let Some(candidate) = best(candidates) else {
                continue;
            };
            let cut = candidate.logits.cut(threshold, OFFSET)?;
            masks.push(Found {
                prompt: *prompt,
                counts: Rle::encode(&cut.mask).to_coco_string(),
                score: candidate.iou,
                stability: Some(cut.stability),
                place: None,
            });
        }
    }
    Ok(masks)
}

fn everything(
    segmenter: &mut Segmenter,
    image: &RgbImage,
    prepared: &Prepared,
    settings: &Automatic,
) -> Result<Vec<Found>> {
    let segments = segmenter.everything(image, prepared, settings)?;
    let found = segments.into_iter().map(|segment| Found {
        prompt: 0,
        counts: segment.mask.to_coco_string(),
        score: segment.iou,
        stability: Some(segment.stability),
        place: Some((segment.point, segment.crop)),
    });
    Ok(found.collect())
}
