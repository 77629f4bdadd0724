//! CLIP: pictures and texts as vectors of one space.
//!
//! | published files | side | numbers |
//! |---|---|---|
//! | `Xenova/clip-vit-base-patch32`, `-patch16`: `vision_model.onnx`, `text_model.onnx` | 224 | 512 |
//! | `Xenova/clip-vit-large-patch14`: the same | 224 | 768 |
//! | `Qdrant/clip-ViT-B-32-vision`, `-text`: `model.onnx` | 224 | 512 |
//!
//! The picture processing is that of `CLIPImageProcessor` in Hugging Face's transformers, the
//! figures those of the repository openai/CLIP. Vectors are taken after the projection and are not
//! of unit length when they leave the network.

use onnx::{Contract, Dim, Kind};
use vision::resize::PilFilter;

use crate::embed::{Processing, Resize};

/// The number of its answers: raised whenever the same picture would be answered otherwise.
pub const ANSWER: u32 = 1;

/// Mean of red, green and blue over the training pictures, 0..=1.
pub const MEAN: [f32; 3] = [0.481_454_66, 0.457_827_5, 0.408_210_73];

/// Their standard deviations.
pub const DEVIATION: [f32; 3] = [0.268_629_54, 0.261_302_6, 0.275_777_1];

/// Columns and rows of the picture that the networks here take.
pub const SIDE: u32 = 224;

/// Tokens of a text, those of its start and end included.
pub const CONTEXT: usize = 77;

/// The token that every text begins with.
pub const START: &str = "<|startoftext|>";

/// The token that every text ends with, and whose state is its vector.
pub const END: &str = "<|endoftext|>";

/// What cosines are multiplied by before the softmax. Training stopped the factor there: the
/// published `logit_scale` is ln 100.
pub const SCALE: f64 = 100.0;

/// The shortest edge to `side`, bicubic, and the middle of the other.
pub fn processing(side: u32) -> Processing {
    Processing {
        resize: Resize::Shortest(side),
        filter: PilFilter::Bicubic,
        side,
        mean: MEAN,
        deviation: DEVIATION,
    }
}

/// What a picture's network takes and gives.
pub fn picture_contract() -> Contract {
    use Dim::{Any, Is};
    Contract::new()
        .input("pixel_values", Kind::F32, &[Any, Is(3), Any, Any])
        .output("image_embeds", Kind::F32, &[Any, Any])
}

/// What a text's network takes and gives. Some files also take `attention_mask`, which changes
/// nothing: attention is causal, and nothing behind the first end token counts.
pub fn text_contract(masked: bool) -> Contract {
    use Dim::Any;
    let contract = Contract::new()
        .input("input_ids", Kind::I64, &[Any, Any])
        .output("text_embeds", Kind::F32, &[Any, Any]);
    if masked {
        contract.input("attention_mask", Kind::I64, &[Any, Any])
    } else {
        contract
    }
}

/// Cuts a text's tokens to the context, the end token kept.
///
/// ```
/// let mut ids: Vec<i64> = (0..100).collect();
/// nets::clip::cut(&mut ids);
/// assert_eq!((ids.len(), ids[75], ids[76]), (77, 75, 99));
/// ```
pub fn cut(ids: &mut Vec<i64>) {
    if ids.len() > CONTEXT {
        ids.drain(CONTEXT - 1..ids.len() - 1);
    }
}
