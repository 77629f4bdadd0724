//! Numbers for a person.

/// Seconds as minutes and seconds, and hours where there are some.
pub(crate) fn clock(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{rest:02}")
    } else {
        format!("{minutes}:{rest:02}")
    }
}

/// A count with its thousands apart.
pub(crate) fn number(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> = { digits.as_bytes().rchunks(3).rev() }
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    groups.join(",")
}

/// A part as percent of the whole.
pub(crate) fn share(part: u64, of: u64) -> String {
    let percent = part as f64 / of.max(1) as f64 * 100.0;
    if percent > 0.0 && percent < 1.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_a_person_writes_them() {
        assert_eq!(
            (number(0), number(999), number(1_234_567)),
            ("0".into(), "999".into(), "1,234,567".into())
        );
        assert_eq!(
            (clock(59.9), clock(61.0), clock(3725.0)),
            ("0:59".into(), "1:01".into(), "1:02:05".into())
        );
        assert_eq!(
            (share(1, 3), share(1, 300), share(0, 0)),
            ("33 %".into(), "0.3 %".into(), "0 %".into())
        );
    }
}
