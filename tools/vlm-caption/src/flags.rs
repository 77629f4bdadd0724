//! The flags of servers.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::patience::Patience;
use crate::protocol::{Api, Constrain, Field, Manner};
use crate::schema::Schema;

const SERVER: &str = "Server";

/// How a server is asked.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServerFlags {
    /// Ask the server at this address, as its documents give it: with `/v1`,
    /// another path or none
    #[arg(long, value_name = "URL", help_heading = SERVER)]
    pub(crate) endpoint: Option<String>,

    /// What the server understands
    #[arg(long, value_enum, value_name = "API", default_value = "openai", help_heading = SERVER)]
    pub(crate) api: Api,

    /// File with the server's key [default: `$FILM2LORA_API_KEY`, if that is set]
    #[arg(long, value_name = "FILE", help_heading = SERVER)]
    pub(crate) key_file: Option<PathBuf>,

    /// Header that the key goes into [default: Authorization, as that of a
    /// bearer; api-key for Azure]
    #[arg(long, value_name = "NAME", help_heading = SERVER)]
    pub(crate) key_header: Option<String>,

    /// Requests in flight
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = SERVER)]
    pub(crate) concurrency: u16,

    /// Longer side of the images sent, pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(32..=8192), help_heading = SERVER)]
    pub(crate) long_side: u32,

    /// Ask for facts by this schema, `picture` or a JSON Schema file, and
    /// make the caption of them
    #[arg(long, value_name = "NAME|FILE", requires = "endpoint", help_heading = SERVER)]
    pub(crate) schema: Option<String>,

    /// How the server is held to the schema
    #[arg(long, value_enum, value_name = "HOW", default_value = "schema", help_heading = SERVER)]
    constrain: Constrain,

    /// Chance in the choice of words, 0 to 2
    #[arg(long, value_name = "T", default_value_t = 0.0, value_parser = temperature, help_heading = SERVER)]
    temperature: f64,

    /// Seed of that chance
    #[arg(long, value_name = "N", help_heading = SERVER)]
    seed: Option<u64>,

    /// Name of the field for the most tokens: some servers want
    /// `max_completion_tokens`
    #[arg(long, value_name = "NAME", default_value = "max_tokens", help_heading = SERVER)]
    max_tokens_field: String,

    /// Fields to leave out of requests, for servers that refuse them; one that
    /// a server refuses by name is left out without being asked to
    #[arg(long, value_enum, value_name = "FIELD", value_delimiter = ',', help_heading = SERVER)]
    leave_out: Vec<Field>,

    /// Tokens of context, which only `--api ollama` can set
    #[arg(long, value_name = "TOKENS", help_heading = SERVER)]
    context: Option<u64>,

    /// How long the model stays loaded, as `30m`; only with `--api ollama`
    #[arg(long, value_name = "TIME", help_heading = SERVER)]
    keep_alive: Option<String>,

    /// Seconds until a request has failed; the first may load the model
    #[arg(long, value_name = "SECONDS", default_value_t = 300.0, value_parser = seconds, help_heading = SERVER)]
    timeout: f64,

    /// Tries in all for a request whose error may pass
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100), help_heading = SERVER)]
    tries: u32,

    /// Seconds before the second try; they double with every other, up to 16,
    /// and are longer where the server asks for it
    #[arg(long, value_name = "SECONDS", default_value_t = 1.0, value_parser = seconds, help_heading = SERVER)]
    pause: f64,

    /// Seconds that a server may ask to wait; one that asks for more ends the
    /// run
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
        }
    }
}

/// A temperature that servers take.
fn temperature(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=2.0).contains(&number) {
        return Ok(number);
    }
    Err("must be 0 to 2".to_owned())
}

/// A time that a clock can measure.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=86_400.0).contains(&seconds) {
        return Ok(seconds);
    }
    Err("must be 0 to 86400".to_owned())
}
