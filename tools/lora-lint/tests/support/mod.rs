//! Building data sets on the spot.

use std::fs;
use std::path::Path;

use serde_json::Value;
use testkit::{Ran, run_in};

pub(crate) const TOOL: &str = env!("CARGO_BIN_EXE_lora-lint");

/// A caption that nothing is wrong with.
pub(crate) const GOOD: &str = "lucap boy, running along the harbour in the evening";

/// Trainers that read images with a caption beside each in one folder.
pub(crate) const TRAINERS: [&str; 6] = [
    "sd-scripts",
    "onetrainer",
    "ai-toolkit",
    "musubi-tuner",
    "diffusion-pipe",
    "simpletuner",
];

/// A folder that goes away with the test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::Builder::new().prefix("lint").tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn bytes(&self, name: &str, content: &[u8]) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn text(&self, name: &str, content: &str) {
        self.bytes(name, content.as_bytes());
    }

    /// A drawn image; the ending decides on nothing but the name.
    pub(crate) fn image(&self, name: &str, width: u32, height: u32) {
        let seed = name.bytes().map(u64::from).sum();
        let scene = testkit::scene(width, height, seed);
        self.bytes(name, &vision::write::encode_png(&scene).unwrap());
    }

    /// An image of 256x256 and its caption.
    pub(crate) fn pair(&self, stem: &str, caption: &str) {
        self.image(&format!("{stem}.png"), 256, 256);
        self.text(&format!("{stem}.txt"), caption);
    }

    /// `count` pairs, each with a caption of its own.
    pub(crate) fn pairs(&self, folder: &str, count: usize) {
        for number in 0..count {
            let place = [
                "the harbour",
                "a field",
                "the market",
                "an old wall",
                "the sea",
                "a lane",
            ];
            let caption = format!(
                "lucap boy, running along {}, at number {number}",
                place[number % 6]
            );
            self.pair(&format!("{folder}img_{number:04}"), &caption);
        }
    }

    /// A gray image.
    pub(crate) fn mask(&self, name: &str, width: u32, height: u32, level: u8) {
        let mask = vision::GrayImage::from_fn(width, height, |x, _| {
            [if x > width / 3 { level } else { 0 }].into()
        });
        self.bytes(name, &vision::write::encode_png_luma(&mask).unwrap());
    }

    pub(crate) fn lint(&self, arguments: &[&str]) -> Ran {
        run_in(self.path(), TOOL, arguments, "")
    }
}

/// The codes of all problems of a level.
pub(crate) fn codes(ran: &Ran, level: &str) -> Vec<String> {
    let mut codes = Vec::new();
    for record in ran.records() {
        let problems = record["lint"]["problems"].as_array().unwrap().clone();
        let problems = problems
            .into_iter()
            .filter(|problem| problem["level"] == level);
        let code = |problem: Value| problem["code"].as_str().unwrap().to_owned();
        codes.extend(problems.map(code));
    }
    codes.sort();
    codes.dedup();
    codes
}

/// Checks that exactly the errors `expected` are found in a data set.
pub(crate) fn errors(build: impl FnOnce(&Folder), arguments: &[&str], expected: &[&str]) {
    let folder = Folder::new();
    build(&folder);
    let ran = folder.lint(arguments);
    assert_eq!(
        codes(&ran, "error"),
        expected,
        "{arguments:?}\n{}{}",
        ran.stdout,
        ran.stderr
    );
    assert_eq!(ran.code, Some(1), "{arguments:?}");
}

/// Checks that exactly the warnings `expected` are found, and no error.
pub(crate) fn warnings(build: impl FnOnce(&Folder), arguments: &[&str], expected: &[&str]) {
    let folder = Folder::new();
    build(&folder);
    let ran = folder.lint(arguments);
    assert_eq!(
        codes(&ran, "error"),
        [] as [&str; 0],
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    assert_eq!(
        codes(&ran, "warning"),
        expected,
        "{arguments:?}\n{}{}",
        ran.stdout,
        ran.stderr
    );
    assert_eq!(ran.code, Some(0), "{arguments:?}");
}
