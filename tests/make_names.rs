//! Names are data: make runs nothing that is written in them, and works with whatever they hold.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use end_to_end::run::Run;
use end_to_end::{root, tools};

/// Names that make, a shell, or both would run or fall over; `ran` is what the commands in them leave.
const NASTY: [&str; 14] = [
    "a$(shell touch ran)",
    "b$$x `touch ran`",
    "A$AP film",
    "two words",
    "O'Brien \"E\"",
    "f#g;h&touch ran&",
    "$(touch ran)",
    "p%c:d=e,f)",
    "new\nline",
    "-dash",
    "~tilde*?[x]",
    "back\\slash\\",
    "${HOME}",
    "é {touch,ran} |x",
];

/// Whether a command that was in a name has left its file, here or where make and the tools run.
fn ran(run: &Run) -> bool {
    let places = [run.folder.path().to_owned(), root()];
    let found = Command::new("find")
        .args(places)
        .args(["-name", "ran", "-not", "-path", "*/target/*"])
        .output();
    !found.unwrap().stdout.is_empty()
}

fn made(run: &Run, out: &Path, flags: &[String]) {
    let mut command = run.command(&[]);
    let output = command
        .args(flags)
        .arg(format!("OUT={}", out.display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{flags:?} in {}: {said}",
        out.display()
    );
    assert!(!ran(run), "{flags:?}: a name was run");
}

#[test]
fn a_film_a_folder_and_settings_may_have_any_name() {
    let Some(run) = Run::new(1) else { return };
    for name in NASTY {
        let here = run.path(name);
        fs::create_dir(&here).unwrap();
        let film = here.join(format!("{name}.mp4"));
        fs::copy(run.path("my film.mp4"), &film).unwrap();
        let settings = here.join(format!("{name}.mk"));
        fs::write(&settings, "EXTRACT_FLAGS = --fps 2\n").unwrap();
        let out = here.join(name);
        let named = [("FILM", &film), ("SETTINGS", &settings)];
        let mut flags: Vec<_> = named
            .iter()
            .map(|(key, path)| format!("{key}={}", path.display()))
            .collect();
        flags.push("frames".to_owned());
        made(&run, &out, &flags);
        let frames = fs::read_to_string(out.join("frames.jsonl")).unwrap();
        // Two seconds at two frames a second: the settings were read.
        assert_eq!(frames.lines().count(), 4, "{name}");
        let status = run
            .command(&["status"])
            .arg(format!("OUT={}", out.display()))
            .output()
            .unwrap();
        assert!(
            String::from_utf8_lossy(&status.stdout).contains("sharp"),
            "{name}"
        );
        fs::remove_dir_all(&here).unwrap();
    }
    assert!(!ran(&run), "a name was run");
}

#[test]
fn a_trigger_may_have_signs_of_the_shell() {
    let Some(run) = Run::new(1) else { return };
    for name in [
        "$(shell touch ran) `touch ran`",
        "O'Brien & \"co\"; touch ran",
        "A$AP",
    ] {
        made(
            &run,
            &run.path("out"),
            &[format!("TRIGGER={name}"), "style".to_owned()],
        );
        let captioned = fs::read_to_string(run.path("out/style/captioned.jsonl")).unwrap();
        let first: serde_json::Value =
            serde_json::from_str(captioned.lines().next().unwrap()).unwrap();
        let caption = first["caption"].as_str().unwrap();
        assert!(caption.starts_with(name), "{name}: {caption}");
    }
}

#[test]
fn a_name_in_the_environment_is_no_command_either() {
    let Some(run) = Run::new(1) else { return };
    let film = run.path("$(shell touch ran).mp4");
    fs::rename(run.path("my film.mp4"), &film).unwrap();
    let output = Command::new("make")
        .current_dir(root())
        .args(["frames", "NETWORKS=none"])
        .env("FILM", &film)
        .env("OUT", run.path("$(shell touch ran)"))
        .env("BIN", tools())
        .env("FFMPEG", &run.ffmpeg)
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(!ran(&run));
}

/// A cast whose folders have these names, by turns of the three characters.
fn cast_of(run: &Run, names: [&str; 3]) -> PathBuf {
    let cast = run.path("the `touch ran` cast");
    for (name, of) in names.into_iter().zip(["nilo", "pia", "oreste"]) {
        let folder = cast.join(name);
        fs::create_dir_all(&folder).unwrap();
        for number in ["01", "02", "03", "04", "05"] {
            let image = root().join(format!("examples/film/cast/{of}/{of}_{number}.jpg"));
            fs::copy(image, folder.join(format!("{number}.jpg"))).unwrap();
        }
    }
    cast
}

/// Six seconds of the sample film.
fn six_seconds(run: &Run) -> PathBuf {
    let part = run.path("part.mp4");
    let film = root().join("examples/film/film.mp4");
    let mut cut = Command::new(&run.ffmpeg);
    cut.args(["-v", "error", "-y", "-ss", "30", "-i"]).arg(film);
    cut.args(["-t", "6", "-c:v", "mpeg4", "-q:v", "2"])
        .arg(&part);
    assert!(cut.status().unwrap().success());
    part
}

#[test]
fn characters_are_called_as_their_folders_are() {
    let Some(run) = Run::new(1) else { return };
    let library = |name: &&str| root().join("models/runtime").join(name).exists();
    if !["libonnxruntime.so", "libonnxruntime.dylib"]
        .iter()
        .any(library)
    {
        return testkit::lacking("ONNX Runtime");
    }
    let names = ["`{touch,ran}`", "two words", "O'Brien & $(touch ran)"];
    let (cast, part) = (cast_of(&run, names), six_seconds(&run));
    let flags = [
        "character",
        "SETTINGS=examples/film/film.mk",
        "NETWORKS=small",
        "EXTRACT_FLAGS=--fps 1",
        "BLUR_FLAGS=",
        "LIGHT_FLAGS=",
    ];
    let mut flags: Vec<_> = flags.iter().map(|&flag| flag.to_owned()).collect();
    flags.push(format!("FILM={}", part.display()));
    flags.push(format!("CAST={}", cast.display()));
    flags.push(format!("OUT={}", run.path("out").display()));
    let output = run.command(&[]).args(&flags).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!ran(&run), "a name was run");
    // Not everybody is in six seconds, and whoever is not has a data set without images.
    assert!(said.contains("character-two_words "), "{said}");
    let manifest = fs::read_to_string(run.path("out/named.jsonl")).unwrap();
    let known =
        |record: &serde_json::Value| names.contains(&record["identity"]["name"].as_str().unwrap());
    let records: Vec<serde_json::Value> = manifest
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(records.iter().any(known), "{manifest}");
    for (folder, name) in [
        ("_touch_ran_", names[0]),
        ("two_words", names[1]),
        ("O_Brien_touch_ran_", names[2]),
    ] {
        let figures =
            fs::read_to_string(run.path(&format!("out/character/{folder}/figures.jsonl"))).unwrap();
        for line in figures.lines() {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(record["identity"]["name"], name, "{folder}");
        }
        assert!(
            run.path(&format!("out/character/{folder}/report.html"))
                .is_file()
        );
    }
}

#[test]
fn models_and_labels_may_have_any_name() {
    let Some(run) = Run::new(1) else { return };
    let model = run.path("my $(shell touch ran) 'model'");
    fs::write(&model, "no network").unwrap();
    let labels = run.path("`touch ran` labels");
    fs::create_dir(&labels).unwrap();
    let flags = [
        format!("EMBED_MODEL={}", model.display()),
        format!("LABELS={}", labels.display()),
    ];
    let mut command = run.command(&["style", "NETWORKS=published", "DESCRIBE=no"]);
    let output = command
        .args(&flags)
        .arg(format!("OUT={}", run.path("out").display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("my $(shell touch ran) 'model'"),
        "{said}"
    );
    assert!(
        run.path("out/lit.jsonl").exists(),
        "it came to the stage that opens it: {said}"
    );
    assert!(!ran(&run), "a name was run");
}
