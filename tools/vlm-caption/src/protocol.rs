//! What is asked of a server, and where its answer stands: the chat of `OpenAI`, and Ollama's own.

use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// What a server understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
pub(crate) enum Api {
    /// `/v1/chat/completions`: vLLM, llama.cpp, LM Studio, Ollama, `OpenAI` and others
    Openai,
    /// Ollama's own `/api/chat`, which can set the size of the context
    Ollama,
}

/// How a server is held to a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
pub(crate) enum Constrain {
    /// It is given the schema, and can write nothing else
    Schema,
    /// It is told to write JSON
    Json,
    /// It is only asked to
    Ask,
}

/// What is the same in all requests, and changes the answers.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Manner {
    pub(crate) api: Api,
    pub(crate) model: String,
    pub(crate) max_tokens: u64,
    #[serde(skip)]
    pub(crate) max_tokens_field: String,
    pub(crate) temperature: f64,
    pub(crate) seed: Option<u64>,
    pub(crate) context: Option<u64>,
    #[serde(skip)]
    pub(crate) keep_alive: Option<String>,
    pub(crate) constrain: Constrain,
    pub(crate) schema: Option<Value>,
}

/// One question about one picture.
#[derive(Debug, Clone)]
pub(crate) struct Question<'a> {
    pub(crate) prompt: &'a str,
    /// A JPEG file in base64.
    pub(crate) picture: &'a str,
    /// An answer that was wrong, and what is wrong with it.
    pub(crate) wrong: Option<(&'a str, &'a str)>,
    pub(crate) max_tokens: u64,
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// `None` where its thoughts left no tokens for it.
    pub(crate) text: Option<String>,
    /// Why it ended: `eos`, `length`, `refusal`, or what the server calls it.
    pub(crate) finish: String,
    /// Tokens written, where the server says.
    pub(crate) tokens: Option<u64>,
}

impl Manner {
    /// Where requests go.
    pub(crate) fn path(&self) -> &'static str {
        match self.api {
            Api::Openai => "/v1/chat/completions",
            Api::Ollama => "/api/chat",
        }
    }

    /// The body of a request.
    pub(crate) fn body(&self, question: &Question<'_>) -> Value {
        match self.api {
            Api::Openai => self.openai(question),
            Api::Ollama => self.ollama(question),
        }
    }

    fn openai(&self, question: &Question<'_>) -> Value {
        let url = format!("data:image/jpeg;base64,{}", question.picture);
        let content = json!([
            {"type": "text", "text": question.prompt},
            {"type": "image_url", "image_url": {"url": url}}
        ]);
        let mut body = Map::new();
        body.insert("model".into(), json!(self.model));
        let first = json!({"role": "user", "content": content});
        body.insert("messages".into(), json!(messages(first, question)));
        body.insert(self.max_tokens_field.clone(), json!(question.max_tokens));
        body.insert("temperature".into(), json!(self.temperature));
        body.insert("stream".into(), json!(false));
        if let Some(seed) = self.seed {
            body.insert("seed".into(), json!(seed));
        }
        if let (Some(schema), Some(format)) = (&self.schema, self.format()) {
            let format = match format {
                "json_schema" => {
                    json!({"type": format, "json_schema": {"name": "picture", "strict": true, "schema": schema}})
                }
                _ => json!({"type": format}),
            };
            body.insert("response_format".into(), format);
        }
        Value::Object(body)
    }

    fn ollama(&self, question: &Question<'_>) -> Value {
        let first =
            json!({"role": "user", "content": question.prompt, "images": [question.picture]});
        let mut options =
            json!({"temperature": self.temperature, "num_predict": question.max_tokens});
        if let Some(seed) = self.seed {
            options["seed"] = json!(seed);
        }
        if let Some(context) = self.context {
            options["num_ctx"] = json!(context);
        }
        let mut body = json!({"model": self.model, "messages": messages(first, question), "stream": false, "options": options});
        if let Some(keep_alive) = &self.keep_alive {
            body["keep_alive"] = json!(keep_alive);
        }
        match (&self.schema, self.constrain) {
            (Some(schema), Constrain::Schema) => body["format"] = schema.clone(),
            (Some(_), Constrain::Json) => body["format"] = json!("json"),
            _ => {}
        }
        body
    }

    fn format(&self) -> Option<&'static str> {
        match self.constrain {
            Constrain::Schema => Some("json_schema"),
            Constrain::Json => Some("json_object"),
            Constrain::Ask => None,
        }
    }

    /// What stands in an answer; `None` if it is not one of this API.
    pub(crate) fn reply(&self, answer: &Value) -> Option<Reply> {
        let (message, finish, tokens) = match self.api {
            Api::Openai => {
                let choice = answer.get("choices")?.get(0)?;
                (
                    choice.get("message")?,
                    &choice["finish_reason"],
                    &answer["usage"]["completion_tokens"],
                )
            }
            Api::Ollama => (
                answer.get("message")?,
                &answer["done_reason"],
                &answer["eval_count"],
            ),
        };
        let refusal = message["refusal"].as_str();
        let finish = match finish.as_str() {
            _ if refusal.is_some() => "refusal",
            Some("stop") | None => "eos",
            Some(other) => other,
        };
        Some(Reply {
            text: content(&message["content"]).or_else(|| refusal.map(str::to_owned)),
            finish: finish.to_owned(),
            tokens: tokens.as_u64(),
        })
    }
}

/// A text, or the texts of a list of parts.
fn content(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => Some(
            parts
                .iter()
                .filter_map(|part| part["text"].as_str())
                .collect(),
        ),
        _ => None,
    }
}

fn messages(first: Value, question: &Question<'_>) -> Vec<Value> {
    let mut messages = vec![first];
    if let Some((answer, why)) = question.wrong {
        let repair = format!(
            "This is not what was asked for: {why}. Write the JSON object only, by the schema."
        );
        messages.push(json!({"role": "assistant", "content": answer}));
        messages.push(json!({"role": "user", "content": repair}));
    }
    messages
}
