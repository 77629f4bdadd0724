//! An id for every path, no two the same.

use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

use stage::manifest::{folded, safe_id};

/// How many hexadecimal digits of a path's hash tell it from others.
const DIGITS: usize = 8;

/// Gives ids, and remembers which it has given.
#[derive(Debug, Default)]
pub(crate) struct Names {
    given: HashSet<[u8; 16]>,
}

impl Names {
    /// An id for the file `path`, made of `relative`, a part of it: folders and stem, joined with
    /// `_`.
    ///
    /// Where that says less than the path (strange characters, great length), or is given already,
    /// a hash of the path is added. The same paths in the same order give the same ids.
    pub(crate) fn name(&mut self, path: &Path, relative: &Path) -> String {
        let parts = relative.with_extension("");
        let parts: Vec<_> = parts
            .components()
            .filter_map(|part| match part {
                Component::Normal(name) => Some(name.to_string_lossy()),
                _ => None,
            })
            .collect();
        let said = parts.join("_");
        let mut id = safe_id(&said);
        let hash = blake3::hash(path.as_os_str().as_bytes()).to_hex();
        let mut digits = DIGITS;
        let mut unlike = id != said;
        while unlike || !self.given.insert(short(&id)) {
            id = format!("{}_{}", safe_id(&said), &hash[..digits.min(hash.len())]);
            digits += DIGITS;
            unlike = false;
        }
        id
    }
}

/// What is remembered of an id, so that a million take little memory: alike for ids that some file
/// systems would take for one name.
fn short(id: &str) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&blake3::hash(folded(id).as_bytes()).as_bytes()[..16]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[&str]) -> Vec<String> {
        let mut names = Names::default();
        let name = |path: &&str| names.name(Path::new(path), Path::new(path));
        paths.iter().map(name).collect()
    }

    #[test]
    fn plain_names_stay() {
        assert_eq!(
            names(&["a/b/frame_0001.png", "./x.jpg", "/y.z.webp"]),
            ["a_b_frame_0001", "x", "y.z"]
        );
    }

    #[test]
    fn no_two_are_the_same() {
        let paths = [
            "a/b.png", "a_b.png", "a/b.jpg", "c d.png", "c?d.png", "c d.jpg", "..png", "é.png",
        ];
        let found = names(&paths);
        let unlike: HashSet<_> = found.iter().collect();
        assert_eq!(unlike.len(), paths.len(), "{found:?}");
        assert_eq!(found, names(&paths), "the same each time");
        assert_eq!((found[0].as_str(), &found[1][..4]), ("a_b", "a_b_"));
    }

    #[test]
    fn names_that_differ_only_in_case_get_ids_that_differ_more() {
        let found = names(&["UPPER.png", "upper.png", "e\u{301}.png", "\u{e9}.png"]);
        let unlike: HashSet<_> = found.iter().map(|id| folded(id)).collect();
        assert_eq!(unlike.len(), 4, "{found:?}");
        assert_eq!(found[0], "UPPER");
    }

    #[test]
    fn the_same_path_twice_is_two_records() {
        let found = names(&["a.png", "a.png", "a.png"]);
        assert_eq!(found.iter().collect::<HashSet<_>>().len(), 3, "{found:?}");
    }

    #[test]
    fn long_names_are_cut_but_differ() {
        let long = "x".repeat(150);
        let found = names(&[&format!("{long}1.png"), &format!("{long}2.png")]);
        assert!(found[0] != found[1] && found.iter().all(|id| id.len() < 130));
    }
}
