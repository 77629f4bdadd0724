//! What can be wrong with an instance, in figures.

use serde::Serialize;
use stage::Result;
use vision::focus::{self, TileFocus};
use vision::mask::Bounds;
use vision::{RgbImage, decode};

use crate::edges::narrowness;
use crate::instance::Instance;

/// How near the frame's edge a pixel is cut off by it, pixels: masks come from a coarser grid.
const EDGE: u32 = 2;

/// The side of a tile of the sharpness, pixels.
const TILE: u32 = 32;

/// The least share of a tile that the instance fills where its sharpness counts: half, so that what
/// lies behind does not.
const FILLED: f64 = 0.5;

/// So many pixels round an instance its outline has edges in.
const ROUND: u32 = 4;

/// What can be wrong with an instance.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) area: u64,
    pub(crate) cut: Cut,
    /// The share of its box that others fill.
    pub(crate) hidden: f64,
    /// The largest intersection over union with a surer one, and its number.
    pub(crate) twin: Option<(f64, usize)>,
    /// The largest share of its pixels that lie in a larger one that is surer, and that one's number.
    pub(crate) part: Option<(f64, usize)>,
    /// Of its sharpest tenth, in squared levels of luma.
    pub(crate) sharpness: f64,
    /// See [`narrowness`].
    pub(crate) edges: Option<f64>,
    /// Of the frame, the share that it fills.
    pub(crate) share: f64,
    /// Its box's shorter side over the longer.
    pub(crate) slender: f64,
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
    let twins = surer
        .clone()
        .map(|other| (overlap(instance, other), other.index));
    let larger = surer.filter(|other| other.area > instance.area);
    let wholes = larger.map(|other| (within(instance, other), other.index));
    let [width, height] = [instance.bounds.width(), instance.bounds.height()].map(f64::from);
    Ok(Figures {
        area: instance.area,
        cut: cut(instance, picture.dimensions()),
        hidden: hidden(instance, others),
        twin: twins.reduce(most),
        part: wholes.reduce(most),
        sharpness: sharpness(instance, picture)?,
        edges: edges(instance, picture)?,
        share: instance.area as f64 / (f64::from(picture.width()) * f64::from(picture.height())),
        slender: width.min(height) / width.max(height),
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

/// The larger of two shares, the first of equal ones.
fn most(first: (f64, usize), second: (f64, usize)) -> (f64, usize) {
    if second.0 > first.0 { second } else { first }
}

/// Intersection over union of two masks.
fn overlap(first: &Instance, second: &Instance) -> f64 {
    let both = common(first, second);
    both as f64 / (first.area + second.area - both).max(1) as f64
}

/// The share of a mask that lies in another.
fn within(instance: &Instance, other: &Instance) -> f64 {
    common(instance, other) as f64 / instance.area.max(1) as f64
}

/// Pixels that two masks have in common.
fn common(first: &Instance, second: &Instance) -> u64 {
    let (a, b) = (first.bounds, second.bounds);
    let columns = a.left.max(b.left)..a.right.min(b.right);
    let rows = a.top.max(b.top)..a.bottom.min(b.bottom);
    let pixels = rows.flat_map(|y| columns.clone().map(move |x| (x, y)));
    let both = pixels.filter(|(x, y)| first.has(*x, *y) && second.has(*x, *y));
    both.count() as u64
}

/// How narrow its edges are, and those of its outline.
fn edges(instance: &Instance, picture: &RgbImage) -> Result<Option<f64>> {
    let Bounds {
        left,
        top,
        right,
        bottom,
    } = instance.bounds;
    let part = Bounds {
        left: left.saturating_sub(ROUND),
        top: top.saturating_sub(ROUND),
        right: (right + ROUND).min(picture.width()),
        bottom: (bottom + ROUND).min(picture.height()),
    };
    let luma = decode::to_luma(&vision::crop::rgb(picture, part)?);
    Ok(narrowness(&luma, &instance.mask_of(part)?))
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
