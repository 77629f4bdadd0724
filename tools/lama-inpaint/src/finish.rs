//! What is written: the filled image, its mask, and the key `inpaint`.

use std::path::PathBuf;

use answers::Answers;
use clap::{Args, ValueEnum};
use serde::Serialize;
use stage::{Context, Outcome, Record, Result};
use vision::write::Subsampling;
use vision::{decode, write};

use crate::attempt::Answer;
use crate::input;
use crate::verdict::{Figures, Limits, Verdict};

/// A format of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lossless
    Png,
    /// Smaller; outside the hole the image is encoded once more
    Jpeg,
}

/// Where inpainted images go.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// Folder for the inpainted images and the masks of what was inpainted
    #[arg(long, value_name = "DIR")]
    out_dir: PathBuf,

    /// Format of the inpainted images
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "png")]
    format: Format,

    /// Quality of JPEG files, 1 to 100
    #[arg(long, value_name = "QUALITY", default_value_t = 95, value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: u8,
}

/// The key `inpaint`.
#[derive(Serialize)]
struct Inpaint<'a> {
    original: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    filled: Option<PathBuf>,
    hole: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    seam: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    texture: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fog: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remnant: Option<Seen>,
    tries: u32,
    verdict: &'a Verdict,
}

/// A figure, or the word for nobody having looked.
#[derive(Serialize)]
#[serde(untagged)]
enum Seen {
    Share(f64),
    Word(&'static str),
}

impl Target {
    /// Writes what came of a record whose mask was under `pointer`; no answer means that there was nothing to fill.
    pub(crate) fn finish(
        &self,
        (mut record, pointer): (Record, &str),
        answer: Option<Answer>,
        limits: &Limits,
        answers: &Answers,
    ) -> Result<Outcome> {
        let original = record.image()?;
        let Some(Answer { figures, patch }) = answer else {
            let untouched = Figures {
                hole: 0.0,
                seam: None,
                texture: None,
                fog: None,
                remnant: None,
                tries: 0,
                verdict: Verdict::Clean,
            };
            put(&mut record, original, None, &untouched)?;
            return Ok(Outcome::pass(record));
        };
        let mut filled = None;
        if let Some(patch) = patch {
            let id = record.id()?;
            let named = || original.display().to_string();
            let mut image = decode::rgb(&original).with_context(named)?;
            let hole = patch.lay(&mut image).with_context(named)?;
            std::fs::create_dir_all(&self.out_dir)
                .with_context(|| self.out_dir.display().to_string())?;
            let (ending, format) = match self.format {
                Format::Png => ("png", "png"),
                Format::Jpeg => ("jpg", "jpeg"),
            };
            let path = self.out_dir.join(format!("{id}.{ending}"));
            let mask = self.out_dir.join(format!("{id}.hole.png"));
            stage::spare(&original, &path)?;
            match self.format {
                Format::Png => write::png(&image, &path),
                Format::Jpeg => write::jpeg(&image, &path, self.quality, Subsampling::S444),
            }
            .with_context(|| path.display().to_string())?;
            write::png_luma(&hole.to_luma(), &mask).with_context(|| mask.display().to_string())?;
            record.put("image", &path)?;
            if record.has("format") {
                record.put("format", format)?;
            }
            input::forget_text(&mut record, pointer)?;
            filled = Some(mask);
        }
        put(&mut record, original, filled, &figures)?;
        answers.sign(&mut record)?;
        let reason = figures.reason(limits);
        Ok(Outcome::judge(record, reason))
    }
}

fn put(
    record: &mut Record,
    original: PathBuf,
    filled: Option<PathBuf>,
    figures: &Figures,
) -> Result<()> {
    let looked = figures.remnant.map_or(Seen::Word("unknown"), Seen::Share);
    let inpaint = Inpaint {
        original,
        hole: figures.hole,
        seam: figures.seam,
        texture: figures.texture,
        fog: figures.fog,
        remnant: filled.is_some().then_some(looked),
        filled,
        tries: figures.tries,
        verdict: &figures.verdict,
    };
    record.put_rounded("inpaint", &inpaint, 4)?;
    Ok(())
}
