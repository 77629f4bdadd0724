//! What a LoRA type says of flags that were not given.

use std::num::NonZero;

use clap::Parser;
use stage::Result;
use types::{TYPES, Type};

use crate::Args;

/// The types of which data sets are selected.
pub(crate) fn types() -> impl Iterator<Item = &'static Type> {
    TYPES.iter().filter(|one| one.target.is_some())
}

/// The values of a flag, or those of the type where there are none.
fn given<T>(values: Vec<T>, own: Vec<T>) -> Vec<T> {
    if values.is_empty() { own } else { values }
}

impl Args {
    /// With those of the type for flags that were not given.
    pub(crate) fn completed(self) -> Result<Self> {
        let Some(kind) = self.kind else {
            return Ok(self);
        };
        let words = kind.balance.split_whitespace();
        let own = Self::try_parse_from(std::iter::once("balance").chain(words))?;
        Ok(Self {
            target: self.target.or(kind.target.and_then(NonZero::new)),
            by: given(self.by, own.by),
            quota: given(self.quota, own.quota),
            reserve: given(self.reserve, own.reserve),
            at_most: given(self.at_most, own.at_most),
            per_shot: self.per_shot.or(own.per_shot),
            per_film: self.per_film.or(own.per_film),
            on: self.on.or(own.on),
            prefer: given(self.prefer, own.prefer),
            ..self
        })
    }
}
