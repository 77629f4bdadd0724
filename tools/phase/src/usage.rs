//! The memory of a command and of all that it starts.

use std::fs;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

/// Time from one look at the processes to the next.
const PAUSE: Duration = Duration::from_millis(250);

/// Watches the memory of a process group until it is asked for what it saw.
///
/// What the system counts at a process's end is the peak of the largest process alone, and the tools of a pipeline
/// hold their memory at once. Each process is counted with its own peak so far, as its memory may come and go
/// between two looks. Pages that two processes share count twice, so the sum is rather too large than too small.
#[derive(Debug)]
pub(crate) struct Watch {
    stop: Sender<()>,
    looking: JoinHandle<u64>,
}

impl Watch {
    /// Watches the processes of a group, which is named by its first process.
    pub(crate) fn begin(group: u32) -> Self {
        let (stop, stopped) = mpsc::channel();
        let looking = std::thread::spawn(move || {
            let mut peak = 0;
            while stopped.recv_timeout(PAUSE) == Err(RecvTimeoutError::Timeout) {
                peak = peak.max(held(group));
            }
            peak
        });
        Self { stop, looking }
    }

    /// The largest sum that was seen, bytes: nothing where the command was over at once, or there is no `/proc`.
    pub(crate) fn peak(self) -> u64 {
        drop(self.stop);
        self.looking.join().unwrap_or(0)
    }
}

/// The sum of the peaks of the processes that a group has now, bytes.
fn held(group: u32) -> u64 {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let held = processes.filter_map(|process| {
        let name = process.file_name();
        name.to_str()?.parse::<u32>().ok()?;
        let stat = fs::read_to_string(process.path().join("stat")).ok()?;
        if group_of(&stat)? != group {
            return None;
        }
        peak_of(&fs::read_to_string(process.path().join("status")).ok()?)
    });
    held.sum()
}

/// The process group in `/proc/PID/stat`: the third field after the name, which may hold anything (`man 5 proc`).
fn group_of(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(2)?.parse().ok()
}

/// The largest resident set so far in `/proc/PID/status`, bytes; none of a process that has ended.
fn peak_of(status: &str) -> Option<u64> {
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = peak.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_whatever_it_is_called() {
        assert_eq!(group_of("41 (a) 7 (b) S 1 40 40 0 -1"), Some(40));
        assert_eq!(group_of("41 (sh"), None);
        let status = "Name:\tsh\nVmPeak:\t  900 kB\nVmHWM:\t    12 kB\nVmRSS:\t 3 kB\n";
        assert_eq!(peak_of(status), Some(12 << 10));
        assert_eq!(peak_of("Name:\tgone\nState:\tZ (zombie)\n"), None);
    }
}
