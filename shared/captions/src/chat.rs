//! What a language model writes around a description: lead-ins, labels, fences, farewells.
//!
//! A lead-in is known by its words: all of them are of the [`LEADING`] ones, with which nothing in
//! an image can be named, and one is a [`NAMING`] one. `Here is a short caption for the image:` is
//! one, and `Here is where the boy sits:` is none.

use serde_json::Value;

use crate::escapes::meant;
use crate::layout::{plain_lines, unquoted};

mod words;

use words::{ASKING, FAREWELLS, FOREIGN, GREETINGS, INTERJECTIONS, KEYS, LEADING, NAMING};

/// A lead-in of another language has at most so many words.
const FOREIGN_WORDS: usize = 10;

/// The longest lead-in, in bytes.
const LONGEST: usize = 200;

/// The description in an answer, its lines still apart; `None` where it is data and no text.
pub(crate) fn description(answer: &str) -> Option<String> {
    let text = read(fenced(without_asking(answer)).trim())?;
    let mut text = plain_lines(without_farewell(titled(&meant(&text))));
    // A lead-in may stand within quotation marks, and they within it, and data behind it.
    for _ in 0..3 {
        let inner = unquoted(without_farewell(without_lead_in(&text)));
        let inner = read(inner)?;
        if inner == text {
            break;
        }
        text = inner;
    }
    Some(text)
}

/// The text up to a line that the model wrote for the one who asks.
fn without_asking(text: &str) -> &str {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let asks = ASKING.iter().any(|asks| begins(line.trim_start(), asks));
        if asks && !text[..at].trim().is_empty() {
            return &text[..at];
        }
        at += line.len();
    }
    text
}

/// What stands in a fence; all of it where words stand before it that are no lead-in.
fn fenced(text: &str) -> &str {
    let Some((before, rest)) = text.split_once("```") else {
        return text;
    };
    let before = without_lead_in(before).trim();
    if !before.is_empty() && !before.ends_with(':') {
        return text;
    }
    // The first line may name a language.
    let inside = match rest.split_once('\n') {
        Some((language, inside)) if !language.contains(char::is_whitespace) => inside,
        _ => rest,
    };
    inside.split("```").next().unwrap_or_default()
}

/// The text, or that in the data that it is; `None` where that holds no description.
fn read(text: &str) -> Option<String> {
    if !text.starts_with(['{', '[', '"']) {
        return Some(text.to_owned());
    }
    match serde_json::from_str(text) {
        Ok(value) => data(&value),
        // An object that breaks off, or that of another language.
        Err(_) if text.starts_with('{') => None,
        Err(_) => Some(text.to_owned()),
    }
}

/// The description in an object, a list or a quoted text.
fn data(value: &Value) -> Option<String> {
    match value {
        Value::Array(list) => {
            let texts: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            let joined = (!texts.is_empty()).then(|| texts.join(", "));
            joined.or_else(|| list.iter().find_map(data))
        }
        Value::Object(members) => {
            let exact = KEYS.iter().find_map(|key| members.get(*key)?.as_str());
            let alike = || {
                let names = ["caption", "descri"];
                let mut members = members.iter();
                members.find_map(|(key, value)| {
                    let key = key.to_lowercase();
                    value
                        .as_str()
                        .filter(|_| names.iter().any(|name| key.contains(name)))
                })
            };
            exact.or_else(alike).map(str::to_owned)
        }
        Value::String(text) => serde_json::from_str(text)
            .ok()
            .filter(|inner: &Value| inner.is_object() || inner.is_array())
            .map_or_else(|| Some(text.clone()), |inner| data(&inner)),
        _ => None,
    }
}

/// The description of an answer that begins with a title, and has it behind a label.
fn titled(text: &str) -> &str {
    let first = text.trim_start_matches(['*', '#', ' ']);
    let labels = ["caption:", "description:", "caption:**", "description:**"];
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = line.trim_start_matches(['*', '#', ' ']);
        let label = labels.iter().rev().find(|label| begins(start, label));
        if let Some(label) = label.filter(|_| begins(first, "title")) {
            return text[at + (line.len() - start.len()) + label.len()..].trim();
        }
        at += line.len();
    }
    text
}

/// The answer behind thoughts that stand in no marks, if it has a label.
pub(crate) fn concluded(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let labels = [
        "final answer:",
        "final caption:",
        "final description:",
        "answer:",
        "caption:",
        "description:",
        "answer**",
        "caption**",
    ];
    let found = labels
        .iter()
        .filter_map(|label| lower.rfind(label).map(|at| at + label.len()));
    let rest = text[found.max()?..].trim_start_matches(['*', ':', ' ', '\n']);
    (!rest.is_empty()).then_some(rest)
}

/// The text without what leads up to the description.
fn without_lead_in(text: &str) -> &str {
    let mut text = text.trim();
    for _ in 0..4 {
        let Some(rest) = interjection(text)
            .or_else(|| greeting(text))
            .or_else(|| lead_in(text))
        else {
            break;
        };
        text = rest.trim_start();
    }
    text
}

/// What stands behind an interjection: `Sure!`, `Of course,`.
fn interjection(text: &str) -> Option<&str> {
    let (word, comma) = INTERJECTIONS.iter().rev().find(|(word, _)| {
        begins(text, word)
            && !text[word.len()..].starts_with(|sign: char| {
                sign.is_alphanumeric() || matches!(sign, '\'' | '’' | ' ')
            })
    })?;
    let rest = &text[word.len()..];
    let sign = rest.chars().next()?;
    let tells = matches!(sign, '!' | '.' | ':' | '\n' | '—' | '–') || *comma && sign == ',';
    tells.then(|| rest.trim_start_matches(['!', '.', ':', ',', '—', '–', '\n', ' ']))
}

/// What stands behind a sentence that speaks to the one who asks.
fn greeting(text: &str) -> Option<&str> {
    GREETINGS.iter().find(|greeting| begins(text, greeting))?;
    let end = text.find(['.', '!', ':', '\n'])?;
    Some(&text[end + 1..])
}

/// What stands behind a lead-in that ends with a colon, a line or a sentence.
fn lead_in(text: &str) -> Option<&str> {
    let ends = text.char_indices().map(|(at, sign)| at + sign.len_utf8());
    let near = &text[..ends.take_while(|end| *end <= LONGEST).last()?];
    let line = near.find('\n');
    let colon = near.char_indices().find(|(at, sign)| {
        let next = text[at + sign.len_utf8()..].chars().next();
        let apart = |next: char| next.is_whitespace() || matches!(next, '"' | '“' | '*' | '{');
        *sign == '：' || *sign == ':' && next.is_none_or(apart)
    });
    if let Some((at, sign)) = colon.filter(|(at, _)| line.is_none_or(|line| *at < line)) {
        let head = &text[..at];
        if leads(head) || presents(head) || is_foreign(head) || head == "A" {
            return Some(&text[at + sign.len_utf8()..]);
        }
    }
    if let Some(at) = line.filter(|at| leads(&text[..*at])) {
        return Some(&text[at + 1..]);
    }
    let stop = near.find(". ")?;
    let head = &text[..stop];
    let points = ["here", "below", "the following", "this is"]
        .iter()
        .any(|word| begins(head, word));
    (points && leads(head)).then(|| &text[stop + 1..])
}

/// Whether words before a colon name a description in another language.
fn is_foreign(head: &str) -> bool {
    let lower = head.to_lowercase();
    words(head).count() <= FOREIGN_WORDS && FOREIGN.iter().any(|word| lower.contains(word))
}

/// Whether words lead up to a description and are none.
fn leads(head: &str) -> bool {
    // What begins with a quotation mark is quoted, or the mark stands around all of it.
    if head.contains(['"', '“', '«', '„']) {
        return false;
    }
    let mut named = false;
    let all = words(head).all(|word| {
        let naming = NAMING.contains(&word.as_str());
        named |= naming && word != "are";
        naming || LEADING.contains(&word.as_str()) || word.chars().all(|sign| sign.is_ascii_digit())
    });
    all && named
}

/// Whether words present a description, also one of what they name: `Here's a caption for the
/// image of a boy`.
fn presents(head: &str) -> bool {
    let presents = [
        "here's",
        "here is",
        "here are",
        "heres",
        "below is",
        "this is a",
    ];
    let straight = head.replace('’', "'");
    presents.iter().any(|word| begins(&straight, word))
        && words(head)
            .take(8)
            .any(|word| word.starts_with("caption") || word.starts_with("description"))
}

/// Words in lower case, with straight apostrophes.
fn words(text: &str) -> impl Iterator<Item = String> {
    let trim = |sign: char| !sign.is_alphanumeric();
    text.split(|sign: char| sign.is_whitespace() || matches!(sign, '/' | ',' | '(' | ')'))
        .map(move |word| word.trim_matches(trim).to_lowercase().replace('’', "'"))
        .filter(|word| !word.is_empty())
}

/// The text without last sentences that speak to the one who asks.
fn without_farewell(text: &str) -> &str {
    let mut text = text.trim_end();
    if let Some((before, count)) = text
        .strip_suffix(" words)")
        .and_then(|text| text.rsplit_once('('))
        && count.chars().all(|sign| sign.is_ascii_digit())
    {
        text = before.trim_end();
    }
    for _ in 0..4 {
        let ends = [". ", "! ", "? ", "\" ", "\n"];
        let starts = ends
            .iter()
            .filter_map(|end| text.rfind(end).map(|at| at + end.len()));
        let Some(start) = starts.max() else { break };
        let last = text[start..].trim_start().replace('’', "'");
        if !FAREWELLS.iter().any(|farewell| begins(&last, farewell)) {
            break;
        }
        text = text[..start].trim_end();
    }
    text
}

/// Whether the text begins with words, in capitals or not.
fn begins(text: &str, words: &str) -> bool {
    let mut signs = text.chars();
    words.chars().all(|word| {
        signs
            .next()
            .is_some_and(|sign| sign.eq_ignore_ascii_case(&word) || sign == '’' && word == '\'')
    })
}
