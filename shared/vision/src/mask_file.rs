//! What a file of a mask means: the one reader of such files.
//!
//! Tools write masks in many ways. Read here are
//!
//! * black and white, of 1, 8 or 16 bits, gray or colour, with soft edges or without: inside is what
//!   is at least half as bright as white;
//! * two levels, of which one is 0: inside is the other, be it 1, 7, 255 or one colour of a palette;
//! * transparency: where part of the image is transparent, inside is what is opaque, whatever its
//!   colours;
//! * one colour on black, with soft edges or without.
//!
//! What could be meant in more than one way is refused with the reason: maps of several classes, two
//! grays of which neither is black, images of something. Nothing is ever turned inside out.

use std::path::Path;

use image::{DynamicImage, ImageBuffer, Rgba};

use crate::decode::{self, Format};
use crate::error::{Error, Result};
use crate::mask::Mask;
use crate::mask_levels::Levels;
use crate::pixels;

/// The share of pixels that may be unlike the rest and still be taken for noise of compression.
const NOISE: f64 = 0.01;

/// The mask in a file.
///
/// A mask with nothing or everything inside is no error here; [`Mask::uniform`] tells.
///
/// # Errors
/// What [`decode::luma`] refuses, and files that could be meant in more than one way.
pub fn read(path: &Path) -> Result<Mask> {
    from_bytes(&decode::read(path)?)
}

/// The opaque part of the image in a file; `None` where its pixels have no alpha.
///
/// # Errors
/// What [`decode::rgba`] refuses.
pub fn of_alpha(path: &Path) -> Result<Option<Mask>> {
    if !decode::header(path)?.samples.alpha {
        return Ok(None);
    }
    Mask::from_alpha(&decode::rgba(path)?).map(Some)
}

/// As [`read`], of a file that is already in memory.
///
/// ```
/// // A mask of the levels 0 and 1, which looks all black.
/// let labels = vision::GrayImage::from_fn(4, 2, |x, _| image::Luma([u8::from(x > 0)]));
/// let bytes = vision::write::encode_png_luma(&labels).unwrap();
/// assert_eq!(vision::mask::from_bytes(&bytes).unwrap().area(), 6);
/// ```
pub fn from_bytes(bytes: &[u8]) -> Result<Mask> {
    let lossy = Format::of(bytes)? == Format::Jpeg;
    match decode::as_stored(bytes)? {
        DynamicImage::ImageLuma8(image) => {
            let size = image.dimensions();
            Levels::new(image.into_raw(), u8::MAX.into(), lossy).mask(size)
        }
        DynamicImage::ImageLuma16(image) => {
            let size = image.dimensions();
            Levels::new(image.into_raw(), u16::MAX, lossy).mask(size)
        }
        deep @ (DynamicImage::ImageLumaA16(_)
        | DynamicImage::ImageRgb16(_)
        | DynamicImage::ImageRgba16(_)
        | DynamicImage::ImageRgb32F(_)
        | DynamicImage::ImageRgba32F(_)) => Colours(deep.into_rgba16(), u16::MAX).mask(lossy),
        other => Colours(pixels::rgba(other), u8::MAX).mask(lossy),
    }
}

/// An image in colour, perhaps with transparency, and the level of white.
struct Colours<P>(ImageBuffer<Rgba<P>, Vec<P>>, P)
where
    Rgba<P>: image::Pixel<Subpixel = P>;

impl<P> Colours<P>
where
    P: Copy + Into<u16>,
    Rgba<P>: image::Pixel<Subpixel = P>,
{
    fn mask(&self, lossy: bool) -> Result<Mask> {
        let white: u16 = self.1.into();
        let levels = if self.pixels().any(|[.., alpha]| alpha < white) {
            self.check_transparency(white)?;
            self.pixels().map(|[.., alpha]| alpha).collect()
        } else if self.is_gray(white) {
            self.pixels().map(|pixel| pixel[1]).collect()
        } else {
            self.check_hue(white)?;
            self.pixels().map(brightest).collect()
        };
        Levels::<u16>::new(levels, white, lossy).mask(self.0.dimensions())
    }

    fn pixels(&self) -> impl Iterator<Item = [u16; 4]> + '_ {
        self.0.pixels().map(|pixel| pixel.0.map(Into::into))
    }

    fn share(&self, which: impl Fn([u16; 4]) -> bool, of: impl Fn([u16; 4]) -> bool) -> f64 {
        let (mut met, mut all) = (0_u64, 0_u64);
        for pixel in self.pixels().filter(|pixel| of(*pixel)) {
            all += 1;
            met += u64::from(which(pixel));
        }
        met as f64 / all.max(1) as f64
    }

    /// Refuses a file that is wholly transparent, and one whose opaque part is itself black and
    /// white: either of the two could be the mask.
    fn check_transparency(&self, white: u16) -> Result<()> {
        let seen = |[.., alpha]: [u16; 4]| alpha > white / 2;
        if !self.pixels().any(|[.., alpha]| alpha > 0) {
            return Err(unclear("it is fully transparent"));
        }
        let edge = white / 16;
        let dark = self.share(|pixel| brightest(pixel) <= edge, seen);
        let light = self.share(|pixel| darkest(pixel) >= white - edge, seen);
        if dark + light > 1.0 - NOISE && dark > NOISE && light > NOISE {
            return Err(unclear(
                "it is black and white and also partly transparent, and either could be the mask",
            ));
        }
        Ok(())
    }

    fn is_gray(&self, white: u16) -> bool {
        let coloured = |pixel| brightest(pixel) - darkest(pixel) > white / 16;
        !self.pixels().any(coloured)
    }

    /// Refuses colours that are not shades of one colour from black to its brightest.
    fn check_hue(&self, white: u16) -> Result<()> {
        let purest = self.pixels().max_by_key(|pixel| brightest(*pixel));
        let [red, green, blue, _] = purest.unwrap_or_default().map(f64::from);
        let top = red.max(green).max(blue).max(1.0);
        let bright = |pixel: [u16; 4]| brightest(pixel) > white / 4;
        let strange = |pixel: [u16; 4]| {
            let shade = f64::from(brightest(pixel)) / top;
            [red, green, blue].iter().zip(pixel).any(|(pure, level)| {
                (pure * shade - f64::from(level)).abs() > f64::from(white) / 6.0
            })
        };
        if self.share(strange, bright) > NOISE {
            return Err(unclear(
                "it has several colours, like a photograph or a map of several classes",
            ));
        }
        Ok(())
    }
}

fn brightest([red, green, blue, _]: [u16; 4]) -> u16 {
    red.max(green).max(blue)
}

fn darkest([red, green, blue, _]: [u16; 4]) -> u16 {
    red.min(green).min(blue)
}

/// The error of a file that is no mask, or could be several.
pub(crate) fn unclear(cause: impl Into<String>) -> Error {
    Error::UnclearMask {
        cause: cause.into(),
    }
}
