//! Florence-2: an image and a task become a text.
//!
//! Reads the four graphs of `onnx-community/Florence-2-base-ft` and its like (`vision_encoder`,
//! `embed_tokens`, `encoder_model`, `decoder_model_merged`, of any width of number) and
//! `tokenizer.json`. The reference is `Florence2ForConditionalGeneration` of `transformers`.
//!
//! The published vision encoders were traced with a smaller image than they are used with, and
//! the scale of their channel attention froze: [`scales`] are the right ones, and they are put in
//! when a graph is opened.

mod decoding;

use anyhow::{Context, Result, ensure};
use onnx::{Contract, Dim, Kind, Model, Net, Options, Runtime, Tensor};
use vision::RgbImage;
use vision::resize::{PilFilter, pil};

use super::cache::kept;
use super::family::{Asked, Settings, Task, Tiles, Writer, Writes};
use super::generate::{Rules, Written, generate};
use super::seen;
use super::words::Words;
use crate::planes::{Order, valued};
use decoding::Decoding;

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// Side of the square that the published networks take, pixels.
pub const SIDE: u32 = 768;

/// Mean and standard deviation of the channels, of `ImageNet`.
const MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const DEVIATION: [f32; 3] = [0.229, 0.224, 0.225];

/// The marks of BART's vocabulary: a text begins with the first, ends with the second.
const BEGIN: i64 = 0;
const END: i64 = 2;

/// Blocks of each of the four stages of the published networks' vision encoder.
const BLOCKS: [usize; 4] = [1, 1, 9, 1];

/// One short sentence, a few sentences, a paragraph.
pub const TASKS: [Task; 3] = [
    Task {
        question: "What does the image describe?",
        tokens: 40,
    },
    Task {
        question: "Describe in detail what is shown in the image.",
        tokens: 128,
    },
    Task {
        question: "Describe with a paragraph what is shown in the image.",
        tokens: 256,
    },
];

/// Florence-2.
#[derive(Debug)]
pub(super) struct Florence2;

impl Writes for Florence2 {
    fn has_files(&self, model: &Model) -> bool {
        model.has("encoder_model")
    }

    fn prepare(&self, image: &RgbImage, side: u32, _: bool) -> Result<Tiles> {
        Ok(Tiles {
            tiles: vec![prepare(image, side)?],
            grid: [0, 0],
        })
    }

    fn open(&self, model: &Model, runtime: &Runtime) -> Result<Box<dyn Writer>> {
        Ok(Box::new(Florence::open(model, runtime)?))
    }

    fn question(&self, settings: &Settings) -> Option<&'static str> {
        Some(settings.task.question)
    }

    fn rules(&self, settings: &Settings, _: &Words) -> Result<Rules> {
        let most = settings.most.unwrap_or(settings.task.tokens);
        Ok(rules(most, settings.beams))
    }
}

impl Writer for Florence {
    fn decoder(&self) -> &Net {
        &self.decoder
    }

    fn side(&self) -> u32 {
        self.side
    }

    fn write(&mut self, asked: &[Asked], words: &Words, rules: &Rules) -> Result<Vec<Written>> {
        let images = asked.iter().flat_map(|asked| asked.image.tiles.clone());
        let images: Vec<_> = images.collect();
        // All are asked the same: the question of the task.
        let question = asked.first().map(|asked| asked.question.as_str());
        let ids = words.ids(question.unwrap_or_default(), true)?;
        self.written(&images, &ids, rules)
    }
}

/// The constants of a vision encoder that froze, by name, and what they have to be for images of
/// `side` pixels: `1 / sqrt(tokens)` of each stage, `4 / side` for the first and twice as much for
/// each other.
pub fn scales(side: u32) -> Vec<(String, f32)> {
    let mut scales = Vec::new();
    for (stage, blocks) in BLOCKS.iter().enumerate() {
        let scale = (4 << stage) as f32 / side as f32;
        scales.extend((0..*blocks).map(|block| {
            let place =
                format!("/blocks.{stage}/blocks.{stage}.{block}/channel_block/channel_attn/fn");
            (format!("{place}/Constant_6_output_0"), scale)
        }));
    }
    scales
}

/// An image as the network takes it, `[3, side, side]`: squashed to a square, by `ImageNet`'s mean
/// and deviation.
pub fn prepare(image: &RgbImage, side: u32) -> Result<Vec<f32>> {
    let square = pil(image, side, side, PilFilter::Bicubic)?;
    Ok(valued(&square, Order::Rgb, |plane, level| {
        (level / 255.0 - MEAN[plane]) / DEVIATION[plane]
    }))
}

/// How long a text may be, and with how many beams it is looked for.
pub fn rules(most: usize, beams: usize) -> Rules {
    Rules {
        most,
        ends: vec![END],
        first: Some(BEGIN),
        last: Some(END),
        no_repeat: 3,
        beams,
    }
}

/// The four graphs.
#[derive(Debug)]
pub struct Florence {
    vision: Net,
    embed: Net,
    encoder: Net,
    decoder: Net,
    /// Layers of the decoder, heads, numbers a head.
    layers: usize,
    heads: [usize; 2],
    side: u32,
}

impl Florence {
    /// Opens the graphs of `model`.
    pub fn open(model: &Model, runtime: &Runtime) -> Result<Self> {
        use Dim::Any;
        let light = half(model, "vision_encoder")?;
        let options = || Options {
            changing_shapes: true,
            light_optimization: light,
            ..Options::default()
        };
        let open =
            |part, contract: Contract| Net::open_with(model, part, runtime, &contract, options());
        let vision = vision(model, runtime)?;
        let embed = Contract::new()
            .input("input_ids", Kind::I64, &[Any, Any])
            .output("inputs_embeds", Kind::F32, &[Any, Any, Any]);
        let encoder = Contract::new()
            .input("attention_mask", Kind::I64, &[Any, Any])
            .input("inputs_embeds", Kind::F32, &[Any, Any, Any])
            .output("last_hidden_state", Kind::F32, &[Any, Any, Any]);
        let decoder = Contract::new()
            .input("encoder_attention_mask", Kind::I64, &[Any, Any])
            .input("encoder_hidden_states", Kind::F32, &[Any, Any, Any])
            .input("inputs_embeds", Kind::F32, &[Any, Any, Any])
            .input("use_cache_branch", Kind::Bool, &[Any])
            .and_more_inputs()
            .output("logits", Kind::F32, &[Any, Any, Any]);
        let decoder = open("decoder_model_merged", decoder)?;
        let (layers, heads) = kept(&decoder, ".decoder.key")?;
        let fixed = vision.inputs().first().and_then(|port| *port.shape.get(3)?);
        Ok(Self {
            layers,
            heads,
            side: fixed.map_or(SIDE, |side| side as u32),
            vision,
            embed: open("embed_tokens", embed)?,
            encoder: open("encoder_model", encoder)?,
            decoder,
        })
    }

    /// The features of images, `[images, tokens, width]`.
    pub fn features(&mut self, images: &[Vec<f32>]) -> Result<Tensor> {
        let side = self.side as usize;
        seen::features(&mut self.vision, images, |vision, images| {
            let pixels = Tensor::floats(&[images.len(), 3, side, side], images.concat())?;
            let mut answer = vision.run(&[("pixel_values", &pixels)])?;
            answer.take("image_features")
        })
    }

    /// What it writes of each of `images`, asked by the tokens of `prompt`.
    pub fn written(
        &mut self,
        images: &[Vec<f32>],
        prompt: &[i64],
        rules: &Rules,
    ) -> Result<Vec<Written>> {
        let rows = images.len();
        let features = self.features(images)?;
        let asked = Tensor::integers(&[rows, prompt.len()], prompt.repeat(rows))?;
        let asked = self
            .embed
            .run(&[("input_ids", &asked)])?
            .take("inputs_embeds")?;
        let joined = joined(&features, &asked)?;
        let length = joined.shape()[1];
        let mask = Tensor::integers(&[rows, length], vec![1; rows * length])?;
        let inputs = [("attention_mask", &mask), ("inputs_embeds", &joined)];
        let states = self.encoder.run(&inputs)?.take("last_hidden_state")?;
        let (mut decoding, logits) = Decoding::begin(self, mask, states, &vec![END; rows])?;
        decoding.spread(rows, rules.beams)?;
        generate(rows, &[END], &logits, rules, &mut decoding)
    }
}

/// Features and tokens of each row, one behind the other.
fn joined(features: &Tensor, asked: &Tensor) -> Result<Tensor> {
    let ([rows, tokens, width], [_, more, own]) = (cube(features)?, cube(asked)?);
    ensure!(
        width == own,
        "images have {width} features, but tokens have {own}: the graphs are of different models"
    );
    let (features, asked) = (features.as_floats()?, asked.as_floats()?);
    let mut joined = Vec::with_capacity(rows * (tokens + more) * width);
    for row in 0..rows {
        joined.extend_from_slice(&features[row * tokens * width..(row + 1) * tokens * width]);
        joined.extend_from_slice(&asked[row * more * width..(row + 1) * more * width]);
    }
    Tensor::floats(&[rows, tokens + more, width], joined)
}

fn cube(tensor: &Tensor) -> Result<[usize; 3]> {
    let shape = tensor.shape();
    shape
        .try_into()
        .ok()
        .context("the tensor does not have three axes")
}

/// The vision encoder, with its attention scales put right.
///
/// Full optimisation would fuse the frozen scales into products before they can be replaced.
pub fn vision(model: &Model, runtime: &Runtime) -> Result<Net> {
    use Dim::{Any, Is};
    let pixels = Contract::new()
        .input("pixel_values", Kind::F32, &[Any, Is(3), Any, Any])
        .output("image_features", Kind::F32, &[Any, Any, Any]);
    let constants = mended(model, SIDE)?;
    let options = Options {
        changing_shapes: true,
        give_back: true,
        light_optimization: !constants.is_empty() || half(model, "vision_encoder")?,
        constants,
    };
    Net::open_with(model, "vision_encoder", runtime, &pixels, options)
}

/// The frozen constants that are in the vision encoder's file, with their right values.
fn mended(model: &Model, side: u32) -> Result<Vec<(String, Tensor)>> {
    let path = model.path("vision_encoder")?;
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    let scales = scales(side);
    let all = scales.len();
    let there: Vec<_> = scales
        .into_iter()
        .filter(|(name, _)| holds(&bytes, name.as_bytes()))
        .collect();
    if there.len() < all {
        // A graph that was exported another way may need no mending: it cannot be told from here.
        let known = there.len();
        log::warn!(
            "{}: has {known} of the {all} attention scales that are known to be frozen: if its captions are poor, use another file",
            path.display()
        );
    }
    let one = |(name, scale): (String, f32)| Ok((name, Tensor::floats(&[], vec![scale])?));
    there.into_iter().map(one).collect()
}

fn holds(bytes: &[u8], name: &[u8]) -> bool {
    let Some(first) = name.first() else {
        return true;
    };
    let starts = bytes.iter().enumerate().filter(|(_, byte)| *byte == first);
    starts
        .into_iter()
        .any(|(at, _)| bytes[at..].starts_with(name))
}

/// Whether the file's name says that its numbers are of 16 bits, for which full optimisation
/// breaks the published graphs.
fn half(model: &Model, part: &str) -> Result<bool> {
    let path = model.path(part)?;
    Ok(path.to_string_lossy().contains("fp16") || path.to_string_lossy().contains("f16"))
}
