//! Compose captions from the facts in the records, by the policy of a LoRA type.
//!
//! Reads the keys that the policy names (`captions.toml` of a type), by default of `pose`, `emotion`,
//! `light`, `tags` and `captioner`. Writes `caption`, one clean line with the trigger first, and
//! `facts`:
//!
//! * `type`: the policy; `trigger`: the trigger with the class word, where there is one;
//! * `said`: `[[pointer, phrase], …]` in the caption, in order;
//! * `left_out`: `[[pointer, why], …]` in the record, but not in the caption;
//! * `tags`, `sentence`: both forms, each within its budget: dataset-write gives each trainer its own;
//! * `form`: that of `caption`, where `--form` asked for one: then every trainer gets it;
//! * `tokens`: of `caption`, by what reads it, without the marks of start and end;
//! * `contradictions`: `[{at, is, says}, …]`, where a model said something else than was measured.
//!
//! What no tool could measure (`unknown`) is never said.

mod board;
mod compose;
mod description;
mod pieces;
mod wording;

use std::process::ExitCode;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use policies::contradictions::Contradictions;
use policies::policy;
use stage::{Flow, Outcome, Record, Result};

use compose::Composer;

const EXAMPLES: &str = "Examples:
  caption-compose --type character --trigger lucap --class boy < kept.jsonl > captions.jsonl
  caption-compose --type lighting --trigger 'lt_{}' --form sentence < kept.jsonl > captions.jsonl
  caption-compose --type pose --trigger '{}_pse' --base tags=sdxl --base sentence=flux --tokenizer t5/tokenizer.json kept.jsonl > captions.jsonl

  caption-compose --show-policy character > mine.toml    # change it, and give it with --policy";

/// Compose captions from the facts in the records, by the policy of a LoRA type
///
/// A policy says which facts of a record to name, in which order, and which to leave unsaid so that
/// they bind to the trigger. Facts that exceed the budget are dropped, the least important first.
/// caption-audit checks the whole set of captions.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    #[command(flatten)]
    captions: policies::Flags,

    /// Compose a caption also where a person has written one, as for images that are there for another subject
    #[arg(long)]
    over_written: bool,

    /// Print the policy file of this type, and do nothing else
    #[arg(long, value_name = "TYPE", exclusive = true, value_parser = PossibleValuesParser::new(policy::names()))]
    show_policy: Option<String>,
}

fn main() -> ExitCode {
    // Printing reads no manifest, and so must not wait for one.
    if std::env::args_os().any(|word| word.as_encoded_bytes().starts_with(b"--show-policy")) {
        return stage::command(|args: Args| show(args.show_policy.as_deref()));
    }
    stage::main(run)
}

/// Prints the policy file of a type.
fn show(kind: Option<&str>) -> Result<ExitCode> {
    let policy = kind.and_then(types::find).and_then(|one| one.policy);
    stage::print(policy.unwrap_or_default())?;
    Ok(ExitCode::SUCCESS)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let flags = args.captions;
    let plan = flags.open()?;
    let kinds = plan.kinds.clone();
    let composer = Composer::new(plan, flags.form, args.over_written);
    flow.each(|mut record: Record| {
        let known = kinds.of(&record)?;
        let found = { flags.contradictions }.found(&record, &flags.other, known.as_ref())?;
        if let (Contradictions::Drop, Some(first)) = (flags.contradictions, found.first()) {
            return Ok(Outcome::drop(record, first.told()));
        }
        let known = known.filter(|_| flags.contradictions != Contradictions::Ignore);
        composer.caption(&mut record, &found, known.as_ref())?;
        Ok(record.into())
    })
}
