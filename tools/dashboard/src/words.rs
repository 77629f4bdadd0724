//! Numbers and names for a person, and for an address.

use bytesize::ByteSize;
use jiff::Timestamp;

/// A size in bytes, in the unit that reads best.
pub(crate) fn size(bytes: u64) -> String {
    ByteSize::b(bytes).display().si().to_string()
}

/// A time of day, UTC, to the second.
pub(crate) fn clock(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Seconds, in the unit that reads best.
pub(crate) fn time(seconds: f64) -> String {
    let whole = seconds.round().clamp(0.0, 1e9) as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole / 60 % 60),
    }
}

/// A count with its thousands apart.
pub(crate) fn number(count: u64) -> String {
    let digits = count.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<String> = groups
        .map(|group| String::from_utf8_lossy(group).into_owned())
        .collect();
    groups.join(",")
}

/// A name as a part of an address: all but letters, digits and a few signs by their bytes.
pub(crate) fn escaped(part: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    part.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_a_person_writes_them() {
        let times = [0.4, 59.6, 61.0, 7325.0, f64::INFINITY].map(time);
        assert_eq!(
            times,
            [
                "0 s",
                "1 min 00 s",
                "1 min 01 s",
                "2 h 02 min",
                "277777 h 46 min"
            ]
        );
        assert_eq!(
            (number(7), number(1_234_567)),
            ("7".to_owned(), "1,234,567".to_owned())
        );
    }

    #[test]
    fn a_name_in_an_address_is_escaped() {
        assert_eq!(escaped("a b\"<é?#"), "a%20b%22%3C%C3%A9%3F%23");
    }
}
