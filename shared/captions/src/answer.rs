//! What a vision-language model answers, made into a description.
//!
//! Taken off are thoughts and marks ([`crate::marks`]), chat around the description, the
//! [`OPENINGS`], and, where the answer was cut off, its unfinished last sentence. An answer of
//! nothing, of thoughts alone, of one thing over and over, of data, or that refuses
//! ([`crate::refusals`]) is no description.

use std::fmt;

use crate::marks::said;
use crate::refusals::{nothing, refusal};
use crate::{chat, text};

/// What descriptions begin with that says nothing, in lower case; a part of all that Florence-2,
/// `SmolVLM`, `LLaVA` and Qwen-VL begin with.
pub const OPENINGS: [&str; 57] = [
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
    "in the picture, ",
    "in this frame, ",
    "in this still, ",
    "the image contains ",
    "the image appears to show ",
    "the image you provided shows ",
    "the provided image shows ",
    "this picture depicts ",
    "this photo shows ",
    "this frame shows ",
    "the frame shows ",
    "this still shows ",
    "we can see ",
    "we see ",
    "you can see ",
    "i can see ",
    "i see ",
];

/// How thoughts begin that stand in no marks, in lower case with straight apostrophes.
const BARE: [&str; 42] = [
    "okay, so ",
    "okay, the user",
    "okay, let",
    "okay, i need",
    "ok, so ",
    "ok, the user",
    "ok, let",
    "alright, so ",
    "alright, the user",
    "alright, let",
    "so, the user",
    "so the user",
    "got it, let",
    "got it, the user",
    "hmm, ",
    "the user wants",
    "the user asks",
    "the user asked",
    "the user is asking",
    "the user has ",
    "the user provided",
    "the user needs",
    "we need to ",
    "we are asked",
    "let me think",
    "let's think",
    "let's look at the image",
    "first, i need to",
    "first, let me",
    "thinking:",
    "thinking\n",
    "thinking**",
    "thoughts:",
    "thought:",
    "thought process",
    "reasoning:",
    "reasoning\n",
    "reasoning**",
    "analysis:",
    "i need to describe",
    "thinking process:",
    "thinking...",
];

/// Why an answer is no description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing but white space and signs.
    Empty,
    /// The model thought, and said nothing.
    Thoughts,
    /// `!!!!`, or words that go round in circles.
    Degenerate,
    /// It refuses with these words.
    Refusal(&'static str),
    /// What stands for a description that is missing, or a program's message.
    Nothing(&'static str),
    /// An object or a list of no texts.
    Data,
    /// It holds U+FFFD, which stands for bytes that are no text.
    Broken,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Empty => "the answer is empty",
            Self::Thoughts => "the answer contains only thoughts",
            Self::Degenerate => "the answer repeats itself",
            Self::Refusal(words) => {
                return write!(formatter, "the answer refuses: `{}…`", words.trim_end());
            }
            Self::Nothing(words) => {
                return write!(formatter, "the answer is not a description: `{words}`");
            }
            Self::Data => "the answer is data, not text",
            Self::Broken => "the answer has broken characters (U+FFFD)",
        })
    }
}

/// The description in an answer: one clean line without opening. Where the answer was `cut` off
/// and has a whole sentence, it ends with the last one.
///
/// ```
/// use captions::answer::{Fault, description};
/// let answer = "<think>A boy.</think>The image shows a boy by the\nsea. He wa";
/// assert_eq!(description(answer, true).unwrap(), "A boy by the sea.");
/// assert_eq!(description("Sure! Here is a caption:\n\n\"A boy.\"", false).unwrap(), "A boy.");
/// assert_eq!(description("!!!!!!!!", false), Err(Fault::Degenerate));
/// ```
pub fn description(answer: &str, cut: bool) -> Result<String, Fault> {
    let said = said(answer);
    let bare = lower(said.text.trim_start_matches(['*', '#', ' ']));
    let text = if BARE.iter().any(|start| bare.starts_with(start)) {
        chat::concluded(&said.text).ok_or(Fault::Thoughts)?
    } else {
        &said.text
    };
    if said.thought && text.is_empty() {
        return Err(Fault::Thoughts);
    }
    let line = text::clean(&chat::description(text).ok_or(Fault::Data)?);
    // What joins letters joins nothing at an end; what was cut off may end within a character.
    let line = line.trim_matches(['\u{200c}', '\u{200d}', '\u{fe0f}', ' ']);
    let line = if cut {
        line.trim_end_matches(['\u{fffd}', ' '])
    } else {
        line
    };
    if text::is_degenerate(line) {
        return Err(Fault::Degenerate);
    }
    if !line.contains(char::is_alphanumeric) {
        return Err(Fault::Empty);
    }
    if let Some(refusal) = refusal(line) {
        return Err(Fault::Refusal(refusal));
    }
    if let Some(words) = nothing(line) {
        return Err(Fault::Nothing(words));
    }
    if line.contains('\u{fffd}') {
        return Err(Fault::Broken);
    }
    let whole = if cut { whole_sentences(line) } else { line };
    let plain = capitalised(without_opening(without_opening(whole)));
    if plain.contains(char::is_alphanumeric) {
        Ok(plain)
    } else {
        Err(Fault::Empty)
    }
}

/// Whether a text ends where a sentence does.
pub fn is_whole(text: &str) -> bool {
    let text = text.trim_end_matches(['"', '”', '’', '\'', ')', ' ']);
    text.ends_with(['.', '!', '?', '…', '。', '！', '？'])
}

fn lower(text: &str) -> String {
    let start: String = text.chars().take(60).collect();
    start.to_lowercase().replace('’', "'")
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

/// The text up to the end of its last whole sentence; all of it where there is none.
fn whole_sentences(text: &str) -> &str {
    if is_whole(text) {
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

    const BOAT: &str = "A small boat lies in the harbour.";

    #[test]
    fn lead_ins_and_farewells_go() {
        for (before, behind) in [
            ("Sure! Here is a caption for the image:\n\n", ""),
            ("Sure, here's a detailed description:\n", ""),
            ("Sure here is the caption: ", ""),
            ("Of course! ", ""),
            (
                "Certainly! Here’s a two-sentence description of the picture: ",
                "",
            ),
            ("Here's a caption for the image of a boy by the sea:\n", ""),
            ("Here is a detailed description of the image.\n\n", ""),
            ("Here is a description of the animated film still. ", ""),
            (
                "Based on the image provided, here is a short caption:\n",
                "",
            ),
            ("A possible caption for this image could be: ", ""),
            ("I would describe the image as follows: ", ""),
            ("I'd be happy to help! ", ""),
            ("Thanks for sharing this image! ", ""),
            ("Image description\n\n", ""),
            ("Let me look at the image.\n\n", ""),
            ("Voici une description de l'image :\n\n", ""),
            ("以下是图片的描述：\n", ""),
            ("Title: The Boat\nDescription: ", ""),
            ("", "\n\nLet me know if you'd like a longer one!"),
            ("", " (7 words)"),
            ("", "\n\n(Note: this is a still from a film.)"),
            ("", " I hope this helps! Feel free to ask."),
            ("", "\nUser: And the other picture?\nAssistant: It shows"),
        ] {
            let answer = format!("{before}{BOAT}{behind}");
            assert_eq!(description(&answer, false).as_deref(), Ok(BOAT), "{answer}");
        }
    }

    #[test]
    fn labels_fences_and_quotation_marks_go() {
        for (before, behind) in [
            ("**Caption:** ", ""),
            ("**Caption**: ", ""),
            ("**Caption**\n\n", ""),
            ("Caption: ", ""),
            ("Description: ", ""),
            ("Final answer: ", ""),
            ("assistant: ", ""),
            ("### Description\n\n", ""),
            ("# The Quiet Harbour\n\n", ""),
            ("**The Quiet Harbour**\n\n", ""),
            ("```\n", "\n```"),
            ("```text\n", "\n```"),
            (
                "Here is the caption:\n```\n",
                "\n```\nLet me know if you need another!",
            ),
            ("\"", "\""),
            ("“", "”"),
            ("'", "'"),
            ("«", "»"),
            ("*", "*"),
            ("**", "**"),
            ("Caption: \"", "\""),
            ("\"Caption: ", "\""),
            ("Here is a caption: \"", "\"\n\nWould you like another one?"),
            ("{\"caption\": \"", "\"}"),
            ("```json\n{\"description\": \"", "\"}\n```"),
            ("[{\"image_caption\": \"", "\"}]"),
            ("Here is the JSON: {\"caption\": \"", "\"}"),
            ("", "\""),
            ("_", "_"),
            ("> ", ""),
            ("- ", ""),
            ("---\n", "\n---"),
        ] {
            let answer = format!("{before}{BOAT}{behind}");
            assert_eq!(description(&answer, false).as_deref(), Ok(BOAT), "{answer}");
        }
    }

    #[test]
    fn true_captions_stay_as_they_are() {
        for caption in [
            "Here is where the boy sits: on the quay.",
            "Here is a boat. It is red.",
            "Sure-footed goats climb a rock.",
            "Great waves break on the quay.",
            "Great, grey waves break on the quay.",
            "Okay signs are made with both hands.",
            "A sign with a caption: EXIT.",
            "\"EXIT\" is written over a \"door\"",
            "\"Open\" reads a sign on the door.",
            "'Tis a boat, and the boys' nets dry beside it.",
            "The boys' boat and the girls' house.",
            "Two boys: one sits, one stands.",
            "A long shot: two boats at sea.",
            "A text on the wall says: the harbour is closed.",
            "A boy lets a man know that he is there.",
            "The user manual of a boat lies on a table.",
            "Thinking of the sea, a boy sits on a wall.",
            "A sign reads <EXIT>.",
            "5 * 3 is written on a board.",
            "12 boats lie in the harbour.",
            "3.5 m of rope hang from a mast.",
            "A child’s drawing — a house, a tree… — hangs on a wall.",
            "In shade, a boy sits. Would that he saw the sea.",
        ] {
            assert_eq!(description(caption, false).as_deref(), Ok(caption));
        }
    }

    #[test]
    fn an_answer_behind_thoughts_without_marks_is_found_by_its_label() {
        for before in [
            "Thinking: the user wants a caption. Final answer: ",
            "Reasoning: hm.\n\nAnswer: ",
            "**Thinking**\nHm.\n\n**Answer**\n",
            "Okay, the user wants one. A boy? No.\n\n**Caption:** ",
        ] {
            let answer = format!("{before}{BOAT}");
            assert_eq!(description(&answer, false).as_deref(), Ok(BOAT), "{answer}");
        }
    }

    #[test]
    fn points_of_a_list_become_parts() {
        for (answer, expected) in [
            (
                "- A small boat\n- A harbour\n- Calm water",
                "A small boat, A harbour, Calm water",
            ),
            ("1. A small boat\n2) Calm water", "A small boat, Calm water"),
            (
                "* **Subject:** a boat\n* **Place:** a harbour",
                "A boat, a harbour",
            ),
            ("[\"a boat\", \"a harbour\"]", "A boat, a harbour"),
            (
                "A boat.\n\n- It is red.\n- It is old.",
                "A boat. It is red. It is old.",
            ),
        ] {
            assert_eq!(
                description(answer, false).as_deref(),
                Ok(expected),
                "{answer}"
            );
        }
    }

    #[test]
    fn signs_that_no_one_sees_go() {
        for (answer, expected) in [
            (
                "A\u{a0}small\u{202f}boat\u{200b} lies.",
                "A small boat lies.",
            ),
            ("\u{feff}A \u{202e}boat\u{202c}.", "A boat."),
            ("A \u{2066}boat\u{2069}\u{200f}.", "A boat."),
            ("A b\u{ad}oat.\u{7}", "A boat."),
            ("ĠAĠsmallĠboat.", "A small boat."),
            ("\u{1b}[31mA boat.\u{1b}[0m", "A boat."),
            ("&quot;A boat.&quot;", "A boat."),
            ("A boat.\\nIt is red.", "A boat. It is red."),
            ("\u{200d}A boat.\u{fe0f}", "A boat."),
            ("▁A▁small▁boat.", "A small boat."),
            ("A cafe\u{301} by the sea.", "A cafe\u{301} by the sea."),
        ] {
            assert_eq!(
                description(answer, false).as_deref(),
                Ok(expected),
                "{answer:?}"
            );
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
            ("Sure! I'm unable to see it.", Fault::Refusal("i'm unable")),
            ("<think>A boy.", Fault::Thoughts),
            ("<think>A boy.</think>", Fault::Thoughts),
            ("Okay, the user wants a caption. Let me", Fault::Thoughts),
            ("The user wants a caption.", Fault::Thoughts),
            ("{\"colour\": 7}", Fault::Data),
            ("N/A", Fault::Nothing("n/a")),
            ("502 Bad Gateway", Fault::Nothing("502 bad")),
            ("{\"caption\": \"A bo", Fault::Data),
            ("A caf\u{fffd} by the sea.", Fault::Broken),
            ("I cannot see it.", Fault::Refusal("i cannot ")),
        ] {
            assert_eq!(description(answer, false), Err(fault), "{answer}");
        }
        assert!(description("A boy who says: I'm sorry.", false).is_ok());
        assert_eq!(
            description("A boy. A caf\u{fffd}", true).as_deref(),
            Ok("A boy.")
        );
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
