//! Images as servers take them: JPEG, which all of them read, and not large.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{Rgb, RgbImage};
use stage::Result;
use vision::decode;
use vision::resize::{PilFilter, pil};
use vision::write::{Subsampling, encode_jpeg};

/// Quality of the JPEG, 1 to 100.
const QUALITY: u8 = 90;

/// Side of the image that a server is tried with, pixels.
const PROBE: u32 = 32;

/// The image in `bytes` as a JPEG file in base64, its longer side at most `longest` pixels.
pub(crate) fn encoded(bytes: &[u8], longest: u32) -> Result<String> {
    let image = decode::rgb_from_bytes(bytes)?;
    let (width, height) = fitted(image.dimensions(), longest);
    let image = if (width, height) == image.dimensions() {
        image
    } else {
        pil(&image, width, height, PilFilter::Lanczos)?
    };
    Ok(STANDARD.encode(encode_jpeg(&image, QUALITY, Subsampling::S420)?))
}

/// A small gray image, encoded likewise.
pub(crate) fn probe() -> Result<String> {
    let image = RgbImage::from_pixel(PROBE, PROBE, Rgb([128; 3]));
    Ok(STANDARD.encode(encode_jpeg(&image, QUALITY, Subsampling::S420)?))
}

/// A size of the same shape with no side longer than `longest`.
fn fitted((width, height): (u32, u32), longest: u32) -> (u32, u32) {
    let longer = width.max(height);
    if longer <= longest {
        return (width, height);
    }
    let scale = f64::from(longest) / f64::from(longer);
    let side = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
    (side(width), side(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_side_fits() {
        assert_eq!(fitted((1920, 1080), 1024), (1024, 576));
        assert_eq!(fitted((1080, 1920), 1024), (576, 1024));
        assert_eq!(fitted((640, 360), 1024), (640, 360));
        assert_eq!(fitted((60_000, 1), 1024), (1024, 1));
    }
}
