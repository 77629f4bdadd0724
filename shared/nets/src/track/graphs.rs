//! The five graphs, and what runs through them.

use anyhow::{Context, Result, ensure};
use onnx::Dim::{Any, Is};
use onnx::{Contract, Dim, Kind, Model, Net, Provenance, Runtime, Tensor};
use vision::resize::{PilFilter, pil};
use vision::{Rect, RgbImage};

use super::bank::{Bank, Way};
use super::memory::{Constants, Memory, Sizes, assembled, pointer_rows};
use crate::sam::{Logits, normalised};

/// The labels of points, as the prompt encoder has learnt them.
const NONE: i64 = -1;
const UPPER_LEFT: i64 = 2;
const LOWER_RIGHT: i64 = 3;

/// A SAM 2.1 with memory that is ready to run.
#[derive(Debug)]
pub struct Tracker {
    encoder: Net,
    decoder: Net,
    memory_encoder: Net,
    attention: Net,
    pointers: Net,
    sizes: Sizes,
    rows: Vec<Vec<f32>>,
    /// Positions of a memory in the image, which are the same for every frame.
    place: Option<Vec<f32>>,
}

/// Planes of any size.
const PLANES: &[Dim] = &[Any, Any, Any, Any];

/// Rows of any size and number.
const ROWS: &[Dim] = &[Any, Any, Any];

/// What `vision_encoder` takes and gives.
fn encoder() -> Contract {
    let image = Contract::new().input("pixel_values", Kind::F32, &[Any, Is(3), Any, Any]);
    let features = [
        "feats0",
        "feats1",
        "feats2",
        "feats2_no_mem",
        "vision_pos_embed",
    ];
    { features.into_iter() }.fold(image, |contract, name| {
        contract.output(name, Kind::F32, PLANES)
    })
}

/// What `mask_decoder` takes and gives.
fn decoder() -> Contract {
    Contract::new()
        .input("feats0", Kind::F32, PLANES)
        .input("feats1", Kind::F32, PLANES)
        .input("feats2_cond", Kind::F32, PLANES)
        .input("input_points", Kind::F32, &[Any, Any, Any, Is(2)])
        .input("input_labels", Kind::I64, ROWS)
        .output("low_res_mask", Kind::F32, PLANES)
        .output("high_res_mask", Kind::F32, PLANES)
        .output("iou", Kind::F32, &[Any, Any])
        .output("object_score_logits", Kind::F32, ROWS)
        .output("object_pointer", Kind::F32, ROWS)
}

/// What `memory_encoder` gives; the shape of one of its inputs is another in every export.
fn memory_encoder() -> Contract {
    Contract::new()
        .output("memory_tokens", Kind::F32, ROWS)
        .output("memory_pos", Kind::F32, ROWS)
}

/// What `memory_attention` takes and gives.
fn attention() -> Contract {
    Contract::new()
        .input("current_vision_features", Kind::F32, ROWS)
        .input("current_vision_position_embeddings", Kind::F32, ROWS)
        .input("memory", Kind::F32, ROWS)
        .input("memory_pos", Kind::F32, ROWS)
        .output("conditioned_feats", Kind::F32, PLANES)
}

/// An image as the encoder takes it.
#[derive(Debug)]
pub struct Scaled {
    tensor: Tensor,
    size: (u32, u32),
}

/// What the encoder says of a frame; all its objects share it.
#[derive(Debug)]
pub struct Features {
    fine: Tensor,
    middle: Tensor,
    coarse: Tensor,
    /// The same, of a frame that looks back on nothing.
    alone: Tensor,
    /// `coarse` and its positions, a row for each cell.
    cells: Tensor,
    positions: Tensor,
    size: (u32, u32),
}

/// An object in a frame.
#[derive(Debug)]
pub struct Found {
    /// Its mask, before it is cut.
    pub logits: Logits,
    /// What the network takes the mask's intersection over union with the truth to be.
    pub iou: f32,
    /// Whether the object is in the frame: above 0 it is.
    pub presence: f32,
    mask: Tensor,
    pointer: Vec<f32>,
}

impl Tracker {
    /// Opens a folder of the five graphs and `constants.json`.
    ///
    /// # Errors
    /// A file that is missing, graphs of other ports, sizes that do not go together.
    pub fn open(model: &Model, runtime: &Runtime) -> Result<Self> {
        let open = |part: &str, contract: Contract| Net::open(model, part, runtime, &contract);
        let mut encoder = open("vision_encoder", encoder())?;
        encoder.read_by(super::NAME, super::ANSWER);
        let attention = open("memory_attention", attention())?;
        let Constants { rows } = Constants::read(model)?;
        let sizes = Sizes::of(encoder.inputs(), attention.inputs(), rows.len());
        let sizes = sizes.with_context(|| model.name().to_owned())?;
        ensure!(
            rows.iter().all(|row| row.len() == sizes.memory),
            "{}: constants.json has rows of other than {} numbers",
            model.name(),
            sizes.memory
        );
        Ok(Self {
            encoder,
            decoder: open("mask_decoder", decoder())?,
            memory_encoder: open("memory_encoder", memory_encoder())?,
            attention,
            pointers: open("pointer_tpos", Contract::new())?,
            sizes,
            rows,
            place: None,
        })
    }

    /// Which network this is.
    pub fn provenance(&self) -> &Provenance {
        self.encoder.provenance()
    }

    /// The side of the square that the encoder sees, pixels.
    pub fn side(&self) -> u32 {
        self.sizes.side as u32
    }

    /// Scales and normalises an image for an encoder of this side; pure, and best done on another thread
    /// than the one that runs the network. It is squeezed into the square by Pillow's bilinear filter, as
    /// `torchvision.transforms.Resize` does.
    pub fn scaled(side: u32, image: &RgbImage) -> Result<Scaled> {
        let small =
            pil(image, side, side, PilFilter::Bilinear).context("an image for the tracker")?;
        Ok(Scaled {
            tensor: normalised(&small, side as usize, false)?,
            size: image.dimensions(),
        })
    }

    /// Shows the encoder a frame.
    pub fn encode(&mut self, image: &Scaled) -> Result<Features> {
        let mut outputs = self.encoder.run(&[("pixel_values", &image.tensor)])?;
        let coarse = outputs.take("feats2")?;
        let positions = outputs.take("vision_pos_embed")?;
        Ok(Features {
            fine: outputs.take("feats0")?,
            middle: outputs.take("feats1")?,
            cells: self.by_cells(&coarse)?,
            positions: self.by_cells(&positions)?,
            coarse,
            alone: outputs.take("feats2_no_mem")?,
            size: image.size,
        })
    }

    /// The object in a box of a frame, in pixels of the image, whatever other frames show.
    pub fn prompt(&mut self, frame: &Features, rect: Rect<f64>) -> Result<Found> {
        let side = self.sizes.side as f64;
        let (width, height) = (f64::from(frame.size.0), f64::from(frame.size.1));
        let [left, top, right, bottom] = rect.scale(side / width, side / height).edges();
        let corners = [[left, top], [right, bottom]];
        self.decode(frame, &frame.alone, &corners, &[UPPER_LEFT, LOWER_RIGHT])
    }

    /// The object that `bank` remembers, in frame `number` of a shot of `frames` frames.
    pub fn follow(
        &mut self,
        frame: &Features,
        bank: &Bank<Memory>,
        (number, way, frames): (usize, Way, usize),
    ) -> Result<Found> {
        let sizes = self.sizes;
        let plan = bank.plan(number, way, frames, sizes.places);
        let plan = plan.filled(sizes.places);
        let pointers = pointer_rows(&mut self.pointers, &plan, sizes.memory)?;
        let place = self.place.as_deref().unwrap_or_default();
        let (memory, positions) = assembled(&sizes, bank, &plan, (place, &self.rows), &pointers)?;
        let mut outputs = self.attention.run(&[
            ("current_vision_features", &frame.cells),
            ("current_vision_position_embeddings", &frame.positions),
            ("memory", &memory),
            ("memory_pos", &positions),
        ])?;
        let knowing = outputs.take("conditioned_feats")?;
        // A point of no meaning: nothing says where the object is but the memory.
        self.decode(frame, &knowing, &[[0.0, 0.0]], &[NONE])
    }

    /// What is to be remembered of an object in a frame; `prompted` where it was prompted.
    pub fn remember(&mut self, frame: &Features, found: &Found, prompted: bool) -> Result<Memory> {
        let presence = Tensor::floats(&[1, 1], vec![found.presence])?;
        let port = { self.memory_encoder.inputs().iter() }.find(|port| port.name == "binarize");
        let axes = port.map_or(0, |port| port.shape.len());
        let binarize = Tensor::floats(&vec![1; axes], vec![if prompted { 1.0 } else { 0.0 }])?;
        let outputs = self.memory_encoder.run(&[
            ("feats2", &frame.coarse),
            ("high_res_mask", &found.mask),
            ("object_score_logits", &presence),
            ("binarize", &binarize),
        ])?;
        let numbers = self.sizes.cells * self.sizes.memory;
        let whole = |name: &str| -> Result<Vec<f32>> {
            let all = outputs.get(name)?.as_floats()?.into_owned();
            ensure!(
                all.len() == numbers,
                "`{name}` has {} numbers, and not {numbers}",
                all.len()
            );
            Ok(all)
        };
        if self.place.is_none() {
            self.place = Some(whole("memory_pos")?);
        }
        Ok(Memory {
            tokens: whole("memory_tokens")?,
            pointer: found.pointer.clone(),
        })
    }

    fn decode(
        &mut self,
        frame: &Features,
        knowing: &Tensor,
        points: &[[f64; 2]],
        labels: &[i64],
    ) -> Result<Found> {
        let count = points.len();
        let points = points.as_flattened().iter().map(|at| *at as f32);
        let points = Tensor::floats(&[1, 1, count, 2], points.collect())?;
        let labels = Tensor::integers(&[1, 1, count], labels.to_vec())?;
        let mut outputs = self.decoder.run(&[
            ("feats0", &frame.fine),
            ("feats1", &frame.middle),
            ("feats2_cond", knowing),
            ("input_points", &points),
            ("input_labels", &labels),
        ])?;
        let coarse = outputs.get("low_res_mask")?;
        let side = coarse.shape().last().copied().unwrap_or(0);
        let logits = Logits::new(coarse.as_floats()?.into_owned(), side, frame.size)?;
        let number = |name: &str| -> Result<f32> {
            let all = outputs.get(name)?.as_floats()?;
            all.first()
                .copied()
                .with_context(|| format!("`{name}` is empty"))
        };
        let (iou, presence) = (number("iou")?, number("object_score_logits")?);
        let pointer = outputs.get("object_pointer")?.as_floats()?.into_owned();
        ensure!(
            pointer.len() == self.sizes.channels,
            "a pointer of {} numbers, and not {}",
            pointer.len(),
            self.sizes.channels
        );
        Ok(Found {
            logits,
            iou,
            presence,
            mask: outputs.take("high_res_mask")?,
            pointer,
        })
    }

    /// Planes of channels as rows of cells.
    fn by_cells(&self, planes: &Tensor) -> Result<Tensor> {
        let Sizes {
            cells, channels, ..
        } = self.sizes;
        let numbers = planes.as_floats()?;
        ensure!(
            numbers.len() == cells * channels,
            "features of {} numbers, and not of {channels} channels of {cells} cells",
            numbers.len()
        );
        let by_cell = (0..cells).flat_map(|cell| (0..channels).map(move |at| at * cells + cell));
        let numbers = by_cell.map(|at| numbers[at]).collect();
        Tensor::floats(&[cells, 1, channels], numbers)
    }
}
