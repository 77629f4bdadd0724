//! The tags of an image board in the tag line.

use captions::claims::CLAIMS;
use captions::text::{self, Phrases};
use policies::facts::{Fact, fact};
use policies::kinds::Known;
use policies::policy::{Board, spoken, words};
use stage::{Record, Result};

use crate::pieces::{LeftOut, Piece};

/// Adds the tags that `record` has and that may be said: none that stands there already, none of
/// the families that are to be left unsaid, and none that contradicts what was measured.
pub(crate) fn tagged(
    board: &Board,
    record: &Record,
    known: Option<&Known>,
    pieces: &mut Vec<Piece>,
    left_out: &mut LeftOut,
) -> Result<()> {
    let unsaid = board.without.iter().map(|name| {
        let phrases = Phrases::new(words(name)?.phrases());
        Ok((name, phrases))
    });
    let unsaid = unsaid.collect::<Result<Vec<_>>>()?;
    let mut left = board.most;
    for pointer in &board.from {
        let Fact::Known(tags) = fact(record, pointer, usize::MAX, 0.0)? else {
            continue;
        };
        for tag in tags.iter().map(|tag| spoken(tag)) {
            let parts = text::words(&tag);
            let said = |piece: &Piece| piece.tag.split(", ").any(|part| part == tag);
            if left == 0 || pieces.iter().any(said) {
                continue;
            }
            let named = unsaid
                .iter()
                .find_map(|(name, phrases)| Some((name, phrases.find(&parts)?)));
            if let Some((name, word)) = named {
                left_out.push((pointer.clone(), format!("says `{word}` ({name}): {tag}")));
            } else if let Some(why) = against(record, known, &tag)? {
                left_out.push((pointer.clone(), format!("{tag}: {why}")));
            } else {
                left -= 1;
                pieces.push(Piece {
                    pointer: pointer.clone(),
                    tag,
                    phrase: String::new(),
                    alone: false,
                    importance: board.importance,
                });
            }
        }
    }
    Ok(())
}

/// What was measured otherwise, if anything was.
fn against(record: &Record, known: Option<&Known>, tag: &str) -> Result<Option<String>> {
    if let Some(known) = known.filter(|known| known.is_against(tag)) {
        return Ok(Some(format!("/instance is {}", known.kind.name())));
    }
    for claims in CLAIMS {
        let Fact::Known(measured) = fact(record, claims.pointer, 1, 0.0)? else {
            continue;
        };
        let found = measured.first().and_then(|own| claims.against(own, tag));
        if let Some(found) = found {
            return Ok(Some(format!("{} is {}", found.pointer, found.measured)));
        }
    }
    Ok(None)
}
