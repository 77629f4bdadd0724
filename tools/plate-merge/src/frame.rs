//! A frame and what is hidden in it.

use stage::{Context, Record, Result, ensure};
use vision::mask::{self, Mask};
use vision::{RgbImage, decode};

use crate::level::Level;

/// How far masks are grown, thousandths of the long side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Margins {
    /// All round.
    pub(crate) grow: f64,
    /// Downwards, besides: where shadows begin.
    pub(crate) shadow: f64,
}

/// A frame, decoded.
pub(crate) struct Frame {
    pub(crate) image: RgbImage,
    /// The characters.
    pub(crate) figures: Mask,
    /// The characters and the margin round them.
    pub(crate) hidden: Mask,
    /// Copies to align by, the smallest first.
    pub(crate) levels: Vec<Level>,
}

impl Frame {
    /// Reads the image and the masks of a record. Without `mask` and `masks` it is an error, unless
    /// `unmasked` says that nothing is then hidden.
    pub(crate) fn read(record: &Record, margins: Margins, unmasked: bool) -> Result<Self> {
        let path = record.image()?;
        let name = || path.display().to_string();
        let image = decode::rgb(&path).with_context(name)?;
        let mask = mask(record, image.dimensions(), unmasked)?;
        let hidden = behind_text(record, grown(&mask, margins))?;
        let levels = Level::pyramid(&decode::to_luma(&image), &hidden).with_context(name)?;
        Ok(Self {
            image,
            figures: mask,
            hidden,
            levels,
        })
    }
}

/// The union of the characters: the file in `mask`, or all of `masks`.
fn mask(record: &Record, size: (u32, u32), unmasked: bool) -> Result<Mask> {
    if let Some(shape) = record.mask()? {
        return mask::open_for(&shape, size).context("key `mask`");
    }
    let Some(segments) = record.masks()? else {
        ensure!(
            unmasked,
            "has neither `mask` nor `masks`: pipe it through sam-mask first, or give --unmasked if it shows no character"
        );
        return Ok(Mask::new(size.0, size.1)?);
    };
    let mut union = Mask::new(size.0, size.1)?;
    for (number, segment) in segments.iter().enumerate() {
        let name = || format!("key `masks`: mask {number}");
        let mask = mask::open_for(&segment.mask, size).with_context(name)?;
        union = union.union(&mask)?;
    }
    Ok(union)
}

/// What is hidden, and what is behind text that is laid over the frame: that has its margin already, and no shadow.
fn behind_text(record: &Record, hidden: Mask) -> Result<Mask> {
    let Some(text) = record.text()?.and_then(|text| text.mask) else {
        return Ok(hidden);
    };
    let size = (hidden.width(), hidden.height());
    let text = mask::open_for(&text, size).context("key `text`: mask")?;
    Ok(hidden.union(&text)?)
}

/// The mask with its margins.
fn grown(mask: &Mask, margins: Margins) -> Mask {
    let side = f64::from(mask.width().max(mask.height()));
    let pixels = |thousandths: f64| (thousandths * side / 1000.0).round() as u32;
    stretched(mask, pixels(margins.shadow)).dilate(pixels(margins.grow))
}

/// Everything inside, and this many pixels below it.
fn stretched(mask: &Mask, pixels: u32) -> Mask {
    let mut result = mask.clone();
    for x in 0..mask.width() {
        let mut left = 0;
        for y in 0..mask.height() {
            if mask.get(x, y) {
                left = pixels;
            } else if left > 0 {
                result.set(x, y, true);
                left -= 1;
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_grow_all_round_and_downwards_more() {
        let mask = Mask::from_fn(100, 100, |x, y| {
            (40..60).contains(&x) && (40..60).contains(&y)
        })
        .unwrap();
        let bounds = grown(
            &mask,
            Margins {
                grow: 20.0,
                shadow: 50.0,
            },
        )
        .bounding_box()
        .unwrap();
        assert_eq!(
            (bounds.left, bounds.top, bounds.right, bounds.bottom),
            (38, 38, 62, 67)
        );
        let same = grown(
            &mask,
            Margins {
                grow: 0.0,
                shadow: 0.0,
            },
        );
        assert_eq!(same, mask);
    }
}
