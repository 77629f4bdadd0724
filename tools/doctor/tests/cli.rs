//! What `doctor` does, seen from outside.
#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const TOOL: &str = env!("CARGO_BIN_EXE_doctor");

const ROLES: [&str; 8] = [
    "detect", "segment", "inpaint", "embed", "pose", "face", "emotion", "caption",
];

/// SHA-256 of `abc`: FIPS 180-2, appendix B.1.
const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn has_the_manners_of_a_tool() {
    testkit::help_and_manual(TOOL);
}

/// A folder with a network of each role, all of them installed, an ffmpeg that is a script, and an empty cache.
struct Here(TempDir);

impl Here {
    fn new() -> Self {
        let here = Self(tempfile::tempdir().unwrap());
        let entry = |role: &&str| {
            format!(
                "[[model]]\nname = \"own-{role}\"\nrole = \"{role}\"\nfamily = \"own\"\ndefault = true\n\
                 licence = \"MIT\"\n[[model.file]]\npath = \"own.onnx\"\nbytes = 3\nsha256 = \"{ABC}\"\n"
            )
        };
        let entries: String = ROLES.iter().map(entry).collect();
        fs::write(here.path("registry.toml"), entries).unwrap();
        for role in ROLES {
            let folder = here.path("published").join(format!("own-{role}"));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("own.onnx"), "abc").unwrap();
        }
        here.ffmpeg(
            " VFS..D h264  H.264\n VFS..D hevc  HEVC\n V....D libdav1d  AV1\n VFS..D vp9  VP9\n",
        );
        here
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn network(&self, role: &str) -> PathBuf {
        self.path(&format!("published/own-{role}/own.onnx"))
    }

    /// Puts an ffmpeg there that has these decoders.
    fn ffmpeg(&self, decoders: &str) {
        let script = format!(
            "#!/bin/sh\ncase $2 in -version) echo 'ffmpeg version 6.1-own Copyright';; *) cat <<'END'\n{decoders}END\nesac\n"
        );
        self.program("ffmpeg", &script);
    }

    /// Puts a program there.
    fn program(&self, name: &str, script: &str) {
        testkit::program(&self.path(name), script);
    }

    /// Runs the tool; its exit status and standard output.
    fn run(&self, flags: &[&str]) -> (i32, String) {
        self.run_with(flags, &[])
    }

    /// The same with variables of the environment.
    fn run_with(&self, flags: &[&str], variables: &[(&str, &str)]) -> (i32, String) {
        let library = ["libonnxruntime.so", "libonnxruntime.dylib"];
        let mut libraries = library
            .iter()
            .map(|name| root().join("models/runtime").join(name));
        let library = libraries
            .find(|path| path.is_file())
            .unwrap_or_else(|| self.path("none"));
        let ran = Command::new(TOOL)
            .current_dir(self.0.path())
            .args(["--models", ".", "--ffmpeg", "./ffmpeg"])
            .args(flags)
            .args((!flags.contains(&"--cache")).then_some("--cache=cache"))
            .envs(variables.iter().copied())
            .env("ORT_DYLIB_PATH", library)
            .env_remove("FILM2LORA_MODELS")
            .output()
            .unwrap();
        let said = String::from_utf8(ran.stdout).unwrap();
        (ran.status.code().unwrap(), said)
    }
}

/// Whether ONNX Runtime is there.
fn runtime() -> bool {
    let library = ["libonnxruntime.so", "libonnxruntime.dylib"];
    let there = { library.iter() }.any(|name| root().join("models/runtime").join(name).is_file());
    if !there {
        testkit::lacking("ONNX Runtime");
    }
    there
}

#[test]
fn where_all_is_there_it_says_so_on_one_screen() {
    if !runtime() {
        return;
    }
    let here = Here::new();
    let (code, said) = here.run(&[]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("All that the pipelines need is there.\n"),
        "{said}"
    );
    for part in [
        concat!("film2lora       ", env!("CARGO_PKG_VERSION")),
        "ffmpeg          6.1-own, ./ffmpeg",
        "decodes h264, hevc, av1, vp9\n",
        "built with CPU",
        "--device auto   takes ",
        "  caption       own-caption             1 MB  installed, checksum confirmed\n",
        "cache: empty, ",
        " free in the current folder\n",
        " core",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(said.lines().count() < 30, "{said}");
    assert!(!here.path("cache").exists(), "it makes nothing");
}

#[test]
fn what_is_missing_or_wrong_is_named_with_the_command_that_mends_it() {
    if !runtime() {
        return;
    }
    let here = Here::new();
    fs::remove_file(here.network("pose")).unwrap();
    fs::remove_file(here.network("emotion")).unwrap();
    fs::write(here.network("face"), "abd").unwrap();
    let (code, said) = here.run(&[]);
    assert_eq!(code, 1, "{said}");
    let faults = "2 faults:\n  not installed: own-pose, own-emotion\n    \
                  film2lora models --role pose,emotion (make models ROLE=pose,emotion)\n  \
                  not the file that it should be, by its checksum: own-face\n    \
                  film2lora models --role face (make models ROLE=face)\n";
    assert!(said.contains(faults), "{said}");
    assert!(
        said.contains("  face          own-face                1 MB  CHECKSUM WRONG\n"),
        "{said}"
    );
    let (code, said) = here.run(&["--networks", "none"]);
    assert_eq!(code, 0, "no network is needed: {said}");
}

#[test]
fn a_checksum_is_confirmed_or_pinned_or_not_known() {
    if !runtime() {
        return;
    }
    let here = Here::new();
    let text = fs::read_to_string(here.path("registry.toml")).unwrap();
    fs::write(here.path("registry.toml"), text.replace(ABC, "unconfirmed")).unwrap();
    let pinned =
        format!("[[file]]\nmodel = \"own-pose\"\npath = \"own.onnx\"\nsha256 = \"{ABC}\"\n");
    fs::write(here.path("published/lock.toml"), pinned).unwrap();
    let (code, said) = here.run(&[]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains("own-pose                1 MB  installed, checksum pinned"),
        "{said}"
    );
    assert!(
        said.contains("own-face                1 MB  installed, no checksum known"),
        "{said}"
    );
    let hint = "better: own-face: no checksum is known for it\n    film2lora models --role face ";
    assert!(said.contains(hint), "{said}");
}

#[test]
fn an_ffmpeg_without_the_usual_decoders_is_a_fault() {
    if !runtime() {
        return;
    }
    let here = Here::new();
    here.ffmpeg(" VFS..D h264  H.264\n V....D libdav1d  AV1\n V....D vp9  VP9\n");
    let (code, said) = here.run(&[]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("decodes h264, av1, vp9, but not hevc\n"),
        "{said}"
    );
    assert!(
        said.contains("./ffmpeg: has no decoder of hevc\n    install an ffmpeg"),
        "{said}"
    );
    here.ffmpeg(" VFS..D h264  H.264\n VFS..D hevc  HEVC\n VFS..D vp9  VP9\n V....D av1  AV1\n");
    let (code, said) = here.run(&[]);
    assert_eq!(
        code, 0,
        "ffmpeg's own decoder of AV1 needs a graphics card: {said}"
    );
    assert!(
        said.contains("better: ./ffmpeg: has no decoder of av1\n"),
        "{said}"
    );
    fs::remove_file(here.path("ffmpeg")).unwrap();
    let (code, said) = here.run(&[]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("./ffmpeg: cannot run ffmpeg: ")
            && said.contains("    name another with --ffmpeg or FFMPEG, or name none"),
        "what was named is not what make setup installs: {said}"
    );
}

#[test]
fn a_runtime_that_is_none_is_a_fault() {
    let here = Here::new();
    fs::write(here.path("lib.so"), "no library").unwrap();
    let (code, said) = here.run(&["--ort-lib", "lib.so"]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("lib.so: cannot be loaded as a library"),
        "{said}"
    );
    assert!(
        said.contains("    name another with --ort-lib or ORT_DYLIB_PATH, or name none"),
        "{said}"
    );
}

#[test]
fn the_make_that_film2lora_runs_and_python_are_needed() {
    if !runtime() {
        return;
    }
    let here = Here::new();
    let (code, said) = here.run_with(&[], &[("PATH", "/nonexistent"), ("PYTHON", "")]);
    assert_eq!(code, 1, "{said}");
    for fault in [
        "make: No such file or directory (os error 2): `film2lora make` does not run\n    install GNU make 4.3 or newer",
        "python3: No such file or directory (os error 2): `film2lora make` does not run\n    install Python 3.9 or newer",
    ] {
        assert!(said.contains(fault), "{fault}: {said}");
    }
    here.program("make", "#!/bin/sh\necho GNU Make 3.81\n");
    here.program("snake", "#!/bin/sh\necho Python 3.8.20\n");
    let path = here.path("").display().to_string();
    let variables = [("PATH", path.as_str()), ("PYTHON", "./snake")];
    let (code, said) = here.run_with(&[], &variables);
    assert_eq!(code, 1, "{said}");
    for fault in [
        "make: GNU make 3.81 is older than 4.3: ",
        "./snake: Python 3.8.20 is older than 3.9: ",
    ] {
        assert!(said.contains(fault), "{fault}: {said}");
    }
    here.program("gmake", "#!/bin/sh\necho GNU Make 4.4.1\n");
    here.program("snake", "#!/bin/sh\necho hiss\n");
    let (_, said) = here.run_with(&[], &variables);
    assert!(!said.contains("older than 4.3"), "{said}");
    assert!(said.contains("4.4.1, "), "{said}");
    assert!(said.contains("not Python: ./snake"), "{said}");
    assert!(said.contains("./snake: is not Python: "), "{said}");
}

#[test]
fn a_folder_that_cannot_be_written_to_is_named() {
    use std::os::unix::fs::PermissionsExt as _;

    if !runtime() {
        return;
    }
    let here = Here::new();
    let locked = here.path("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
    // Root may write anywhere but on a file system such as this one, which takes no files.
    let locked = if fs::write(locked.join("file"), "").is_ok() {
        PathBuf::from("/proc/self")
    } else {
        locked
    };
    if !locked.is_dir() {
        return testkit::lacking("/proc");
    }
    let cache = locked.join("cache");
    let (code, said) = here.run(&["--cache", &cache.to_string_lossy()]);
    assert_eq!(code, 0, "{said}");
    let hint = format!(
        "better: {}: cannot be written to: every result is computed again\n",
        cache.display()
    );
    assert!(said.contains(&hint), "{said}");
}

#[test]
fn what_cannot_be_looked_at_does_not_hide_the_rest() {
    if !runtime() {
        return;
    }
    let here = Here::new();
    fs::remove_file(here.network("pose")).unwrap();
    let text = fs::read_to_string(here.path("registry.toml")).unwrap();
    let outside = text.replacen("path = \"own.onnx\"", "path = \"../own.onnx\"", 1);
    fs::write(here.path("registry.toml"), outside).unwrap();
    fs::write(here.path("cache"), "a file").unwrap();
    let (code, said) = here.run(&[]);
    assert_eq!(code, 1, "{said}");
    assert!(
        said.contains("own-detect           cannot be read\n"),
        "{said}"
    );
    assert!(
        said.contains("../own.onnx: not a path inside the folder of models\n"),
        "{said}"
    );
    assert!(said.contains("not installed: own-pose\n"), "{said}");
    assert!(said.contains("cache: cannot be used, "), "{said}");
    assert!(said.contains("\n    film2lora cache --clear\n"), "{said}");
}

#[test]
fn as_json_it_says_the_same() {
    if !runtime() {
        return;
    }
    let here = Here::new();
    fs::remove_file(here.network("pose")).unwrap();
    let (code, said) = here.run(&["--json"]);
    assert_eq!((code, said.lines().count()), (1, 1), "{said}");
    let sheet: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(sheet["found"][1]["name"], "ffmpeg");
    assert_eq!(sheet["found"][1]["version"], "6.1-own");
    assert_eq!(
        sheet["found"][1]["decodes"],
        serde_json::json!(["h264", "hevc", "av1", "vp9"])
    );
    let named = |name: &str| {
        let mut rows = sheet["found"].as_array().unwrap().iter();
        rows.find(|row| row["name"] == name).unwrap().clone()
    };
    assert_eq!(named("pose")["state"], "missing");
    assert_eq!(named("face")["state"], "confirmed");
    assert_eq!(named("face")["bytes"], 3);
    assert!(named("memory")["total_bytes"].as_u64().unwrap() > 100_000_000);
    assert!(named("disk")["free_bytes"].is_u64());
    assert!(!said.contains(" free"), "no text of the screen: {said}");
    let parts = sheet["found"].as_array().unwrap().iter();
    let parts = parts.filter(|row| row["part_of"] == "networks");
    assert_eq!(parts.count(), ROLES.len());
    assert_eq!(sheet["faults"][0]["what"], "not installed: own-pose");
    assert_eq!(
        sheet["faults"][0]["mend"],
        "film2lora models --role pose (make models ROLE=pose)"
    );
}

/// The small networks are part of the repository, and whole.
#[test]
fn the_small_networks_are_installed_with_the_repository() {
    if !runtime() {
        return;
    }
    let here = Here::new();
    let models = root().join("models");
    let ran = Command::new(TOOL)
        .args(["--networks", "small", "--cache"])
        .arg(here.path("cache"))
        .arg("--ffmpeg")
        .arg(here.path("ffmpeg"))
        .arg("--models")
        .arg(models)
        .env_remove("FILM2LORA_MODELS")
        .output()
        .unwrap();
    let said = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{said}");
    assert_eq!(
        said.matches("installed, checksum confirmed").count(),
        8,
        "{said}"
    );
}

/// The roles are those that the LoRA types name, so that a new one is not forgotten here.
#[test]
fn the_roles_are_those_of_the_pipelines() {
    let mut named = BTreeSet::new();
    for folder in fs::read_dir(root().join("shared/types")).unwrap() {
        let Ok(text) = fs::read_to_string(folder.unwrap().path().join("type.toml")) else {
            continue;
        };
        let kind: toml::Table = toml::from_str(&text).unwrap();
        for key in ["networks", "optional_networks"] {
            let roles = kind.get(key).and_then(|roles| roles.as_array()).cloned();
            let roles = roles.unwrap_or_default();
            named.extend(roles.iter().map(|role| role.as_str().unwrap().to_owned()));
        }
    }
    let known: BTreeSet<String> = ROLES.iter().map(ToString::to_string).collect();
    assert_eq!(named, known);
    let here = Here::new();
    let (_, said) = here.run(&[]);
    for role in ROLES {
        assert!(said.contains(&format!("\n  {role} ")), "{role}: {said}");
    }
}
