//! Answers for a person.

use crate::diff::{Branch, Change};
use crate::trace::{Fate, Step, Trace, What};

/// This many children and duplicates are named.
const NAMED: usize = 10;

/// The chains of the images that were asked for.
pub(crate) fn traces(traces: &[Trace]) -> String {
    traces.iter().map(trace).collect::<Vec<_>>().join("\n")
}

fn trace(trace: &Trace) -> String {
    let mut text = trace.parent.as_deref().map(self::trace).unwrap_or_default();
    if !text.is_empty() {
        text.push_str("  |\n");
    }
    line(&mut text, &trace.id);
    let width = |of: fn(&Step) -> usize| trace.steps.iter().map(of).max().unwrap_or(0);
    let manifest = width(|step| step.manifest.chars().count());
    let tool = width(|step| step.tool.as_deref().map_or(0, str::len));
    let mut branch = "";
    let mut last = "";
    for step in &trace.steps {
        if step.branch != branch {
            branch = &step.branch;
            line(&mut text, &format!("  {branch}/"));
        }
        // The manifest is said once for all that it brings.
        let name = if step.manifest == last {
            ""
        } else {
            &step.manifest
        };
        last = &step.manifest;
        let by = step.tool.as_deref().unwrap_or("");
        line(
            &mut text,
            &format!("  {name:<manifest$}  {by:<tool$}  {}", words(step)),
        );
    }
    if let Some(kept) = &trace.kept {
        line(&mut text, &format!("  kept instead: {}", fate(kept)));
    }
    named(
        &mut text,
        "cut from it",
        &trace.children.iter().map(fate).collect::<Vec<_>>(),
    );
    named(
        &mut text,
        "dropped as near duplicates of it",
        &trace.duplicates,
    );
    text
}

/// A line, without blanks at its end and without control characters, which a
/// terminal would obey.
fn line(text: &mut String, line: &str) {
    let visible = line.replace(|c: char| c.is_control(), "\u{fffd}");
    text.push_str(visible.trim_end());
    text.push('\n');
}

fn words(step: &Step) -> String {
    let key = step
        .key
        .as_deref()
        .filter(|key| !matches!(*key, "image" | "source"));
    let key = key.map(|key| format!("{key}: ")).unwrap_or_default();
    match step.what {
        What::Added => format!("{key}{}", step.text),
        What::Changed => format!("{key}now {}", step.text),
        What::Passed => "passed".to_owned(),
        What::Dropped => format!("DROPPED: {}", step.text),
        What::Failed => format!("FAILED: {}", step.text),
    }
}

fn fate(fate: &Fate) -> String {
    match &fate.dropped {
        None => format!("{}, last in {}", fate.id, fate.manifest),
        Some(why) => format!("{}, dropped by {why}", fate.id),
    }
}

fn named(text: &mut String, what: &str, names: &[String]) {
    if names.is_empty() {
        return;
    }
    line(text, &format!("  {what}:"));
    for name in names.iter().take(NAMED) {
        line(text, &format!("    {name}"));
    }
    if names.len() > NAMED {
        line(text, &format!("    and {} more", names.len() - NAMED));
    }
}

/// What differs between two runs.
pub(crate) fn diff(branches: &[Branch]) -> String {
    let mut text = String::new();
    for branch in branches {
        let [came, went, changed] = branch.counts();
        let (manifest, before, now) = (&branch.manifest, branch.before, branch.now);
        let head = format!("{manifest}: {before} before, {now} now");
        line(
            &mut text,
            &format!("{head}: {came} came, {went} went, {changed} changed"),
        );
        for (what, by, count) in branch.by_tool() {
            line(&mut text, &format!("  {count:>6} {what} by {by}"));
        }
        for image in &branch.images {
            let sign = match image.change {
                Change::Came => '+',
                Change::Went => '-',
                Change::Changed => '~',
            };
            line(
                &mut text,
                &format!("{sign} {}  {}: {}", image.id, image.by, image.why),
            );
        }
    }
    if branches.iter().all(|branch| branch.images.is_empty()) {
        text.push_str("no image came, went or changed\n");
    }
    text
}
