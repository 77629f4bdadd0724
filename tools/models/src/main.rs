//! Download, verify and list the networks that the tools run.
//!
//! What there is stands in `registry.toml`. A file is downloaded beside its place, resumed where it was cut,
//! held to its SHA-256, and renamed: nothing lies under a model's name that is not whole. A file whose SHA-256
//! the registry does not know is held to the length that the server announces and to the registry's size, and
//! its checksum at the first download is written to `published/lock.toml`: from then on no other is accepted, by
//! the tools either.

mod archive;
mod choice;
mod fetch;
mod http;
mod list;
mod needs;
mod store;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{ArgGroup, Parser};
use onnx::Registry;
use stage::{Result, ensure, log};

use crate::choice::{Unknown, chosen};
use crate::fetch::Source;
use crate::http::Patience;
use crate::store::Store;

const EXAMPLES: &str = "Examples:
  models --role detect,pose
  models --list
  models --model sam2.1-small --from /mnt/mirror";

/// Download, verify and list the networks that the tools run
///
/// Without --role and --model, the default of every role. Sizes, licences and
/// notices are said before anything is downloaded. Exits with 1 when a network
/// could not be downloaded, or is missing or damaged where that was asked.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, group = ArgGroup::new("instead").args(["list", "verify", "needs", "stamp"]))]
struct Args {
    /// The defaults of these roles, as detect
    #[arg(
        long,
        value_name = "ROLE",
        value_delimiter = ',',
        conflicts_with = "model"
    )]
    role: Vec<String>,

    /// These networks, by their names in the registry: the only way to one
    /// with a notice
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    model: Vec<String>,

    /// Take the files, as NAME/PATH, from this folder or address, and not from
    /// where they are published
    #[arg(long, value_name = "DIR|URL", conflicts_with = "instead")]
    from: Option<String>,

    /// Download nothing: list the networks of the registry, with role, size and
    /// licence, and say which are there
    #[arg(long)]
    list: bool,

    /// Download nothing: read the files that are there, all of them, and
    /// compare their checksums
    #[arg(long)]
    verify: bool,

    /// Print JSON Lines, with --list and --verify
    #[arg(long, conflicts_with_all = ["needs", "stamp"])]
    json: bool,

    /// Download nothing: say which of these are missing, and how to get them
    #[arg(long, value_name = "ROLE[=MODEL]", num_args = 0.., conflicts_with_all = ["role", "model"])]
    needs: Option<Vec<String>>,

    /// Download nothing: print for each of these by what it differs from
    /// another of its name, as ROLE=STAMP
    #[arg(long, value_name = "ROLE[=MODEL]", num_args = 0.., conflicts_with_all = ["role", "model"])]
    stamp: Option<Vec<String>>,

    /// Folder with registry.toml, where the networks go [default:
    /// `$FILM2LORA_MODELS`, or models in or above the folder of the tool]
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,

    /// Tries in all for a download that breaks off
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=100))]
    tries: u32,

    /// Seconds before the second try; they double with every other
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
        "registry.toml: no folder of models was found: name it with --models or FILM2LORA_MODELS"
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
