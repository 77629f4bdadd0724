//! From whatever a decoder gives to 8-bit luma, RGB or RGBA.

use image::{DynamicImage, GrayImage, ImageBuffer, Pixel, RgbImage, RgbaImage};

use crate::blocks;
use crate::jpeg::Plane;

/// Luma of one pixel by libjpeg's 16-bit integers, which are also Pillow's.
#[inline]
pub(crate) fn luma_of(red: u8, green: u8, blue: u8) -> u8 {
    let sum = 19595 * u32::from(red) + 38470 * u32::from(green) + 7471 * u32::from(blue);
    ((sum + 0x8000) >> 16) as u8
}

/// Red, green and blue of luma and the two differences of JPEG (ITU-T T.871, section 7).
#[inline]
pub(crate) fn rgb_of_ycc([y, cb, cr]: [u8; 3]) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    let green = y - 0.344_136 * cb - 0.714_136 * cr;
    [y + 1.402 * cr, green, y + 1.772 * cb].map(|level| (level + 0.5) as u8)
}

/// The means of a plane over squares of `by` columns and rows of the image, rounded; `size` are the squares across and
/// down.
pub(crate) fn means(plane: &Plane, size: (u32, u32), by: u32) -> Vec<u8> {
    let block = (by / plane.each.0, by / plane.each.1);
    let numbers = block.0 * block.1;
    let sums = blocks::sums(&plane.levels, plane.width, size, block).into_iter();
    let means = sums.map(|sum| ((sum + numbers / 2) / numbers) as u8);
    means.collect()
}

/// 16 bits to 8, rounded: 65535 becomes 255, and 257 more is one more.
#[inline]
fn narrow(sample: u16) -> u8 {
    ((u32::from(sample) + 128) / 257) as u8
}

/// One sample laid over another, rounded.
#[inline]
fn blend(over: u8, under: u8, alpha: u8) -> u8 {
    let (over, under, alpha) = (u32::from(over), u32::from(under), u32::from(alpha));
    ((over * alpha + under * (255 - alpha) + 127) / 255) as u8
}

/// An image of another pixel type, each pixel by itself. It is only called with a buffer of the
/// right length, so that the empty image it would otherwise give is never seen.
fn map<In, Out>(
    image: &ImageBuffer<In, Vec<In::Subpixel>>,
    convert: impl Fn(&In) -> Out,
) -> ImageBuffer<Out, Vec<Out::Subpixel>>
where
    In: Pixel,
    Out: Pixel,
{
    let mut result = ImageBuffer::new(image.width(), image.height());
    for (target, source) in result.pixels_mut().zip(image.pixels()) {
        *target = convert(source);
    }
    result
}

pub(crate) fn luma_of_rgb(image: &RgbImage) -> GrayImage {
    map(image, |pixel| {
        let [red, green, blue] = pixel.0;
        image::Luma([luma_of(red, green, blue)])
    })
}

pub(crate) fn over(image: &RgbaImage, ground: [u8; 3]) -> RgbImage {
    map(image, |pixel| {
        let [red, green, blue, alpha] = pixel.0;
        image::Rgb([
            blend(red, ground[0], alpha),
            blend(green, ground[1], alpha),
            blend(blue, ground[2], alpha),
        ])
    })
}

pub(crate) fn luma(image: DynamicImage, ground: [u8; 3]) -> GrayImage {
    match image {
        DynamicImage::ImageLuma8(image) => image,
        DynamicImage::ImageLuma16(image) => map(&image, |pixel| image::Luma([narrow(pixel.0[0])])),
        other => luma_of_rgb(&rgb(other, ground)),
    }
}

pub(crate) fn rgb(image: DynamicImage, ground: [u8; 3]) -> RgbImage {
    match image {
        DynamicImage::ImageRgb8(image) => image,
        DynamicImage::ImageLuma8(image) => map(&image, |pixel| image::Rgb([pixel.0[0]; 3])),
        DynamicImage::ImageLuma16(image) => {
            map(&image, |pixel| image::Rgb([narrow(pixel.0[0]); 3]))
        }
        DynamicImage::ImageRgb16(image) => map(&image, |pixel| image::Rgb(pixel.0.map(narrow))),
        DynamicImage::ImageRgb32F(image) => map(&image, |pixel| image::Rgb(pixel.0.map(unit))),
        other => over(&rgba(other), ground),
    }
}

pub(crate) fn rgba(image: DynamicImage) -> RgbaImage {
    match image {
        DynamicImage::ImageRgba8(image) => image,
        DynamicImage::ImageLumaA8(image) => map(&image, |pixel| {
            let [gray, alpha] = pixel.0;
            image::Rgba([gray, gray, gray, alpha])
        }),
        DynamicImage::ImageLumaA16(image) => map(&image, |pixel| {
            let [gray, alpha] = pixel.0.map(narrow);
            image::Rgba([gray, gray, gray, alpha])
        }),
        DynamicImage::ImageRgba16(image) => map(&image, |pixel| image::Rgba(pixel.0.map(narrow))),
        DynamicImage::ImageRgba32F(image) => map(&image, |pixel| image::Rgba(pixel.0.map(unit))),
        DynamicImage::ImageRgb8(image) => opaque(&image),
        DynamicImage::ImageLuma8(_)
        | DynamicImage::ImageLuma16(_)
        | DynamicImage::ImageRgb16(_)
        | DynamicImage::ImageRgb32F(_) => opaque(&rgb(image, [255; 3])),
        // The enum may grow; the crate's own conversion knows what this one does not.
        other => other.into_rgba8(),
    }
}

fn opaque(image: &RgbImage) -> RgbaImage {
    map(image, |pixel| {
        let [red, green, blue] = pixel.0;
        image::Rgba([red, green, blue, 255])
    })
}

/// 0..=1 to 0..=255; what is not a number counts as 0.
fn unit(sample: f32) -> u8 {
    (sample.clamp(0.0, 1.0) * 255.0).round() as u8
}
