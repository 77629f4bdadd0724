//! Vectors in a file, as `clip-embed --vectors` leaves them, made without any code of ours.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// The same records with the numbers of `/embedding/vector` in a file `vectors.npy` of `folder`, the last record's in its first row. All have
/// as many numbers; a record without such a vector stays as it is.
pub fn in_file(folder: &Path, records: &[Value]) -> Vec<Value> {
    let mut moved = records.to_vec();
    let (mut rows, mut length) = (Vec::new(), 0);
    for record in moved.iter_mut().rev() {
        let Some(vector) = record.pointer_mut("/embedding/vector") else {
            continue;
        };
        let numbers: Vec<f32> = serde_json::from_value(vector.clone()).unwrap();
        length = numbers.len();
        let row: Vec<u8> = numbers.iter().flat_map(|one| one.to_le_bytes()).collect();
        *vector = json!({"file": "vectors.npy", "row": rows.len(), "crc32": format!("{:08x}", crc32(&row))});
        rows.push(row);
    }
    let shape = (rows.len(), length);
    let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape:?}, }}");
    let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    bytes.extend(format!("{text:<117}\n").bytes());
    bytes.extend(rows.concat());
    fs::write(folder.join("vectors.npy"), bytes).unwrap();
    moved
}

/// The records without their embeddings, to compare what else a tool made of them.
pub fn without_embeddings(mut records: Vec<Value>) -> Vec<Value> {
    for record in &mut records {
        record.as_object_mut().unwrap().remove("embedding");
    }
    records
}

/// That of zlib, bit by bit: <https://www.rfc-editor.org/rfc/rfc1952#section-8>.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
    let byte = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(!0, byte)
}

#[cfg(test)]
mod tests {
    /// The check value that lists of CRCs have for it.
    #[test]
    fn the_checksum_is_that_of_zlib() {
        assert_eq!(super::crc32(b"123456789"), 0xcbf4_3926);
    }
}
