//! What the frames of a film tell when they are seen in order.
//!
//! | module | what |
//! |---|---|
//! | [`figures`] | what is measured on each frame, made small |
//! | [`shots`] | where shots begin, and which frames are of a dissolve, a fade or a flash |
//! | [`scored`] | the same by the scores of a network, alone or beside the rules |
//! | [`sampled`] | the same where only one or two frames of a second are there |
//! | [`letterbox`] | the part of the frames that is inside black bars |
//!
//! It knows neither films nor records: `frame-extract` gives it all frames of a film as ffmpeg decodes them,
//! `shot-detect` and `frame-crop` the frames of a manifest.

mod cuts;
mod dissolves;
#[cfg(test)]
mod drawn;
mod fades;
pub mod figures;
mod flashes;
pub mod letterbox;
pub mod sampled;
pub mod scored;
pub mod shots;
