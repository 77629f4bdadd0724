//! What every tool that runs a network says when the runtime or the model is not what it should be:
//! exit 1, nothing on standard output, one message that names the thing and what to do.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;
use std::process::Command;

use end_to_end::{root, tools};
use testkit::{run_in, scene};

/// The tools, what their networks are for, and the flags that they cannot do without.
const TOOLS: [(&str, &str, &[&str]); 10] = [
    ("char-detect", "detect", &[]),
    ("clip-embed", "embed", &[]),
    ("emotion-classify", "emotion", &[]),
    ("face-crop", "face", &["--out-dir", "out"]),
    ("face-landmarks", "landmark", &[]),
    ("lama-inpaint", "inpaint", &["--out-dir", "out"]),
    ("matte", "matte", &["--out-dir", "out"]),
    ("rtmpose", "pose", &[]),
    ("sam-mask", "segment", &["--out-dir", "out"]),
    ("wd-tag", "tag", &[]),
];

/// A folder with an image, a record of it, and a registry that has one model, `own`, for `role`;
/// its file is `content`.
fn folder(role: &str, content: Option<&[u8]>) -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    scene(96, 64, 5).save(here.path().join("a.png")).unwrap();
    let record = r#"{"id":"a","image":"a.png","boxes":[{"box":[8,8,60,60]}],"mask":"a.png"}"#;
    fs::write(here.path().join("in.jsonl"), record).unwrap();
    let entry = format!(
        "[[model]]\nname = \"own\"\nrole = \"{role}\"\nfamily = \"own\"\nlicence = \"MIT\"\n\
         [[model.file]]\npath = \"own.onnx\"\nurl = \"https://example.org/own.onnx\"\n\
         sha256 = \"unconfirmed\"\n"
    );
    fs::write(here.path().join("registry.toml"), entry).unwrap();
    let published = here.path().join("published/own");
    fs::create_dir_all(&published).unwrap();
    if let Some(content) = content {
        fs::write(published.join("own.onnx"), content).unwrap();
    }
    here
}

/// Writes `content` for every graph of a model of a tool, with the list that one of them needs, and
/// says what `--model` is to name.
fn model(here: &Path, tool: &str, content: &[u8]) -> &'static str {
    let (folder, graphs): (_, &[&str]) = match tool {
        "sam-mask" => ("sam", &["encoder.onnx", "decoder.onnx"]),
        "wd-tag" => ("tagger", &["model.onnx"]),
        _ => ("published/own", &["own.onnx"]),
    };
    fs::create_dir_all(here.join(folder)).unwrap();
    for graph in graphs {
        fs::write(here.join(folder).join(graph), content).unwrap();
    }
    if tool == "wd-tag" {
        let tags = root().join("shared/nets/tests/onnx/tiny-tagger/selected_tags.csv");
        fs::copy(tags, here.join(folder).join("selected_tags.csv")).unwrap();
    }
    if graphs == ["own.onnx"] {
        "published/own/own.onnx"
    } else {
        folder
    }
}

/// Runs a tool that has to fail, and returns what it says.
fn fails(here: &Path, (tool, _, needs): (&str, &str, &[&str]), flags: &[&str]) -> String {
    let usual = ["--no-cache", "--models", ".", "in.jsonl"];
    let program = tools().join(tool).display().to_string();
    let ran = run_in(here, &program, &[&usual, needs, flags].concat(), "");
    assert_eq!(ran.code, Some(1), "{tool} {flags:?}: {}", ran.stderr);
    assert_eq!(ran.stdout, "", "{tool} {flags:?}");
    let said = ran.stderr.trim_end().strip_prefix(&format!("{tool}: "));
    let said = said.unwrap_or_default().to_owned();
    let one = !said.is_empty() && !said.contains('\n');
    assert!(one, "{tool} {flags:?}: {}", ran.stderr);
    said
}

/// Whether what is said has all of `parts`.
fn says(said: &str, parts: &[&str], tool: &str) {
    for part in parts {
        assert!(said.contains(part), "{tool}: `{part}` is not in: {said}");
    }
}

#[test]
fn a_model_that_is_not_there_is_named_with_how_to_get_it() {
    for tool in TOOLS {
        let here = folder(tool.1, None);
        let said = fails(here.path(), tool, &["--device", "cpu", "--model", "own"]);
        let parts = [
            "own.onnx: the model own is not installed",
            "`make models MODEL=own`",
        ];
        says(&said, &parts, tool.0);
        let said = fails(here.path(), tool, &["--device", "cpu", "--model", "mine"]);
        let parts = ["mine: not a model in the registry and not a file: the registry has own"];
        says(&said, &parts, tool.0);
    }
}

#[test]
fn a_model_of_another_role_is_refused() {
    for tool in TOOLS {
        let here = folder("smell", Some(b"any"));
        let said = fails(here.path(), tool, &["--device", "cpu", "--model", "own"]);
        let role = format!("own: is a model for `smell`, not for `{}`", tool.1);
        says(&said, &[&role], tool.0);
    }
}

#[test]
fn a_file_that_is_no_network_of_theirs_is_refused() {
    let whole = fs::read(root().join("shared/nets/tests/onnx/other.onnx")).unwrap();
    for tool in TOOLS {
        let here = folder(tool.1, None);
        let name = model(here.path(), tool.0, &whole[..whole.len() / 2]);
        let said = fails(here.path(), tool, &["--device", "cpu", "--model", name]);
        says(&said, &[".onnx: not a network that can be run"], tool.0);
        model(here.path(), tool.0, &whole);
        let said = fails(here.path(), tool, &["--device", "cpu", "--model", name]);
        let named = Path::new(name).file_name().unwrap().to_str().unwrap();
        says(&said, &[named], tool.0);
    }
}

#[test]
fn a_runtime_that_is_not_there_is_not_replaced_by_another() {
    let whole = fs::read(root().join("shared/nets/tests/onnx/other.onnx")).unwrap();
    for tool in TOOLS {
        let here = folder(tool.1, None);
        let name = model(here.path(), tool.0, &whole);
        let flags = ["--model", name, "--ort-lib", "no/libonnxruntime.so"];
        let said = fails(here.path(), tool, &flags);
        let parts = [
            "no/libonnxruntime.so: --ort-lib names a file that does not exist",
            "`make setup`",
        ];
        says(&said, &parts, tool.0);
        if Path::new("/dev/nvidia0").exists() {
            continue;
        }
        let said = fails(here.path(), tool, &["--model", name, "--device", "cuda"]);
        says(
            &said,
            &["--device cuda: ", "`make setup RUNTIME=gpu`"],
            tool.0,
        );
    }
}

#[test]
fn the_runtime_keeps_no_diary_of_the_user() {
    let whole = fs::read(root().join("shared/nets/tests/onnx/other.onnx")).unwrap();
    for (tool, role, needs) in TOOLS {
        let here = folder(role, None);
        let name = model(here.path(), tool, &whole);
        let cache = here.path().join("cache");
        fs::create_dir(&cache).unwrap();
        let ran = Command::new(tools().join(tool))
            .args(["--no-cache", "--models", ".", "--device", "cpu", "in.jsonl"])
            .args(["--model", name])
            .args(needs)
            .current_dir(here.path())
            .env_remove("ORT_DISABLE_TELEMETRY")
            .envs(["HOME", "XDG_CACHE_HOME"].map(|variable| (variable, &cache)))
            .output()
            .unwrap();
        // The runtime was loaded: it is the graph that is refused.
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(1), "{tool}: {said}");
        assert!(!said.contains("runtime"), "{tool}: {said}");
        let written = fs::read_dir(&cache).unwrap().count();
        assert_eq!(
            written, 0,
            "{tool}: the runtime writes into the user's cache"
        );
    }
}

#[test]
fn every_tool_that_runs_networks_keeps_its_runtime_quiet() {
    for tool in fs::read_dir(root().join("tools")).unwrap() {
        let folder = tool.unwrap().path();
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        let main = fs::read_to_string(folder.join("src/main.rs")).unwrap();
        let runs = manifest.contains("\nnets.workspace");
        assert_eq!(
            runs,
            main.contains("onnx::quietly("),
            "{}",
            folder.display()
        );
    }
}
