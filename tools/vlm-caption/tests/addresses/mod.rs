//! Where servers are, which fields they take, and what must not leave for another.

use std::process::Command;

use base64::Engine as _;
use serde_json::{Value, json};
use testkit::{folder, run_in};

use crate::TOOL;
use crate::mock::{Act, Mock, error, good};
use crate::server::{CAPTION, captioned, captioned_at, captions};

/// A server whose chat is at this place alone; at others it knows nothing, in its own words.
fn at(place: &'static str, otherwise: impl Fn() -> Act + Send + Sync + 'static) -> Mock {
    Mock::new(move |request, _| {
        if request.path == place {
            good(request)
        } else {
            otherwise()
        }
    })
}

#[test]
fn any_address_that_a_document_gives_is_one() {
    let lost = || error(404, &json!({"detail": "Not Found"}));
    for (place, given) in [
        ("/v1/chat/completions", ""),
        ("/v1/chat/completions", "/v1/"),
        ("/chat/completions", ""),
        ("/api/v1/chat/completions", ""),
        ("/api/v1/chat/completions", "/api/v1"),
        ("/v1beta/openai/chat/completions", "/v1beta/openai/"),
        ("/llm/v1/chat/completions", "/llm"),
        ("/serving-endpoints/chat/completions", "/serving-endpoints"),
        ("/v4/chat/completions", "/v4/chat/completions"),
        (
            "/d/chat/completions?api-version=1",
            "/d/chat/completions?api-version=1",
        ),
    ] {
        for otherwise in [lost as fn() -> Act, || {
            Act::Answer(200, "Content-Type: text/html\r\n", "<html>".into())
        }] {
            let here = tempfile::tempdir().unwrap();
            let mock = at(place, otherwise);
            let endpoint = format!("{}{given}", mock.address);
            let ran = captioned_at(here.path(), &endpoint, 2, &[]);
            assert_eq!(captions(&ran), [CAPTION; 2], "{place}: {}", ran.stderr);
        }
    }
}

#[test]
fn where_the_api_was_looked_for_is_said() {
    let here = tempfile::tempdir().unwrap();
    let mock = at("/nowhere", || error(404, &json!({"detail": "Not Found"})));
    let endpoint = format!("{}/llm", mock.address);
    let ran = captioned_at(here.path(), &endpoint, 2, &[]);
    assert_eq!(ran.code, Some(1));
    let said = "404 Not Found; requested /llm/v1/chat/completions, /llm/chat/completions: check that --endpoint is the address of an API";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert_eq!(mock.count(), 2, "each place once");
}

/// A server that refuses a field until it is gone, in these words: it is asked without it, which is
/// said once, and every later request comes without it.
#[track_caller]
fn goes_without(field: &'static str, words: &'static str, flag: &str, more: &[&str]) -> Vec<Value> {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(move |request, _| {
        if request.body.get(field).is_some() {
            error(400, &json!({"error": {"message": words, "param": field}}))
        } else {
            good(request)
        }
    });
    let ran = captioned(here.path(), &mock, 3, more);
    assert_eq!(captions(&ran), [CAPTION; 3], "{}", ran.stderr);
    assert_eq!(ran.stderr.matches(flag).count(), 1, "{}", ran.stderr);
    assert_eq!(mock.requests().len(), 3, "the first try finds it out");
    let told = captioned(
        here.path(),
        &mock,
        3,
        &[&flag.split(' ').collect::<Vec<_>>(), more].concat(),
    );
    assert_eq!(captions(&told), [CAPTION; 3], "{}", told.stderr);
    assert_eq!(told.stderr, "", "what is asked for needs no warning");
    mock.requests()
        .into_iter()
        .map(|request| request.body)
        .collect()
}

#[test]
fn a_field_that_a_server_refuses_is_left_out() {
    goes_without(
        "temperature",
        "Unsupported value: 'temperature' does not support 0.0 with this model.",
        "--leave-out temperature",
        &[],
    );
    goes_without(
        "seed",
        "Unrecognized request argument: seed",
        "--leave-out seed",
        &["--seed", "7"],
    );
    let renamed = goes_without(
        "max_tokens",
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "--max-tokens-field max_completion_tokens",
        &[],
    );
    assert_eq!(renamed[0]["max_completion_tokens"], 300);
}

#[test]
fn a_schema_that_a_server_does_not_take_is_only_asked_for() {
    let facts = json!({"subject": "a boy", "action": "running", "place": "a quay", "light": "noon", "clothing": [],
        "framing": "full body", "description": "A boy runs."});
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(move |request, _| {
        if request.body.get("response_format").is_some() {
            error(
                400,
                &json!({"error": {"message": "This response_format type is unavailable now"}}),
            )
        } else {
            crate::mock::says(request, &facts.to_string())
        }
    });
    let ran = captioned(here.path(), &mock, 2, &["--schema", "image"]);
    assert_eq!(captions(&ran), ["A boy runs."; 2], "{}", ran.stderr);
    assert!(
        ran.stderr.contains("--leave-out response-format"),
        "{}",
        ran.stderr
    );
}

#[test]
fn neither_key_nor_password_is_shown_or_sent_on() {
    let here = tempfile::tempdir().unwrap();
    let other = Mock::good();
    let to = format!("Location: {}/v1\r\n", other.address);
    let to: &'static str = Box::leak(to.into_boxed_str());
    let sends_on = Mock::new(move |_, _| Act::Answer(307, to, String::new()));
    let repeats = Mock::new(|request, _| error(401, &json!({"error": request.head})));
    let host = |mock: &Mock| mock.address.trim_start_matches("http://").to_owned();
    for (endpoint, header) in [
        (format!("http://{}", host(&sends_on)), "authorization"),
        (format!("http://{}", host(&repeats)), "authorization"),
        (
            format!("http://luca:pa%24%24word@{}/v1?code=c0de", host(&repeats)),
            "api-key",
        ),
    ] {
        std::fs::write(here.path().join("in.jsonl"), folder(here.path(), 1)).unwrap();
        let mut run = Command::new(TOOL);
        run.current_dir(here.path())
            .env("FILM2LORA_API_KEY", "sk-secret");
        run.args([
            "--endpoint",
            &endpoint,
            "--model",
            "m",
            "--no-cache",
            "--rejects",
            "no.jsonl",
        ]);
        run.args(["--key-header", header, "-vv", "in.jsonl"]);
        let ran = run.output().unwrap();
        assert_eq!(ran.status.code(), Some(1));
        let rejects = std::fs::read(here.path().join("no.jsonl")).unwrap_or_default();
        let said = [ran.stdout, ran.stderr, rejects].concat();
        let said = String::from_utf8_lossy(&said);
        for secret in [
            "sk-secret",
            "pa$$word",
            "pa%24",
            "bHVjYTpwYSQkd29yZA",
            "c0de",
        ] {
            assert!(!said.contains(secret), "{said}");
        }
    }
    assert_eq!(other.count(), 0, "a redirection is not followed");
}

#[test]
fn a_key_goes_into_the_header_that_is_named() {
    let here = tempfile::tempdir().unwrap();
    std::fs::write(here.path().join("key"), "sk-secret\n").unwrap();
    let mock = Mock::good();
    captioned(
        here.path(),
        &mock,
        1,
        &["--key-file", "key", "--key-header", "api-key"],
    );
    let head = mock.requests()[0].head.to_lowercase();
    assert!(head.contains("\r\napi-key: sk-secret\r\n"), "{head}");
    assert!(!head.contains("authorization"), "{head}");
}

/// The answer of a server that is well, as gzip packs it.
const PACKED: &str = "H4sIAAAAAAACAxWMQQoCMRAEv9LMWfYBvsAHeBOR2dCaHDYjdnBZQv5uvFVRUN1SjpIoO+PWbaPkL07plqI21jbZrpko2wxQjl1wrHFgPdBmEH3Bhdj9Sy02TrBnqUX58aEr6n+gFm8b9/ED4LTzX28AAAA=";

#[test]
fn answers_come_in_every_form_of_http() {
    let json = r#"{"choices": [{"message": {"content": "The image shows a boy by the sea. He waves."}, "finish_reason": "stop", "logprobs": NaN}]}"#;
    // The mock closes after each answer, and says so: else the next request may go to a connection that is gone.
    let kind = "Content-Type: application/json\r\nConnection: close\r\n";
    let packed = base64::engine::general_purpose::STANDARD
        .decode(PACKED)
        .unwrap();
    let (one, two) = json.split_at(40);
    for answer in [
        format!("HTTP/1.0 200 OK\r\n{kind}\r\n{json}").into_bytes(),
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\u{feff} \n{json}").into_bytes(),
        format!(
            "HTTP/1.1 200 OK\r\n{kind}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
            one.len(),
            two.len()
        )
        .into_bytes(),
        [
            format!("HTTP/1.1 200 OK\r\n{kind}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", packed.len()).into_bytes(),
            packed,
        ]
        .concat(),
    ] {
        let here = tempfile::tempdir().unwrap();
        let head = String::from_utf8_lossy(&answer[..60]).into_owned();
        let mock = Mock::new(move |_, _| Act::Raw(answer.clone()));
        let ran = captioned(here.path(), &mock, 1, &["--tries", "1"]);
        assert_eq!(captions(&ran), [CAPTION], "{head}: {}", ran.stderr);
    }
}

#[test]
fn a_stream_that_was_not_asked_for_ends_the_run() {
    let here = tempfile::tempdir().unwrap();
    let manifest = folder(here.path(), 1);
    let stream = "data: {\"choices\": [{\"delta\": {\"content\": \"A\"}}]}\n\n";
    let mock = Mock::new(move |_, _| {
        Act::Answer(200, "Content-Type: text/event-stream\r\n", stream.into())
    });
    let flags = ["--endpoint", &mock.address, "--model", "m", "--no-cache"];
    let ran = run_in(here.path(), TOOL, &flags, &manifest);
    assert_eq!((ran.code, mock.count()), (Some(1), 1));
    assert!(
        ran.stderr.contains("answers with a stream"),
        "{}",
        ran.stderr
    );
}
