//! What frame-extract does over a full disk, and with what a power cut has left. Where there is no
//! ffmpeg, the tests that need one say so and pass.
#![allow(clippy::unwrap_used, reason = "a test stops at what goes wrong")]

mod films;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::{Ran, run_in};

use films::{draw, ffmpeg, scene};

const TOOL: &str = env!("CARGO_BIN_EXE_frame-extract");

/// A film of two scenes of 2 seconds each, which gives 8 images, and the words that extract them.
fn film(folder: &Path) -> Option<Vec<String>> {
    let ffmpeg = ffmpeg()?;
    let graph = scene(1, 48, "a") + &scene(2, 48, "b") + "[a][b]concat=n=2:v=1[out]";
    draw(&ffmpeg, folder, "film.mkv", &graph);
    let words = [
        "--out-dir",
        "frames",
        "--rejects",
        "rejects.jsonl",
        "--ffmpeg",
    ];
    let mut words: Vec<_> = words.map(str::to_owned).into();
    words.extend([ffmpeg.to_str()?.to_owned(), "film.mkv".to_owned()]);
    Some(words)
}

/// The images that are there.
fn images(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(folder.join("frames")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|ending| ending == "jpg"));
    paths
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

#[test]
fn a_full_disk_ends_the_run_and_with_room_again_nothing_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let Some(words) = film(here) else { return };
    // Files may have this many kibibytes: enough for what is known of the film, and for no image.
    let limited = "trap '' XFSZ; ulimit -f 3; exec \"$@\"";
    let output = Command::new("bash")
        .current_dir(here)
        .args(["-c", limited, "bash", TOOL])
        .args(&words)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains("frames/film_") && said.contains("File too large"),
        "{said}"
    );
    assert!(
        said.contains("free some space, and run this again"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(here.join("rejects.jsonl")).unwrap(), "");
    assert!(images(here).is_empty());
    let ran: Ran = run_in(here, TOOL, &words, "");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!((ran.records().len(), images(here).len()), (8, 8));
}

#[test]
fn images_that_a_power_cut_left_empty_or_short_are_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let Some(words) = film(here) else { return };
    let first = run_in(here, TOOL, &words, "");
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let whole = images(here);
    for (number, (path, bytes)) in whole.iter().enumerate() {
        let left = match number % 4 {
            0 => Vec::new(),
            1 => bytes[..bytes.len() / 2].to_vec(),
            2 => vec![0; bytes.len()],
            _ => bytes.clone(),
        };
        fs::write(path, left).unwrap();
    }
    let again = run_in(here, TOOL, &words, "");
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert_eq!(again.stdout, first.stdout);
    assert!(images(here) == whole, "the same bytes");
}
