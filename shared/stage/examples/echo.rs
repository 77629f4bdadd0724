//! The smallest tool there is, for the tests of the loop: it passes records
//! on, and does with each what its own key `do` says.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use stage::{Beside, Cache, Context, Flow, Inference, Keep, Key, Outcome, Record, Result, bail};

/// Do with each record what its key `do` says
#[derive(Debug, Parser)]
#[command(name = "echo", version)]
struct Args {
    /// Run the loop in this shape
    #[arg(long, value_enum, default_value = "each")]
    shape: Shape,

    /// Take this many records in a batch
    #[arg(long, value_name = "N", default_value_t = 4)]
    batch: usize,

    /// Remember in this folder how often a record was worked on
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,

    /// Move the ids of records that pass to this file, and write their numbers
    #[arg(long, value_name = "FILE")]
    beside: Option<PathBuf>,

    #[command(flatten)]
    keep: Keep,
}

/// A file of ids, and how many there are.
struct Ids(File, usize);

impl Beside for Ids {
    fn take(&mut self, record: &mut Record) -> Result<()> {
        writeln!(self.0, "{}", record.id()?)?;
        record.put("id", &self.1.to_string())?;
        self.1 += 1;
        Ok(())
    }

    fn complete(&mut self, well: bool) -> Result<()> {
        Ok(writeln!(self.0, "well: {well}")?)
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Shape {
    Each,
    Batches,
    Infer,
    Whole,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    flow.mark(args.keep.keep);
    let cache = args.cache.as_deref().map(Cache::open);
    let echo = |record| echo(record, cache.as_ref());
    if let Some(path) = args.beside {
        flow.beside(Ids(File::create(path)?, 0));
    }
    match args.shape {
        Shape::Each => flow.each(echo),
        Shape::Batches => flow.batches(
            args.batch,
            |record| Ok((record.clone(), echo(record)?)),
            |batch| {
                stage::log::info!("a batch of {}", batch.len());
                Ok(batch.into_iter().map(|(_, outcome)| Ok(outcome)).collect())
            },
        ),
        Shape::Infer => {
            let work = Inference {
                look: |_: &Record| Ok((Key::new("echo", 1), ())),
                prepare: |_: &Record, ()| Ok(()),
                infer: |asked: Vec<()>| Ok(asked.into_iter().map(Ok).collect()),
                finish: |record, ()| echo(record),
            };
            flow.infer(args.batch, None, work)
        }
        Shape::Whole => flow.whole(echo, |_, all| Ok(all)),
    }
}

/// `drop`, `fail`, `twice`, `panic`, `system` (fail with the system's error `errno`), `wait` (until the file in `for` is there)
/// or `remember`; any other record is passed on.
#[allow(clippy::panic, reason = "a test asks for it")]
fn echo(mut record: Record, cache: Option<&Cache>) -> Result<Outcome> {
    match record.find::<String>("do")?.as_deref() {
        Some("drop") => return Ok(Outcome::drop(record, "it asked for it")),
        Some("fail") => bail!("it failed"),
        Some("twice") => return Ok(vec![record.clone(), record].into()),
        Some("panic") => panic!("it panicked"),
        Some("broken") => return Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe).into()),
        Some("system") => {
            let number = record.get("errno")?;
            let error = std::io::Error::from_raw_os_error(number);
            return Err(error).context("image.png");
        }
        Some("wait") => {
            let path: PathBuf = record.get("for")?;
            while !path.exists() {
                sleep(Duration::from_millis(2));
            }
        }
        Some("remember") => {
            let cache = cache.context("no --cache")?;
            let key = Key::new("echo", 1).part(record.id()?.as_bytes());
            let id = record.id()?;
            record.put("known", &cache.remember(&key, || Ok(id))?)?;
        }
        _ => {}
    }
    Ok(record.into())
}
