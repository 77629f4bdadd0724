//! From luma and two colour differences to red, green and blue (ITU-T H.273).

use image::{GrayImage, RgbImage};

use crate::avif::property::Codes;
use crate::avif::{damaged, unsupported};
use crate::error::Result;

/// One plane of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Plane {
    width: usize,
    samples: Vec<u16>,
}

impl Plane {
    /// None unless the rows are whole.
    pub(crate) fn new(width: usize, samples: Vec<u16>) -> Option<Self> {
        let whole = width > 0 && !samples.is_empty() && samples.len().is_multiple_of(width);
        whole.then_some(Self { width, samples })
    }

    fn height(&self) -> usize {
        self.samples.len() / self.width
    }

    fn blank(width: usize, height: usize) -> Self {
        Self {
            width,
            samples: vec![0; width * height],
        }
    }

    /// Lays another plane on it; what hangs over is cut off.
    fn lay(&mut self, part: &Self, left: usize, top: usize) {
        let (width, height) = (self.width, self.height());
        let across = part.width.min(width.saturating_sub(left));
        for (y, row) in part.samples.chunks_exact(part.width).enumerate() {
            if top + y < height && across > 0 {
                let start = (top + y) * width + left;
                self.samples[start..start + across].copy_from_slice(&row[..across]);
            }
        }
    }

    /// The level at a place, in a plane of half the size between its samples, whose centres lie
    /// between those of the whole.
    fn at(&self, x: usize, y: usize, halved: (bool, bool)) -> f32 {
        let (columns, rows) = (
            taps(x, self.width, halved.0),
            taps(y, self.height(), halved.1),
        );
        let row = |y: usize| {
            let sample = |x: usize| f32::from(self.samples[y * self.width + x]);
            sample(columns.0) * 0.75 + sample(columns.1) * 0.25
        };
        row(rows.0) * 0.75 + row(rows.1) * 0.25
    }
}

/// The nearest sample, and the next one on the other side.
fn taps(place: usize, length: usize, halved: bool) -> (usize, usize) {
    if !halved {
        return (place, place);
    }
    let near = (place / 2).min(length - 1);
    let far = if place.is_multiple_of(2) {
        near.saturating_sub(1)
    } else {
        (near + 1).min(length - 1)
    };
    (near, far)
}

/// The planes of an image.
#[derive(Debug, Clone)]
pub(crate) struct Planes {
    luma: Plane,
    /// Blue's difference and red's.
    colour: Option<[Plane; 2]>,
    bits: usize,
    codes: Codes,
}

/// Where levels begin, and how many there are.
struct Scale {
    black: f32,
    luma: f32,
    middle: f32,
    colour: f32,
}

impl Scale {
    fn of(bits: usize, full: bool) -> Self {
        let unit = f32::from(1_u16 << (bits - 8));
        let most = 256.0 * unit - 1.0;
        let middle = 128.0 * unit;
        if full {
            return Self {
                black: 0.0,
                luma: most,
                middle,
                colour: most,
            };
        }
        Self {
            black: 16.0 * unit,
            luma: 219.0 * unit,
            middle,
            colour: 224.0 * unit,
        }
    }
}

impl Planes {
    pub(crate) fn new(luma: Plane, colour: Option<[Plane; 2]>, bits: usize, codes: Codes) -> Self {
        Self {
            luma,
            colour,
            bits,
            codes,
        }
    }

    pub(crate) fn width(&self) -> u32 {
        self.luma.width as u32
    }

    pub(crate) fn height(&self) -> u32 {
        self.luma.height() as u32
    }

    /// What the coded bytes say of colour.
    pub(crate) fn codes(&self) -> Codes {
        self.codes
    }

    /// Whether the colour planes have half the columns, and half the rows.
    fn halved(&self) -> (bool, bool) {
        let colour = self
            .colour
            .as_ref()
            .map(|[blue, _]| (blue.width, blue.height()));
        let (width, height) = colour.unwrap_or((self.luma.width, self.luma.height()));
        (width < self.luma.width, height < self.luma.height())
    }

    /// Planes of another size for parts like this one.
    pub(crate) fn blank(&self, width: u32, height: u32) -> Self {
        let (width, height) = (width as usize, height as usize);
        let (across, down) = self.halved();
        let half = |length: usize, halved: bool| if halved { length.div_ceil(2) } else { length };
        let blank = |_: &Plane| Plane::blank(half(width, across), half(height, down));
        Self {
            luma: Plane::blank(width, height),
            colour: self
                .colour
                .as_ref()
                .map(|planes| planes.each_ref().map(blank)),
            ..*self
        }
    }

    /// Lays a tile on its place in a grid of tiles of its size.
    pub(crate) fn lay(&mut self, part: &Self, column: usize, row: usize) -> Result<()> {
        let place = |plane: &Plane| (column * plane.width, row * plane.height());
        if self.bits != part.bits || self.colour.is_some() != part.colour.is_some() {
            return Err(damaged("its tiles differ"));
        }
        let (left, top) = place(&part.luma);
        self.luma.lay(&part.luma, left, top);
        if let (Some(whole), Some(parts)) = (&mut self.colour, &part.colour) {
            for (whole, part) in whole.iter_mut().zip(parts) {
                let (left, top) = place(part);
                whole.lay(part, left, top);
            }
        }
        Ok(())
    }

    /// Brightness alone, as of a plane of alpha.
    pub(crate) fn to_luma(&self, full: Option<bool>) -> GrayImage {
        let scale = Scale::of(self.bits, full.unwrap_or(self.codes.full));
        let mut image = GrayImage::new(self.width(), self.height());
        for (pixel, sample) in image.pixels_mut().zip(&self.luma.samples) {
            pixel.0 = [level((f32::from(*sample) - scale.black) / scale.luma)];
        }
        image
    }

    /// In colour; `codes` go before those of the coded bytes.
    pub(crate) fn to_rgb(&self, codes: Option<Codes>) -> Result<RgbImage> {
        let codes = codes.unwrap_or(self.codes);
        let scale = Scale::of(self.bits, codes.full);
        let Some([blue, red]) = &self.colour else {
            let gray = self.to_luma(Some(codes.full));
            return Ok(crate::pixels::rgb(gray.into(), [255; 3]));
        };
        let halved = self.halved();
        let matrix = Matrix::of(codes.matrix)?;
        let mut image = RgbImage::new(self.width(), self.height());
        for (x, y, pixel) in image.enumerate_pixels_mut() {
            let (x, y) = (x as usize, y as usize);
            let bright = f32::from(self.luma.samples[y * self.luma.width + x]) - scale.black;
            let colour = [blue, red].map(|plane| plane.at(x, y, halved));
            pixel.0 = matrix.apply(bright / scale.luma, colour, &scale).map(level);
        }
        Ok(image)
    }
}

/// How the three planes belong together.
enum Matrix {
    /// The planes are green, blue and red.
    Identity,
    /// Green against purple, and orange against blue.
    YCgCo,
    /// The weights of red and blue in luma.
    Weights(f32, f32),
}

impl Matrix {
    /// By its code point; what is not said is BT.601, as in JPEG.
    fn of(code: u8) -> Result<Self> {
        Ok(match code {
            0 => Self::Identity,
            1 => Self::Weights(0.2126, 0.0722),
            2 | 3 | 5 | 6 => Self::Weights(0.299, 0.114),
            4 => Self::Weights(0.30, 0.11),
            7 => Self::Weights(0.212, 0.087),
            8 => Self::YCgCo,
            9 => Self::Weights(0.2627, 0.0593),
            other => {
                return Err(unsupported(&format!(
                    "colour coded by matrix {other} of H.273"
                )));
            }
        })
    }

    fn apply(&self, bright: f32, [first, second]: [f32; 2], scale: &Scale) -> [f32; 3] {
        let difference = |sample: f32| (sample - scale.middle) / scale.colour;
        match self {
            Self::Identity => {
                let own = |sample: f32| (sample - scale.black) / scale.luma;
                [own(second), bright, own(first)]
            }
            Self::YCgCo => {
                let (green, orange) = (difference(first), difference(second));
                let rest = bright - green;
                [rest + orange, bright + green, rest - orange]
            }
            Self::Weights(of_red, of_blue) => {
                let red = bright + 2.0 * (1.0 - of_red) * difference(second);
                let blue = bright + 2.0 * (1.0 - of_blue) * difference(first);
                let green = (bright - of_red * red - of_blue * blue) / (1.0 - of_red - of_blue);
                [red, green, blue]
            }
        }
    }
}

/// 0..=1 to 0..=255.
fn level(share: f32) -> u8 {
    (share.clamp(0.0, 1.0) * 255.0).round() as u8
}
