//! What the machine may refuse: its faults told from a record's, and files that are written whole and last.
//!
//! | module | what |
//! |---|---|
//! | [`fault`] | whether an error is the machine's: a full disk, too many open files, a lost GPU |
//! | [`mod@file`] | files that are there whole or not at all, after a kill and after a power cut |

pub mod fault;
pub mod file;

pub use fault::{Fault, Faulty};
