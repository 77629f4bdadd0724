//! Sharpen the edges of masks, hair included, by a network for mattes.
//!
//! Reads `id`, `image` and `masks`, as sam-mask writes them. Of each entry of `masks` it replaces
//!
//! * `mask`: path of a gray PNG of the image's size, the share of each pixel that is inside, 0 to 255;
//!   a pixel counts as inside from half;
//! * `box`, `area`: of those pixels;
//!
//! and adds `matte`: `agreement`, intersection over union of mask and matte, and `reach`, how far from
//! its edge, in pixels, it could change. `mask`, the union, is replaced too. A record without
//! masks passes as it is.

mod blend;
mod subject;

use std::path::PathBuf;
use std::process::ExitCode;

use answers::{ImageFile, Tool};
use clap::Parser;
use nets::matte::{self, Matting};
use stage::{Context, Flow, Inference, Record, Result};
use vision::{Rect, RgbImage, crop};

use blend::Stored;
use subject::{Choice, Places};

const TOOL: Tool = Tool {
    name: env!("CARGO_PKG_NAME"),
    answer: 2,
    asks: &[matte::answers],
};

const EXAMPLES: &str = "Examples:
  matte --out-dir mattes masked.jsonl > sharpened.jsonl
  sam-mask --out-dir masks boxes.jsonl | matte --model birefnet --band 0.05 --out-dir mattes | mask-crop --ground transparent --out-dir cut > instances.jsonl

The network is shown each subject alone, its box and --padding, as it takes
whatever stands out in an image. Only pixels near the edge of the mask change, and
no pixels of another mask of the image. Where the matte and the mask are not of
the same thing, the mask stays as it is, and `matte` has no `reach`.";

/// Sharpen the edges of masks, hair included, by a network for mattes
#[derive(Debug, Parser)]
#[command(version, long_version = TOOL.version(env!("CARGO_PKG_VERSION")), after_help = EXAMPLES)]
struct Args {
    /// Folder for the masks; created if missing
    #[arg(long, value_name = "DIR")]
    out_dir: PathBuf,

    #[command(flatten)]
    model: onnx::ModelFlags,

    /// Context on each side, as a share of the instance's longer side
    #[arg(long, value_name = "SHARE", default_value_t = 0.15, value_parser = stage::share::<f64>)]
    padding: f64,

    /// Change only pixels this near to the edge of the mask, as a share of the longer side of its box
    #[arg(long, value_name = "SHARE", default_value_t = 0.03, value_parser = stage::share::<f64>)]
    band: f64,

    /// Leave a mask as it is if its intersection over union with the matte is below this
    #[arg(long, value_name = "IOU", default_value_t = 0.7, value_parser = stage::share::<f64>)]
    min_iou: f64,

    #[command(flatten)]
    cache: stage::CacheFlags,
}

fn main() -> ExitCode {
    onnx::quietly(|| stage::main(run))
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let named = || args.out_dir.display().to_string();
    std::fs::create_dir_all(&args.out_dir).with_context(named)?;
    flow.files_by_id(&[".m"]);
    let cache = args.cache.open()?;
    let mut network = Matting::open(&args.model.open("matte")?, &args.model.runtime)?;
    let answers = TOOL.answers().by(network.provenance());
    let choice = Choice {
        out_dir: args.out_dir,
        band: args.band,
        agreement: args.min_iou,
    };
    let work = Inference {
        look: |record: &Record| {
            let file = ImageFile::of(record)?;
            let Places { size, crops } = Places::of(record, args.padding)?;
            let key = answers.key(file.bytes()).settings(&(size, &crops))?;
            Ok((key, (file, size, crops)))
        },
        prepare: |_: &Record, (file, size, crops): (ImageFile, Option<(u32, u32)>, Vec<Rect>)| {
            if crops.is_empty() {
                return Ok(Vec::new());
            }
            let image = file.rgb()?;
            file.named(|_| subject::check(size, image.dimensions()))?;
            let parts = crops.iter().map(|rect| Ok(crop::rgb(&image, *rect)?));
            parts.collect::<Result<Vec<RgbImage>>>()
        },
        infer: |records: Vec<Vec<RgbImage>>| {
            let mut matte = |part: &RgbImage| {
                let numbers = matte::prepare(part, network.side())?;
                Stored::of(&network.run(numbers, part.dimensions())?)
            };
            let all = |parts: Vec<RgbImage>| {
                let mattes = parts.iter().map(&mut matte);
                mattes.collect::<Result<Vec<Stored>>>().map(Ok)
            };
            records.into_iter().map(all).collect()
        },
        finish: |mut record: Record, mattes: Vec<Stored>| {
            if !mattes.is_empty() {
                choice.sharpen(&mut record, args.padding, mattes)?;
                answers.sign(&mut record)?;
            }
            Ok(record.into())
        },
    };
    flow.infer(1, cache.as_ref(), work)
}
