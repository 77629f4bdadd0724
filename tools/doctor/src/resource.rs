//! The cache, the disk, the memory and the cores.

use std::fs;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::available_parallelism;

use bytesize::ByteSize;
use rustix::fs::Access;
use serde_json::json;
use stage::{Cache, CacheFolder};

use crate::sheet::Sheet;

/// Free bytes that a stage needs to start if it writes images: make's setting `NEEDS_DISK`.
const NEEDED: u64 = 2_000_000_000;

/// Looks at what there is room for.
pub(crate) fn look(sheet: &mut Sheet, cache: &CacheFolder) {
    of_cache(sheet, cache);
    of_disk(sheet);
    of_memory(sheet);
}

fn of_cache(sheet: &mut Sheet, cache: &CacheFolder) {
    let Some(folder) = cache.folder() else {
        return sheet.row("cache", "no folder for it: name one with --cache");
    };
    let mut usage = None;
    let said = if folder.exists() {
        match Cache::open(&folder).usage() {
            Ok(found) => {
                let said = format!("{} results, {}", found.results, size(found.bytes));
                usage = Some(found);
                said
            }
            Err(error) => {
                sheet.hint(format!("{error:#}"), "film2lora cache --clear");
                "cannot be used".to_owned()
            }
        }
    } else {
        "empty".to_owned()
    };
    let free = free(&folder);
    let free_said = free.map_or_else(String::new, |free| format!(", {} free", size(free)));
    sheet.row("cache", format!("{}: {said}{free_said}", folder.display()));
    sheet.facts([
        ("folder", folder.display().to_string().into()),
        ("results", json!(usage.as_ref().map(|usage| usage.results))),
        ("bytes", json!(usage.as_ref().map(|usage| usage.bytes))),
        ("free_bytes", json!(free)),
    ]);
    if !writable(&folder) {
        sheet.hint(
            format!(
                "{}: cannot be written to: every result is computed again",
                folder.display()
            ),
            "make it writable, or name another folder with --cache or XDG_CACHE_HOME",
        );
    }
}

fn of_disk(sheet: &mut Sheet) {
    if let Some(free) = free(Path::new(".")) {
        sheet.row("disk", format!("{} free in the current folder", size(free)));
        sheet.facts([("free_bytes", free.into())]);
        if free < NEEDED {
            sheet.fault(
                format!(
                    "the current folder has less than {} free: no stage that writes images starts",
                    size(NEEDED)
                ),
                "free some, or name a folder on another disk with OUT=",
            );
        }
    }
    if !writable(Path::new(".")) {
        sheet.fault(
            "the current folder cannot be written to: the pipelines make their folder OUT in it",
            "go to a folder of yours, or name one with OUT=",
        );
    }
}

fn of_memory(sheet: &mut Sheet) {
    let cores = available_parallelism().map_or(1, NonZero::get);
    let cores_said = format!("{cores} {}", if cores == 1 { "core" } else { "cores" });
    let memory = memory();
    let said = memory.map_or_else(|| "unknown".to_owned(), Memory::text);
    sheet.row("memory", format!("{said}; {cores_said}"));
    sheet.facts([
        ("total_bytes", json!(memory.map(|memory| memory.total))),
        (
            "available_bytes",
            json!(memory.and_then(|memory| memory.available)),
        ),
        ("cores", cores.into()),
    ]);
}

fn size(bytes: u64) -> String {
    ByteSize::b(bytes).display().si().to_string()
}

/// The folder, or the one above it in which it will be made.
fn there(folder: &Path) -> Option<PathBuf> {
    let folder = std::path::absolute(folder).ok()?;
    let mut folders = folder.ancestors();
    folders.find(|folder| folder.exists()).map(Path::to_owned)
}

/// Whether files can be made where a folder is or will be.
fn writable(folder: &Path) -> bool {
    there(folder)
        .is_some_and(|there| rustix::fs::access(there, Access::WRITE_OK | Access::EXEC_OK).is_ok())
}

/// Free bytes where a folder is or will be.
fn free(folder: &Path) -> Option<u64> {
    let there = there(folder)?;
    let disk = rustix::fs::statvfs(there).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Memory {
    /// All that this process may use.
    total: u64,
    /// What nothing uses, or only to remember files; none where the system does not say.
    available: Option<u64>,
}

impl Memory {
    fn text(self) -> String {
        let total = size(self.total);
        match self.available {
            Some(available) => format!("{total}, {} available", size(available)),
            None => total,
        }
    }
}

/// The memory that there is: Linux lists it, and limits a container's by its control group; macOS is asked.
fn memory() -> Option<Memory> {
    if let Ok(listed) = fs::read_to_string("/proc/meminfo") {
        let limit = fs::read_to_string("/sys/fs/cgroup/memory.max").unwrap_or_default();
        return of_linux(&listed, &limit);
    }
    let said = Command::new("sysctl")
        .args(["-n", "hw.memsize"])
        .output()
        .ok()?;
    let total = String::from_utf8_lossy(&said.stdout).trim().parse().ok()?;
    Some(Memory {
        total,
        available: None,
    })
}

fn of_linux(listed: &str, limit: &str) -> Option<Memory> {
    let row = |name: &str| -> Option<u64> {
        let line = listed.lines().find_map(|line| line.strip_prefix(name))?;
        let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(kibibytes * 1024)
    };
    // `max` where there is no limit.
    let limit = limit.trim().parse().unwrap_or(u64::MAX);
    Some(Memory {
        total: row("MemTotal:")?.min(limit),
        available: row("MemAvailable:").map(|available| available.min(limit)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_what_linux_lists_within_the_limit_of_a_container() {
        let listed = "MemTotal:       16000000 kB\nMemFree: 1 kB\nMemAvailable:    8000000 kB\n";
        let memory = |total, available| {
            Some(Memory {
                total,
                available: Some(available),
            })
        };
        assert_eq!(
            of_linux(listed, "max\n"),
            memory(16_384_000_000, 8_192_000_000)
        );
        assert_eq!(
            of_linux(listed, "4000000000\n"),
            memory(4_000_000_000, 4_000_000_000)
        );
        assert_eq!(of_linux("", ""), None);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_has_the_room_of_the_one_above() {
        assert!(free(Path::new("no/such/folder")).is_some());
    }
}
