//! The subjects of a record: its masks, and what is written of them.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use stage::manifest::MaskShape;
use stage::manifest::shapes::Matte;
use stage::{Context, Record, Result, ensure};
use vision::mask::{self, Mask};
use vision::{GrayImage, Rect, decode, write};

use crate::blend::{HALF, Stored, agreement, blend};

/// The least that an edge may move, in pixels: masks are as coarse as this.
const LEAST: u32 = 2;

/// An entry of `masks`.
type Entry = Map<String, Value>;

/// Width and height, in pixels.
type Size = (u32, u32);

/// Where the network looks, as far as it can be told without decoding masks whose `box` is known.
pub(crate) struct Places {
    /// The size of the masks, where there are any.
    pub(crate) size: Option<Size>,
    /// The part of the image that the network sees of each subject: its box and on each side `padding`
    /// times its longer side, as far as the image reaches.
    pub(crate) crops: Vec<Rect>,
}

impl Places {
    /// Those of a record; none where it has no `masks`.
    ///
    /// # Errors
    /// A mask that cannot be read; masks of several sizes.
    pub(crate) fn of(record: &Record, padding: f64) -> Result<Self> {
        let mut found = Self {
            size: None,
            crops: Vec::new(),
        };
        for (index, entry) in entries(record)?.iter().enumerate() {
            let named = || format!("mask {index}");
            let shape = shape(entry).with_context(named)?;
            let size = size(&shape).with_context(named)?;
            same(&mut found.size, index, size)?;
            let rect = match boxed(entry, size) {
                Some(rect) => Some(rect),
                None => mask::open(&shape).with_context(named)?.bounding_box(),
            };
            found
                .crops
                .extend(rect.map(|rect| rect.padded(padding, size)));
        }
        Ok(found)
    }
}

fn entries(record: &Record) -> Result<Vec<Entry>> {
    Ok(record.find("masks")?.unwrap_or_default())
}

fn shape(entry: &Entry) -> Result<MaskShape> {
    let shape = entry.get("mask").context("has no `mask`")?;
    Ok(MaskShape::deserialize(shape)?)
}

/// The size of a mask, by the head of its file or of its run lengths.
fn size(shape: &MaskShape) -> Result<Size> {
    match shape {
        MaskShape::File(path) => {
            let size = decode::dimensions(path).with_context(|| path.display().to_string())?;
            Ok((size.width, size.height))
        }
        MaskShape::Runs(runs) => Ok((runs.size[1], runs.size[0])),
    }
}

/// The box of an entry, where it has one with pixels in it.
fn boxed(entry: &Entry, (width, height): Size) -> Option<Rect> {
    let rect = Rect::<f64>::deserialize(entry.get("box")?).ok()?;
    let rect = rect.touched(width, height);
    (!rect.is_empty()).then_some(rect)
}

/// All masks of a record must be of one size.
fn same(first: &mut Option<Size>, index: usize, own: Size) -> Result<()> {
    let first = *first.get_or_insert(own);
    ensure!(
        own == first,
        "mask {index}: is {}x{}, but the first one is {}x{}",
        own.0,
        own.1,
        first.0,
        first.1
    );
    Ok(())
}

/// Masks must be of the image's size.
pub(crate) fn check(size: Option<Size>, (width, height): Size) -> Result<()> {
    let (wide, high) = size.unwrap_or((width, height));
    ensure!(
        (wide, high) == (width, height),
        "is {width}x{height}, but its masks are {wide}x{high}"
    );
    Ok(())
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
    /// Sharpens the masks of a record by their mattes, those of [`Places::crops`], writes them, and says so
    /// in the record.
    ///
    /// # Errors
    /// A mask that cannot be read; files that cannot be written.
    pub(crate) fn sharpen(
        &self,
        record: &mut Record,
        padding: f64,
        mattes: Vec<Stored>,
    ) -> Result<()> {
        let id = record.id()?;
        let mut entries = entries(record)?;
        let masks = { entries.iter().enumerate() }
            .map(|(index, entry)| {
                let named = || format!("mask {index}");
                let shape = shape(entry).with_context(named)?;
                mask::open(&shape).with_context(named)
            })
            .collect::<Result<Vec<Mask>>>()?;
        let Some((first, others)) = masks.split_first() else {
            return Ok(());
        };
        let all = { others.iter() }.try_fold(first.clone(), |all, mask| all.union(mask))?;
        let mut mattes = mattes.into_iter();
        let mut union: Option<GrayImage> = None;
        for (index, (entry, mask)) in entries.iter_mut().zip(&masks).enumerate() {
            let own = mask.bounding_box();
            let size = (mask.width(), mask.height());
            let Some(seen) = boxed(entry, size).or(own) else {
                continue;
            };
            let matte = mattes.next().context("a mask has no matte")?;
            // A box without a mask in it is looked at, and nothing is there to be sharpened.
            let Some(rect) = own else {
                continue;
            };
            let (matte, crop) = (matte.open()?, seen.padded(padding, size));
            let taken = all.difference(mask)?;
            let levels = self.levels(mask, rect, &taken, &matte, crop, entry)?;
            let path = self.out_dir.join(format!("{id}.m{index}.png"));
            write::png_luma(&levels, &path).with_context(|| path.display().to_string())?;
            entry.insert("mask".to_owned(), json!(path));
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
            let now = Mask::from_luma(&sharp, HALF)?;
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

/// The lighter of two levels, pixel by pixel.
fn lighter(mut one: GrayImage, other: &GrayImage) -> GrayImage {
    for (own, other) in one.iter_mut().zip(other.iter()) {
        *own = (*own).max(*other);
    }
    one
}
