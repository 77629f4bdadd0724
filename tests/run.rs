//! A film, and make called as its user calls it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::SystemTime;

use crate::{draw_film, ffmpeg, root, tools};

/// A folder with a film in it, and how to call make there.
pub struct Run {
    /// The folder; the film in it is `my film.mp4`.
    pub folder: tempfile::TempDir,
    /// The ffmpeg that drew it.
    pub ffmpeg: PathBuf,
}

impl Run {
    /// `None` where there is no ffmpeg to draw and read a film with.
    pub fn new(shots: u64) -> Option<Self> {
        let ffmpeg = ffmpeg()?;
        let folder = tempfile::tempdir().unwrap();
        draw_film(&ffmpeg, &folder.path().join("my film.mp4"), shots);
        Some(Self { folder, ffmpeg })
    }

    /// How to call make with the film, no networks, and these flags more.
    pub fn command(&self, more: &[&str]) -> Command {
        let here = self.folder.path();
        let mut command = Command::new("make");
        command
            .current_dir(root())
            .arg(format!("FILM={}", here.join("my film.mp4").display()))
            .arg(format!("BIN={}", tools().display()))
            .arg("TRIGGER=drawnfilm")
            // No network knows the drawn film, and its light is nobody's.
            .arg("NETWORKS=none")
            .arg("BLUR_FLAGS=--min-side 1 --sharpness 1 --contrast 1 --flat 1 --letters 0")
            .arg("LIGHT_FLAGS=--threshold 0")
            .args(more)
            .env("FFMPEG", &self.ffmpeg)
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL");
        command
    }

    /// Makes what `more` asks for in `out`.
    pub fn make(&self, out: &str, more: &[&str]) -> Output {
        let out = format!("OUT={}", self.folder.path().join(out).display());
        self.command(more).arg(out).output().unwrap()
    }

    /// Makes both data sets in `out`.
    pub fn both(&self, out: &str, more: &[&str]) {
        let output = self.make(out, &[&["style", "lighting"], more].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }

    /// A path in the folder.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Every file of a run that is a result, and its bytes.
    pub fn results(&self, out: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let out = self.path(out);
        let mut results = BTreeMap::new();
        let mut folders = vec![out.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(&out).unwrap().to_owned();
                // Times and memory are in these; they differ from run to run.
                let told = [
                    "logs",
                    "preparation_progress.json",
                    "overview.html",
                    ".settings",
                ];
                // What was being written when a run was killed is no result.
                let half = path.file_name().is_some_and(|name| {
                    let name = name.to_string_lossy();
                    name.starts_with(".tmp") || name.ends_with(".part")
                });
                if half || told.iter().any(|told| name.starts_with(told)) {
                    continue;
                }
                if path.is_dir() {
                    folders.push(path);
                } else {
                    results.insert(name, fs::read(path).unwrap());
                }
            }
        }
        results
    }

    /// When a file was written.
    pub fn written(&self, path: &str) -> SystemTime {
        fs::metadata(self.path(path)).unwrap().modified().unwrap()
    }
}
