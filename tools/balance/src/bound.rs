//! Bounds of numbers, as the command line gives them.

use stage::{Context, Error, Record, Result, anyhow, ensure};

/// The most that the number of one key may be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bound {
    /// JSON pointer to the key.
    pointer: String,
    most: f64,
}

impl Bound {
    /// What `record` exceeds of these bounds, in words; of bounds of one key only the last counts. A record
    /// without the number exceeds nothing.
    pub(crate) fn exceeded(bounds: &[Self], record: &Record) -> Result<Option<String>> {
        for (number, bound) in bounds.iter().enumerate() {
            let later = &bounds[number + 1..];
            if later.iter().any(|other| other.pointer == bound.pointer) {
                continue;
            }
            let own: Option<f64> = record.at(&bound.pointer)?;
            if let Some(own) = own.filter(|own| *own > bound.most) {
                let Self { pointer, most } = bound;
                return Ok(Some(format!("{pointer} is {own}, over {most}")));
            }
        }
        Ok(None)
    }
}

impl std::str::FromStr for Bound {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (pointer, most) = text.rsplit_once('=').context("not POINTER=NUMBER")?;
        ensure!(pointer.starts_with('/'), "a JSON pointer starts with `/`");
        let most: f64 = most.parse().map_err(|_| anyhow!("not POINTER=NUMBER"))?;
        ensure!(most.is_finite(), "not POINTER=NUMBER");
        Ok(Self {
            pointer: pointer.to_owned(),
            most,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_bound_is_refused() {
        for text in ["", "/a", "a=1", "/a=", "/a=x", "/a=NaN", "/a=inf"] {
            assert!(text.parse::<Bound>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_last_bound_of_a_key_counts() {
        let bytes = br#"{"id":"a","b":{"c":0.5}}"#.to_vec();
        let line = stage::manifest::Line { number: 1, bytes };
        let record = line.parse().unwrap();
        let said = |bounds: &[&str]| {
            let bounds: Vec<Bound> = bounds.iter().map(|text| text.parse().unwrap()).collect();
            Bound::exceeded(&bounds, &record).unwrap()
        };
        assert_eq!(said(&["/b/c=0.5"]), None);
        assert_eq!(said(&["/b/c=0.25"]).unwrap(), "/b/c is 0.5, over 0.25");
        assert_eq!(said(&["/b/c=0.25", "/b/c=0.75"]), None);
        assert_eq!(
            said(&["/b/none=0"]),
            None,
            "what was not measured is not over"
        );
    }
}
