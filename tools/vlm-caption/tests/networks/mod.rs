//! Networks of one's own: tiny random ones, whose tokens the tests of `nets` compare with the
//! reference; here they are run on images.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use testkit::{Ran, folder, run_in};

use crate::TOOL;

fn network(family: &str) -> String {
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/nets/tests/onnx");
    tiny.join(family)
        .canonicalize()
        .unwrap()
        .display()
        .to_string()
}

fn captioned(here: &Path, family: &str, images: u64, more: &[&str]) -> Ran {
    let manifest = folder(here, images);
    let network = network(family);
    let flags = [
        "--model",
        &network,
        "--device",
        "cpu",
        "--threads",
        "1",
        "--max-new-tokens",
        "12",
        "--cache",
        "cache",
    ];
    let ran = run_in(here, TOOL, &[&flags, more].concat(), &manifest);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran
}

#[test]
fn florence_writes_the_same_in_any_batch() {
    let here = tempfile::tempdir().unwrap();
    let first = captioned(here.path(), "florence", 5, &["--batch", "1"]);
    let record = &first.records()[0];
    assert_eq!(record["captioner"]["finish"], "length");
    assert_eq!(record["captioner"]["tokens"], 12);
    assert_eq!(record["captioner"]["model"], "florence");
    assert_eq!(record["models"]["vlm-caption"]["device"], "cpu");
    assert!(
        record["caption"].as_str().unwrap().starts_with('W'),
        "{record}"
    );
    let cached = captioned(here.path(), "florence", 5, &["--batch", "3"]);
    assert_eq!(cached.stdout, first.stdout);
    fs::remove_dir_all(here.path().join("cache")).unwrap();
    let together = captioned(here.path(), "florence", 5, &["--batch", "3", "-j", "3"]);
    assert_eq!(together.stdout, first.stdout);
    let beams = captioned(here.path(), "florence", 5, &["--beams", "3"]);
    assert_ne!(
        beams.stdout, first.stdout,
        "other settings are another answer"
    );
}

#[test]
fn smolvlm_sees_whole_images_and_tiles() {
    let here = tempfile::tempdir().unwrap();
    let raw = |ran: &Ran| -> Vec<Value> {
        ran.records()
            .iter()
            .map(|record| record["captioner"]["raw"].clone())
            .collect()
    };
    let keep = ["--rejects", "rejects.jsonl"];
    let whole = captioned(here.path(), "smolvlm", 3, &keep);
    let alone = captioned(
        here.path(),
        "smolvlm",
        3,
        &[&keep[..], &["--batch", "1", "--prompt", "w5 w6"]].concat(),
    );
    assert_ne!(
        raw(&whole),
        raw(&alone),
        "another question is another answer"
    );
    let split = captioned(
        here.path(),
        "smolvlm",
        3,
        &[&keep[..], &["--split"]].concat(),
    );
    assert_ne!(raw(&whole), raw(&split), "tiles show more");
}

#[test]
fn a_network_killed_at_any_moments_goes_on_where_it_was() {
    let here = tempfile::tempdir().unwrap();
    let flags = ["--batch", "2"];
    let undisturbed = captioned(here.path(), "florence", 40, &flags);
    fs::remove_dir_all(here.path().join("cache")).unwrap();
    fs::write(here.path().join("in.jsonl"), folder(here.path(), 40)).unwrap();
    for moment in [5, 60, 120, 180, 240] {
        let mut child = Command::new(TOOL)
            .current_dir(here.path())
            .args([
                "--model",
                &network("florence"),
                "--device",
                "cpu",
                "--threads",
                "1",
            ])
            .args(["--max-new-tokens", "12", "--cache", "cache", "in.jsonl"])
            .args(flags)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(moment));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let last = captioned(here.path(), "florence", 40, &flags);
    assert_eq!(last.stdout, undisturbed.stdout);
}

#[test]
fn a_folder_that_is_no_model_is_named() {
    let here = tempfile::tempdir().unwrap();
    let manifest = folder(here.path(), 1);
    fs::create_dir(here.path().join("mine")).unwrap();
    fs::write(here.path().join("mine/embed_tokens.onnx"), "no network").unwrap();
    let ran = run_in(
        here.path(),
        TOOL,
        &["--model", "mine", "--no-cache"],
        &manifest,
    );
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("mine: the model has no file for `tokenizer`"),
        "{}",
        ran.stderr
    );
}
