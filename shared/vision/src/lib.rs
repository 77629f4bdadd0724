//! Pure functions on pictures: decode, resize, hashes, focus, colour, masks.
//!
//! | module | what |
//! |---|---|
//! | [`decode`] | JPEG, PNG, WebP, TIFF, BMP to RGB, RGBA or luma: upright, 8 bits, within limits, shrunk on the way if wanted |
//! | [`resize`] | like Pillow, like `OpenCV` |
//! | [`hash`] | perceptual hashes, 64 bits |
//! | [`focus`] | sharpness, whole and by tiles; the direction of blur |
//! | [`write`] | JPEG, PNG and any file, whole or not at all |
//!
//! Nothing here prints, knows of manifests, or keeps state that a caller could see. Pictures are
//! the `image` crate's, named here so that callers need not name it.

pub mod decode;
pub mod focus;
pub mod hash;
pub mod resize;
pub mod write;

mod area;
mod error;
mod exact;
mod file;
mod header;
mod jpeg;
mod pixels;
mod raster;

pub use error::{Error, Result};
pub use image::{GrayImage, RgbImage, RgbaImage};
