//! What a record gives to say, piece by piece, and what is left out.

use captions::text::{self, Phrases};
use policies::contradictions::Contradiction;
use policies::facts::{Fact, UNKNOWN, fact};
use policies::kinds::Known;
use policies::policy::{Degree, Say, words};
use policies::{Form, Policy};
use stage::{Record, Result};

use crate::description::{Unsaid, sentences, uncapitalised};
use crate::wording::filled;

/// So much of a description is read, in characters: more than any trainer takes.
const LONGEST: usize = 4_000;

/// What was left out: from where, and why.
pub(crate) type LeftOut = Vec<(String, String)>;

/// One thing to say, in both forms.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) pointer: String,
    /// For the tag line; empty if it does not stand there.
    pub(crate) tag: String,
    /// For the sentence: behind what stands before, or a sentence of its own.
    pub(crate) phrase: String,
    pub(crate) alone: bool,
    pub(crate) importance: u32,
}

impl Piece {
    /// What is said where nothing is known; in the tag line only where nothing else stands there.
    pub(crate) fn otherwise(text: &str, tagged: bool) -> Self {
        Self {
            pointer: "otherwise".to_owned(),
            tag: if tagged { "" } else { text }.to_owned(),
            phrase: text.to_owned(),
            alone: false,
            importance: 1,
        }
    }

    /// What is said in a form; for both forms, the tag.
    pub(crate) fn text(&self, form: Form) -> &str {
        match form {
            Form::Tags => &self.tag,
            Form::Both if !self.tag.is_empty() => &self.tag,
            _ => self.phrase.trim_start_matches([',', ' ']),
        }
    }
}

/// What the policy leaves out, of what the record has.
pub(crate) fn left_out(policy: &Policy, record: &Record) -> Result<LeftOut> {
    let mut left_out = Vec::new();
    for unsaid in &policy.leave_out {
        for pointer in &unsaid.from {
            if let Fact::Known(_) = fact(record, pointer, 1, 0.0)? {
                left_out.push((pointer.clone(), unsaid.why.clone()));
            }
        }
    }
    Ok(left_out)
}

/// Everything that the record gives to say, in the policy's order.
pub(crate) fn pieces(
    policy: &Policy,
    record: &Record,
    known: Option<&Known>,
    left_out: &mut LeftOut,
) -> Result<Vec<Piece>> {
    let mut pieces: Vec<Piece> = Vec::new();
    for say in &policy.say {
        let Some((pointer, values)) = first(record, say, left_out)? else {
            continue;
        };
        match piece(record, say, &pointer, &values)? {
            Err(why) => left_out.push((pointer, why)),
            Ok(piece) if pieces.iter().any(|other| other.tag == piece.tag) => {
                left_out.push((pointer, "already in the caption".to_owned()));
            }
            Ok(piece) => pieces.push(piece),
        }
    }
    if let Some(board) = &policy.board {
        crate::board::tagged(board, record, known, &mut pieces, left_out)?;
    }
    pieces.extend(described(policy, record, left_out)?);
    Ok(pieces)
}

/// The first of `say`'s places that is known, and what it says there. Places
/// before it that say that it is not known are left out.
fn first(
    record: &Record,
    say: &Say,
    left_out: &mut LeftOut,
) -> Result<Option<(String, Vec<String>)>> {
    for pointer in &say.from {
        match fact(record, pointer, say.most, say.at_least)? {
            Fact::Known(values) => return Ok(Some((pointer.clone(), values))),
            Fact::Unknown => left_out.push((pointer.clone(), UNKNOWN.to_owned())),
            Fact::Missing => {}
        }
    }
    Ok(None)
}

/// One thing to say; or why it is left unsaid.
fn piece(
    record: &Record,
    say: &Say,
    pointer: &str,
    values: &[String],
) -> Result<Result<Piece, String>> {
    if let Some(why) = say.unless(record)? {
        return Ok(Err(why));
    }
    let mut degree = "{}";
    let has_degrees = |by: &&Degree| !values.iter().any(|value| by.except.contains(value));
    if let Some(by) = say.degree.as_ref().filter(has_degrees)
        && let Fact::Known(found) = fact(record, &by.from, 1, 0.0)?
    {
        degree = found
            .first()
            .and_then(|value| by.values.get(value))
            .map_or(degree, String::as_str);
    }
    let said = |word: String| (!word.is_empty()).then(|| degree.replace("{}", &word));
    let (tags, phrases): (Vec<_>, Vec<_>) = values.iter().map(|value| say.words(value)).unzip();
    let tags: Vec<String> = tags.into_iter().filter_map(said).collect();
    let phrases: Vec<String> = phrases.into_iter().filter_map(said).collect();
    if tags.is_empty() || phrases.is_empty() {
        return Ok(Err(format!("`{}` is left unsaid", values.join(", "))));
    }
    let tags: Vec<_> = tags
        .iter()
        .map(|tag| filled(&say.tag, std::slice::from_ref(tag)))
        .collect();
    Ok(Ok(Piece {
        pointer: pointer.to_owned(),
        tag: tags.join(", "),
        phrase: filled(&say.phrase, &phrases),
        alone: false,
        importance: say.importance,
    }))
}

/// The description, sentence by sentence.
fn described(policy: &Policy, record: &Record, left_out: &mut LeftOut) -> Result<Vec<Piece>> {
    let Some(description) = &policy.description else {
        return Ok(Vec::new());
    };
    let unsaid = description.without.iter().map(|name| {
        let phrases = Phrases::new(words(name)?.phrases());
        Ok(Unsaid {
            family: name.clone(),
            phrases,
        })
    });
    let unsaid = unsaid.collect::<Result<Vec<_>>>()?;
    for pointer in &description.from {
        let Some(text) = record.at::<String>(pointer)? else {
            continue;
        };
        let text: String = text.chars().take(LONGEST).collect();
        if text.starts_with('{') {
            // Facts by a schema, which have keys of their own.
            continue;
        }
        if text::is_degenerate(&text) {
            left_out.push((pointer.clone(), "it repeats itself".to_owned()));
            continue;
        }
        let (sentences, why) = sentences(&text, &unsaid);
        left_out.extend(why.into_iter().map(|why| (pointer.clone(), why)));
        let pieces = sentences.into_iter().map(|sentence| Piece {
            pointer: pointer.clone(),
            tag: if description.tags {
                uncapitalised(&sentence)
            } else {
                String::new()
            },
            phrase: sentence,
            alone: true,
            importance: description.importance,
        });
        return Ok(pieces.collect());
    }
    Ok(Vec::new())
}

/// The pieces without those of a model's words that contradict.
pub(crate) fn without(
    pieces: Vec<Piece>,
    found: &[Contradiction],
    left_out: &mut LeftOut,
) -> Vec<Piece> {
    let mut kept = Vec::with_capacity(pieces.len());
    let found: Vec<&Contradiction> = found.iter().filter(|one| !one.mended).collect();
    for piece in pieces {
        let words = text::words(&piece.phrase);
        let says = |one: &&&Contradiction| Phrases::new([one.says.as_str()]).find(&words).is_some();
        match found
            .iter()
            .find(says)
            .filter(|_| piece.pointer.starts_with("/captioner/"))
        {
            Some(one) => left_out.push((piece.pointer, one.told())),
            None => kept.push(piece),
        }
    }
    kept
}
