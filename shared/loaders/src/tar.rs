//! Samples of a `WebDataset` shard: `base_plus_ext` and `group_by_keys`.

use std::collections::{BTreeMap, BTreeSet};

/// The key and the field that the name of a member stands for: they part at
/// the *first* dot behind the last slash. `None` for a member that is passed
/// over.
///
/// ```
/// use loaders::tar::parts;
/// assert_eq!(parts("train/a_001.jpg"), Some(("train/a_001", "jpg")));
/// assert_eq!(parts("a_t157.66s.jpg"), Some(("a_t157", "66s.jpg")));
/// assert_eq!(parts("__index__.json"), None);
/// ```
pub fn parts(name: &str) -> Option<(&str, &str)> {
    let start = name.rfind('/').map_or(0, |slash| slash + 1);
    let file = &name[start..];
    let dot = file.find('.').filter(|dot| *dot > 0)?;
    if file.starts_with("__") {
        return None;
    }
    Some((&name[..start + dot], &file[dot + 1..]))
}

/// One sample: its key and its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// What its members have in common.
    pub key: String,
    /// Field to name of the member, the field in small letters.
    pub fields: BTreeMap<String, String>,
}

/// What a reader of the shard gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples {
    /// The samples, in order.
    pub samples: Vec<Sample>,
    /// Keys whose members lie apart: they come out as several samples.
    pub torn: BTreeSet<String>,
    /// Members whose field stands twice in a sample, at which a reader stops.
    pub twice: Vec<String>,
}

/// Groups the members of a shard, in the order in which they lie in it.
pub fn samples<'a>(members: impl Iterator<Item = &'a str>) -> Samples {
    let mut found = Samples::default();
    let mut seen = BTreeSet::new();
    for name in members {
        let Some((key, field)) = parts(name) else {
            continue;
        };
        if found.samples.last().is_none_or(|sample| sample.key != key) {
            if !seen.insert(key.to_owned()) {
                found.torn.insert(key.to_owned());
            }
            found.samples.push(Sample {
                key: key.to_owned(),
                fields: BTreeMap::new(),
            });
        }
        if let Some(sample) = found.samples.last_mut() {
            let field = field.to_ascii_lowercase();
            if sample.fields.insert(field, name.to_owned()).is_some() {
                found.twice.push(name.to_owned());
            }
        }
    }
    found
}
