//! Dying in order: an interrupted tool leaves whole lines behind.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::output::Output;

/// How long to wait for a line that is being written. A reader that has
/// stopped can hold a writer for ever, and a signal must still end the tool.
const PATIENCE: Duration = Duration::from_secs(2);

/// From now on a signal to end flushes `output` at the end of a line, and
/// then ends the process as the signal would have.
pub(crate) fn watch(output: Output) -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            let asked = Instant::now();
            while asked.elapsed() < PATIENCE {
                let Some(mut writers) = output.try_lock() else {
                    thread::sleep(Duration::from_millis(5));
                    continue;
                };
                // The process ends either way, and its status says that it was killed.
                drop(writers.flush());
                drop(emulate_default_handler(signal));
            }
            drop(emulate_default_handler(signal));
        }
    });
    Ok(())
}
