//! Small images for pages: what a record shows, with what was found in it drawn over it.
//!
//! | module | what |
//! |---|---|
//! | this | the image, small, as a JPEG |
//! | [`drawn`] | a mask, key points or boxes over it |

pub mod drawn;

use std::path::Path;

use image::Rgb;
use image::imageops::replace;
use vision::resize::{self, PilFilter};
use vision::write::{Subsampling, encode_jpeg};
use vision::{Result, RgbImage, decode, mask};

pub use drawn::Over;

/// What lies under a crop that is transparent, so that neither its light nor its dark edges vanish, and round images that
/// are beside each other.
const GROUND: [u8; 3] = [128; 3];

/// Pixels between two images beside each other.
const GAP: u32 = 8;

/// An image, small.
#[derive(Debug)]
pub struct Preview {
    image: RgbImage,
}

impl Preview {
    /// The image in a file, made to fit into a square of `side` pixels, with `over` drawn on it.
    ///
    /// # Errors
    /// An image that cannot be read, and a mask that cannot, or is not of its size.
    pub fn of(path: &Path, side: u32, over: &[Over]) -> Result<Self> {
        let file = decode::read(path)?;
        let header = decode::header_from_bytes(&file)?;
        let whole_size = header.dimensions();
        let whole = if header.samples.alpha {
            decode::rgb_over_from_bytes(&file, GROUND)?
        } else {
            let (width, height) = if whole_size.width > whole_size.height {
                (side, 1)
            } else {
                (1, side)
            };
            decode::rgb_at_least_from_bytes(&file, width, height)?
        };
        let mut image = fit(whole, side)?;
        let scale = f64::from(image.width()) / f64::from(whole_size.width.max(1));
        for one in over {
            match one {
                Over::Transparency if !header.samples.alpha => {}
                Over::Transparency => drawn::mask(&mut image, &mask::from_bytes(&file)?)?,
                Over::Mask(shape) => {
                    let mask = mask::open_for(shape, (whole_size.width, whole_size.height))?;
                    drawn::mask(&mut image, &mask)?;
                }
                Over::KeyPoints(points, skeleton) => {
                    drawn::key_points(&mut image, points, *skeleton, scale);
                }
                Over::Box(rect) => drawn::rectangle(&mut image, *rect, scale),
            }
        }
        Ok(Self { image })
    }

    /// With another image to its right.
    #[must_use]
    pub fn beside(&self, other: &Self) -> Self {
        let (width, height) = self.dimensions();
        let (more, its_height) = other.dimensions();
        let size = (width + GAP + more, height.max(its_height));
        let mut image = RgbImage::from_pixel(size.0, size.1, Rgb(GROUND));
        replace(&mut image, &self.image, 0, 0);
        replace(&mut image, &other.image, i64::from(width + GAP), 0);
        Self { image }
    }

    /// Width and height, pixels.
    #[must_use]
    pub fn dimensions(&self) -> (u32, u32) {
        self.image.dimensions()
    }

    /// As a JPEG of a quality on libjpeg's scale.
    ///
    /// # Errors
    /// What the encoder refuses.
    pub fn jpeg(&self, quality: u8) -> Result<Vec<u8>> {
        encode_jpeg(&self.image, quality, Subsampling::S420)
    }
}

/// An image whose long side is at most `side`; it is never enlarged.
fn fit(image: RgbImage, side: u32) -> Result<RgbImage> {
    let (width, height) = image.dimensions();
    let scale = f64::from(side) / f64::from(width.max(height));
    if scale >= 1.0 {
        return Ok(image);
    }
    let scaled = |size: u32| ((f64::from(size) * scale).round() as u32).max(1);
    resize::pil(&image, scaled(width), scaled(height), PilFilter::Bilinear)
}
