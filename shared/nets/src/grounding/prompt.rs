//! Phrases as Grounding DINO reads them: tokens with a full stop behind each phrase.
//!
//! The reference is `generate_masks_with_special_tokens_and_transfer_map` of transformers: the tokens between two
//! special ones, with the one that ends them, see each other and no others, and their positions begin anew. So a
//! phrase must end with a full stop, the last one too: a phrase that only the end of the text closes does not form a block.

use std::ops::Range;

use anyhow::{Result, ensure};

/// Before a text, in BERT's uncased vocabulary, as are the next.
pub(super) const START: i64 = 101;

/// Behind a text.
pub(super) const END: i64 = 102;

/// A full stop.
pub(super) const STOP: i64 = 1012;

/// A question mark, which ends a phrase as a full stop does.
const QUESTION: i64 = 1029;

/// The most tokens of a text.
pub(super) const ROOM: usize = 256;

/// Phrases that go in together.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Prompt {
    /// The tokens.
    pub(super) ids: Vec<i64>,
    /// The place of each phrase among all, and those of its tokens in `ids`, without the full stop.
    pub(super) phrases: Vec<(usize, Range<usize>)>,
}

/// A text as it is asked: what would end a phrase within it is a space.
pub(super) fn plain(text: &str) -> String {
    text.replace(['.', '?'], " ").to_lowercase()
}

/// Packs phrases, given as tokens, into as few prompts of at most `room` tokens as their order allows, or each into its
/// own where they must stay `apart`. Only phrases of at most `room - 3` tokens fit.
pub(super) fn pack(phrases: &[Vec<i64>], room: usize, apart: bool) -> Vec<Prompt> {
    let mut prompts: Vec<Prompt> = Vec::new();
    for (place, tokens) in phrases.iter().enumerate() {
        let fits = |prompt: &Prompt| !apart && prompt.ids.len() + tokens.len() + 2 <= room;
        if !prompts.last().is_some_and(fits) {
            prompts.push(Prompt {
                ids: vec![START],
                phrases: Vec::new(),
            });
        }
        if let Some(prompt) = prompts.last_mut() {
            let start = prompt.ids.len();
            prompt.ids.extend(tokens);
            prompt.phrases.push((place, start..prompt.ids.len()));
            prompt.ids.push(STOP);
        }
    }
    for prompt in &mut prompts {
        prompt.ids.push(END);
    }
    prompts
}

/// Which tokens see which, row-major, and the position of each in its phrase.
///
/// # Errors
/// None of a prompt of [`pack`]; tokens that do not stand between those of start and end.
pub(super) fn blocks(ids: &[i64]) -> Result<(Vec<bool>, Vec<i64>)> {
    ensure!(
        ids.first() == Some(&START) && ids.contains(&END),
        "a text without its start or end"
    );
    let special = |id: &i64| [START, END, STOP, QUESTION].contains(id);
    let mut sees = vec![false; ids.len() * ids.len()];
    for place in 0..ids.len() {
        sees[place * ids.len() + place] = true;
    }
    let mut positions = vec![0; ids.len()];
    let mut before = 0;
    for (place, _) in ids.iter().enumerate().filter(|(_, id)| special(id)) {
        // A phrase that ends at the last token forms no block.
        if place > 0 && place + 1 < ids.len() {
            let block = before + 1..place + 1;
            for (row, position) in block.clone().zip(0..) {
                sees[row * ids.len()..][block.clone()].fill(true);
                positions[row] = position;
            }
        }
        before = place;
    }
    Ok((sees, positions))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    /// `a boy. a sea monster. a cat.`, as transformers' tokenizer of the published vocabulary gives it.
    const GOLDEN: [i64; 12] = [
        101, 1037, 2879, 1012, 1037, 2712, 6071, 1012, 1037, 4937, 1012, 102,
    ];

    #[test]
    fn each_phrase_ends_with_a_full_stop() {
        let phrases = [vec![1037, 2879], vec![1037, 2712, 6071], vec![1037, 4937]];
        let prompts = pack(&phrases, ROOM, false);
        assert_eq!(prompts.len(), 1);
        assert_eq!(prompts[0].ids, GOLDEN);
        assert_eq!(prompts[0].phrases, [(0, 1..3), (1, 4..7), (2, 8..10)]);
        let apart = pack(&phrases, ROOM, true);
        assert_eq!(apart[1].ids, [101, 1037, 2712, 6071, 1012, 102]);
        assert_eq!(apart[1].phrases, [(1, 1..4)]);
    }

    #[test]
    fn a_full_prompt_begins_another() {
        // Start and end, and 3 + 1 and 2 + 1 tokens, are 9.
        let phrases = [vec![7, 8, 9], vec![5, 6], vec![4]];
        let counts = |room| -> Vec<usize> {
            let prompts = pack(&phrases, room, false);
            assert!(prompts.iter().all(|prompt| prompt.ids.len() <= room));
            prompts.iter().map(|prompt| prompt.phrases.len()).collect()
        };
        assert_eq!(counts(11), [3]);
        assert_eq!(counts(10), [2, 1]);
        assert_eq!(counts(9), [2, 1]);
        assert_eq!(counts(8), [1, 2]);
    }

    #[test]
    fn the_tokens_of_a_phrase_see_each_other() {
        let (sees, positions) = blocks(&GOLDEN).unwrap();
        assert_eq!(positions, [0, 0, 1, 2, 0, 1, 2, 3, 0, 1, 2, 0]);
        let sees = |row: usize| -> Vec<usize> {
            (0..12).filter(|column| sees[row * 12 + column]).collect()
        };
        assert_eq!(sees(0), [0]);
        assert_eq!(sees(1), [1, 2, 3]);
        assert_eq!(sees(3), [1, 2, 3], "the full stop is of its phrase");
        assert_eq!(sees(5), [4, 5, 6, 7]);
        assert_eq!(sees(11), [11]);
    }

    #[test]
    fn a_phrase_without_its_full_stop_is_no_block() {
        let (sees, positions) = blocks(&[101, 1037, 4937, 102]).unwrap();
        assert_eq!(positions, [0; 4]);
        assert_eq!(sees.iter().filter(|sees| **sees).count(), 4);
        assert!(blocks(&[1037, 4937]).is_err());
    }

    #[test]
    fn nothing_within_a_phrase_ends_it() {
        assert_eq!(plain("Mr. Blue? a dog"), "mr  blue  a dog");
    }
}
