//! The subjects of a record: its masks, and what is written of them.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use stage::manifest::MaskShape;
use stage::manifest::shapes::Matte;
use stage::{Context, Record, Result, ensure};
use vision::mask::{self, Mask};
use vision::{GrayImage, Rect, write};

use crate::blend::{Stored, agreement, blend, inside};

/// The least that an edge may move, in pixels: masks are as coarse as this.
const LEAST: u32 = 2;

/// A mask, and the box of its pixels.
type Seen = (Mask, Rect);

/// The masks of a record that have pixels, each with its entry in `masks`; the others' entries, too.
pub(crate) struct Subjects {
    /// Width and height of the masks, where there are any.
    pub(crate) size: Option<(u32, u32)>,
    entries: Vec<(Map<String, Value>, Option<Seen>)>,
}

impl Subjects {
    /// None where the record has no `masks`.
    ///
    /// # Errors
    /// A mask that cannot be read; masks of several sizes.
    pub(crate) fn of(record: &Record) -> Result<Self> {
        let entries: Vec<Map<String, Value>> = record.find("masks")?.unwrap_or_default();
        let mut size = None;
        let mut read = |(index, entry): (usize, Map<String, Value>)| {
            let named = || format!("mask {index}");
            let shape = entry.get("mask").context("has no `mask`");
            let shape = MaskShape::deserialize(shape.with_context(named)?).with_context(named)?;
            let mask = mask::open(&shape).with_context(named)?;
            let own = (mask.width(), mask.height());
            let first = *size.get_or_insert(own);
            ensure!(
                own == first,
                "mask {index}: is {}x{}, but the first one is {}x{}",
                own.0,
                own.1,
                first.0,
                first.1
            );
            let seen = mask.bounding_box().map(|rect| (mask, rect));
            Ok((entry, seen))
        };
        let entries = entries.into_iter().enumerate().map(&mut read);
        let entries = entries.collect::<Result<_>>()?;
        Ok(Self { size, entries })
    }

    /// The part of the image that the network sees of each: its box and on each side `padding` times its
    /// longer side, as far as the image reaches.
    pub(crate) fn crops(&self, padding: f64) -> Vec<Rect> {
        let seen = self.entries.iter().filter_map(|(_, seen)| seen.as_ref());
        seen.map(|(mask, rect)| around(mask, *rect, padding))
            .collect()
    }
}

/// Masks must be of the image's size.
pub(crate) fn check(size: Option<(u32, u32)>, (width, height): (u32, u32)) -> Result<()> {
    let (wide, high) = size.unwrap_or((width, height));
    ensure!(
        (wide, high) == (width, height),
        "is {width}x{height}, but its masks are {wide}x{high}"
    );
    Ok(())
}

fn around(mask: &Mask, rect: Rect, padding: f64) -> Rect {
    let more = (f64::from(rect.width().max(rect.height())) * padding).round() as u32;
    rect.grow(more, more).clip(mask.width(), mask.height())
}

/// How masks are sharpened, and where they are written.
pub(crate) struct Choice {
    pub(crate) out_dir: PathBuf,
    /// How near to its edge, in longer sides of its box, a mask changes.
    pub(crate) band: f64,
    /// Least intersection over union of mask and matte.
    pub(crate) agreement: f64,
}

impl Choice {
    /// Sharpens the masks of a record by their mattes, writes them, and says so in the record.
    ///
    /// # Errors
    /// Masks of another size than the image that the mattes are of; files that cannot be written.
    pub(crate) fn sharpen(
        &self,
        record: &mut Record,
        subjects: Subjects,
        padding: f64,
        mattes: Vec<Stored>,
    ) -> Result<()> {
        let id = record.id()?;
        let all: Vec<Option<Mask>> = { subjects.entries.iter() }
            .map(|(_, seen)| seen.as_ref().map(|(mask, _)| mask.clone()))
            .collect();
        let mut mattes = mattes.into_iter();
        let (mut entries, mut union): (Vec<_>, Option<GrayImage>) = (Vec::new(), None);
        for (index, (mut entry, seen)) in subjects.entries.into_iter().enumerate() {
            let Some((mask, rect)) = seen else {
                entries.push(entry);
                continue;
            };
            let matte = mattes.next().context("a mask has no matte")?.open()?;
            let crop = around(&mask, rect, padding);
            let taken = others(&all, index, &mask)?;
            let levels = self.levels(&mask, rect, &taken, &matte, crop, &mut entry)?;
            let path = self.out_dir.join(format!("{id}.m{index}.png"));
            write::png_luma(&levels, &path).with_context(|| path.display().to_string())?;
            entry.insert("mask".to_owned(), json!(path));
            entries.push(entry);
            union = Some(union.map_or_else(|| levels.clone(), |union| lighter(union, &levels)));
        }
        record.put_rounded("masks", &entries, 4)?;
        if let Some(union) = union {
            let path = self.out_dir.join(format!("{id}.mask.png"));
            write::png_luma(&union, &path).with_context(|| path.display().to_string())?;
            record.put("mask", &path)?;
        }
        Ok(())
    }

    /// The levels of a mask, sharpened where the matte is of the same thing; its entry says which.
    fn levels(
        &self,
        mask: &Mask,
        rect: Rect,
        taken: &Mask,
        matte: &GrayImage,
        crop: Rect,
        entry: &mut Map<String, Value>,
    ) -> Result<GrayImage> {
        let agreement = agreement(mask, taken, matte, crop);
        let longer = f64::from(rect.width().max(rect.height()));
        let reach = ((longer * self.band).round() as u32).max(LEAST);
        let mut facts = Matte {
            agreement,
            reach: None,
        };
        let mut levels = mask.to_luma();
        if agreement >= self.agreement {
            let sharp = blend(mask, taken, matte, crop, reach);
            let now = inside(&sharp)?;
            if let Some(rect) = now.bounding_box() {
                entry.insert("box".to_owned(), json!(rect));
                entry.insert("area".to_owned(), json!(now.area()));
                facts.reach = Some(reach);
                levels = sharp;
            }
        }
        entry.insert("matte".to_owned(), json!(facts));
        Ok(levels)
    }
}

/// What the other masks have and this one does not.
fn others(all: &[Option<Mask>], index: usize, own: &Mask) -> Result<Mask> {
    let mut taken = Mask::new(own.width(), own.height())?;
    for (place, other) in all.iter().enumerate() {
        if let Some(other) = other.as_ref().filter(|_| place != index) {
            taken = taken.union(other)?;
        }
    }
    Ok(taken.difference(own)?)
}

/// The lighter of two levels, pixel by pixel.
fn lighter(mut one: GrayImage, other: &GrayImage) -> GrayImage {
    for (own, other) in one.iter_mut().zip(other.iter()) {
        *own = (*own).max(*other);
    }
    one
}
