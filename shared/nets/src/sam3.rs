//! SAM 3, which segments everything that words name, or that looks like an example (Carion and others, *SAM 3: Segment
//! Anything with Concepts*, 2025).
//!
//! Reads the three graphs of wkentaro/sam3-onnx-models, which lie in one folder beside their `.onnx.data` files:
//!
//! | graph | takes | gives |
//! |---|---|---|
//! | image encoder | `image` u8 `[3,1008,1008]`, RGB; normalised inside | `backbone_fpn_0` to `_2`, `vision_pos_enc_2` |
//! | language encoder | `tokens` i64 `[1,32]` of CLIP, then zeros | `text_attention_mask`, `text_memory` |
//! | decoder | these, the image's size, and boxes | `masks` bool `[N,1,H,W]` of the image's size, `scores` |
//!
//! The image is squeezed into a square, as by `Sam3ImageProcessor` of transformers: fitted into one with a margin, it is
//! not what the network was trained on. The boxes are examples, centre and size as shares of the image; `box_masks` is
//! true for a box that does not count, and where there is none such a box stands (osam's `_models/sam3`). A box without
//! words goes with the word `visual`, as in Meta's own processor.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use onnx::{Contract, Dim, Kind, Model, Net, Options, Outputs, Provenance, Runtime, Tensor};
use vision::mask::Mask;
use vision::resize::{PilFilter, pil};
use vision::{Rect, RgbImage};

use crate::embed::{self, text::Words};

/// The number of its answers: raised whenever the same image would be answered otherwise.
pub const ANSWER: u32 = 2;

/// The name of the family.
const NAME: &str = "sam3";

/// The side of its images, in pixels.
pub const SIDE: u32 = 1008;

/// The tokens of words.
const TOKENS: usize = 32;

/// What stands for words where a box alone is asked by.
const VISUAL: &str = "visual";

/// What the image encoder gives for the decoder.
const FEATURES: [&str; 4] = [
    "backbone_fpn_0",
    "backbone_fpn_1",
    "backbone_fpn_2",
    "vision_pos_enc_2",
];

/// The families of this role, each with the number of its answers.
pub fn answers() -> Vec<(&'static str, u32)> {
    vec![(NAME, ANSWER)]
}

/// Whether a model is one of words: it has a language encoder.
pub fn is_one(model: &Model) -> bool {
    model.family().map_or_else(
        || {
            model
                .files()
                .iter()
                .any(|file| file.part.contains("language"))
        },
        |family| family == NAME,
    )
}

/// An image as the network takes it.
#[derive(Debug)]
pub struct Prepared {
    /// `[3,1008,1008]`, levels.
    pub levels: Vec<u8>,
    /// Width and height of the image, pixels.
    pub size: [u32; 2],
}

/// The network's input of an image.
pub fn prepare(image: &RgbImage) -> Result<Prepared> {
    let square = pil(image, SIDE, SIDE, PilFilter::Bilinear)?;
    let plane = |channel: usize| square.as_raw().iter().skip(channel).step_by(3).copied();
    Ok(Prepared {
        levels: (0..3).flat_map(plane).collect(),
        size: [image.width(), image.height()],
    })
}

/// What is asked for: everything that words name, or everything like what is in a box, in pixels of the image.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// A noun phrase, such as `a furry blue creature`.
    pub words: String,
    /// An example.
    pub like: Option<Rect<f64>>,
}

impl Asked {
    /// Everything that a phrase names.
    pub fn words(words: &str) -> Self {
        Self {
            words: words.to_owned(),
            like: None,
        }
    }

    /// What is in a box, and everything like it.
    pub fn like(rect: Rect<f64>) -> Self {
        Self {
            words: VISUAL.to_owned(),
            like: Some(rect),
        }
    }
}

/// One thing that was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its mask, of the image's size.
    pub mask: Mask,
    /// How sure the network is, 0 to 1.
    pub score: f32,
}

/// Words as the decoder takes them.
#[derive(Debug)]
struct Language {
    mask: Tensor,
    memory: Tensor,
}

/// A SAM 3 that is ready to run.
pub struct Segmenter {
    image: Net,
    language: Net,
    decoder: Net,
    words: Words,
    /// Words that were asked for before.
    known: HashMap<String, Arc<Language>>,
}

impl Segmenter {
    /// Opens a model of the role `segment` that [`is_one`] of words.
    ///
    /// # Errors
    /// A graph or a tokenizer that is missing, or is another than the table says.
    pub fn open(model: &Model, runtime: &Runtime) -> Result<Self> {
        use Dim::{Any, Is};
        let image = Contract::new().input("image", Kind::U8, &[Is(3), Any, Any]);
        let image = FEATURES.iter().fold(image, |contract, name| {
            contract.output(name, Kind::F32, &[Any, Any, Any, Any])
        });
        let language = Contract::new()
            .input("tokens", Kind::I64, &[Any, Is(TOKENS)])
            .output("text_attention_mask", Kind::Bool, &[Any, Any])
            .output("text_memory", Kind::F32, &[Any, Any, Any]);
        let decoder = Contract::new()
            .input("original_height", Kind::I64, &[])
            .input("original_width", Kind::I64, &[])
            .input("language_mask", Kind::Bool, &[Any, Any])
            .input("language_features", Kind::F32, &[Any, Any, Any])
            .input("box_coords", Kind::F32, &[Any, Any, Is(4)])
            .input("box_labels", Kind::I64, &[Any, Any])
            .input("box_masks", Kind::Bool, &[Any, Any])
            .and_more_inputs()
            .output("masks", Kind::Bool, &[Any, Any, Any, Any])
            .output("scores", Kind::F32, &[Any]);
        let open = |wanted: &str, contract: &Contract| {
            let options = Options {
                changing_shapes: true,
                ..Options::default()
            };
            Net::open_with(model, part(model, wanted)?, runtime, contract, options)
        };
        let clip = embed::ROLE.named("clip")?;
        let words = Words::read(model.path("tokenizer")?, Some(clip));
        let mut image = open("image_encoder", &image)?;
        image.read_by(NAME, ANSWER);
        Ok(Self {
            image,
            language: open("language_encoder", &language)?,
            decoder: open("decoder", &decoder)?,
            words: words.with_context(|| model.name().to_owned())?,
            known: HashMap::new(),
        })
    }

    /// Which network it is.
    pub fn provenance(&self) -> &Provenance {
        self.image.provenance()
    }

    /// What there is in an image of each thing that is asked for, the surest first. The image is looked at once,
    /// and not at all where nothing is asked for.
    pub fn find(&mut self, prepared: Prepared, asked: &[Asked]) -> Result<Vec<Vec<Found>>> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let side = SIDE as usize;
        let image = Tensor::bytes(&[3, side, side], prepared.levels)?;
        let features = self.image.run(&[("image", &image)])?;
        let find = |asked| self.decode(&features, prepared.size, asked);
        asked.iter().map(find).collect()
    }

    fn decode(
        &mut self,
        features: &Outputs,
        [width, height]: [u32; 2],
        asked: &Asked,
    ) -> Result<Vec<Found>> {
        let language = if let Some(known) = self.known.get(&asked.words) {
            Arc::clone(known)
        } else {
            let read = Arc::new(self.read(&asked.words)?);
            self.known.insert(asked.words.clone(), Arc::clone(&read));
            read
        };
        let size = |side: u32| Tensor::integers(&[], vec![side.into()]);
        let (high, wide) = (size(height)?, size(width)?);
        let example = asked.like.map(|rect| share(rect, width, height));
        let coordinates = example.unwrap_or_default().to_vec();
        let coordinates = Tensor::floats(&[1, 1, 4], coordinates)?;
        let labels = Tensor::integers(&[1, 1], vec![1])?;
        let empty = Tensor::truths(&[1, 1], vec![example.is_none()])?;
        let mut inputs = vec![
            ("original_height", &high),
            ("original_width", &wide),
            ("language_mask", &language.mask),
            ("language_features", &language.memory),
            ("box_coords", &coordinates),
            ("box_labels", &labels),
            ("box_masks", &empty),
        ];
        for name in FEATURES {
            inputs.push((name, features.get(name)?));
        }
        let outputs = self.decoder.run(&inputs)?;
        let mut found = read(&outputs, [width, height])?;
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        Ok(found)
    }

    /// Reads words, of which the first 30 tokens count.
    fn read(&mut self, words: &str) -> Result<Language> {
        let mut ids = self.words.ids(words)?;
        if let Some(end) = ids.last().copied().filter(|_| ids.len() > TOKENS) {
            ids.truncate(TOKENS);
            ids[TOKENS - 1] = end;
        }
        ids.resize(TOKENS, 0);
        let tokens = Tensor::integers(&[1, TOKENS], ids)?;
        let mut outputs = self.language.run(&[("tokens", &tokens)])?;
        Ok(Language {
            mask: outputs.take("text_attention_mask")?,
            memory: outputs.take("text_memory")?,
        })
    }
}

/// A box as the decoder takes it: the middle, width and height, as shares of the image.
fn share(rect: Rect<f64>, width: u32, height: u32) -> [f32; 4] {
    let (width, height) = (f64::from(width), f64::from(height));
    let [x, y] = rect.middle();
    [
        x / width,
        y / height,
        rect.width() / width,
        rect.height() / height,
    ]
    .map(|share| share as f32)
}

/// What the decoder gives for an image of this width and height.
fn read(outputs: &Outputs, [width, height]: [u32; 2]) -> Result<Vec<Found>> {
    let (masks, scores) = (outputs.get("masks")?, outputs.get("scores")?.as_floats()?);
    let pixels = width as usize * height as usize;
    let shape = masks.shape();
    ensure!(
        shape == [scores.len(), 1, height as usize, width as usize],
        "the graph gives masks of {shape:?} and {} scores for an image of {width}x{height}",
        scores.len()
    );
    let found = masks
        .as_truths()?
        .chunks_exact(pixels.max(1))
        .zip(scores.iter());
    let found = found.map(|(inside, score)| {
        Ok(Found {
            mask: Mask::from_pixels(width, height, inside.to_vec())?,
            score: *score,
        })
    });
    found.collect()
}

/// The name of the model's only graph for `wanted`; data files beside it have the same word in theirs.
fn part<'a>(model: &'a Model, wanted: &str) -> Result<&'a str> {
    let graphs = model.files().iter().filter(|file| {
        let is_graph = file.path.extension().is_some_and(|ending| ending == "onnx");
        is_graph && file.part.contains(wanted)
    });
    let parts: Vec<&str> = graphs.map(|file| file.part.as_str()).collect();
    match parts[..] {
        [part] => Ok(part),
        _ => bail!(
            "{}: {} graphs with `{wanted}` in their names instead of one: a SAM 3 is a folder of an image encoder, a \
             language encoder, a decoder and a tokenizer",
            model.name(),
            parts.len()
        ),
    }
}
