//! Measure sharpness, exposure and contrast, and drop images that fall short.
//!
//! Reads `image` and, where they are, `transition` and `text.clear`: only the part that is clear of burnt-in text is
//! measured, if it is two fifths of the image or more. Writes `quality`, whose figures and their units are those of
//! [`quality::Quality`]. A figure that cannot be measured is left out.

mod edges;
mod fading;
mod faint;
mod lettering;
mod limit;
mod measured;
mod patches;
mod quality;
mod title;
mod verdict;

use std::process::ExitCode;

use clap::Parser;
use stage::{Flow, Result, log};

use limit::Limit;
use measured::{Bounds, Measured, beside_overlays};
use verdict::Kind;

const EXAMPLES: &str = "Examples:
  frame-scan frames/ | blur-filter --rejects blurred.jsonl > sharp.jsonl
  blur-filter --keep frames.jsonl | jq -r '[.quality.sharpness, .image] | @tsv' | sort -n
  blur-filter --sharpness 400 --letters 0 frames.jsonl > sharp.jsonl

The key `quality`, in which levels are luma, 0 to 255:
  sharpness         pixels across the long side that the sharpest tenth really
                    shows: a frame of 1920 px with edges twice as wide as they
                    need be has 960; independent of light, contrast and size
  sharpness_median  the same for the median part that has edges
  motion            how much blurrier edges are in one direction than across it, 0 to 1
  detail            share of the image that has edges, 0 to 1
  brightness        mean level
  contrast          standard deviation, levels
  levels            levels that 1, 50 and 99 percent do not exceed
  dark_share        share below level 16, 0 to 1
  bright_share      share at level 240 and above, 0 to 1
  entropy           of the histogram, bits, 0 to 8
  saturation        mean HSV saturation, 0 to 1
  colourfulness     0 gray, 33 moderate, 109 extreme (Hasler and Süsstrunk)
  flat              share within 4 levels of the most frequent one, 0 to 1
  letters           number of letters that stand in lines; the text is not read
  title             share covered by large letters of one colour that are drawn
                    over the image, apart or joined, 0 to 1; left out if none
  resolution        short side, pixels

Darkness is not a fault: a night scene passes as long as something is in focus. Of an image that
text-detect --mark has marked, only the part without burnt-in text is measured (`text.clear`), if it is
two fifths of the image or more.";

/// Measure sharpness, exposure and contrast, and drop images that fall short
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Drop images that show fewer pixels than this across their long side. A plain number is an
    /// absolute limit; with `%`, the lowest this many percent of the run are dropped; with `x`, the
    /// limit is this many times the run's median
    #[arg(long, value_name = "PIXELS|N%|Nx", default_value_t = Limit::Median(0.7))]
    sharpness: Limit,

    /// Drop images with less contrast than this: standard deviation in levels of 255; `%` and `x`
    /// as above
    #[arg(long, value_name = "LEVELS|N%|Nx", default_value_t = Limit::Absolute(5.0))]
    contrast: Limit,

    /// Drop images in which at least this share is one plain level, 0 to 1; 0 drops none
    #[arg(long, value_name = "SHARE", default_value_t = 0.97)]
    flat: f64,

    /// Drop images with at least this many letters in lines; half as many are enough on a plain
    /// ground; 0 drops none
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    letters: u32,

    /// Drop images in which the letters of a drawn title cover at least this share; 0 drops none
    #[arg(long, value_name = "SHARE", default_value_t = 0.008, value_parser = stage::share::<f64>)]
    drawn_title: f64,

    /// Drop frames within this many seconds of a title in the same shot, where it may be fading in or out, and those as
    /// near to other text that show its letters faintly; 0 turns this off
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = stage::seconds)]
    around_titles: f64,

    /// Drop images whose short side is below this
    #[arg(long, value_name = "PIXELS", default_value_t = 256)]
    min_side: u32,

    /// Pass frames that frame-extract has marked as part of these transitions (dissolve, fade,
    /// flash)
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    allow: Vec<Kind>,

    #[command(flatten)]
    keep: stage::Keep,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    flow.mark(args.keep.keep);
    // What is compared with no others is judged as it comes.
    let looks_about = args.around_titles > 0.0 && (args.letters > 0 || args.drawn_title > 0.0);
    if let (false, Limit::Absolute(sharpness), Limit::Absolute(contrast)) =
        (looks_about, args.sharpness, args.contrast)
    {
        let bounds = Bounds {
            sharpness,
            contrast,
        };
        return flow.each(|record| Ok(Measured::new(&args, record)?.judge(bounds)));
    }
    let prepare = |record| Ok(Measured::new(&args, record)?.packed());
    flow.whole(prepare, |_, mut all| {
        beside_overlays(&mut all, args.around_titles)?;
        let sound = all.iter().filter(|image| image.fault.is_none());
        let figures: Vec<_> = sound.map(|image| image.figures).collect();
        let sharpness = figures.iter().filter_map(|figures| figures.sharpness);
        let contrast = figures.iter().map(|figures| figures.contrast);
        let bounds = Bounds {
            sharpness: args.sharpness.resolve(sharpness.collect()),
            contrast: args.contrast.resolve(contrast.collect()),
        };
        log::info!("{bounds}");
        Ok(all.into_iter().map(move |image| image.judge(bounds)))
    })
}
