//! The networks of the registry, which are there, and whether they are whole.

use onnx::{Entry, Look, State, Store};
use serde_json::json;
use stage::{Result, print};

use crate::choice::chosen;
use crate::words::{bytes, size};

/// What is known of a network's files, in words.
fn word(state: State) -> &'static str {
    match state {
        State::Missing => "missing",
        State::There => "there",
        State::Whole(_) => "whole",
        State::Damaged => "DAMAGED",
        State::Unknown => "no checksum",
    }
}

/// Prints the networks `names`, of `roles`, or all; of those that are there, if `verify`, whether they are whole.
/// Whether none is damaged.
pub(crate) fn list(
    store: &Store<'_>,
    roles: &[String],
    names: &[String],
    verify: bool,
    json: bool,
) -> Result<bool> {
    // A name or role that is not known is an error here too.
    let meant = chosen(store.registry, roles, names)?;
    let entries = store.registry.entries().iter();
    let listed = entries.filter(|entry| {
        let by_name = names.is_empty() || meant.iter().any(|one| one.name == entry.name);
        by_name && (roles.is_empty() || roles.contains(&entry.role))
    });
    let look = if verify { Look::Read } else { Look::There };
    let mut well = true;
    for entry in listed {
        let state = store.state(entry, look)?;
        well &= state != State::Damaged;
        if !verify || state != State::Missing {
            print(&line(entry, state, json))?;
        }
    }
    Ok(well)
}

fn line(entry: &Entry, state: State, json: bool) -> String {
    let (name, role, licence) = (&entry.name, &entry.role, &entry.licence);
    if json {
        let (bytes, unknown) = bytes(&entry.files);
        let mut line = json!({
            "name": name, "role": role, "default": entry.default, "licence": licence,
            "state": word(state).to_lowercase(),
        });
        if unknown == 0 {
            line["bytes"] = bytes.into();
        }
        if !entry.notice.is_empty() {
            line["notice"] = entry.notice.as_str().into();
        }
        return format!("{line}\n");
    }
    let default = if entry.default { " (default)" } else { "" };
    let notice = if entry.notice.is_empty() {
        ""
    } else {
        ", with a notice: see --json"
    };
    let role = format!("{role}{default}");
    let size = size(&entry.files);
    let state = word(state);
    format!("{name:<26} {role:<18} {size:>12}  {state:<11} {licence}{notice}\n")
}
