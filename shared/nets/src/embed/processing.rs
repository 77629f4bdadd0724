//! An image's way into a network: its size, what of it is looked at, and its numbers.

use vision::RgbImage;
use vision::resize::{self, PilFilter};

use crate::planes::{Order, square, valued};

/// How an image is brought to the size that a network takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resize {
    /// Its shorter edge to this many pixels, the other in proportion, rounded down; then a square is
    /// cut out.
    Shortest(u32),
    /// To a square, whatever its proportions.
    Squeezed,
}

/// What of an image is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crops {
    /// As the family's reference has it: the middle, or everything squeezed.
    Reference,
    /// Three squares along the longer edge, at its start, middle and end, unsqueezed: film frames
    /// are so wide that the middle square leaves out almost half of them.
    Wide,
}

/// How an image is made ready for a network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Processing {
    /// How it is brought to size.
    pub resize: Resize,
    /// With which filter of Pillow.
    pub filter: PilFilter,
    /// Columns and rows that the network takes.
    pub side: u32,
    /// Subtracted from red, green and blue, 0..=1.
    pub mean: [f32; 3],
    /// What they are then divided by.
    pub deviation: [f32; 3],
}

impl Processing {
    /// The views of an image: each the numbers of a tensor `[3, side, side]`, red, green and blue.
    ///
    /// # Errors
    /// An image so long and thin that it would be too large once its shorter edge has the size.
    pub fn prepare(&self, image: &RgbImage, crops: Crops) -> vision::Result<Vec<Vec<f32>>> {
        let shortest = match (self.resize, crops) {
            (Resize::Squeezed, Crops::Reference) => {
                let square = resize::pil(image, self.side, self.side, self.filter)?;
                return Ok(vec![self.numbers(&square)]);
            }
            (Resize::Squeezed, Crops::Wide) => self.side,
            (Resize::Shortest(shortest), _) => shortest,
        };
        let (width, height) = scaled(image.dimensions(), shortest);
        let resized;
        let image = if (width, height) == image.dimensions() {
            image
        } else {
            resized = resize::pil(image, width, height, self.filter)?;
            &resized
        };
        let (left, top) = ((width - self.side) / 2, (height - self.side) / 2);
        let long = width.max(height) - self.side;
        let places = match crops {
            Crops::Wide if width > height => vec![(0, top), (left, top), (long, top)],
            Crops::Wide if height > width => vec![(left, 0), (left, top), (left, long)],
            _ => vec![(left, top)],
        };
        let view = |(left, top)| Ok(self.numbers(&square(image, left, top, self.side)?));
        places.into_iter().map(view).collect()
    }

    /// The numbers of a square image.
    fn numbers(&self, image: &RgbImage) -> Vec<f32> {
        valued(image, Order::Rgb, |plane, level| {
            (level / 255.0 - self.mean[plane]) / self.deviation[plane]
        })
    }
}

/// The size of an image whose shorter edge becomes `shortest`; the longer is rounded down, as
/// transformers does.
fn scaled((width, height): (u32, u32), shortest: u32) -> (u32, u32) {
    let (short, long) = (width.min(height), width.max(height));
    let longer = u64::from(shortest) * u64::from(long) / u64::from(short.max(1));
    let longer = u32::try_from(longer).unwrap_or(u32::MAX).max(shortest);
    if width <= height {
        (shortest, longer)
    } else {
        (longer, shortest)
    }
}
