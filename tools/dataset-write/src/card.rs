//! The card of a data set: what is in it, for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use loaders::training;
use loaders::view::{Side, View};
use stage::Result;

use crate::plan::{Example, Purpose};
use crate::views::data_set;

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

/// The text of the card; `root` is where trainers find the set.
pub(crate) fn text(
    purpose: &Purpose,
    views: &[&dyn View],
    examples: &[Example],
    root: &Path,
) -> Result<String> {
    let mut card = format!("# {}\n\n", purpose.title());
    let count = |side| {
        examples
            .iter()
            .filter(|example| example.side == side)
            .count()
    };
    let (validation, regularization) = (count(Side::Validation), count(Side::Regularization));
    let shots: BTreeSet<_> = own(examples)
        .filter_map(|example| example.record.shot().ok()?)
        .collect();
    writeln!(
        card,
        "A data set for a LoRA of the type *{}*.\n",
        purpose.kind.name
    )?;
    writeln!(card, "| | |\n|---|---|")?;
    writeln!(card, "| images | {} |", examples.len() - regularization)?;
    writeln!(card, "| kept for validation | {validation} |")?;
    if regularization > 0 {
        writeln!(card, "| besides, for regularization | {regularization} |")?;
    }
    writeln!(card, "| shots | {} |", shots.len())?;
    match &triggers(purpose, examples)?[..] {
        [] => {}
        [one] => writeln!(card, "| trigger | {one} |")?,
        several => writeln!(card, "| triggers | {} |", several.join(", "))?,
    }
    let names: Vec<_> = views.iter().map(|view| view.word()).collect();
    writeln!(card, "| views | {} |", names.join(", "))?;
    let masked = examples
        .iter()
        .filter(|example| example.exported.mask.is_some())
        .count();
    writeln!(card, "| with a mask | {masked} |")?;
    if let Some(licence) = &purpose.licence {
        writeln!(card, "| licence | {} |", cell(licence))?;
    }
    trainers(&mut card, purpose, views, examples, root)?;
    tables(&mut card, purpose, examples)?;
    Ok(card)
}

/// The trigger of the set; or, where each caption has that of what it shows, all of them.
fn triggers(purpose: &Purpose, examples: &[Example]) -> Result<Vec<String>> {
    let mut found = BTreeSet::new();
    if let Some(trigger) = &purpose.trigger {
        found.insert(trigger.clone());
    } else {
        for example in own(examples) {
            found.extend(example.record.at::<String>("/facts/trigger")?);
        }
    }
    let found = found.iter().map(|trigger| format!("`{}`", cell(trigger)));
    Ok(found.collect())
}

/// The images of the set, without those for regularization.
fn own(examples: &[Example]) -> impl Iterator<Item = &Example> {
    let own = |one: &&Example| one.side != Side::Regularization;
    examples.iter().filter(own)
}

/// What to give each trainer, and what becomes of validation images and masks.
fn trainers(
    card: &mut String,
    purpose: &Purpose,
    views: &[&dyn View],
    examples: &[Example],
    root: &Path,
) -> Result<()> {
    let any = |side| examples.iter().any(|example| example.side == side);
    let (validated, regular) = (any(Side::Validation), any(Side::Regularization));
    let [title, line] = if regular {
        [" regularization images |", "---|"]
    } else {
        [""; 2]
    };
    let masked = examples
        .iter()
        .any(|example| example.exported.mask.is_some());
    writeln!(
        card,
        "\nWhat to give each trainer, with paths relative to this folder:\n\n| view | give it | images kept for validation | masks |{title}\n|---|---|---|---|{line}"
    )?;
    for view in views {
        let notes = view.notes(purpose.title());
        let last = or_not(
            regular,
            notes.regularization,
            "this trainer cannot use them",
        );
        let last = if regular {
            format!(" {last} |")
        } else {
            String::new()
        };
        writeln!(
            card,
            "| {} | {} | {} | {} |{last}",
            view.word(),
            notes.give.replace('|', " "),
            or_not(validated, notes.validation, "this trainer cannot use them"),
            or_not(masked, notes.masks, "this trainer cannot use masks")
        )?;
    }
    started(card, purpose, views, examples, root)
}

/// How something is used, if it is there and can be.
fn or_not(has: bool, how: Option<&'static str>, not: &'static str) -> &'static str {
    match how {
        _ if !has => "none here",
        Some(how) => how,
        None => not,
    }
}

/// What starts a training, if a base model is named.
fn started(
    card: &mut String,
    purpose: &Purpose,
    views: &[&dyn View],
    examples: &[Example],
    root: &Path,
) -> Result<()> {
    let Some(base) = purpose.base else {
        return Ok(());
    };
    let trigger = match &triggers(purpose, examples)?[..] {
        [] => "It has no trigger.".to_owned(),
        [one] => format!("Its trigger is {one}."),
        several => format!(
            "Its triggers, one in each caption, are {}.",
            several.join(", ")
        ),
    };
    writeln!(
        card,
        "\n## To train on {}\n\n{trigger} Run these in this folder, with paths in place of the dots. `TRAINER` is the folder of the trainer. \
        Each script says at its top what else it takes; with `DRY_RUN=1` it prints its commands and runs none. \
        `search.sh`, or `search.cmd`, beside it looks for better numbers than those below, by Optuna.\n\n\
        | view | command |\n|---|---|",
        base.name
    )?;
    for view in views {
        let set = data_set(*view, purpose, examples, root)?;
        let command = training::started(*view, &set);
        let command = command.map_or_else(
            || format!("there is no train.sh for {}", base.name),
            |command| format!("`{command}`"),
        );
        writeln!(card, "| {} | {command} |", view.word())?;
    }
    let trained = examples.iter().filter(|example| example.is_trained());
    let set = views
        .first()
        .map(|view| data_set(*view, purpose, examples, root));
    let set = set.transpose()?;
    if let Some(plan) = set.as_ref().and_then(training::Plan::of) {
        writeln!(
            card,
            "\nThat is {} steps for {} images, rank {}, and a checkpoint with samples every {} steps.",
            plan.steps,
            trained.count(),
            plan.rank,
            plan.every
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
    for example in own(examples) {
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
