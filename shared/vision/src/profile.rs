//! What the numbers of an image mean, where the file says so, and how they become sRGB.
//!
//! Networks and trainers take numbers for sRGB and look at no profile. So images in other colour
//! spaces (Display P3 of phones, Adobe RGB, printers' CMYK) are converted here, once.

use std::cell::RefCell;
use std::sync::Arc;

use image::{DynamicImage, GrayImage, RgbImage};
use moxcms::{
    CicpColorPrimaries, CicpProfile, ColorProfile, DataColorSpace, Layout, MatrixCoefficients,
    ProfileText, TransferCharacteristics, TransformExecutor, TransformOptions,
};

use crate::decode::Format;
use crate::error::{Error, Result};
use crate::pixels;

/// How far conversion may change a level for the numbers to count as sRGB already: what the many
/// profiles of that name differ by.
const SAME: u8 = 3;

/// The longest name of a profile that is repeated, in characters.
const LONGEST_NAME: usize = 60;

/// What a file says of its numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Origin {
    /// Nothing: they are taken for sRGB.
    #[default]
    Unsaid,
    /// An ICC profile.
    Icc(Vec<u8>),
    /// Adobe RGB, as cameras say it in Exif.
    AdobeRgb,
    /// Code points of ITU-T H.273.
    Codes { primaries: u8, transfer: u8 },
}

/// What the numbers of a pixel are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inks {
    /// Brightness.
    Gray,
    /// Light.
    Rgb,
    /// Ink, 255 where there is none, as Adobe stores it.
    Cmyk,
}

impl Inks {
    fn space(self) -> DataColorSpace {
        match self {
            Self::Gray => DataColorSpace::Gray,
            Self::Rgb => DataColorSpace::Rgb,
            Self::Cmyk => DataColorSpace::Cmyk,
        }
    }

    fn layout(self) -> Layout {
        match self {
            Self::Gray => Layout::Gray,
            Self::Rgb => Layout::Rgb,
            Self::Cmyk => Layout::Rgba,
        }
    }
}

/// The colour profile of an image, as far as it matters to those who take numbers for sRGB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Profile {
    /// None, or one that says sRGB.
    Srgb,
    /// Another colour space, from which is converted when the image is decoded; its name.
    Foreign(String),
    /// One that cannot be used, and why; the numbers are taken for sRGB.
    Unusable(String),
}

type Executor = Arc<dyn TransformExecutor<u8> + Send + Sync>;

/// How numbers become sRGB.
#[derive(Clone)]
pub(crate) enum Conversion {
    /// They are sRGB, or are taken for it.
    None(Profile),
    /// Each level of gray has another.
    Gray(Arc<[u8]>, String),
    /// Each colour has another.
    Colour(Executor, Inks, String),
}

thread_local! {
    /// The last conversion of a thread: images of a folder mostly have the same profile.
    static LAST: RefCell<Option<(Origin, Inks, Conversion)>> = const { RefCell::new(None) };
}

impl Conversion {
    /// The conversion for what a file says, of pixels of `inks`.
    ///
    /// # Errors
    /// Brightness beyond white (HDR), which eight bits cannot hold.
    pub(crate) fn of(origin: &Origin, inks: Inks, format: Format) -> Result<Self> {
        if *origin == Origin::Unsaid {
            return Ok(Self::None(Profile::Srgb));
        }
        let known = LAST.with_borrow(|last| {
            let last = last
                .as_ref()
                .filter(|last| last.0 == *origin && last.1 == inks);
            last.map(|(_, _, conversion)| conversion.clone())
        });
        if let Some(known) = known {
            return Ok(known);
        }
        let conversion = match origin {
            Origin::Unsaid => Self::None(Profile::Srgb),
            // Gray and ink say so in vain.
            Origin::AdobeRgb if inks != Inks::Rgb => Self::None(Profile::Srgb),
            Origin::AdobeRgb => {
                let adobe = ColorProfile::new_adobe_rgb();
                Self::by(&adobe, inks, "Adobe RGB".to_owned())
            }
            Origin::Codes {
                primaries,
                transfer,
            } => Self::of_codes(*primaries, *transfer, format)?,
            Origin::Icc(bytes) => match ColorProfile::new_from_slice(bytes) {
                Ok(profile) => Self::of_icc(&profile, inks, format)?,
                Err(cause) => Self::None(Profile::Unusable(cause.to_string())),
            },
        };
        LAST.set(Some((origin.clone(), inks, conversion.clone())));
        Ok(conversion)
    }

    fn of_icc(profile: &ColorProfile, inks: Inks, format: Format) -> Result<Self> {
        if let Some(codes) = &profile.cicp {
            refuse_hdr(codes.transfer_characteristics as u8, format)?;
        }
        if profile.color_space != inks.space() {
            let cause = format!(
                "it is for {:?}, but the image is {inks:?}",
                profile.color_space
            );
            return Ok(Self::None(Profile::Unusable(cause)));
        }
        Ok(Self::by(profile, inks, name(profile)))
    }

    /// Curves of television are taken for sRGB's: what is shown is meant, not what a camera saw.
    fn of_codes(primaries: u8, transfer: u8, format: Format) -> Result<Self> {
        refuse_hdr(transfer, format)?;
        let transfer = match transfer {
            1 | 2 | 6 | 14 | 15 => 13,
            other => other,
        };
        if matches!(primaries, 0 | 1 | 2 | 5 | 6) && transfer == 13 {
            return Ok(Self::None(Profile::Srgb));
        }
        let named = (
            CicpColorPrimaries::try_from(primaries),
            TransferCharacteristics::try_from(transfer),
        );
        let (Ok(color_primaries), Ok(transfer_characteristics)) = named else {
            let cause = format!("colour codes {primaries} and {transfer} are unknown");
            return Ok(Self::None(Profile::Unusable(cause)));
        };
        let profile = ColorProfile::new_from_cicp(CicpProfile {
            color_primaries,
            transfer_characteristics,
            matrix_coefficients: MatrixCoefficients::Identity,
            full_range: true,
        });
        let name = match primaries {
            9 => "BT.2020".to_owned(),
            11 => "DCI P3".to_owned(),
            12 => "Display P3".to_owned(),
            other => format!("colour primaries {other}"),
        };
        Ok(Self::by(&profile, Inks::Rgb, name))
    }

    fn by(profile: &ColorProfile, inks: Inks, name: String) -> Self {
        let srgb = ColorProfile::new_srgb();
        let options = TransformOptions::default();
        let made = profile.create_transform_8bit(inks.layout(), &srgb, Layout::Rgb, options);
        let executor = match made {
            Ok(executor) => executor,
            Err(cause) => return Self::None(Profile::Unusable(format!("{name}: {cause}"))),
        };
        let probe = probe(inks);
        let mut seen = vec![0; probe.len() / inks.channels() * 3];
        if let Err(cause) = executor.transform(&probe, &mut seen) {
            return Self::None(Profile::Unusable(format!("{name}: {cause}")));
        }
        match inks {
            Inks::Gray => {
                let table: Arc<[u8]> = seen.chunks_exact(3).map(|pixel| pixel[1]).collect();
                if close(&probe, &table) {
                    Self::None(Profile::Srgb)
                } else {
                    Self::Gray(table, name)
                }
            }
            Inks::Rgb if close(&probe, &seen) => Self::None(Profile::Srgb),
            Inks::Rgb | Inks::Cmyk => Self::Colour(executor, inks, name),
        }
    }

    /// What there is to say of it.
    pub(crate) fn profile(&self) -> Profile {
        match self {
            Self::None(profile) => profile.clone(),
            Self::Gray(_, name) | Self::Colour(_, _, name) => Profile::Foreign(name.clone()),
        }
    }

    /// Whether nothing is to be done.
    pub(crate) fn is_none(&self) -> bool {
        matches!(self, Self::None(_))
    }

    /// An image of light or gray in sRGB, of 8 bits; as it is where nothing is to be done.
    pub(crate) fn apply(&self, image: DynamicImage) -> DynamicImage {
        if self.is_none() {
            return image;
        }
        if image.color().has_alpha() {
            let mut image = pixels::rgba(image);
            let mut light: Vec<u8> = image
                .pixels()
                .flat_map(|p| [p.0[0], p.0[1], p.0[2]])
                .collect();
            self.convert(&mut light);
            for (pixel, light) in image.pixels_mut().zip(light.as_chunks::<3>().0) {
                pixel.0[..3].copy_from_slice(light);
            }
            return image.into();
        }
        if let (Self::Gray(table, _), DynamicImage::ImageLuma8(_) | DynamicImage::ImageLuma16(_)) =
            (self, &image)
        {
            let mut image: GrayImage = pixels::luma(image, [255; 3]);
            for level in image.iter_mut() {
                *level = table[usize::from(*level)];
            }
            return image.into();
        }
        let mut image: RgbImage = pixels::rgb(image, [255; 3]);
        self.convert(&mut image);
        image.into()
    }

    fn convert(&self, light: &mut [u8]) {
        match self {
            Self::Gray(table, _) => {
                for level in light {
                    *level = table[usize::from(*level)];
                }
            }
            Self::Colour(executor, Inks::Rgb, _) => {
                let before = light.to_vec();
                // The lengths fit, which is all that it can complain of.
                if executor.transform(&before, light).is_err() {
                    light.copy_from_slice(&before);
                }
            }
            Self::None(_) | Self::Colour(..) => {}
        }
    }

    /// Ink as Adobe stores it, four bytes a pixel, in sRGB; none where the profile is not of ink.
    pub(crate) fn print(&self, inks: &[u8]) -> Option<Vec<u8>> {
        let Self::Colour(executor, Inks::Cmyk, _) = self else {
            return None;
        };
        let upright: Vec<u8> = inks.iter().map(|ink| 255 - ink).collect();
        let mut light = vec![0; inks.len() / 4 * 3];
        executor.transform(&upright, &mut light).ok()?;
        Some(light)
    }
}

impl Inks {
    fn channels(self) -> usize {
        match self {
            Self::Gray => 1,
            Self::Rgb => 3,
            Self::Cmyk => 4,
        }
    }
}

/// Brightness beyond white does not fit into eight bits, and how to fit it in is a choice.
fn refuse_hdr(transfer: u8, format: Format) -> Result<()> {
    let curve = match transfer {
        16 => "PQ",
        18 => "HLG",
        _ => return Ok(()),
    };
    Err(Error::Unsupported {
        format,
        cause: format!(
            "HDR ({curve}), which shows wrong colours in 8 bits: tone-map it to sRGB first"
        ),
    })
}

/// Colours that tell whether a profile is sRGB: every gray, and a grid.
fn probe(inks: Inks) -> Vec<u8> {
    let grays = (0..=u8::MAX).flat_map(|level| vec![level; inks.channels()]);
    let steps = || (0..=u8::MAX).step_by(51);
    let grid = steps().flat_map(move |red| {
        steps().flat_map(move |green| steps().flat_map(move |blue| [red, green, blue]))
    });
    match inks {
        Inks::Rgb => grays.chain(grid).collect(),
        Inks::Gray | Inks::Cmyk => grays.collect(),
    }
}

fn close(before: &[u8], after: &[u8]) -> bool {
    let mut pairs = before.iter().zip(after);
    pairs.all(|(before, after)| before.abs_diff(*after) <= SAME)
}

fn name(profile: &ColorProfile) -> String {
    let text = match &profile.description {
        Some(ProfileText::PlainString(text)) => text.clone(),
        Some(ProfileText::Localizable(texts)) => texts
            .first()
            .map(|text| text.value.clone())
            .unwrap_or_default(),
        Some(ProfileText::Description(text)) => text.ascii_string.clone(),
        None => String::new(),
    };
    let plain = text.chars().filter(|character| !character.is_control());
    let name: String = plain.take(LONGEST_NAME).collect();
    if name.trim().is_empty() {
        "without a name".to_owned()
    } else {
        name.trim().to_owned()
    }
}
