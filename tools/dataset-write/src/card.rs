//! The card of a data set: what is in it, for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use loaders::view::View;
use stage::Result;

use crate::plan::{Example, Purpose};

/// The facts that are counted.
const COUNTED: &[&str] = &[
    "source.film",
    "licence",
    "identity.name",
    "action",
    "angle",
    "emotion",
    "intensity",
    "location",
    "setting",
    "time",
    "weather",
];

/// The text of the card.
pub(crate) fn text(purpose: &Purpose, views: &[&dyn View], examples: &[Example]) -> Result<String> {
    let mut card = format!("# {}\n\n", purpose.title());
    let validation = examples.iter().filter(|example| example.validation).count();
    let shots: BTreeSet<_> = examples
        .iter()
        .filter_map(|example| example.record.shot().ok()?)
        .collect();
    writeln!(
        card,
        "A data set for a LoRA of the type *{}*.\n",
        purpose.kind.name
    )?;
    writeln!(card, "| | |\n|---|---|")?;
    writeln!(card, "| images | {} |", examples.len())?;
    writeln!(card, "| kept for validation | {validation} |")?;
    writeln!(card, "| shots | {} |", shots.len())?;
    if let Some(trigger) = &purpose.trigger {
        writeln!(card, "| trigger | `{trigger}` |")?;
    }
    let names: Vec<_> = views.iter().map(|view| view.word()).collect();
    writeln!(card, "| views | {} |", names.join(", "))?;
    let masked = examples
        .iter()
        .filter(|example| example.picture.mask.is_some())
        .count();
    writeln!(card, "| with a mask | {masked} |")?;
    if let Some(licence) = &purpose.licence {
        writeln!(card, "| licence | {} |", cell(licence))?;
    }
    trainers(&mut card, purpose, views, examples)?;
    tables(&mut card, purpose, examples)?;
    Ok(card)
}

/// What to give each trainer, and what becomes of validation images and masks.
fn trainers(
    card: &mut String,
    purpose: &Purpose,
    views: &[&dyn View],
    examples: &[Example],
) -> Result<()> {
    let validated = examples.iter().any(|example| example.validation);
    let masked = examples
        .iter()
        .any(|example| example.picture.mask.is_some());
    writeln!(
        card,
        "\nWhat to give each trainer, with paths relative to this folder:\n\n| view | give it | images kept for validation | masks |\n|---|---|---|---|"
    )?;
    for view in views {
        let notes = view.notes(purpose.title());
        let or_not = |has: bool, how: Option<&'static str>| match how {
            _ if !has => "none here",
            Some(how) => how,
            None => "this trainer cannot use masks",
        };
        writeln!(
            card,
            "| {} | {} | {} | {} |",
            view.word(),
            notes.give.replace('|', " "),
            or_not(validated, notes.validation),
            or_not(masked, notes.masks)
        )?;
    }
    Ok(())
}

fn tables(card: &mut String, purpose: &Purpose, examples: &[Example]) -> Result<()> {
    for fact in COUNTED {
        counts(card, fact, purpose, examples)?;
    }
    Ok(())
}

/// Text that does not break out of its table.
fn cell(text: &str) -> String {
    text.replace(['|', '\n', '\r', '<'], " ")
}

/// A table of how many images have which value of a fact, if any has one.
fn counts(card: &mut String, fact: &str, purpose: &Purpose, examples: &[Example]) -> Result<()> {
    let mut counts = BTreeMap::<String, usize>::new();
    for example in examples {
        let facts = purpose.facts(&example.record);
        let value = facts.value(fact)?.unwrap_or_else(|| "unknown".to_owned());
        *counts.entry(value).or_default() += 1;
    }
    if counts.keys().all(|value| value == "unknown") {
        return Ok(());
    }
    writeln!(card, "\n| {fact} | images |\n|---|---|")?;
    for (value, count) in counts {
        writeln!(card, "| {} | {count} |", cell(&value))?;
    }
    Ok(())
}
