//! The images of a manifest, as the page asks for them.

use std::path::PathBuf;

use serde_json::{Value, json};
use stage::manifest::Line;
use stage::{Context, Record, Result};
use vision::resize::{self, PilFilter};
use vision::write::{Subsampling, encode_jpeg};
use vision::{RgbImage, decode};

use crate::decision::Decision;

/// Long sides of a thumbnail and of the large image, pixels, and the quality of both as JPEG.
pub(crate) const THUMBNAIL: u32 = 256;
pub(crate) const LARGE: u32 = 1600;
const QUALITY: u8 = 88;

/// What lies under a cut-out, so that neither its light nor its dark edges vanish.
const GROUND: [u8; 3] = [128; 3];

/// One record, packed.
pub(crate) struct Item {
    pub(crate) id: String,
    image: Option<PathBuf>,
    caption: String,
    line: Line,
}

impl Item {
    /// Takes what is wanted of a record.
    pub(crate) fn new(record: &Record) -> Result<Self> {
        let mut bytes = Vec::new();
        record.write_line(&mut bytes);
        bytes.shrink_to_fit();
        Ok(Self {
            id: record.id()?,
            image: record.find("image")?,
            caption: record.find("caption")?.unwrap_or_default(),
            line: Line { number: 0, bytes },
        })
    }

    /// The record itself.
    pub(crate) fn record(&self) -> Result<Record> {
        Ok(self.line.parse()?)
    }

    /// The record's keys but for long lists, which nobody reads.
    pub(crate) fn facts(&self) -> Value {
        let whole = serde_json::from_slice(&self.line.bytes).unwrap_or(Value::Null);
        shortened(whole)
    }

    /// What the list shows.
    pub(crate) fn row(&self, decided: Option<&Decision>) -> Value {
        let caption = decided.and_then(|decision| decision.caption.as_ref());
        json!({
            "id": self.id,
            "decision": decided.map(|decision| decision.choice).unwrap_or_default(),
            "caption": caption.unwrap_or(&self.caption),
            "recaptioned": caption.is_some(),
            "set": decided.map(|decision| decision.set.clone()).unwrap_or_default(),
        })
    }

    /// The image as a JPEG whose long side is at most `side`.
    pub(crate) fn picture(&self, side: u32) -> Result<Vec<u8>> {
        let path = self.image.as_ref().context("no image")?;
        let name = || path.display().to_string();
        let file = decode::read(path).with_context(name)?;
        let small = small(&file, side).with_context(name)?;
        encode_jpeg(&small, QUALITY, Subsampling::S420).with_context(name)
    }
}

fn small(file: &[u8], side: u32) -> vision::Result<RgbImage> {
    let header = decode::header_from_bytes(file)?;
    let picture = if header.samples.alpha {
        decode::rgb_over_from_bytes(file, GROUND)?
    } else {
        let seen = header.dimensions();
        let (width, height) = if seen.width > seen.height {
            (side, 1)
        } else {
            (1, side)
        };
        decode::rgb_at_least_from_bytes(file, width, height)?
    };
    let (width, height) = picture.dimensions();
    let scale = f64::from(side) / f64::from(width.max(height));
    if scale >= 1.0 {
        return Ok(picture);
    }
    let scaled = |size: u32| ((f64::from(size) * scale).round() as u32).max(1);
    resize::pil(&picture, scaled(width), scaled(height), PilFilter::Bilinear)
}

/// Lists of more than a dozen values, and long texts, by how long they are.
fn shortened(value: Value) -> Value {
    match value {
        Value::Array(elements) if elements.len() > 12 => {
            format!("{} values", elements.len()).into()
        }
        Value::Array(elements) => elements.into_iter().map(shortened).collect(),
        Value::Object(members) => {
            let short = |(key, value)| (key, shortened(value));
            members.into_iter().map(short).collect()
        }
        Value::String(text) if text.len() > 2000 => format!("{} bytes of text", text.len()).into(),
        other => other,
    }
}
