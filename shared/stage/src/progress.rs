//! Progress: records, rate, time left; a bar on a terminal, lines in a log.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

use crate::flags::Voice;
use crate::messages;

/// The environment variable that asks the last tool of a pipe for a line of
/// progress every this many seconds, where standard error is no terminal.
pub const PROGRESS_VARIABLE: &str = "FILM2LORA_PROGRESS";

/// How far a run is.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// How often a line is due, and when the last one was.
    lines: Option<(Duration, Instant)>,
    began: Instant,
    records: u64,
    /// In the unit of `total`.
    done: u64,
    total: Total,
}

/// What there is to do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Total {
    /// Bytes of input.
    Bytes(u64),
    /// Items.
    Items(u64),
    /// Nobody knows.
    Unknown,
}

impl Progress {
    /// A bar if there is a terminal to draw it on and no other tool draws
    /// there; lines if they are asked for.
    pub(crate) fn new(voice: &Voice, total: Total) -> Self {
        let speaks = !voice.quiet && last_in_pipe();
        let terminal = io::stderr().is_terminal();
        // A bar would run through records that are printed on the same terminal.
        let draws = speaks && terminal && voice.verbose == 0 && !io::stdout().is_terminal();
        let bar = if draws {
            drawn(total)
        } else {
            ProgressBar::hidden()
        };
        if !bar.is_hidden() {
            messages::above(&bar);
        }
        Self {
            bar,
            lines: every()
                .filter(|_| speaks && !terminal)
                .map(|every| (every, Instant::now())),
            began: Instant::now(),
            records: 0,
            done: 0,
            total,
        }
    }

    /// One more item is done; it took up `bytes` of the input.
    pub(crate) fn step(&mut self, bytes: u64) {
        self.records += 1;
        let step = if matches!(self.total, Total::Bytes(_)) {
            bytes
        } else {
            1
        };
        self.done += step;
        if !self.bar.is_hidden() {
            self.bar.inc(step);
            self.bar.set_message(self.rate());
        }
        if let Some((every, last)) = self.lines
            && last.elapsed() >= every
        {
            self.lines = Some((every, Instant::now()));
            messages::say(&format!("{}{}", self.rate(), self.left()));
        }
    }

    /// Takes the bar off the terminal.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn rate(&self) -> String {
        let rate = self.records as f64 / self.began.elapsed().as_secs_f64().max(1e-3);
        format!("{} records, {rate:.1}/s", self.records)
    }

    fn left(&self) -> String {
        let (Total::Bytes(total) | Total::Items(total)) = self.total else {
            return String::new();
        };
        let share = (self.done as f64 / total.max(1) as f64).clamp(1e-9, 1.0);
        let left = self.began.elapsed().mul_f64(1.0 / share - 1.0);
        format!(", {:.0} %, {} left", share * 100.0, HumanDuration(left))
    }
}

/// How often a line of progress is asked for.
pub(crate) fn every() -> Option<Duration> {
    let seconds = std::env::var(PROGRESS_VARIABLE).ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

fn drawn(total: Total) -> ProgressBar {
    let (length, template) = match total {
        Total::Bytes(length) | Total::Items(length) => (
            Some(length),
            "{prefix} {wide_bar} {percent}% {msg} {eta} left",
        ),
        Total::Unknown => (None, "{prefix} {spinner} {msg} {elapsed}"),
    };
    let bar = length.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_prefix(messages::tool());
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Only the last tool of a pipe speaks of progress: the others share its
/// standard error.
fn last_in_pipe() -> bool {
    let stdout = io::stdout()
        .as_fd()
        .try_clone_to_owned()
        .and_then(|fd| File::from(fd).metadata());
    stdout.is_ok_and(|stdout| !stdout.file_type().is_fifo())
}
