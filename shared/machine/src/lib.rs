//! What the machine may refuse: its faults told from a record's, files that are written whole and last, and what is
//! installed on it: ffmpeg, the folder of models, a graphics card.
//!
//! | module | what |
//! |---|---|
//! | [`mod@ask`] | what a program says of itself, within a time limit |
//! | [`card`] | how much of the graphics card is free, and who holds it |
//! | [`fault`] | whether an error is the machine's: a full disk, too many open files, a lost GPU |
//! | [`mod@ffmpeg`] | where ffmpeg is, and what is built into it |
//! | [`mod@file`] | files that are there whole or not at all, after a kill and after a power cut |
//! | [`places`] | where what `make setup` and `make models` installed may be |

pub mod ask;
pub mod card;
pub mod fault;
pub mod ffmpeg;
pub mod file;
pub mod places;
mod threads;

pub use ask::ask;
pub use card::Card;
pub use fault::{Fault, Faulty};
pub use ffmpeg::Ffmpeg;
pub use threads::threads;
