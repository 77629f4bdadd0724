//! Explain why an image is in a data set, or where and why it was dropped.
//!
//! Reads every manifest and rejects file (`*.jsonl` whose records have an `id`) under the folders,
//! and nothing else but `preparation_progress.json`, for the order of the phases. Folders within a
//! run are branches: what stands in `style/` goes on from what stands beside it.

mod describe;
mod diff;
mod files;
mod find;
mod show;
mod trace;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use stage::{Result, log};

const EXAMPLES: &str = "Examples:
  why film_000812 out
  why out/style/dataset/img/style_x_scene000812.jpg out
  why film_000812 out --json | jq '.images[0].steps'
  why --diff out.old out";

/// Explain why an image is in a data set, or where and why it was dropped
///
/// Prints the chain from the film's time to the training image, step by step: the manifest, the
/// tool, and the values that decided. Follows parents and children, and for a near duplicate names
/// the image that was kept instead. Exits with 1 if no manifest has the image, and suggests similar
/// names.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Id of a record, path of its image, or name of an exported file
    #[arg(
        value_name = "ID",
        required_unless_present = "diff",
        conflicts_with = "diff"
    )]
    image: Option<String>,

    /// Folders or manifests of the run
    #[arg(value_name = "DIR", default_value = ".", conflicts_with = "diff")]
    folders: Vec<PathBuf>,

    /// Compare two runs: print which images came, went and changed, and by which tool
    #[arg(long, num_args = 2, value_names = ["OLD", "NEW"])]
    diff: Option<Vec<PathBuf>>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    stage::command(run)
}

fn run(args: Args) -> Result<ExitCode> {
    if let Some([old, new]) = args.diff.as_deref() {
        let branches = diff::compare(&files::find(&[old])?, &files::find(&[new])?)?;
        print(&args, &branches, || show::diff(&branches))?;
        return Ok(ExitCode::SUCCESS);
    }
    let folders: Vec<_> = args.folders.iter().collect();
    let files = files::find(&folders)?;
    let query = args.image.clone().unwrap_or_default();
    let images = find::images(&files, &query)?;
    if images.is_empty() {
        let near = find::near(&files, &query)?;
        let hint = if near.is_empty() {
            String::new()
        } else {
            format!("; similar: {}", near.join(", "))
        };
        log::error!("{query}: not in any of {} manifests{hint}", files.len());
        return Ok(ExitCode::FAILURE);
    }
    let traces = images
        .iter()
        .map(|id| trace::trace(&files, id))
        .collect::<Result<Vec<_>>>()?;
    let answer = serde_json::json!({ "query": query, "images": traces });
    print(&args, &answer, || show::traces(&traces))?;
    Ok(ExitCode::SUCCESS)
}

fn print(args: &Args, answer: &impl serde::Serialize, text: impl Fn() -> String) -> Result<()> {
    let text = if args.json {
        serde_json::to_string_pretty(answer)? + "\n"
    } else {
        text()
    };
    stage::print(&text)
}
