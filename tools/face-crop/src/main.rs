//! Detect the faces in every image and crop them.
//!
//! Reads `image`; where they are, `boxes` (a character's head speaks for a doubtful face) and
//! `pose.keypoints`, its own or those of its `boxes` (the head, where no face is found). A record
//! with `parent` is one character, as mask-crop makes them: it gives its best face, and `mask`, a
//! file of the image's size, or else the image's own alpha says what of the face is seen.
//!
//! Writes one record a face: `id` with `.f0` and so on, best first, `parent`, `image`, `width`,
//! `height` of the crop, and `face`, as `record.rs` has it, in pixels of the parent's image. Keys
//! that speak of the whole image do not go with it.

mod candidates;
mod detectors;
mod head;
mod judge;
mod measure;
mod record;
mod view;
mod window;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use answers::Tool;
use clap::Parser;
use stage::{Context, Flow, Inference, Result, log};

use detectors::{Detectors, Found};
use judge::Limits;
use window::Aspect;

const TOOL: Tool = Tool {
    name: env!("CARGO_PKG_NAME"),
    answer: 1,
    asks: &[|| nets::face::ROLE.answers()],
};

const EXAMPLES: &str = "Examples:
  face-crop --out-dir faces frames.jsonl > faces.jsonl
  face-crop --out-dir faces --second retinaface-mobilenet --rejects no_face.jsonl frames.jsonl > faces.jsonl
  mask-crop --out-dir cut masked.jsonl | face-crop --out-dir faces --min-side 96 > faces.jsonl

A face with a score of --sure or more is taken at once. Between --threshold and --sure
it is taken if the other scale, the --second detector or the head of one of the
image's `boxes` agrees. If no face is found, the heads in the `pose` of the image or
of its `boxes` are taken.

The key `face`, in pixels of the parent's image:
  box          left, top, right, bottom; may extend beyond the image
  landmarks    x and y of the eye on the left of the image, the one on the
               right, nose, corners of the mouth on the left and right
  score        of the detector, or of the key points, 0 to 1
  by           the model that found it, or `pose`
  agreed       what confirmed it: `scale`, a model, `boxes`
  window       the crop
  box_in_crop  the box in pixels of the crop
  size         short side of the box, pixels
  relative_sharpness
               0 to 1: fine detail relative to all contrast of the face, which is
               shrunk to 112 px first if it is larger
  angle        degrees, from the landmarks: `yaw` to the image's right, `roll`
               clockwise
  occlusion    shares of the face: `edge` beyond the image, `mask` outside of
               the character's mask, `landmarks` beyond either";

/// Detect the faces in every image and crop them
#[derive(Debug, Parser)]
#[command(version, long_version = TOOL.version(env!("CARGO_PKG_VERSION")), after_help = EXAMPLES)]
struct Args {
    /// Folder for the crops
    #[arg(long, value_name = "DIR")]
    out_dir: PathBuf,

    #[command(flatten)]
    finding: detectors::Flags,

    /// Take a face with at least this score at once; a face with a lower score needs confirmation
    #[arg(long, value_name = "SCORE", default_value_t = 0.75, value_parser = stage::share::<f32>)]
    sure: f32,

    /// Take no head from `pose` if no face is found
    #[arg(long)]
    no_pose: bool,

    /// Take at most this many faces of an image, the best ones [default: all; one if the record has
    /// `parent`]
    #[arg(long, value_name = "N")]
    max_faces: Option<usize>,

    /// Add this much on each side of the face, as a share of its longer side
    #[arg(long, value_name = "SHARE", default_value_t = 0.4, value_parser = window::padding)]
    padding: f64,

    /// Aspect ratio of the crop; `face` keeps that of the face
    #[arg(long, value_name = "W:H", default_value = "1:1")]
    aspect: Aspect,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    keep: stage::Keep,

    #[command(flatten)]
    cache: stage::CacheFlags,
}

fn main() -> ExitCode {
    onnx::quietly(|| stage::main(run))
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    flow.mark(args.keep.keep);
    flow.files_by_id(&[".f"]);
    let folder = &args.out_dir;
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let cache = args.cache.open()?;
    let mut detectors = Detectors::open(&args.finding)?;
    let search = detectors.search();
    let (images, faces) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = Inference {
        look: |record: &stage::Record| search.look(record),
        prepare: |_: &stage::Record, file| search.prepare(file),
        infer: |inputs| detectors.run(inputs),
        finish: |record, found: Found| {
            let image = found.image.clone();
            let outcome = record::outcome(&args, &search, record, found)?;
            if let Some(image) = image.and_then(Arc::into_inner) {
                vision::decode::give_back(image);
            }
            images.fetch_add(1, Ordering::Relaxed);
            faces.fetch_add(outcome.passed().count(), Ordering::Relaxed);
            Ok(outcome)
        },
    };
    flow.infer(1, cache.as_ref(), work)?;
    let (images, faces) = (images.into_inner(), faces.into_inner());
    if images > 0 && faces == 0 {
        log::warn!(
            "no face in any of {images} images: --rejects gives the reason for each; try another detector with --second"
        );
    }
    Ok(())
}
