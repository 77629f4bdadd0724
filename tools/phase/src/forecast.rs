//! What phases that were run on a part of a film will take of all of it.

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use bytesize::ByteSize;
use stage::{Result, ensure};
use walkdir::WalkDir;

use crate::phase::Phase;

/// Seconds of a minute, and of an hour.
const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;

/// Prints a table of what `phases`, run in `folder` on a part of a film, will take of `times` as much.
///
/// Records, time and disk grow with the film. So does a little of the memory of the tools that see all
/// records at once, which is not foreseen here; what is shown is that of the part. A phase's start, a
/// second or two for a network, is counted as if it were work, so that what is foreseen is rather
/// too long.
pub(crate) fn print(folder: &Path, phases: &[(String, Phase)], times: f64) -> Result<()> {
    ensure!(
        !phases.is_empty(),
        "{}: no phases have run there yet",
        folder.display()
    );
    stage::print(&table(phases, times, disk(folder)))
}

fn table(phases: &[(String, Phase)], times: f64, bytes: u64) -> String {
    let mut table = row(
        "phase",
        ["records", "a second", "time", "peak MiB"].map(str::to_owned),
    );
    let (mut all, mut peak) = (0.0, 0);
    for (name, phase) in phases {
        let Some(seconds) = phase.seconds() else {
            continue;
        };
        let records = phase.records().map(|records| records as f64);
        let rate = records.map(|records| records / seconds.max(1e-3));
        let cell = |number: Option<f64>, digits: usize| {
            number.map_or_else(|| "-".to_owned(), |number| format!("{number:.digits$}"))
        };
        all += seconds * times;
        peak = peak.max(phase.peak_memory());
        let cells = [
            cell(records.map(|records| records * times), 0),
            cell(rate, 1),
            time(seconds * times),
            mebibytes(phase.peak_memory()),
        ];
        table.push_str(&row(name, cells));
    }
    let empty = String::new;
    let all = [empty(), empty(), time(all), mebibytes(peak)];
    table.push_str(&row("all, one after another", all));
    let disk = ByteSize((bytes as f64 * times) as u64);
    table + &format!("{:<28} {:>9}\n", "disk", disk.to_string())
}

/// Seconds, in the unit that reads best, and never as nothing.
fn time(seconds: f64) -> String {
    if seconds >= HOUR {
        format!("{:.1}h", seconds / HOUR)
    } else if seconds >= MINUTE {
        format!("{:.0}min", seconds / MINUTE)
    } else {
        format!("{:.0}s", seconds.ceil())
    }
}

fn mebibytes(bytes: u64) -> String {
    bytes.div_ceil(1 << 20).to_string()
}

fn row(name: &str, cells: [String; 4]) -> String {
    let cells = cells.map(|cell| format!(" {cell:>9}")).concat();
    format!("{name:<28}{cells}\n")
}

/// Bytes of the files in a folder; a file with several names counts once.
fn disk(folder: &Path) -> u64 {
    let mut known = HashSet::new();
    let files = WalkDir::new(folder).into_iter().filter_map(Result::ok);
    files
        .filter_map(|file| file.metadata().ok())
        .filter(|file| file.is_file() && known.insert((file.dev(), file.ino())))
        .map(|file| file.len())
        .sum()
}

/// Reads how many times as much: the `value_parser` of `--predict`.
pub(crate) fn times(text: &str) -> Result<f64, String> {
    let times = text
        .parse()
        .ok()
        .filter(|times| (0.0..=1e9).contains(times));
    times.ok_or_else(|| "not a number of 0 or more".to_owned())
}
