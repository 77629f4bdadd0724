//! Vectors as records hold them.

use std::fmt;
use std::path::PathBuf;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A vector: its numbers, or where they are.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Vector {
    /// The numbers themselves.
    Numbers(Vec<f32>),
    /// A row of a file beside the manifest.
    Row(Row),
}

/// Where the numbers of a vector are: a row of a file (`.npy`, two axes, `<f4`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Row {
    /// The path of the file, relative to the working directory or absolute.
    pub file: PathBuf,
    /// Number of the row, from 0.
    pub row: u64,
    /// CRC-32 (that of zlib) of the row's bytes, eight hexadecimal digits: by it a row is known that was written anew since.
    pub crc32: String,
}

// By hand: of an untagged enum serde would keep each number in a form of its own first, and a vector has a thousand.
impl<'de> Deserialize<'de> for Vector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either)
    }
}

struct Either;

impl<'de> Visitor<'de> for Either {
    type Value = Vector;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of numbers, or where they are: `file`, `row` and `crc32`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, numbers: A) -> Result<Vector, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(numbers)).map(Vector::Numbers)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Vector, A::Error> {
        Row::deserialize(MapAccessDeserializer::new(members)).map(Vector::Row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_numbers_or_a_row_and_nothing_else() {
        let read = |text| serde_json::from_str::<Vector>(text);
        let row = Row {
            file: "v/a.npy".into(),
            row: 3,
            crc32: "0badcafe".to_owned(),
        };
        let text = r#"{"file":"v/a.npy","row":3,"crc32":"0badcafe"}"#;
        assert_eq!(read(text).unwrap(), Vector::Row(row.clone()));
        assert_eq!(serde_json::to_string(&Vector::Row(row)).unwrap(), text);
        assert_eq!(read("[0.5,1]").unwrap(), Vector::Numbers(vec![0.5, 1.0]));
        for wrong in [
            "7",
            r#""v/a.npy""#,
            r#"[0.5,"x"]"#,
            r#"{"file":"v/a.npy","row":-1,"crc32":"0badcafe"}"#,
            r#"{"file":"v/a.npy","row":3}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let error = read("7").unwrap_err().to_string();
        assert!(error.contains("an array of numbers, or where"), "{error}");
    }
}
