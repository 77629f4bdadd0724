//! Data sets that are wrong in one way each.

mod captions;
mod configurations;
mod folders;
mod images;
