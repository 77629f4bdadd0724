//! Writing: values to raw JSON, with rounded numbers.

use std::collections::HashMap;
use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter};
use serde_json::value::RawValue;

use crate::{Error, Result};

/// Rounds to `digits` decimals, half away from zero; zero has no sign.
///
/// ```
/// assert_eq!(manifest::rounded(0.1_f32.into(), 5), 0.1);
/// assert_eq!(manifest::rounded(-1e-9, 5).to_string(), "0");
/// ```
pub fn rounded(value: f64, digits: u32) -> f64 {
    let scale = 10_f64.powi(digits.cast_signed());
    let scaled = value * scale;
    // From 2^53 on a double has no decimals to lose, and scaling would change it.
    if scaled.abs() < 9_007_199_254_740_992.0 {
        scaled.round() / scale + 0.0
    } else {
        value
    }
}

/// Turns `value` into JSON text.
pub(crate) fn raw<T: Serialize + ?Sized>(
    key: &str,
    value: &T,
    digits: u32,
) -> Result<Box<RawValue>> {
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, Rounding { digits });
    value.serialize(&mut serializer).map_err(|cause| {
        if cause.is_io() {
            return Error::NotFinite(key.to_owned());
        }
        value_error(key, cause)
    })?;
    let text = String::from_utf8(text).map_err(|e| Error::Utf8(e.utf8_error().valid_up_to()))?;
    RawValue::from_string(text).map_err(|cause| value_error(key, cause))
}

fn value_error(key: &str, cause: serde_json::Error) -> Error {
    Error::Value {
        key: key.to_owned(),
        cause,
    }
}

/// The member or element `step` of a JSON object or array.
pub(crate) fn child(value: &RawValue, step: &str) -> Option<Box<RawValue>> {
    let text = value.get();
    if let Ok(mut members) = serde_json::from_str::<HashMap<String, Box<RawValue>>>(text) {
        return members.remove(step);
    }
    let mut elements = serde_json::from_str::<Vec<Box<RawValue>>>(text).ok()?;
    let index = step.parse().ok().filter(|&index| index < elements.len())?;
    Some(elements.swap_remove(index))
}

/// Writes compact JSON, rounds every float, and refuses null.
///
/// `serde_json` writes NaN and infinity as null. As the records never hold
/// null, refusing it catches both.
struct Rounding {
    digits: u32,
}

impl Formatter for Rounding {
    fn write_null<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        Err(io::ErrorKind::InvalidData.into())
    }

    fn write_f32<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        self.write_f64(writer, value.into())
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        CompactFormatter.write_f64(writer, rounded(value, self.digits))
    }
}
