//! Everything in an image: a grid of points, and of their masks those that hold.
//!
//! `SAM2AutomaticMaskGenerator` of facebookresearch/sam2 (2b90b9f) and segment-anything's before it,
//! with SAM 1's way of tidying small regions; refinement by masks is left out, since published
//! graphs cannot do it.

use anyhow::Result;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use vision::mask::{Mask, Rle};
use vision::{Rect, RgbImage};

use super::{Candidate, Layout, PROMPTS, Prepared, Prompt, Segmenter, regions};
use crate::nms::{Area, nms};

/// How near a box lies to an edge that it touches, pixels.
const NEAR: f32 = 20.0;

/// How the automatic generator works.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Automatic {
    /// Points along each side of the grid.
    pub points_per_side: u32,
    /// Least predicted quality, 0..=1, itself left out.
    pub least_iou: f32,
    /// Least stability, 0..=1, itself included.
    pub least_stability: f64,
    /// How far the threshold is moved for the stability, in logits.
    pub offset: f32,
    /// Most intersection over union of the boxes of two masks, in one crop and of two crops.
    pub most_overlap: f32,
    /// Layers of crops beside the whole image: the first has 2x2, the next 4x4.
    pub crop_layers: u32,
    /// How much crops of the first layer overlap, as a share of the image's shorter side.
    pub crop_overlap: f64,
    /// Factor by which the points per side go down from layer to layer.
    pub crop_points_downscale: u32,
    /// Least pixels of a hole or an island; 0 leaves them.
    pub least_region: u64,
}

impl Automatic {
    /// The defaults of the reference of `layout`.
    pub fn new(layout: &Layout) -> Self {
        Self {
            points_per_side: 32,
            least_iou: if layout.is_padded() { 0.88 } else { 0.8 },
            least_stability: 0.95,
            offset: super::OFFSET,
            most_overlap: 0.7,
            crop_layers: 0,
            crop_overlap: 512.0 / 1500.0,
            crop_points_downscale: 1,
            least_region: 0,
        }
    }
}

/// A mask that was found without a prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// The mask, of the image's size.
    pub mask: Rle,
    /// The predicted quality.
    pub iou: f32,
    /// How little it changes with the threshold, 0..=1.
    pub stability: f64,
    /// The point that it was found at, pixels of the image.
    pub point: [f64; 2],
    /// The part of the image that it was found in.
    pub crop: Rect,
    /// Its box; right and bottom are the last column and row inside, as the reference has them.
    rect: Rect<f32>,
}

impl Segmenter {
    /// Everything in an image. `prepared` is the image as [`Layout::scaled`] makes it.
    pub fn everything(
        &mut self,
        image: &RgbImage,
        prepared: &Prepared,
        settings: &Automatic,
    ) -> Result<Vec<Segment>> {
        let crops = crops(image.dimensions(), settings);
        let mut found = Vec::new();
        for (crop, layer) in &crops {
            let embedding = if *layer == 0 {
                self.encode_prepared(prepared)?
            } else {
                self.encode(&vision::crop::rgb(image, *crop)?)?
            };
            let per_side = settings.points_per_side
                / settings.crop_points_downscale.max(1).saturating_pow(*layer);
            let mut of_crop = Vec::new();
            for points in grid(per_side, *crop).chunks(PROMPTS) {
                let prompts: Vec<Prompt> = points.iter().map(|at| Prompt::at(*at)).collect();
                let offered = self.predict(&embedding, &prompts)?.into_iter().zip(points);
                let offered: Vec<(Candidate, [f64; 2])> = offered
                    .flat_map(|(candidates, at)| candidates.into_iter().map(|one| (one, *at)))
                    .collect();
                let judged = offered.into_par_iter().map(|(candidate, at)| {
                    judged(&candidate, at, *crop, image.dimensions(), settings)
                });
                of_crop.extend(judged.collect::<Result<Vec<_>>>()?.into_iter().flatten());
            }
            let ious: Vec<f32> = of_crop.iter().map(|segment| segment.iou).collect();
            found.extend(kept(of_crop, &ious, settings.most_overlap));
        }
        if crops.len() > 1 {
            // The smaller the crop, the finer what was seen in it.
            let fine = found
                .iter()
                .map(|segment| 1.0 / (segment.crop.width() * segment.crop.height()) as f32);
            let fine: Vec<f32> = fine.collect();
            found = kept(found, &fine, settings.most_overlap);
        }
        if settings.least_region > 0 {
            found = tidied(found, settings)?;
        }
        Ok(found)
    }
}

/// The segments that no better one lies on, best first.
fn kept(segments: Vec<Segment>, scores: &[f32], threshold: f32) -> Vec<Segment> {
    let boxes: Vec<_> = segments.iter().map(|segment| segment.rect).collect();
    let mut segments: Vec<Option<Segment>> = segments.into_iter().map(Some).collect();
    let order = nms(&boxes, scores, threshold, Area::Plain).into_iter();
    order.filter_map(|at| segments[at].take()).collect()
}

/// What a candidate is, if it holds.
fn judged(
    candidate: &Candidate,
    at: [f64; 2],
    crop: Rect,
    (width, height): (u32, u32),
    settings: &Automatic,
) -> Result<Option<Segment>> {
    let is_good = settings.least_iou <= 0.0 || candidate.iou > settings.least_iou;
    if !is_good {
        return Ok(None);
    }
    let cut = candidate.logits.cut(0.0, settings.offset)?;
    if cut.stability < settings.least_stability {
        return Ok(None);
    }
    let rect = rect(&cut.mask, crop);
    if is_cut_off(rect, crop, (width, height)) {
        return Ok(None);
    }
    let mask = if (cut.mask.width(), cut.mask.height()) == (width, height) {
        cut.mask
    } else {
        let inside = |x: u32, y: u32| {
            x >= crop.left && y >= crop.top && cut.mask.get(x - crop.left, y - crop.top)
        };
        Mask::from_fn(width, height, inside)?
    };
    Ok(Some(Segment {
        mask: Rle::encode(&mask),
        iou: candidate.iou,
        stability: cut.stability,
        point: [at[0] + f64::from(crop.left), at[1] + f64::from(crop.top)],
        crop,
        rect,
    }))
}

/// The box of a mask of a crop, in the image; an empty one lies at the crop's corner.
fn rect(mask: &Mask, crop: Rect) -> Rect<f32> {
    let last = |found: Rect| Rect {
        right: found.right - 1,
        bottom: found.bottom - 1,
        ..found
    };
    let own = mask.bounding_box().map_or(Rect::whole(0, 0), last);
    own.shift(crop.left, crop.top).map(|edge| edge as f32)
}

/// Whether a side of the box lies at the crop's edge and not at the image's.
fn is_cut_off(rect: Rect<f32>, crop: Rect, (width, height): (u32, u32)) -> bool {
    let image = Rect::whole(width, height).edges();
    let mut edges = { rect.edges().into_iter() }.zip(crop.edges().into_iter().zip(image));
    edges.any(|(edge, (crop, image))| {
        let near = |other: u32| (edge - other as f32).abs() <= NEAR;
        near(crop) && !near(image)
    })
}

/// The image, and the crops of each layer, with the number of the layer.
fn crops((width, height): (u32, u32), settings: &Automatic) -> Vec<(Rect, u32)> {
    let mut crops = vec![(Rect::whole(width, height), 0)];
    for layer in 1..=settings.crop_layers {
        let sides = f64::from(2_u32.saturating_pow(layer));
        let overlap = settings.crop_overlap * f64::from(width.min(height)) * (2.0 / sides);
        let overlap = overlap.trunc();
        let length = |side: u32| ((overlap * (sides - 1.0) + f64::from(side)) / sides).ceil();
        let (across, down) = (length(width), length(height));
        let starts = |length: f64| {
            (0..sides as u32).map(move |at| ((length - overlap) * f64::from(at)) as u32)
        };
        for left in starts(across) {
            for top in starts(down) {
                let crop = Rect::from([left, top, left + across as u32, top + down as u32]);
                crops.push((crop.clip(width, height), layer));
            }
        }
    }
    // An image of a few pixels has no part of its own for each of them.
    crops.retain(|(crop, _)| !crop.is_empty());
    crops
}

/// The points of a crop, row by row, in pixels of the crop.
fn grid(per_side: u32, crop: Rect) -> Vec<[f64; 2]> {
    let place =
        |at: u32, length: u32| (f64::from(at) + 0.5) / f64::from(per_side) * f64::from(length);
    let rows = 0..per_side;
    rows.flat_map(|y| (0..per_side).map(move |x| (x, y)))
        .map(|(x, y)| [place(x, crop.width()), place(y, crop.height())])
        .collect()
}

/// Tidies small regions, and keeps one of those that have become alike: rather one that was not
/// touched.
fn tidied(segments: Vec<Segment>, settings: &Automatic) -> Result<Vec<Segment>> {
    let tidied = segments.into_par_iter().map(|mut segment| {
        let Some(mask) = regions::tidied(&segment.mask.decode()?, settings.least_region)? else {
            return Ok((segment, 1.0));
        };
        segment.rect = rect(&mask, Rect::whole(mask.width(), mask.height()));
        segment.mask = Rle::encode(&mask);
        Ok((segment, 0.0))
    });
    let (segments, untouched): (Vec<Segment>, Vec<f32>) =
        tidied.collect::<Result<Vec<_>>>()?.into_iter().unzip();
    Ok(kept(segments, &untouched, settings.most_overlap))
}
