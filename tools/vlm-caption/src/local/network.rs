//! A network of one's own: Florence-2 or `SmolVLM`.

use clap::{Args, ValueEnum};
use nets::caption::{Captioner, Settings, florence};
use onnx::{Model, Runtime};
use stage::Result;

const NETWORK: &str = "Network";

/// Task of Florence-2
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Task {
    /// One short sentence
    Caption,
    /// A few sentences
    Detailed,
    /// A paragraph
    MoreDetailed,
}

/// How to run a network.
#[derive(Debug, Clone, Args)]
pub(crate) struct NetworkFlags {
    /// Task of Florence-2, which understands no prompt
    #[arg(long, value_enum, value_name = "TASK", default_value = "detailed", help_heading = NETWORK)]
    task: Task,

    /// Beams of Florence-2: texts that it follows at a time; 1 is greedy, 3 is its reference
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16), help_heading = NETWORK)]
    beams: u8,

    /// Also show `SmolVLM` large images in tiles, for ten times the work
    #[arg(long, help_heading = NETWORK)]
    pub(crate) split: bool,

    /// Images per batch
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..), help_heading = NETWORK)]
    pub(crate) batch: u16,
}

impl NetworkFlags {
    /// Opens the network, with at most `tokens` in an answer.
    pub(crate) fn open(
        &self,
        model: &Model,
        runtime: &Runtime,
        tokens: Option<u64>,
    ) -> Result<Captioner> {
        let settings = Settings {
            task: &florence::TASKS[self.task as usize],
            most: tokens.map(|tokens| tokens as usize),
            beams: self.beams.into(),
            split: self.split,
        };
        Captioner::open(model, settings, runtime)
    }
}
