//! What a record is judged by.

use serde_json::Value;
use stage::{Context, Record, Result, Space, bail, ensure};

use crate::Args;
use crate::bound::Bound;

/// The value of a key that a record does not have.
pub(crate) const UNKNOWN: &str = "unknown";

/// All of a record that the choice depends on.
#[derive(Debug)]
pub(crate) struct Candidate {
    /// Its values of the keys of `--by`.
    pub(crate) cell: Vec<String>,
    /// Its values of the keys that have quotas, in the order of these keys.
    pub(crate) values: Vec<String>,
    /// The first of the reserves that it belongs to.
    pub(crate) reserve: Option<usize>,
    /// Its film, where it says one.
    pub(crate) film: Option<String>,
    /// Its film and shot.
    pub(crate) shot: Option<(String, u64)>,
    /// Its film and the time in it, in seconds.
    pub(crate) time: Option<(String, f32)>,
    /// What its vector is of.
    pub(crate) space: Space,
    /// The numbers of `--prefer`.
    pub(crate) qualities: Vec<Option<f64>>,
    /// The bound that it exceeds, in words.
    pub(crate) exceeds: Option<String>,
}

impl Candidate {
    /// Reads what the flags ask for, and the vector, empty where there is none; `keys` are the keys that have
    /// quotas.
    pub(crate) fn read(args: &Args, keys: &[String], record: &Record) -> Result<(Self, Vec<f32>)> {
        let values = |pointers: &[String]| -> Result<Vec<String>> {
            pointers
                .iter()
                .map(|pointer| value(record, pointer))
                .collect()
        };
        let mut reserve = None;
        for (number, of) in args.reserve.iter().enumerate() {
            if reserve.is_none() && value(record, &of.pointer)? == of.value {
                reserve = Some(number);
            }
        }
        let named: Option<String> = record.at("/source/film")?;
        let film = named.clone().unwrap_or_default();
        let shot: Option<u64> = record.at("/source/shot")?;
        let time: Option<f32> = record.at("/source/time")?;
        let preferred = args.preferred();
        let qualities = preferred.iter().map(|pointer| Ok(record.at(pointer)?));
        let qualities = qualities.collect::<Result<_>>()?;
        let vector = vector(args, record)?;
        let candidate = Self {
            cell: values(&args.by)?,
            values: values(keys)?,
            reserve,
            film: named,
            shot: shot.map(|shot| (film.clone(), shot)),
            time: time.map(|time| (film, time)),
            space: Space::of(record, pointer(args), vector.len())?,
            qualities,
            exceeds: Bound::exceeded(&args.at_most, record)?,
        };
        Ok((candidate, vector))
    }
}

/// The value of a key, as text; [`UNKNOWN`] if there is none.
fn value(record: &Record, pointer: &str) -> Result<String> {
    Ok(match record.at::<Value>(pointer)? {
        None => UNKNOWN.to_owned(),
        Some(Value::String(text)) => text,
        Some(Value::Array(_) | Value::Object(_)) => {
            bail!(
                "key `{pointer}` is a list or an object; a category must be text, a number, true or false"
            )
        }
        Some(scalar) => scalar.to_string(),
    })
}

/// Where the vector to spread by is.
fn pointer(args: &Args) -> &str {
    args.on.as_deref().unwrap_or("/embedding/vector")
}

/// The vector to spread by. One that `--on` names must be there.
fn vector(args: &Args, record: &Record) -> Result<Vec<f32>> {
    let pointer = pointer(args);
    let Some(vector) = vectors::at(record, pointer)? else {
        ensure!(args.on.is_none(), "key `{pointer}` is missing");
        return Ok(Vec::new());
    };
    // Squares of larger numbers do not add up any more.
    let large = vector.iter().find(|number| number.abs() > 1e15);
    match large {
        Some(number) => Err(stage::anyhow!("{number} is too large")),
        None => Ok(vector),
    }
    .with_context(|| format!("key `{pointer}`"))
}
