//! The instances of a record.

use image::imageops;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use stage::manifest::MaskShape;
use stage::{Context, Record, Result, ensure};
use vision::mask::{self, Mask, Rle};
use vision::{GrayImage, Rect, decode};

use crate::figures::Figures;
use crate::ground::Shape;
use crate::window::Window;

/// The level of a matte from which on a pixel is inside: half of white, as in other files of masks.
const INSIDE: u8 = 128;

/// One instance: its mask within its box, and what is known of it.
#[derive(Debug)]
pub(crate) struct Instance {
    /// Its place in `masks`.
    pub(crate) index: usize,
    /// Its box in the image.
    pub(crate) rect: Rect,
    /// The mask within the box.
    pub(crate) inside: Mask,
    /// All of the mask.
    pub(crate) runs: Rle,
    /// Pixels of the mask.
    pub(crate) area: u64,
    /// How sure it is: the detector's score, or else the mask's.
    pub(crate) score: f64,
    /// How much of each pixel of the image is inside, where a matte says so.
    levels: Option<GrayImage>,
    about: Map<String, Value>,
}

/// The instances of a record that have pixels; none if it has no `masks`. Text that is laid over the image is no
/// part of them.
pub(crate) fn read(record: &Record) -> Result<Vec<Instance>> {
    let entries: Vec<Map<String, Value>> = record.find("masks")?.unwrap_or_default();
    let text = record.text()?.and_then(|text| text.mask);
    let text = text.as_ref().map(mask::open).transpose();
    let text = text.context("key `text`: mask")?;
    let mut instances = Vec::new();
    for (index, about) in entries.into_iter().enumerate() {
        let named = || format!("mask {index}");
        instances.extend(instance(index, about, text.as_ref()).with_context(named)?);
    }
    Ok(instances)
}

fn instance(
    index: usize,
    mut about: Map<String, Value>,
    text: Option<&Mask>,
) -> Result<Option<Instance>> {
    let shape = about.shift_remove("mask").context("has no `mask`")?;
    let shape = MaskShape::deserialize(shape)?;
    let mut levels = soft(&shape, &about)?;
    let mut mask = match &levels {
        Some(levels) => Mask::from_luma(levels, INSIDE)?,
        None => mask::open(&shape)?,
    };
    if let Some(text) = text {
        mask = mask.difference(text)?;
        levels = levels.map(|levels| without(levels, text));
    }
    let Some(rect) = mask.bounding_box() else {
        return Ok(None);
    };
    let score = about.get("detection").and_then(|own| own.get("score"));
    let score = score.or_else(|| about.get("score")).and_then(Value::as_f64);
    Ok(Some(Instance {
        index,
        rect,
        inside: mask.part(rect)?,
        runs: Rle::encode(&mask),
        area: mask.area(),
        score: score.unwrap_or(0.0),
        levels,
        about,
    }))
}

/// The levels of a mask that matte wrote. In other files, levels between black and white need not mean opacity.
fn soft(shape: &MaskShape, about: &Map<String, Value>) -> Result<Option<GrayImage>> {
    let MaskShape::File(path) = shape else {
        return Ok(None);
    };
    if !about.contains_key("matte") {
        return Ok(None);
    }
    let levels = decode::luma(path).with_context(|| path.display().to_string())?;
    Ok(Some(levels))
}

/// Takes text off the levels of a matte of its size.
fn without(mut levels: GrayImage, text: &Mask) -> GrayImage {
    for (level, is_text) in levels.pixels_mut().zip(text.as_slice()) {
        if *is_text {
            level.0 = [0];
        }
    }
    levels
}

/// Masks must be of the image's size.
pub(crate) fn check(instances: &[Instance], (width, height): (u32, u32)) -> Result<()> {
    for instance in instances {
        ensure!(
            (instance.runs.width(), instance.runs.height()) == (width, height),
            "mask {}: is {}x{}, but its image is {width}x{height}",
            instance.index,
            instance.runs.width(),
            instance.runs.height()
        );
    }
    Ok(())
}

impl Instance {
    /// Whether a pixel of the image is in it.
    pub(crate) fn has(&self, x: u32, y: u32) -> bool {
        let Rect { left, top, .. } = self.rect;
        x >= left && y >= top && self.inside.get(x - left, y - top)
    }

    /// Why its track may be a false detection.
    pub(crate) fn ghost(&self) -> Option<&str> {
        self.about.get("ghost").and_then(Value::as_str)
    }

    /// Its mask within a part of the image.
    pub(crate) fn mask_of(&self, crop: Rect) -> Result<Mask> {
        let inside = |x: u32, y: u32| self.has(crop.left + x, crop.top + y);
        Ok(Mask::from_fn(crop.width(), crop.height(), inside)?)
    }

    /// What of it is within a part of the image.
    pub(crate) fn shape_of(&self, crop: Rect) -> Result<Shape> {
        let levels = { self.levels.as_ref() }.map(|levels| {
            imageops::crop_imm(levels, crop.left, crop.top, crop.width(), crop.height())
        });
        Ok(Shape {
            mask: self.mask_of(crop)?,
            levels: levels.map(|part| part.to_image()),
        })
    }

    /// The key `instance`.
    pub(crate) fn facts(&self, figures: &Figures, window: &Window) -> Map<String, Value> {
        let mut facts = Map::new();
        let own = [
            ("index", json!(self.index)),
            ("box", json!(self.rect)),
            ("crop", json!(window.crop)),
            ("bucket", json!([window.bucket.width, window.bucket.height])),
            ("area", json!(self.area)),
            ("cut", json!(figures.cut)),
            ("hidden", json!(figures.hidden)),
            ("laplacian_variance", json!(figures.laplacian_variance)),
        ];
        for (name, value) in own {
            facts.insert(name.to_owned(), value);
        }
        if let Some(edges) = figures.edges {
            facts.insert("edges".to_owned(), json!(edges));
        }
        for (name, value) in &self.about {
            facts.entry(name).or_insert_with(|| value.clone());
        }
        facts
    }
}
