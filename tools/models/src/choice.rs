//! Which networks are meant.

use std::collections::BTreeSet;
use std::path::Path;

use onnx::{Entry, Registry};
use stage::Result;

/// A name or a role that the registry does not have: an error of the command line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unknown(String);

/// The models `names`, or the defaults of `roles`, or of all roles; those with a notice only by name.
pub(crate) fn chosen<'a>(
    registry: &'a Registry,
    roles: &[String],
    names: &[String],
) -> Result<Vec<&'a Entry>> {
    let entries = registry.entries();
    if !names.is_empty() {
        let find = |name: &String| {
            entries
                .iter()
                .find(|entry| entry.name == *name)
                .ok_or_else(|| {
                    Unknown(format!(
                        "{name}: not in the registry: --list shows all models"
                    ))
                })
        };
        return Ok(names.iter().map(find).collect::<Result<_, _>>()?);
    }
    let known: BTreeSet<&str> = entries.iter().map(|entry| entry.role.as_str()).collect();
    if let Some(role) = roles.iter().find(|role| !known.contains(role.as_str())) {
        let known: Vec<&str> = known.into_iter().collect();
        let known = known.join(", ");
        return Err(Unknown(format!(
            "{role}: not a role in the registry, which has {known}"
        ))
        .into());
    }
    let meant = |entry: &&Entry| {
        let role = roles.is_empty() || roles.contains(&entry.role);
        role && entry.default && entry.notice.is_empty()
    };
    Ok(entries.iter().filter(meant).collect())
}

/// A network that a pipeline needs, written `ROLE` or `ROLE=MODEL`.
#[derive(Debug)]
pub(crate) struct Need<'a> {
    /// What it is for.
    pub(crate) role: &'a str,
    /// What the user calls it; `None` for the role's default.
    pub(crate) name: Option<&'a str>,
    /// The registry's entry; `None` for a path of the user's own.
    pub(crate) entry: Option<&'a Entry>,
}

impl<'a> Need<'a> {
    /// Reads a need.
    pub(crate) fn read(registry: &'a Registry, text: &'a str) -> Result<Self> {
        let Some((role, name)) = text.split_once('=') else {
            let roles = [text.to_owned()];
            let entry = chosen(registry, &roles, &[])?.into_iter().next();
            let entry = entry.ok_or_else(|| {
                Unknown(format!("{text}: the registry has no default for this role"))
            })?;
            return Ok(Self {
                role: text,
                name: None,
                entry: Some(entry),
            });
        };
        let mut entries = registry.entries().iter();
        let entry = entries.find(|entry| entry.name == name);
        if entry.is_none() && !Path::new(name).exists() {
            let said = format!("{text}: not a model in the registry and not a file");
            return Err(Unknown(said).into());
        }
        Ok(Self {
            role,
            name: Some(name),
            entry,
        })
    }
}
