//! What a network is shown of a record.

use answers::{Answers, ImageFile};
use nets::embed::{Crops, Processing};
use stage::{Context, Key, Record, Result};
use vision::decode::Format;
use vision::mask::{Mask, Stored};
use vision::{RgbImage, decode};

/// How images are looked at.
pub(crate) struct Look {
    pub(crate) answers: Answers,
    pub(crate) processing: Processing,
    pub(crate) crops: Crops,
    pub(crate) mask: bool,
    pub(crate) ground: [u8; 3],
}

/// The files of a record.
pub(crate) struct Seen {
    file: ImageFile,
    mask: Option<Stored>,
}

/// What goes into the network.
pub(crate) struct Views {
    /// One or more squares, each `[3, side, side]`.
    pub(crate) views: Vec<Vec<f32>>,
    /// Whether something was put on the plain ground.
    pub(crate) masked: bool,
}

impl Look {
    /// Reads a record's files, and names the answer by all that it depends on.
    pub(crate) fn look(&self, record: &Record) -> Result<(Key, Seen)> {
        let file = ImageFile::of(record)?;
        let mask = match record.mask()? {
            Some(shape) if self.mask => Some(Stored::read(&shape)?),
            _ => None,
        };
        let key = self.answers.key(file.bytes());
        let key = match &mask {
            Some(mask) => key.part(mask.bytes()),
            None => key,
        };
        Ok((key, Seen { file, mask }))
    }

    /// Makes the network's input of a record's files.
    pub(crate) fn views(&self, seen: Seen) -> Result<Views> {
        let Seen { file, mask } = seen;
        let (mut image, clear) = file.named(|bytes| self.over_ground(bytes))?;
        if let Some(mask) = &mask {
            let mask = mask.decode_for(image.dimensions());
            lay(&mut image, &mask.context("key `mask`")?, self.ground);
        }
        Ok(Views {
            views: file.named(|_| self.processing.prepare(&image, self.crops))?,
            masked: clear || mask.is_some(),
        })
    }

    /// The image over the ground, and whether that shows. Only a JPEG cannot be transparent.
    fn over_ground(&self, bytes: &[u8]) -> vision::Result<(RgbImage, bool)> {
        if Format::of(bytes)? == Format::Jpeg {
            return Ok((decode::rgb_from_bytes(bytes)?, false));
        }
        let whole = decode::rgba_from_bytes(bytes)?;
        let clear = whole.pixels().any(|pixel| pixel.0[3] < u8::MAX);
        Ok((decode::over(&whole, self.ground), clear))
    }

    /// The ground as it is written.
    pub(crate) fn ground_name(&self) -> String {
        let [red, green, blue] = self.ground;
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

/// Puts everything outside the mask on the ground.
fn lay(image: &mut RgbImage, mask: &Mask, ground: [u8; 3]) {
    for (pixel, inside) in image.pixels_mut().zip(mask.as_slice()) {
        if !inside {
            pixel.0 = ground;
        }
    }
}

/// Reads a colour, `#rrggbb`.
pub(crate) fn ground(text: &str) -> Result<[u8; 3], String> {
    let digits = text.strip_prefix('#').unwrap_or(text);
    let number = u32::from_str_radix(digits, 16).ok();
    let number = number.filter(|_| digits.len() == 6 && !digits.starts_with('+'));
    let [_, red, green, blue] = number
        .ok_or_else(|| "not a colour, such as #ffffff".to_owned())?
        .to_be_bytes();
    Ok([red, green, blue])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_six_digits() {
        assert_eq!(ground("#8000ff"), Ok([128, 0, 255]));
        assert_eq!(ground("8000ff"), Ok([128, 0, 255]));
        for wrong in ["#80f", "white", "+8000f", "#1234567"] {
            assert!(ground(wrong).is_err(), "{wrong}");
        }
    }
}
