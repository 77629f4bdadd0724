//! Asking a server, with patience.

mod address;
mod complaint;
mod failure;
pub(crate) mod flags;
mod jpeg;
mod json;
mod patience;
mod protocol;
pub(crate) mod records;
mod reply;
mod transport;
mod wait;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use captions::answer::{Fault, description, is_whole};
use serde_json::Value;
use stage::log::{info, warn};
use stage::{Result, anyhow, bail, ensure};

use crate::answer::Answer;
use crate::schema::Schema;
use crate::server::address::Address;
use crate::server::failure::{Failure, told};
use crate::server::flags::ServerFlags;
use crate::server::patience::Patience;
use crate::server::protocol::{Api, Field, Fields, Manner, Question};
use crate::server::reply::Reply;
use crate::server::transport::{Transport, key};

/// After this many equal final errors in a row, the images are not the cause.
const EQUAL: u32 = 5;

/// What the first request asks about a gray image.
const PROBE: &str = "What colour is this?";

/// The tokens that its answer may have.
const PROBE_TOKENS: u64 = 16;

/// So many models are named where one must be chosen.
const NAMED: usize = 20;

/// A server that describes images.
pub(crate) struct Server {
    transport: Transport,
    manner: Manner,
    patience: Patience,
    schema: Option<Schema>,
    fields: Mutex<Fields>,
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
        let address = Address::read(endpoint, flags.api)?;
        let key = key(flags.key_file.as_deref())?;
        let transport = Transport::new(address, key, flags.key_header.as_deref(), flags.timeout())?;
        let schema = flags.schema.as_deref().map(Schema::open).transpose()?;
        let patience = flags.patience();
        let model = match model {
            Some(model) => model.to_owned(),
            None => only_model(&transport, flags.api, patience)?,
        };
        let manner = flags.manner(model, max_tokens, schema.as_ref());
        Ok(Self {
            transport,
            fields: Mutex::new(manner.fields()),
            manner,
            patience,
            schema,
            probed: OnceLock::new(),
            streak: Mutex::default(),
            tokens: AtomicU64::new(0),
            answers: AtomicU64::new(0),
        })
    }

    /// What its answers depend on, beside prompt and image.
    pub(crate) fn manner(&self) -> &Manner {
        &self.manner
    }

    /// What its answers must be.
    pub(crate) fn schema(&self) -> Option<&Schema> {
        self.schema.as_ref()
    }

    /// Describes the image in `jpeg`, a file in base64.
    ///
    /// An error is of this image alone.
    pub(crate) fn describe(&self, prompt: &str, jpeg: &str) -> Result<Told> {
        let shown = self.transport.shown();
        if let Err(error) = self.probed.get_or_init(|| self.probe()) {
            return Ok(Told::Stop(format!("{shown}: {error}")));
        }
        match self.answer(prompt, jpeg) {
            Ok(answer) => {
                self.streak.lock().unwrap_or_else(PoisonError::into_inner).1 = 0;
                self.tokens
                    .fetch_add(answer.tokens.unwrap_or_default(), Ordering::Relaxed);
                self.answers.fetch_add(1, Ordering::Relaxed);
                Ok(Told::Answer(answer))
            }
            Err(Failure::Ends(what)) => Ok(Told::Stop(format!("{shown}: {what}"))),
            Err(Failure::Filtered(what)) => Err(anyhow!("{shown}: {what}")),
            Err(failure) if self.is_streak(failure.what()) => Ok(Told::Stop(format!(
                "{shown}: {EQUAL} images failed in the same way, so the images are not the cause: {}",
                failure.what()
            ))),
            Err(failure) => Err(anyhow!("{shown}: {}", failure.what())),
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

    /// Asks for a small image, before there are many.
    fn probe(&self) -> Result<(), String> {
        let image = jpeg::probe().map_err(|error| format!("{error:#}"))?;
        let question = Question {
            prompt: PROBE,
            image: &image,
            wrong: None,
            max_tokens: PROBE_TOKENS,
        };
        match self.reply(&question) {
            Ok(_) | Err(Failure::Filtered(_)) => Ok(()),
            Err(failure) => Err(failure.what().to_owned()),
        }
    }

    fn answer(&self, prompt: &str, image: &str) -> Result<Answer, Failure> {
        let mut question = Question {
            prompt,
            image,
            wrong: None,
            max_tokens: self.manner.max_tokens,
        };
        let mut reply = self.reply(&question)?;
        if let Some(answer) = self.among_thoughts(&reply) {
            return Ok(answer);
        }
        if reply.text.is_empty() && reply.finish != "content_filter" {
            // Its thoughts took all the tokens, or a gateway lost its words.
            if reply.thought || reply.finish == "length" {
                question.max_tokens *= 2;
            }
            reply = self.reply(&question)?;
            if let Some(answer) = self.among_thoughts(&reply) {
                return Ok(answer);
            }
        }
        let mut tokens = reply.tokens;
        let wrong = self.schema.as_ref();
        let wrong = wrong.and_then(|schema| schema.facts(&reply.text).err());
        if let Some(why) = wrong.filter(|_| !reply.text.is_empty() && reply.finish == "eos") {
            info!("an answer does not match the schema, asking again: {why}");
            let repair = Question {
                wrong: Some((&reply.text, &why)),
                ..question.clone()
            };
            reply = self.reply(&repair)?;
            tokens = tokens
                .zip(reply.tokens)
                .map(|(first, second)| first + second);
        }
        if let Some(failure) = self.lacking(&reply, question.max_tokens) {
            return Err(failure);
        }
        Ok(Answer {
            raw: reply.text,
            finish: reply.finish,
            tokens,
            from_reasoning: false,
        })
    }

    /// The answer that a server has put among the thoughts, where it says nothing else: Ollama does so with
    /// Qwen3-VL and a schema (ollama/ollama, issue 12831). An object among words is a draft, and so is all that
    /// stands there where the server stopped the model.
    fn among_thoughts(&self, reply: &Reply) -> Option<Answer> {
        let whole = reply.text.is_empty() && reply.finish == "eos";
        let schema = self.schema.as_ref().filter(|_| whole)?;
        schema.is_alone(&reply.thoughts).then(|| Answer {
            raw: reply.thoughts.clone(),
            finish: reply.finish.clone(),
            tokens: reply.tokens,
            from_reasoning: true,
        })
    }

    /// Why a reply is no answer, where it is none.
    fn lacking(&self, reply: &Reply, max_tokens: u64) -> Option<Failure> {
        let last = |what: String| Some(Failure::Final(what));
        let cut = reply.finish == "length";
        if reply.finish == "content_filter" {
            return Some(Failure::Filtered(
                "the server's content filter stopped the answer (finish_reason content_filter)"
                    .to_owned(),
            ));
        }
        let found = description(&reply.text, cut);
        if reply.finish != "refusal" && matches!(found, Err(Fault::Thoughts))
            || reply.text.is_empty() && reply.thought
        {
            return last(if cut {
                format!(
                    "the model's thoughts used all {max_tokens} tokens (finish_reason length): raise --max-new-tokens, or turn the model's thinking off"
                )
            } else {
                "the answer contains only thoughts: turn the model's thinking off, or configure the server to separate thoughts from the answer".to_owned()
            });
        }
        if reply.text.is_empty() {
            return last(match reply.finish.as_str() {
                "length" => format!(
                    "the answer is empty, but used all {max_tokens} tokens (finish_reason length): raise --max-new-tokens"
                ),
                "eos" => "the answer is empty, also on the second try".to_owned(),
                other => format!("the answer is empty (finish_reason {})", told(other, &[])),
            });
        }
        let unfinished = match self.schema {
            Some(ref schema) => schema.facts(&reply.text).is_err(),
            None => found.is_ok_and(|caption| !is_whole(&caption)),
        };
        (cut && unfinished).then(|| {
            Failure::Final(format!("the answer was cut off after {max_tokens} tokens (finish_reason length): raise --max-new-tokens"))
        })
    }

    /// Asks, and asks again without a field that the server refuses.
    fn reply(&self, question: &Question<'_>) -> Result<Reply, Failure> {
        loop {
            let fields = self
                .fields
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            let body = self.manner.body(question, &fields);
            let reply = self.patience.ask(|| {
                let answer = self.transport.chat(&body)?;
                Reply::read(self.manner.api, &answer)
            });
            match reply {
                Err(Failure::Refuses {
                    field,
                    rename,
                    what,
                }) => {
                    self.leave_out(&fields, field, rename, what)?;
                }
                other => return other,
            }
        }
    }

    /// Notes that a field must be left out, or have another name; says so once. An error where it
    /// was not in the request as it was sent.
    fn leave_out(
        &self,
        sent: &Fields,
        field: Field,
        rename: Option<&str>,
        what: String,
    ) -> Result<(), Failure> {
        let word = field.word();
        let rename = rename.filter(|name| *name != sent.max_tokens);
        let held = !sent.left_out.contains(&field) && self.manner.holds(field);
        if !held || field == Field::Stream {
            return Err(Failure::Final(format!("{what}: try --leave-out {word}")));
        }
        let mut fields = self.fields.lock().unwrap_or_else(PoisonError::into_inner);
        if *fields != *sent {
            // Another request was refused at the same time.
            return Ok(());
        }
        let instead = if let Some(name) = rename {
            name.clone_into(&mut fields.max_tokens);
            format!("asking with `{name}` instead, as with --max-tokens-field {name}")
        } else {
            fields.left_out.push(field);
            format!("asking without it, as with --leave-out {word}")
        };
        let what = what.trim_end_matches('.');
        warn!("{}: {what}: {instead}", self.transport.shown());
        Ok(())
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
    let shown = transport.shown();
    let answer = patience.ask(|| transport.models());
    let answer = answer.map_err(|failure| {
        anyhow!(
            "{shown}: cannot get its list of models: name one with --model: {}",
            failure.what()
        )
    })?;
    let (list, name) = match api {
        Api::Openai => ("data", "id"),
        Api::Ollama => ("models", "name"),
    };
    let models = [&answer[list], &answer["models"], &answer];
    let models = models.into_iter().find_map(Value::as_array);
    let models = models.map(Vec::as_slice).unwrap_or_default();
    let names: Vec<&str> = models
        .iter()
        .filter_map(|model| {
            [name, "id", "name"]
                .iter()
                .find_map(|name| model[*name].as_str())
        })
        .collect();
    ensure!(
        !names.is_empty(),
        "{shown}: the server lists no models: name one with --model"
    );
    let [one] = names[..] else {
        let more = names.len().saturating_sub(NAMED);
        let more = if more > 0 {
            format!(", and {more} more")
        } else {
            String::new()
        };
        bail!(
            "{shown}: the server has several models: name one with --model: {}{more}",
            told(&names[..names.len().min(NAMED)].join(", "), &[])
        );
    };
    Ok(one.to_owned())
}
