//! How published files cut SAM into graphs, and what their ports are called.

use anyhow::{Context, Result, bail, ensure};
use onnx::Dim::{Any, Is};
use onnx::{Contract, Kind, Model, Net, Runtime};

/// How a SAM's files are laid out; found by the names of their ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// SAM 2 as samexporter writes it: `image` in, `high_res_feats_0`, `high_res_feats_1` and
    /// `image_embed` on to the decoder, masks of 256x256.
    Sam2,
    /// The same with an eighth input of the decoder, `orig_im_size`, to which it scales its masks
    /// (ibaiGorordo's ONNX-SAM2-Segment-Anything).
    Sam2Sized,
    /// SAM 2.1 as in the `onnx-community` repositories: `pixel_values` in, boxes by an input of
    /// their own.
    Sam21,
    /// SAM 1 and `MobileSAM`: an encoder that takes a normalised and padded picture.
    Sam1,
    /// The same with an encoder that normalises and pads by itself (samexporter's
    /// `--use-preprocess`): rows of RGB, 0..=255.
    Sam1Raw,
}

/// The embeddings' names, as the encoder gives them and the decoder takes them.
const SAM2: &[&str] = &["high_res_feats_0", "high_res_feats_1", "image_embed"];
const SAM21: &[&str] = &[
    "image_embeddings.0",
    "image_embeddings.1",
    "image_embeddings.2",
];
const SAM1: &[&str] = &["image_embeddings"];

/// The embeddings' shapes, in the order of [`SAM2`] and [`SAM21`].
const SHAPES: [&[usize; 4]; 3] = [&[1, 32, 256, 256], &[1, 64, 128, 128], &[1, 256, 64, 64]];

impl Layout {
    /// What the registry calls its family.
    pub(super) fn family(self) -> &'static str {
        match self {
            Self::Sam2 | Self::Sam2Sized => "sam2",
            Self::Sam21 => "sam21",
            Self::Sam1 | Self::Sam1Raw => "sam1",
        }
    }

    /// Whether it is SAM 1, whose pictures are padded and not stretched.
    pub fn is_padded(self) -> bool {
        matches!(self, Self::Sam1 | Self::Sam1Raw)
    }

    /// The names of the embeddings.
    pub(super) fn embeddings(self) -> &'static [&'static str] {
        match self {
            Self::Sam2 | Self::Sam2Sized => SAM2,
            Self::Sam21 => SAM21,
            Self::Sam1 | Self::Sam1Raw => SAM1,
        }
    }

    /// The shapes of the embeddings, one picture at a time.
    pub(super) fn embedding_shapes(self) -> &'static [&'static [usize; 4]] {
        if self.is_padded() {
            &SHAPES[2..]
        } else {
            &SHAPES
        }
    }

    /// The layout of two open graphs, which keep its contracts.
    fn of(encoder: &Net, decoder: &Net) -> Result<Self> {
        let takes = |name: &str| decoder.inputs().iter().any(|port| port.name == name);
        let rank = encoder.inputs().first().map_or(0, |port| port.shape.len());
        let layout = if takes("input_boxes") {
            Self::Sam21
        } else if takes("image_embeddings") {
            if rank == 3 { Self::Sam1Raw } else { Self::Sam1 }
        } else if takes("orig_im_size") {
            Self::Sam2Sized
        } else {
            Self::Sam2
        };
        let keeps = |net: &Net, contract: Contract, part: &str| {
            let kept = contract.check(net.inputs(), net.outputs());
            kept.with_context(|| format!("{}: not the {part} of a SAM", net.provenance().model))
        };
        keeps(decoder, layout.decoder(), "decoder")?;
        keeps(encoder, layout.encoder(), "encoder")?;
        if layout.is_padded() {
            let [port] = encoder.inputs() else {
                bail!(
                    "the encoder of a SAM takes one picture, and this one {} inputs",
                    encoder.inputs().len()
                );
            };
            ensure!(
                port.kind == Kind::F32 && (rank == 3 || rank == 4),
                "the encoder of a SAM takes a picture of floats, and this one {port}"
            );
        }
        Ok(layout)
    }

    fn encoder(self) -> Contract {
        let picture: &[_] = &[Any, Is(3), Is(1024), Is(1024)];
        match self {
            Self::Sam2 | Self::Sam2Sized => Contract::new()
                .input("image", Kind::F32, picture)
                .output(SAM2[0], Kind::F32, &[Any, Is(32), Is(256), Is(256)])
                .output(SAM2[1], Kind::F32, &[Any, Is(64), Is(128), Is(128)])
                .output(SAM2[2], Kind::F32, &[Any, Is(256), Is(64), Is(64)]),
            Self::Sam21 => Contract::new()
                .input("pixel_values", Kind::F32, picture)
                .output(SAM21[0], Kind::F32, &[Any, Is(32), Is(256), Is(256)])
                .output(SAM21[1], Kind::F32, &[Any, Is(64), Is(128), Is(128)])
                .output(SAM21[2], Kind::F32, &[Any, Is(256), Is(64), Is(64)]),
            // Its input has a name of its own in every export.
            Self::Sam1 | Self::Sam1Raw => {
                Contract::new().output(SAM1[0], Kind::F32, &[Any, Is(256), Is(64), Is(64)])
            }
        }
    }

    fn decoder(self) -> Contract {
        let points = |contract: Contract| {
            contract
                .input("point_coords", Kind::F32, &[Any, Any, Is(2)])
                .input("point_labels", Kind::F32, &[Any, Any])
                .input("mask_input", Kind::F32, &[Any, Is(1), Is(256), Is(256)])
                .input("has_mask_input", Kind::F32, &[Any])
                .output("iou_predictions", Kind::F32, &[Any, Any])
        };
        match self {
            Self::Sam2 | Self::Sam2Sized => {
                let contract = points(Contract::new())
                    .input(SAM2[0], Kind::F32, &[Any, Is(32), Is(256), Is(256)])
                    .input(SAM2[1], Kind::F32, &[Any, Is(64), Is(128), Is(128)])
                    .input(SAM2[2], Kind::F32, &[Any, Is(256), Is(64), Is(64)])
                    .output("masks", Kind::F32, &[Any, Any, Any, Any]);
                if self == Self::Sam2 {
                    return contract;
                }
                contract.input("orig_im_size", Kind::I64, &[Is(2)])
            }
            Self::Sam21 => Contract::new()
                .input("input_points", Kind::F32, &[Any, Any, Any, Is(2)])
                .input("input_labels", Kind::I64, &[Any, Any, Any])
                .input("input_boxes", Kind::F32, &[Any, Any, Is(4)])
                .input(SAM21[0], Kind::F32, &[Any, Is(32), Is(256), Is(256)])
                .input(SAM21[1], Kind::F32, &[Any, Is(64), Is(128), Is(128)])
                .input(SAM21[2], Kind::F32, &[Any, Is(256), Is(64), Is(64)])
                .output("iou_scores", Kind::F32, &[Any, Any, Any])
                .output("pred_masks", Kind::F32, &[Any, Any, Any, Any, Any]),
            Self::Sam1 | Self::Sam1Raw => points(Contract::new())
                .input(SAM1[0], Kind::F32, &[Any, Is(256), Is(64), Is(64)])
                .input("orig_im_size", Kind::F32, &[Is(2)])
                .output("low_res_masks", Kind::F32, &[Any, Any, Is(256), Is(256)]),
        }
    }
}

/// Opens the two graphs of a model and finds their layout.
pub(super) fn open(model: &Model, runtime: &Runtime) -> Result<(Net, Net, Layout)> {
    let graph = |wanted: &str| Net::open(model, part(model, wanted)?, runtime, &Contract::new());
    let (encoder, decoder) = (graph("encoder")?, graph("decoder")?);
    let layout = Layout::of(&encoder, &decoder)?;
    Ok((encoder, decoder, layout))
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
