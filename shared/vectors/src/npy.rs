//! The head of a `NumPy` file: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>, version 1.0.

/// What such a file begins with, and the version.
const MAGIC: &[u8; 8] = b"\x93NUMPY\x01\x00";

/// What is said before the lengths of the two axes: little-endian 32-bit numbers, row after row.
const BEFORE: &str = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
/// What is said behind them.
const BEHIND: &str = "), }";

/// Bytes before the text: the magic, and how long the text is in two bytes.
pub(crate) const FIXED: usize = MAGIC.len() + 2;

/// Bytes of a head as it is written here, and by `NumPy`: a multiple of 64, with room for any number of rows, so that the
/// number can be written when all are there.
pub(crate) const HEAD: usize = 128;

/// The head of a file of that many rows of that many numbers.
pub(crate) fn head(rows: u64, length: u32) -> Vec<u8> {
    let text = format!("{BEFORE}{rows}, {length}{BEHIND}");
    let room = HEAD - FIXED;
    let mut head = MAGIC.to_vec();
    head.extend((room as u16).to_le_bytes());
    head.extend(format!("{text:<width$}\n", width = room - 1).bytes());
    head
}

/// How long the text is behind the first bytes of a file; `None` if it is no `NumPy` file of this version.
pub(crate) fn text_length(first: [u8; FIXED]) -> Option<usize> {
    let length = first.strip_prefix(MAGIC)?;
    Some(u16::from_le_bytes(length.try_into().ok()?).into())
}

/// How many numbers a row has, by the text; `None` if there is something else in the file. How many rows there are is said, too,
/// but is not true before the file is complete.
pub(crate) fn row_length(text: &[u8]) -> Option<u32> {
    let text = str::from_utf8(text).ok()?.trim_end();
    let shape = text.strip_prefix(BEFORE)?.strip_suffix(BEHIND)?;
    let (rows, length) = shape.split_once(", ")?;
    rows.parse::<u64>().ok()?;
    length.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `numpy.save` of `NumPy` 2 writes it for `zeros((3, 512), "<f4")`.
    #[test]
    fn a_head_has_the_bytes_that_numpy_writes() {
        let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 512), }";
        let mut expected = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        expected.extend(text.bytes());
        expected.resize(127, b' ');
        expected.push(b'\n');
        assert_eq!(head(3, 512), expected);
    }

    #[test]
    fn any_number_of_rows_has_room_in_the_head() {
        for (rows, length) in [(0, 1), (1_000_000, 512), (u64::MAX, u32::MAX)] {
            let head = head(rows, length);
            assert_eq!(head.len(), HEAD);
            let (first, text) = head.split_at(FIXED);
            assert_eq!(text_length(first.try_into().unwrap()), Some(text.len()));
            assert_eq!(row_length(text), Some(length));
        }
    }

    #[test]
    fn what_is_no_matrix_of_32_bits_is_refused() {
        for wrong in [
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 512), }",
            "{'descr': '>f4', 'fortran_order': False, 'shape': (3, 512), }",
            "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 512), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (512,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3, 512), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3, -1), }",
            "",
        ] {
            assert_eq!(row_length(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(
            text_length(*b"\x93NUMPY\x02\x00\x76\x00"),
            None,
            "version 2"
        );
        assert_eq!(text_length(*b"\x89PNG\r\n\x1a\n\x00\x00"), None);
    }
}
