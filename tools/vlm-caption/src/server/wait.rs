//! How long a server asks to wait, and times in words.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use ureq::http::HeaderMap;

/// How long a server asks to wait: milliseconds, seconds, or until a time by its own clock.
pub(crate) fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.trim());
    let number = |name: &str| text(name)?.parse::<f64>().ok();
    if let Some(milliseconds) = number("retry-after-ms") {
        return seconds(milliseconds / 1000.0);
    }
    if let Some(found) = number("retry-after") {
        return seconds(found);
    }
    let time = |name: &str| Some(rfc2822::parse(text(name)?).ok()?.timestamp());
    let now = time("date").unwrap_or_else(Timestamp::now);
    let until = time("retry-after")?.duration_since(now);
    Some(Duration::try_from(until).unwrap_or_default())
}

/// A number of seconds; more than a clock can hold is as long as can be.
fn seconds(seconds: f64) -> Option<Duration> {
    (seconds >= 0.0).then(|| Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

/// A time in words: `1.5 s`, `5 min`, `27 h 46 min`, `12 d`.
pub(crate) fn words(time: Duration) -> String {
    let seconds = time.as_secs();
    let two = |larger: u64, unit: &str, smaller: u64, other: &str| match smaller {
        0 => format!("{larger} {unit}"),
        _ => format!("{larger} {unit} {smaller} {other}"),
    };
    match seconds {
        0..60 => {
            let text = format!("{:.1}", time.as_secs_f64());
            format!("{} s", text.trim_end_matches(".0"))
        }
        60..3600 => two(seconds / 60, "min", seconds % 60, "s"),
        3600..172_800 => two(seconds / 3600, "h", seconds / 60 % 60, "min"),
        _ => two(seconds / 86_400, "d", seconds / 3600 % 24, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(headers: &[(&'static str, &str)]) -> Option<Duration> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        asked(&map)
    }

    #[test]
    fn the_server_says_how_long_to_wait() {
        let [second, minute] = [Duration::from_secs(1), Duration::from_mins(1)];
        for (asked, expected) in [
            ("7", Some(7 * second)),
            ("0.5", Some(second / 2)),
            ("99999", Some(99_999 * second)),
            ("1e300", Some(Duration::MAX)),
            ("-1", None),
            ("nan", None),
            ("soon", None),
            ("Wed, 21 Oct 2015 07:28:00 GMT", Some(minute)),
            ("Wed, 21 Oct 2015 07:00:00 GMT", Some(Duration::ZERO)),
        ] {
            let date = ("date", "Wed, 21 Oct 2015 07:27:00 GMT");
            assert_eq!(wait(&[date, ("retry-after", asked)]), expected, "{asked}");
        }
        let past = wait(&[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")]);
        assert_eq!(past, Some(Duration::ZERO), "by the clock of this machine");
        assert_eq!(wait(&[("retry-after-ms", "1500")]), Some(3 * second / 2));
        assert_eq!(wait(&[]), None);
    }

    #[test]
    fn times_are_told_in_words() {
        for (seconds, expected) in [
            (0.0, "0 s"),
            (1.54, "1.5 s"),
            (16.0, "16 s"),
            (300.0, "5 min"),
            (301.0, "5 min 1 s"),
            (7200.0, "2 h"),
            (99_999.0, "27 h 46 min"),
            (180_000.0, "2 d 2 h"),
        ] {
            assert_eq!(words(Duration::from_secs_f64(seconds)), expected);
        }
    }
}
