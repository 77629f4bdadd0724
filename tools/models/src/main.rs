//! Download, verify and list the networks that the tools run.
//!
//! What there is stands in `registry.toml`. A file is downloaded beside its place, resumed where it was cut,
//! held to its SHA-256, and renamed: nothing lies under a model's name that is not whole. A file whose SHA-256
//! the registry does not know is held to the length that the server announces and to the registry's size, and
//! its checksum at the first download is written to `published/lock.toml`: from then on no other is accepted, by
//! the tools either.

mod accept;
mod archive;
mod choice;
mod fetch;
mod http;
mod list;
mod needs;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{ArgGroup, Parser};
use onnx::{Registry, Store};
use stage::{Result, ensure, log};

use crate::choice::{Unknown, chosen};
use crate::fetch::Source;
use crate::http::Patience;

const EXAMPLES: &str = "Examples:
  models --role detect,pose
  models --list
  models --model sam2.1-small --from /mnt/mirror";

/// Download, verify and list the networks that the tools run
///
/// Without --role and --model, downloads the default network of every role. Prints sizes, licences
/// and notices before it downloads anything. Exits with 1 if a network could not be downloaded, or
/// if --verify or --needs finds one missing or damaged.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, group = ArgGroup::new("instead").args(["list", "verify", "needs", "stamp"]))]
struct Args {
    /// Use the default networks of these roles, such as detect
    #[arg(
        long,
        value_name = "ROLE",
        value_delimiter = ',',
        conflicts_with = "model"
    )]
    role: Vec<String>,

    /// Use these networks, by their names in the registry; a network with a notice is only
    /// downloaded this way
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    model: Vec<String>,

    /// Download files from this folder or address, as NAME/PATH, instead of from where they are
    /// published
    #[arg(long, value_name = "DIR|URL", conflicts_with = "instead")]
    from: Option<String>,

    /// List the networks of the registry with role, size, licence and whether they are installed;
    /// download nothing
    #[arg(long)]
    list: bool,

    /// Read all installed files and compare their checksums; download nothing
    #[arg(long)]
    verify: bool,

    /// Print JSON Lines, with --list and --verify
    #[arg(long, conflicts_with_all = ["needs", "stamp"])]
    json: bool,

    /// Print which of these networks are missing and how to get them; download nothing
    #[arg(long, value_name = "ROLE[=MODEL]", num_args = 0.., conflicts_with_all = ["role", "model"])]
    needs: Option<Vec<String>>,

    /// Print for each of these a stamp that tells it from another network of the same name, as
    /// ROLE=STAMP; download nothing
    #[arg(long, value_name = "ROLE[=MODEL]", num_args = 0.., conflicts_with_all = ["role", "model"])]
    stamp: Option<Vec<String>>,

    /// Folder of registry.toml and the networks [default: `$FILM2LORA_MODELS`, or models in or
    /// above the folder of the tool]
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,

    /// Number of tries for a download that breaks off
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100))]
    tries: u32,

    /// Seconds before the second try; the wait doubles with every further try
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    pause: u64,
}

fn main() -> ExitCode {
    stage::command(|args| match run(&args) {
        Err(error) if error.is::<Unknown>() => {
            log::error!("{error}");
            Ok(ExitCode::from(2))
        }
        Ok(true) => Ok(ExitCode::SUCCESS),
        Ok(false) => Ok(ExitCode::FAILURE),
        Err(error) => Err(error),
    })
}

/// Whether all is well.
fn run(args: &Args) -> Result<bool> {
    let registry = Registry::open(args.models.as_deref())?;
    ensure!(
        !registry.entries().is_empty(),
        "registry.toml: no folder of models was found: name one with --models or FILM2LORA_MODELS"
    );
    let mut store = Store::open(&registry)?;
    if let Some(needs) = &args.needs {
        return needs::check(&store, needs);
    }
    if let Some(needs) = &args.stamp {
        return needs::stamp(&store, needs).map(|()| true);
    }
    if args.list || args.verify {
        return list::list(&store, &args.role, &args.model, args.verify, args.json);
    }
    let source = Source::new(
        args.from.as_deref(),
        Patience {
            tries: args.tries,
            pause: Duration::from_secs(args.pause),
        },
    );
    let models = chosen(&registry, &args.role, &args.model)?;
    fetch::fetch(&mut store, &source, &models)
}
