//! Pure functions on images: decode, resize, hashes, focus, colour, masks.
//!
//! | module | what |
//! |---|---|
//! | [`decode`] | JPEG, PNG, WebP, AVIF, JPEG XL, GIF, TIFF, BMP to RGB, RGBA or luma: upright, in sRGB, 8 bits, within limits, shrunk on the way if wanted |
//! | [`resize`] | like Pillow, like `OpenCV` |
//! | [`warp`] | affine maps, like `OpenCV` |
//! | [`hash`] | perceptual hashes, 64 bits |
//! | [`focus`] | sharpness, whole and by tiles |
//! | [`statistics`] | histograms, brightness in figures |
//! | [`colour`] | sRGB, HSV, L*a*b*, colour temperature, colourfulness |
//! | [`crop`] | parts of images |
//! | [`mask`] | binary masks, the files they come in, and their run-length codes |
//! | [`regions`] | the connected regions of a mask or an image |
//! | [`mod@write`] | JPEG, PNG and any file, whole or not at all |
//!
//! [`Rect`] is the rectangle of all of these.
//!
//! Nothing here prints, knows of manifests, or keeps state that a caller could see. Images are
//! the `image` crate's, named here so that callers need not name it.

pub mod blocks;
pub mod colour;
pub mod crop;
pub mod decode;
pub mod focus;
pub mod hash;
pub mod mask;
pub mod regions;
pub mod resize;
pub mod statistics;
pub mod warp;
pub mod write;

mod area;
mod avif;
mod dilate;
mod error;
mod exact;
mod exif;
mod file;
mod gif;
mod header;
mod jpeg;
mod jxl;
mod linear;
mod mask_file;
mod mask_levels;
mod mask_stored;
mod pixels;
mod profile;
mod raster;
mod rle;
mod samples;
mod spare;

pub use error::{Error, Result};
pub use geometry::{Rect, Skeleton};
pub use image::{GrayImage, RgbImage, RgbaImage};
