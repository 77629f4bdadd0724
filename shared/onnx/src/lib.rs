//! Networks in ONNX files: the runtime, sessions, devices, batches, and the registry of models.
//!
//! A tool asks [`ModelFlags::open`] for the model of its role, opens its graphs as [`Net`]s against
//! a [`Contract`], and runs [`Tensor`]s through them. Nothing here knows what a network is for.
//!
//! | module | what |
//! |---|---|
//! | `library` | finds and loads ONNX Runtime, once a process |
//! | `report` | which ONNX Runtime it is, what is built into it, and which device it takes |
//! | `quiet` | keeps ONNX Runtime from telling of the user |
//! | `registry`, `model` | which models there are, where their files lie, whether they are whole |
//! | `store` | which models are installed |
//! | `checked`, `lock` | checksums that are taken once, and those of files that the registry has none for |
//! | `contract` | what a graph must take and give |
//! | `net`, `tensor` | sessions, and what goes in and comes out |
//! | `batch` | batches that halve when memory runs out |
//!
//! This is the only crate that names `ort`.

mod batch;
mod checked;
mod checksum;
mod contract;
mod flags;
mod library;
mod lock;
mod model;
mod near;
mod net;
mod quiet;
mod registry;
mod report;
mod store;
mod tensor;

pub use batch::{OutOfMemory, halving};
pub use checked::checksum;
pub use checksum::sha256;
pub use contract::{Contract, Dim, Kind, Port, listed};
pub use flags::{Device, ModelFlags, Runtime};
pub use lock::{Lock, Pinned};
pub use model::{Model, ModelFile};
pub use net::{Net, Options, Outputs, Provenance};
pub use quiet::quietly;
pub use registry::{Entry, FileEntry, Registry};
pub use report::{Choice, Report, report};
pub use store::{Look, Proof, State, Store};
pub use tensor::Tensor;
