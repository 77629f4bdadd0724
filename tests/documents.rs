//! The README says what is so.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at once")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use end_to_end::{root, tools};

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The blocks of shell commands in a document.
fn commands(text: &str) -> Vec<String> {
    let blocks = text.split("```sh\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn every_tool_stands_in_the_readme_with_its_own_description() {
    let readme = readme();
    for tool in fs::read_dir(root().join("tools")).unwrap() {
        let tool = tool.unwrap().file_name().into_string().unwrap();
        let cargo =
            fs::read_to_string(root().join("tools").join(&tool).join("Cargo.toml")).unwrap();
        let described = cargo
            .lines()
            .find_map(|line| line.strip_prefix("description = \""));
        let described = described
            .unwrap()
            .trim_end_matches('"')
            .trim_end_matches('.');
        let row = readme
            .lines()
            .find(|line| line.starts_with(&format!("| `{tool}` |")));
        let row = row.unwrap_or_else(|| panic!("README.md has no row for {tool}"));
        let above = readme.split(row).next().unwrap();
        let stage = above.rsplit("| **").next().unwrap().split("**").next();
        let stage = format!("stage = \"{}\"", stage.unwrap().to_lowercase());
        assert!(
            cargo.contains(&stage),
            "{tool}: README has it under {stage}"
        );
        assert!(
            row.contains(described),
            "{tool}: {described}\nREADME: {row}"
        );
        let help = Command::new(tools().join(&tool))
            .arg("-h")
            .output()
            .unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(help.starts_with(described), "{tool} --help: {help}");
    }
}

#[test]
fn every_make_target_and_setting_in_the_readme_exists() {
    let help = Command::new("make")
        .arg("help")
        .current_dir(root())
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let known: Vec<_> = help.split_whitespace().collect();
    for block in commands(&readme()) {
        for line in block.lines().filter(|line| line.starts_with("make ")) {
            let line = line.split('#').next().unwrap();
            for word in line
                .split_whitespace()
                .skip(1)
                .filter(|word| !word.starts_with('-'))
            {
                let name = word.split('=').next().unwrap();
                assert!(
                    known.contains(&name),
                    "README.md: `{line}`: make has no {name}"
                );
            }
        }
    }
}

/// Which of the registry's models `make models` brings, and their size in bytes, as its own listing says.
#[test]
fn the_readme_says_how_much_the_pipelines_need() {
    let empty = tempfile::tempdir().unwrap();
    let listed = Command::new("make")
        .args(["models", "ROLE=", "MODEL="])
        .arg(format!("MODELS_FROM={}", empty.path().display()))
        .arg(format!("BIN={}", tools().display()))
        .env("FILM2LORA_MODELS", fresh_registry(empty.path()))
        .env_remove("MAKEFLAGS")
        .env_remove("MAKELEVEL")
        .current_dir(root())
        .output()
        .unwrap();
    let said = String::from_utf8(listed.stderr).unwrap();
    let whole = said
        .lines()
        .find_map(|line| line.strip_suffix(" MB in total"));
    let whole: f64 = whole
        .and_then(|line| line.rsplit(' ').next())
        .unwrap_or_else(|| panic!("{said}"))
        .parse()
        .unwrap();
    let words = format!("about {:.1} GB", whole / 1e3);
    assert!(readme().contains(&words), "{words}: {said}");
    assert!(!said.contains("(tag)"), "no pipeline tags: {said}");
    for role in [
        "detect", "segment", "inpaint", "embed", "pose", "face", "emotion", "caption",
    ] {
        assert!(said.contains(&format!("({role})")), "{role}: {said}");
    }
}

/// A folder of models with the project's registry and no models.
fn fresh_registry(here: &Path) -> PathBuf {
    let models = here.join("models");
    fs::create_dir(&models).unwrap();
    fs::copy(
        root().join("models/registry.toml"),
        models.join("registry.toml"),
    )
    .unwrap();
    models
}

#[test]
fn ci_runs_the_commands_of_the_documents_and_installs_nothing() {
    let run = fs::read_to_string(root().join(".ci/run")).unwrap();
    let commands: Vec<_> = run.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(commands.contains(&"make test"), "{run}");
    assert!(
        commands
            .iter()
            .any(|line| line.starts_with("make check deny")),
        "{run}"
    );
    for word in ["apt", "apt-get", "pip", "brew", "curl", "install"] {
        let named = |line: &&str| line.split_whitespace().any(|own| own == word);
        assert!(!commands.iter().any(named), "{word}: {run}");
    }
    assert!(readme().contains("make test    #"));
}

#[test]
fn what_pip_installs_is_pinned_with_checksums() {
    let listed = Command::new("find")
        .args([
            ".", "-name", "target", "-prune", "-o", "-name", "runtime", "-prune", "-o",
        ])
        .args([
            "-type", "f", "(", "-name", "*.sh", "-o", "-name", "Makefile", "-o",
        ])
        .args([
            "-name",
            "requirements.txt",
            "-o",
            "-path",
            "./.ci/run",
            ")",
            "-print",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let mut requirements = 0;
    for name in listed.lines() {
        let text = fs::read_to_string(root().join(name)).unwrap();
        if name.ends_with("requirements.txt") {
            requirements += 1;
            for one in text.split('\n').filter(|line| line.contains("==")) {
                assert!(one.ends_with('\\'), "{name}: {one}: has no checksum");
            }
        } else if text.contains("pip download") || text.contains("-m pip \"") {
            assert!(text.contains("--require-hashes"), "{name}");
        }
        let bare = text
            .lines()
            .find(|line| line.contains("pip install") && !line.contains("require-hashes"));
        assert_eq!(bare, None, "{name}");
    }
    assert_eq!(requirements, 4, "{listed}");
}

#[test]
fn the_tests_that_the_map_of_tests_names_exist() {
    let map = fs::read_to_string(root().join("tests/README.md")).unwrap();
    let quoted = map.split('`').skip(1).step_by(2);
    let named: Vec<(&str, &str)> = quoted.filter_map(|word| word.split_once("::")).collect();
    assert!(named.len() > 200, "{}", named.len());
    for (path, name) in named {
        let text = fs::read_to_string(root().join(path))
            .unwrap_or_else(|_| panic!("tests/README.md: {path} is not there"));
        let defined = [format!("fn {name}("), format!("def {name}(")];
        assert!(
            defined.iter().any(|defined| text.contains(defined)),
            "tests/README.md: {path} has no {name}"
        );
    }
}
