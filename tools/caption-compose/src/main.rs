//! Compose captions from what the records say, by the policy of a LoRA type, and audit them.
//!
//! Reads the keys that the policy names (`shared/types/*/captions.toml`), by default of `pose`, `emotion`,
//! `light`, `tags` and `captioner`; for the audit also `source.shot`. Writes `caption`, one clean
//! line with the trigger first, and `facts`:
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
mod budget;
mod check;
mod compose;
mod contradictions;
mod description;
mod facts;
mod pieces;
mod policy;
mod table;
mod trigger;
mod wording;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use stage::{Flow, Outcome, Record, Result, bail};

use check::Check;
use compose::{Composer, Form};
use contradictions::Contradictions;
use policy::Policy;

const EXAMPLES: &str = "Examples:
  caption-compose --type character --trigger lucap --class boy --audit audit.json < kept.jsonl > captions.jsonl
  caption-compose --type lighting --trigger 'lt_{}' --form sentence < kept.jsonl > captions.jsonl
  caption-compose --type pose --trigger '{}_pse' --base tags=sdxl --base sentence=flux --tokenizer t5/tokenizer.json kept.jsonl > captions.jsonl
  caption-compose --type style --audit-only --strict captions.jsonl > /dev/null

  caption-compose --show-policy character > mine.toml    # change it, and name it with --policy";

/// Compose captions from what the records say, by the policy of a LoRA type, and audit them
///
/// A policy says which facts of a record to name, in which order, and which
/// to leave unsaid so that they bind to the trigger. What does not fit the
/// budget is dropped from the least important end. The audit looks at the
/// whole set: missing triggers, words that must not be said, phrases in more
/// than 80 % of the captions, words that give a shot away.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Compose for a LoRA of this type
    #[arg(long = "type", value_name = "TYPE", required_unless_present_any = ["policy", "show_policy"], conflicts_with = "policy",
        value_parser = clap::builder::PossibleValuesParser::new(policy::names()))]
    kind: Option<String>,

    /// Compose by this policy file instead
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Print the policy file of this type, and do nothing else
    #[arg(long, value_name = "TYPE", value_parser = clap::builder::PossibleValuesParser::new(policy::names()))]
    show_policy: Option<String>,

    /// What becomes of records whose description contradicts what was measured:
    /// it says running, and the pose is sitting
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Contradictions::Flag)]
    contradictions: Contradictions,

    /// Name of another character, which no description may say (may be repeated)
    #[arg(long, value_name = "NAME")]
    other: Vec<String>,

    /// Begin with this word; VALUE=WORD is for records of that value only,
    /// and `{}` in the word stands for the value (may be repeated)
    #[arg(long, value_name = "[VALUE=]WORD")]
    trigger: Vec<String>,

    /// Say this class word behind the trigger
    #[arg(long, value_name = "WORD", default_value = "")]
    class: String,

    /// Form of the caption, for every trainer [default: tags here, and in data
    /// sets what each trainer is best with]
    #[arg(long, value_enum)]
    form: Option<Form>,

    #[command(flatten)]
    budget: budget::Flags,

    /// Write what the audit finds here, as JSON
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,

    /// Write it here as well, as a table with tabs and with what to do
    #[arg(long, value_name = "FILE")]
    audit_table: Option<PathBuf>,

    /// Leave the captions as they are, and audit them
    #[arg(long)]
    audit_only: bool,

    /// Exit with 1 if the audit finds an error
    #[arg(long)]
    strict: bool,
}

fn main() -> ExitCode {
    // Printing reads no manifest, and so must not wait for one.
    if std::env::args_os().any(|word| word.as_encoded_bytes().starts_with(b"--show-policy")) {
        return stage::command(|args: Args| policy::show(args.show_policy.as_deref()));
    }
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let policy = Policy::open(args.kind.as_deref(), args.policy.as_deref())?;
    let trigger = trigger::Trigger::new(&policy, &args.trigger, &args.class)?;
    let budget = args.budget.open()?;
    let form = args.form.unwrap_or(compose::DEFAULT);
    let check = Check::new(&policy, &trigger, &budget, form)?;
    let composer = Composer::new(&policy, &trigger, &budget, args.form);
    flow.each(|mut record: Record| {
        let found = args.contradictions.found(&record, &args.other)?;
        if let (Contradictions::Drop, Some(first)) = (args.contradictions, found.first()) {
            return Ok(Outcome::drop(record, first.told()));
        }
        if !args.audit_only {
            composer.caption(&mut record, &found)?;
        }
        check.look(&record, &found)?;
        Ok(record.into())
    })?;
    let errors = check.say(args.audit.as_deref(), args.audit_table.as_deref())?;
    if args.strict && errors > 0 {
        bail!("the audit found {errors} errors in the captions");
    }
    Ok(())
}
