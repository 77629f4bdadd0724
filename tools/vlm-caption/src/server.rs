//! Asking a server, with patience.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use captions::answer::without_thinking;
use stage::log::info;
use stage::{Result, anyhow, bail, ensure};

use crate::answer::Answer;
use crate::flags::ServerFlags;
use crate::patience::Patience;
use crate::picture;
use crate::protocol::{Api, Manner, Question, Reply};
use crate::schema::Schema;
use crate::transport::{Failure, Transport, key};

/// So many equal final errors one after another are no fault of the pictures.
const EQUAL: u32 = 5;

/// What the first request asks, of a gray picture.
const PROBE: &str = "What colour is this?";

/// The tokens that its answer may have.
const PROBE_TOKENS: u64 = 16;

/// A server that describes pictures.
#[derive(Debug)]
pub(crate) struct Server {
    transport: Transport,
    manner: Manner,
    patience: Patience,
    schema: Option<Schema>,
    probed: OnceLock<Result<(), String>>,
    streak: Mutex<(String, u32)>,
    tokens: AtomicU64,
    answers: AtomicU64,
}

/// What came of a question.
#[derive(Debug)]
pub(crate) enum Told {
    /// An answer.
    Answer(Answer),
    /// The run must end.
    Stop(String),
}

impl Server {
    pub(crate) fn open(
        flags: &ServerFlags,
        endpoint: &str,
        model: Option<&str>,
        max_tokens: u64,
    ) -> Result<Self> {
        let transport = Transport::new(endpoint, key(flags.key_file.as_deref())?, flags.timeout())?;
        let schema = flags.schema.as_deref().map(Schema::open).transpose()?;
        let patience = Patience {
            tries: flags.tries,
            pause: flags.pause(),
        };
        let model = match model {
            Some(model) => model.to_owned(),
            None => only_model(&transport, flags.api, patience)?,
        };
        Ok(Self {
            transport,
            manner: flags.manner(model, max_tokens, schema.as_ref()),
            patience,
            schema,
            probed: OnceLock::new(),
            streak: Mutex::default(),
            tokens: AtomicU64::new(0),
            answers: AtomicU64::new(0),
        })
    }

    /// What its answers depend on, beside prompt and picture.
    pub(crate) fn manner(&self) -> &Manner {
        &self.manner
    }

    /// What its answers must be.
    pub(crate) fn schema(&self) -> Option<&Schema> {
        self.schema.as_ref()
    }

    /// Describes the picture in `jpeg`, a file in base64.
    ///
    /// An error is of this picture alone.
    pub(crate) fn describe(&self, prompt: &str, jpeg: &str) -> Result<Told> {
        if let Err(error) = self.probed.get_or_init(|| self.probe()) {
            return Ok(Told::Stop(format!("{}: {error}", self.transport.base())));
        }
        match self.answer(prompt, jpeg) {
            Ok(answer) => {
                self.streak.lock().unwrap_or_else(PoisonError::into_inner).1 = 0;
                self.tokens
                    .fetch_add(answer.tokens.unwrap_or_default(), Ordering::Relaxed);
                self.answers.fetch_add(1, Ordering::Relaxed);
                Ok(Told::Answer(answer))
            }
            Err(error) if self.is_streak(&error) => Ok(Told::Stop(format!(
                "{}: {EQUAL} pictures failed in the same way, so it is not the pictures: {error}",
                self.transport.base()
            ))),
            Err(error) => Err(anyhow!("{}: {error}", self.transport.base())),
        }
    }

    /// Whether as many errors as make an end of it were the same but for their numbers.
    fn is_streak(&self, error: &str) -> bool {
        let same = error.replace(|sign: char| sign.is_ascii_digit(), "#");
        let mut streak = self.streak.lock().unwrap_or_else(PoisonError::into_inner);
        if streak.0 == same {
            streak.1 += 1;
        } else {
            *streak = (same, 1);
        }
        streak.1 >= EQUAL
    }

    /// Asks for a small picture, before there are many.
    fn probe(&self) -> Result<(), String> {
        let picture = picture::probe().map_err(|error| format!("{error:#}"))?;
        let question = Question {
            prompt: PROBE,
            picture: &picture,
            wrong: None,
            max_tokens: PROBE_TOKENS,
        };
        self.reply(&question).map(drop)
    }

    fn answer(&self, prompt: &str, picture: &str) -> Result<Answer, String> {
        let mut question = Question {
            prompt,
            picture,
            wrong: None,
            max_tokens: self.manner.max_tokens,
        };
        let mut answer = self.said(&question)?;
        if answer.raw.is_empty() && answer.finish != "eos" {
            // Its thoughts took all the tokens.
            question.max_tokens *= 2;
            answer = self.said(&question)?;
        }
        let wrong = self
            .schema
            .as_ref()
            .and_then(|schema| schema.facts(&answer.raw).err());
        if let Some(why) = wrong {
            info!("an answer is not by the schema, and is asked for again: {why}");
            let first = answer.raw.clone();
            question.wrong = Some((&first, &why));
            let again = self.said(&question)?;
            answer = Answer {
                tokens: answer
                    .tokens
                    .zip(again.tokens)
                    .map(|(first, second)| first + second),
                ..again
            };
        }
        Ok(answer)
    }

    fn said(&self, question: &Question<'_>) -> Result<Answer, String> {
        let reply = self.reply(question)?;
        Ok(Answer {
            finish: if reply.text.is_none() {
                "length".to_owned()
            } else {
                reply.finish
            },
            raw: without_thinking(&reply.text.unwrap_or_default()),
            tokens: reply.tokens,
        })
    }

    fn reply(&self, question: &Question<'_>) -> Result<Reply, String> {
        let body = self.manner.body(question);
        self.patience.ask(|| {
            let answer = self.transport.post(self.manner.path(), &body)?;
            let reply = self.manner.reply(&answer);
            reply.ok_or_else(|| Failure::passing("an answer without a message"))
        })
    }

    /// How many answers the server gave, and of how many tokens.
    pub(crate) fn written(&self) -> (u64, u64) {
        (
            self.answers.load(Ordering::Relaxed),
            self.tokens.load(Ordering::Relaxed),
        )
    }
}

/// The model of a server that has just one.
fn only_model(transport: &Transport, api: Api, patience: Patience) -> Result<String> {
    let (path, list, name) = match api {
        Api::Openai => ("/v1/models", "data", "id"),
        Api::Ollama => ("/api/tags", "models", "name"),
    };
    let answer = patience.ask(|| transport.get(path));
    let answer = answer.map_err(|error| anyhow!("{}: {error}", transport.base()))?;
    let models = answer[list]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let names: Vec<&str> = models
        .iter()
        .filter_map(|model| model[name].as_str())
        .collect();
    ensure!(
        !names.is_empty(),
        "{}: the server names no model: name one with --model",
        transport.base()
    );
    let [one] = names[..] else {
        bail!(
            "{}: the server has several models: name one with --model: {}",
            transport.base(),
            names.join(", ")
        );
    };
    Ok(one.to_owned())
}
