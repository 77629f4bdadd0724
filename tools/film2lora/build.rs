//! Collects what the tools say of themselves: name, stage and description, from the `Cargo.toml` of each.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::Deserialize;

/// The stages of a run, in its order.
const STAGES: [&str; 8] = [
    "frames",
    "characters",
    "places",
    "poses and faces",
    "choosing and looking",
    "captions",
    "data sets",
    "running",
];

#[derive(Deserialize)]
struct Manifest {
    package: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    description: String,
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Metadata {
    film2lora: Tool,
}

#[derive(Deserialize)]
struct Tool {
    stage: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new("..");
    let mut tools = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path().join("Cargo.toml");
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        let at = |error: String| format!("{}: {error}", path.display());
        let manifest: Manifest = toml::from_str(&text).map_err(|error| at(error.to_string()))?;
        let Package {
            name,
            description,
            metadata,
        } = manifest.package;
        let stage = metadata.film2lora.stage;
        let place = STAGES.iter().position(|known| *known == stage);
        let place = place.ok_or_else(|| at(format!("{stage}: not one of {STAGES:?}")))?;
        let description = description.trim_end_matches('.').to_owned();
        tools.insert((place, name), description);
        emit(&path);
    }
    emit(folder);
    let mut table = "[\n".to_owned();
    for ((place, name), description) in tools {
        let stage = STAGES[place];
        writeln!(
            table,
            "    Tool {{ stage: {stage:?}, name: {name:?}, description: {description:?} }},"
        )?;
    }
    table.push_str("]\n");
    let out = std::env::var("OUT_DIR")?;
    Ok(fs::write(Path::new(&out).join("tools.rs"), table)?)
}

/// Has this run again when a file changes.
#[allow(clippy::print_stdout, reason = "cargo reads it there")]
fn emit(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}
