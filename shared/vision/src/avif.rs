//! AVIF stills: the container's own reader, and AV1 through `rav1d`.
//!
//! The container is ISO/IEC 23008-12 (HEIF) with the AV1 binding of the Alliance for Open Media
//! (AVIF 1.1). Of a sequence the still that stands for it is read. Orientation comes from `irot` and
//! `imir` alone: Exif is only information there (MIAF, ISO/IEC 23000-22).

mod av1;
mod boxes;
mod container;
mod property;
mod yuv;

use std::io::{BufRead, Cursor, Seek};

use image::metadata::Orientation;
use image::{DynamicImage, RgbaImage};

use crate::decode::{Dimensions, Format};
use crate::error::{Error, Result};
use crate::header::{self, Header};
use crate::profile::Origin;
use crate::samples::Samples;

use container::{Container, Item};

/// The most tiles of a grid.
const MOST_TILES: usize = 1024;

/// The header of a file, from its boxes alone.
pub(crate) fn header<R: BufRead + Seek>(reader: R) -> Result<Header> {
    let container = Container::read(reader)?;
    let primary = container.primary()?;
    let alpha = container.alpha(primary.id).is_some();
    let gray = container.is_gray(primary);
    Ok(Header {
        format: Format::Avif,
        stored: container.size(primary)?,
        orientation: container.orientation(primary),
        samples: Samples {
            channels: if gray { 1 } else { 3 } + u8::from(alpha),
            alpha,
            bits: if container.depth(primary) > 8 { 16 } else { 8 },
        },
        animated: container.is_sequence(),
    })
}

/// The image as stored, how it is turned upright, and what its numbers mean.
pub(crate) fn decode(bytes: &[u8]) -> Result<(DynamicImage, Orientation, Origin)> {
    let container = Container::read(Cursor::new(bytes))?;
    let primary = container.primary()?;
    let size = container.size(primary)?;
    let planes = planes(&container, primary, bytes)?;
    fits(size, (planes.width(), planes.height()))?;
    let origin = match container.said(primary) {
        Origin::Unsaid => planes.codes().origin(),
        said => said,
    };
    let light = planes.to_rgb(container.codes(primary))?;
    let orientation = container.orientation(primary);
    let Some(alpha) = container.alpha(primary.id) else {
        return Ok((light.into(), orientation, origin));
    };
    let cover = self::planes(&container, alpha, bytes)?;
    fits(size, (cover.width(), cover.height()))?;
    let range = container.codes(alpha).map(|codes| codes.full);
    let cover = cover.to_luma(range);
    let mut both = RgbaImage::new(size.width, size.height);
    for ((pixel, light), cover) in both.pixels_mut().zip(light.pixels()).zip(cover.pixels()) {
        let [red, green, blue] = light.0;
        pixel.0 = [red, green, blue, cover.0[0]];
    }
    Ok((both.into(), orientation, origin))
}

/// What the numbers of a file in memory mean, from its boxes alone.
pub(crate) fn origin(bytes: &[u8]) -> Result<Origin> {
    let container = Container::read(Cursor::new(bytes))?;
    let primary = container.primary()?;
    Ok(container.said(primary))
}

/// The planes of an item, or of the tiles that it is put together from.
fn planes(container: &Container, item: &Item, bytes: &[u8]) -> Result<yuv::Planes> {
    if item.kind == *b"av01" {
        return av1::decode(container.data(item, bytes)?);
    }
    if item.kind != *b"grid" {
        return Err(unsupported("made of something other than AV1 images"));
    }
    let grid = container::Grid::read(&container.data(item, bytes)?)?;
    let tiles = container.tiles(item.id);
    let count = usize::from(grid.rows) * usize::from(grid.columns);
    if tiles.len() != count || count > MOST_TILES {
        return Err(damaged("its grid lacks tiles"));
    }
    header::checked(grid.width.into(), grid.height.into())?;
    let mut whole: Option<yuv::Planes> = None;
    for (number, tile) in tiles.into_iter().enumerate() {
        let part = av1::decode(container.data(tile, bytes)?)?;
        let whole = whole.get_or_insert_with(|| part.blank(grid.width, grid.height));
        let (column, row) = (
            number % usize::from(grid.columns),
            number / usize::from(grid.columns),
        );
        whole.lay(&part, column, row)?;
    }
    whole.ok_or_else(|| damaged("its grid has no tiles"))
}

fn fits(announced: Dimensions, (width, height): (u32, u32)) -> Result<()> {
    if (announced.width, announced.height) == (width, height) {
        return Ok(());
    }
    Err(damaged(&format!(
        "announced as {}x{}, and {width}x{height} inside",
        announced.width, announced.height
    )))
}

/// Our error for bytes that no encoder writes.
pub(crate) fn damaged(cause: &str) -> Error {
    Error::Damaged {
        format: Format::Avif,
        cause: cause.to_owned(),
    }
}

/// Our error for what may be sound, but is not read here.
pub(crate) fn unsupported(cause: &str) -> Error {
    Error::Unsupported {
        format: Format::Avif,
        cause: cause.to_owned(),
    }
}
