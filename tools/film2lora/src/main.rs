//! Run a tool, or a pipeline of tools, by its name.
//!
//! The tools stay programs of their own, as git's are: `film2lora NAME …` becomes the program NAME in
//! `libexec/film2lora`, or beside this one where it was built. Any program that is put there can be called so.

mod front;
mod places;
mod table;

use std::process::ExitCode;

use stage::{Result, log};

use crate::front::Front;
use crate::places::{Places, become_make, become_tool};

fn main() -> ExitCode {
    stage::command(run)
}

fn run(front: Front) -> Result<ExitCode> {
    let Front { name, words } = front;
    let places = Places::find()?;
    let known = name.to_string_lossy();
    match (known.as_ref(), words.first()) {
        ("make", _) => become_make(&places, &words),
        ("help", None) => become_tool(&places.this, &["--help".into()]),
        ("help", Some(topic)) if topic == "make" => become_make(&places, &["help".into()]),
        ("help", Some(topic)) => run_tool(&places, topic, &["--help".into()]),
        _ => run_tool(&places, &name, &words),
    }
}

/// Becomes the tool; one that is not there is an error of the command line.
fn run_tool(
    places: &Places,
    name: &std::ffi::OsStr,
    words: &[std::ffi::OsString],
) -> Result<ExitCode> {
    if let Some(program) = places.tool(name) {
        return become_tool(&program, words);
    }
    let shown = name.to_string_lossy();
    if table::TOOLS.iter().any(|tool| tool.name == shown) {
        log::error!(
            "{shown}: not found in {}: install it there",
            places.tools.display()
        );
        return Ok(ExitCode::FAILURE);
    }
    let near = table::near(&shown);
    let hint = if near.is_empty() {
        "`film2lora help` lists the tools".to_owned()
    } else {
        format!("did you mean {}?", near.join(" or "))
    };
    log::error!("{shown}: there is no such tool: {hint}");
    Ok(ExitCode::from(2))
}
