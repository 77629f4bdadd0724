//! Data set configurations, as strict as their readers.

pub(crate) mod schema;

use std::path::Path;

use serde_json::{Map, Value};
use toml::Table;

use crate::Finding;
use crate::set::{Opened, Set, Settings};

/// By what the configurations of a trainer are known among other files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Names {
    /// The names that are looked for in a folder.
    pub files: &'static [&'static str],
    /// Text that a file of such a name has if it speaks of data sets.
    pub texts: &'static [&'static str],
}

/// Whether a file is a trainer's configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// It has words of that trainer's.
    Sure,
    /// It has the ending, and is that trainer's if no other is sure of it.
    Perhaps,
    /// It is another's.
    No,
}

/// A configuration that is being read, and what is found in it.
#[derive(Debug)]
pub struct Configuration<'a> {
    /// The file.
    pub path: &'a Path,
    /// What it says.
    pub text: &'a str,
    /// What is said besides.
    pub settings: &'a Settings,
    /// The sets, and what is wrong.
    pub opened: &'a mut Opened,
}

impl Configuration<'_> {
    /// Says that something at `place`, as in `datasets[0].subsets[1].image_dir`, stops the trainer.
    pub(crate) fn error(&mut self, code: &'static str, place: &str, text: impl AsRef<str>) {
        self.say(Finding::error(code, at(place, text.as_ref())));
    }

    /// Says that with something at `place` the trainer goes on in another way than was meant.
    pub(crate) fn warning(&mut self, code: &'static str, place: &str, text: impl AsRef<str>) {
        self.say(Finding::warning(code, at(place, text.as_ref())));
    }

    fn say(&mut self, finding: Finding) {
        self.opened.say(self.path, finding);
    }

    /// Adds a set, whose folders are named as the configuration does.
    pub(crate) fn add(&mut self, mut set: Set) {
        set.path = self.settings.here(set.path);
        set.masks = set.masks.map(|masks| self.settings.here(masks));
        self.opened.sets.push(set);
    }

    /// The file as TOML; says so if it is none.
    pub(crate) fn toml(&mut self) -> Option<Table> {
        let read = self.text.parse();
        self.parsed(read.map_err(|cause: toml::de::Error| format!("not TOML: {cause}")))
    }

    /// The file as a list of JSON objects; says so if it is none.
    pub(crate) fn objects(&mut self) -> Option<Vec<Map<String, Value>>> {
        let read = serde_json::from_str(self.text);
        self.parsed(read.map_err(|cause| format!("not a list of objects: {cause}")))
    }

    /// The file as YAML, or JSON, which is YAML; says so if it is neither.
    pub(crate) fn yaml(&mut self) -> Option<Value> {
        let read = serde_saphyr::from_str(self.text).map_err(|cause| {
            let cause = cause.to_string();
            format!("not YAML: {}", cause.lines().next().unwrap_or_default())
        });
        self.parsed(read)
    }

    fn parsed<T>(&mut self, read: Result<T, String>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(text) => {
                self.error("config-syntax", "", text);
                None
            }
        }
    }
}

fn at(place: &str, text: &str) -> String {
    if place.is_empty() {
        text.to_owned()
    } else {
        format!("{place}: {text}")
    }
}
