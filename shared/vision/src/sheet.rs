//! Contact sheets: many pictures on one, each with a line of text.

use font8x8::UnicodeFonts;
use image::{RgbImage, imageops};

use crate::error::{Error, Result};
use crate::header;
use crate::resize::{self, PilFilter};

/// The colour of the sheet.
const GROUND: [u8; 3] = [24; 3];
/// The colour of the text.
const INK: [u8; 3] = [230; 3];
/// Pixels between neighbours, and round the sheet.
const GAP: u32 = 6;
/// The width of a frame.
const FRAME: u32 = 3;
/// A picture is shown at most this many times as high as wide.
const TALLEST: u32 = 2;

/// One picture of a sheet.
#[derive(Debug, Clone, Copy)]
pub struct Tile<'a> {
    /// The picture, of any size.
    pub image: &'a RgbImage,
    /// What is written under it; cut off where it does not fit.
    pub label: &'a str,
    /// The colour of a frame round it, if any: kept, dropped, …
    pub border: Option<[u8; 3]>,
}

/// Lays pictures out row by row, each `tile_width` wide (narrower where it would be more than twice
/// as high), with its label below in an 8x8 bitmap font, enlarged on large tiles.
///
/// Small pictures are enlarged. Characters that the font lacks are shown as `?`.
///
/// # Errors
/// No tiles, no columns, tiles under 16 or over 4096 pixels wide, and a sheet over the pixel limit.
///
/// ```
/// use vision::sheet::{Tile, contact_sheet};
/// let gray = vision::RgbImage::from_pixel(160, 90, image::Rgb([128; 3]));
/// let tile = Tile { image: &gray, label: "frame 1", border: None };
/// let sheet = contact_sheet(&[tile, tile, tile], 2, 80).unwrap();
/// assert_eq!(sheet.width(), 6 + 80 + 6 + 80 + 6);
/// ```
pub fn contact_sheet(tiles: &[Tile<'_>], columns: u32, tile_width: u32) -> Result<RgbImage> {
    check(
        "columns",
        columns,
        (1..=4096).contains(&columns),
        "1..=4096",
    )?;
    let wide_enough = (16..=4096).contains(&tile_width);
    check("tile width", tile_width, wide_enough, "16..=4096")?;
    if tiles.is_empty() {
        return Err(resize::no_pixels(0, 0));
    }
    let columns = columns.min(tiles.len() as u32);
    let letter = letter_height(tile_width);
    let rows: Vec<&[Tile<'_>]> = tiles.chunks(columns as usize).collect();
    let heights: Vec<u32> = rows.iter().map(|row| row_height(row, tile_width)).collect();
    let below = letter + 2 * GAP;
    let height = heights.iter().map(|height| u64::from(height + below));
    let size = header::checked(
        u64::from(columns) * u64::from(tile_width + GAP) + u64::from(GAP),
        height.sum::<u64>() + u64::from(GAP),
    )?;
    let mut sheet = RgbImage::from_pixel(size.width, size.height, image::Rgb(GROUND));
    let mut top = GAP;
    for (row, height) in rows.iter().zip(&heights) {
        for (column, tile) in (0..).zip(row.iter()) {
            let left = GAP + column * (tile_width + GAP);
            place(&mut sheet, tile, (left, top), (tile_width, *height))?;
            write(
                &mut sheet,
                tile.label,
                (left, top + height + GAP),
                tile_width,
            );
        }
        top += height + below;
    }
    Ok(sheet)
}

fn check(what: &'static str, value: u32, fits: bool, range: &'static str) -> Result<()> {
    if fits {
        return Ok(());
    }
    Err(Error::OutOfRange {
        what,
        value: value.to_string(),
        range,
    })
}

fn row_height(row: &[Tile<'_>], width: u32) -> u32 {
    row.iter()
        .map(|tile| fitted(tile.image.dimensions(), width).1)
        .max()
        .unwrap_or(1)
}

/// The size at which a picture is shown: the full width, or the full height if it is very tall.
fn fitted((width, height): (u32, u32), tile: u32) -> (u32, u32) {
    let scaled = |side: u32, by: u32, of: u32| {
        (u64::from(side) * u64::from(by) / u64::from(of.max(1))).max(1) as u32
    };
    let tall = scaled(height, tile, width);
    let limit = tile * TALLEST;
    if tall <= limit {
        (tile, tall)
    } else {
        (scaled(width, limit, height), limit)
    }
}

/// Draws one picture in the middle of its cell, its frame over its edge.
fn place(sheet: &mut RgbImage, tile: &Tile<'_>, at: (u32, u32), cell: (u32, u32)) -> Result<()> {
    let (width, height) = fitted(tile.image.dimensions(), cell.0);
    let mut small = resize::pil(tile.image, width, height, PilFilter::Bilinear)?;
    if let Some(colour) = tile.border {
        frame(&mut small, colour);
    }
    let left = at.0 + (cell.0 - width) / 2;
    let top = at.1 + (cell.1 - height) / 2;
    imageops::replace(sheet, &small, left.into(), top.into());
    Ok(())
}

/// A frame over the edge of a picture.
fn frame(image: &mut RgbImage, colour: [u8; 3]) {
    let (width, height) = image.dimensions();
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        if x.min(y).min(width - 1 - x).min(height - 1 - y) < FRAME {
            pixel.0 = colour;
        }
    }
}

fn letter_height(tile_width: u32) -> u32 {
    8 * (tile_width / 256).max(1)
}

/// Writes one line of text from its top left corner, at most `width` wide.
fn write(sheet: &mut RgbImage, text: &str, (left, top): (u32, u32), width: u32) {
    let letter = letter_height(width);
    let fit = (width / letter) as usize;
    let scale = letter / 8;
    for (index, character) in (0..).zip(text.chars().take(fit)) {
        for (y, bits) in (0..).zip(glyph(character)) {
            for x in (0..8).filter(|x| bits >> x & 1 == 1) {
                for (dx, dy) in (0..scale * scale).map(|at| (at % scale, at / scale)) {
                    let at = (left + index * letter + x * scale + dx, top + y * scale + dy);
                    if let Some(pixel) = sheet.get_pixel_mut_checked(at.0, at.1) {
                        pixel.0 = INK;
                    }
                }
            }
        }
    }
}

/// Eight rows of eight bits, the lowest bit on the left.
fn glyph(character: char) -> [u8; 8] {
    font8x8::BASIC_FONTS
        .get(character)
        .or_else(|| font8x8::LATIN_FONTS.get(character))
        .or_else(|| font8x8::BASIC_FONTS.get('?'))
        .unwrap_or_default()
}
