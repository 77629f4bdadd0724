//! OWLv2, as transformers has it.
//!
//! | file | takes | gives |
//! |---|---|---|
//! | `onnx-community/owlv2-base-patch16-ensemble-ONNX`: `onnx/model.onnx` | `pixel_values` f32\[1,3,960,960\], `input_ids`, `attention_mask` i64\[Q,T\], T up to 16 | `logits` f32\[1,3600,Q\], `pred_boxes` f32\[1,3600,4\], `text_embeds`, `image_embeds` |
//!
//! Pixels are RGB, normalised as for CLIP; the image is padded with black at the right and below to a square, and its
//! boxes are shares of that square. Each phrase is a row of tokens, and a column of the answer. The reference is
//! `Owlv2ForObjectDetection` of transformers with its processor, which resizes images with another filter: the
//! levels differ by 2 of 255 at most.

use anyhow::{Context, Result, anyhow, ensure};
use onnx::{Contract, Dim, Kind, Model, Tensor};
use tokenizers::Tokenizer;
use vision::RgbImage;
use vision::mask::Mask;
use vision::resize::{PilFilter, pil};

use super::family::{Grounds, Pass, Texts};
use crate::family::Graph;
use crate::planes::{Order, planes};
use crate::tokenizer::tokenizer;

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// CLIP's mean, red, green, blue, of levels to 255: that of the repository openai/CLIP.
const MEAN: [f32; 3] = [
    0.481_454_66 * 255.0,
    0.457_827_5 * 255.0,
    0.408_210_73 * 255.0,
];

/// Its deviation.
const DEVIATION: [f32; 3] = [
    0.268_629_54 * 255.0,
    0.261_302_6 * 255.0,
    0.275_777_1 * 255.0,
];

/// Tokens of a phrase, those of its start and end included.
const ROOM: usize = 16;

/// OWLv2.
#[derive(Debug)]
pub(super) struct Owl;

impl Graph for Owl {
    fn contract(&self) -> Contract {
        use Dim::{Any, Is};
        Contract::new()
            .input("pixel_values", Kind::F32, &[Any, Is(3), Any, Any])
            .input("input_ids", Kind::I64, &[Any, Any])
            .input("attention_mask", Kind::I64, &[Any, Any])
            .output("logits", Kind::F32, &[Any, Any, Any])
            .output("pred_boxes", Kind::F32, &[Any, Any, Is(4)])
    }
}

impl Grounds for Owl {
    fn side(&self) -> u32 {
        960
    }

    // The reference's examples take 0.1 to 0.3.
    fn threshold(&self) -> f32 {
        0.2
    }

    // The reference suppresses nothing; neighbouring patches find the same.
    fn nms(&self) -> f32 {
        0.5
    }

    fn prepare(&self, image: &RgbImage, (width, height): (u32, u32)) -> Result<Vec<f32>> {
        let longest = image.width().max(image.height());
        // As large as a mask may be.
        Mask::new(longest, longest)?;
        let mut square = RgbImage::new(longest, longest);
        let rows = image.as_raw().chunks_exact(3 * image.width() as usize);
        let target: &mut [u8] = &mut square;
        for (to, from) in target.chunks_exact_mut(3 * longest as usize).zip(rows) {
            to[..from.len()].copy_from_slice(from);
        }
        let squashed = pil(&square, width, height, PilFilter::Bilinear)?;
        Ok(planes(&squashed, Order::Rgb, MEAN, DEVIATION))
    }

    fn span(&self, size: [f32; 2]) -> [f32; 2] {
        [size[0].max(size[1]); 2]
    }

    fn tokenizer(&self, model: &Model) -> Result<Tokenizer> {
        let path = model.path("tokenizer").context(
            "the vocabulary belongs to it: name a folder with the graph and its tokenizer.json",
        )?;
        tokenizer(path)
    }

    fn passes(&self, texts: &Texts<'_>) -> Result<Vec<Pass>> {
        let fixed = |axis: usize| texts.input("input_ids")?.shape.get(axis).copied().flatten();
        let room = fixed(1).unwrap_or(ROOM);
        let mut rows = Vec::new();
        for phrase in texts.phrases {
            let text = phrase.text.as_str();
            let encoding = texts.tokenizer.encode_fast(text, true);
            let encoding = encoding.map_err(|error| anyhow!("`{text}`: {error}"))?;
            let ids: Vec<i64> = encoding.get_ids().iter().copied().map(i64::from).collect();
            ensure!(
                ids.len() <= room,
                "`{text}`: {} tokens, but the network takes no phrase of more than {}",
                ids.len().saturating_sub(2),
                room.saturating_sub(2)
            );
            rows.push(ids);
        }
        // A graph of a fixed number of phrases is asked for the last one again, and that answer is not looked at.
        let most = fixed(0).unwrap_or(rows.len()).max(1);
        let places: Vec<usize> = (0..rows.len()).collect();
        let passes = places.chunks(most).map(|places| {
            let last = places.last().copied().unwrap_or_default();
            let filled = places.iter().copied().chain(std::iter::repeat(last));
            let count = fixed(0).unwrap_or(places.len());
            let (mut ids, mut mask) = (Vec::new(), Vec::new());
            for place in filled.take(count) {
                let row = &rows[place];
                ids.extend(
                    row.iter()
                        .copied()
                        .chain(std::iter::repeat_n(0, room - row.len())),
                );
                mask.extend((0..room).map(|at| i64::from(at < row.len())));
            }
            Ok(Pass {
                inputs: vec![
                    ("input_ids", Tensor::integers(&[count, room], ids)?),
                    ("attention_mask", Tensor::integers(&[count, room], mask)?),
                ],
                phrases: places
                    .iter()
                    .enumerate()
                    .map(|(column, place)| (*place, column..column + 1))
                    .collect(),
            })
        });
        passes.collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn the_image_lies_at_the_top_left_of_a_black_square() {
        let white = RgbImage::from_pixel(40, 20, [255; 3].into());
        let numbers = Owl.prepare(&white, (4, 4)).unwrap();
        let level = |x: usize, y: usize| numbers[y * 4 + x] * DEVIATION[0] + MEAN[0];
        assert!((level(3, 0) - 255.0).abs() < 1e-3);
        assert!(level(0, 3).abs() < 1e-3);
        let [across, down] = Owl.span([40.0, 20.0]);
        assert!((across - 40.0).abs() + (down - 40.0).abs() < 1e-6);
    }
}
