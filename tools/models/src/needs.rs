//! What a pipeline asks before it starts: which networks are missing, and by what it knows them again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::UNIX_EPOCH;

use onnx::Store;
use sha2::{Digest, Sha256};
use stage::{Result, print, tell};
use walkdir::WalkDir;

use crate::choice::Need;
use crate::words::size;

/// Says which of `needs` are missing and how to get them; whether all are there.
pub(crate) fn check(store: &Store<'_>, needs: &[String]) -> Result<bool> {
    let mut roles = Vec::new();
    let mut well = true;
    for need in needs {
        let Need { role, name, entry } = Need::read(store.registry, need)?;
        let Some(model) = entry else {
            continue;
        };
        if store.has(model)? {
            continue;
        }
        well = false;
        let commands = if let Some(name) = name {
            format!("film2lora models --model {name} (make models MODEL={name})")
        } else {
            roles.push(role);
            format!("film2lora models --role {role} (make models ROLE={role})")
        };
        let size = size(&model.files);
        let (name, role) = (&model.name, &model.role);
        tell(&format!(
            "{name} is not installed ({role}, {size}): {commands}"
        ));
    }
    if roles.len() > 1 {
        let roles = roles.join(",");
        tell(&format!(
            "all defaults at once: film2lora models --role {roles} (make models ROLE={roles})"
        ));
    }
    Ok(well)
}

/// Prints, as `ROLE=STAMP …`, by what each network differs from another of its name.
///
/// That is all that the registry says of it, its checksums among that, and those that were pinned; and of a file
/// without one its size and time of change.
pub(crate) fn stamp(store: &Store<'_>, needs: &[String]) -> Result<()> {
    let mut stamps = Vec::new();
    for need in needs {
        let Need { role, name, entry } = Need::read(store.registry, need)?;
        let mut known = name.unwrap_or_default().to_owned();
        let mut loose = BTreeMap::new();
        if let Some(model) = entry {
            known = serde_json::to_string(model)?;
            for file in &model.files {
                match store.expected(model, file) {
                    Some(sum) => known.push_str(sum),
                    None => state(&store.path(model, file)?, &mut loose),
                }
            }
        } else {
            state(Path::new(&known), &mut loose);
        }
        let hash = Sha256::digest(format!("{known} {loose:?}"));
        let mut stamp = format!("{role}=");
        for byte in &hash[..6] {
            write!(stamp, "{byte:02x}")?;
        }
        stamps.push(stamp);
    }
    print(&(stamps.join(" ") + "\n"))
}

/// Adds the size, and the time of change in nanoseconds, of a file or of all in a folder.
fn state(path: &Path, states: &mut BTreeMap<String, (u64, u128)>) {
    for entry in WalkDir::new(path).follow_links(true).into_iter().flatten() {
        let Some(found) = fs::metadata(entry.path())
            .ok()
            .filter(fs::Metadata::is_file)
        else {
            continue;
        };
        let changed = found.modified().ok();
        let changed = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let nanoseconds = changed.unwrap_or_default().as_nanos();
        let name = entry.path().display().to_string();
        states.insert(name, (found.len(), nanoseconds));
    }
}
