//! What is said when the runtime or the model is not what it should be: exit 1, one clear message.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::{Path, PathBuf};

use image::RgbImage;
use testkit::run_in;

const TOOL: &str = env!("CARGO_BIN_EXE_char-detect");

fn drawn() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/nets/tests/onnx/yolox.onnx")
}

/// Runs the tool in a folder and expects it to fail with one message, which is returned.
fn fails(here: &Path, flags: &[&str]) -> String {
    let all = [&["--no-cache"], flags].concat();
    let ran = run_in(here, TOOL, &all, "{\"id\":\"a\",\"image\":\"a.png\"}\n");
    assert_eq!(ran.code, Some(1), "{flags:?}: {}", ran.stderr);
    assert_eq!(ran.stdout, "", "{flags:?}");
    let said: Vec<_> = ran.stderr.lines().collect();
    let errors: Vec<_> = said
        .iter()
        .filter(|line| !line.contains("running on the CPU"))
        .collect();
    assert_eq!(errors.len(), 1, "{flags:?}: {}", ran.stderr);
    let said = errors[0].strip_prefix("char-detect: ");
    said.unwrap().to_owned()
}

/// A folder of models with one entry, whose file is `content`.
fn models(role: &str, sha256: &str, content: Option<&[u8]>) -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    let entry = format!(
        "[[model]]\nname = \"own\"\nrole = \"{role}\"\nfamily = \"yolox\"\nlicence = \"MIT\"\n\
         [[model.file]]\npath = \"own.onnx\"\nurl = \"https://example.org/own.onnx\"\n\
         bytes = 2225000\nsha256 = \"{sha256}\"\n"
    );
    fs::write(here.path().join("registry.toml"), entry).unwrap();
    let folder = here.path().join("published/own");
    fs::create_dir_all(&folder).unwrap();
    if let Some(content) = content {
        fs::write(folder.join("own.onnx"), content).unwrap();
    }
    here
}

#[test]
fn a_library_that_is_not_there() {
    let here = tempfile::tempdir().unwrap();
    let model = drawn();
    let flags = [
        "--model",
        model.to_str().unwrap(),
        "--ort-lib",
        "no/libonnxruntime.so",
    ];
    let said = fails(here.path(), &flags);
    assert!(
        said.contains("no/libonnxruntime.so: --ort-lib names a file that does not exist"),
        "{said}"
    );
    assert!(
        said.contains("`make setup` or `film2lora make setup` downloads ONNX Runtime"),
        "{said}"
    );
}

#[test]
fn a_library_that_is_another() {
    let folders = [
        "/lib/x86_64-linux-gnu",
        "/lib/aarch64-linux-gnu",
        "/lib64",
        "/usr/lib",
    ];
    let mut libraries = folders
        .iter()
        .map(|folder| Path::new(folder).join("libm.so.6"));
    let Some(other) = libraries.find(|path| path.is_file()) else {
        return;
    };
    let here = tempfile::tempdir().unwrap();
    let model = drawn();
    let flags = [
        "--model",
        model.to_str().unwrap(),
        "--ort-lib",
        other.to_str().unwrap(),
    ];
    let said = fails(here.path(), &flags);
    assert!(
        said.contains(
            "libm.so.6: is not ONNX Runtime: `make setup` or `film2lora make setup` downloads it"
        ),
        "{said}"
    );
}

#[test]
fn a_library_that_is_no_library() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("text.so"), "not a library").unwrap();
    let model = drawn();
    let flags = ["--model", model.to_str().unwrap(), "--ort-lib", "text.so"];
    let said = fails(here.path(), &flags);
    assert!(
        said.contains("text.so: cannot be loaded as a library"),
        "{said}"
    );
}

#[test]
fn a_model_that_is_not_there() {
    let here = models("detect", "unconfirmed", None);
    let said = fails(here.path(), &["--models", ".", "--model", "own"]);
    assert!(
        said.contains("own.onnx: the model own is not installed"),
        "{said}"
    );
    assert!(
        said.contains(
            "`film2lora models --model own` or `make models MODEL=own` downloads it (2 MB)"
        ),
        "{said}"
    );
}

#[test]
fn a_name_that_nobody_knows() {
    let here = models("detect", "unconfirmed", None);
    let said = fails(here.path(), &["--models", ".", "--model", "yolo9000"]);
    let expected = "yolo9000: not a model in the registry and not a file: the registry has own";
    assert_eq!(said, expected);
    let said = fails(here.path(), &["--models", "."]);
    assert!(
        said.starts_with("there is no default model for `detect`"),
        "{said}"
    );
}

#[test]
fn a_model_of_another_role() {
    let here = models("inpaint", "unconfirmed", Some(b"any"));
    let said = fails(here.path(), &["--models", ".", "--model", "own"]);
    assert!(
        said.starts_with("own: is a model for `inpaint`, not for `detect`"),
        "{said}"
    );
}

#[test]
fn a_model_with_another_checksum() {
    let whole = fs::read(drawn()).unwrap();
    let here = models("detect", &"0".repeat(64), Some(&whole));
    let said = fails(here.path(), &["--models", ".", "--model", "own"]);
    assert!(
        said.contains("own.onnx: the file is not the one in the registry"),
        "{said}"
    );
    assert!(
        said.contains("`make models MODEL=own` downloads it again"),
        "{said}"
    );
}

#[test]
fn a_model_cut_short() {
    let whole = fs::read(drawn()).unwrap();
    let here = models("detect", "unconfirmed", Some(&whole[..whole.len() / 2]));
    for model in ["own", "published/own/own.onnx"] {
        let said = fails(
            here.path(),
            &["--models", ".", "--device", "cpu", "--model", model],
        );
        assert!(
            said.contains("own.onnx: not a network that can be run"),
            "{said}"
        );
    }
}

#[test]
fn a_graph_that_is_no_detector() {
    let here = tempfile::tempdir().unwrap();
    let model = drawn().with_file_name("other.onnx");
    let said = fails(
        here.path(),
        &["--device", "cpu", "--model", model.to_str().unwrap()],
    );
    let expected =
        "other.onnx: not a known detector: the graph takes `x` f32[1,3] and gives `y` f32[1,3]";
    assert!(said.starts_with(expected), "{said}");
}

#[test]
fn a_graph_without_the_names_of_its_family() {
    let graph = fs::read(drawn().with_file_name("other.onnx")).unwrap();
    let here = models("detect", "unconfirmed", Some(&graph));
    let flags = ["--models", ".", "--device", "cpu", "--model", "own"];
    let said = fails(here.path(), &flags);
    let takes = "the graph takes `x` f32[1,3] and gives `y` f32[1,3]";
    assert!(said.starts_with("own") && said.contains(takes), "{said}");
}

#[test]
fn cuda_on_a_machine_without() {
    if Path::new("/dev/nvidia0").exists() {
        return;
    }
    let here = tempfile::tempdir().unwrap();
    let model = drawn();
    let said = fails(
        here.path(),
        &["--model", model.to_str().unwrap(), "--device", "cuda"],
    );
    assert!(said.starts_with("--device cuda: "), "{said}");
    assert!(
        said.contains("`film2lora make setup RUNTIME=gpu` downloads a runtime with CUDA"),
        "{said}"
    );
}

#[test]
fn an_image_or_an_example_that_is_too_long_is_named() {
    let here = tempfile::tempdir().unwrap();
    fs::create_dir(here.path().join("smaug")).unwrap();
    // The square around it would have more pixels than an image may have.
    let long = RgbImage::new(12_000, 1);
    long.save(here.path().join("a.png")).unwrap();
    long.save(here.path().join("smaug/one.png")).unwrap();
    let model = drawn().with_file_name("owlv2");
    let said = |more: [&str; 2]| {
        let flags = ["--no-cache", "--device", "cpu", "--words-only"];
        let model = ["--words-model", model.to_str().unwrap()];
        let flags = [&flags[..], &model, &more].concat();
        let ran = run_in(
            here.path(),
            TOOL,
            &flags,
            "{\"id\":\"a\",\"image\":\"a.png\"}\n",
        );
        assert_eq!(ran.stdout, "");
        ran.stderr
    };
    let error = said(["--words", "a boy."]);
    assert!(error.contains("a.png: image of 12000x12000"), "{error}");
    let error = said(["--like", "smaug"]);
    assert!(
        error.contains("smaug/one.png: image of 12000x12000"),
        "{error}"
    );
}

#[test]
fn an_owl_whose_class_head_is_no_floats_leaves_examples_to_another_network() {
    let here = models("detect", "unconfirmed", None);
    for folder in ["owl", "smaug"] {
        fs::create_dir(here.path().join(folder)).unwrap();
    }
    let owl = drawn().with_file_name("owlv2");
    let graph = fs::read(owl.join("model.onnx")).unwrap();
    // A name of the same length, so that the file stays one.
    let (name, other) = (b"class_head.logit_shift", b"class_head.logit_other");
    let places: Vec<_> = { 0..graph.len() - name.len() }
        .filter(|at| graph[*at..].starts_with(name))
        .collect();
    let mut changed = graph;
    for at in places {
        changed[at..at + name.len()].copy_from_slice(other);
    }
    fs::write(here.path().join("owl/model.onnx"), changed).unwrap();
    fs::copy(
        owl.join("tokenizer.json"),
        here.path().join("owl/tokenizer.json"),
    )
    .unwrap();
    let flags = ["--no-cache", "--device", "cpu", "--models", "."];
    let more = ["--words-only", "--words-model", "owl", "--like", "smaug"];
    let ran = run_in(here.path(), TOOL, &[&flags[..], &more].concat(), "");
    for part in [
        "it cannot be shown examples",
        "there is no default model for `embed`",
    ] {
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    }
}
