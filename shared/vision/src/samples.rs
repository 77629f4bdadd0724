//! What a file says of the numbers that its pixels are made of.

use image::{ColorType, ImageDecoder};

/// What a pixel of a file is made of, as the file has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Samples {
    /// Numbers a pixel, alpha included: 1 gray, 3 colour, 4 CMYK or colour with alpha. A palette
    /// counts as the colours in it.
    pub channels: u8,
    /// Whether one of them is alpha.
    pub alpha: bool,
    /// Bits a number.
    pub bits: u8,
}

impl Samples {
    /// Whether it is what everybody expects: red, green and blue of eight bits, no alpha.
    ///
    /// ```
    /// let bytes = vision::write::encode_png(&vision::RgbImage::new(3, 2)).unwrap();
    /// let header = vision::decode::header_from_bytes(&bytes).unwrap();
    /// assert!(header.samples.is_rgb());
    /// ```
    pub fn is_rgb(self) -> bool {
        self.channels == 3 && self.bits == 8
    }

    /// As the decoder of a format other than JPEG says.
    pub(crate) fn of(decoder: &impl ImageDecoder) -> Self {
        let colour: ColorType = decoder.color_type();
        Self {
            channels: colour.channel_count(),
            alpha: colour.has_alpha(),
            bits: (colour.bits_per_pixel() / u16::from(colour.channel_count())) as u8,
        }
    }
}
