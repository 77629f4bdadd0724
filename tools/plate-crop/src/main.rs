//! Crop plates that could not be filled well to the largest rectangle that is really seen.
//!
//! Reads `id`, `image`, `mask` (a path, or COCO run lengths: what must not be in the crop) and
//! `inpaint`. A record whose `inpaint` is `clean`, or whose mask is empty or missing, passes as it is.
//! Of any other the image before it was filled is cropped, and its record is written with
//!
//! * `image`, `width`, `height`: the crop, a PNG in `--out-dir`;
//! * `ground`: `original`, the image that was cropped; `crop`, `[x0, y0, x1, y1]` in its pixels, ends
//!   exclusive; `area`, the share of it that the crop has.
//!
//! What was said of places in the image does not hold for the crop and goes (`mask`, `boxes`,
//! `quality`, …), and so does lama-inpaint's `rejected`.

mod largest;
mod plate;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use stage::{Context, Flow, Outcome, Record, Result};
use vision::{Rect, crop, decode, write};

use largest::Shape;
use plate::Plate;

const EXAMPLES: &str = "Examples:
  lama-inpaint --keep --out-dir filled plates.jsonl | plate-crop --out-dir crops > grounds.jsonl
  plate-crop --min-share 0.3 --out-dir crops --rejects small.jsonl masked.jsonl > grounds.jsonl";

/// Crop plates that could not be inpainted well to the background that is really visible
///
/// Behind a large character a network mostly invents a smear, and a trainer learns it. Beside the
/// character, the same image shows the real place: the crop is the largest rectangle there.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Folder for the crops; created if missing
    #[arg(long, value_name = "DIR")]
    out_dir: PathBuf,

    /// Grow the mask by this many pixels for every 1024 of the image's shorter side
    #[arg(long, value_name = "PIXELS", default_value_t = 16.0, value_parser = stage::growth)]
    dilate: f64,

    /// Drop crops with less than this share of the image's area
    #[arg(long, value_name = "SHARE", default_value_t = 0.15, value_parser = stage::share::<f64>)]
    min_share: f64,

    /// Drop crops whose shorter side is below this, in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..))]
    min_side: u32,

    /// Largest ratio of a crop's longer side to its shorter one
    #[arg(long, value_name = "RATIO", default_value_t = 2.4, value_parser = aspect)]
    max_aspect: f64,

    #[command(flatten)]
    keep: stage::Keep,
}

fn aspect(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|x| (1.0..=100.0).contains(x));
    number.ok_or_else(|| "not a number from 1 to 100".to_owned())
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    flow.mark(args.keep.keep);
    flow.files_by_id(&[""]);
    let named = || args.out_dir.display().to_string();
    std::fs::create_dir_all(&args.out_dir).with_context(named)?;
    flow.each(|record| crop_to_ground(&args, record))
}

/// A plate, or its largest part without anything that the mask covers.
fn crop_to_ground(args: &Args, mut record: Record) -> Result<Outcome> {
    let Some(Plate { original, mask }) = Plate::of(&record)? else {
        return Ok(Outcome::pass(record));
    };
    let named = || original.display().to_string();
    let image = decode::rgb(&original).with_context(named)?;
    let mask = mask.for_image(image.dimensions())?;
    let shorter = image.width().min(image.height());
    let radius = (args.dilate * f64::from(shorter) / 1024.0).ceil() as u32;
    let shape = Shape {
        min_side: args.min_side,
        max_aspect: args.max_aspect,
    };
    let found = largest::outside(&mask.dilate(radius), shape);
    let all = Rect::whole(image.width(), image.height()).area();
    let area = found.map_or(0.0, |rect| rect.area() as f64 / all as f64);
    let reason = (area < args.min_share).then(|| {
        let area = stage::manifest::rounded(area, 4);
        format!(
            "small: the largest rectangle beside the mask has {area} of the image, under {}",
            args.min_share
        )
    });
    if let Some(rect) = found.filter(|_| reason.is_none() || args.keep.keep) {
        let path = args.out_dir.join(format!("{}.png", record.id()?));
        stage::spare(&original, &path)?;
        let part = crop::rgb(&image, rect).with_context(named)?;
        write::png(&part, &path).with_context(|| path.display().to_string())?;
        plate::put(&mut record, &original, &path, rect, area)?;
    }
    Ok(Outcome::judge(record, reason))
}
