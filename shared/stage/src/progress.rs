//! Progress on a terminal: records, rate, time left.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::flags::Voice;
use crate::messages;

/// A bar that counts records, and how far into the input they reach.
pub(crate) struct Progress {
    bar: ProgressBar,
    records: u64,
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
    /// A bar, if there is a terminal to draw it on and no other tool draws there.
    pub(crate) fn new(voice: &Voice, total: Total) -> Self {
        let bar = if voice.quiet || voice.verbose > 0 || !last_in_pipe() {
            ProgressBar::hidden()
        } else {
            drawn(total)
        };
        if !bar.is_hidden() {
            messages::above(&bar);
        }
        Self {
            bar,
            records: 0,
            total,
        }
    }

    /// One more item is done; it took up `bytes` of the input.
    pub(crate) fn step(&mut self, bytes: u64) {
        self.records += 1;
        if self.bar.is_hidden() {
            return;
        }
        let rate = self.records as f64 / self.bar.elapsed().as_secs_f64().max(1e-3);
        let step = if matches!(self.total, Total::Bytes(_)) {
            bytes
        } else {
            1
        };
        self.bar.inc(step);
        self.bar
            .set_message(format!("{} ({rate:.1}/s)", self.records));
    }

    /// Takes the bar off the terminal.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
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

/// Only the last tool of a pipe may draw: the others share its terminal, and
/// a bar would run through records that are printed on it.
fn last_in_pipe() -> bool {
    let stdout = io::stdout()
        .as_fd()
        .try_clone_to_owned()
        .and_then(|fd| File::from(fd).metadata());
    io::stderr().is_terminal()
        && !io::stdout().is_terminal()
        && stdout.is_ok_and(|m| !m.file_type().is_fifo())
}
