//! The flags of every tool that runs a network.

use std::num::NonZero;
use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::model::Model;
use crate::registry::Registry;

/// Where to run the network
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Device {
    /// On the first CUDA device if there is one, else on the CPU; prints which
    #[default]
    Auto,
    /// On the CPU
    Cpu,
    /// On the first CUDA device; fails without one
    Cuda,
}

const NETWORK: &str = "Network";

/// How to run networks.
#[derive(Debug, Clone, Default, Args)]
pub struct Runtime {
    /// Where to run the network
    #[arg(long, value_enum, value_name = "DEVICE", default_value = "auto", help_heading = NETWORK)]
    pub device: Device,

    /// Threads of the network on the CPU, up to 1024 [default: one per core]
    #[arg(long, value_name = "N", value_parser = threads, help_heading = NETWORK)]
    pub threads: Option<usize>,

    /// ONNX Runtime's library [default: `$ORT_DYLIB_PATH`, models/runtime,
    /// beside the tool, the system's]
    #[arg(long, value_name = "FILE", help_heading = NETWORK)]
    pub ort_lib: Option<PathBuf>,

    /// Folder with registry.toml and the networks [default: `$FILM2LORA_MODELS`, or models in or
    /// above the folder of the tool]
    #[arg(long, value_name = "DIR", help_heading = NETWORK)]
    pub models: Option<PathBuf>,
}

/// The flags of a tool that runs one network; flatten it into the tool's own.
#[derive(Debug, Clone, Default, Args)]
pub struct ModelFlags {
    /// Network: a name in the registry, an ONNX file, or a folder of them [default: the registry's
    /// for this tool]
    #[arg(long, value_name = "NAME|PATH", help_heading = NETWORK)]
    pub model: Option<String>,

    /// How to run it.
    #[command(flatten)]
    pub runtime: Runtime,
}

impl ModelFlags {
    /// The model that the flags name, or the default of `role`; its files are
    /// there and whole.
    pub fn open(&self, role: &str) -> Result<Model> {
        self.runtime.model(role, self.model.as_deref())
    }

    /// Whether the flags name a model, or the files of the default of `role` are there: for tools that can do
    /// without a network.
    pub fn is_there(&self, role: &str) -> Result<bool> {
        if self.model.is_some() {
            return Ok(true);
        }
        let registry = Registry::open(self.runtime.models.as_deref())?;
        let mut entries = registry.entries().iter();
        let entry = entries.find(|entry| entry.default && entry.role == role);
        Ok(entry.is_some_and(|entry| {
            let folder = registry.folder_of(entry);
            entry
                .files
                .iter()
                .all(|file| folder.join(&file.path).is_file())
        }))
    }
}

fn threads(text: &str) -> Result<usize> {
    machine::threads(text).map(NonZero::get)
}

impl Runtime {
    /// The model `name`, or the default of `role`; its files are there and
    /// whole. For tools that run several networks.
    pub fn model(&self, role: &str, name: Option<&str>) -> Result<Model> {
        Registry::open(self.models.as_deref())?.model(role, name)
    }

    /// Threads of a network on the CPU.
    pub(crate) fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, NonZero::get);
        self.threads.unwrap_or_else(cores)
    }
}
