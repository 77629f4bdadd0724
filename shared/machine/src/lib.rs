//! What the machine may refuse: its faults told from a record's, files that are written whole and last, and its
//! graphics card.
//!
//! | module | what |
//! |---|---|
//! | [`card`] | how much of the graphics card is free, and who holds it |
//! | [`fault`] | whether an error is the machine's: a full disk, too many open files, a lost GPU |
//! | [`mod@file`] | files that are there whole or not at all, after a kill and after a power cut |

pub mod card;
pub mod fault;
pub mod file;

pub use card::Card;
pub use fault::{Fault, Faulty};
