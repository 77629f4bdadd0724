//! `LaMa`, which fills holes in images (Suvorov and others, *Resolution-robust Large Mask
//! Inpainting with Fourier Convolutions*, 2021).
//!
//! | file | size | gives |
//! |---|---|---|
//! | `lama_fp32.onnx` of Carve/LaMa-ONNX | 512x512 | 0..255 |
//! | `inpainting_lama_2025jan.onnx` of `opencv_zoo` | 512x512 | 0..255 |
//! | exports of Sanster's `big-lama.pt` | multiples of 8 | 0..1 |
//!
//! All take `image` f32 `[1,3,H,W]`, RGB, 0..1, and `mask` f32 `[1,1,H,W]`, 1 in the hole and 0 outside,
//! and give the image with the hole filled, f32 `[1,3,H,W]`, under a name of their own. `opencv_zoo`'s
//! demonstration feeds BGR; the network was trained on RGB, which is what goes in here.
//!
//! The steps round the network are `IOPaint`'s (`iopaint/model/base.py`, `lama.py`), made to fit a
//! graph of one size: [`prepare`] makes the tensors of a crop, [`decode`] the image.

use anyhow::{Context, Result, bail, ensure};
use image::imageops::crop_imm;
use onnx::{Contract, Dim, Kind, Net, Port, Tensor};
use vision::RgbImage;
use vision::mask::Mask;
use vision::resize::{PilFilter, pil};

use super::family::Inpaints;
use crate::family::Graph;
use crate::planes::{Order, valued};

/// The number of its answers.
pub(super) const ANSWER: u32 = 1;

/// The side that a graph of any size gets at most, in pixels (`IOPaint`'s
/// `hd_strategy_resize_limit`): its memory grows with the area.
const LONGEST: u32 = 1280;

/// A graph of any size takes multiples of this (`IOPaint`'s `pad_mod`): it halves three times.
const MULTIPLE: u32 = 8;

/// The side that a graph of any size gets at least: at an eighth of it, its padding by reflection
/// still needs some pixels.
const SHORTEST: u32 = 64;

/// An output whose largest number is at most this is in 0..1.
const UNIT: f32 = 1.5;

/// `LaMa`.
#[derive(Debug)]
pub(super) struct Lama;

impl Graph for Lama {
    // The output has another name in every export.
    fn contract(&self) -> Contract {
        use Dim::{Any, Is};
        Contract::new()
            .input("image", Kind::F32, &[Is(1), Is(3), Any, Any])
            .input("mask", Kind::F32, &[Is(1), Is(1), Any, Any])
    }
}

impl Inpaints for Lama {
    fn fill(&self, net: &mut Net, crop: &RgbImage, hole: &Mask) -> Result<RgbImage> {
        let prepared = prepare(layout(net.inputs())?, crop, hole)?;
        let (width, height) = prepared.size();
        let [wide, high] = [width as usize, height as usize];
        let image = Tensor::floats(&[1, 3, high, wide], prepared.image.clone())?;
        let mask = Tensor::floats(&[1, 1, high, wide], prepared.mask.clone())?;
        let outputs = net.run(&[("image", &image), ("mask", &mask)])?;
        let (_, output) = outputs.iter().next().context("the graph gives nothing")?;
        ensure!(
            output.shape() == [1, 3, high, wide],
            "the graph gives {:?} for an image of {width}x{height}",
            output.shape()
        );
        let (filled, range) = decode(&prepared, &output.as_floats()?)?;
        log::debug!(
            "a crop of {}x{}, read as {}",
            crop.width(),
            crop.height(),
            match range {
                Range::Unit => "0 to 1",
                Range::Bytes => "0 to 255",
            }
        );
        Ok(filled)
    }
}

/// The size of image that a graph with these ports takes.
///
/// # Errors
/// A size that is not square.
pub fn layout(ports: &[Port]) -> Result<Layout> {
    let image = ports.iter().find(|port| port.name == "image");
    match image.map(|port| &port.shape[..]) {
        Some([_, _, None, None]) => Ok(Layout::Dynamic),
        Some([_, _, Some(height), Some(width)]) if height == width => {
            Ok(Layout::Fixed(u32::try_from(*width)?))
        }
        _ => bail!("`image` is not square and not of any size"),
    }
}

/// The size of image that a graph takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A square of this side, in pixels.
    Fixed(u32),
    /// Any whose sides are multiples of 8.
    Dynamic,
}

/// What white is in a graph's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// 1.
    Unit,
    /// 255.
    Bytes,
}

/// The sizes that a crop goes through, each width and height in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sizes {
    crop: (u32, u32),
    /// Mirrored to the right and downwards to this,
    mirrored: (u32, u32),
    /// resized to this,
    resized: (u32, u32),
    /// and mirrored again to this.
    network: (u32, u32),
}

impl Sizes {
    fn of(layout: Layout, (width, height): (u32, u32)) -> Self {
        let longer = width.max(height);
        match layout {
            Layout::Fixed(side) => Self {
                crop: (width, height),
                mirrored: (longer, longer),
                resized: (side, side),
                network: (side, side),
            },
            Layout::Dynamic => {
                let scale = f64::from(LONGEST) / f64::from(longer);
                let shrunk = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
                let resized = if longer > LONGEST {
                    (shrunk(width), shrunk(height))
                } else {
                    (width, height)
                };
                let whole = |side: u32| side.max(SHORTEST).next_multiple_of(MULTIPLE);
                Self {
                    crop: (width, height),
                    mirrored: (width, height),
                    resized,
                    network: (whole(resized.0), whole(resized.1)),
                }
            }
        }
    }
}

/// A crop and its hole as the network takes them.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    sizes: Sizes,
    /// `[3,H,W]` in RGB, 0..1.
    pub image: Vec<f32>,
    /// `[H,W]`, 1 in the hole and 0 outside.
    pub mask: Vec<f32>,
}

impl Prepared {
    /// Width and height of the tensors.
    pub fn size(&self) -> (u32, u32) {
        self.sizes.network
    }
}

/// From a crop and its hole, which are of one size, to the network's tensors.
///
/// For a graph of one size the crop is mirrored to a square (edge included, as `NumPy`'s `symmetric`)
/// and resized: with a triangle when shrinking, with Catmull-Rom when growing; the hole with the
/// nearest pixel. For a graph of any size it is shrunk where it is over 1280 pixels, and mirrored to
/// multiples of 8, at least 64.
///
/// # Errors
/// Sizes that differ; a crop without pixels.
///
/// ```
/// use nets::inpaint::lama::{Layout, prepare};
/// let crop = vision::RgbImage::from_pixel(5, 7, image::Rgb([255, 51, 0]));
/// let hole = vision::mask::Mask::from_fn(5, 7, |x, _| x == 0).unwrap();
/// let prepared = prepare(Layout::Dynamic, &crop, &hole).unwrap();
/// assert_eq!(prepared.size(), (64, 64));
/// assert_eq!([0, 64 * 64, 2 * 64 * 64].map(|at| prepared.image[at]), [1.0, 0.2, 0.0]);
/// assert_eq!(prepared.mask[..12], [1., 0., 0., 0., 0., 0., 0., 0., 0., 1., 1., 0.]);
/// ```
pub fn prepare(layout: Layout, crop: &RgbImage, hole: &Mask) -> Result<Prepared> {
    ensure!(
        crop.dimensions() == (hole.width(), hole.height()),
        "a crop of {}x{}, but a hole of {}x{}",
        crop.width(),
        crop.height(),
        hole.width(),
        hole.height()
    );
    let sizes = Sizes::of(layout, crop.dimensions());
    let square = mirrored(crop, sizes.mirrored);
    let resized = resize(&square, sizes.resized)?;
    let image = mirrored(&resized, sizes.network);
    let planes = valued(&image, Order::Rgb, |_, level| level / 255.0);
    let columns: Vec<u32> = along(sizes, |size| size.0);
    let rows: Vec<u32> = along(sizes, |size| size.1);
    let inside = |x: &u32, y: &u32| f32::from(u8::from(hole.get(*x, *y)));
    let mask = rows
        .iter()
        .flat_map(|y| columns.iter().map(move |x| inside(x, y)))
        .collect();
    Ok(Prepared {
        sizes,
        image: planes,
        mask,
    })
}

/// From what the network gave for `prepared`, `[3,H,W]`, to the crop with its hole filled: clipped,
/// rounded, its padding cut off, resized back with Catmull-Rom.
///
/// Some exports give 0..1 and others 0..255: where the largest number is at most 1.5 it is the
/// former, unless the known pixels, which come back as they went in, say that the image is just
/// as dark as that.
///
/// # Errors
/// Numbers that are not finite, or not so many as went in.
pub fn decode(prepared: &Prepared, output: &[f32]) -> Result<(RgbImage, Range)> {
    let (width, height) = prepared.sizes.network;
    ensure!(
        output.len() == prepared.image.len(),
        "the network gave {} numbers instead of {}",
        output.len(),
        prepared.image.len()
    );
    ensure!(
        output.iter().all(|number| number.is_finite()),
        "the network gave numbers that are not finite"
    );
    let range = range(prepared, output);
    let white = if range == Range::Unit { 255.0 } else { 1.0 };
    let plane = prepared.mask.len();
    let filled = RgbImage::from_fn(width, height, |x, y| {
        let at = y as usize * width as usize + x as usize;
        let channel = |channel: usize| output[channel * plane + at] * white;
        image::Rgb([0, 1, 2].map(|c| channel(c).clamp(0.0, 255.0).round() as u8))
    });
    let Sizes {
        crop,
        mirrored,
        resized,
        ..
    } = prepared.sizes;
    let resized = crop_imm(&filled, 0, 0, resized.0, resized.1).to_image();
    let square = if resized.dimensions() == mirrored {
        resized
    } else {
        pil(&resized, mirrored.0, mirrored.1, PilFilter::Bicubic)?
    };
    Ok((crop_imm(&square, 0, 0, crop.0, crop.1).to_image(), range))
}

fn range(prepared: &Prepared, output: &[f32]) -> Range {
    let largest = output.iter().copied().fold(f32::MIN, f32::max);
    if largest > UNIT {
        return Range::Bytes;
    }
    let known = prepared.mask.iter().cycle().map(|hole| *hole == 0.0);
    let (mut unit, mut bytes) = (0.0, 0.0);
    for ((went_in, came_out), known) in prepared.image.iter().zip(output).zip(known) {
        if known {
            unit += f64::from((came_out - went_in).abs());
            bytes += f64::from((came_out / 255.0 - went_in).abs());
        }
    }
    if bytes < unit {
        Range::Bytes
    } else {
        Range::Unit
    }
}

fn resize(image: &RgbImage, (width, height): (u32, u32)) -> Result<RgbImage> {
    if image.dimensions() == (width, height) {
        return Ok(image.clone());
    }
    let filter = if width < image.width() || height < image.height() {
        PilFilter::Bilinear
    } else {
        PilFilter::Bicubic
    };
    Ok(pil(image, width, height, filter)?)
}

/// The image made longer by its mirror image, edge included, again and again.
fn mirrored(image: &RgbImage, (width, height): (u32, u32)) -> RgbImage {
    if image.dimensions() == (width, height) {
        return image.clone();
    }
    RgbImage::from_fn(width, height, |x, y| {
        *image.get_pixel(mirror(x, image.width()), mirror(y, image.height()))
    })
}

/// Where position `at` of a mirrored line of `length` comes from.
fn mirror(at: u32, length: u32) -> u32 {
    let within = at % (2 * length);
    within.min(2 * length - 1 - within)
}

/// Where each of the network's columns (or rows) lies in the crop.
fn along(sizes: Sizes, side: impl Fn((u32, u32)) -> u32) -> Vec<u32> {
    let [crop, square, resized, network] =
        [sizes.crop, sizes.mirrored, sizes.resized, sizes.network].map(side);
    // Pillow's nearest: the pixel under the middle.
    let nearest = |at: u32| {
        let scale = f64::from(square) / f64::from(resized);
        (((f64::from(at) + 0.5) * scale) as u32).min(square - 1)
    };
    (0..network)
        .map(|at| mirror(nearest(mirror(at, resized)), crop))
        .collect()
}
