//! The flags that say what captions are to be.

use std::path::PathBuf;

use anyhow::Result;

use crate::budget::{Budget, Form, Lengths};
use crate::contradictions::Contradictions;
use crate::kinds::Kinds;
use crate::policy::{Policy, names};
use crate::trigger::Trigger;

/// Flags of the captions of a run. A tool that composes captions and a tool that checks them take
/// the same.
#[derive(Debug, clap::Args)]
pub struct Flags {
    /// LoRA type of the captions
    #[arg(long = "type", value_name = "TYPE", required_unless_present = "policy", conflicts_with = "policy",
        value_parser = clap::builder::PossibleValuesParser::new(names()))]
    kind: Option<String>,

    /// Policy file to use instead of the type's own
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Word that captions begin with; VALUE=WORD is for records of that value only, and `{}` in the
    /// word stands for the value (may be repeated)
    #[arg(long, value_name = "[VALUE=]WORD")]
    trigger: Vec<String>,

    /// Class word after the trigger
    #[arg(long, value_name = "WORD", default_value = "")]
    class: String,

    /// Form of the caption, for every trainer [default: tags here, and in data sets the form that
    /// suits each trainer best]
    #[arg(long, value_enum)]
    pub form: Option<Form>,

    #[command(flatten)]
    lengths: Lengths,

    /// What to do with records whose description contradicts a measurement, for example `running`
    /// where the measured pose is sitting
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Contradictions::Flag)]
    pub contradictions: Contradictions,

    /// Folder with a folder for each character, whose file kind.txt may say that it is an `animal`: then a
    /// description that calls it a man gets the class word in that place. Without that file the detector's label
    /// decides
    #[arg(long, value_name = "DIR")]
    cast: Option<PathBuf>,

    /// Name of another character, which no description may contain (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub other: Vec<String>,
}

/// What the flags ask for.
pub struct Plan {
    /// What captions say and leave out.
    pub policy: Policy,
    /// What they begin with.
    pub trigger: Trigger,
    /// How long they may be.
    pub budget: Budget,
    /// What characters are.
    pub kinds: Kinds,
}

impl Flags {
    /// Reads the policy, the tokenizer and the cast that the flags name.
    pub fn open(&self) -> Result<Plan> {
        let policy = Policy::open(self.kind.as_deref(), self.policy.as_deref())?;
        let trigger = Trigger::new(&policy, &self.trigger, &self.class)?;
        let budget = self.lengths.open()?;
        Ok(Plan {
            policy,
            trigger,
            budget,
            kinds: Kinds::new(self.cast.as_deref(), &self.class)?,
        })
    }
}
