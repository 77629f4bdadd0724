//! Detectors of any known family: an image in, boxes out.
//!
//! | family | files |
//! |---|---|
//! | `yolox` | YOLOX: the raw grid, or openmmlab's with the suppression inside |
//! | `rtmdet` | the same with another normalisation |
//! | `rtdetr` | RT-DETR, D-FINE |
//!
//! A user's own file is recognised by what it takes and gives. Of a registry's entry the family is
//! known, and two parameters may be given: `size`, the side of the input where the graph leaves it
//! open, and `labels`, the names of its classes.

pub mod creatures;
mod detr;
mod family;
mod labels;
mod layout;
mod tiles;
mod yolox;

use anyhow::{Context, Result};
use onnx::{Contract, Model, Net, Outputs, Provenance, Runtime};
use serde::{Deserialize, Serialize};
use vision::{Rect, RgbImage, crop};

use crate::batch::Batch;
use crate::family::{Family, Role};

pub use family::{Asked, Candidate, Detects, View};
pub use labels::COCO;
pub use layout::Layout;
use tiles::{cuts, merge, tiles};

/// What was found in an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// Its box in pixels of the image, within it.
    #[serde(rename = "box")]
    pub rect: Rect<f32>,
    /// 0 to 1.
    pub score: f32,
    /// The name of its class, or the phrase that was asked for.
    pub label: String,
    /// The class that fits second best, of a detector by words where that would count as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Second>,
}

/// What fits second best.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// The phrase.
    pub label: String,
    /// 0 to 1.
    pub score: f32,
}

/// What counts as found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    /// A box has a score over this, 0 to 1.
    pub threshold: f32,
    /// Of two boxes of a class that overlap by more, intersection over union, the better one counts.
    /// RT-DETR and D-FINE need no such rule, and openmmlab's files have theirs inside.
    pub nms: f32,
    /// The classes to look for; `all` stands for every one. None means `person` if the detector
    /// knows it, or else every one.
    pub classes: Vec<String>,
    /// Tiles along the shorter side that are looked at for themselves; 0 for none.
    pub tiles: u32,
    /// The least length of the shorter side of a box, in pixels.
    pub min_size: f32,
}

impl Default for Settings {
    /// Scores of animated figures are lower than those of photographs, for which rtmlib takes 0.7,
    /// and crowds overlap more than its 0.45.
    fn default() -> Self {
        Self {
            threshold: 0.3,
            nms: 0.65,
            classes: Vec::new(),
            tiles: 0,
            min_size: 0.0,
        }
    }
}

impl Settings {
    /// Whether every class counts, also those without a name.
    fn all(&self) -> bool {
        self.classes.iter().any(|class| class == "all")
    }
}

/// An image and its tiles, ready to go in.
#[derive(Debug, Clone)]
pub struct Prepared {
    width: u32,
    height: u32,
    whole: View,
    tiles: Vec<(Rect, View)>,
}

/// From an image to what goes in: pure, for any thread.
pub fn prepare(layout: &Layout, image: &RgbImage, settings: &Settings) -> Result<Prepared> {
    let (width, height) = image.dimensions();
    let parts = tiles(width, height, settings.tiles).into_iter();
    let view = |tile: Rect| Ok((tile, layout.prepare(&crop::rgb(image, tile)?)?));
    Ok(Prepared {
        width,
        height,
        whole: layout.prepare(image)?,
        tiles: parts.map(view).collect::<Result<_>>()?,
    })
}

/// The families of detectors.
pub const ROLE: Role<dyn Detects> = Role {
    what: "detector",
    signs: "; YOLOX gives one grid [N,cells,5+classes], or `dets` [N,M,5] as RTMDet does, and RT-DETR and \
            D-FINE give `logits` [N,Q,classes] and `pred_boxes` [N,Q,4]",
    families: &[
        Family::new("yolox", yolox::ANSWER, &yolox::YOLOX),
        Family::new("rtmdet", yolox::ANSWER, &yolox::RTMDET),
        Family::new("rtdetr", detr::ANSWER, &detr::Detr),
    ],
};

/// A detector that is ready to run.
#[derive(Debug)]
pub struct Detector {
    net: Net,
    layout: Layout,
    batch: Batch,
}

impl Detector {
    /// Opens a model of the role `detect`.
    pub fn open(model: &Model, runtime: &Runtime) -> Result<Self> {
        let mut net = Net::open(model, "model", runtime, &Contract::new())?;
        let layout = Layout::of(model, &mut net)?;
        Ok(Self {
            batch: Batch::of(&net, usize::MAX),
            net,
            layout,
        })
    }

    /// How its tensors are read.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Which network it is.
    pub fn provenance(&self) -> &Provenance {
        self.net.provenance()
    }

    /// What is in an image, by descending score.
    pub fn detect(&mut self, image: &RgbImage, settings: &Settings) -> Result<Vec<Detection>> {
        let prepared = prepare(&self.layout, image, settings)?;
        let mut found = self.detect_all(std::slice::from_ref(&prepared), settings)?;
        found.pop().context("the network gave no answer")
    }

    /// What is in each of several images. They go in at once where the graph takes any number.
    pub fn detect_all(
        &mut self,
        images: &[Prepared],
        settings: &Settings,
    ) -> Result<Vec<Vec<Detection>>> {
        let views: Vec<&View> = images
            .iter()
            .flat_map(|image| {
                let tiles = image.tiles.iter().map(|(_, view)| view);
                std::iter::once(&image.whole).chain(tiles)
            })
            .collect();
        let mut found = self.views(&views, settings)?.into_iter();
        let of_image = |image: &Prepared| {
            let whole = found.next().unwrap_or_default();
            let tiles = found.by_ref().take(image.tiles.len()).collect();
            image.gather(whole, tiles, settings)
        };
        Ok(images.iter().map(of_image).collect())
    }

    /// What is in each view.
    fn views(&mut self, views: &[&View], settings: &Settings) -> Result<Vec<Vec<Detection>>> {
        let (net, layout, shape) = (&mut self.net, &self.layout, self.layout.shape());
        let decode = |outputs: &Outputs, part: &[&View]| {
            let places = part.iter().enumerate();
            let found = places.map(|(place, view)| layout.decode(outputs, place, view, settings));
            found.collect()
        };
        self.batch.run(
            net,
            layout.input(),
            &shape,
            views,
            |view| &view.numbers,
            decode,
        )
    }
}

impl Prepared {
    /// One list of what the whole image and its tiles show.
    fn gather(
        &self,
        whole: Vec<Detection>,
        tiles: Vec<Vec<Detection>>,
        settings: &Settings,
    ) -> Vec<Detection> {
        let mut news = Vec::new();
        for ((tile, _), found) in self.tiles.iter().zip(tiles) {
            let (x, y) = (tile.left as f32, tile.top as f32);
            for mut found in found {
                found.rect = found.rect.shift(x, y);
                if !cuts(*tile, found.rect, self.width, self.height) {
                    news.push(found);
                }
            }
        }
        let mut all = if self.tiles.is_empty() {
            whole
        } else {
            merge(whole, news, settings.nms)
        };
        all.retain_mut(|found| self.clip(found, settings.min_size));
        all.sort_by(|a, b| b.score.total_cmp(&a.score));
        all
    }

    /// Clips a box to the image; whether anything of enough size is left.
    fn clip(&self, found: &mut Detection, min_size: f32) -> bool {
        let known = found.rect.edges().iter().all(|edge| !edge.is_nan());
        found.rect = found.rect.clip(self.width as f32, self.height as f32);
        let shorter = found.rect.width().min(found.rect.height());
        known && shorter > 0.0 && shorter >= min_size
    }
}
