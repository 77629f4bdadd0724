//! What is asked of a server: the chat of `OpenAI`, and Ollama's own.

use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// Interface that the server understands
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
pub(crate) enum Api {
    /// `/v1/chat/completions`: vLLM, llama.cpp, LM Studio, Ollama, `OpenAI` and others
    Openai,
    /// Ollama's own `/api/chat`, which can set the size of the context
    Ollama,
}

/// How to make the server follow the schema
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
pub(crate) enum Constrain {
    /// The server gets the schema, and can write nothing else
    Schema,
    /// The server is set to write JSON
    Json,
    /// Only the prompt asks for it
    Ask,
}

/// Field to leave out of requests
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
pub(crate) enum Field {
    /// The temperature of the sampling
    Temperature,
    /// The seed of the sampling
    Seed,
    /// The token limit
    MaxTokens,
    /// The form of answers, with `--schema`
    ResponseFormat,
    /// The request to answer at once, not as a stream
    Stream,
    /// The request not to think, with `--no-thinking`
    Thinking,
}

impl Field {
    pub(crate) const ALL: [Self; 6] = [
        Self::Temperature,
        Self::Seed,
        Self::MaxTokens,
        Self::ResponseFormat,
        Self::Stream,
        Self::Thinking,
    ];

    /// What servers call it when they refuse it, in lower case.
    pub(crate) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Temperature => &["temperature"],
            Self::Seed => &["seed"],
            Self::MaxTokens => &["max_tokens", "max_completion_tokens", "num_predict"],
            Self::ResponseFormat => &["response_format", "json_schema", "json_object", "guided"],
            Self::Stream => &["stream"],
            Self::Thinking => &[
                "chat_template_kwargs",
                "enable_thinking",
                "thinking",
                "`think`",
            ],
        }
    }

    /// Its word for `--leave-out`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Temperature => "temperature",
            Self::Seed => "seed",
            Self::MaxTokens => "max-tokens",
            Self::ResponseFormat => "response-format",
            Self::Stream => "stream",
            Self::Thinking => "thinking",
        }
    }
}

/// How the fields of requests differ from what is usual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields {
    /// Those that are left out.
    pub(crate) left_out: Vec<Field>,
    /// What the one for the most tokens is called.
    pub(crate) max_tokens: String,
}

impl Fields {
    fn has(&self, field: Field) -> bool {
        !self.left_out.contains(&field)
    }
}

/// What is the same in all requests, and changes the answers.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Manner {
    pub(crate) api: Api,
    pub(crate) model: String,
    pub(crate) max_tokens: u64,
    #[serde(skip)]
    pub(crate) max_tokens_field: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) leave_out: Vec<Field>,
    pub(crate) temperature: f64,
    pub(crate) seed: Option<u64>,
    pub(crate) context: Option<u64>,
    #[serde(skip)]
    pub(crate) keep_alive: Option<String>,
    pub(crate) constrain: Constrain,
    pub(crate) schema: Option<Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) no_thinking: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) image_first: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) image_tokens: Option<u64>,
}

/// Pixels of the square that Qwen-VL makes one token of: patches of 16, 2 by 2.
const PIXELS_A_TOKEN: u64 = 32 * 32;

/// One question about one image.
#[derive(Debug, Clone)]
pub(crate) struct Question<'a> {
    pub(crate) prompt: &'a str,
    /// A JPEG file in base64.
    pub(crate) image: &'a str,
    /// An answer that was wrong, and what is wrong with it.
    pub(crate) wrong: Option<(&'a str, &'a str)>,
    pub(crate) max_tokens: u64,
}

impl Manner {
    /// How the fields of its requests are named, and which are left out.
    pub(crate) fn fields(&self) -> Fields {
        Fields {
            left_out: self.leave_out.clone(),
            max_tokens: self.max_tokens_field.clone(),
        }
    }

    /// Whether its requests hold a field, where none is left out.
    pub(crate) fn holds(&self, field: Field) -> bool {
        match field {
            Field::Seed => self.seed.is_some(),
            Field::ResponseFormat => self.format().is_some(),
            Field::Thinking => self.no_thinking,
            _ => true,
        }
    }

    /// The body of a request.
    pub(crate) fn body(&self, question: &Question<'_>, fields: &Fields) -> Value {
        match self.api {
            Api::Openai => self.openai(question, fields),
            Api::Ollama => self.ollama(question, fields),
        }
    }

    fn openai(&self, question: &Question<'_>, fields: &Fields) -> Value {
        let url = format!("data:image/jpeg;base64,{}", question.image);
        let mut content = [
            json!({"type": "text", "text": question.prompt}),
            json!({"type": "image_url", "image_url": {"url": url}}),
        ];
        if self.image_first {
            content.reverse();
        }
        let mut body = Map::new();
        body.insert("model".into(), json!(self.model));
        let first = json!({"role": "user", "content": content});
        body.insert("messages".into(), json!(messages(first, question)));
        let seed = self.seed.map(|seed| json!(seed));
        let thinking = self.no_thinking.then(|| json!({"enable_thinking": false}));
        if let Some(tokens) = self.image_tokens {
            let pixels = json!({"min_pixels": tokens.saturating_mul(PIXELS_A_TOKEN)});
            body.insert("mm_processor_kwargs".into(), pixels);
        }
        for (field, name, value) in [
            (
                Field::MaxTokens,
                fields.max_tokens.as_str(),
                Some(json!(question.max_tokens)),
            ),
            (
                Field::Temperature,
                "temperature",
                Some(json!(self.temperature)),
            ),
            (Field::Stream, "stream", Some(json!(false))),
            (Field::Seed, "seed", seed),
            (Field::ResponseFormat, "response_format", self.format()),
            (Field::Thinking, "chat_template_kwargs", thinking),
        ] {
            if let Some(value) = value.filter(|_| fields.has(field)) {
                body.insert(name.to_owned(), value);
            }
        }
        Value::Object(body)
    }

    fn ollama(&self, question: &Question<'_>, fields: &Fields) -> Value {
        let first = json!({"role": "user", "content": question.prompt, "images": [question.image]});
        let mut options = Map::new();
        for (field, name, value) in [
            (
                Field::Temperature,
                "temperature",
                Some(json!(self.temperature)),
            ),
            (
                Field::MaxTokens,
                "num_predict",
                Some(json!(question.max_tokens)),
            ),
            (Field::Seed, "seed", self.seed.map(|seed| json!(seed))),
        ] {
            if let Some(value) = value.filter(|_| fields.has(field)) {
                options.insert(name.to_owned(), value);
            }
        }
        if let Some(context) = self.context {
            options.insert("num_ctx".to_owned(), json!(context));
        }
        // This one streams unless it is told not to.
        let mut body = json!({"model": self.model, "messages": messages(first, question), "stream": false, "options": options});
        if let Some(keep_alive) = &self.keep_alive {
            body["keep_alive"] = json!(keep_alive);
        }
        if self.no_thinking && fields.has(Field::Thinking) {
            body["think"] = json!(false);
        }
        match (&self.schema, self.constrain) {
            _ if !fields.has(Field::ResponseFormat) => {}
            (Some(schema), Constrain::Schema) => body["format"] = schema.clone(),
            (Some(_), Constrain::Json) => body["format"] = json!("json"),
            _ => {}
        }
        body
    }

    /// The form that answers must have.
    fn format(&self) -> Option<Value> {
        let schema = self.schema.as_ref()?;
        match self.constrain {
            Constrain::Schema => Some(
                json!({"type": "json_schema", "json_schema": {"name": "image", "strict": true, "schema": schema}}),
            ),
            Constrain::Json => Some(json!({"type": "json_object"})),
            Constrain::Ask => None,
        }
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
