//! Segment Anything: masks of whatever a box or a point is on.
//!
//! Reads the published ONNX files of SAM 2 (samexporter, with or without `orig_im_size`), SAM 2.1
//! (`onnx-community`), SAM 1 and `MobileSAM` (segment-anything's own export, samexporter, Acly), and
//! tells them apart by the names of their ports; see [`ROLE`]. Each is two graphs: an encoder that
//! sees the image once, and a decoder that answers prompts.
//!
//! The processing is that of facebookresearch/sam2 and facebookresearch/segment-anything.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! # let (flags, image) = (onnx::ModelFlags::default(), vision::RgbImage::new(640, 360));
//! use nets::sam::{OFFSET, Prompt, Segmenter, best};
//! let model = flags.open("segment")?;
//! let mut segmenter = Segmenter::open(&model, &flags.runtime)?;
//! let embedding = segmenter.encode(&image)?;
//! let prompts = [Prompt::of_box([100.0, 40.0, 220.0, 350.0].into())];
//! for candidates in segmenter.predict(&embedding, &prompts)? {
//!     let Some(candidate) = best(candidates) else { continue };
//!     let mask = candidate.logits.cut(0.0, OFFSET)?.mask; // of 640x360 pixels
//! }
//! # Ok(())
//! # }
//! ```

mod automatic;
mod family;
mod logits;
mod prompts;
mod regions;
mod sam1;
mod sam2;
mod sam21;
mod together;

use anyhow::{Context, Result, bail};
use onnx::{Contract, Kind, Model, Net, Provenance, Runtime, listed};
use vision::RgbImage;

use crate::family::{Family, Role};

pub use automatic::{Automatic, Segment};
pub(crate) use family::normalised;
pub use family::{Embedding, FRAME, Feature, Frame, Layout, Point, Prepared, Prompt, Segments};
pub use logits::{Candidate, Cut, Logits, best};

/// The offset of the stability of all references: [`Logits::cut`].
pub const OFFSET: f32 = 1.0;

/// How many prompts it is good to give at once: each answer takes 0.8 MB until it is cut.
pub const PROMPTS: usize = 64;

/// The families of segmenters. A name may have several, which differ in what their graphs do by themselves.
pub const ROLE: Role<dyn Segments> = Role {
    what: "segmenter",
    signs: "",
    families: &[
        Family::new("sam21", sam21::ANSWER, &sam21::Sam21),
        Family::new("sam1", sam1::ANSWER, &sam1::NORMALISED),
        Family::new("sam1", sam1::ANSWER, &sam1::RAW),
        Family::new("sam2", sam2::ANSWER, &sam2::PLAIN),
        Family::new("sam2", sam2::ANSWER, &sam2::SIZED),
    ],
};

/// A SAM that is ready to run.
#[derive(Debug)]
pub struct Segmenter {
    encoder: Net,
    decoder: Net,
    layout: &'static Layout,
    /// How many prompts go into one run of the decoder.
    together: usize,
}

impl Segmenter {
    /// Opens a model, and tries whether its decoder answers several prompts at once as it answers
    /// them one by one; if not, it is given one at a time.
    pub fn open(model: &Model, runtime: &Runtime) -> Result<Self> {
        let graph =
            |wanted: &str| Net::open(model, part(model, wanted)?, runtime, &Contract::new());
        let (mut encoder, decoder) = (graph("encoder")?, graph("decoder")?);
        let layout = layout(model, &encoder, &decoder)?;
        encoder.read_by(layout.name, layout.answer);
        let mut segmenter = Self {
            encoder,
            decoder,
            layout,
            together: 1,
        };
        if segmenter.answers_together() {
            segmenter.together = PROMPTS;
        }
        Ok(segmenter)
    }

    /// How its files are laid out; [`Layout::scaled`] makes its input.
    pub fn layout(&self) -> &'static Layout {
        self.layout
    }

    /// Which network this is.
    pub fn provenance(&self) -> &Provenance {
        self.encoder.provenance()
    }

    /// Shows the encoder an image.
    pub fn encode(&mut self, image: &RgbImage) -> Result<Embedding> {
        let prepared = self.layout.scaled(image)?;
        self.encode_prepared(&prepared)
    }

    /// Shows the encoder an image that is prepared already.
    pub fn encode_prepared(&mut self, image: &Prepared) -> Result<Embedding> {
        let name = self.encoder.inputs().first().map(|port| port.name.clone());
        let name = name.unwrap_or_default();
        let mut outputs = self.encoder.run(&[(&name, &image.tensor)])?;
        let names = self.layout.features().iter();
        let tensors: Result<_> = names.map(|(name, _)| outputs.take(name)).collect();
        Ok(Embedding {
            tensors: tensors?,
            frame: image.frame,
        })
    }

    /// Answers prompts on an image: for each the masks that the network offers, one to three.
    ///
    /// Where a SAM 1 decoder gives four, these are the ones that its own single-mask export chooses
    /// among (`select_masks` of segment-anything's `SamOnnxModel`): the whole by itself for more
    /// than two points, the three others for less.
    pub fn predict(
        &mut self,
        embedding: &Embedding,
        prompts: &[Prompt],
    ) -> Result<Vec<Vec<Candidate>>> {
        prompts.iter().try_for_each(Prompt::check)?;
        let shape = |prompt: &Prompt| (prompt.points.len(), prompt.rect.is_some());
        let mut answers = Vec::with_capacity(prompts.len());
        for group in prompts.chunk_by(|first, second| shape(first) == shape(second)) {
            answers.extend(self.predict_alike(embedding, group)?);
        }
        Ok(answers)
    }
}

/// The layout of two open graphs, which keep its contracts: the one that recognises them.
fn layout(model: &Model, encoder: &Net, decoder: &Net) -> Result<&'static Layout> {
    let mut layouts = ROLE.families.iter();
    let found = layouts.find(|layout| layout.recognises(encoder.inputs(), decoder.inputs()));
    let layout = found.with_context(|| {
        let [encoder, decoder] = [encoder, decoder].map(|net| listed(net.inputs()));
        let name = model.name();
        format!("{name}: not a known SAM: its encoder takes {encoder}, its decoder {decoder}")
    })?;
    let (mut gives, mut takes) = (layout.encoder(), layout.decoder());
    for (name, shape) in layout.features() {
        gives = gives.output(name, Kind::F32, shape);
        takes = takes.input(name, Kind::F32, shape);
    }
    for (net, contract, part) in [(decoder, takes, "decoder"), (encoder, gives, "encoder")] {
        let kept = contract.check(net.inputs(), net.outputs());
        kept.with_context(|| format!("{}: not the {part} of a SAM", model.name()))?;
    }
    Ok(layout)
}

/// The name of the model's only graph for `wanted`, `encoder` or `decoder`. Published decoders have
/// both words in their names, and data files beside them.
fn part<'a>(model: &'a Model, wanted: &str) -> Result<&'a str> {
    let graphs = model.files().iter().filter(|file| {
        let is_graph = file.path.extension().is_some_and(|ending| ending == "onnx");
        let decodes = file.part.contains("decoder");
        let is_one = decodes || file.part.contains("encoder");
        is_graph && is_one && decodes == (wanted == "decoder")
    });
    let parts: Vec<&str> = graphs.map(|file| file.part.as_str()).collect();
    match parts[..] {
        [part] => Ok(part),
        [] => bail!(
            "{}: no {wanted}: a SAM is a folder of two graphs, one with `encoder` and one with \
             `decoder` in its name",
            model.name()
        ),
        _ => bail!(
            "{}: the {wanted} may be {}: keep one of them in the folder",
            model.name(),
            parts.join(" or ")
        ),
    }
}
