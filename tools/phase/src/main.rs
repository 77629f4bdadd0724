//! Runs a command and keeps what became of it.
//!
//! Writes `preparation_progress.json` in the run directory: for each phase
//! its status, start, end, seconds, processor seconds, exit code, command, peak memory in bytes
//! (of its processes together), and the counts of the tools in it. What the
//! command says on standard error goes to `logs/NAME.log` there too.
//!
//! A lock, which the command's processes hold as well, keeps two runs of one
//! phase apart, and tells a phase that runs from one that was killed.
//!
//! `make/`, beside this crate, holds what the Makefile starts its pipelines by.

mod child;
mod forecast;
mod guard;
mod memory;
mod missing;
mod phase;
mod progress;
mod usage;
mod wait;
mod work;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use bytesize::ByteSize;
use stage::Result;

use progress::Progress;

/// Run a command and keep its status, counts and times in a progress file
#[derive(Debug, clap::Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Folder of the progress file and the logs
    #[arg(long, value_name = "DIR", default_value = "out")]
    run_dir: PathBuf,

    /// Name of the phase in the progress file, and of its log
    #[arg(long, required_unless_present_any = ["show", "predict", "missing"])]
    name: Option<String>,

    /// File that receives the command's standard output once it has succeeded
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Do not start with less free disk space than this in the run directory
    #[arg(long, value_name = "SIZE")]
    needs_disk: Option<ByteSize>,

    /// Run at this niceness, 0 to 19, so that other processes go first
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(i32).range(0..=19))]
    nice: i32,

    /// Wait until no other phase of this user uses the GPU; with `shared`, others
    /// that share it may run at the same time [default without a value: alone]
    #[arg(long, value_name = "USE", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "alone")]
    gpu: Option<guard::Use>,

    /// Also wait until no other program computes on the GPU (`free`), until this
    /// much of its memory is free (`memory=8GB`), or until a shell command succeeds
    #[arg(long, value_name = "free|memory=SIZE|COMMAND", requires = "gpu")]
    gpu_wait: Option<wait::Wait>,

    /// Wait until this phase fits into this much memory beside the phases that run, by what it took the
    /// last time; if it does not fit alone, its tools use fewer threads and smaller batches
    #[arg(long, value_name = "SIZE", value_parser = memory::budget)]
    memory: Option<ByteSize>,

    /// Print the phases so far as a table, and run nothing
    #[arg(long)]
    show: bool,

    /// Print an estimate of what the same phases take for this many times as much: hours, memory
    /// and disk; run nothing
    #[arg(long, value_name = "TIMES", conflicts_with = "show", value_parser = forecast::times)]
    predict: Option<f64>,

    /// Print which of these manifests name files in their DIR that are missing or empty: manifest,
    /// number of files, the first of them; run nothing
    #[arg(long, value_name = "MANIFEST=DIR", num_args = 1.., conflicts_with_all = ["show", "predict"], value_parser = missing::written)]
    missing: Vec<missing::Written>,

    /// Command and its arguments
    #[arg(last = true, value_name = "COMMAND", required_unless_present_any = ["show", "predict", "missing"])]
    command: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  phase --run-dir out --name dedup --output out/dedup.jsonl -- frame-dedup out/frames.jsonl
  phase --run-dir out --name masks --gpu --needs-disk 20GB -- sh -c 'sam-mask < a.jsonl > b.jsonl'
  phase --run-dir out --show
  phase --run-dir out/plan --predict 120
  phase --run-dir out --missing frames.jsonl=frames masked.jsonl=masks";

fn main() -> ExitCode {
    stage::command(run)
}

fn run(args: Args) -> Result<ExitCode> {
    let progress = Progress::new(&args.run_dir);
    if args.show {
        progress.show()?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(times) = args.predict {
        forecast::print(&args.run_dir, &progress.phases()?, times)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !args.missing.is_empty() {
        missing::print(&args.run_dir, &args.missing)?;
        return Ok(ExitCode::SUCCESS);
    }
    work::run(&args, &progress)
}
