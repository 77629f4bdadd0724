//! What starts a training on Windows, where no shell runs `train.sh`: `train.cmd`, and `train.py`, which does the same
//! work as `train.json` says.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::script::{checkout, variables};
use super::word::Word;
use super::{Draft, Plan, Run, SEED, search};
use crate::view::{DataSet, Group, View};

/// What is called.
pub(super) const STARTED: &str = "train.cmd";

/// The program, the same for all trainers.
const PROGRAM: &str = include_str!("train.py");

/// The scripts of a view, by their names.
pub(super) fn files(
    view: &dyn View,
    set: &DataSet<'_>,
    plan: &Plan,
    run: &Run,
) -> Vec<(&'static str, String)> {
    let [_, program] = search::files(plan, run);
    let searched = search::flags(plan, run);
    vec![
        (
            STARTED,
            started(&comment(set, plan, run), "PYTHON", "train.py", ""),
        ),
        ("train.py", PROGRAM.to_owned()),
        (
            "train.json",
            format!("{:#}\n", described(view, set, plan, run)),
        ),
        (
            "search.cmd",
            started(
                "Searches for the learning rate, rank and number of steps that train best. --help says more.",
                "SEARCH_PYTHON",
                "search.py",
                &format!(" {searched}"),
            ),
        ),
        program,
    ]
}

/// What stands at the top.
fn comment(set: &DataSet<'_>, plan: &Plan, run: &Run) -> String {
    let title = set.title;
    let mut text = format!(
        "Trains a LoRA of `{title}` on {} with {}. Settings stand before what goes to the trainer, or are variables:",
        plan.base.name, run.trainer
    );
    for (name, about) in variables(plan, run) {
        // The program looks there first.
        let about = about.replace(
            "[python3]",
            "[that in venv or .venv of TRAINER, or else python]",
        );
        let _ = write!(text, "\n{name}: {about}");
    }
    text
}

/// A batch file that starts a program beside it. Its lines end as Windows wants them, and what its language reads in
/// remarks, too, is left out of them.
fn started(comment: &str, python: &str, program: &str, flags: &str) -> String {
    let plain = |sign: char| sign == '\n' || sign == ' ' || sign.is_ascii_graphic();
    let comment = comment.replace(|sign| !plain(sign) || "%&|<>^\"".contains(sign), "?");
    let mut lines = vec!["@echo off".to_owned()];
    lines.extend(comment.lines().map(|line| format!("rem {line}")));
    lines.extend([
        "setlocal".to_owned(),
        // Not the variable itself, which the program reads.
        format!("set \"STARTS=%{python}%\""),
        "if not defined STARTS set STARTS=python".to_owned(),
        format!("\"%STARTS%\" \"%~dp0{program}\"{flags} %*"),
    ]);
    lines.join("\r\n") + "\r\n"
}

/// What the program reads.
fn described(view: &dyn View, set: &DataSet<'_>, plan: &Plan, run: &Run) -> Value {
    let weights = run.weights.iter();
    let weights: Vec<_> = weights
        .map(|weight| json!({"variable": weight.variable, "about": weight.about, "usual": weight.usual}))
        .collect();
    let pieces = |word: &Word| json!(word.pieces);
    let commands = run.commands.iter();
    let commands: Vec<Vec<_>> = commands
        .map(|words| words.iter().map(pieces).collect())
        .collect();
    let draft = |draft: &Draft| {
        let values: Vec<_> = { draft.values.iter() }
            .map(|(key, value)| json!([key, pieces(value)]))
            .collect();
        let from = draft.from.file_name().unwrap_or_default();
        json!({"from": from.to_string_lossy(), "to": draft.to, "values": values})
    };
    let group = set.training().next().unwrap_or(Group::Train(1));
    json!({
        "trainer": run.trainer,
        "about": checkout(run),
        "program": run.program,
        "weights": weights,
        "numbers": {"STEPS": plan.steps, "RANK": plan.rank, "LEARNING_RATE": run.learning_rate, "SEED": SEED},
        "alpha": run.alpha,
        "images": set.seen(view.folder(set, group)),
        "drafts": run.drafts.iter().map(draft).collect::<Vec<_>>(),
        "at_home": run.at_home,
        "commands": commands,
    })
}
