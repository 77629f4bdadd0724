//! WD14 v3: the tags of an image board, of which an image has any number.
//!
//! Published files: `SmilingWolf/wd-swinv2-tagger-v3`, `wd-vit-tagger-v3` and their kin: `model.onnx`
//! and `selected_tags.csv`. One input `[images, 448, 448, 3]`, blue, green and red, 0..=255; one
//! output `[images, tags]`, probabilities. The processing is that of the models' demonstration: a
//! white square, Pillow's bicubic. Its thresholds are the defaults of those who use it.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use onnx::{Contract, Kind, Model, Net, Outputs, Port, Runtime};
use serde::Deserialize;
use vision::resize::{PilFilter, pil};
use vision::{RgbImage, decode};

use crate::batch::{Batch, rows};

/// The number of its answers: raised whenever the same image would be answered otherwise.
pub const ANSWER: u32 = 1;

/// Least probability of a tag of the general category.
pub const GENERAL: f64 = 0.35;

/// Least probability of a character's name.
pub const CHARACTER: f64 = 0.85;

/// Least probability of a character's name where the threshold is chosen by the largest gap.
pub const CHARACTER_BY_GAP: f64 = 0.15;

/// Names whose underscores are drawn faces, not spaces.
const FACES: [&str; 19] = [
    "0_0", "(o)_(o)", "+_+", "+_-", "._.", "<o>_<o>", "<|>_<|>", "=_=", ">_<", "3_3", "6_9", ">_o",
    "@_@", "^_^", "o_o", "u_u", "x_x", "|_|", "||_||",
];

/// What a tag is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Category {
    /// What is in the image.
    General,
    /// Whom it shows, by name.
    Character,
    /// For whom it is fit; one of four holds.
    Rating,
    /// Anything else.
    Other,
}

/// One tag that a network knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its words, with spaces.
    pub name: String,
    /// What it is about.
    pub category: Category,
}

/// A row of `selected_tags.csv`.
#[derive(Debug, Deserialize)]
struct Row {
    name: String,
    category: u32,
}

/// Reads `selected_tags.csv`: row `i` is output `i`.
pub fn read_tags(path: &Path) -> Result<Vec<Tag>> {
    let named = || path.display().to_string();
    let mut reader = csv::Reader::from_path(path).with_context(named)?;
    let mut tags = Vec::new();
    for row in reader.deserialize() {
        let Row { name, category } = row.with_context(named)?;
        tags.push(Tag {
            name: words(&name),
            category: match category {
                0 => Category::General,
                4 => Category::Character,
                9 => Category::Rating,
                _ => Category::Other,
            },
        });
    }
    Ok(tags)
}

/// A tag in words: underscores are spaces, but for drawn faces.
///
/// ```
/// assert_eq!(nets::tagger::words("long_hair"), "long hair");
/// assert_eq!(nets::tagger::words("^_^"), "^_^");
/// ```
pub fn words(name: &str) -> String {
    if FACES.contains(&name) {
        return name.to_owned();
    }
    name.replace('_', " ")
}

/// The image as the network takes it: in the middle of a white square, `side` pixels wide, blue
/// before green before red.
///
/// # Errors
/// An image so long and thin that its square would be too large.
pub fn prepare(image: &RgbImage, side: u32) -> vision::Result<Vec<f32>> {
    let (width, height) = image.dimensions();
    let longest = width.max(height);
    let square;
    let image = if width == height {
        image
    } else {
        vision::mask::Mask::new(longest, longest)?;
        let mut white = RgbImage::from_pixel(longest, longest, decode::GROUND.into());
        let (left, top) = ((longest - width) / 2, (longest - height) / 2);
        for (x, y, pixel) in image.enumerate_pixels() {
            white.put_pixel(left + x, top + y, *pixel);
        }
        square = white;
        &square
    };
    let image = pil(image, side, side, PilFilter::Bicubic)?;
    let levels = image.pixels().flat_map(|pixel| {
        let [red, green, blue] = pixel.0.map(f32::from);
        [blue, green, red]
    });
    Ok(levels.collect())
}

/// The threshold in the middle of the largest gap between probabilities (`MCut`, Largeron et al. 2012).
///
/// ```
/// let threshold = nets::tagger::largest_gap(&[0.1, 0.9, 0.8, 0.2]);
/// assert!((threshold - 0.5).abs() < 1e-9);
/// ```
pub fn largest_gap(probabilities: &[f64]) -> f64 {
    let mut sorted = probabilities.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let gaps = sorted
        .windows(2)
        .map(|pair| (pair[0] - pair[1], f64::midpoint(pair[0], pair[1])));
    let largest = gaps.reduce(|most, next| if next.0 > most.0 { next } else { most });
    largest.map_or(1.0, |(_, middle)| middle)
}

/// The families of this role, each with the number of its answers.
pub fn answers() -> Vec<(&'static str, u32)> {
    vec![("wd_tagger", ANSWER)]
}

/// A tagger, ready to run.
#[derive(Debug)]
pub struct Tagger {
    net: Net,
    tags: Vec<Tag>,
    input: String,
    output: String,
    side: u32,
    batch: Batch,
}

impl Tagger {
    /// Opens the files for `model` and `tags` of a model.
    pub fn open(model: &Model, batch: usize, runtime: &Runtime) -> Result<Self> {
        let tags = read_tags(model.path("tags")?)?;
        let mut net = Net::open(model, "model", runtime, &Contract::new())?;
        let (side, output) = ports(net.inputs(), net.outputs())
            .with_context(|| format!("{}: is not a tagger", model.name()))?;
        if let Some(Some(wide)) = output.shape.get(1) {
            ensure!(
                *wide == tags.len(),
                "{}: the network has {wide} tags, but its list has {}",
                model.name(),
                tags.len()
            );
        }
        let output = output.name.clone();
        net.read_by("wd_tagger", ANSWER);
        Ok(Self {
            tags,
            input: net.inputs()[0].name.clone(),
            output,
            side,
            batch: Batch::alone_on_cpu(&net, batch),
            net,
        })
    }

    /// The tags, in the order of the probabilities.
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// Columns and rows of the image that it takes.
    pub fn side(&self) -> u32 {
        self.side
    }

    /// How many images go into one run.
    pub fn batch(&self) -> usize {
        self.batch.size()
    }

    /// The network itself.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// The probability of each tag, for each image that was made ready.
    pub fn tag(&mut self, images: &[Vec<f32>]) -> Result<Vec<Vec<f32>>> {
        let (net, side) = (&mut self.net, self.side as usize);
        let decode = |outputs: &Outputs, _: &[_]| rows(outputs.get(&self.output)?);
        let shape = [side, side, 3];
        let found = self
            .batch
            .run(net, &self.input, &shape, images, Vec::as_slice, decode)?;
        for probabilities in &found {
            ensure!(
                probabilities.len() == self.tags.len(),
                "the network gave {} probabilities, but its list has {} tags",
                probabilities.len(),
                self.tags.len()
            );
        }
        Ok(found)
    }
}

/// The side of the image, and the output. Names differ from file to file.
fn ports<'a>(inputs: &[Port], outputs: &'a [Port]) -> Result<(u32, &'a Port)> {
    let ([input], [output, ..]) = (inputs, outputs) else {
        bail!("it must have one input and one output");
    };
    match input.shape[..] {
        [_, Some(height), Some(width), Some(3)] if height == width && input.kind == Kind::F32 => {
            Ok((height as u32, output))
        }
        _ => bail!("its input {input} is not an image of rows, columns and 3 colours"),
    }
}
