//! Memories as the attention takes them.

use anyhow::{Context, Result, ensure};
use onnx::{Model, Net, Port, Tensor};
use serde::Deserialize;

use super::bank::{Bank, Places, Plan};

/// What is remembered of an object in one frame.
#[derive(Debug, Clone)]
pub struct Memory {
    /// The frame, a row of `channels` numbers for each cell of the grid.
    pub(super) tokens: Vec<f32>,
    /// The pointer to the object.
    pub(super) pointer: Vec<f32>,
}

/// The sizes of the graphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    /// The side of the square that the encoder sees, pixels.
    pub(super) side: usize,
    /// Cells of the coarsest features, all of them: 64x64 of a side of 1024.
    pub(super) cells: usize,
    /// Channels of the features, and of a pointer.
    pub(super) channels: usize,
    /// Channels of a memory.
    pub(super) memory: usize,
    pub(super) places: Places,
}

impl Sizes {
    /// By the ports of the encoder and of the attention; `frames` memories of frames are among its
    /// tokens, the others are pointers.
    pub(super) fn of(image: &[Port], attention: &[Port], frames: usize) -> Result<Self> {
        let axis = |ports: &[Port], name: &str, axis: usize| -> Result<usize> {
            let port = ports.iter().find(|port| port.name == name);
            let size = port.and_then(|port| port.shape.get(axis).copied().flatten());
            size.filter(|size| *size > 0)
                .with_context(|| format!("input `{name}` leaves its sizes open"))
        };
        let features = "current_vision_features";
        let (cells, channels) = (axis(attention, features, 0)?, axis(attention, features, 2)?);
        let (tokens, memory) = (axis(attention, "memory", 0)?, axis(attention, "memory", 2)?);
        let pieces = channels / memory;
        let pointers = tokens.checked_sub(frames * cells);
        let pointers = pointers.filter(|tokens| {
            channels.is_multiple_of(memory) && *tokens > 0 && tokens.is_multiple_of(pieces)
        });
        let pointers = pointers.with_context(|| {
            format!(
                "{tokens} memory tokens are not {frames} frames of {cells} cells and pointers of {pieces} tokens"
            )
        })?;
        Ok(Self {
            side: axis(image, "pixel_values", 3)?,
            cells,
            channels,
            memory,
            places: Places {
                frames,
                pointers: pointers / pieces,
            },
        })
    }
}

/// `constants.json`: what the model has learnt beside its graphs.
#[derive(Debug, Deserialize)]
pub(super) struct Constants {
    /// A row for each place of a memory: how long ago it was.
    #[serde(rename = "memory_temporal_positional_encoding")]
    pub(super) rows: Vec<Vec<f32>>,
}

impl Constants {
    pub(super) fn read(model: &Model) -> Result<Self> {
        let path = model.path("constants")?;
        let named = || path.display().to_string();
        let text = std::fs::read_to_string(path).with_context(named)?;
        let read: Self = serde_json::from_str(&text).with_context(named)?;
        let width = read.rows.first().map_or(0, Vec::len);
        let sound = width > 0 && read.rows.iter().all(|row| row.len() == width);
        ensure!(
            sound,
            "{}: memory_temporal_positional_encoding is not a table",
            named()
        );
        Ok(read)
    }
}

/// The inputs `memory` and `memory_pos` of the attention. `place` is the position of each number of a
/// frame's memory in the image, `rows` are the positions in time.
pub(super) fn assembled(
    sizes: &Sizes,
    bank: &Bank<Memory>,
    plan: &Plan,
    (place, rows): (&[f32], &[Vec<f32>]),
    pointer_rows: &[f32],
) -> Result<(Tensor, Tensor)> {
    let Sizes {
        cells,
        channels,
        memory,
        places,
        ..
    } = *sizes;
    let pieces = channels / memory;
    let tokens = places.frames * cells + places.pointers * pieces;
    let (mut values, mut positions) = (
        Vec::with_capacity(tokens * memory),
        Vec::with_capacity(tokens * memory),
    );
    let remembered = |frame: usize| {
        let found = bank.get(frame);
        found.with_context(|| format!("nothing is remembered of frame {frame} of the shot"))
    };
    for (frame, row) in &plan.frames {
        values.extend_from_slice(&remembered(*frame)?.tokens);
        let row = rows.get(*row).context("a row of the temporal positions")?;
        let cell =
            |cell: &[f32]| -> Vec<f32> { cell.iter().zip(row).map(|(a, b)| a + b).collect() };
        positions.extend(place.chunks_exact(memory).flat_map(cell));
    }
    // Pointers come last: the attention leaves the last tokens unturned.
    for ((frame, _), row) in plan.pointers.iter().zip(pointer_rows.chunks_exact(memory)) {
        values.extend_from_slice(&remembered(*frame)?.pointer);
        for _ in 0..pieces {
            positions.extend_from_slice(row);
        }
    }
    let shape = [tokens, 1, memory];
    Ok((
        Tensor::floats(&shape, values)?,
        Tensor::floats(&shape, positions)?,
    ))
}

/// The positions of pointers, by how far back they are.
pub(super) fn pointer_rows(net: &mut Net, plan: &Plan, memory: usize) -> Result<Vec<f32>> {
    let far: Vec<f32> = plan.pointers.iter().map(|(_, far)| *far).collect();
    let count = far.len();
    let far = Tensor::floats(&[count], far)?;
    let outputs = net.run(&[("normalized_diffs", &far)])?;
    let rows = outputs.get("pointer_pos")?.as_floats()?.into_owned();
    ensure!(
        rows.len() == count * memory,
        "{} numbers for the positions of {count} pointers",
        rows.len()
    );
    Ok(rows)
}
