//! The detectors, and what they say of an image at each scale.

use std::sync::Arc;

use answers::{Answers, ImageFile};
use nets::face::{Detector, Face, Input, Plan};
use onnx::{ModelFlags, Provenance};
use serde::{Deserialize, Serialize};
use stage::{Key, Record, Result};
use vision::RgbImage;

use crate::TOOL;

/// Flags of the detectors and their scales.
#[derive(Debug, clap::Args)]
pub(crate) struct Flags {
    #[command(flatten)]
    model: ModelFlags,

    /// Second detector, which decides about doubtful faces: a name in the registry or an ONNX file
    #[arg(long, value_name = "NAME|PATH", help_heading = "Network")]
    second: Option<String>,

    /// Ignore faces with a score below this [default: as the registry says for the model, or 0.5]
    #[arg(long, value_name = "SCORE", value_parser = stage::share::<f32>)]
    threshold: Option<f32>,

    /// Detect in the image shrunk or enlarged to these long sides, in pixels
    #[arg(long, value_name = "PIXELS,…", value_delimiter = ',', default_values_t = [640, 320],
        value_parser = clap::value_parser!(u32).range(32..=4096))]
    scales: Vec<u32>,
}

/// One look at an image: which detector, and at which long side in pixels.
#[derive(Debug, Clone)]
struct Pass {
    detector: usize,
    scale: u32,
    plan: Plan,
    threshold: f32,
}

/// How images are looked at; for use on any thread.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    pub(crate) answers: Answers,
    passes: Vec<Pass>,
    networks: Vec<Provenance>,
}

/// The detectors, ready to run.
pub(crate) struct Detectors {
    detectors: Vec<Detector>,
    search: Search,
}

/// What the passes found, in their order.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) passes: Vec<Vec<Face>>,
    /// The image, while it is still in memory.
    #[serde(skip)]
    pub(crate) image: Option<Arc<RgbImage>>,
}

/// An image, made ready for each pass.
pub(crate) struct Ready {
    image: Arc<RgbImage>,
    inputs: Vec<Input>,
}

impl Detectors {
    pub(crate) fn open(flags: &Flags) -> Result<Self> {
        let runtime = &flags.model.runtime;
        let mut models = vec![flags.model.open("face")?];
        if let Some(second) = &flags.second {
            models.push(runtime.model("face", Some(second))?);
        }
        let (mut detectors, mut passes) = (Vec::new(), Vec::new());
        for (number, model) in models.iter().enumerate() {
            let detector = Detector::open(model, runtime)?;
            let plan = detector.plan();
            let threshold = match flags.threshold {
                Some(threshold) => threshold,
                None => model.parameter("threshold")?.unwrap_or(0.5),
            };
            let scales = if plan.has_scales() {
                &flags.scales[..]
            } else {
                &flags.scales[..1]
            };
            passes.extend(scales.iter().map(|scale| Pass {
                detector: number,
                scale: *scale,
                plan: plan.clone(),
                threshold,
            }));
            detectors.push(detector);
        }
        let networks = { detectors.iter() }.map(|detector| detector.provenance().clone());
        let networks: Vec<Provenance> = networks.collect();
        let asked = networks.iter().zip(["", ".second"]);
        let answers = asked.fold(TOOL.answers(), |answers, (network, suffix)| {
            answers.and_by(suffix, network)
        });
        let looks: Vec<_> = { passes.iter() }
            .map(|pass| (pass.detector, pass.scale, pass.threshold))
            .collect();
        Ok(Self {
            search: Search {
                answers: answers.with(&looks)?,
                passes,
                networks,
            },
            detectors,
        })
    }

    pub(crate) fn search(&self) -> Search {
        self.search.clone()
    }

    /// Runs every pass over each image.
    pub(crate) fn run(&mut self, images: Vec<Ready>) -> Result<Vec<Result<Found>>> {
        let run = |Ready { image, inputs }| {
            let pairs = self.search.passes.iter().zip(inputs);
            let passes =
                pairs.map(|(pass, input)| self.detectors[pass.detector].run(input, pass.threshold));
            Ok(Ok(Found {
                passes: passes.collect::<Result<_>>()?,
                image: Some(image),
            }))
        };
        images.into_iter().map(run).collect()
    }
}

impl Search {
    /// Reads the file and names what the passes will find in it.
    pub(crate) fn look(&self, record: &Record) -> Result<(Key, ImageFile)> {
        let file = ImageFile::of(record)?;
        Ok((self.answers.key(file.bytes()), file))
    }

    /// Decodes the image and makes the input of every pass.
    pub(crate) fn prepare(&self, file: ImageFile) -> Result<Ready> {
        let image = file.rgb()?;
        let inputs = self
            .passes
            .iter()
            .map(|pass| pass.plan.prepare(&image, pass.scale));
        Ok(Ready {
            inputs: file.named(|_| inputs.collect::<Result<_>>())?,
            image: Arc::new(image),
        })
    }

    /// The network of a pass.
    pub(crate) fn network(&self, pass: usize) -> &Provenance {
        &self.networks[self.passes[pass].detector]
    }

    /// Whether two passes are of the same detector.
    pub(crate) fn same_detector(&self, one: usize, other: usize) -> bool {
        self.passes[one].detector == self.passes[other].detector
    }
}
