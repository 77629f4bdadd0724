//! Progress of a download: bytes, rate, time left; a bar on a terminal, lines in a log.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, HumanDuration, ProgressBar, ProgressStyle};
use log::LevelFilter;

use crate::messages;
use crate::progress::every;

/// How far a download is.
#[derive(Debug)]
pub struct Transfer {
    bar: ProgressBar,
    /// How often a line is due, and when the last one was.
    lines: Option<(Duration, Instant)>,
    began: Instant,
    /// Bytes that were there before.
    before: u64,
    done: u64,
    total: Option<u64>,
}

impl Transfer {
    /// Of `total` bytes, if that is known, `before` are there already. Nothing is shown where the user
    /// asked for quiet.
    pub fn new(before: u64, total: Option<u64>) -> Self {
        let speaks = log::max_level() > LevelFilter::Error;
        let terminal = io::stderr().is_terminal();
        let bar = if speaks && terminal {
            drawn(before, total)
        } else {
            ProgressBar::hidden()
        };
        if !bar.is_hidden() {
            messages::above(&bar);
        }
        let every = every().filter(|_| speaks && !terminal);
        Self {
            bar,
            lines: every.map(|every| (every, Instant::now())),
            began: Instant::now(),
            before,
            done: before,
            total,
        }
    }

    /// This many more bytes are there.
    pub fn step(&mut self, bytes: u64) {
        self.done += bytes;
        self.bar.inc(bytes);
        if let Some((every, last)) = self.lines
            && last.elapsed() >= every
        {
            self.lines = Some((every, Instant::now()));
            let seconds = self.began.elapsed().as_secs_f64();
            messages::say(&line(self.before, self.done, self.total, seconds));
        }
    }
}

impl Drop for Transfer {
    /// Takes the bar off the terminal.
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn drawn(before: u64, total: Option<u64>) -> ProgressBar {
    let (bar, template) = match total {
        Some(total) => (
            ProgressBar::new(total),
            "{prefix} {wide_bar} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left",
        ),
        None => (
            ProgressBar::new_spinner(),
            "{prefix} {spinner} {decimal_bytes}, {decimal_bytes_per_sec}, {elapsed}",
        ),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_prefix(messages::tool());
    // What was there before says nothing about the rate.
    let bar = bar.with_position(before);
    bar.reset_eta();
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A line of progress after this many seconds.
fn line(before: u64, done: u64, total: Option<u64>, seconds: f64) -> String {
    let rate = (done - before) as f64 / seconds.max(1e-3);
    let said = format!("{} at {}/s", DecimalBytes(done), DecimalBytes(rate as u64));
    let Some(total) = total else {
        return said;
    };
    let left = total.saturating_sub(done) as f64 / rate.max(1.0);
    let left = HumanDuration(Duration::from_secs_f64(left));
    format!("{said}, of {}, {left} left", DecimalBytes(total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_by_what_came_in_this_run() {
        // 2 MB in 4 s; 3 MB more take 6 s.
        assert_eq!(
            line(5_000_000, 7_000_000, Some(10_000_000), 4.0),
            "7.00 MB at 500.00 kB/s, of 10.00 MB, 6 seconds left"
        );
        assert_eq!(line(0, 1000, None, 1.0), "1.00 kB at 1.00 kB/s");
    }
}
