//! What `make setup` and `make install` do, as far as a test may: no network, and no compiler.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use end_to_end::{root, tools};

/// The tools that are installed as they are; the others are stand-ins, as debug builds of all are large.
const REAL: [&str; 3] = ["char-detect", "film2lora", "models"];

/// The tools of the pipeline `frames`.
const FRAMES: [&str; 5] = [
    "blur-filter",
    "frame-dedup",
    "frame-extract",
    "phase",
    "report",
];

/// Words that others use too.
const GENERIC: [&str; 10] = [
    "balance",
    "cache",
    "cluster",
    "dashboard",
    "doctor",
    "models",
    "phase",
    "report",
    "review",
    "why",
];

fn script(path: &Path, text: &str) {
    testkit::program(path, &format!("#!/bin/sh\n{text}\n"));
}

fn names() -> Vec<String> {
    let tools = fs::read_dir(root().join("tools")).unwrap();
    tools
        .map(|tool| tool.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// `make install` of `here/bin` into `here/a prefix`, with a cargo that builds nothing, of which a file would tell.
fn install(here: &Path, links: &str) -> PathBuf {
    let (bin, prefix) = (here.join("bin"), here.join("a prefix"));
    let path = here.join("path");
    fs::create_dir_all(&path).unwrap();
    script(
        &path.join("cargo"),
        &format!("touch '{}'; exit 1", here.join("built").display()),
    );
    let path = format!("{}:{}", path.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("make");
    command
        .current_dir(root())
        .arg("install")
        .arg(format!("LINKS={links}"))
        .arg(format!("BIN={}", bin.display()))
        .arg(format!("PREFIX={}", prefix.display()))
        .env("PATH", path)
        .env("FILM2LORA_MODELS", here.join("models"))
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL");
    let ran = command.output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}");
    assert!(!here.join("built").exists(), "cargo was called");
    prefix
}

/// A folder with `bin`, of the tools `real` and of stand-ins, and a model of the user's.
fn built(real: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    for name in names() {
        if real.contains(&name.as_str()) {
            symlink(tools().join(&name), bin.join(&name)).unwrap();
        } else {
            script(&bin.join(&name), "echo stand-in");
        }
    }
    let own = folder.path().join("models/published/own");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("model.onnx"), "weights").unwrap();
    folder
}

#[test]
fn what_is_installed_finds_what_it_needs_and_nothing_is_built() {
    let folder = built(&REAL);
    let here = folder.path();
    let prefix = install(here, "yes");
    let home = prefix.join("share/film2lora");
    let own = fs::read_to_string(home.join("models/published/own/model.onnx"));
    assert_eq!(own.unwrap(), "weights");
    for name in names() {
        let generic = GENERIC.contains(&name.as_str());
        let front = name == "film2lora";
        for (file, wanted) in [
            (format!("libexec/film2lora/{name}"), !front),
            (format!("share/man/man1/film2lora-{name}.1"), !front),
            (format!("bin/{name}"), !generic),
            (format!("share/man/man1/{name}.1"), !generic),
            (
                format!("share/bash-completion/completions/{name}"),
                !generic,
            ),
        ] {
            assert_eq!(prefix.join(&file).is_file(), wanted, "{file}");
        }
    }
    let downloaded = root().join("models/runtime/ffmpeg").is_file();
    assert_eq!(home.join("models/runtime/ffmpeg").is_file(), downloaded);
    assert!(home.join("examples/labels").is_dir() && home.join("Makefile").is_file());
    detects(here, &prefix);
}

#[test]
fn links_are_for_those_that_ask_for_them() {
    let folder = built(&["film2lora"]);
    for (links, generic, other) in [
        ("no", false, false),
        ("all", true, true),
        ("yes", false, true),
    ] {
        let prefix = install(folder.path(), links);
        for (name, wanted) in [
            ("cache", generic),
            ("blur-filter", other),
            ("film2lora", true),
        ] {
            let found = prefix.join("bin").join(name).is_file();
            assert_eq!(found, wanted, "LINKS={links}: {name}");
        }
        let front = Command::new(prefix.join("bin/film2lora"))
            .arg("cache")
            .output();
        assert_eq!(front.unwrap().stdout, b"stand-in\n", "LINKS={links}");
    }
}

/// Serves one file under every address, and the address.
fn server(content: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = BufReader::new(&stream).lines();
            request
                .take_while(|line| !line.as_ref().unwrap().is_empty())
                .for_each(drop);
            let length = content.len();
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            stream
                .write_all(&[head.as_bytes(), &content].concat())
                .unwrap();
        }
    });
    address
}

#[test]
fn what_is_installed_downloads_models_and_runs_pipelines_without_the_clone() {
    let folder = built(&[&REAL[..], &FRAMES].concat());
    let here = folder.path();
    let prefix = install(here, "no");
    let front = |words: &[&str], variables: &[(&str, &Path)]| {
        let ran = Command::new(prefix.join("bin/film2lora"))
            .args(words)
            .current_dir(here)
            .env("no_proxy", "127.0.0.1")
            .env_remove("FILM2LORA_MODELS")
            .env_remove("MAKEFLAGS")
            .env_remove("MAKELEVEL")
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.success(), "{words:?}: {said}");
        String::from_utf8(ran.stdout).unwrap()
    };
    let small = "models/small/detect/detect.onnx";
    let installed = prefix.join("share/film2lora").join(small);
    let weights = fs::read(&installed).unwrap();
    fs::remove_file(&installed).unwrap();
    let list = front(&["models", "--list", "--model", "small-detect"], &[]);
    assert!(list.contains(" missing "), "{list}");
    let mirror = server(weights.clone());
    front(
        &["models", "--model", "small-detect", "--from", &mirror],
        &[],
    );
    assert_eq!(fs::read(&installed).unwrap(), weights);
    detects(here, &prefix);
    let Some(ffmpeg) = end_to_end::ffmpeg() else {
        return;
    };
    end_to_end::draw_film(&ffmpeg, &here.join("a film.mp4"), 2);
    fs::write(here.join("film.mk"), "OUT = made here\n").unwrap();
    // A drawn film is small, and plain beside a feature.
    let blur = "BLUR_FLAGS=--min-side 1 --sharpness 1 --contrast 1 --flat 1 --letters 0";
    let pipeline = ["make", "frames", "FILM=a film.mp4", "NETWORKS=none", blur];
    front(&pipeline, &[("FFMPEG", &ffmpeg)]);
    let frames = fs::read_to_string(here.join("made here/sharp.jsonl")).unwrap();
    assert!(frames.contains("\"sharpness\""), "{frames}");
    assert!(here.join("made here/frames/report.html").is_file());
    let status = front(&["make", "status"], &[]);
    assert!(status.contains("sharp "), "{status}");
}

/// The installed detector runs with the small network and the runtime that were installed with it.
fn detects(here: &Path, prefix: &Path) {
    let runtime = root().join("models/runtime");
    let library = ["libonnxruntime.so", "libonnxruntime.dylib"];
    if !library.iter().any(|name| runtime.join(name).exists()) {
        testkit::lacking("ONNX Runtime");
        return;
    }
    let image = here.join("a.png");
    testkit::scene(320, 180, 1).save(&image).unwrap();
    let manifest = here.join("a.jsonl");
    fs::write(&manifest, "{\"id\": \"a\", \"image\": \"a.png\"}\n").unwrap();
    // By the front, and by its link if it has one.
    let link = Some(&["char-detect"][..]).filter(|_| prefix.join("bin/char-detect").exists());
    for words in link.into_iter().chain([&["film2lora", "char-detect"][..]]) {
        let ran = Command::new(prefix.join("bin").join(words[0]))
            .args(&words[1..])
            .args(["--model", "small-detect", "--no-cache", "a.jsonl"])
            .current_dir(here)
            .env_remove("FILM2LORA_MODELS")
            .env_remove("ORT_DYLIB_PATH")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{said}");
        assert!(String::from_utf8_lossy(&ran.stdout).contains("\"boxes\""));
    }
}

/// Runs `models/needs.sh` with make's version, on a search path that has `programs` besides the usual tools.
fn needs(make: &str, programs: &[(&str, &str)]) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["bash", "sed", "mktemp", "rm", "dirname"] {
        let found = Command::new("bash")
            .args(["-c", &format!("command -v {name}")])
            .output();
        let found = String::from_utf8(found.unwrap().stdout).unwrap();
        symlink(PathBuf::from(found.trim()), folder.path().join(name)).unwrap();
    }
    for (name, text) in programs {
        script(&folder.path().join(name), text);
    }
    let ran = Command::new(folder.path().join("bash"))
        .arg(root().join("models/needs.sh"))
        .arg(make)
        .env_clear()
        .env("PATH", folder.path())
        .env("HOME", folder.path())
        .output()
        .unwrap();
    assert!(ran.stdout.is_empty());
    (ran.status.success(), String::from_utf8(ran.stderr).unwrap())
}

/// Python as `needs.sh` asks it: for its version, and whether its modules are there.
const PYTHON: (&str, &str) = ("python3", "case $2 in *version*) echo 3.12;; esac");
const CC: (&str, &str) = ("cc", "exit 0");
const CARGO: (&str, &str) = ("cargo", "echo 'cargo 1.95.0 (abc 2026-01-01)'");

#[test]
fn all_that_setup_cannot_install_is_listed_at_once() {
    let (well, said) = needs("3.81", &[]);
    assert!(!well);
    for part in [
        "GNU make 4.3 or newer: this is 3.81",
        "`gmake`",
        "a C compiler: `cc` was not found",
        "Python 3.9 or newer: `python3` was not found",
        "Rust 1.95 or newer: `cargo` was not found",
        "apt-get install make gcc libc6-dev python3 rustup\n",
        "dnf install make gcc python3 rustup\n",
        "pacman -S make gcc python rustup\n",
        "brew install make gcc python rustup\n",
    ] {
        assert!(said.contains(part), "{part}:\n{said}");
    }
}

#[test]
fn what_is_there_and_too_old_or_broken_is_named_too() {
    let old = ("cargo", "echo 'cargo 1.63.0 (abc 2022-01-01)'");
    let python = ("python3", "echo 3.8");
    let (well, said) = needs("4.4.1", &[("cc", "exit 1"), python, old]);
    assert!(!well && !said.contains("GNU make"), "{said}");
    assert!(said.contains("`cc` cannot build a program"), "{said}");
    assert!(said.contains("Python 3.9 or newer: this is 3.8"), "{said}");
    assert!(
        said.contains("Rust 1.95 or newer: this is 1.63.0"),
        "{said}"
    );
}

/// Runs `models/setup.sh` of a clone in which all but NASM is installed, on a machine without package managers that
/// has `programs` more.
fn set_up(programs: &[(&str, &str)]) -> (bool, String) {
    let clone = tempfile::tempdir().unwrap();
    let (models, path) = (clone.path().join("models"), clone.path().join("path"));
    for folder in [&models.join("runtime/bin"), &path] {
        fs::create_dir_all(folder).unwrap();
    }
    for name in [
        "setup.sh",
        "needs.sh",
        "python.sh",
        "venv.sh",
        "runtime.txt",
    ] {
        fs::copy(root().join("models").join(name), models.join(name)).unwrap();
    }
    fs::copy(root().join("Cargo.toml"), clone.path().join("Cargo.toml")).unwrap();
    for library in ["libonnxruntime.so", "ffmpeg"] {
        script(&models.join("runtime").join(library), "exit 0");
    }
    for name in [
        "bash", "sed", "mktemp", "rm", "dirname", "mkdir", "cat", "ln", "find", "head",
    ] {
        let found = Command::new("bash")
            .args(["-c", &format!("command -v {name}")])
            .output();
        let found = String::from_utf8(found.unwrap().stdout).unwrap();
        symlink(PathBuf::from(found.trim()), path.join(name)).unwrap();
    }
    let system = ("uname", "case $1 in -s) echo Linux;; *) echo x86_64;; esac");
    let all = [
        CC,
        PYTHON,
        CARGO,
        system,
        ("id", "echo 1000"),
        ("cmake", "exit 0"),
        ("jq", "exit 0"),
    ];
    for (name, text) in all.iter().chain(programs) {
        script(&path.join(name), text);
    }
    let ran = Command::new(path.join("bash"))
        .arg(models.join("setup.sh"))
        .arg("4.4")
        .env_clear()
        .env("PATH", &path)
        .env("HOME", clone.path())
        .output()
        .unwrap();
    let said = [ran.stdout, ran.stderr].concat();
    (ran.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn without_nasm_it_is_built_without_simd_and_said() {
    let (well, said) = set_up(&[]);
    assert!(well, "{said}");
    assert_eq!(said.matches("WITHOUT SIMD").count(), 1, "{said}");
    assert_eq!(set_up(&[("nasm", "exit 0")]), (true, String::new()));
}

#[test]
fn a_machine_that_has_everything_is_told_nothing() {
    for make in ["4.3", "4.4.1", "5.0", ""] {
        assert_eq!(needs(make, &[CC, PYTHON, CARGO]), (true, String::new()));
    }
}
