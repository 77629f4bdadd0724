//! Reading images: JPEG, PNG, WebP, AVIF, JPEG XL, GIF, TIFF and BMP, told apart by content,
//! upright, in sRGB, 8 bits.
//!
//! * Orientation (EXIF, or TIFF's own tag) is applied once, here; nobody else needs to.
//! * Colours of another space than sRGB are converted where the file says so: by an ICC profile, or
//!   the code points of PNG, AVIF and JPEG XL. A profile that cannot be used is passed over, as
//!   everybody does. HDR (PQ, HLG) is refused; JPEG XL's own is tone-mapped.
//! * 16-bit samples are scaled to 8 by `round(v / 257)`; floating point is clamped to 0..=1 first.
//! * Gray becomes three equal channels; CMYK and YCCK become RGB by their profile, or else by the
//!   product of ink and black.
//! * Where an image without alpha is asked of one with it, it is laid over a colour, white unless
//!   another is given: cut-outs are mostly made for paper, and black would draw outlines round them.
//! * Luma is BT.601 full range as in JPEG, `0.299 R + 0.587 G + 0.114 B`. From a JPEG it comes
//!   straight from the decoder, from the others by libjpeg's own integers, so the two agree.
//! * A file cut short is an error, even where most of the image could still be shown.
//! * Of an animation the first image is read; [`Header::animated`] says that there are more.
//! * An image over [`MAX_PIXELS`] is refused by its header, before memory is taken for it.
//!
//! Each function has a twin on bytes, for callers who also hash the file's content.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};

use crate::error::{Error, Result};
use crate::jpeg::{self, Channels, Raw};
use crate::profile::{Conversion, Inks, Origin};
use crate::{avif, jxl, pixels, raster, resize, spare};

pub use crate::file::{format, looks_whole, read};
pub use crate::header::{
    Dimensions, Format, Header, MAX_FILE_BYTES, MAX_PIXELS, dimensions, dimensions_from_bytes,
    header, header_from_bytes,
};
pub use crate::profile::Profile;
pub use crate::samples::Samples;

/// What lies under an image with alpha when nothing is said: white.
pub const GROUND: [u8; 3] = [255; 3];

/// The image in RGB, alpha over white.
///
/// # Errors
/// What is not a regular file, empty, over the limits, of no known format, damaged or cut short.
pub fn rgb(path: &Path) -> Result<RgbImage> {
    rgb_from_bytes(&read(path)?)
}

/// As [`rgb`], of a file that is already in memory.
///
/// ```
/// let red = vision::RgbImage::from_pixel(2, 1, image::Rgb([200, 10, 10]));
/// let bytes = vision::write::encode_png(&red).unwrap();
/// assert_eq!(vision::decode::rgb_from_bytes(&bytes).unwrap(), red);
/// ```
pub fn rgb_from_bytes(bytes: &[u8]) -> Result<RgbImage> {
    rgb_over_from_bytes(bytes, GROUND)
}

/// As [`rgb_from_bytes`], with alpha over `ground` (red, green, blue).
pub fn rgb_over_from_bytes(bytes: &[u8], ground: [u8; 3]) -> Result<RgbImage> {
    colour(bytes, None, ground)
}

/// The image in RGB (alpha over white), perhaps shrunk, but not below `width` x `height`.
///
/// A JPEG is decoded at 1/2, 1/4 or 1/8 of its size where that is still large enough in both
/// directions, which is far cheaper; other formats are decoded whole. An image that is smaller to
/// begin with comes as it is: nothing is ever enlarged.
///
/// # Errors
/// As [`rgb`].
pub fn rgb_at_least(path: &Path, width: u32, height: u32) -> Result<RgbImage> {
    rgb_at_least_from_bytes(&read(path)?, width, height)
}

/// As [`rgb_at_least`], of a file that is already in memory.
///
/// ```
/// use vision::write::{Subsampling, encode_jpeg};
/// let bytes = encode_jpeg(&vision::RgbImage::new(64, 32), 90, Subsampling::S420).unwrap();
/// let small = vision::decode::rgb_at_least_from_bytes(&bytes, 10, 10).unwrap();
/// assert_eq!(small.dimensions(), (32, 16)); // a quarter would be 16x8
/// ```
pub fn rgb_at_least_from_bytes(bytes: &[u8], width: u32, height: u32) -> Result<RgbImage> {
    colour(bytes, Some(Dimensions { width, height }), GROUND)
}

/// The image in RGB with its alpha, 255 where it has none.
///
/// # Errors
/// As [`rgb`].
pub fn rgba(path: &Path) -> Result<RgbaImage> {
    rgba_from_bytes(&read(path)?)
}

/// As [`rgba`], of a file that is already in memory.
pub fn rgba_from_bytes(bytes: &[u8]) -> Result<RgbaImage> {
    match image(bytes, Channels::Rgba, None)? {
        DynamicImage::ImageRgba8(image) => Ok(image),
        other => Ok(pixels::rgba(other)),
    }
}

/// The image's luma, 0..=255 (alpha over white).
///
/// # Errors
/// As [`rgb`].
pub fn luma(path: &Path) -> Result<GrayImage> {
    luma_from_bytes(&read(path)?)
}

/// As [`luma`], of a file that is already in memory.
///
/// ```
/// let green = vision::RgbImage::from_pixel(1, 1, image::Rgb([0, 255, 0]));
/// let bytes = vision::write::encode_png(&green).unwrap();
/// assert_eq!(vision::decode::luma_from_bytes(&bytes).unwrap().get_pixel(0, 0).0, [150]);
/// ```
pub fn luma_from_bytes(bytes: &[u8]) -> Result<GrayImage> {
    brightness(bytes, None)
}

/// The image's luma, perhaps shrunk, but not below `width` x `height`; see [`rgb_at_least`].
///
/// # Errors
/// As [`rgb`].
pub fn luma_at_least(path: &Path, width: u32, height: u32) -> Result<GrayImage> {
    luma_at_least_from_bytes(&read(path)?, width, height)
}

/// As [`luma_at_least`], of a file that is already in memory.
pub fn luma_at_least_from_bytes(bytes: &[u8], width: u32, height: u32) -> Result<GrayImage> {
    brightness(bytes, Some(Dimensions { width, height }))
}

/// The luma as of [`luma_at_least_from_bytes`], and the colours perhaps shrunk more, but not below a size of their own.
///
/// A JPEG is decoded only once for both: a colour is that of the means of luma and of both differences over a square,
/// by the formulas of JFIF. Other formats are shrunk to the same sizes by means, so that what is measured does not
/// depend on how an image was stored.
///
/// # Errors
/// As [`rgb`].
///
/// ```
/// use vision::decode::{Dimensions, luma_and_rgb_at_least_from_bytes};
/// use vision::write::{Subsampling, encode_jpeg};
/// let bytes = encode_jpeg(&vision::RgbImage::new(64, 32), 90, Subsampling::S420).unwrap();
/// let [luma, colours] = [(30, 1), (8, 1)].map(|(width, height)| Dimensions { width, height });
/// let (luma, colours) = luma_and_rgb_at_least_from_bytes(&bytes, luma, colours).unwrap();
/// assert_eq!((luma.dimensions(), colours.dimensions()), ((32, 16), (8, 4)));
/// ```
pub fn luma_and_rgb_at_least_from_bytes(
    bytes: &[u8],
    luma: Dimensions,
    colours: Dimensions,
) -> Result<(GrayImage, RgbImage)> {
    if Format::of(bytes)? == Format::Jpeg
        && let Some(both) = photograph_once(bytes, luma, colours)?
    {
        return Ok(both);
    }
    let (light, colour) = if Format::of(bytes)? == Format::Jpeg {
        (
            brightness(bytes, Some(luma))?,
            colour(bytes, Some(colours), GROUND)?,
        )
    } else {
        let whole = colour(bytes, None, GROUND)?;
        (to_luma(&whole), whole)
    };
    let light = match shrunk(light.dimensions(), luma) {
        Some((width, height)) => resize::opencv_area_luma(&light, width, height)?,
        None => light,
    };
    let colour = match shrunk(colour.dimensions(), colours) {
        Some((width, height)) => resize::opencv_area(&colour, width, height)?,
        None => colour,
    };
    Ok((light, colour))
}

/// A size shrunk by 8, 4 or 2 as far as it stays at least `least`, rounded up as a JPEG's is.
fn shrunk((width, height): (u32, u32), least: Dimensions) -> Option<(u32, u32)> {
    let sizes = [8, 4, 2].map(|by| (width.div_ceil(by), height.div_ceil(by)));
    let fits = |size: &(u32, u32)| size.0 >= least.width && size.1 >= least.height;
    sizes.into_iter().find(fits)
}

/// By which of 16, 8, 4 and 2 a size can be divided and stay at least `least`.
fn shrinking((width, height): (u32, u32), least: Dimensions) -> Option<u32> {
    let fits = |by: &u32| width / by >= least.width && height / by >= least.height;
    [16, 8, 4, 2].into_iter().find(fits)
}

/// The luma of an RGB image, by libjpeg's integers: `(19595 R + 38470 G + 7471 B + 32768) / 65536`.
///
/// ```
/// let blue = vision::RgbImage::from_pixel(1, 1, image::Rgb([0, 0, 255]));
/// assert_eq!(vision::decode::to_luma(&blue).get_pixel(0, 0).0, [29]);
/// ```
pub fn to_luma(image: &RgbImage) -> GrayImage {
    pixels::luma_of_rgb(image)
}

/// The image laid over one colour: `alpha * image + (1 - alpha) * ground`, rounded.
///
/// ```
/// let half = vision::RgbaImage::from_pixel(1, 1, image::Rgba([0, 0, 0, 128]));
/// assert_eq!(vision::decode::over(&half, [255, 255, 255]).get_pixel(0, 0).0, [127; 3]);
/// ```
pub fn over(image: &RgbaImage, ground: [u8; 3]) -> RgbImage {
    pixels::over(image, ground)
}

/// Returns the memory of an image that is no longer needed, for the next image to decode.
///
/// Worth it for images that have waited; of one that is dropped where it was decoded the allocator
/// knows by itself.
pub fn give_back(image: RgbImage) {
    spare::give(image.into_raw());
}

/// What the file says of its colours, as far as it matters to those who take its numbers for sRGB.
/// Whoever decodes the file here gets sRGB in any case.
///
/// # Errors
/// As [`rgb`], damaged pixels aside; and HDR, which is not read here.
///
/// ```
/// let bytes = vision::write::encode_png(&vision::RgbImage::new(3, 2)).unwrap();
/// let profile = vision::decode::profile_from_bytes(&bytes).unwrap();
/// assert_eq!(profile, vision::decode::Profile::Srgb);
/// ```
pub fn profile_from_bytes(bytes: &[u8]) -> Result<Profile> {
    let format = Format::of(bytes)?;
    let header = header_from_bytes(bytes)?;
    let origin = match format {
        Format::Jpeg => jpeg::origin(bytes),
        Format::Avif => avif::origin(bytes)?,
        Format::Jxl => jxl::origin(bytes)?,
        Format::Png | Format::WebP | Format::Tiff | Format::Bmp | Format::Gif => {
            raster::origin_of(bytes, format)?
        }
    };
    let inks = match (header.samples.channels, format) {
        (4, Format::Jpeg) => Inks::Cmyk,
        (1 | 2, _) => Inks::Gray,
        _ => Inks::Rgb,
    };
    Ok(Conversion::of(&origin, inks, format)?.profile())
}

fn colour(bytes: &[u8], least: Option<Dimensions>, ground: [u8; 3]) -> Result<RgbImage> {
    match image(bytes, Channels::Rgb, least)? {
        DynamicImage::ImageRgb8(image) => Ok(image),
        other => Ok(pixels::rgb(other, ground)),
    }
}

fn brightness(bytes: &[u8], least: Option<Dimensions>) -> Result<GrayImage> {
    match image(bytes, Channels::Luma, least)? {
        DynamicImage::ImageLuma8(image) => Ok(image),
        other => Ok(pixels::luma(other, GROUND)),
    }
}

/// The upright image in sRGB, in whatever channels it came.
fn image(bytes: &[u8], channels: Channels, least: Option<Dimensions>) -> Result<DynamicImage> {
    let format = Format::of(bytes)?;
    if format == Format::Jpeg {
        return photograph(bytes, channels, least);
    }
    let (image, orientation, origin) = other(bytes, format)?;
    let inks = if image.color().has_color() {
        Inks::Rgb
    } else {
        Inks::Gray
    };
    let mut image = Conversion::of(&origin, inks, format)?.apply(image);
    image.apply_orientation(orientation);
    Ok(image)
}

/// The upright image with the numbers that are in the file, for masks.
pub(crate) fn as_stored(bytes: &[u8]) -> Result<DynamicImage> {
    let format = Format::of(bytes)?;
    let (mut image, orientation) = if format == Format::Jpeg {
        let header = header_from_bytes(bytes)?;
        let (raw, cmyk) = jpeg::decode(bytes, Channels::Rgb, None)?;
        let none = Conversion::None(Profile::Srgb);
        let image = wrap(raw, Channels::Rgb, cmyk, &none);
        (image.ok_or(Error::UnexpectedEnd)?, header.orientation)
    } else {
        let (image, orientation, _) = other(bytes, format)?;
        (image, orientation)
    };
    image.apply_orientation(orientation);
    Ok(image)
}

/// Decodes all formats but JPEG, each by a library in Rust. On damaged data one may reach what it takes for
/// unreachable: its panic is an error here, and its words stay on standard error.
fn other(bytes: &[u8], format: Format) -> Result<(DynamicImage, Orientation, Origin)> {
    let decoded = catch_unwind(AssertUnwindSafe(|| match format {
        Format::Avif => avif::decode(bytes),
        Format::Jxl => jxl::decode(bytes),
        _ => raster::decode(bytes, format),
    }));
    decoded.unwrap_or_else(|_| {
        Err(Error::Damaged {
            format,
            cause: "the decoder gave up".to_owned(),
        })
    })
}

fn photograph(bytes: &[u8], channels: Channels, least: Option<Dimensions>) -> Result<DynamicImage> {
    let header = header_from_bytes(bytes)?;
    // What turns the stored size into the seen one turns it back.
    let least = least.map(|seen| seen.turned(header.orientation));
    let origin = jpeg::origin(bytes);
    let inks = match header.samples.channels {
        1 => Inks::Gray,
        4 => Inks::Cmyk,
        _ => Inks::Rgb,
    };
    let conversion = Conversion::of(&origin, inks, Format::Jpeg)?;
    let channels = match channels {
        // Luma is that of the converted colours.
        Channels::Luma if inks == Inks::Rgb && !conversion.is_none() => Channels::Rgb,
        other => other,
    };
    let (raw, cmyk) = jpeg::decode(bytes, channels, least)?;
    let image = wrap(raw, channels, cmyk, &conversion).ok_or(Error::UnexpectedEnd)?;
    let mut image = if cmyk { image } else { conversion.apply(image) };
    image.apply_orientation(header.orientation);
    Ok(image)
}

/// Luma and colours of one decoding, where the file has them as planes whose numbers are those of sRGB.
fn photograph_once(
    bytes: &[u8],
    luma: Dimensions,
    colours: Dimensions,
) -> Result<Option<(GrayImage, RgbImage)>> {
    let header = header_from_bytes(bytes)?;
    let [luma, colours] = [luma, colours].map(|seen| seen.turned(header.orientation));
    if header.samples.channels != 3
        || !Conversion::of(&jpeg::origin(bytes), Inks::Rgb, Format::Jpeg)?.is_none()
    {
        return Ok(None);
    }
    let Some(planes) = jpeg::planes(bytes, luma)? else {
        return Ok(None);
    };
    let (width, height) = (planes.width, planes.height);
    let Some(by) = shrinking((width, height), colours) else {
        return Ok(None);
    };
    let [light, blue, red] = { planes.levels.each_ref() }
        .map(|plane| pixels::means(plane, (width / by, height / by), by));
    let numbers = light.iter().zip(&blue).zip(&red);
    let shrunk = numbers.flat_map(|((&y, &cb), &cr)| pixels::rgb_of_ycc([y, cb, cr]));
    let shrunk = RgbImage::from_raw(width / by, height / by, shrunk.collect());
    let [light, _, _] = planes.levels;
    let whole = GrayImage::from_raw(width, height, light.trimmed(width, height));
    let (Some(whole), Some(shrunk)) = (whole, shrunk) else {
        return Ok(None);
    };
    let (mut luma, mut colours) = (DynamicImage::from(whole), DynamicImage::from(shrunk));
    luma.apply_orientation(header.orientation);
    colours.apply_orientation(header.orientation);
    Ok(Some((luma.into_luma8(), colours.into_rgb8())))
}

fn wrap(raw: Raw, channels: Channels, cmyk: bool, conversion: &Conversion) -> Option<DynamicImage> {
    let Raw {
        width,
        height,
        pixels,
    } = raw;
    if cmyk {
        let light = conversion.print(&pixels);
        let light = light.unwrap_or_else(|| jpeg::cmyk_to_rgb(&pixels));
        return RgbImage::from_raw(width, height, light).map(DynamicImage::from);
    }
    match channels {
        Channels::Luma => GrayImage::from_raw(width, height, pixels).map(DynamicImage::from),
        Channels::Rgb => RgbImage::from_raw(width, height, pixels).map(DynamicImage::from),
        Channels::Rgba => RgbaImage::from_raw(width, height, pixels).map(DynamicImage::from),
    }
}
