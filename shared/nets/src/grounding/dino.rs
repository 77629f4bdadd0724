//! Grounding DINO, as transformers has it.
//!
//! | file | takes | gives |
//! |---|---|---|
//! | `mtbui2010/grounding-dino-tiny-fixedmask-ONNX`: `model-fixedmask.onnx` | `pixel_values` f32\[1,3,800,800\], `pixel_mask` i64\[1,800,800\], `input_ids`, `attention_mask`, `token_type_ids` i64\[1,L\], L up to 256 | `logits` f32\[1,900,256\], `pred_boxes` f32\[1,900,4\] |
//! | `onnx-community/grounding-dino-tiny-ONNX`: `onnx/model.onnx` | the same | the same, for the first phrase |
//!
//! Pixels are RGB, normalised as for `ImageNet`; the image is squashed into the input. The graphs make the mask and the
//! positions of the text themselves; one that takes them is given them. The reference is
//! `GroundingDinoForObjectDetection` of transformers with its processor, but for what is made of the logits: there, the
//! label of a box is made of all tokens over a threshold, so that words of several phrases mix. Here, it is the phrase
//! whose surest token is the surest of all, and boxes that lie over each other are suppressed phrase by phrase.

use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use onnx::{Contract, Dim, Kind, Model, Tensor};
use tokenizers::Tokenizer;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::bert::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use vision::RgbImage;
use vision::resize::{PilFilter, pil};

use super::family::{Grounds, Pass, Texts};
use super::frozen;
use super::prompt::{END, Prompt, ROOM, START, STOP, blocks, pack, plain};
use crate::family::Graph;
use crate::planes::{Order, planes};
use crate::tokenizer::tokenizer;

/// The number of its answers.
pub(super) const ANSWER: u32 = 2;

/// `ImageNet`'s mean, red, green, blue, of levels to 255.
const MEAN: [f32; 3] = [0.485 * 255.0, 0.456 * 255.0, 0.406 * 255.0];

/// Its deviation.
const DEVIATION: [f32; 3] = [0.229 * 255.0, 0.224 * 255.0, 0.225 * 255.0];

/// Grounding DINO.
#[derive(Debug)]
pub(super) struct Dino;

impl Graph for Dino {
    fn contract(&self) -> Contract {
        use Dim::{Any, Is};
        Contract::new()
            .input("pixel_values", Kind::F32, &[Any, Is(3), Any, Any])
            .input("input_ids", Kind::I64, &[Any, Any])
            .and_more_inputs()
            .output("logits", Kind::F32, &[Any, Any, Any])
            .output("pred_boxes", Kind::F32, &[Any, Any, Is(4)])
    }
}

impl Grounds for Dino {
    fn side(&self) -> u32 {
        800
    }

    // The demonstrations take 0.3 to 0.4, transformers 0.25.
    fn threshold(&self) -> f32 {
        0.3
    }

    // The reference suppresses nothing; several queries may find the same.
    fn nms(&self) -> f32 {
        0.7
    }

    // The published graphs are of a square; the exporter measured 49.5 mAP with it on COCO, and 49.1 with the aspect kept.
    fn prepare(&self, image: &RgbImage, (width, height): (u32, u32)) -> Result<Vec<f32>> {
        let squashed = pil(image, width, height, PilFilter::Bilinear)?;
        Ok(planes(&squashed, Order::Rgb, MEAN, DEVIATION))
    }

    fn span(&self, size: [f32; 2]) -> [f32; 2] {
        size
    }

    fn tokenizer(&self, model: &Model) -> Result<Tokenizer> {
        let said = |error: tokenizers::Error| anyhow!("{error}");
        let whole = model.has("tokenizer");
        let path = model.path(if whole { "tokenizer" } else { "vocab" });
        let path = path.context(
            "the vocabulary belongs to it: name a folder with the graph and its vocab.txt or tokenizer.json",
        )?;
        let named = || path.display().to_string();
        let tokenizer = if whole {
            tokenizer(path)?
        } else {
            let bytes = std::fs::read(path).with_context(named)?;
            let words = WordPiece::read_bytes(&bytes)
                .map_err(said)
                .with_context(named)?;
            let words = WordPiece::builder().vocab(words).build();
            let words = words.map_err(said).with_context(named)?;
            let mut tokenizer = Tokenizer::new(words);
            tokenizer
                .with_normalizer(Some(BertNormalizer::new(true, true, None, true)))
                .with_pre_tokenizer(Some(BertPreTokenizer));
            tokenizer
        };
        for (token, id) in [("[CLS]", START), ("[SEP]", END), (".", STOP)] {
            ensure!(
                tokenizer.token_to_id(token).map(i64::from) == Some(id),
                "{}: not the vocabulary of Grounding DINO, BERT's uncased one: `{token}` is not {id} in it",
                path.display()
            );
        }
        Ok(tokenizer)
    }

    fn apart(&self, graph: &Path) -> Result<bool> {
        frozen::is(graph)
    }

    fn passes(&self, texts: &Texts<'_>) -> Result<Vec<Pass>> {
        let input = texts.input("input_ids");
        let fixed = input.and_then(|port| port.shape.get(1).copied().flatten());
        let room = fixed.unwrap_or(ROOM).min(ROOM);
        let prompts = pack(&tokens(texts, room)?, room, texts.apart).into_iter();
        prompts.map(|prompt| pass(prompt, texts, fixed)).collect()
    }
}

/// The tokens of each phrase, for prompts of at most `room`.
fn tokens(texts: &Texts<'_>, room: usize) -> Result<Vec<Vec<i64>>> {
    let unknown = texts.tokenizer.token_to_id("[UNK]").map(i64::from);
    let mut phrases = Vec::new();
    for phrase in texts.phrases {
        let text = phrase.text.as_str();
        let encoding = texts.tokenizer.encode_fast(plain(text), false);
        let encoding = encoding.map_err(|error| anyhow!("`{text}`: {error}"))?;
        let ids: Vec<i64> = encoding.get_ids().iter().copied().map(i64::from).collect();
        ensure!(
            ids.iter().any(|id| Some(*id) != unknown),
            "`{text}`: the network has none of its letters in its vocabulary: ask in English"
        );
        ensure!(
            ids.len() + 3 <= room,
            "`{text}`: {} tokens, but the network takes no phrase of more than {}",
            ids.len(),
            room.saturating_sub(3)
        );
        phrases.push(ids);
    }
    Ok(phrases)
}

/// The inputs of a prompt, as far as the graph has them; of `length` tokens where it says how many.
fn pass(prompt: Prompt, texts: &Texts<'_>, length: Option<usize>) -> Result<Pass> {
    let Prompt { mut ids, phrases } = prompt;
    let own = ids.len();
    let length = length.unwrap_or(own);
    ids.resize(length, 0);
    let shape = [1, length];
    let (sees, positions) = blocks(&ids)?;
    let (width, height) = (texts.size.0 as usize, texts.size.1 as usize);
    let mask = (0..length).map(|place| i64::from(place < own)).collect();
    let all = [
        ("input_ids", Tensor::integers(&shape, ids)?),
        ("attention_mask", Tensor::integers(&shape, mask)?),
        ("token_type_ids", Tensor::integers(&shape, vec![0; length])?),
        ("position_ids", Tensor::integers(&shape, positions)?),
        (
            "text_token_mask",
            Tensor::truths(&[1, length, length], sees)?,
        ),
        // The static graphs do not treat padding rightly: all of it is image.
        (
            "pixel_mask",
            Tensor::integers(&[1, height, width], vec![1; height * width])?,
        ),
    ];
    for port in texts.inputs {
        ensure!(
            port.name == "pixel_values" || all.iter().any(|(name, _)| *name == port.name),
            "input `{}` is not known of Grounding DINO",
            port.name
        );
    }
    let inputs = all
        .into_iter()
        .filter(|(name, _)| texts.input(name).is_some());
    Ok(Pass {
        inputs: inputs.collect(),
        phrases,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use onnx::Runtime;
    use tokenizers::{PaddingParams, PaddingStrategy, TruncationParams};

    use super::*;

    /// A model of a vocabulary alone: some words of BERT's at their places.
    fn vocabulary(words: &[(&str, usize)]) -> Result<Tokenizer> {
        let folder = tempfile::tempdir()?;
        let last = words
            .iter()
            .map(|(_, place)| *place)
            .max()
            .unwrap_or_default();
        let mut lines: Vec<String> = (0..=last).map(|place| format!("[unused{place}]")).collect();
        for (word, place) in words {
            (*word).clone_into(&mut lines[*place]);
        }
        std::fs::write(folder.path().join("vocab.txt"), lines.join("\n"))?;
        let path = folder.path().to_str().map(str::to_owned);
        let model = Runtime::default().model("words", path.as_deref())?;
        Dino.tokenizer(&model)
    }

    const WORDS: [(&str, usize); 12] = [
        ("[UNK]", 100),
        ("[CLS]", 101),
        ("[SEP]", 102),
        (".", 1012),
        ("?", 1029),
        ("a", 1037),
        ("boy", 2879),
        ("sea", 2712),
        ("monster", 6071),
        ("cat", 4937),
        ("remote", 6556),
        ("control", 2491),
    ];

    fn ids(tokenizer: &Tokenizer, text: &str) -> Result<Vec<Vec<i64>>> {
        let texts = Texts {
            tokenizer,
            phrases: &crate::words::phrases(text)?,
            inputs: &[],
            size: (8, 8),
            apart: false,
        };
        let prompts = pack(&tokens(&texts, ROOM)?, ROOM, false);
        Ok(prompts.into_iter().map(|prompt| prompt.ids).collect())
    }

    // What transformers 5.24 gives with the published vocabulary.
    #[test]
    fn phrases_have_the_published_ids() {
        let tokenizer = vocabulary(&WORDS).unwrap();
        assert_eq!(
            ids(&tokenizer, "A boy. a Sea monster. a cat").unwrap(),
            [[
                101, 1037, 2879, 1012, 1037, 2712, 6071, 1012, 1037, 4937, 1012, 102
            ]]
        );
        assert_eq!(
            ids(&tokenizer, "a cat. a remote control.").unwrap(),
            [[101, 1037, 4937, 1012, 1037, 6556, 2491, 1012, 102]]
        );
        assert_eq!(
            ids(&tokenizer, "a cát? a boy").unwrap(),
            [[101, 1037, 4937, 1037, 2879, 1012, 102]],
            "accents go, and nothing within a phrase ends it"
        );
    }

    #[test]
    fn padding_and_truncation_in_a_tokenizer_do_not_count() {
        let here = tempfile::tempdir().unwrap();
        let mut tokenizer = vocabulary(&WORDS).unwrap();
        tokenizer.with_padding(Some(PaddingParams {
            strategy: PaddingStrategy::Fixed(8),
            ..PaddingParams::default()
        }));
        let truncation = TruncationParams {
            max_length: 4,
            ..TruncationParams::default()
        };
        tokenizer.with_truncation(Some(truncation)).unwrap();
        tokenizer
            .save(here.path().join("tokenizer.json"), false)
            .unwrap();
        let model = Runtime::default().model("words", here.path().to_str());
        let tokenizer = Dino.tokenizer(&model.unwrap()).unwrap();
        assert_eq!(
            ids(&tokenizer, "a cat. a sea monster a sea monster").unwrap(),
            [[
                101, 1037, 4937, 1012, 1037, 2712, 6071, 1037, 2712, 6071, 1012, 102
            ]]
        );
    }

    #[test]
    fn a_phrase_without_a_known_word_is_an_error() {
        let tokenizer = vocabulary(&WORDS).unwrap();
        let error = ids(&tokenizer, "a boy. Ungeheuer.")
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("`ungeheuer`: the network has none"),
            "{error}"
        );
        let error = ids(&tokenizer, "a boy. \u{1f409}\u{1f525}.").unwrap_err();
        assert!(error.to_string().contains("none of its letters"), "{error}");
        let error = ids(&tokenizer, &"boy ".repeat(254))
            .unwrap_err()
            .to_string();
        assert!(error.contains("254 tokens"), "{error}");
        assert!(ids(&tokenizer, &"boy ".repeat(253)).is_ok());
    }

    #[test]
    fn another_vocabulary_is_an_error() {
        let error = vocabulary(&[("[UNK]", 0), ("[CLS]", 1), ("[SEP]", 2), (".", 3)]).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("vocab.txt: not the vocabulary") && error.contains("BERT's uncased one"),
            "{error}"
        );
    }
}
