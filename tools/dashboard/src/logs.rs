//! What a phase said last: how far it is, or what went wrong.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use stage::printable;

/// Bytes of the end of a log that are read.
const END: u64 = 1 << 14;
/// Lines of it that are shown, and characters of each.
const LINES: usize = 12;
const LONGEST: usize = 400;

/// The end of a log.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// How far the last tool of the phase is.
    pub(crate) step: Option<Step>,
    /// The last lines that say something else.
    pub(crate) lines: Vec<String>,
}

/// A line of progress, as the tools write it: `sam-mask: 120 records, 3.4/s, 25 %, 2 minutes left`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Step {
    pub(crate) records: u64,
    /// Records a second.
    pub(crate) rate: f64,
    /// 0 to 100.
    pub(crate) percent: Option<f64>,
    /// In words.
    pub(crate) left: Option<String>,
}

impl Step {
    fn of(line: &str) -> Option<Self> {
        let (before, after) = line.split_once(" records, ")?;
        let records = before.rsplit(' ').next()?.parse().ok()?;
        let mut parts = after.split(", ");
        let rate = parts.next()?.strip_suffix("/s")?.parse().ok()?;
        let percent = parts.next().and_then(|part| part.strip_suffix(" %"));
        let left = parts.next().and_then(|part| part.strip_suffix(" left"));
        Some(Self {
            records,
            rate,
            percent: percent
                .and_then(|part| part.parse().ok())
                .filter(|percent| (0.0..=100.0).contains(percent)),
            left: left.map(str::to_owned),
        })
    }
}

/// Reads the end of a log; empty if it is not a file or cannot be read.
pub(crate) fn read(path: &Path) -> Log {
    let text = end(path).unwrap_or_default();
    let mut log = Log::default();
    for line in text.lines().rev().map(str::trim_end) {
        match Step::of(line) {
            Some(step) => {
                log.step.get_or_insert(step);
            }
            None if !line.is_empty() && log.lines.len() < LINES => {
                let line: String = line.chars().take(LONGEST).collect();
                log.lines.push(printable(&line).into_owned());
            }
            None => {}
        }
    }
    log.lines.reverse();
    log
}

fn end(path: &Path) -> std::io::Result<String> {
    // A pipe in its place would be waited for.
    if !std::fs::metadata(path)?.is_file() {
        return Ok(String::new());
    }
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
    let mut bytes = Vec::new();
    file.take(END).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(match text.split_once('\n') {
        // The first line may be half of one.
        Some((_, rest)) if length > END => rest.to_owned(),
        _ => text,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_progress_is_taken_apart() {
        let step = Step::of("sam-mask: 120 records, 3.4/s, 25 %, 2 minutes left").unwrap();
        assert_eq!(
            step,
            Step {
                records: 120,
                rate: 3.4,
                percent: Some(25.0),
                left: Some("2 minutes".to_owned())
            }
        );
        let step = Step::of("frame-extract: 7 records, 0.5/s").unwrap();
        assert_eq!((step.records, step.percent, step.left), (7, None, None));
        for other in ["", "x records, 3/s", "a: 3 records, fast", "a: no image"] {
            assert_eq!(Step::of(other), None, "{other}");
        }
    }

    #[test]
    fn the_end_of_a_log_is_its_last_lines() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let many: Vec<String> = (0..5000)
            .map(|n| format!("line {n} \u{1b}[31m\n"))
            .collect();
        std::fs::write(&path, many.concat() + "a: 3 records, 1.0/s\nlast\n\n").unwrap();
        let log = read(&path);
        assert_eq!(log.lines.len(), LINES);
        assert_eq!(log.lines[LINES - 1], "last");
        assert!(log.lines[0].starts_with("line 4989 "), "{:?}", log.lines);
        assert!(!log.lines[0].contains('\u{1b}'));
        assert_eq!(log.step.unwrap().records, 3);
        assert!(read(folder.path()).lines.is_empty(), "a folder is no log");
    }
}
