//! Audit a set of captions for what fuses with the trigger or gives a shot away.
//!
//! Reads `caption`, which may be by anybody, `facts.sentence` and `facts.form`, where
//! caption-compose wrote them, what the policy of the type names, and `source.shot` and
//! `tags.location`, which captions must not give away. Records pass as they are; what is wrong is
//! said on standard error, and written to `--summary` and `--tsv`.

mod check;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use policies::contradictions::Contradictions;
use stage::{Flow, Outcome, Record, Result, bail};

use check::Check;

const EXAMPLES: &str = "Examples:
  caption-audit --type character --trigger lucap --class boy --summary audit.json captions.jsonl > audited.jsonl
  caption-compose --type style kept.jsonl | caption-audit --type style --check --tsv to-mend.tsv > captions.jsonl";

/// Audit a set of captions for what fuses with the trigger or gives a shot away
///
/// Checks the whole set by the policy that it was composed by: give the flags of caption-compose.
/// Reports missing triggers, words that must not be used, phrases in more than 80 % of the
/// captions, words that give a shot away, and captions over the budget of tokens.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    #[command(flatten)]
    captions: policies::Flags,

    /// Write the findings here, as JSON
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,

    /// Write the findings here as a table with tabs between columns, with what to do about each
    #[arg(long, value_name = "FILE")]
    tsv: Option<PathBuf>,

    /// Exit with 1 if there is an error
    #[arg(long)]
    check: bool,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let flags = args.captions;
    let plan = flags.open()?;
    let kinds = plan.kinds.clone();
    let check = Check::new(plan, flags.form.unwrap_or_default())?;
    flow.each(|record: Record| {
        let known = kinds.of(&record)?;
        let found = { flags.contradictions }.found(&record, &flags.other, known.as_ref())?;
        if let (Contradictions::Drop, Some(first)) = (flags.contradictions, found.first()) {
            return Ok(Outcome::drop(record, first.told()));
        }
        check.look(&record, &found)?;
        Ok(record.into())
    })?;
    let errors = check.say(args.summary.as_deref(), args.tsv.as_deref())?;
    if args.check && errors > 0 {
        bail!("{errors} errors in the captions");
    }
    Ok(())
}
