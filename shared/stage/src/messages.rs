//! What is said on standard error, and how.

use std::io::{self, Write};
use std::sync::Mutex;

use indicatif::ProgressBar;
use log::{LevelFilter, Log, Metadata, Record};

use crate::flags::Voice;
use crate::words::printable;

/// `tool: message`, as Unix tools have always said it.
struct Plain {
    tool: String,
    bar: Mutex<Option<ProgressBar>>,
}

impl Plain {
    fn say(&self, message: &std::fmt::Arguments<'_>) {
        // A message is one line. Names in it come from anywhere, and must not speak to the terminal.
        let message = message.to_string();
        let message = printable(&message);
        // Where standard error is closed there is nobody to tell.
        let write = || drop(writeln!(io::stderr(), "{}: {message}", self.tool));
        match self.bar.lock().ok().and_then(|bar| bar.clone()) {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Log for Plain {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            self.say(record.args());
        }
    }

    fn flush(&self) {}
}

static PLAIN: std::sync::OnceLock<Plain> = std::sync::OnceLock::new();

/// Begins to say what the flags ask for.
pub(crate) fn start(tool: &str, voice: &Voice) {
    let plain = PLAIN.get_or_init(|| Plain {
        tool: tool.to_owned(),
        bar: Mutex::new(None),
    });
    if log::set_logger(plain).is_ok() {
        log::set_max_level(match (voice.quiet, voice.verbose) {
            (true, _) => LevelFilter::Error,
            (false, 0) => LevelFilter::Warn,
            (false, 1) => LevelFilter::Info,
            (false, _) => LevelFilter::Debug,
        });
    }
}

/// Makes messages appear above `bar`, not across it.
pub(crate) fn above(bar: &ProgressBar) {
    if let Some(Ok(mut slot)) = PLAIN.get().map(|plain| plain.bar.lock()) {
        *slot = Some(bar.clone());
    }
}

/// Says `message` whatever level is asked for.
pub(crate) fn say(message: &str) {
    if let Some(plain) = PLAIN.get() {
        plain.say(&format_args!("{message}"));
    }
}

/// Says what is going on, unless the user asked for quiet: for a tool that does work of some minutes
/// and writes no records.
pub fn tell(message: &str) {
    if log::max_level() > LevelFilter::Error {
        say(message);
    }
}

/// The name of the tool that is running, as its messages and rejects say it.
pub(crate) fn tool() -> &'static str {
    PLAIN.get().map_or("stage", |plain| &plain.tool)
}
