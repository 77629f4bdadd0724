//! What every tool does the same way.
//!
//! A tool is a struct of flags, a function on one record, and a call of one
//! of three entries, each of which reads the command line, answers
//! `--generate`, says errors as `tool: message`, and turns them into an exit
//! status:
//!
//! * [`main`]: reads manifests, writes one: filters and annotators;
//! * [`source`]: reads something else, writes a manifest;
//! * [`command`]: does neither.
//!
//! The first two are given a [`Flow`], which owns the loop: where records
//! come from and go to, in order and on all cores, and what happens to those
//! that are dropped or fail. [`Cache`] remembers costly results.

mod aside;
mod batch;
mod beside;
mod cache;
mod claims;
mod counts;
mod database;
mod entry;
mod finishing;
mod flags;
mod flow;
mod infer;
mod input;
mod messages;
mod ordered;
mod outcome;
mod output;
mod outputs;
mod progress;
mod shelf;
mod signals;
mod space;
mod transfer;
mod words;

pub use anyhow::{Context, Error, Result, anyhow, bail, ensure};
pub use beside::Beside;
pub use cache::{Cache, CacheFlags, CacheFolder, Key, Usage};
pub use claims::spare;
pub use counts::COUNTS_VARIABLE;
pub use entry::{command, main, source};
pub use flags::{BATCH_VARIABLE, JOBS_VARIABLE, Keep, growth, seconds, share};
pub use flow::Flow;
pub use infer::Inference;
pub use log;
pub use machine::{self, Fault};
pub use manifest::{self, Record};
pub use messages::tell;
pub use outcome::{IntoOutcome, Outcome};
pub use output::print;
pub use progress::PROGRESS_VARIABLE;
pub use shelf::{Place, SHELF_VARIABLE, Shelf};
pub use space::Space;
pub use transfer::Transfer;
pub use words::{printable, told};
