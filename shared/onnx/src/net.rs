//! Sessions: graphs that are ready to run.

use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Error, Result, anyhow, bail};
use machine::{Card, Fault, Faulty};
use ort::ep;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::session::{NoSelectedOutputs, RunOptions, Session};
use ort::value::{Outlet, ValueType};
use serde::Serialize;

use crate::batch::{OutOfMemory, says_lost, says_out_of_memory};
use crate::contract::{Contract, Kind, Port};
use crate::flags::{Device, Runtime};
use crate::library;
use crate::model::Model;
use crate::report::Choice;
use crate::tensor::{Tensor, said};

/// How a graph wants to be opened, where that is not the usual way.
#[derive(Debug, Default)]
pub struct Options {
    /// Its shapes change from run to run, so that a plan of memory made for
    /// one run is of no use to the next.
    pub changing_shapes: bool,
    /// It runs seldom and needs much memory when it does: on the CPU that is
    /// given back after every run, for other graphs to use.
    pub give_back: bool,
    /// Optimise it only lightly: for graphs that full optimisation breaks.
    pub light_optimization: bool,
    /// Constants to replace, by name. The runtime does not say whether a name
    /// is there: the caller has to look.
    pub constants: Vec<(String, Tensor)>,
}

/// A graph that is ready to run.
#[derive(Debug)]
pub struct Net {
    session: Session,
    name: String,
    inputs: Vec<Port>,
    outputs: Vec<Port>,
    provenance: Provenance,
    give_back: bool,
}

/// Which network answered, as the record has it under `models`; and by what code its answers are
/// read, by which they are remembered.
#[derive(Debug, Clone, Serialize)]
pub struct Provenance {
    /// The model's name in the registry, or the file's.
    pub model: String,
    /// Its checksum, or that of its files' checksums.
    pub sha256: String,
    /// `cpu` or `cuda`.
    pub device: &'static str,
    /// The network family that prepares its inputs and reads its outputs; empty before that is known.
    #[serde(skip)]
    pub family: &'static str,
    /// The number of that family's answers, which is raised whenever the family would read others.
    #[serde(skip)]
    pub answer: u32,
}

impl Net {
    /// Opens the graph `part` of `model` and holds it to `contract`.
    pub fn open(model: &Model, part: &str, runtime: &Runtime, contract: &Contract) -> Result<Self> {
        Self::open_with(model, part, runtime, contract, Options::default())
    }

    /// Opens a graph in an unusual way.
    pub fn open_with(
        model: &Model,
        part: &str,
        runtime: &Runtime,
        contract: &Contract,
        options: Options,
    ) -> Result<Self> {
        let path = model.path(part)?;
        let (session, device) = session(path, runtime, &options)?;
        let inputs = ports(session.inputs());
        let outputs = ports(session.outputs());
        let wrong = || format!("{}: is not a graph that this tool can use", path.display());
        contract.check(&inputs, &outputs).with_context(wrong)?;
        Ok(Self {
            session,
            name: path.display().to_string(),
            inputs,
            outputs,
            give_back: options.give_back && device == "cpu",
            provenance: Provenance {
                model: model.name().to_owned(),
                sha256: model.sha256().to_owned(),
                device,
                family: "",
                answer: 0,
            },
        })
    }

    /// What it takes.
    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    /// What it gives.
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// Which network this is.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Notes which network family reads its outputs, and the number of that family's answers.
    pub fn read_by(&mut self, family: &'static str, answer: u32) {
        (self.provenance.family, self.provenance.answer) = (family, answer);
    }

    /// How many go into one run: the fixed size of the first axis of the
    /// first input, or `None` where any number does.
    pub fn fixed_batch(&self) -> Option<usize> {
        self.inputs.first()?.shape.first().copied().flatten()
    }

    /// Runs `inputs`, each by its name, and gives all outputs. Where the
    /// graph wants another width of number, it is changed.
    ///
    /// An error for want of memory is an [`OutOfMemory`]; it and that of a lost device are the
    /// machine's ([`Fault`]), and end a run.
    pub fn run(&mut self, inputs: &[(&str, &Tensor)]) -> Result<Outputs> {
        let mut changed = Vec::new();
        for (name, tensor) in inputs {
            let port = self.inputs.iter().find(|port| port.name == *name);
            let port = port.with_context(|| format!("{}: has no input `{name}`", self.name))?;
            let kind = if port.kind == Kind::Other {
                tensor.kind()
            } else {
                port.kind
            };
            let change = tensor.to_kind(kind);
            changed.push(change.with_context(|| format!("{}: input `{name}`", self.name))?);
        }
        let named = inputs
            .iter()
            .zip(&changed)
            .map(|((name, tensor), changed)| {
                let tensor = changed.as_ref().unwrap_or(tensor);
                (Cow::Borrowed(*name), (&tensor.0).into())
            });
        let named: Vec<(Cow<'_, str>, ort::session::SessionInputValue<'_>)> = named.collect();
        let how = how(self.give_back)?;
        let mut outputs = self
            .session
            .run_with_options(named, &how)
            .map_err(|error| failed(&self.name, error.message()))?;
        let tensors = self
            .outputs
            .iter()
            .filter_map(|port| Some((port.name.clone(), Tensor(outputs.remove(&port.name)?))));
        Ok(Outputs {
            net: self.name.clone(),
            tensors: tensors.collect(),
        })
    }
}

fn failed(net: &str, message: &str) -> Error {
    let message = format!("{net}: {message}");
    if says_out_of_memory(&message) {
        return OutOfMemory::new(message).into();
    }
    if says_lost(&message) {
        return Faulty::new(Fault::Device, message).into();
    }
    anyhow!(message)
}

/// What came out of a run, by name.
#[derive(Debug)]
pub struct Outputs {
    net: String,
    tensors: Vec<(String, Tensor)>,
}

impl Outputs {
    /// Takes the output `name` out.
    pub fn take(&mut self, name: &str) -> Result<Tensor> {
        let place = self.tensors.iter().position(|(own, _)| own == name);
        let place = place.with_context(|| format!("{}: gave no output `{name}`", self.net))?;
        Ok(self.tensors.remove(place).1)
    }

    /// The output `name`.
    pub fn get(&self, name: &str) -> Result<&Tensor> {
        let found = self.tensors.iter().find(|(own, _)| own == name);
        found
            .map(|(_, tensor)| tensor)
            .with_context(|| format!("{}: gave no output `{name}`", self.net))
    }

    /// All outputs, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.tensors
            .iter()
            .map(|(name, tensor)| (name.as_str(), tensor))
    }
}

fn ports(outlets: &[Outlet]) -> Vec<Port> {
    let port = |outlet: &Outlet| Port {
        name: outlet.name().to_owned(),
        kind: Kind::of(outlet.dtype()),
        shape: match outlet.dtype() {
            ValueType::Tensor { shape, .. } => shape
                .iter()
                .map(|size| usize::try_from(*size).ok())
                .collect(),
            _ => Vec::new(),
        },
    };
    outlets.iter().map(port).collect()
}

/// How a graph is run.
fn how(give_back: bool) -> Result<RunOptions<NoSelectedOutputs>> {
    let mut how = RunOptions::new().map_err(said)?;
    if give_back {
        // `kOrtRunOptionsConfigEnableMemoryArenaShrinkage` of onnxruntime_run_options_config_keys.h
        how.set("memory.enable_memory_arena_shrinkage", "cpu:0")
            .map_err(said)?;
    }
    Ok(how)
}

/// A session, and the device that it runs on.
fn session(path: &Path, runtime: &Runtime, options: &Options) -> Result<(Session, &'static str)> {
    let open = |cuda: bool| -> Result<Session> {
        let mut builder = builder(runtime, options)?;
        if cuda {
            builder = with_cuda(builder)?;
        }
        let cannot = |error: ort::Error| {
            anyhow!(
                "{}: not a network that can be run: {}",
                path.display(),
                error.message()
            )
        };
        builder.commit_from_file(path).map_err(cannot)
    };
    match runtime.device {
        Device::Cpu => Ok((open(false)?, "cpu")),
        Device::Cuda => Ok((open(true)?, "cuda")),
        Device::Auto => match auto(runtime)? {
            Choice { cuda: true, .. } => match open(true) {
                Ok(session) => {
                    log::warn!("running on CUDA");
                    Ok((session, "cuda"))
                }
                Err(error) => {
                    log::warn!("running on the CPU: {}", why_not(&error));
                    Ok((open(false)?, "cpu"))
                }
            },
            Choice { why, .. } => {
                log::warn!("running on the CPU: {}", why.unwrap_or_default());
                Ok((open(false)?, "cpu"))
            }
        },
    }
}

/// What `--device auto` takes: CUDA, where the runtime has it, it loads, and the card is not left to others.
pub(crate) fn auto(runtime: &Runtime) -> Result<Choice> {
    let cpu = |why: String| Choice {
        cuda: false,
        why: Some(why),
    };
    if let Some(why) = FILLED.get_or_init(|| filled(&Card::now()?)) {
        return Ok(cpu(why.clone()));
    }
    // Without a session: CUDA's library is loaded when it is named to one.
    Ok(match with_cuda(builder(runtime, &Options::default())?) {
        Ok(_) => Choice {
            cuda: true,
            why: None,
        },
        Err(error) => cpu(why_not(&error).to_owned()),
    })
}

/// Free memory in bytes below which a card is not taken unless CUDA was asked for: most networks take 1 to 2 GiB.
const ROOM: u64 = 2 << 30;

/// Whether the card is left to others, asked before this process holds anything of it itself.
static FILLED: OnceLock<Option<String>> = OnceLock::new();

/// Why a card is left to others: the memory that they hold. Where the tools alone hold it, they share it.
fn filled(card: &Card) -> Option<String> {
    let others = card.foreign.as_ref().is_none_or(|pids| !pids.is_empty());
    (others && card.free < ROOM).then(|| {
        format!(
            "{} has {:.1} of {:.1} GiB free; --device cuda takes it all the same",
            card.name,
            card.free as f64 / f64::from(1 << 30),
            card.total as f64 / f64::from(1 << 30)
        )
    })
}

/// Why CUDA was not taken, in a few words.
fn why_not(error: &Error) -> &'static str {
    log::debug!("no CUDA: {error:#}");
    if error.to_string().contains("not enabled in this build") {
        "this ONNX Runtime is built without CUDA"
    } else {
        "CUDA could not be used (-vv shows the reason)"
    }
}

fn builder(runtime: &Runtime, options: &Options) -> Result<SessionBuilder> {
    let environment = library::environment(runtime.ort_lib.as_deref())?;
    let level = if options.light_optimization {
        GraphOptimizationLevel::Level1
    } else {
        GraphOptimizationLevel::All
    };
    let mut builder = Session::builder(environment).map_err(said)?;
    builder = builder.with_optimization_level(level).map_err(said)?;
    builder = builder
        .with_intra_threads(runtime.threads())
        .map_err(said)?;
    // Images are decoded on the same cores; threads that spin would starve that.
    builder = builder.with_intra_op_spinning(false).map_err(said)?;
    builder = builder
        .with_memory_pattern(!options.changing_shapes)
        .map_err(said)?;
    builder = builder.with_deterministic_compute(true).map_err(said)?;
    for (name, value) in &options.constants {
        let [number] = value.as_floats()?[..] else {
            bail!("constant `{name}`: only single numbers can be replaced");
        };
        builder = builder
            .with_initializer(name, Arc::new(scalar(value.kind(), number)?))
            .map_err(said)?;
    }
    Ok(builder)
}

/// A number without axes, of the width that a graph has it in.
fn scalar(kind: Kind, number: f32) -> Result<ort::value::DynValue> {
    let none: Vec<usize> = Vec::new();
    Ok(if kind == Kind::F16 {
        let narrow = vec![half::f16::from_f32(number)];
        ort::value::Tensor::from_array((none, narrow))
            .map_err(said)?
            .into_dyn()
    } else {
        ort::value::Tensor::from_array((none, vec![number]))
            .map_err(said)?
            .into_dyn()
    })
}

fn with_cuda(builder: SessionBuilder) -> Result<SessionBuilder> {
    // The default search of convolution algorithms tries all of them again
    // for every new shape of input.
    let cuda = ep::CUDA::default()
        .with_conv_algorithm_search(ep::cuda::ConvAlgorithmSearch::Heuristic)
        .with_tf32(false)
        .build()
        .error_on_failure();
    let refused = |error: ort::Error<SessionBuilder>| {
        anyhow!(
            "--device cuda: {}: `make setup RUNTIME=gpu` or `film2lora make setup RUNTIME=gpu` downloads a runtime with CUDA",
            error.message()
        )
    };
    builder.with_execution_providers([cuda]).map_err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_device_and_want_of_memory_are_the_machines_and_a_wrong_input_is_not() {
        let of = |message: &str| Fault::of(failed("a.onnx", message).as_ref());
        let lost = "CUDA failure 719: unspecified launch failure ; GPU=0";
        assert_eq!(of(lost), Some(Fault::Device));
        let full = "Failed to allocate memory for requested buffer of size 1024";
        assert_eq!(of(full), Some(Fault::NoMemory));
        assert_eq!(of("Got invalid dimensions for input: x"), None);
        assert!(
            failed("a.onnx", lost)
                .to_string()
                .starts_with("a.onnx: CUDA failure 719")
        );
    }
}
