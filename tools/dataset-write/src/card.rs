//! The card of a data set: what is in it, for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use loaders::training;
use loaders::view::{Side, View};
use stage::Result;

use crate::set::Set;

/// The facts that are counted.
const COUNTED: [&str; 11] = [
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
pub(crate) fn text(set: Set<'_>, views: &[&dyn View], root: &Path) -> Result<String> {
    let Set {
        purpose, examples, ..
    } = set;
    let tally = Tally::of(set)?;
    let mut card = format!("# {}\n\n", purpose.title());
    let (validation, regularization) =
        (set.count(Side::Validation), set.count(Side::Regularization));
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
    writeln!(card, "| shots | {} |", tally.shots.len())?;
    match &tally.triggers()[..] {
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
    trainers(&mut card, set, views)?;
    started(&mut card, set, views, &tally, root)?;
    tally.tables(&mut card)?;
    Ok(card)
}

/// What the records of the images say, without those for regularization.
#[derive(Debug, Default)]
struct Tally {
    shots: BTreeSet<u64>,
    /// The trigger of the set; or, where each caption has that of what it shows, all of them.
    triggers: BTreeSet<String>,
    /// How many images have which value, of each fact of [`COUNTED`].
    values: [BTreeMap<String, usize>; COUNTED.len()],
}

impl Tally {
    fn of(set: Set<'_>) -> Result<Self> {
        let trigger = set.purpose.trigger.as_ref();
        let mut tally = Self {
            triggers: trigger.cloned().into_iter().collect(),
            ..Self::default()
        };
        for example in set.own() {
            let record = set.record(example)?;
            tally.shots.extend(record.shot().ok().flatten());
            if trigger.is_none() {
                let own = record.at::<String>("/facts/trigger")?;
                tally.triggers.extend(own);
            }
            let facts = set.purpose.facts(&record);
            for (fact, counts) in COUNTED.iter().zip(&mut tally.values) {
                let value = facts.value(fact)?.unwrap_or_else(|| "unknown".to_owned());
                *counts.entry(value).or_default() += 1;
            }
        }
        Ok(tally)
    }

    fn triggers(&self) -> Vec<String> {
        let all = self.triggers.iter();
        all.map(|trigger| format!("`{}`", cell(trigger))).collect()
    }

    /// A table for each fact that is known of any image.
    fn tables(&self, card: &mut String) -> Result<()> {
        for (fact, counts) in COUNTED.iter().zip(&self.values) {
            if counts.keys().all(|value| value == "unknown") {
                continue;
            }
            writeln!(card, "\n| {fact} | images |\n|---|---|")?;
            for (value, count) in counts {
                writeln!(card, "| {} | {count} |", cell(value))?;
            }
        }
        Ok(())
    }
}

/// What to give each trainer, and what becomes of validation images and masks.
fn trainers(card: &mut String, set: Set<'_>, views: &[&dyn View]) -> Result<()> {
    let any = |side| set.count(side) > 0;
    let (validated, regular) = (any(Side::Validation), any(Side::Regularization));
    let [title, line] = if regular {
        [" regularization images |", "---|"]
    } else {
        [""; 2]
    };
    let masked = { set.examples.iter() }.any(|example| example.exported.mask.is_some());
    writeln!(
        card,
        "\nWhat to give each trainer, with paths relative to this folder:\n\n| view | give it | images kept for validation | masks |{title}\n|---|---|---|---|{line}"
    )?;
    for view in views {
        let notes = view.notes(set.purpose.title());
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
    Ok(())
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
    set: Set<'_>,
    views: &[&dyn View],
    tally: &Tally,
    root: &Path,
) -> Result<()> {
    let Some(base) = set.purpose.base else {
        return Ok(());
    };
    let trigger = match &tally.triggers()[..] {
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
        let command = training::started(*view, &set.told(*view).data_set(root))?;
        let command = command.map_or_else(
            || format!("there is no train.sh for {}", base.name),
            |command| format!("`{command}`"),
        );
        writeln!(card, "| {} | {command} |", view.word())?;
    }
    let Some(view) = views.first() else {
        return Ok(());
    };
    if let Some(plan) = training::Plan::of(&set.told(*view).data_set(root))? {
        writeln!(
            card,
            "\nThat is {} steps for {} images, rank {}, and a checkpoint with samples every {} steps.",
            plan.steps,
            set.count(Side::Training),
            plan.rank,
            plan.every
        )?;
    }
    Ok(())
}

/// Text that does not break out of its table.
fn cell(text: &str) -> String {
    text.replace(['|', '\n', '\r', '<'], " ")
}
