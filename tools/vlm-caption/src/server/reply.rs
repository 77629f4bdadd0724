//! Where an answer stands in what a server sends.

use captions::marks::said;
use serde_json::Value;

use crate::server::failure::Failure;
use crate::server::protocol::Api;

/// What is not meant to be read: a model's thoughts, where a server keeps them apart.
const THOUGHTS: [&str; 4] = [
    "reasoning_content",
    "reasoning",
    "thinking",
    "reasoning_details",
];

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Its words, without thoughts and marks; empty where there are none.
    pub(crate) text: String,
    /// Whether it thought.
    pub(crate) thought: bool,
    /// What it thought, where the server keeps that apart: some put an answer by a schema there.
    pub(crate) thoughts: String,
    /// Why it ended: `eos`, `length`, `content_filter`, `refusal`, or what the server calls it.
    pub(crate) finish: String,
    /// Tokens written, where the server says.
    pub(crate) tokens: Option<u64>,
}

impl Reply {
    /// Reads an answer by the rules of `api`.
    pub(crate) fn read(api: Api, answer: &Value) -> Result<Self, Failure> {
        let (message, finish, tokens) = match api {
            Api::Openai => {
                let choice = &answer["choices"][0];
                (
                    choice,
                    &choice["finish_reason"],
                    &answer["usage"]["completion_tokens"],
                )
            }
            Api::Ollama => (answer, &answer["done_reason"], &answer["eval_count"]),
        };
        // A choice of the older call holds a text, and one of the newer a message.
        let inner = message.get("message").filter(|inner| !inner.is_null());
        let Some(content) = inner
            .map(|inner| &inner["content"])
            .or_else(|| message.get("text"))
        else {
            return Err(Failure::passing("the answer has no message"));
        };
        let inner = inner.unwrap_or(&Value::Null);
        let refusal = refusal(inner, content);
        let finish = match finish.as_str().unwrap_or_default() {
            _ if refusal.is_some() => "refusal",
            "load" | "unload" => {
                return Err(Failure::passing(
                    "the model was loaded but has not answered yet",
                ));
            }
            finish => ending(finish),
        };
        let written = refusal.unwrap_or_else(|| text(content));
        // A grammar allows any space between members: a model that cannot go on writes it to the end.
        let finish = if finish == "eos" && is_blank_for_long(&written) {
            "length"
        } else {
            finish
        };
        let said = said(&written);
        let apart = THOUGHTS.iter().any(|name| !blank(&inner[*name]));
        let thoughts = THOUGHTS.iter().find_map(|name| inner[*name].as_str());
        Ok(Self {
            text: said.text,
            thought: said.thought || apart || has_thoughts(content),
            thoughts: thoughts.unwrap_or_default().to_owned(),
            finish: finish.to_owned(),
            tokens: tokens.as_u64(),
        })
    }
}

/// This much white space in a row is a loop, not layout.
const BLANKS: usize = 100;

/// Whether a text has a long run of space in it.
fn is_blank_for_long(text: &str) -> bool {
    let mut run = 0;
    text.chars().any(|sign| {
        run = if sign.is_whitespace() { run + 1 } else { 0 };
        run >= BLANKS
    })
}

/// One word for what servers call the same.
fn ending(finish: &str) -> &str {
    match finish.to_lowercase().as_str() {
        "" | "stop" | "eos" | "eos_token" | "end_turn" | "stop_sequence" | "complete" => "eos",
        "length" | "max_tokens" | "model_length" | "max_output_tokens" => "length",
        "content_filter"
        | "content_filtered"
        | "safety"
        | "recitation"
        | "prohibited_content"
        | "blocklist"
        | "sensitive"
        | "guardrail_intervened"
        | "spii"
        | "image_safety" => "content_filter",
        _ => finish,
    }
}

/// A text, or the texts of a list of parts that are meant to be read.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter(|part| !thinks(part));
            let texts = texts.filter_map(|part| part.as_str().or_else(|| part["text"].as_str()));
            texts.collect()
        }
        Value::Object(_) => content["text"].as_str().unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

/// Whether a part of an answer is a thought: `thinking`, `reasoning`, `redacted_thinking`.
fn thinks(part: &Value) -> bool {
    let kind = part["type"].as_str().unwrap_or_default();
    ["think", "reason", "thought", "summary"]
        .iter()
        .any(|word| kind.contains(word))
        || part["thought"] == true
}

fn has_thoughts(content: &Value) -> bool {
    content
        .as_array()
        .is_some_and(|parts| parts.iter().any(thinks))
}

/// The words with which a model refuses, where a server sets them apart.
fn refusal(message: &Value, content: &Value) -> Option<String> {
    let mut parts = content.as_array().into_iter().flatten();
    let part = parts.find_map(|part| part["refusal"].as_str());
    let refusal = message["refusal"].as_str().or(part)?;
    (!refusal.trim().is_empty()).then(|| refusal.to_owned())
}

fn blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(message: Value, finish: &str) -> (String, bool, String) {
        let answer = json!({"choices": [{"message": message, "finish_reason": finish}]});
        let reply = Reply::read(Api::Openai, &answer).unwrap();
        (reply.text, reply.thought, reply.finish)
    }

    #[track_caller]
    fn reads(message: Value, finish: &str, expected: (&str, bool, &str)) {
        let (text, thought, ended) = read(message, finish);
        assert_eq!((text.as_str(), thought, ended.as_str()), expected);
    }

    #[test]
    fn only_what_is_meant_to_be_read_is_read() {
        let boy = ("A boy.", false, "eos");
        reads(json!({"content": "A boy."}), "stop", boy);
        reads(json!({"content": "A boy.", "refusal": ""}), "", boy);
        let parts =
            json!([{"type": "text", "text": "A "}, {"type": "output_text", "text": "boy."}]);
        reads(json!({"content": parts}), "stop", boy);
        let thought = ("A boy.", true, "eos");
        let marked = json!({"content": "<think>hm</think>A boy.</s>"});
        reads(marked, "end_turn", thought);
        let parts =
            json!([{"type": "reasoning", "text": "hm"}, {"type": "text", "text": "A boy."}]);
        reads(json!({"content": parts}), "stop", thought);
        let parts = json!([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]);
        reads(
            json!({"content": parts}),
            "MAX_TOKENS",
            ("", true, "length"),
        );
        let apart = json!({"content": null, "reasoning_content": "hm"});
        reads(apart, "length", ("", true, "length"));
    }

    #[test]
    fn an_answer_that_runs_into_space_was_cut_off() {
        let long = format!("{{\"subject\": \"a boy\",{}", "\n ".repeat(60));
        assert_eq!(read(json!({"content": long}), "stop").2, "length");
        let laid_out = "{\n        \"subject\": \"a boy\"\n}";
        assert_eq!(read(json!({"content": laid_out}), "stop").2, "eos");
    }

    #[test]
    fn refusals_filters_and_tools_are_told_apart() {
        let tools = json!({"content": null, "tool_calls": []});
        reads(tools, "tool_calls", ("", false, "tool_calls"));
        let filtered = ("", false, "content_filter");
        for finish in ["content_filter", "SAFETY", "PROHIBITED_CONTENT"] {
            reads(json!({"content": ""}), finish, filtered);
        }
        let refusal = json!({"content": null, "refusal": "I can't."});
        reads(refusal, "stop", ("I can't.", false, "refusal"));
        let parts = json!([{"type": "refusal", "refusal": "No."}]);
        reads(json!({"content": parts}), "stop", ("No.", false, "refusal"));
    }

    #[test]
    fn what_holds_no_message_may_hold_one_another_time() {
        for answer in [
            json!({}),
            json!({"choices": []}),
            json!({"choices": null}),
            json!({"choices": [{"message": null}]}),
            json!({"choices": [{"delta": {"content": "A"}}]}),
        ] {
            let reply = Reply::read(Api::Openai, &answer);
            assert!(matches!(reply, Err(Failure::Passing { .. })), "{answer}");
        }
        let loading = json!({"message": {"content": ""}, "done_reason": "load"});
        assert!(Reply::read(Api::Ollama, &loading).is_err());
        let older = json!({"choices": [{"text": "A boy.", "finish_reason": "stop"}]});
        assert_eq!(Reply::read(Api::Openai, &older).unwrap().text, "A boy.");
    }
}
