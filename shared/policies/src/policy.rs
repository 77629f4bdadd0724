//! A policy: what the captions of one LoRA type say, in which order, and what they leave out.

mod parts;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use captions::families::{FAMILIES, Family, family};
use manifest::Record;
pub use parts::{Board, Degree, Description, LeaveOut, Look, Unless};
use serde::Deserialize;

use crate::facts::{Fact, fact};

/// The names of the types that have a policy.
pub fn names() -> impl Iterator<Item = &'static str> {
    let with = types::TYPES.iter().filter(|one| one.policy.is_some());
    with.map(|one| one.name)
}

/// The text of the policy of a type.
fn own(name: &str) -> Option<&'static str> {
    types::find(name)?.policy
}

/// What the captions of one LoRA type say and leave out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The LoRA type, or the file's stem.
    #[serde(skip)]
    pub name: String,
    /// Whether every caption must begin with a trigger.
    pub trigger: Need,
    /// Where the value is that a trigger can stand for; the first that is known.
    #[serde(default)]
    pub trigger_by: Vec<String>,
    /// What is said, in order.
    pub say: Vec<Say>,
    /// What is said where nothing of that is known and there is no trigger.
    pub otherwise: Option<String>,
    /// What is not, and why.
    #[serde(default)]
    pub leave_out: Vec<LeaveOut>,
    /// The tags of an image board, if they are used.
    pub board: Option<Board>,
    /// The free text of a vision-language model, if it is used.
    pub description: Option<Description>,
    /// What the audit looks for.
    #[serde(default)]
    pub audit: Look,
}

/// Whether there must be a trigger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// There must.
    Required,
    /// There may.
    Optional,
}

/// One thing that is said.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Say {
    /// JSON pointers; the first that is known is taken.
    pub from: Vec<String>,
    /// How it stands in a tag line; `{}` is the value, `{a}` the value with its article.
    #[serde(default = "itself")]
    pub tag: String,
    /// How it follows in a sentence, with the comma or space before it.
    pub phrase: String,
    /// 1 is dropped last.
    pub importance: u32,
    /// What stands for a value; an empty text leaves it unsaid.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// The same for the sentence, where it differs.
    #[serde(default)]
    pub phrases: BTreeMap<String, String>,
    /// What stands for a number of so much at most, of either sign; before
    /// `values` are looked up.
    #[serde(default)]
    pub bands: Vec<(f64, String)>,
    /// Values that begin so are no words, and are left unsaid.
    #[serde(default)]
    pub unsaid: Vec<String>,
    /// A second value that says how much.
    pub degree: Option<Degree>,
    /// When it is not said.
    pub unless: Option<Unless>,
    /// Of a list, this many are said.
    #[serde(default = "one")]
    pub most: usize,
    /// Of a list with scores, those are said that have this much.
    #[serde(default)]
    pub at_least: f64,
}

impl Policy {
    /// The policy that comes with the tool as `kind`, or the one in `file`.
    pub fn open(kind: Option<&str>, file: Option<&Path>) -> Result<Self> {
        let (name, place, text) = match (kind, file) {
            (_, Some(file)) => {
                let place = file.display().to_string();
                let text = std::fs::read_to_string(file).with_context(|| place.clone())?;
                let name = file.file_stem().unwrap_or_default().to_string_lossy();
                (name.into_owned(), place, text)
            }
            (kind, None) => {
                let kind = kind.unwrap_or_default();
                let text = own(kind).with_context(|| format!("there is no policy for `{kind}`"))?;
                (kind.to_owned(), kind.to_owned(), text.to_owned())
            }
        };
        Self::parse(name, &text).with_context(|| format!("{place}: not a policy"))
    }

    fn parse(name: String, text: &str) -> Result<Self> {
        let policy = toml::from_str(text)?;
        let policy = Self { name, ..policy };
        policy.pointers().try_for_each(|pointer| {
            ensure!(
                pointer.starts_with('/'),
                "`{pointer}` is not a JSON pointer: it starts with `/`"
            );
            Ok(())
        })?;
        for say in &policy.say {
            let holds = |text: &str| text.contains("{}") || text.contains("{a}");
            ensure!(
                holds(&say.tag),
                "tag `{}` has no place for the value, `{{}}`",
                say.tag
            );
            ensure!(
                holds(&say.phrase),
                "phrase `{}` has no place for the value, `{{}}`",
                say.phrase
            );
        }
        let description = policy.description.iter().flat_map(|text| &text.without);
        let board = policy.board.iter().flat_map(|board| &board.without);
        let looked = policy.audit.forbidden.iter().chain(&policy.audit.warn);
        looked
            .chain(description)
            .chain(board)
            .try_for_each(|name| words(name).map(drop))?;
        Ok(policy)
    }

    fn pointers(&self) -> impl Iterator<Item = &String> {
        let says = self.say.iter().flat_map(|say| {
            let more = say.degree.iter().map(|degree| &degree.from);
            say.from
                .iter()
                .chain(more)
                .chain(say.unless.iter().map(|unless| &unless.at))
        });
        let left_out = self.leave_out.iter().flat_map(|left_out| &left_out.from);
        let described = self.description.iter().flat_map(|text| &text.from);
        let board = self.board.iter().flat_map(|board| &board.from);
        says.chain(left_out)
            .chain(described)
            .chain(board)
            .chain(&self.trigger_by)
    }
}

impl Say {
    /// The word for a value in a tag line and in a sentence; empty where it
    /// is left unsaid.
    pub fn words(&self, measured: &str) -> (String, String) {
        if self.unsaid.iter().any(|start| measured.starts_with(start)) {
            return (String::new(), String::new());
        }
        let number = measured.parse().ok().map(f64::abs);
        let band = |(most, _): &&(f64, String)| number.is_some_and(|number| number <= *most);
        let value = self.bands.iter().find(band);
        let value = value.map_or(measured, |(_, word)| word);
        let tag = self.values.get(value);
        let tag = tag.map_or_else(|| spoken(value), String::clone);
        let phrase = self.phrases.get(value).unwrap_or(&tag).clone();
        (tag, phrase)
    }

    /// Why it is not said of `record`, where that depends on another value.
    pub fn unless(&self, record: &Record) -> Result<Option<String>> {
        let Some(unless) = &self.unless else {
            return Ok(None);
        };
        let Fact::Known(found) = fact(record, &unless.at, 1, 0.0)? else {
            return Ok(None);
        };
        let why = || {
            let found = found.join(", ");
            let plain = format!("left out because {} is {found}", unless.at);
            unless.why.clone().unwrap_or(plain)
        };
        let is = |value| unless.any || unless.is.contains(value);
        Ok(found.iter().any(is).then(why))
    }
}

/// A label as people say it: `living_room` is two words.
pub fn spoken(label: &str) -> String {
    label.replace('_', " ")
}

/// The family of this name; it is an error if there is none.
pub fn words(name: &str) -> Result<&'static Family> {
    family(name).with_context(|| {
        let names: Vec<_> = FAMILIES.iter().map(|family| family.name).collect();
        format!(
            "there is no family of words `{name}`, only {}",
            names.join(", ")
        )
    })
}

fn itself() -> String {
    "{}".to_owned()
}

fn one() -> usize {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_opens() {
        for name in names() {
            let policy = Policy::open(Some(name), None).unwrap();
            assert!(!policy.say.is_empty() && policy.name == name);
        }
    }

    #[test]
    fn what_is_wrong_with_a_policy_is_named() {
        let say = "[[say]]\nphrase = ' in {}'\nimportance = 1\n";
        for (text, part) in [
            ("trigger = 'maybe'\nsay = []", "maybe"),
            ("trigger = 'required'", "say"),
            (
                &format!("trigger = 'optional'\nfilm = 1\n{say}from = ['/a']"),
                "film",
            ),
            (
                &format!("trigger = 'optional'\n{say}from = ['a']"),
                "`a` is not a JSON pointer",
            ),
            (
                &format!("trigger = 'optional'\n{say}from = ['/a']\ntag = 'x'"),
                "tag `x`",
            ),
            (
                &format!("trigger = 'optional'\n{say}from = ['/a']\n[audit]\nwarn = ['moods']"),
                "no family of words `moods`",
            ),
        ] {
            let error = Policy::parse("mine".into(), text).unwrap_err();
            assert!(format!("{error:#}").contains(part), "{error:#}");
        }
    }
}
