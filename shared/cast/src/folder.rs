//! What the folder of a cast says of its characters.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::Kind;

/// The file in a character's folder that says what it is.
const KIND: &str = "kind.txt";

/// The kinds of the characters of a cast, by the names of their folders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kinds(HashMap<String, Kind>);

impl Kinds {
    /// Those whose folder in `cast` has a `kind.txt`, which says `person` or `animal`.
    ///
    /// # Errors
    /// A folder or file that cannot be read; a file that says something else.
    pub fn read(cast: &Path) -> Result<Self> {
        let mut found = HashMap::new();
        let entries = fs::read_dir(cast).with_context(|| cast.display().to_string())?;
        for entry in entries {
            let entry = entry.with_context(|| cast.display().to_string())?;
            let path = entry.path().join(KIND);
            if !path.is_file() {
                continue;
            }
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let kind = match text.trim().to_lowercase().as_str() {
                "person" => Kind::Person,
                "animal" => Kind::Animal,
                other => bail!(
                    "{}: `{other}`: must be `person` or `animal`",
                    path.display()
                ),
            };
            found.insert(entry.file_name().to_string_lossy().into_owned(), kind);
        }
        Ok(Self(found))
    }

    /// The kind of a character, or of an outfit of its, such as `luca/striped shirt`.
    pub fn of(&self, name: &str) -> Option<Kind> {
        let whole = name.split('/').next().unwrap_or_default();
        self.0.get(name).or_else(|| self.0.get(whole)).copied()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn outfits_are_of_their_character_and_other_words_are_errors() {
        let here = tempfile::tempdir().unwrap();
        for (name, text) in [("bruma", "Animal\n"), ("luca", "person")] {
            fs::create_dir(here.path().join(name)).unwrap();
            fs::write(here.path().join(name).join(KIND), text).unwrap();
        }
        fs::create_dir(here.path().join("pia")).unwrap();
        let kinds = Kinds::read(here.path()).unwrap();
        assert_eq!(kinds.of("bruma"), Some(Kind::Animal));
        assert_eq!(kinds.of("luca/striped shirt"), Some(Kind::Person));
        assert_eq!(kinds.of("pia"), None);
        fs::write(here.path().join("pia").join(KIND), "fish").unwrap();
        let error = Kinds::read(here.path()).unwrap_err().to_string();
        assert!(error.contains("must be `person` or `animal`"), "{error}");
    }
}
