//! Shows on one screen what is installed, and what to do about what is not.
//!
//! Reads no manifest, downloads nothing, and writes no more than any tool that runs a network: a network's
//! checksum is noted beside it, and a cache that is damaged is set aside. It asks where the tools ask: the same ffmpeg, the same ONNX Runtime,
//! the same folder of networks, the same device.

mod network;
mod program;
mod resource;
mod runtime;
mod sheet;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use onnx::Runtime;
use stage::{CacheFolder, Result, print};

use crate::sheet::Sheet;

const EXAMPLES: &str = "Examples:
  film2lora doctor
  film2lora doctor --networks small --json";

/// Show what is installed, what is missing, and the command that mends it
///
/// Exits with 0 if all that the pipelines need is there, and with 1 if not.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Networks that the pipelines are to run, as make's setting NETWORKS says
    #[arg(long, value_enum, value_name = "NETWORKS", default_value = "published")]
    networks: Networks,

    /// Print one JSON object
    #[arg(long)]
    json: bool,

    /// Path of ffmpeg [default: $FFMPEG, models/runtime/ffmpeg, or the first on the search path]
    #[arg(long, value_name = "PROGRAM")]
    ffmpeg: Option<PathBuf>,

    /// ONNX Runtime's library [default: `$ORT_DYLIB_PATH`, models/runtime,
    /// beside the tool, the system's]
    #[arg(long, value_name = "FILE")]
    ort_lib: Option<PathBuf>,

    /// Folder with registry.toml and the networks [default: `$FILM2LORA_MODELS`, or models in or
    /// above the folder of the tool]
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,

    #[command(flatten)]
    cache: CacheFolder,
}

/// Which networks the pipelines run
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Networks {
    /// The defaults of the registry, which `film2lora models` downloads
    Published,
    /// Those for the sample film, which are part of film2lora
    Small,
    /// None, which makes style and lighting only
    None,
}

fn main() -> ExitCode {
    stage::command(run)
}

fn run(args: Args) -> Result<ExitCode> {
    let mut sheet = Sheet::default();
    sheet.row("film2lora", env!("CARGO_PKG_VERSION"));
    sheet.facts([("version", env!("CARGO_PKG_VERSION").into())]);
    program::ffmpeg(&mut sheet, args.ffmpeg.as_deref());
    program::of_make(&mut sheet);
    let none = args.networks == Networks::None;
    let flags = Runtime {
        ort_lib: args.ort_lib,
        models: args.models,
        ..Runtime::default()
    };
    runtime::look(&mut sheet, &flags, none);
    network::look(&mut sheet, flags.models.as_deref(), args.networks);
    resource::look(&mut sheet, &args.cache);
    print(&if args.json {
        sheet.json()?
    } else {
        sheet.text()
    })?;
    Ok(if sheet.faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
