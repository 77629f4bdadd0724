//! What the folder of a cast says of its characters.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::Kind;

/// The file in a character's folder that says what it is.
const KIND: &str = "kind.txt";

/// The kinds of the characters of a cast, by the names of their folders.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kinds(HashMap<String, Kind>);

impl Kinds {
    /// The kinds of all characters whose folder in `cast` has a `kind.txt` that says `person` or `animal`. Hidden folders
    /// are not characters, and a byte order mark is skipped.
    ///
    /// # Errors
    /// A folder or file that cannot be read, a `kind.txt` that says anything else, and one that is not a file.
    pub fn read(cast: &Path) -> Result<Self> {
        let mut found = HashMap::new();
        let entries = fs::read_dir(cast).with_context(|| cast.display().to_string())?;
        for entry in entries {
            let entry = entry.with_context(|| cast.display().to_string())?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || !entry.path().is_dir() {
                continue;
            }
            if let Some(kind) = kind(&entry.path().join(KIND))? {
                found.insert(name, kind);
            }
        }
        Ok(Self(found))
    }

    /// The kind of a character, or of an outfit of its, such as `luca/striped shirt`.
    pub fn of(&self, name: &str) -> Option<Kind> {
        let whole = name.split('/').next().unwrap_or_default();
        self.0.get(name).or_else(|| self.0.get(whole)).copied()
    }
}

/// What the file at `path` says; `None` where there is none.
fn kind(path: &Path) -> Result<Option<Kind>> {
    let named = || path.display().to_string();
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(named),
        Ok(_) => {}
    }
    // A link that leads nowhere was meant to say something.
    let found = fs::metadata(path).with_context(named)?;
    ensure!(
        found.is_file(),
        "{}: not a file: write `person` or `animal` into a file of this name",
        named()
    );
    let bytes = fs::read(path).with_context(named)?;
    let text = std::str::from_utf8(&bytes);
    let text = text.with_context(|| format!("{}: not UTF-8: save it as UTF-8", named()))?;
    match text
        .trim_start_matches('\u{feff}')
        .trim()
        .to_lowercase()
        .as_str()
    {
        "person" => Ok(Some(Kind::Person)),
        "animal" => Ok(Some(Kind::Animal)),
        other => bail!("{}: `{other}`: must be `person` or `animal`", named()),
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

    #[test]
    fn files_of_windows_are_read_and_hidden_folders_passed_over() {
        let here = tempfile::tempdir().unwrap();
        let path = |name: &str| here.path().join(name).join(KIND);
        for name in ["bruma", ".git"] {
            fs::create_dir(here.path().join(name)).unwrap();
        }
        fs::write(here.path().join("notes.txt"), "of no character").unwrap();
        fs::write(path(".git"), "of no character").unwrap();
        fs::write(path("bruma"), "\u{feff}animal\r\n").unwrap();
        let kinds = Kinds::read(here.path()).unwrap();
        assert_eq!(kinds.0, HashMap::from([("bruma".to_owned(), Kind::Animal)]));
        let wide = "animal".encode_utf16().flat_map(u16::to_le_bytes);
        let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(wide).collect();
        fs::write(path("bruma"), wide).unwrap();
        let error = Kinds::read(here.path()).unwrap_err().to_string();
        assert!(
            error.ends_with("kind.txt: not UTF-8: save it as UTF-8"),
            "{error}"
        );
    }

    #[test]
    fn what_is_called_so_and_is_no_file_is_an_error() {
        for link in [false, true] {
            let here = tempfile::tempdir().unwrap();
            let path = here.path().join("bruma").join(KIND);
            fs::create_dir(here.path().join("bruma")).unwrap();
            if link {
                std::os::unix::fs::symlink("nowhere", &path).unwrap();
            } else {
                fs::create_dir(&path).unwrap();
            }
            let error = Kinds::read(here.path()).unwrap_err().to_string();
            assert!(error.contains("bruma/kind.txt"), "{error}");
        }
    }
}
