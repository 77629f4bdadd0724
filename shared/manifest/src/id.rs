//! Ids from names that anybody may have given.

use unicode_normalization::UnicodeNormalization;

/// The longest id made of a name, in bytes; room for a number and a suffix remains.
const LONGEST: usize = 100;

/// `name` as an id that is safe as a file name, in a shell and in a URL: letters and digits of any
/// script, `-`, `_` and `.` stay, everything else becomes `_`; no dot in front; at most 100 bytes.
///
/// Different names can give the same id.
///
/// ```
/// assert_eq!(manifest::safe_id("My Film (2024) [1080p]"), "My_Film_2024_1080p");
/// assert_eq!(manifest::safe_id("../étude %03d"), "étude_03d");
/// assert_eq!(manifest::safe_id("..."), "_");
/// ```
pub fn safe_id(name: &str) -> String {
    let mut id = String::new();
    for character in name.chars() {
        let stays = character.is_alphanumeric() || "-_.".contains(character);
        let character = if stays { character } else { '_' };
        if id.len() + character.len_utf8() > LONGEST {
            break;
        }
        // A row of strange characters is one gap.
        if !(character == '_' && id.ends_with('_')) {
            id.push(character);
        }
    }
    let id = id.trim_start_matches(['.', '-', '_']).trim_end_matches('_');
    if id.is_empty() {
        "_".to_owned()
    } else {
        id.to_owned()
    }
}

/// `name` as file systems see it that do not tell case or the two spellings of accents apart: names
/// that fold alike must not be two files.
///
/// ```
/// assert_eq!(manifest::folded("É_Frame.PNG"), manifest::folded("e\u{301}_frame.png"));
/// assert_ne!(manifest::folded("frame_1"), manifest::folded("frame-1"));
/// ```
pub fn folded(name: &str) -> String {
    name.nfc()
        .collect::<String>()
        .to_lowercase()
        .nfc()
        .collect()
}
