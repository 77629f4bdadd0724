//! The LoRA types: what each teaches, how its images are selected, named and captioned.
//!
//! A type is one folder beside this crate's sources, which the build finds by itself:
//!
//! | file | what | read by |
//! |---|---|---|
//! | `type.toml` | what it teaches, file names, masks, selection, networks | the tools, make |
//! | `captions.toml` | what its captions say and leave out, if it has a policy | the tools |
//! | `chain.mk` | the stages before its data set, if make makes one | make |
//!
//! Nothing here prints, or reads files when a tool runs.

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// What a LoRA is to teach, and how the images of its data set are selected, named and captioned.
#[derive(Debug, PartialEq, Eq)]
pub struct Type {
    /// Its name, which is that of the folder.
    pub name: &'static str,
    /// What it teaches.
    pub about: &'static str,
    /// The template of file names, with facts in braces.
    pub file_name: &'static str,
    /// The template of captions for records that have none.
    ///
    /// It says what is to stay controllable, and leaves unsaid what the trigger is to stand for: the
    /// looks of a character, the architecture of a place, the rendering of a style.
    pub caption: &'static str,
    /// Whether the trigger stands for the subject of the whole set, and so names it. The trigger of
    /// a place, an action or a light does not.
    pub trigger_is_subject: bool,
    /// What is trained on where an image has a mask of its subject.
    pub trained: Trained,
    /// Images to select, where a data set of this type is selected.
    pub target: Option<usize>,
    /// How they are selected: flags of balance.
    pub balance: &'static str,
    /// How much each measure of lora-score counts, as its flag says it; empty if all count the same.
    pub weights: &'static str,
    /// The text of its caption policy, where it has one.
    pub policy: Option<&'static str>,
}

/// What to train on if an image has a mask of its subject
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Trained {
    /// The subject: white in its mask
    Subject,
    /// Everything but the subject
    Rest,
    /// Everything: masks are not written
    All,
}

/// All types, in the order of their `type.toml`.
pub const TYPES: &[Type] = include!(concat!(env!("OUT_DIR"), "/types.rs"));

/// The type of this name.
pub fn find(name: &str) -> Option<&'static Type> {
    TYPES.iter().find(|one| one.name == name)
}

/// Reads the name of one of these types on a command line, whose help says `about` each what it does.
pub fn parser(
    types: impl Iterator<Item = &'static Type>,
    about: impl Fn(&Type) -> String,
) -> impl TypedValueParser<Value = &'static Type> {
    let names = types.map(|one| PossibleValue::new(one.name).help(about(one)));
    PossibleValuesParser::new(names).try_map(|name| find(&name).ok_or("there is no such type"))
}
