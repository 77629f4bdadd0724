//! What each trainer's loader does with files, captions, masks and sizes.
//!
//! The rules were read in the trainers' own sources, at the versions in
//! [`Trainer::version`], and are tested against cases that were tried on them.
//!
//! | module | what |
//! |---|---|
//! | [`Trainer`] | the trainers, and which files each takes for pictures |
//! | [`bases`] | base models: tokens that are read, steps of buckets |
//! | [`caption`] | where a caption is looked for, and what is made of the file |
//! | [`fit`] | bucket, scale and crop of a picture, in its own pixels |
//! | [`mask`] | which mask belongs to which picture |
//! | [`config`] | data set configurations, as strict as their readers |
//! | [`metadata`] | `metadata.jsonl` as three loaders read it |
//! | [`tar`] | samples of a `WebDataset` shard |
//!
//! Nothing here knows of manifests or command lines, or decodes pictures.

pub mod bases;
pub mod caption;
pub mod config;
pub mod fit;
pub mod mask;
pub mod metadata;
pub mod tar;

mod trainer;

pub use trainer::{Trainer, repeats};
