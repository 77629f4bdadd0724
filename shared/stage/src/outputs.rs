//! Files that a tool is told to write must be none that it is told to read, and each another.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use anyhow::{Result, ensure};
use clap::{ArgMatches, Command};

/// The flags of all tools whose value is a file to write.
const OUTPUTS: [&str; 7] = [
    "rejects", "summary", "tsv", "shots", "output", "page", "scored",
];

/// Refuses a file to write that another word of the command line names too, or that is standard input or output:
/// it would be overwritten before it was read, or written twice at once.
pub(crate) fn apart(command: &Command, matches: &ArgMatches) -> Result<()> {
    let words: Vec<(String, &OsStr)> = command
        .get_arguments()
        .filter_map(|argument| {
            let name = argument
                .get_long()
                .map_or_else(|| argument.get_id().to_string(), |long| format!("--{long}"));
            let values = matches.try_get_raw(argument.get_id().as_str()).ok()??;
            Some(values.map(move |value| (name.clone(), value)))
        })
        .flatten()
        .collect();
    for (at, (name, path)) in words.iter().enumerate() {
        if !OUTPUTS.contains(&name.trim_start_matches('-')) {
            continue;
        }
        let shown = Path::new(path).display();
        for (_, (other, value)) in words.iter().enumerate().filter(|(other, _)| *other != at) {
            ensure!(
                !same(path, value),
                "{name} {shown}: is given as {other} too, and would be overwritten"
            );
        }
        let own = regular(fs::metadata(path));
        let streams = [
            (io::stdin().as_fd().try_clone_to_owned(), "input"),
            (io::stdout().as_fd().try_clone_to_owned(), "output"),
        ];
        for (stream, which) in streams {
            let stream = regular(stream.and_then(|stream| File::from(stream).metadata()));
            ensure!(
                own.is_none() || own != stream,
                "{name} {shown}: is the file of standard {which} too: give another name"
            );
        }
    }
    Ok(())
}

/// Whether two words name one file, or would, if there is none yet.
fn same(one: &OsStr, other: &OsStr) -> bool {
    match (regular(fs::metadata(one)), regular(fs::metadata(other))) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one == other && !Path::new(one).exists(),
        _ => false,
    }
}

/// What tells a regular file from all others; devices and pipes may be written to by many.
fn regular(found: io::Result<Metadata>) -> Option<(u64, u64)> {
    let found = found.ok().filter(Metadata::is_file)?;
    Some((found.dev(), found.ino()))
}
