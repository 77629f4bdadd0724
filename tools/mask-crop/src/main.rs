//! Crop every instance out of its image, with its mask.
//!
//! Reads `id`, `image` and `masks` (run lengths or PNG files). Writes one record an instance, the
//! others being dropped with the figure that decided: the parent's record with
//!
//! * `id`: the parent's, and `.i` and the place in `masks`; `parent`: the parent's;
//! * `image`, `width`, `height`: the crop; `mask`: its mask, a PNG of the same size, white inside, and
//!   as soft at its edge as matte made it;
//! * `instance`: `index`, place in `masks`; `box` and `crop`, `[x0, y0, x1, y1]` in pixels of the
//!   parent; `bucket`, the width and height at which sd-scripts trains on the crop; `area`, pixels;
//!   `cut`, for each side of the frame the share of the box's side along which it cuts the instance
//!   off; `hidden`, the share of its box that others fill; `laplacian_variance`, of its sharpest parts, in
//!   squared levels of luma; `edges`, how narrow its edges and those of its outline are in the
//!   blurrier direction, 1 as narrow as pixels can show them; and what else `masks` says of it (`score`,
//!   `label`, `identity`, …).
//!
//! What the parent's record says of places in the image, or of all of it, does not hold for the crop
//! and goes: `boxes`, `masks`, `crop`, `cluster`, `dedup`, `embedding`, `face`, `format`, `pose`,
//! `quality`, `text`, whose mask is taken off those of the instances. Of `tags` the groups of `--keep-tags` stay, and `source`, `light` and keys of your own.

mod edges;
mod figures;
mod ground;
mod instance;
mod judged;
mod save;
mod verdict;
mod window;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use loaders::trainers::sd_scripts::BucketFlags;
use stage::{Context, Flow, Record, Result};
use vision::decode;

use ground::Ground;
use judged::Judged;
use verdict::Limits;
use window::Frame;

const EXAMPLES: &str = "Examples:
  sam-mask --out-dir masks boxes.jsonl | mask-crop --out-dir crops > instances.jsonl
  mask-crop --ground transparent --max-hidden 0.05 --out-dir crops masked.jsonl
  mask-crop --ground '#808080' --padding 0.3 --out-dir gray --rejects dropped.jsonl masked.jsonl";

/// Crop every instance out of its image, with its mask
///
/// A crop holds the whole instance with some context, and has the shape of a trainer's bucket, so
/// that the trainer crops hardly anything off it. It is not scaled. The default limits are set for
/// film frames of 1080p.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Folder for crops and masks; created if missing
    #[arg(long, value_name = "DIR")]
    out_dir: PathBuf,

    /// Ground behind the instance: `whole` keeps the image, `blur` blurs it, `transparent` removes
    /// it, `white` or a colour replaces it
    #[arg(
        long,
        value_name = "whole|blur|transparent|white|#RRGGBB",
        default_value = "whole"
    )]
    ground: Ground,

    /// Context on each side, as a share of the instance's longer side
    #[arg(long, value_name = "SHARE", default_value_t = 0.15, value_parser = stage::share::<f64>)]
    padding: f64,

    /// Groups of the image's `tags` to copy to its crops
    #[arg(
        long,
        value_name = "GROUP,…",
        value_delimiter = ',',
        default_value = "location,time,weather,light,style"
    )]
    keep_tags: Vec<String>,

    #[command(flatten)]
    buckets: BucketFlags,

    #[command(flatten)]
    limits: Limits,

    #[command(flatten)]
    keep: stage::Keep,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let named = || args.out_dir.display().to_string();
    std::fs::create_dir_all(&args.out_dir).with_context(named)?;
    flow.mark(args.keep.keep);
    flow.files_by_id(&[".i"]);
    let frame = Frame::new(args.buckets, args.padding)?;
    if args.limits.min_edges <= 0.0 {
        return flow.each(|record| Ok(judged::alone(crop(&args, &frame, record)?)));
    }
    let prepare = |record| Ok(judged::packed(crop(&args, &frame, record)?));
    flow.whole(prepare, |_, all| Ok(judged::beside(all, &args.limits)))
}

/// The instances of a record, each with what is wrong with it by itself.
fn crop(args: &Args, frame: &Frame, record: Record) -> Result<Vec<Judged<Record>>> {
    let id = record.id()?;
    let instances = instance::read(&record)?;
    if instances.is_empty() {
        return Ok(vec![Judged::without_masks(record)]);
    }
    let path = record.image()?;
    let image = decode::rgb(&path).with_context(|| path.display().to_string())?;
    instance::check(&instances, image.dimensions())?;
    let parent = save::parent_of_crops(record, &args.keep_tags)?;
    let mut judged = Vec::with_capacity(instances.len());
    for instance in &instances {
        let figures = figures::measure(instance, &instances, &image)?;
        let reason = args.limits.reason(&figures, instance.ghost());
        let window = frame.window(instance.rect, image.dimensions())?;
        let mut child = parent.clone();
        child.put("id", &format!("{id}.i{}", instance.index))?;
        let facts = instance.facts(&figures, &window);
        child.put_rounded("instance", &facts, 4)?;
        if reason.is_none() || args.keep.keep {
            let shape = instance.shape_of(window.crop)?;
            let painted = args.ground.paint(&image, window.crop, &shape)?;
            save::save(&args.out_dir, &shape, &window, &painted, &mut child)?;
        }
        judged.push(Judged {
            record: child,
            reason,
            edges: figures.edges,
        });
    }
    Ok(judged)
}
