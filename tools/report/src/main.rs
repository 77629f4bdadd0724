//! Show what was kept, what was dropped and why, on one HTML page.
//!
//! Reads manifests and rejects files, once, record by record; of each record `id`, `image`,
//! `source`, `rejected`, and every number and label that it finds. Writes into the folder of
//! `--out-dir`:
//!
//! * `report.html`: one page that needs no network and no other file: counts, reasons, kept and
//!   dropped over the film's time, contact sheets, distributions, errors;
//! * `report.json`: the same figures for programs.
//!
//! Images are drawn by the hash of their ids, so that the same records give the same page.

mod charts;
mod figures;
mod histogram;
mod looks;
mod page;
mod paper;
mod phases;
mod plots;
mod reasons;
mod sample;
mod sheets;
mod survey;
mod thresholds;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use stage::{Context, Result, log, machine};

use survey::Survey;

const EXAMPLES: &str = "Examples:
  report --kept lit.jsonl --dropped unique.rejects.jsonl --dropped sharp.rejects.jsonl --out-dir report
  report --kept style/dataset.jsonl --dropped style/selected.rejects.jsonl \\
      --progress preparation_progress.json --title 'Style of Sintel' --out-dir style/report

Run it in the folder in which the tools ran: the paths of images are relative to it.";

/// Show what was kept, what was dropped and why, on one HTML page
///
/// Writes the page as `report.html` into the folder of --out-dir, and the same numbers as
/// `report.json` beside it. The page contains its own style, plots and images, so it can be sent to
/// others and opened without a network.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Manifest of what was kept (may be repeated)
    #[arg(long, value_name = "MANIFEST", required = true)]
    kept: Vec<PathBuf>,

    /// Rejects file of a tool; give them in the order of the pipeline (may be repeated)
    #[arg(long, value_name = "FILE")]
    dropped: Vec<PathBuf>,

    /// Progress file of the run, to show its phases
    #[arg(long, value_name = "FILE")]
    progress: Option<PathBuf>,

    /// Folder to write report.html and report.json into
    #[arg(long, value_name = "DIR")]
    out_dir: PathBuf,

    /// Title of the page
    #[arg(long, value_name = "TEXT", default_value = "Report")]
    title: String,

    /// Name of the phase, shown below the title
    #[arg(long, value_name = "NAME")]
    phase: Option<String>,

    /// Draw this over the images (may be repeated)
    #[arg(long, value_name = "WHAT", value_enum)]
    draw: Vec<looks::Drawing>,

    /// Show the image at this JSON pointer beside each, such as `/plate/original`
    #[arg(long, value_name = "POINTER")]
    beside: Option<String>,

    /// Threshold of label-fit that decided: say its precision and recall (may be repeated)
    #[arg(long, value_name = "FILE")]
    taught: Vec<PathBuf>,

    /// Say how many of what was kept a person has decided on in review
    #[arg(long)]
    reviewed: bool,

    /// Number of images to show of what was kept, and half as many for each reason
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u16).range(0..=200))]
    images: u16,
}

fn main() -> ExitCode {
    stage::command(run)
}

fn run(args: Args) -> Result<ExitCode> {
    let looks = looks::Looks {
        over: args.draw,
        beside: args.beside,
    };
    let mut survey = Survey::new(args.images.into(), &looks);
    for path in &args.kept {
        survey.read(path, false)?;
    }
    for path in &args.dropped {
        survey.read(path, true)?;
    }
    let phases = args
        .progress
        .as_deref()
        .map_or(Ok(Vec::new()), phases::read)?;
    let sheets = sheets::draw(&survey);
    let heading = paper::Heading {
        title: &args.title,
        phase: args.phase.as_deref(),
        reviewed: args.reviewed,
        taught: thresholds::read(&args.taught)?,
    };
    let paper = paper::Paper::new(&heading, &survey, &sheets, &phases);
    let page = page::page(&paper, &sheets);
    let folder = &args.out_dir;
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let json = serde_json::to_string_pretty(&paper)? + "\n";
    for (name, text) in [("report.json", &json), ("report.html", &page)] {
        let path = folder.join(name);
        machine::file::write(&path, text.as_bytes()).with_context(|| path.display().to_string())?;
    }
    log::info!(
        "{}: {} kept, {} dropped, {} failed",
        folder.display(),
        survey.kept,
        survey.dropped,
        survey.failed
    );
    Ok(ExitCode::SUCCESS)
}
