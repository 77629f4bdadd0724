//! The other manifest.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use stage::manifest::{Reader, Record};
use stage::{Context, Result};

/// The keys that are wanted of another manifest, by the id that they belong to.
#[derive(Debug)]
pub(crate) struct Other(HashMap<String, Record>);

impl Other {
    /// Reads `path`; `by` is where its records say to which id they belong.
    pub(crate) fn read(path: &Path, by: &str, keys: &[String]) -> Result<Self> {
        let shown = path.display().to_string();
        let file = File::open(path).with_context(|| shown.clone())?;
        let mut records = HashMap::new();
        for record in Reader::new(&shown, BufReader::new(file)).records() {
            let record = record?;
            let id = record.at::<String>(by).with_context(|| shown.clone())?;
            let Some(id) = id else {
                continue;
            };
            let mut wanted = Record::default();
            for key in keys {
                wanted.copy(&record, key);
            }
            records.entry(id).or_insert(wanted);
        }
        Ok(Self(records))
    }

    /// Whether there is nothing to take.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What belongs to `id`.
    pub(crate) fn of(&self, id: &str) -> Option<&Record> {
        self.0.get(id)
    }
}
