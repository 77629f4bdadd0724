//! What each trainer wants of a data set, and what its loader makes of it: files, captions, masks,
//! sizes and configurations.
//!
//! The rules were read in the trainers' own sources, at the versions in [`Profile::version`], and
//! are tested against cases that were tried on them.
//!
//! | module | what |
//! |---|---|
//! | [`trainers`] | the trainers: one file each, and the table of them |
//! | [`Trainer`] | what a trainer's file says |
//! | [`view`] | a data set as files in a folder, for each trainer its own |
//! | [`training`] | what starts a training: numbers by images, configuration, script |
//! | [`set`] | one folder or list of images, as a trainer would read it |
//! | [`recognise`] | which trainer a file or folder was made for |
//! | [`configuration`] | data set configurations, as strict as their readers |
//! | [`bases`] | base models: tokens that are read, steps of buckets |
//! | [`caption`], [`mask`] | how caption files are read, and masks found |
//! | [`fit`] | bucket, scale and crop of an image, in its own pixels |
//! | [`metadata`], [`tar`] | lists of images, and shards |
//! | [`files`] | the files of a folder, and the endings of images |
//!
//! Nothing here knows of manifests or command lines, or decodes images.

pub mod bases;
pub mod caption;
pub mod configuration;
pub mod files;
pub mod fit;
pub mod mask;
pub mod metadata;
pub mod recognise;
pub mod set;
pub mod tar;
pub mod trainers;
pub mod training;
pub mod view;

mod finding;
mod trainer;

pub use finding::{Finding, Level};
pub use trainer::{CacheName, Pixels, Profile, Trainer};
