//! Draw the skeletons of poses as control images, and over the images.
//!
//! Reads `pose.keypoints`, or those of each of `boxes`: 17 points in COCO's order, or more of which
//! these are the first, or, where `skeleton` is `ap10k17`, those of an animal; `id`, `width` and `height`, with `--over` `image`, and with `--exported`
//! `dataset`. Writes a PNG on black, of the image's size, and its path as `skeleton`. A record without a
//! pose passes as it is.
//!
//! Colours, joints and limbs are `OpenPose`'s or COCO's, as `colours.rs` says.

mod colours;
mod draw;
mod place;
mod skeletons;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use stage::{Context, Flow, Outcome, Record, Result};
use vision::write::Subsampling;
use vision::{RgbImage, decode, write};

use colours::{Colours, Place, Stroke, strokes};
use skeletons::{Found, Skeletons};

const EXAMPLES: &str = "Examples:
  pose-draw --out-dir control posed.jsonl > drawn.jsonl
  pose-draw --out-dir control --over looks --exported pose/dataset.jsonl > drawn.jsonl
  pose-draw --out-dir control --colours coco --joint-threshold 0.5 posed.jsonl > drawn.jsonl

A pose ControlNet expects OpenPose's colours on black, and the control image under the
name of its image: --exported gives it that.";

/// Draw the skeletons of poses as control images, and over the images
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Folder for the skeletons; created if missing
    #[arg(long, value_name = "DIR")]
    out_dir: PathBuf,

    /// Draw each skeleton over its image, too, as a JPEG in this folder, to look at
    #[arg(long, value_name = "DIR")]
    over: Option<PathBuf>,

    /// Draw for the images that dataset-write exported: under their names, in their sizes, and of the
    /// part that each shows, which is found by its pixels
    #[arg(long)]
    exported: bool,

    /// Colours and joints
    #[arg(long, value_enum, value_name = "WHOSE", default_value_t = Colours::Openpose)]
    colours: Colours,

    /// Half the width of limbs and the radius of joints, in pixels for every 1024 of the image's
    /// shorter side: `OpenPose` has 4 at 512
    #[arg(long, value_name = "PIXELS", default_value_t = 8.0, value_parser = stage::growth)]
    limb_width: f64,

    /// A joint is visible from this score of its key point on
    #[arg(long, value_name = "SCORE", default_value_t = 0.3, value_parser = stage::share::<f64>)]
    joint_threshold: f64,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    flow.files_by_id(&[""]);
    for folder in [Some(&args.out_dir), args.over.as_ref()]
        .into_iter()
        .flatten()
    {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    flow.each(|record| drawn(&args, record))
}

/// A record with its skeletons drawn.
fn drawn(args: &Args, mut record: Record) -> Result<Outcome> {
    let skeletons = match Skeletons::of(args, &record)? {
        Found::None => return Ok(record.into()),
        Found::Unfit(why) => return Ok(Outcome::drop(record, why)),
        Found::Some(skeletons) => skeletons,
    };
    let [width, height] = skeletons.size;
    let mut image = RgbImage::new(width, height);
    paint(
        args,
        &mut image,
        &skeletons,
        skeletons.origin,
        skeletons.scale,
    );
    let path = file(&args.out_dir, &skeletons.name, "png");
    if let Some(own) = record.find::<PathBuf>("image")? {
        stage::spare(&own, &path)?;
    }
    write::png(&image, &path).with_context(|| path.display().to_string())?;
    if let Some(folder) = &args.over {
        let own = record.image()?;
        let mut image = decode::rgb(&own).with_context(|| own.display().to_string())?;
        paint(args, &mut image, &skeletons, [0.0; 2], [1.0; 2]);
        let path = file(folder, &skeletons.name, "jpg");
        stage::spare(&own, &path)?;
        write::jpeg(&image, &path, QUALITY, Subsampling::S444)
            .with_context(|| path.display().to_string())?;
    }
    record.put("skeleton", &path)?;
    Ok(record.into())
}

/// The quality of images to look at, as libjpeg counts it.
const QUALITY: u8 = 90;

fn file(folder: &Path, name: &str, ending: &str) -> PathBuf {
    folder.join(format!("{name}.{ending}"))
}

/// Draws all skeletons into an image that shows the record's from `origin` on, larger by `scale`.
fn paint(args: &Args, image: &mut RgbImage, skeletons: &Skeletons, origin: Place, scale: [f64; 2]) {
    let shorter = f64::from(image.width().min(image.height()));
    let half = (args.limb_width * shorter / 1024.0).max(1.0);
    for (skeleton, joints) in &skeletons.joints {
        let shown = |place: Place| [0, 1].map(|axis| (place[axis] - origin[axis]) * scale[axis]);
        let joints: Vec<_> = joints.iter().map(|joint| joint.map(shown)).collect();
        let strokes: Vec<Stroke> = strokes(args.colours, *skeleton, &joints);
        draw::draw(image, &strokes, half);
    }
}
