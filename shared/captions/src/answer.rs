//! What a vision-language model answers, made into a description.
//!
//! Taken off are thoughts between `<think>` and `</think>`, the [`OPENINGS`], and, where the
//! answer was cut off, its unfinished last sentence. An answer of nothing, of one thing over and
//! over, or that begins as one of the [`REFUSALS`] is no description.

use std::fmt;

use crate::text;

/// What descriptions begin with that says nothing, in lower case; a part of all that Florence-2,
/// `SmolVLM`, `LLaVA` and Qwen-VL begin with.
pub const OPENINGS: [&str; 40] = [
    "the image shows ",
    "the image depicts ",
    "the image features ",
    "the image captures ",
    "the image portrays ",
    "the image presents ",
    "the image displays ",
    "the image is of ",
    "the image is ",
    "this image shows ",
    "this image depicts ",
    "this image features ",
    "this image captures ",
    "this image is of ",
    "this is an animated image of ",
    "this is an image of ",
    "this is a picture of ",
    "this is a photo of ",
    "this is a scene of ",
    "this is a scene from ",
    "an animated image of ",
    "an image of ",
    "a picture of ",
    "a photo of ",
    "a photograph of ",
    "a screenshot of ",
    "a still of ",
    "the picture shows ",
    "the picture depicts ",
    "this picture shows ",
    "the photo shows ",
    "the scene shows ",
    "the scene depicts ",
    "this scene shows ",
    "in this image we can see ",
    "in this image, ",
    "in the image, ",
    "in the image we can see ",
    "in this scene, ",
    "in this picture, ",
];

/// What an answer begins with that is none, in lower case with straight quotes.
pub const REFUSALS: [&str; 25] = [
    "i'm sorry",
    "i am sorry",
    "sorry, ",
    "i apologize",
    "i cannot ",
    "i can't ",
    "i can not ",
    "i'm unable",
    "i am unable",
    "i'm not able",
    "i am not able",
    "i'm afraid",
    "i won't ",
    "i don't see",
    "i do not see",
    "i don't have",
    "as an ai",
    "as a language model",
    "unfortunately, i",
    "there is no image",
    "no image ",
    "it seems there is no image",
    "it looks like there is no image",
    "please provide",
    "please upload",
];

/// Why an answer is no description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing but white space and signs.
    Empty,
    /// `!!!!`, or words that go round in circles.
    Degenerate,
    /// It begins with one of the [`REFUSALS`].
    Refusal(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("the answer is empty"),
            Self::Degenerate => formatter.write_str("the answer repeats itself"),
            Self::Refusal(opening) => {
                write!(formatter, "the answer refuses: `{}…`", opening.trim_end())
            }
        }
    }
}

/// The description in an answer: one clean line without opening. Where the answer was `cut` off
/// and has a whole sentence, it ends with the last one.
///
/// ```
/// use captions::answer::{Fault, description};
/// let answer = "<think>A boy.</think>The image shows a boy by the\nsea. He wa";
/// assert_eq!(description(answer, true).unwrap(), "A boy by the sea.");
/// assert_eq!(description("!!!!!!!!", false), Err(Fault::Degenerate));
/// ```
pub fn description(answer: &str, cut: bool) -> Result<String, Fault> {
    let answer = without_thinking(answer);
    let line = text::clean(&answer);
    if text::is_degenerate(&line) {
        return Err(Fault::Degenerate);
    }
    if !line.contains(char::is_alphanumeric) {
        return Err(Fault::Empty);
    }
    if let Some(refusal) = refusal(&line) {
        return Err(Fault::Refusal(refusal));
    }
    let whole = if cut { whole_sentences(&line) } else { &line };
    let plain = capitalised(without_opening(whole));
    if plain.contains(char::is_alphanumeric) {
        Ok(plain)
    } else {
        Err(Fault::Empty)
    }
}

/// The answer without what its model thought: up to `</think>`, also where a server has taken the
/// opening mark away, and all from a `<think>` that never ends.
pub fn without_thinking(answer: &str) -> String {
    let said = answer
        .rfind("</think>")
        .map_or(answer, |end| &answer[end + "</think>".len()..]);
    let said = said.split("<think>").next().unwrap_or_default();
    said.trim().to_owned()
}

/// The text without one of the [`OPENINGS`].
pub fn without_opening(text: &str) -> &str {
    let starts = |opening: &&&str| {
        let start = text.get(..opening.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(opening))
    };
    match OPENINGS.iter().find(starts) {
        Some(opening) => &text[opening.len()..],
        None => text,
    }
}

fn refusal(text: &str) -> Option<&'static str> {
    let start: String = text.chars().take(60).collect();
    let start = start.to_lowercase().replace('’', "'");
    REFUSALS
        .iter()
        .copied()
        .find(|refusal| start.starts_with(refusal))
}

/// The text up to the end of its last whole sentence; all of it where there is none.
fn whole_sentences(text: &str) -> &str {
    if text.ends_with(['.', '!', '?']) {
        return text;
    }
    let ends = [". ", "! ", "? "].iter().filter_map(|end| text.rfind(end));
    ends.max().map_or(text, |end| &text[..=end])
}

fn capitalised(text: &str) -> String {
    let mut signs = text.chars();
    let first = signs.next().into_iter().flat_map(char::to_uppercase);
    first.chain(signs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openings_go_and_the_rest_stays() {
        for (answer, expected) in [
            ("This is an animated image of a cat.", "A cat."),
            ("the image SHOWS two boys. They run.", "Two boys. They run."),
            ("A boy runs.", "A boy runs."),
            ("The images show a boy.", "The images show a boy."),
        ] {
            assert_eq!(description(answer, false).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn thoughts_are_not_said() {
        for (answer, expected) in [
            ("<think>hm</think> A boy.", "A boy."),
            ("hm, a boy?</think>A boy.", "A boy."),
            ("A boy.<think>was it", "A boy."),
            ("<think>it is", ""),
        ] {
            assert_eq!(without_thinking(answer), expected);
        }
    }

    #[test]
    fn what_is_no_description_is_told() {
        let long = "the sea and ".repeat(3) + &"very ".repeat(9);
        for (answer, fault) in [
            ("", Fault::Empty),
            (" . ", Fault::Empty),
            ("The image shows .", Fault::Empty),
            ("!!!!!!!!!!!!", Fault::Degenerate),
            (&long, Fault::Degenerate),
            ("I’m sorry, but I can't help.", Fault::Refusal("i'm sorry")),
            ("I cannot see it.", Fault::Refusal("i cannot ")),
        ] {
            assert_eq!(description(answer, false), Err(fault), "{answer}");
        }
        assert!(description("A boy who says: I'm sorry.", false).is_ok());
    }

    #[test]
    fn a_cut_answer_ends_with_a_whole_sentence() {
        assert_eq!(description("A boy. The se", true).unwrap(), "A boy.");
        assert_eq!(description("A boy and the", true).unwrap(), "A boy and the");
        assert_eq!(
            description("A boy. The sea.", true).unwrap(),
            "A boy. The sea."
        );
    }
}
