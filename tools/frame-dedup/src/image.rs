//! What is known of one image: its hashes, and how good it is.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::BufReader;
use std::path::Path;

use serde::{Deserialize, Serialize};
use stage::manifest::{Line, Reader};
use stage::{Context, Record, Result, ensure};
use vision::{decode, hash};

/// Hashes are taken from an image of at least this many pixels a side, where the decoder can
/// shrink while it decodes: twice the 32 that the pHash wants.
const SIDE: u32 = 64;

/// The key `dedup`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Dedup {
    /// pHash, 16 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) hash: Option<String>,
    /// dHash, 16 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dhash: Option<String>,
    /// Size of the file, bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) bytes: Option<u64>,
    /// Id of the image that is kept for the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<String>,
    /// Images in the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<u64>,
    /// Times in the film, seconds, of the first and the last image of the group that are of the shot of the kept one, for
    /// which it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) times: Option<[f64; 2]>,
    /// Id of the image of its shot that it was measured against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nearest: Option<String>,
    /// How far that is, bits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) distance: Option<u32>,
}

/// The pHash and the dHash of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hashes {
    pub(crate) frequency: u64,
    pub(crate) gradient: u64,
}

impl Hashes {
    /// The bits in which the pHashes and the dHashes differ.
    pub(crate) fn distances(self, other: Self) -> [u32; 2] {
        [
            hash::hamming(self.frequency, other.frequency),
            hash::hamming(self.gradient, other.gradient),
        ]
    }

    /// The larger of the two distances: near are only images on which both hashes agree.
    pub(crate) fn distance(self, other: Self) -> u32 {
        let [frequency, gradient] = self.distances(other);
        frequency.max(gradient)
    }
}

/// One record, packed: a million of them must fit into a gigabyte.
#[derive(Debug)]
pub(crate) struct Image {
    /// The record as its line of JSON.
    pub(crate) line: Box<[u8]>,
    pub(crate) id: Box<str>,
    /// None for an image that need not be compared.
    pub(crate) hashes: Option<Hashes>,
    /// Stands for the film and the shot in it; none where the record does not say.
    pub(crate) shot: Option<u64>,
    /// Time in the film, seconds; not a number where the record does not say.
    pub(crate) time: f64,
    /// The better, the larger.
    pub(crate) worth: Worth,
}

/// How good an image is among its near duplicates, most important first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Worth {
    /// In the unit of `quality.sharpness`; 0 where it was not measured.
    sharpness: f64,
    pixels: u64,
    /// Size of the file.
    bytes: u64,
}

impl Worth {
    /// The better is the greater.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        self.sharpness
            .total_cmp(&other.sharpness)
            .then(self.pixels.cmp(&other.pixels))
            .then(self.bytes.cmp(&other.bytes))
    }
}

impl Image {
    /// Takes what is needed from a record.
    pub(crate) fn new(record: &Record) -> Result<Self> {
        let dedup: Dedup = record.find("dedup")?.unwrap_or_default();
        let hashes = parsed(&dedup)?;
        let pixels = record
            .find::<u64>("width")?
            .unwrap_or(0)
            .saturating_mul(record.find::<u64>("height")?.unwrap_or(0));
        let mut line = Vec::new();
        record.write_line(&mut line);
        Ok(Self {
            id: record.id()?.into(),
            hashes,
            shot: shot(record)?,
            time: record.at("/source/time")?.unwrap_or(f64::NAN),
            worth: Worth {
                sharpness: record.at("/quality/sharpness")?.unwrap_or(0.0),
                pixels,
                bytes: dedup.bytes.unwrap_or(0),
            },
            line: line.into(),
        })
    }

    /// An image that is in the older manifest and need not be compared.
    pub(crate) fn known(record: &Record) -> Result<Self> {
        let image = Self::new(record)?;
        Ok(Self {
            hashes: None,
            ..image
        })
    }

    /// The record again.
    pub(crate) fn record(&self) -> Result<Record> {
        let line = Line {
            number: 0,
            bytes: self.line.to_vec(),
        };
        Ok(line.parse()?)
    }
}

/// Adds hashes to a record that lacks them.
pub(crate) fn hashed(mut record: Record) -> Result<Record> {
    let dedup: Dedup = record.find("dedup")?.unwrap_or_default();
    if parsed(&dedup)?.is_some() {
        return Ok(record);
    }
    let path = record.image()?;
    let name = || path.display().to_string();
    let file = decode::read(&path).with_context(name)?;
    let luma = decode::luma_at_least_from_bytes(&file, SIDE, SIDE).with_context(name)?;
    let measured = Dedup {
        hash: Some(hash::to_hex(hash::phash(&luma).with_context(name)?)),
        dhash: Some(hash::to_hex(hash::dhash(&luma).with_context(name)?)),
        bytes: Some(file.len() as u64),
        ..dedup
    };
    record.put("dedup", &measured)?;
    Ok(record)
}

fn parsed(dedup: &Dedup) -> Result<Option<Hashes>> {
    let (Some(frequency), Some(gradient)) = (&dedup.hash, &dedup.dhash) else {
        return Ok(None);
    };
    let read = |hash: &str| hash::from_hex(hash).context("key `dedup`");
    Ok(Some(Hashes {
        frequency: read(frequency)?,
        gradient: read(gradient)?,
    }))
}

/// One number for the film and the shot: a million names of one film would fill the memory.
fn shot(record: &Record) -> Result<Option<u64>> {
    let film = record.film()?;
    Ok(record.shot()?.map(|shot| {
        let mut hasher = DefaultHasher::new();
        (film, shot).hash(&mut hasher);
        hasher.finish()
    }))
}

/// The images of an older manifest, which must have hashes.
pub(crate) fn read_all(path: &Path) -> Result<Vec<Image>> {
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| name.clone())?;
    let records = Reader::new(&name, BufReader::new(file)).records();
    records
        .map(|record| {
            let record = record?;
            let image = Image::new(&record)?;
            let missing = || {
                format!(
                    "{name}: {}: has no hashes: add them with --hash-only",
                    image.id
                )
            };
            ensure!(image.hashes.is_some(), missing());
            Ok(image)
        })
        .collect()
}

/// An id may stand twice only where the whole record does.
pub(crate) fn refuse_double_ids(images: &[Image]) -> Result<()> {
    let mut lines = HashMap::with_capacity(images.len());
    for image in images {
        if let Some(line) = lines.insert(&*image.id, &image.line) {
            ensure!(
                *line == image.line,
                "id `{}` appears twice, for different records: ids must be unique in a manifest",
                image.id
            );
        }
    }
    Ok(())
}
