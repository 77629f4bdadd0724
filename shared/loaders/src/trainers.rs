//! The trainers, each in a file of its own.

pub mod ai_toolkit;
pub mod diffusers;
pub mod diffusion_pipe;
pub mod musubi;
pub mod one_trainer;
pub mod sd_scripts;
pub mod simple_tuner;
pub mod webdataset;

use crate::Trainer;
use crate::view::View;

/// All trainers: in this order they are listed and asked whether a file is theirs. The first is taken
/// where nothing says which is meant.
pub static TRAINERS: &[&dyn Trainer] = &[
    &sd_scripts::CONFIGURED,
    &sd_scripts::NUMBERED,
    &one_trainer::OneTrainer,
    &ai_toolkit::AiToolkit,
    &diffusers::Diffusers,
    &musubi::Musubi,
    &diffusion_pipe::DiffusionPipe,
    &simple_tuner::SimpleTuner,
    &webdataset::WebDataset,
];

/// The trainer of a name.
pub fn named(name: &str) -> Option<&'static dyn Trainer> {
    let mut trainers = TRAINERS.iter().copied();
    trainers.find(|trainer| trainer.profile().name == name)
}

/// The views that data sets can be written in, in the order of the trainers.
pub fn views() -> impl Iterator<Item = &'static dyn View> {
    TRAINERS.iter().filter_map(|trainer| trainer.view())
}
