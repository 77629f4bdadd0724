//! A hash over all that trainers find in a data set.

use std::path::{Path, PathBuf};

use loaders::training;
use loaders::view::{Content, File, Layout, View};
use serde::Serialize;
use stage::Result;

use crate::set::Set;
use crate::store::Stored;

/// What ends the JSON of a file of text.
const AFTER: &str = "\"}}]";

/// Ten digits of a hash over all that trainers find in the data set, but for its own name.
pub(crate) fn hash(set: Set<'_>, views: &[&dyn View]) -> Result<String> {
    let mut hash = blake3::Hasher::new();
    for view in views {
        let told = set.told(*view);
        let mut before = "[";
        let mut take = |path: &Path, content: Content<'_>| {
            hash.update(before.as_bytes());
            before = ",";
            stands(&mut hash, path, content)
        };
        let of = told.data_set(Path::new(""));
        training::files(*view, &of, &mut Layout::to(&mut take))?;
        hash.update(if before == "[" { b"[]" } else { b"]" });
        for example in set.examples {
            let keys = [Some(example.stored(*view)), example.mask(*view)];
            let keys = keys.map(|stored| stored.map_or_else(String::new, Stored::key));
            hash.update(&serde_json::to_vec(&keys)?);
        }
    }
    Ok(hash.finalize().to_hex()[..10].to_owned())
}

/// What stands at a path, as it is hashed.
#[derive(Serialize)]
enum Stands<'a> {
    Folder,
    File(File),
    Shard(&'a [(PathBuf, File)]),
}

/// Adds what stands at a path, as JSON; a text in pieces as if it were one.
fn stands(hash: &mut blake3::Hasher, path: &Path, content: Content<'_>) -> Result<()> {
    let stands = match content {
        Content::Folder => Stands::Folder,
        Content::File(file) => Stands::File(file),
        Content::Shard(members) => Stands::Shard(members),
        Content::Pieces(pieces) => {
            let whole = serde_json::to_vec(&(path, Stands::File(File::Text(String::new()))))?;
            // What stands around the text: up to its first quote, and from its last one on.
            let (before, after) = whole.split_at(whole.len() - AFTER.len());
            hash.update(before);
            for piece in pieces {
                let quoted = serde_json::to_vec(&piece?)?;
                hash.update(&quoted[1..quoted.len() - 1]);
            }
            hash.update(after);
            return Ok(());
        }
    };
    hash.update(&serde_json::to_vec(&(path, stands))?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashed(content: Content<'_>) -> blake3::Hash {
        let mut hash = blake3::Hasher::new();
        stands(&mut hash, Path::new("a \"b\"/metadata.jsonl"), content).unwrap();
        hash.finalize()
    }

    #[test]
    fn a_text_in_pieces_is_hashed_as_the_whole_of_it() {
        let pieces = ["{\"a\":\"é\\n\"}\n", "", "\u{1}\t\"", "\\"];
        let whole = Content::File(File::Text(pieces.concat()));
        let mut pieces = pieces.into_iter().map(|piece| Ok(piece.to_owned()));
        assert_eq!(hashed(Content::Pieces(&mut pieces)), hashed(whole));
    }

    #[test]
    fn what_is_hashed_is_json() {
        let members = [("x".into(), File::Text("y".to_owned()))];
        let json = [
            (Content::Folder, r#"["a \"b\"/metadata.jsonl","Folder"]"#),
            (
                Content::File(File::Mask(7)),
                r#"["a \"b\"/metadata.jsonl",{"File":{"Mask":7}}]"#,
            ),
            (
                Content::Shard(&members),
                r#"["a \"b\"/metadata.jsonl",{"Shard":[["x",{"Text":"y"}]]}]"#,
            ),
        ];
        for (content, expected) in json {
            assert_eq!(hashed(content), blake3::hash(expected.as_bytes()));
        }
    }
}
