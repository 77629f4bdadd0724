//! What the command line says.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use serde::{Deserialize, Serialize};
use stage::{Result, bail, ensure};
use vision::write::Subsampling;

use crate::asked::Asked;
use crate::chain::TONE_MAPPING;
use crate::colour::{Conversion, HighRange};
use crate::ffmpeg::Ffmpeg;
use crate::film::{Film, Key};
use crate::hardware::Hardware;
use crate::survey::Bars;
use footage::letterbox::Rectangle;
use nets::shot::{Detector, Flags, Method};

/// Is raised whenever the same settings would give other pixels.
const VERSION: u32 = 2;

const EXAMPLES: &str = "\
Examples:
  frame-extract film.mkv --out-dir frames > frames.jsonl
  frame-extract film.mkv --out-dir frames --every 5 --format png --shots shots.jsonl | frame-dedup > unique.jsonl";

/// Sample the frames of a film, with their time and shot
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Film to read, in any format that ffmpeg reads
    #[arg(value_name = "FILM")]
    pub(crate) film: PathBuf,

    /// Folder for the images; a rerun continues where the last run stopped
    #[arg(long, value_name = "DIR")]
    pub(crate) out_dir: PathBuf,

    /// Take this many frames a second, by presentation time; a shot that falls between two of them
    /// gives the frame in its middle
    #[arg(long, value_name = "N", default_value_t = 2.0, value_parser = rate, overrides_with = "fps")]
    fps: f64,

    /// Which frames are decoded
    #[arg(long, value_name = "FRAMES", default_value = "all")]
    pub(crate) sample: Sample,

    /// Take a frame every this many seconds, instead of --fps
    #[arg(long, value_name = "SECONDS", conflicts_with = "fps", value_parser = rate)]
    every: Option<f64>,

    /// What to crop off: the black bars that the film's frames agree on, nothing, or everything
    /// outside WIDTH:HEIGHT:LEFT:TOP in pixels
    #[arg(long, value_name = "auto|none|W:H:L:T", default_value = "auto")]
    crop: String,

    /// What to do with a film in high dynamic range (PQ, HLG)
    #[arg(long, value_name = "HOW", default_value = "tonemap")]
    hdr: Hdr,

    /// Format of the images
    #[arg(long, value_name = "FORMAT", default_value = "jpg")]
    format: Format,

    /// Quality of JPEG images, 1 to 100
    #[arg(long, value_name = "QUALITY", default_value_t = 95, value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: u8,

    /// Colour resolution of JPEG images; 444 keeps all that conversion and scaling left
    #[arg(long, value_name = "KIND", default_value = "420")]
    subsampling: Chroma,

    /// Write one line of JSON for each shot here: first frame, end, times in seconds, how it
    /// begins, and its marked frames
    #[arg(long, value_name = "FILE")]
    pub(crate) shots: Option<PathBuf>,

    /// What decodes the film; what cannot be used is said, and the processor takes its place
    #[arg(long, value_name = "HARDWARE", default_value = "none")]
    pub(crate) hwaccel: Hardware,

    #[command(flatten)]
    pub(crate) find: Flags,

    /// Path of ffmpeg [default: $FFMPEG, models/runtime/ffmpeg, or the first on the search path]
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) ffmpeg: Option<PathBuf>,
}

/// Which frames are decoded
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sample {
    /// All of them
    All,
    /// Keyframes only, about a tenth of the work: no frame between them is taken, shots are found by few frames, and
    /// transitions are seldom seen
    Keyframes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Hdr {
    /// Map it to the range of a display
    Tonemap,
    /// Stop with an error
    Refuse,
}

/// A format of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// JPEG
    Jpg,
    /// PNG
    Png,
}

/// How much of a JPEG's colour is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
pub(crate) enum Chroma {
    /// All of it
    #[value(name = "444")]
    Full,
    /// Half, horizontally
    #[value(name = "422")]
    Half,
    /// A quarter, as in most films
    #[value(name = "420")]
    Quarter,
}

/// Everything that the pixels and bytes of an image depend on, besides its frame number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    version: u32,
    film: Key,
    /// The part of most images that is written.
    pub(crate) crop: Rectangle,
    /// The same for images of other shapes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    crops: Vec<((u32, u32), Rectangle)>,
    /// The format.
    pub(crate) format: Format,
    quality: u8,
    subsampling: Chroma,
    /// Whether only keyframes were decoded, whose numbers are reckoned from their times.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    keyframes: bool,
}

impl Args {
    /// Seconds from one frame to be taken to the next.
    pub(crate) fn period(&self) -> f64 {
        self.every.unwrap_or(1.0 / self.fps)
    }

    /// Checks that the film's colours can be dealt with.
    pub(crate) fn check(&self, ffmpeg: &Ffmpeg, film: &Film) -> Result<()> {
        film.view.colour.refuse_unknown()?;
        let what = match film.conversion() {
            Conversion::Plain(_) => return Ok(()),
            Conversion::Primaries { .. } => {
                format!("in other colours ({})", film.view.colour.words())
            }
            Conversion::ToneMapped { kind, .. } => {
                let kind = match kind {
                    HighRange::Pq => "PQ",
                    HighRange::Hlg => "HLG",
                };
                if self.hdr == Hdr::Refuse {
                    bail!("is in high dynamic range ({kind}), and --hdr refuse rejects such films");
                }
                format!("in high dynamic range ({kind})")
            }
        };
        ensure!(
            ffmpeg.has_filters(&TONE_MAPPING)?,
            "is {what}, and this ffmpeg lacks the filters zscale and tonemap that convert it: use one \
             built with zimg, such as `make setup` or `film2lora make setup` downloads"
        );
        Ok(())
    }

    /// The network that is asked for shots, if one is, and how.
    pub(crate) fn network(&self) -> Result<Option<(Detector, Asked)>> {
        if self.sample == Sample::Keyframes {
            let asked = matches!(self.find.method, Method::Network | Method::Both);
            ensure!(
                !asked,
                "--method: the network knows films by every frame, and --sample keyframes leaves most of them out"
            );
            return Ok(None);
        }
        let alone = self.find.method == Method::Network;
        let detector = self.find.open()?;
        Ok(detector.map(|detector| {
            let asked = Asked::of(&detector, alone);
            (detector, asked)
        }))
    }

    /// What the images are made with, by the film's letterbox and the shapes of its images.
    pub(crate) fn settings(
        &self,
        film: &Film,
        bars: &Bars,
        shapes: &[(usize, (u32, u32))],
    ) -> Result<Settings> {
        let usual = film.view.size;
        let crop = match self.crop.as_str() {
            "auto" => bars.crop.unwrap_or(whole(usual)),
            "none" => whole(usual),
            text => text
                .parse()
                .map_err(|cause| stage::anyhow!("--crop: {cause}"))?,
        };
        ensure!(
            crop.lies_within(usual),
            "--crop: {crop} is not inside its frames of {}x{}",
            usual.0,
            usual.1
        );
        let mut crops: Vec<((u32, u32), Rectangle)> = Vec::new();
        for &(_, shape) in shapes {
            if shape == usual || crops.iter().any(|&(known, _)| known == shape) {
                continue;
            }
            let found = bars.others.iter().find(|&&(known, _)| known == shape);
            let crop = match self.crop.as_str() {
                "auto" => found.map_or(whole(shape), |&(_, crop)| crop),
                "none" => whole(shape),
                _ => crop.scaled(usual, shape),
            };
            crops.push((shape, crop));
        }
        Ok(Settings {
            version: VERSION,
            film: film.key.clone(),
            crop,
            crops,
            format: self.format,
            quality: self.quality,
            subsampling: self.subsampling,
            keyframes: self.sample == Sample::Keyframes,
        })
    }

    /// How the names of the images end.
    pub(crate) fn ending(&self) -> &'static str {
        match self.format {
            Format::Jpg => "jpg",
            Format::Png => "png",
        }
    }
}

/// All of images of this size.
fn whole((width, height): (u32, u32)) -> Rectangle {
    Rectangle {
        width,
        height,
        left: 0,
        top: 0,
    }
}

impl Settings {
    /// The part of images of this shape that is written.
    pub(crate) fn part(&self, shape: (u32, u32)) -> Rectangle {
        let other = self.crops.iter().find(|&&(known, _)| known == shape);
        other.map_or(self.crop, |&(_, crop)| crop)
    }

    /// Whether they are for the film of this content.
    pub(crate) fn is_for(&self, film: &Key) -> bool {
        self.film == *film
    }

    /// An image as a file in memory.
    pub(crate) fn encode(&self, image: &vision::RgbImage) -> vision::Result<Vec<u8>> {
        match self.format {
            Format::Png => vision::write::encode_png(image),
            Format::Jpg => {
                let subsampling = match self.subsampling {
                    Chroma::Full => Subsampling::S444,
                    Chroma::Half => Subsampling::S422,
                    Chroma::Quarter => Subsampling::S420,
                };
                vision::write::encode_jpeg(image, self.quality, subsampling)
            }
        }
    }
}

/// A number of frames a second, or of seconds.
fn rate(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (1e-3..=1e5).contains(&value) {
        Ok(value)
    } else {
        Err("not a number from 0.001 to 100000".to_owned())
    }
}
