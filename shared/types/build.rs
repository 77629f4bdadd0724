//! Writes down the LoRA types of the folders here, for `src/lib.rs` to include, so that anyone who adds
//! a folder edits nothing else, and a type.toml that cannot be read stops the build.
#![allow(
    clippy::print_stdout,
    reason = "cargo is told so what a build depends on"
)]

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use serde::Deserialize;

/// What the tools read in a type.toml; what make alone reads is skipped.
#[derive(Deserialize)]
struct Described {
    order: u32,
    about: String,
    file_name: String,
    caption: String,
    trigger_is_subject: bool,
    trained: String,
    target: Option<usize>,
    #[serde(default)]
    balance: String,
    #[serde(default)]
    weights: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=.");
    let here = env::var("CARGO_MANIFEST_DIR")?;
    let mut types = Vec::new();
    for entry in fs::read_dir(&here)? {
        let folder = entry?.path();
        if let Ok(text) = fs::read_to_string(folder.join("type.toml")) {
            let described: Described =
                toml::from_str(&text).map_err(|error| format!("{}: {error}", folder.display()))?;
            types.push((described.order, literal(&folder, &described)?));
        }
    }
    types.sort();
    let types: String = types.into_iter().map(|(_, literal)| literal).collect();
    let written = Path::new(&env::var("OUT_DIR")?).join("types.rs");
    fs::write(written, format!("&[\n{types}]\n"))?;
    Ok(())
}

/// The type of a folder as Rust writes it.
fn literal(folder: &Path, described: &Described) -> Result<String, Box<dyn Error>> {
    let Described {
        about,
        file_name,
        caption,
        trigger_is_subject,
        trained,
        target,
        balance,
        weights,
        ..
    } = described;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let trained = match trained.as_str() {
        "subject" => "Subject",
        "rest" => "Rest",
        "all" => "All",
        other => return Err(format!("{name}: trained on `{other}`").into()),
    };
    let policy = folder.join("captions.toml");
    let policy = if policy.exists() {
        format!("Some(include_str!({:?}))", policy.display().to_string())
    } else {
        "None".to_owned()
    };
    Ok(format!(
        "Type {{ name: {name:?}, about: {about:?}, file_name: {file_name:?}, caption: {caption:?}, \
            trigger_is_subject: {trigger_is_subject}, trained: Trained::{trained}, \
            target: {target:?}, balance: {balance:?}, weights: {weights:?}, policy: {policy} }},\n"
    ))
}
