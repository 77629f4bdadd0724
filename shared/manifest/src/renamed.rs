//! Members that had another name in an earlier version.

use crate::{Error, Record, Result};

/// The JSON pointer of a member, what it is now, and the tool that writes it.
const RENAMED: [[&str; 3]; 2] = [
    [
        "/instance/sharpness",
        "/instance/laplacian_variance",
        "mask-crop",
    ],
    ["/face/sharpness", "/face/relative_sharpness", "face-crop"],
];

/// Refuses a pointer to a member that has another name now, so that a sort by the old name fails.
pub(crate) fn check(pointer: &str) -> Result<()> {
    match RENAMED.iter().find(|[old, ..]| *old == pointer) {
        Some([old, new, _]) => Err(Error::Renamed {
            old: (*old).to_owned(),
            new: (*new).to_owned(),
        }),
        None => Ok(()),
    }
}

/// Refuses a record that has a missing member under its name of an earlier version.
pub(crate) fn check_missing(record: &Record, pointer: &str) -> Result<()> {
    match RENAMED.iter().find(|[_, new, _]| *new == pointer) {
        Some([old, new, tool]) if record.value(old)?.is_some() => Err(Error::Outdated {
            old: (*old).to_owned(),
            new: (*new).to_owned(),
            tool: (*tool).to_owned(),
        }),
        _ => Ok(()),
    }
}
