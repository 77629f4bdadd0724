//! Describe every image with a vision-language model, on this machine or on a server.
//!
//! Reads `image`, and whatever keys the prompt names. Writes `caption`, the description as one
//! clean line without stock opening, and `captioner`:
//!
//! * `model`: which model answered, as the server or the registry calls it;
//! * `raw`: its answer, without its thoughts;
//! * `finish`: why the answer ended: `eos`, `length` (the limit of tokens), `loop`, or as a server
//!   calls it;
//! * `tokens`: tokens written, where that is known;
//! * `from_reasoning`: true if a server had put the answer among the model's thoughts;
//! * `facts`: with `--schema`, what the answer says by name: `subject`, `action`, `place`, …
//!
//! An answer that is no description (one thing over and over, a refusal, not by the schema) drops
//! its record. No answer is an error of the record: an empty one, one whose thoughts took all the
//! tokens, one that a filter of contents stopped.

mod answer;
mod local;
mod prompt;
mod schema;
mod server;
mod shape;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use answers::Tool;
use clap::Parser;
use stage::log::info;
use stage::{Flow, Result};

use local::network::NetworkFlags;
use prompt::Prompt;
use server::Server;
use server::flags::ServerFlags;

/// Tokens that a server's answer may have.
const SERVER_TOKENS: u64 = 300;

const TOOL: Tool = Tool {
    name: env!("CARGO_PKG_NAME"),
    answer: 1,
    asks: &[|| nets::caption::ROLE.answers()],
};

const EXAMPLES: &str = "Examples:
  vlm-caption --task detailed < kept.jsonl > captions.jsonl
  vlm-caption --endpoint http://localhost:8000 --concurrency 16 < kept.jsonl > captions.jsonl
  vlm-caption --endpoint http://localhost:11434 --api ollama --model qwen2.5vl --context 8192 kept.jsonl > captions.jsonl
  vlm-caption --endpoint http://localhost:8000 --schema image --rejects bad.jsonl kept.jsonl > facts.jsonl

With --endpoint, --model is a name that the server knows, by default the only
one it has; without, a network on this machine: Florence-2 or SmolVLM. In a
prompt, {/light/time} stands for that value of the record; a line with
an unknown value is left out. Captions are remembered by model,
prompt, settings and image, not by address: a run that was killed continues
where it stopped, even with another server. Refusals, empty answers and
server errors are not remembered: the next run asks again.";

/// Describe every image with a vision-language model, on this machine or on a server
#[derive(Debug, Parser)]
#[command(version, long_version = TOOL.version(env!("CARGO_PKG_VERSION")), after_help = EXAMPLES)]
struct Args {
    #[command(flatten)]
    server: ServerFlags,

    #[command(flatten)]
    model: onnx::ModelFlags,

    #[command(flatten)]
    network: NetworkFlags,

    /// Prompt to send
    #[arg(long, value_name = "TEXT", conflicts_with = "prompt_file")]
    prompt: Option<String>,

    /// File with the prompt to send
    #[arg(long, value_name = "FILE")]
    prompt_file: Option<PathBuf>,

    /// Most tokens of an answer [default: 300 for a server, 40, 128 or 256 for Florence-2 by task,
    /// 128 for `SmolVLM`]
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u64).range(1..=100_000))]
    max_new_tokens: Option<u64>,

    #[command(flatten)]
    cache: stage::CacheFlags,
}

fn main() -> ExitCode {
    onnx::quietly(|| stage::main(run))
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let prompt = Prompt::open(args.prompt.as_deref(), args.prompt_file.as_deref())?;
    let cache = args.cache.open()?;
    let began = Instant::now();
    let (answers, tokens) = if let Some(endpoint) = &args.server.endpoint {
        let (model, most) = (
            args.model.model.as_deref(),
            args.max_new_tokens.unwrap_or(SERVER_TOKENS),
        );
        let server = Server::open(&args.server, endpoint, model, most)?;
        server::records::caption(&args.server, &server, &prompt, cache.as_ref(), flow)?
    } else {
        let model = args.model.open("caption")?;
        let network = args
            .network
            .open(&model, &args.model.runtime, args.max_new_tokens)?;
        local::caption(&args.network, network, &prompt, cache.as_ref(), flow)?
    };
    let seconds = began.elapsed().as_secs_f64();
    info!(
        "{answers} answers, {:.2}/s, {tokens} tokens, {:.1}/s",
        answers as f64 / seconds,
        tokens as f64 / seconds
    );
    Ok(())
}
