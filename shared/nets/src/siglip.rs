//! `SigLIP` and `SigLIP` 2: pictures and texts as vectors of one space, each pair judged by itself.
//!
//! | published files | resampling | end, padding |
//! |---|---|---|
//! | `onnx-community/siglip2-base-patch16-224-ONNX`: `vision_model*.onnx`, `text_model*.onnx` | bilinear | `<eos>` 1, `<pad>` 0 |
//! | `Xenova/siglip-base-patch16-224`: the same names | bicubic | `</s>` 1, `</s>` 1 |
//!
//! The picture processing is that of `SiglipImageProcessor` in Hugging Face's transformers: squeezed
//! to a square, nothing cut. Pictures and texts are the output `pooler_output`, 768 numbers in the
//! base size, not of unit length.

use onnx::{Contract, Dim, Kind};
use vision::resize::PilFilter;

use crate::embed::{Processing, Resize};

/// The number of its answers: raised whenever the same picture would be answered otherwise.
pub const ANSWER: u32 = 1;

/// Mean of red, green and blue.
pub const MEAN: [f32; 3] = [0.5; 3];

/// Their deviations.
pub const DEVIATION: [f32; 3] = [0.5; 3];

/// Columns and rows of the picture where the graph does not say.
pub const SIDE: u32 = 224;

/// Tokens of a text, always so many: the state of the last one is the text's vector.
pub const CONTEXT: usize = 64;

/// The factor of the cosines in `SigLIP` 2 base, patch 16, 224: `exp` of its `logit_scale`.
pub const SCALE_2: f64 = 112.668_902_269_784_23;

/// What is added to the cosines there.
pub const BIAS_2: f64 = -16.771_724_700_927_734;

/// `SigLIP`'s processing: squeezed to a square of `side`, bicubic.
pub fn processing(side: u32) -> Processing {
    Processing {
        resize: Resize::Squeezed,
        filter: PilFilter::Bicubic,
        side,
        mean: MEAN,
        deviation: DEVIATION,
    }
}

/// `SigLIP` 2's processing: the same, bilinear.
pub fn processing_2(side: u32) -> Processing {
    Processing {
        filter: PilFilter::Bilinear,
        ..processing(side)
    }
}

/// What a picture's network takes and gives.
pub fn picture_contract() -> Contract {
    use Dim::{Any, Is};
    Contract::new()
        .input("pixel_values", Kind::F32, &[Any, Is(3), Any, Any])
        .output("pooler_output", Kind::F32, &[Any, Any])
}

/// What a text's network takes and gives.
pub fn text_contract() -> Contract {
    use Dim::Any;
    Contract::new()
        .input("input_ids", Kind::I64, &[Any, Any])
        .output("pooler_output", Kind::F32, &[Any, Any])
}

/// Cuts and fills a text's tokens to exactly the context: one `end` behind the text, then `padding`.
///
/// ```
/// let mut ids = vec![40, 41, 1];
/// nets::siglip::fit(&mut ids, 1, 0);
/// assert_eq!((ids.len(), &ids[..5]), (64, &[40, 41, 1, 0, 0][..]));
/// ```
pub fn fit(ids: &mut Vec<i64>, end: i64, padding: i64) {
    if ids.last() == Some(&end) {
        ids.pop();
    }
    ids.truncate(CONTEXT - 1);
    ids.push(end);
    ids.resize(CONTEXT, padding);
}
