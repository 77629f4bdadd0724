//! `SmolVLM`: an image and a question become a text.
//!
//! Reads the three graphs of `HuggingFaceTB/SmolVLM-256M-Instruct` and `-500M-Instruct`
//! (`vision_encoder`, `embed_tokens`, `decoder_model_merged`, of any width of number) and
//! `tokenizer.json`. The reference is `SmolVLMForConditionalGeneration` of `transformers` and its
//! image processor.

mod decoding;

use anyhow::{Context, Result, ensure};
use onnx::{Contract, Dim, Kind, Model, Net, Options, Runtime, Tensor};
use vision::RgbImage;
use vision::resize::{PilFilter, pil};

use super::cache::kept;
use super::family::{Asked, Settings, Tiles, Writer, Writes};
use super::generate::{Rules, Written, generate};
use super::seen;
use super::words::Words;
use crate::planes::{Order, square, valued};
use decoding::Decoding;

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// Side of a tile of the published networks, pixels.
pub const SIDE: u32 = 512;

/// Tiles a side of the largest image: 2048 pixels.
const LARGEST: u32 = 4;

/// The marks of the vocabulary.
const IMAGE: &str = "<image>";
const AROUND: &str = "<fake_token_around_image>";
const GLOBAL: &str = "<global-img>";
const END: &str = "<end_of_utterance>";

/// Tokens that an answer may have where nothing else is said.
const MOST: usize = 128;

/// `SmolVLM`.
#[derive(Debug)]
pub(super) struct Chat;

impl Writes for Chat {
    fn has_files(&self, model: &Model) -> bool {
        model.has("decoder_model_merged")
    }

    fn prepare(&self, image: &RgbImage, side: u32, split: bool) -> Result<Tiles> {
        prepare(image, side, split)
    }

    fn open(&self, model: &Model, runtime: &Runtime) -> Result<Box<dyn Writer>> {
        Ok(Box::new(SmolVlm::open(model, runtime)?))
    }

    fn rules(&self, settings: &Settings, words: &Words) -> Result<Rules> {
        Ok(Marks::of(words)?.rules(settings.most.unwrap_or(MOST)))
    }
}

impl Writer for SmolVlm {
    fn decoder(&self) -> &Net {
        &self.decoder
    }

    fn side(&self) -> u32 {
        self.side
    }

    // Images whose prompts are the same go through together.
    fn write(&mut self, asked: &[Asked], words: &Words, rules: &Rules) -> Result<Vec<Written>> {
        let marks = Marks::of(words)?;
        let mut prompts = Vec::with_capacity(asked.len());
        for Asked { image, question } in asked {
            let features = self.features(&image.tiles)?;
            let tokens = features.shape().get(1).copied().unwrap_or_default();
            let prompt = prompt(question, image.grid, tokens);
            prompts.push((words.ids(&prompt, false)?, features));
        }
        let mut written = Vec::with_capacity(prompts.len());
        let mut rest = prompts;
        while !rest.is_empty() {
            let same = rest.iter().take_while(|(ids, _)| *ids == rest[0].0).count();
            let after = rest.split_off(same);
            let (mut ids, features): (Vec<_>, Vec<_>) = rest.into_iter().unzip();
            written.extend(self.written(&features, &ids.swap_remove(0), marks, rules)?);
            rest = after;
        }
        Ok(written)
    }
}

/// An image as the network takes it. With `split` large images become tiles; without, there is
/// the whole image alone, squashed to a square, with a tenth of the tokens.
pub fn prepare(image: &RgbImage, side: u32, split: bool) -> Result<Tiles> {
    let (width, height) = longest(image.dimensions(), side * LARGEST);
    let mut image = pil(image, width, height, PilFilter::Lanczos)?;
    let mut tiles = Vec::new();
    let mut grid = [0, 0];
    // -1 to 1.
    let numbers = |tile: &RgbImage| valued(tile, Order::Rgb, |_, level| level / 127.5 - 1.0);
    if split {
        let (width, height) = whole_tiles((width, height), side);
        image = pil(&image, width, height, PilFilter::Lanczos)?;
        grid = [height / side, width / side];
        for (row, column) in
            (0..grid[0]).flat_map(|row| (0..grid[1]).map(move |column| (row, column)))
        {
            tiles.push(numbers(&square(&image, column * side, row * side, side)?));
        }
    }
    tiles.push(numbers(&pil(&image, side, side, PilFilter::Lanczos)?));
    Ok(Tiles { tiles, grid })
}

/// The size with its longer side `longest` pixels and the other even, as the reference rounds it;
/// 1 where nothing would be left of it.
fn longest((width, height): (u32, u32), longest: u32) -> (u32, u32) {
    let aspect = f64::from(width) / f64::from(height);
    let even = |side: f64| (side as u32).next_multiple_of(2).max(1);
    if width >= height {
        (longest, even(f64::from(longest) / aspect))
    } else {
        (even(f64::from(longest) * aspect), longest)
    }
}

/// The size rounded up to whole tiles, as the reference does it: the longer side first.
fn whole_tiles((width, height): (u32, u32), side: u32) -> (u32, u32) {
    let aspect = f64::from(width) / f64::from(height);
    if width >= height {
        let width = width.next_multiple_of(side);
        (
            width,
            ((f64::from(width) / aspect) as u32).next_multiple_of(side),
        )
    } else {
        let height = height.next_multiple_of(side);
        (
            ((f64::from(height) * aspect) as u32).next_multiple_of(side),
            height,
        )
    }
}

/// The chat's text that asks `question` of an image of `grid` tiles, each of `tokens` tokens.
///
/// ```
/// let text = nets::caption::smolvlm::prompt("What?", [0, 0], 2);
/// assert_eq!(text, "<|im_start|>User:<fake_token_around_image><global-img><image><image>\
///     <fake_token_around_image>What?<end_of_utterance>\nAssistant:");
/// ```
pub fn prompt(question: &str, grid: [u32; 2], tokens: usize) -> String {
    let image = IMAGE.repeat(tokens);
    let mut block = String::new();
    for row in 1..=grid[0] {
        for column in 1..=grid[1] {
            block.extend([AROUND, &format!("<row_{row}_col_{column}>"), &image]);
        }
        block.push('\n');
    }
    if grid[0] > 0 {
        block.push('\n');
    }
    // What marks the tokens must not stand in what a user writes.
    let question = question.replace('<', "< ");
    format!("<|im_start|>User:{block}{AROUND}{GLOBAL}{image}{AROUND}{question}{END}\nAssistant:")
}

/// The tokens of a vocabulary that mean something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    /// Stands where the features of an image go.
    pub image: i64,
    /// Ends a text.
    pub end: i64,
}

impl Marks {
    /// Looks them up.
    pub fn of(words: &Words) -> Result<Self> {
        let id = |mark| {
            words
                .id(mark)
                .with_context(|| format!("tokenizer.json: has no `{mark}`, so it is not SmolVLM's"))
        };
        Ok(Self {
            image: id(IMAGE)?,
            end: id(END)?,
        })
    }

    /// How long a text may be; it is chosen greedily.
    pub fn rules(&self, most: usize) -> Rules {
        Rules {
            most,
            ends: vec![self.end],
            first: None,
            last: None,
            no_repeat: 0,
            beams: 1,
        }
    }
}

/// The three graphs.
#[derive(Debug)]
pub struct SmolVlm {
    vision: Net,
    embed: Net,
    decoder: Net,
    layers: usize,
    heads: [usize; 2],
    side: u32,
}

impl SmolVlm {
    /// Opens the graphs of `model`.
    pub fn open(model: &Model, runtime: &Runtime) -> Result<Self> {
        use Dim::{Any, Is};
        let open = |part, contract: Contract| {
            let options = Options {
                changing_shapes: true,
                give_back: part == "vision_encoder",
                ..Options::default()
            };
            Net::open_with(model, part, runtime, &contract, options)
        };
        let vision = Contract::new()
            .input("pixel_values", Kind::F32, &[Any, Any, Is(3), Any, Any])
            .input("pixel_attention_mask", Kind::Bool, &[Any, Any, Any, Any])
            .output("image_features", Kind::F32, &[Any, Any, Any]);
        let embed = Contract::new()
            .input("input_ids", Kind::I64, &[Any, Any])
            .output("inputs_embeds", Kind::F32, &[Any, Any, Any]);
        let decoder = Contract::new()
            .input("inputs_embeds", Kind::F32, &[Any, Any, Any])
            .input("attention_mask", Kind::I64, &[Any, Any])
            .input("position_ids", Kind::I64, &[Any, Any])
            .and_more_inputs()
            .output("logits", Kind::F32, &[Any, Any, Any]);
        let vision = open("vision_encoder", vision)?;
        let decoder = open("decoder_model_merged", decoder)?;
        let (layers, heads) = kept(&decoder, ".key")?;
        let pixels = vision
            .inputs()
            .iter()
            .find(|port| port.name == "pixel_values");
        let side = pixels
            .and_then(|port| port.shape[4])
            .map_or(SIDE, |side| side as u32);
        Ok(Self {
            layers,
            heads,
            side,
            vision,
            embed: open("embed_tokens", embed)?,
            decoder,
        })
    }

    /// The features of an image's tiles, `[tiles, tokens, width]`.
    pub fn features(&mut self, tiles: &[Vec<f32>]) -> Result<Tensor> {
        let side = self.side as usize;
        seen::features(&mut self.vision, tiles, |vision, tiles| {
            let pixels = Tensor::floats(&[1, tiles.len(), 3, side, side], tiles.concat())?;
            let mask = vec![true; tiles.len() * side * side];
            let mask = Tensor::truths(&[1, tiles.len(), side, side], mask)?;
            let inputs = [("pixel_values", &pixels), ("pixel_attention_mask", &mask)];
            vision.run(&inputs)?.take("image_features")
        })
    }

    /// What it writes of images with these `features`, all asked by the tokens of `prompt`.
    pub fn written(
        &mut self,
        features: &[Tensor],
        prompt: &[i64],
        marks: Marks,
        rules: &Rules,
    ) -> Result<Vec<Written>> {
        let rows = features.len();
        ensure!(rules.beams == 1, "SmolVLM runs without beams");
        let ids = Tensor::integers(&[rows, prompt.len()], prompt.repeat(rows))?;
        let embedded = self
            .embed
            .run(&[("input_ids", &ids)])?
            .take("inputs_embeds")?;
        let shape = embedded.shape();
        let width = *shape.last().context("embeddings without axes")?;
        let mut numbers = embedded.as_floats()?.into_owned();
        for (row, features) in numbers.chunks_mut(prompt.len() * width).zip(features) {
            let features = features.as_floats()?;
            let places: Vec<usize> = (0..prompt.len())
                .filter(|place| prompt[*place] == marks.image)
                .collect();
            ensure!(
                places.len() * width == features.len(),
                "an image has {} features of {width} for {} places in the prompt",
                features.len() / width,
                places.len()
            );
            for (place, feature) in places.into_iter().zip(features.chunks(width)) {
                row[place * width..(place + 1) * width].copy_from_slice(feature);
            }
        }
        let embedded = Tensor::floats(&shape, numbers)?;
        let (mut decoding, logits) = Decoding::begin(self, &embedded)?;
        generate(rows, prompt, &logits, rules, &mut decoding)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn sizes_are_those_of_the_reference() {
        // 1920 x 1080: 2048 x 1152, then 2048 x 1536 in 3 rows of 4.
        assert_eq!(longest((1920, 1080), 2048), (2048, 1152));
        assert_eq!(whole_tiles((2048, 1152), 512), (2048, 1536));
        assert_eq!(longest((1000, 999), 2048), (2048, 2046));
        assert_eq!(longest((100, 300), 2048), (682, 2048));
    }

    #[test]
    fn tiles_come_row_by_row_and_the_whole_last() {
        let image = RgbImage::from_fn(80, 40, |x, _| [if x < 40 { 0 } else { 255 }; 3].into());
        let tiles = prepare(&image, 16, true).unwrap();
        assert_eq!((tiles.grid, tiles.tiles.len()), ([2, 4], 9));
        assert!((tiles.tiles[0][0] + 1.0).abs() < 1e-6 && (tiles.tiles[3][0] - 1.0).abs() < 1e-6);
        let whole = &tiles.tiles[8];
        assert!((whole[0] + 1.0).abs() < 1e-6 && (whole[15] - 1.0).abs() < 1e-6);
        assert_eq!(prepare(&image, 16, false).unwrap().tiles.len(), 1);
    }

    #[test]
    fn a_split_prompt_names_its_tiles() {
        let text = prompt("Say <image>", [1, 2], 1);
        assert!(
            text.contains(
                "<row_1_col_1><image><fake_token_around_image><row_1_col_2><image>\n\n<fake"
            ),
            "{text}"
        );
        assert_eq!(text.matches("<image>").count(), 3, "a user's mark is none");
    }
}
