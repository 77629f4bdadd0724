//! What can be wrong with an instance, in figures.

use serde::Serialize;
use stage::Result;
use vision::focus::{self, TileFocus};
use vision::mask::Bounds;
use vision::{RgbImage, decode};

use crate::instance::Instance;

/// How near the frame's edge a pixel is cut off by it, pixels: masks come from a coarser grid.
const EDGE: u32 = 2;

/// The side of a tile of the sharpness, pixels.
const TILE: u32 = 32;

/// The least share of a tile that the instance fills where its sharpness counts: half, so that what
/// lies behind does not.
const FILLED: f64 = 0.5;

/// What can be wrong with an instance.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) area: u64,
    pub(crate) cut: Cut,
    /// The share of its box that others fill.
    pub(crate) hidden: f64,
    /// The largest intersection over union with a surer one, and its number.
    pub(crate) twin: Option<(f64, usize)>,
    /// Of its sharpest tenth, in squared levels of luma.
    pub(crate) sharpness: f64,
}

/// Along which share of its box's sides the frame cuts it off.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Cut {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

pub(crate) fn measure(
    instance: &Instance,
    all: &[Instance],
    picture: &RgbImage,
) -> Result<Figures> {
    let others = all.iter().filter(|other| other.index != instance.index);
    let surer = others.clone().filter(|other| {
        other.score > instance.score
            || (other.score >= instance.score && other.index < instance.index)
    });
    let twins = surer.map(|other| (overlap(instance, other), other.index));
    Ok(Figures {
        area: instance.area,
        cut: cut(instance, picture.dimensions()),
        hidden: hidden(instance, others),
        twin: twins.reduce(|most, other| if other.0 > most.0 { other } else { most }),
        sharpness: sharpness(instance, picture)?,
    })
}

/// Along which shares it touches the edges of the frame.
fn cut(instance: &Instance, (width, height): (u32, u32)) -> Cut {
    let Bounds {
        left,
        top,
        right,
        bottom,
    } = instance.bounds;
    let rows = |from: u32, to: u32| {
        let touching = |y: &u32| (from..to).any(|x| instance.has(x, *y));
        (top..bottom).filter(touching).count() as f64 / f64::from(bottom - top)
    };
    let columns = |from: u32, to: u32| {
        let touching = |x: &u32| (from..to).any(|y| instance.has(*x, y));
        (left..right).filter(touching).count() as f64 / f64::from(right - left)
    };
    Cut {
        left: rows(0, EDGE.min(width)),
        top: columns(0, EDGE.min(height)),
        right: rows(width.saturating_sub(EDGE), width),
        bottom: columns(height.saturating_sub(EDGE), height),
    }
}

/// The share of its box that others fill. Who stands behind it shows little in there, and who stands
/// before it much: on the sample film 10 of 12 that have more than 0.15 are hidden by others for
/// more than 0.2 of all their pixels, and no one else is.
fn hidden<'a>(instance: &Instance, others: impl Iterator<Item = &'a Instance>) -> f64 {
    let others: Vec<&Instance> = others.collect();
    let Bounds {
        left,
        top,
        right,
        bottom,
    } = instance.bounds;
    let pixels = (top..bottom).flat_map(|y| (left..right).map(move |x| (x, y)));
    let filled = pixels
        .filter(|(x, y)| !instance.has(*x, *y) && others.iter().any(|other| other.has(*x, *y)));
    let area = f64::from(right - left) * f64::from(bottom - top);
    filled.count() as f64 / area
}

/// Intersection over union of two masks.
fn overlap(first: &Instance, second: &Instance) -> f64 {
    let (a, b) = (first.bounds, second.bounds);
    let columns = a.left.max(b.left)..a.right.min(b.right);
    let rows = a.top.max(b.top)..a.bottom.min(b.bottom);
    let pixels = rows.flat_map(|y| columns.clone().map(move |x| (x, y)));
    let both = pixels.filter(|(x, y)| first.has(*x, *y) && second.has(*x, *y));
    let both = both.count() as u64;
    both as f64 / (first.area + second.area - both).max(1) as f64
}

/// How sharp it is where it is sharpest; of all its box, where it fills no tile of it.
fn sharpness(instance: &Instance, picture: &RgbImage) -> Result<f64> {
    let bounds = instance.bounds;
    let part = RgbImage::from_fn(bounds.width(), bounds.height(), |x, y| {
        *picture.get_pixel(bounds.left + x, bounds.top + y)
    });
    let (across, down) = (
        bounds.width().div_ceil(TILE),
        bounds.height().div_ceil(TILE),
    );
    let tiles = focus::tiles(&decode::to_luma(&part), across, down);
    let mask = instance.mask_of(bounds)?;
    let edge = |at: u32, count: u32, length: u32| {
        (u64::from(at) * u64::from(length) / u64::from(count)) as u32
    };
    let filled = |tile: u32| {
        let (column, row) = (tile % across, tile / across);
        let columns =
            edge(column, across, bounds.width())..edge(column + 1, across, bounds.width());
        let rows = edge(row, down, bounds.height())..edge(row + 1, down, bounds.height());
        let area = columns.len() * rows.len();
        let pixels = rows.flat_map(|y| columns.clone().map(move |x| (x, y)));
        let inside = pixels.filter(|(x, y)| mask.get(*x, *y)).count();
        inside as f64 >= FILLED * area as f64
    };
    let numbered = (0..).zip(&tiles).filter(|(tile, _)| filled(*tile));
    let own: Vec<f64> = numbered.map(|(_, sharpness)| *sharpness).collect();
    let counted = if own.is_empty() { &tiles } else { &own };
    Ok(TileFocus::of(counted).top)
}
