//! The flags of servers.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::schema::Schema;
use crate::server::patience::Patience;
use crate::server::protocol::{Api, Constrain, Field, Manner};

const SERVER: &str = "Server";

/// How to ask a server.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServerFlags {
    /// Ask the server at this address, as in its documentation: with `/v1`, another path or none
    #[arg(long, value_name = "URL", help_heading = SERVER)]
    pub(crate) endpoint: Option<String>,

    /// Interface that the server understands
    #[arg(long, value_enum, value_name = "API", default_value = "openai", help_heading = SERVER)]
    pub(crate) api: Api,

    /// File with the server's key [default: `$FILM2LORA_API_KEY`, if that is set]
    #[arg(long, value_name = "FILE", help_heading = SERVER)]
    pub(crate) key_file: Option<PathBuf>,

    /// Header for the key [default: Authorization, as a bearer token; api-key for Azure]
    #[arg(long, value_name = "NAME", help_heading = SERVER)]
    pub(crate) key_header: Option<String>,

    /// Requests at the same time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = SERVER)]
    pub(crate) concurrency: u16,

    /// Longer side of the images sent, in pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(32..=8192), help_heading = SERVER)]
    pub(crate) long_side: u32,

    /// Ask for facts by this schema, `image` or a JSON Schema file, and make the caption from
    /// them
    #[arg(long, value_name = "NAME|FILE", requires = "endpoint", help_heading = SERVER)]
    pub(crate) schema: Option<String>,

    /// How to make the server follow the schema
    #[arg(long, value_enum, value_name = "HOW", default_value = "schema", help_heading = SERVER)]
    constrain: Constrain,

    /// Temperature of the sampling of words, 0 to 2
    #[arg(long, value_name = "T", default_value_t = 0.0, value_parser = temperature, help_heading = SERVER)]
    temperature: f64,

    /// Seed of the sampling
    #[arg(long, value_name = "N", help_heading = SERVER)]
    seed: Option<u64>,

    /// Name of the field for the token limit: some servers need `max_completion_tokens`
    #[arg(long, value_name = "NAME", default_value = "max_tokens", help_heading = SERVER)]
    max_tokens_field: String,

    /// Fields to leave out of requests, for servers that refuse them; a field that a server refuses
    /// by name is left out automatically
    #[arg(long, value_enum, value_name = "FIELD", value_delimiter = ',', help_heading = SERVER)]
    leave_out: Vec<Field>,

    /// Ask a model that can think to answer at once; Qwen's `-Thinking` models think all the same
    #[arg(long, help_heading = SERVER)]
    no_thinking: bool,

    /// Put the image before the prompt, as Qwen's models were trained
    #[arg(long, help_heading = SERVER)]
    image_first: bool,

    /// Enlarge images to at least this many tokens of 32x32 pixels; only vLLM with a Qwen model can
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u64).range(1..=16_384), help_heading = SERVER)]
    min_image_tokens: Option<u64>,

    /// Tokens of context; only `--api ollama` can set this
    #[arg(long, value_name = "TOKENS", help_heading = SERVER)]
    context: Option<u64>,

    /// How long the model stays loaded, such as `30m`; only with `--api ollama`
    #[arg(long, value_name = "TIME", help_heading = SERVER)]
    keep_alive: Option<String>,

    /// Seconds until a request fails; the first request may load the model
    #[arg(long, value_name = "SECONDS", default_value_t = 300.0, value_parser = seconds, help_heading = SERVER)]
    timeout: f64,

    /// Number of tries for a request whose error may pass
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100), help_heading = SERVER)]
    tries: u32,

    /// Seconds before the second try; the wait doubles with every further try, up to 16, and is
    /// longer if the server asks for it
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = seconds, help_heading = SERVER)]
    pause: f64,

    /// Longest time, in seconds, that a server may ask to wait; the run ends if it asks for more
    #[arg(long, value_name = "SECONDS", default_value_t = 300.0, value_parser = seconds, help_heading = SERVER)]
    longest_wait: f64,
}

impl ServerFlags {
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_secs_f64(self.timeout)
    }

    pub(crate) fn patience(&self) -> Patience {
        Patience {
            tries: self.tries,
            pause: Duration::from_secs_f64(self.pause),
            longest: Duration::from_secs_f64(self.longest_wait),
        }
    }

    pub(crate) fn manner(&self, model: String, max_tokens: u64, schema: Option<&Schema>) -> Manner {
        Manner {
            api: self.api,
            model,
            max_tokens,
            max_tokens_field: self.max_tokens_field.clone(),
            leave_out: self.leave_out.clone(),
            temperature: self.temperature,
            seed: self.seed,
            context: self.context,
            keep_alive: self.keep_alive.clone(),
            constrain: self.constrain,
            schema: schema.map(|schema| schema.schema().clone()),
            no_thinking: self.no_thinking,
            image_first: self.image_first,
            image_tokens: self.min_image_tokens,
        }
    }
}

/// A temperature that servers take.
fn temperature(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=2.0).contains(&number) {
        return Ok(number);
    }
    Err("must be from 0 to 2".to_owned())
}

/// A time that a clock can measure.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=86_400.0).contains(&seconds) {
        return Ok(seconds);
    }
    Err("must be from 0 to 86400".to_owned())
}
