//! The marks that language models write around their words: thoughts, turns, ends, wrappers.
//!
//! A server should take them out, and often does not: a chat template that is not the model's own,
//! a parser of thoughts that is not switched on, a stop token that is printed. A mark is known by
//! its form (`<|name|>`, `◁name▷`) or, where an image might show the same in plain angle brackets,
//! by its name.

mod names;

use names::{ENDS, LINES, NAMING, NOISE, SQUARE, THOUGHTFUL, THOUGHTS, TURNS, WRAPPERS};

/// The longest mark, in bytes.
const LONGEST: usize = 80;

/// What a model said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// Its words, trimmed, without thoughts and marks.
    pub text: String,
    /// Whether it thought before, or instead.
    pub thought: bool,
}

/// Takes thoughts and marks out of an answer.
///
/// What stands before a closing mark of thoughts is thought too, as servers take the opening one
/// away; so is all behind an opening mark that is never closed. An answer ends with the first mark
/// of an end: what follows is not part of it.
///
/// ```
/// use captions::marks::said;
/// assert_eq!(said("[THINK]A boy?[/THINK]A boy.<|im_end|>").text, "A boy.");
/// assert!(said("<think>It is").thought);
/// ```
pub fn said(answer: &str) -> Said {
    let mut reader = Reader::default();
    let mut rest = answer;
    let mut plain = 0;
    while let Some(at) = rest[plain..].find(['<', '[', '◁']) {
        let at = plain + at;
        let Some((mark, length)) = Mark::at(&rest[at..]) else {
            plain = at + rest[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        };
        reader.text(&rest[..at]);
        reader.mark(&mark);
        if reader.over {
            return reader.said();
        }
        rest = &rest[at + length..];
        plain = 0;
    }
    reader.text(rest);
    reader.said()
}

/// What a mark does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Thought,
    Wrapper,
    /// The name of a channel follows, up to the mark of its message.
    Channel,
    Message,
    Turn,
    End,
    Line,
    Noise,
}

/// One mark.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    kind: Kind,
    closes: bool,
    /// The speaker's name follows.
    names: bool,
}

impl Mark {
    /// The mark that `text` begins with, and its length.
    fn at(text: &str) -> Option<(Self, usize)> {
        let open = text.chars().next()?;
        let close = match open {
            '<' => '>',
            '[' => ']',
            _ => '▷',
        };
        let start = open.len_utf8();
        let mut near = text.char_indices().take_while(|(at, _)| *at <= LONGEST);
        let (end, _) = near.find(|(_, sign)| *sign == close)?;
        let inside = &text[start..end];
        if inside.contains(['<', '[', '\n']) {
            return None;
        }
        let bar = |sign: char| matches!(sign, '|' | '｜');
        let before = |sign: char| bar(sign) || sign == '/' || sign.is_whitespace();
        let front = inside.trim_start_matches(before);
        let lead = &inside[..inside.len() - front.len()];
        let body = front.trim_end_matches(before);
        let tail = &front[body.len()..];
        let name = body.split_whitespace().next()?.to_lowercase();
        let name = name.replace('▁', "_");
        let sides = (lead.contains(bar), tail.contains(bar));
        let slash = lead.contains('/') || name.starts_with("end_");
        let closes = slash || sides == (false, true);
        let kind = match open {
            '[' if body.eq_ignore_ascii_case("end of text") => Kind::End,
            '[' => square(&name).filter(|_| lead.is_empty() || lead == "/")?,
            '◁' => kind(&name, true, closes).unwrap_or(Kind::Noise),
            _ if sides != (false, false) => barred(&name, sides, closes)?,
            _ => kind(&name, false, closes)?,
        };
        let kind = if tail.contains('/') && kind == Kind::Thought {
            Kind::Noise
        } else {
            kind
        };
        let names = NAMING.contains(&name.as_str());
        let mark = Self {
            kind,
            closes,
            names,
        };
        Some((mark, end + close.len_utf8()))
    }
}

fn square(name: &str) -> Option<Kind> {
    SQUARE
        .contains(&name)
        .then(|| kind(name, false, false).unwrap_or(Kind::Noise))
}

/// Marks with bars on one side or both are marks whatever they are called.
fn barred(name: &str, sides: (bool, bool), closes: bool) -> Option<Kind> {
    let plain = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | ':' | '-' | '.');
    if !name.chars().all(plain) {
        return None;
    }
    Some(match (name, sides) {
        ("channel", (true, true)) => Kind::Channel,
        ("channel", _) => Kind::Thought,
        ("message", _) => Kind::Message,
        _ => kind(name, true, closes).unwrap_or(Kind::Noise),
    })
}

fn kind(name: &str, barred: bool, closes: bool) -> Option<Kind> {
    let core = [
        "start_of_",
        "begin_of_",
        "end_of_",
        "start_",
        "begin_",
        "end_",
    ]
    .iter()
    .find_map(|prefix| name.strip_prefix(prefix))
    .unwrap_or(name);
    let thoughtful = THOUGHTFUL.iter().any(|word| name.contains(word));
    if thoughtful || THOUGHTS.contains(&core) {
        return Some(Kind::Thought);
    }
    if WRAPPERS.contains(&core) && (barred || core != "box") {
        return Some(Kind::Wrapper);
    }
    let ends = barred && (name.starts_with("end") || name.starts_with("eo") || name == "return");
    let ends = ends && !matches!(core, "header_id" | "role");
    if ends || ENDS.contains(&name) || (name == "s" || name == "turn") && closes {
        return Some(Kind::End);
    }
    if TURNS.contains(&name) && (barred || matches!(name, "start_of_turn" | "inst")) {
        return Some(Kind::Turn);
    }
    if LINES.contains(&name) {
        return Some(Kind::Line);
    }
    let byte = name.strip_prefix("0x").is_some_and(|hex| hex.len() == 2);
    let place = name
        .strip_prefix("loc")
        .is_some_and(|digits| digits.trim_start_matches('_').parse::<u32>().is_ok());
    (byte || place || NOISE.contains(&name)).then_some(Kind::Noise)
}

/// Reads an answer piece by piece.
#[derive(Debug, Default)]
struct Reader {
    said: String,
    thinking: bool,
    thought: bool,
    header: Header,
    /// What may be a question said again, unless nothing follows it.
    echo: String,
    over: bool,
}

/// What is said of a text before it.
#[derive(Debug, Default)]
enum Header {
    #[default]
    None,
    /// The next word is the name of a speaker.
    Speaker,
    /// The name of a channel, as far as it is read.
    Channel(String),
}

impl Reader {
    fn text(&mut self, text: &str) {
        let mut text = text;
        match &mut self.header {
            Header::Channel(channel) => {
                channel.push_str(text);
                return;
            }
            Header::Speaker if !text.trim().is_empty() => {
                self.header = Header::None;
                let from = text.trim_start();
                text = from
                    .find(char::is_whitespace)
                    .map_or("", |end| &from[end..]);
            }
            _ => {}
        }
        if self.thinking {
            self.thought |= !text.trim().is_empty();
        } else {
            self.said.push_str(text);
        }
    }

    fn mark(&mut self, mark: &Mark) {
        let spoken = !self.thinking && !self.said.trim().is_empty();
        match mark.kind {
            Kind::Thought if mark.closes => {
                if !self.thinking {
                    self.thought |= spoken;
                    self.said.clear();
                }
                self.thinking = false;
            }
            Kind::Thought => self.thinking = true,
            Kind::Wrapper if mark.closes => self.over = spoken,
            Kind::Wrapper => {
                self.thinking = false;
                self.said.clear();
            }
            Kind::Channel => self.header = Header::Channel(String::new()),
            Kind::Message => self.message(),
            // What stands before the end of an instruction is a question said again.
            Kind::Turn if mark.closes => self.echo = std::mem::take(&mut self.said),
            Kind::Turn => {
                self.over = spoken;
                self.header = if mark.names {
                    Header::Speaker
                } else {
                    Header::None
                };
            }
            Kind::End => self.over = spoken,
            Kind::Line => self.text("\n"),
            Kind::Noise => {}
        }
    }

    /// Only the channel `final` is meant to be read: <https://github.com/openai/harmony>.
    fn message(&mut self) {
        let Header::Channel(channel) = std::mem::take(&mut self.header) else {
            return;
        };
        let is_final = channel.split_whitespace().next() == Some("final");
        self.thinking = !is_final;
        self.thought |= !is_final;
        if is_final {
            self.said.clear();
        }
    }

    fn said(self) -> Said {
        let thought = self.thought || self.thinking;
        let said = self.said.trim();
        let text = if said.is_empty() && !thought {
            self.echo.trim()
        } else {
            said
        };
        // The same channels where a server has taken the marks away and left their names.
        if let Some(glued) = text.strip_prefix("analysis") {
            if let Some((_, last)) = glued.rsplit_once("assistantfinal") {
                return Said {
                    text: last.trim().to_owned(),
                    thought: true,
                };
            }
            if glued.starts_with(char::is_uppercase) {
                return Said {
                    text: String::new(),
                    thought: true,
                };
            }
        }
        Said {
            text: text.to_owned(),
            thought,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOAT: &str = "A boat lies in the harbour.";

    #[test]
    fn thoughts_go_whatever_their_marks_are_called() {
        for (open, close) in [
            ("<think>", "</think>"),
            ("<think >", "</think >"),
            ("<THINK>", "</THINK>"),
            ("<thinking>", "</thinking>"),
            ("<thinking mode=\"deep\">", "</thinking>"),
            ("<thought>", "</thought>"),
            ("<reasoning>", "</reasoning>"),
            ("<scratchpad>", "</scratchpad>"),
            ("<seed:think>", "</seed:think>"),
            ("<antThinking>", "</antThinking>"),
            ("[THINK]", "[/THINK]"),
            ("◁think▷", "◁/think▷"),
            ("<|think|>", "<|/think|>"),
            ("<|START_THINKING|>", "<|END_THINKING|>"),
            ("<|begin_of_thought|>", "<|end_of_thought|>"),
            ("<|channel>thought\n", "<channel|>"),
            (
                "<|channel|>analysis<|message|>",
                "<|end|><|start|>assistant<|channel|>final<|message|>",
            ),
            (
                "<|channel|>commentary to=x <|constrain|>json<|message|>",
                "<|end|><|start|>assistant<|channel|>final<|message|>",
            ),
            ("analysisThe user asks. ", "assistantfinal"),
        ] {
            let answer = format!("{open}A boy, or two?{close}\n\n{BOAT}");
            let found = said(&answer);
            assert_eq!(
                (found.text.as_str(), found.thought),
                (BOAT, true),
                "{answer}"
            );
            let never_closed = said(&format!("{open}A boy, or two?"));
            assert_eq!(never_closed.text, "", "{open}");
            assert!(never_closed.thought, "{open}");
        }
        assert_eq!(said(&format!("hm, a boy?</think>{BOAT}")).text, BOAT);
        assert_eq!(said("A boy.<think>was it").text, "A boy.");
        let several = "<think>a <think> b</think> c</think>A boy. <think>hm</think>He runs.";
        assert_eq!(said(several).text, "A boy. He runs.");
        assert!(
            !said("<think>\n</think>A boy.").thought,
            "nothing was thought"
        );
    }

    #[test]
    fn marks_of_ends_and_turns_end_the_answer() {
        for end in [
            "</s>",
            "<|im_end|>",
            "<|eot_id|>",
            "<|end|>",
            "<|endoftext|>",
            "<|end_of_text|>",
            "<|return|>",
            "<end_of_turn>",
            "<end_of_utterance>",
            "<turn|>",
            "<eos>",
            "<｜end▁of▁sentence｜>",
            "<|im_start|>",
            "<|user|>",
            "[INST]",
            " [end of text]",
        ] {
            let answer = format!("{BOAT}{end}\nuser\nAnd what else?");
            assert_eq!(said(&answer).text, BOAT, "{answer}");
        }
    }

    #[test]
    fn marks_around_an_answer_go() {
        for (before, behind) in [
            ("<|im_start|>assistant\n", "<|im_end|>"),
            ("<|start_header_id|>assistant<|end_header_id|>\n\n", ""),
            ("<|start_of_role|>assistant<|end_of_role|>", ""),
            ("<start_of_turn>model\n", "<end_of_turn>"),
            ("<|turn>model\n", "<turn|>"),
            ("<|assistant|>\n", "<|end|>"),
            ("<s>[INST] What? [/INST] ", "</s>"),
            ("", " [/INST]"),
            (
                "<think>hm</think><answer><|begin_of_box|>",
                "<|end_of_box|></answer>",
            ),
            ("I will describe it. <caption>", "</caption> Done."),
            ("<think>so, <answer>", "</answer>"),
            ("<p>", "</p>"),
            ("<loc_12><loc0345>", "<pad><pad>"),
        ] {
            let answer = format!("{before}{BOAT}{behind}");
            assert_eq!(said(&answer).text, BOAT, "{answer}");
        }
    }

    #[test]
    fn what_an_image_shows_stays() {
        for words in [
            "A sign reads <EXIT> over a door.",
            "A screen shows [REC] and 1 < 2.",
            "A boy < a man, a man > a boy.",
            "A wall with the letters [A] and <3.",
            "An analysis room, and a boy who thinks.",
            "analysis of a harbour",
        ] {
            assert_eq!(said(words).text, words);
            assert!(!said(words).thought, "{words}");
        }
    }
}
