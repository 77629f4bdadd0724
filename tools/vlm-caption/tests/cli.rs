//! What vlm-caption makes of manifests.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

mod addresses;
mod mock;
mod networks;
mod qwen;
mod remembered;
mod server;

use std::fs;

use mock::Mock;
use testkit::{Shape, Tolerance, folder, golden, manners, run, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_vlm-caption");

#[test]
fn has_manners() {
    let mock = Mock::good();
    manners(Shape {
        tool: TOOL,
        flags: &["--endpoint", &mock.address, "--no-cache", "--pause", "0"],
        opens_images: true,
        streams: true,
    });
}

#[test]
fn golden_cases_of_networks() {
    golden(TOOL, "tests/golden/networks", Tolerance::default());
}

/// The golden cases of servers have no port of their own to name, so each is run by hand.
#[test]
fn golden_cases() {
    let mock = Mock::new(|request, before| match before {
        1 => mock::says(request, "!!!!!!!!!!!!"),
        2 => mock::said(request, serde_json::json!("A cat sleeps. The su"), "length"),
        _ => mock::good(request),
    });
    let case = std::path::Path::new("tests/golden/server");
    let input = fs::read_to_string(case.join("in.jsonl")).unwrap();
    let here = tempfile::tempdir().unwrap();
    folder(here.path(), 4);
    let flags = [
        "--endpoint",
        &mock.address,
        "--model",
        "mock",
        "--no-cache",
        "--concurrency",
        "1",
        "--rejects",
        "rejects.jsonl",
    ];
    let ran = run_in(here.path(), TOOL, &flags, &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let found = ran.stdout + &fs::read_to_string(here.path().join("rejects.jsonl")).unwrap();
    let stored = case.join("out.jsonl");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&stored, &found).unwrap();
    }
    assert_eq!(found, fs::read_to_string(&stored).unwrap());
}

#[test]
fn a_model_must_be_named() {
    let ran = run(TOOL, &["--endpoint", "localhost:1", "--no-cache"], "{}\n");
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("must begin with http://"),
        "{}",
        ran.stderr
    );
    let several = Mock::new(|_, _| {
        mock::error(
            200,
            &serde_json::json!({"data": [{"id": "a"}, {"id": "b"}]}),
        )
    });
    let ran = run(
        TOOL,
        &["--endpoint", &several.address, "--no-cache"],
        "{}\n",
    );
    assert!(
        ran.stderr.contains("name one with --model: a, b"),
        "{}",
        ran.stderr
    );
}
