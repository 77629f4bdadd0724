//! The other manifest.

use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use stage::manifest::{Reader, Record};
use stage::{Context, Place, Result, Shelf};

/// The keys that are wanted of another manifest, by the id that they belong to: they wait on a shelf, as embeddings of many
/// records do not fit into memory.
#[derive(Debug)]
pub(crate) struct Other {
    shelf: Shelf,
    places: HashMap<Box<str>, Place>,
}

impl Other {
    /// Reads `path`; `by` is where its records say to which id they belong.
    pub(crate) fn read(path: &Path, by: &str, keys: &[String]) -> Result<Self> {
        let shown = path.display().to_string();
        let file = File::open(path).with_context(|| shown.clone())?;
        let (mut shelf, mut places) = (Shelf::open()?, HashMap::new());
        for record in Reader::new(&shown, BufReader::new(file)).records() {
            let record = record?;
            let id = record.at::<Box<str>>(by).with_context(|| shown.clone())?;
            let Some(id) = id.filter(|id| !places.contains_key(id)) else {
                continue;
            };
            let mut wanted = Record::default();
            for key in keys {
                wanted.copy(&record, key);
            }
            places.insert(id, shelf.keep(&wanted)?);
        }
        Ok(Self { shelf, places })
    }

    /// Whether there is nothing to take.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// What belongs to `id`; an error if it cannot be read from the disk again.
    pub(crate) fn of(&self, id: &str) -> Result<Option<Record>> {
        let place = self.places.get(id);
        place.map(|place| self.shelf.record(*place)).transpose()
    }
}
