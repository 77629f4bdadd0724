//! Compose captions from what the records say, by the policy of a LoRA type, and audit them.
//!
//! Reads the keys that the policy names (`policies/*.toml`), by default of `pose`, `emotion`,
//! `light`, `tags` and `captioner`; for the audit also `source.shot`. Writes `caption`, one clean
//! line with the trigger first, and `facts`:
//!
//! * `type`: the policy; `trigger`: the trigger with the class word, where there is one;
//! * `said`: `[[pointer, phrase], …]` in the caption, in its order;
//! * `left_out`: `[[pointer, why], …]` in the record, but not in the caption;
//! * `tags`, `sentence`: both forms, each within the budget;
//! * `tokens`: CLIP's tokens of `caption`, without the marks of start and end.
//!
//! What no tool could measure (`unknown`) is never said.

mod check;
mod compose;
mod description;
mod facts;
mod pieces;
mod policy;
mod trigger;
mod wording;

use std::path::PathBuf;
use std::process::ExitCode;

use captions::tokens::{Tokenizer, WINDOW};
use clap::Parser;
use stage::{Flow, Record, Result, bail};

use check::Check;
use compose::{Composer, Form};
use policy::Policy;

const EXAMPLES: &str = "Examples:
  caption-compose --type character --trigger lucap --class boy --audit audit.json < kept.jsonl > captions.jsonl
  caption-compose --type lighting --trigger 'lt_{}' --form sentence < kept.jsonl > captions.jsonl
  caption-compose --type style --audit-only --strict captions.jsonl > /dev/null

The policies are files of their own, in tools/caption-compose/policies: copy
one, change it, and name it with --policy.";

/// Compose captions from what the records say, by the policy of a LoRA type, and audit them
///
/// A policy says which facts of a record to name, in which order, and which
/// to leave unsaid so that they bind to the trigger. What does not fit the
/// budget is dropped from the least important end. The audit looks at the
/// whole set: a missing trigger, words that must not be said, phrases in more
/// than 80 % of the captions, words that give a shot or a place away.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct Args {
    /// Compose for a LoRA of this type
    #[arg(long = "type", value_name = "TYPE", required_unless_present = "policy", conflicts_with = "policy",
        value_parser = clap::builder::PossibleValuesParser::new(policy::names()))]
    kind: Option<String>,

    /// Compose by this policy file instead
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Begin with this word; VALUE=WORD is for records of that value only,
    /// and `{}` in the word stands for the value (may be repeated)
    #[arg(long, value_name = "[VALUE=]WORD")]
    trigger: Vec<String>,

    /// Say this class word behind the trigger
    #[arg(long, value_name = "WORD", default_value = "")]
    class: String,

    /// Form of the caption
    #[arg(long, value_enum, default_value_t = Form::Tags)]
    form: Form,

    /// Tokens that the trainer reads
    #[arg(long, value_name = "TOKENS", default_value_t = WINDOW)]
    budget: usize,

    /// Write what the audit finds here, as JSON
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,

    /// Leave the captions as they are, and audit them
    #[arg(long)]
    audit_only: bool,

    /// Exit with 1 if the audit finds an error
    #[arg(long)]
    strict: bool,
}

fn main() -> ExitCode {
    stage::main(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let policy = Policy::open(args.kind.as_deref(), args.policy.as_deref())?;
    let trigger = trigger::Trigger::new(&policy, &args.trigger, &args.class)?;
    let tokenizer = Tokenizer::new();
    let check = Check::new(&policy, &trigger, args.budget)?;
    let composer = Composer {
        policy: &policy,
        trigger: &trigger,
        tokenizer: &tokenizer,
        form: args.form,
        budget: args.budget,
    };
    flow.each(|mut record: Record| {
        if !args.audit_only {
            composer.caption(&mut record)?;
        }
        check.look(&record, &tokenizer)?;
        Ok(record)
    })?;
    let errors = check.say(args.audit.as_deref())?;
    if args.strict && errors > 0 {
        bail!("the audit found {errors} errors in the captions");
    }
    Ok(())
}
