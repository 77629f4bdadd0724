//! Shows how far a run is, what waits or failed and why, and what its data sets have.
//!
//! Reads of the folder of a run, again and again: `preparation_progress.json` and the logs beside it, which `phase`
//! writes; `.run.json`, which says what was asked for; `dataset.jsonl` and `report.html` of its folders; and of
//! `plan/`, what `make plan` estimated. It changes nothing. What it cannot read it says, and shows the rest.

mod counts;
mod graph;
mod logs;
mod page;
mod parts;
mod planned;
mod progress;
mod server;
mod state;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use stage::{Result, ensure};

use state::Watch;

const EXAMPLES: &str = "\
Examples:
  dashboard --run-dir out
  dashboard --run-dir out --print > out/overview.html

It prints the address of a page for this machine only, and ends with Ctrl-C.";

/// Show on a page how far a run is, what waits or failed, and what its data sets have
#[derive(Debug, clap::Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Folder of the progress file and the logs
    #[arg(long, value_name = "DIR", default_value = "out")]
    run_dir: PathBuf,

    /// Print the page as it is now, and serve nothing; its links are relative to the folder
    #[arg(long)]
    print: bool,

    /// Serve on this port of this machine; 0 takes a free port
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
}

fn main() -> ExitCode {
    stage::command(run)
}

fn run(args: Args) -> Result<ExitCode> {
    ensure!(
        args.run_dir.is_dir(),
        "{}: is not a folder: name the OUT of a run",
        args.run_dir.display()
    );
    let mut watch = Watch::new(&args.run_dir);
    if args.print {
        stage::print(&page::printed(&watch.state()))?;
    } else {
        server::run(watch, args.port)?;
    }
    Ok(ExitCode::SUCCESS)
}
