//! Colour spaces, and figures of an image's colour.
//!
//! RGB is sRGB: the 8-bit values of images and films as seen on a screen. Linear light is 0..=1.

use std::sync::LazyLock;

use image::RgbImage;

static LINEAR: LazyLock<[f32; 256]> = LazyLock::new(|| {
    let mut table = [0.0; 256];
    for (value, level) in table.iter_mut().zip(0_u16..) {
        let encoded = f64::from(level) / 255.0;
        *value = if encoded <= 0.04045 {
            encoded / 12.92
        } else {
            ((encoded + 0.055) / 1.055).powf(2.4)
        } as f32;
    }
    table
});

/// The linear light, 0..=1, of an sRGB level (IEC 61966-2-1).
///
/// ```
/// assert!((vision::colour::linear(188) - 0.5029).abs() < 1e-4);
/// ```
pub fn linear(level: u8) -> f32 {
    LINEAR[usize::from(level)]
}

/// The nearest sRGB level of a linear light; below 0 is 0, above 1 is 255. The inverse of [`linear`].
///
/// ```
/// assert_eq!(vision::colour::encoded(0.5), 188);
/// ```
pub fn encoded(light: f32) -> u8 {
    let light = light.clamp(0.0, 1.0);
    let value = if light <= 0.003_130_8 {
        light * 12.92
    } else {
        1.055 * light.powf(1.0 / 2.4) - 0.055
    };
    (value * 255.0).round() as u8
}

/// A colour as hue, saturation and value (the hexagonal model of A. R. Smith, 1978).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hsv {
    /// Degrees, 0 <= hue < 360: red 0, green 120, blue 240; 0 for gray.
    pub hue: f32,
    /// 0 gray to 1 pure.
    pub saturation: f32,
    /// 0 black to 1: the largest channel.
    pub value: f32,
}

/// RGB to HSV.
///
/// ```
/// let orange = vision::colour::hsv([255, 128, 0]);
/// assert_eq!((orange.hue.round(), orange.saturation, orange.value), (30.0, 1.0, 1.0));
/// ```
pub fn hsv([red, green, blue]: [u8; 3]) -> Hsv {
    let largest = red.max(green).max(blue);
    let range = largest - red.min(green).min(blue);
    if range == 0 {
        return Hsv {
            hue: 0.0,
            saturation: 0.0,
            value: f32::from(largest) / 255.0,
        };
    }
    let part = |first: u8, second: u8| (f32::from(first) - f32::from(second)) / f32::from(range);
    let sixth = if largest == red {
        part(green, blue)
    } else if largest == green {
        part(blue, red) + 2.0
    } else {
        part(red, green) + 4.0
    };
    Hsv {
        hue: if sixth < 0.0 { sixth + 6.0 } else { sixth } * 60.0,
        saturation: f32::from(range) / f32::from(largest),
        value: f32::from(largest) / 255.0,
    }
}

/// A colour in CIE L*a*b* under D65.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lab {
    /// Lightness, 0 black to 100 white.
    pub lightness: f32,
    /// Green (negative) to red, about -86..=98 for sRGB.
    pub a: f32,
    /// Blue (negative) to yellow, about -108..=94 for sRGB: the warm-cool axis.
    pub b: f32,
}

impl Lab {
    /// The distance from gray, 0 or more.
    pub fn chroma(self) -> f32 {
        self.a.hypot(self.b)
    }
}

/// The reference white, D65 for the 2 degree observer, as CIE XYZ.
const WHITE: [f32; 3] = [0.950_47, 1.0, 1.088_83];

/// RGB to CIE L*a*b* (D65, CIE 15).
///
/// ```
/// let red = vision::colour::lab([255, 0, 0]);
/// assert!((red.lightness - 53.24).abs() < 0.02);
/// assert!((red.a - 80.09).abs() < 0.02 && (red.b - 67.20).abs() < 0.02);
/// ```
pub fn lab(rgb: [u8; 3]) -> Lab {
    let [x, y, z] = xyz(rgb.map(linear));
    let curve = |value: f32, white: f32| {
        let ratio = value / white;
        if ratio > 216.0 / 24389.0 {
            ratio.cbrt()
        } else {
            (24389.0 / 27.0 * ratio + 16.0) / 116.0
        }
    };
    let (x, y, z) = (curve(x, WHITE[0]), curve(y, WHITE[1]), curve(z, WHITE[2]));
    Lab {
        lightness: 116.0 * y - 16.0,
        a: 500.0 * (x - y),
        b: 200.0 * (y - z),
    }
}

/// Linear RGB to CIE XYZ, white at a luminance of 1 (sRGB primaries, D65).
///
/// ```
/// let [_, luminance, _] = vision::colour::xyz([1.0, 1.0, 1.0]);
/// assert!((luminance - 1.0).abs() < 1e-6);
/// ```
pub fn xyz([red, green, blue]: [f32; 3]) -> [f32; 3] {
    [
        0.412_456_4 * red + 0.357_576_1 * green + 0.180_437_5 * blue,
        0.212_672_9 * red + 0.715_152_2 * green + 0.072_175 * blue,
        0.019_333_9 * red + 0.119_192 * green + 0.950_304_1 * blue,
    ]
}

/// The CIE 1931 chromaticity (x, y) of a linear RGB colour; none for black, which has no hue.
///
/// ```
/// let (x, y) = vision::colour::chromaticity([0.5, 0.5, 0.5]).unwrap();
/// assert!((x - 0.3127).abs() < 1e-4 && (y - 0.3290).abs() < 1e-4);
/// assert_eq!(vision::colour::chromaticity([0.0; 3]), None);
/// ```
pub fn chromaticity(light: [f32; 3]) -> Option<(f32, f32)> {
    let [x, y, z] = xyz(light);
    let sum = x + y + z;
    (sum > 0.0).then(|| (x / sum, y / sum))
}

/// The coldest and the warmest colour temperature that [`temperature`] gives, in kelvin.
pub const TEMPERATURES: [f32; 2] = [1000.0, 25000.0];

/// The correlated colour temperature of a chromaticity in kelvin, by C. S. `McCamy` (1992):
/// `n = (x - 0.3320) / (0.1858 - y)`, `449 n^3 + 3525 n^2 + 6823.3 n + 5520.33`.
///
/// A few kelvin off between 2000 and 12500, rough beyond, and held within [`TEMPERATURES`]. Low is
/// warm: candles 1900, lamps 2700, noon 5500, shade 8000. For a colour far from any white (a green
/// wall) the figure means nothing, but is still in range.
///
/// ```
/// assert!((vision::colour::temperature(0.3127, 0.3290) - 6505.0).abs() < 5.0); // D65
/// assert!((vision::colour::temperature(0.4476, 0.4074) - 2856.0).abs() < 5.0); // a lamp
/// ```
pub fn temperature(x: f32, y: f32) -> f32 {
    let [warmest, coldest] = TEMPERATURES;
    // The denominator vanishes at a deep violet; y below it is bluer than any black body.
    let below = y - 0.1858;
    if below <= 1e-4 {
        return coldest;
    }
    let n = (x - 0.3320) / -below;
    let kelvin = ((449.0 * n + 3525.0) * n + 6823.3) * n + 5520.33;
    kelvin.clamp(warmest, coldest)
}

/// The mean linear light of the three channels, 0..=1: the colour of the image's light under the
/// gray-world assumption. Zero for an image without pixels.
///
/// ```
/// let image = vision::RgbImage::from_raw(2, 1, vec![255, 0, 0, 0, 0, 0]).unwrap();
/// assert_eq!(vision::colour::mean_light(&image), [0.5, 0.0, 0.0]);
/// ```
pub fn mean_light(image: &RgbImage) -> [f32; 3] {
    let table: &[f32; 256] = &LINEAR;
    let mut sums = [0.0_f64; 3];
    for pixel in image.pixels() {
        for (sum, level) in sums.iter_mut().zip(pixel.0) {
            *sum += f64::from(table[usize::from(level)]);
        }
    }
    let count = (f64::from(image.width()) * f64::from(image.height())).max(1.0);
    sums.map(|sum| (sum / count) as f32)
}

/// The mean HSV saturation of the pixels, 0..=1; 0 for an image without pixels.
pub fn saturation(image: &RgbImage) -> f64 {
    let sum: f64 = image
        .pixels()
        .map(|pixel| f64::from(hsv(pixel.0).saturation))
        .sum();
    sum / (f64::from(image.width()) * f64::from(image.height())).max(1.0)
}

/// How colourful an image looks (D. Hasler and S. Süsstrunk, 2003, their measure M3):
/// 0 gray, 15 slightly, 33 moderately, 45 averagely, 59 quite, 82 highly, 109 extremely.
///
/// ```
/// let gray = vision::RgbImage::from_pixel(4, 4, image::Rgb([90; 3]));
/// assert_eq!(vision::colour::colourfulness(&gray), 0.0);
/// ```
pub fn colourfulness(image: &RgbImage) -> f64 {
    // Doubled yellow-blue keeps everything in whole numbers.
    let [mut rg, mut rg_squares, mut yb, mut yb_squares] = [0_i64; 4];
    for pixel in image.pixels() {
        let [red, green, blue] = pixel.0.map(i32::from);
        let (first, second) = (red - green, red + green - 2 * blue);
        rg += i64::from(first);
        yb += i64::from(second);
        rg_squares += i64::from(first * first);
        yb_squares += i64::from(second * second);
    }
    let count = (f64::from(image.width()) * f64::from(image.height())).max(1.0);
    let (rg_mean, yb_mean) = (rg as f64 / count, yb as f64 / count / 2.0);
    let rg_variance = (rg_squares as f64 / count - rg_mean * rg_mean).max(0.0);
    let yb_variance = (yb_squares as f64 / count / 4.0 - yb_mean * yb_mean).max(0.0);
    (rg_variance + yb_variance).sqrt() + 0.3 * rg_mean.hypot(yb_mean)
}
