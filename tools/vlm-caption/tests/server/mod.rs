//! Servers that misbehave, one way after another, and what becomes of the run.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::mock::{Act, Mock, Request, error, good, said, says};
use base64::Engine as _;
use serde_json::{Value, json};
use testkit::{Ran, folder, run_in};

use crate::TOOL;

pub(crate) const CAPTION: &str = "A boy by the sea. He waves.";

/// Runs the tool on `images` drawn images against `mock`; failures go to rejects.jsonl.
pub(crate) fn captioned(here: &Path, mock: &Mock, images: u64, more: &[&str]) -> Ran {
    captioned_at(here, &mock.address, images, more)
}

/// The same, by another address.
pub(crate) fn captioned_at(here: &Path, endpoint: &str, images: u64, more: &[&str]) -> Ran {
    let manifest = folder(here, images);
    let flags = [
        "--endpoint",
        endpoint,
        "--model",
        "m",
        "--pause",
        "0.001",
        "--rejects",
        "rejects.jsonl",
        "--cache",
        "cache",
    ];
    run_in(here, TOOL, &[&flags, more].concat(), &manifest)
}

pub(crate) fn captions(ran: &Ran) -> Vec<Value> {
    ran.records()
        .iter()
        .map(|record| record["caption"].clone())
        .collect()
}

pub(crate) fn rejects(here: &Path) -> Vec<Value> {
    let text = fs::read_to_string(here.join("rejects.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Runs three images against a server that does `act` with the first request of each kind, and
/// well from then on: all are captioned, with one request more.
#[track_caller]
fn passes(more: &[&str], act: impl Fn() -> Act + Send + Sync + 'static) {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(move |request, before| {
        if before == 0 && !request.probes() {
            act()
        } else {
            good(request)
        }
    });
    let ran = captioned(here.path(), &mock, 3, more);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(captions(&ran), [CAPTION; 3], "{}", ran.stderr);
    assert_eq!(mock.requests().len(), 4, "one was asked for again");
}

/// One of three images has a final error that says `what`; the others are captioned.
#[track_caller]
fn fails(what: &str, act: impl Fn(&Request) -> Act + Send + Sync + 'static) {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(move |request, before| {
        if before == 1 && !request.probes() {
            act(request)
        } else {
            good(request)
        }
    });
    let ran = captioned(here.path(), &mock, 3, &["--concurrency", "1"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(captions(&ran), [CAPTION; 2], "{}", ran.stderr);
    assert_eq!(mock.requests().len(), 3, "none was asked for again");
    let error = rejects(here.path())[0]["rejected"]["error"].clone();
    assert!(error.as_str().unwrap().contains(what), "{error}");
}

#[test]
fn what_passes_is_asked_for_again() {
    let plain =
        |status, body: &'static str| move || error(status, &json!({"error": {"message": body}}));
    passes(&[], plain(503, "Loading model"));
    passes(&[], plain(500, "slot was busy"));
    passes(&[], plain(408, "timeout"));
    passes(&[], plain(502, "bad gateway"));
    passes(&[], plain(425, "too early"));
    passes(&[], plain(520, "unknown"));
    passes(&[], plain(522, "gateway"));
    passes(&[], plain(524, "gateway"));
    passes(&[], plain(529, "overloaded"));
    passes(&[], plain(200, "an error within an answer"));
    passes(&[], || {
        error(
            200,
            &json!({"error": {"message": "Provider returned error", "code": 502}}),
        )
    });
    passes(&[], || {
        error(
            200,
            &json!({"choices": [{"finish_reason": "error", "error": {"code": 502, "message": "gone"}, "message": {"content": ""}}]}),
        )
    });
    passes(&[], || {
        Act::Answer(504, "Content-Type: text/html\r\n", "<h1>late</h1>".into())
    });
    passes(&[], || Act::Reset);
    passes(&[], || Act::BreakOff);
    passes(&[], || {
        Act::Answer(
            200,
            "Content-Type: application/json\r\n",
            "{\"choices\": [{\"mess".into(),
        )
    });
    passes(&[], || error(200, &json!({"choices": []})));
    passes(&["--timeout", "3"], || Act::Late(Duration::from_mins(1)));
}

#[test]
fn the_server_is_waited_for_as_long_as_it_asks() {
    let began = Instant::now();
    passes(&[], || {
        Act::Answer(429, "Retry-After: 1\r\n", "slow down".into())
    });
    assert!(began.elapsed() >= Duration::from_secs(1));
}

#[test]
fn what_is_final_is_not_asked_for_again() {
    let vllm = json!({"object": "error", "message": "At most 1 image(s) may be provided in one request.", "type": "BadRequestError", "code": 400});
    fails("400 At most 1 image(s)", move |_| error(400, &vllm));
    fails("413: send smaller images with --long-side", |_| {
        Act::Answer(413, "", String::new())
    });
    fails("The response was filtered", |_| {
        error(
            400,
            &json!({"error": {"message": "The response was filtered", "code": "content_filter"}}),
        )
    });
    fails("mmproj", |_| {
        error(
            500,
            &json!({"error": {"code": 500, "message": "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj", "type": "server_error"}}),
        )
    });
    fails("answers text/html instead of JSON", |_| {
        Act::Answer(200, "Content-Type: text/html\r\n", "<html>".into())
    });
    fails("an answer of more than 8 MiB", |_| {
        error(200, &json!({"choices": "x".repeat(9 << 20)}))
    });
    fails("no answer", |request| {
        error(
            200,
            &json!({"error": {"message": format!("no answer to {}", request.body), "code": 400}}),
        )
    });
}

/// The second of nine images has an answer that none will get over: the run ends at once, and
/// says why; what was answered before is remembered.
#[track_caller]
fn ends(what: &str, act: impl Fn() -> Act + Send + Sync + 'static) {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(move |request, before| match before {
        1 if !request.probes() => act(),
        _ => good(request),
    });
    let ran = captioned(here.path(), &mock, 9, &["--concurrency", "1"]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    assert!(ran.stderr.contains(what), "{}", ran.stderr);
    let asked = mock.requests().len();
    assert!(asked < 9, "{asked}");
    let again = captioned(here.path(), &mock, 9, &["--concurrency", "1"]);
    assert_eq!(captions(&again), [CAPTION; 9], "{}", again.stderr);
    assert_eq!(mock.requests().len(), 9 + 1, "only one was asked for twice");
}

#[test]
fn what_no_image_will_get_over_ends_the_run() {
    ends("401 no key: the server may need a key", || {
        error(401, &json!({"error": {"message": "no key"}}))
    });
    ends("403 not for you", || {
        error(403, &json!({"message": "not for you"}))
    });
    ends("404 model 'm' not found", || {
        error(404, &json!({"error": "model 'm' not found"}))
    });
    ends("429 no money", || {
        error(
            429,
            &json!({"error": {"message": "no money", "code": "insufficient_quota"}}),
        )
    });
    ends("307 the server redirects to http://127.0.0.1:9/: ", || {
        Act::Answer(
            307,
            "Location: http://u:p@127.0.0.1:9/?key=1\r\n",
            String::new(),
        )
    });
    ends(
        "429 slow down: the server asks to wait 27 h 46 min, but --longest-wait is 5 min",
        || Act::Answer(429, "Retry-After: 99999\r\n", "slow down".into()),
    );
    ends("503 closed: the server asks to wait 1 h, but", || {
        let headers =
            "Date: Wed, 21 Oct 2015 07:28:00 GMT\r\nRetry-After: Wed, 21 Oct 2015 08:28:00 GMT\r\n";
        Act::Answer(503, headers, "closed".into())
    });
}

#[test]
fn a_server_that_stays_away_ends_its_image_after_some_tries() {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(|request, _| {
        if request.probes() {
            good(request)
        } else {
            error(503, &json!({"error": "busy"}))
        }
    });
    let ran = captioned(here.path(), &mock, 1, &["--tries", "3"]);
    assert_eq!(ran.code, Some(1), "all records failed");
    assert_eq!(mock.requests().len(), 3);
    let error = rejects(here.path())[0]["rejected"]["error"].clone();
    assert!(
        error
            .as_str()
            .unwrap()
            .contains("no answer after 3 tries: 503 busy"),
        "{error}"
    );
}

#[test]
fn five_equal_final_errors_end_the_run() {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(|request, before| {
        if request.probes() {
            good(request)
        } else {
            error(
                400,
                &json!({"error": format!("request {before} is too long")}),
            )
        }
    });
    let ran = captioned(here.path(), &mock, 60, &["--concurrency", "1"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("5 images failed in the same way"),
        "{}",
        ran.stderr
    );
    assert!(mock.requests().len() < 10, "{}", mock.requests().len());
    assert_eq!(rejects(here.path()).len(), 4, "those before it");
}

#[test]
fn errors_between_good_answers_end_nothing() {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(|request, before| {
        if before % 2 == 0 && !request.probes() {
            error(400, &json!({"error": "too long"}))
        } else {
            good(request)
        }
    });
    let ran = captioned(here.path(), &mock, 20, &["--concurrency", "1"]);
    assert_eq!(
        (ran.code, ran.records().len()),
        (Some(0), 10),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_server_without_eyes_ends_the_run_before_it_begins() {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(|_, _| error(400, &json!({"error": "m is not a multimodal model"})));
    let ran = captioned(here.path(), &mock, 9, &[]);
    assert_eq!(ran.code, Some(1));
    assert_eq!(mock.count(), 1, "it is tried once");
    assert!(
        ran.stderr.contains("m is not a multimodal model"),
        "{}",
        ran.stderr
    );
    assert_eq!(rejects(here.path()).len(), 0);
}

#[test]
fn nobody_at_the_address_is_said() {
    let here = tempfile::tempdir().unwrap();
    let manifest = folder(here.path(), 1);
    let flags = [
        "--endpoint",
        "http://127.0.0.1:9",
        "--model",
        "m",
        "--tries",
        "1",
        "--no-cache",
    ];
    let ran = run_in(here.path(), TOOL, &flags, &manifest);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("http://127.0.0.1:9: no answer after 1 try: "),
        "{}",
        ran.stderr
    );
}

#[test]
fn thoughts_that_took_all_tokens_get_twice_as_many() {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(|request, before| match before {
        1 if !request.probes() => says(request, "<think>A boy?</think>A boy."),
        2 => said(request, json!("<think>Hm, let me see"), "length"),
        _ => said(request, Value::Null, "length"),
    });
    let ran = captioned(
        here.path(),
        &mock,
        2,
        &["--concurrency", "1", "--max-new-tokens", "50"],
    );
    assert_eq!(captions(&ran), ["A boy."], "{}", ran.stderr);
    let asked: Vec<_> = mock
        .requests()
        .iter()
        .map(|request| request.body["max_tokens"].clone())
        .collect();
    assert_eq!(asked, [50, 100, 50, 100]);
    assert!(
        error_of(here.path(), 0).ends_with(
            "the answer is empty, but used all 100 tokens (finish_reason length): raise --max-new-tokens"
        ),
        "{}",
        error_of(here.path(), 0)
    );
}

#[test]
fn what_is_no_caption_is_dropped() {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(|request, before| match before {
        _ if request.probes() => good(request),
        0 => says(request, "!!!!!!!!!!!!!!!!"),
        1 => says(request, "I'm sorry, I can't help with that."),
        2 => says(request, "The sea. The sea. The sea. The sea."),
        3 | 4 => says(request, " "),
        _ => said(request, json!("A boy. He is in the"), "length"),
    });
    let ran = captioned(here.path(), &mock, 5, &["--concurrency", "1"]);
    assert_eq!(captions(&ran), ["A boy."], "{}", ran.stderr);
    assert_eq!(ran.records()[0]["captioner"]["finish"], "length");
    let rejects = rejects(here.path());
    let reasons: Vec<_> = rejects[..3]
        .iter()
        .map(|record| record["rejected"]["reason"].clone())
        .collect();
    let expected = [
        "the answer repeats itself",
        "the answer refuses: `i'm sorry…`",
        "the answer repeats itself",
    ];
    assert_eq!(reasons, expected);
    assert!(error_of(here.path(), 3).ends_with("the answer is empty, also on the second try"));
}

/// The error of a rejected record.
fn error_of(here: &Path, number: usize) -> String {
    let error = rejects(here)[number]["rejected"]["error"].clone();
    error.as_str().unwrap_or_default().to_owned()
}

#[test]
fn an_answer_that_is_none_is_an_error_that_says_why() {
    for (message, finish, why) in [
        (
            json!({"content": "", "reasoning_content": "hm"}),
            "length",
            "the model's thoughts used all 600 tokens (finish_reason length): raise --max-new-tokens, or turn the model's thinking off",
        ),
        (
            json!({"content": "<think>hm"}),
            "length",
            "the model's thoughts used all 600 tokens",
        ),
        (
            json!({"content": "Okay, the user wants a caption."}),
            "length",
            "the model's thoughts used all 300 tokens",
        ),
        (
            json!({"content": null, "reasoning": "A boy."}),
            "stop",
            "the answer contains only thoughts",
        ),
        (
            json!({"content": "A boy"}),
            "content_filter",
            "content filter stopped the answer (finish_reason content_filter)",
        ),
        (
            json!({"content": null, "tool_calls": [{}]}),
            "tool_calls",
            "the answer is empty (finish_reason tool_calls)",
        ),
        (
            json!({"content": "A boy and the"}),
            "length",
            "the answer was cut off after 300 tokens (finish_reason length)",
        ),
    ] {
        let here = tempfile::tempdir().unwrap();
        let answer = json!({"choices": [{"message": message, "finish_reason": finish}]});
        let mock = Mock::new(move |_, _| error(200, &answer));
        let ran = captioned(here.path(), &mock, 1, &[]);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{message}");
        let error = error_of(here.path(), 0);
        assert!(error.contains(why), "{message}: {error}");
    }
}

#[test]
fn filters_end_no_run_however_many_images_they_stop() {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(|request, before| {
        if before < 8 && !request.probes() {
            said(request, json!(""), "content_filter")
        } else {
            good(request)
        }
    });
    let ran = captioned(here.path(), &mock, 9, &["--concurrency", "1"]);
    assert_eq!((ran.code, captions(&ran)), (Some(0), vec![json!(CAPTION)]));
    assert_eq!(rejects(here.path()).len(), 8);
}

#[test]
fn the_request_is_as_the_servers_want_it() {
    let here = tempfile::tempdir().unwrap();
    fs::write(here.path().join("key"), "sk-secret\n").unwrap();
    let mock = Mock::good();
    let more = [
        "--key-file",
        "key",
        "--seed",
        "7",
        "--long-side",
        "48",
        "--max-tokens-field",
        "max_completion_tokens",
        "--prompt",
        "What?",
        "-vv",
    ];
    let ran = captioned(here.path(), &mock, 1, &more);
    let request = &mock.requests()[0];
    assert_eq!(request.path, "/v1/chat/completions");
    assert!(
        request
            .head
            .to_lowercase()
            .contains("authorization: bearer sk-secret")
    );
    assert_eq!(
        (
            &request.body["max_completion_tokens"],
            &request.body["seed"]
        ),
        (&json!(300), &json!(7))
    );
    assert_eq!(request.body["stream"], false);
    let content = &request.body["messages"][0]["content"];
    assert_eq!(content[0], json!({"type": "text", "text": "What?"}));
    let url = content[1]["image_url"]["url"].as_str().unwrap();
    let jpeg = url.strip_prefix("data:image/jpeg;base64,").unwrap();
    let jpeg = base64::engine::general_purpose::STANDARD
        .decode(jpeg)
        .unwrap();
    let image = image::load_from_memory_with_format(&jpeg, image::ImageFormat::Jpeg).unwrap();
    assert_eq!(image.width().max(image.height()), 48);
    for secret in ["sk-secret", &url[40..90]] {
        assert!(
            !ran.stderr.contains(secret) && !ran.stdout.contains(secret),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn ollama_is_asked_in_its_own_way() {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::good();
    let more = [
        "--api",
        "ollama",
        "--context",
        "8192",
        "--keep-alive",
        "30m",
        "--schema",
        "image",
    ];
    captioned(here.path(), &mock, 1, &more);
    let request = &mock.requests()[0];
    assert_eq!(request.path, "/api/chat");
    assert_eq!(
        request.body["options"],
        json!({"temperature": 0.0, "num_predict": 300, "num_ctx": 8192})
    );
    assert_eq!(
        (&request.body["stream"], &request.body["keep_alive"]),
        (&json!(false), &json!("30m"))
    );
    assert_eq!(request.body["format"]["type"], "object");
    let image = request.body["messages"][0]["images"][0].as_str().unwrap();
    assert!(!image.starts_with("data:"), "raw base64");
}

#[test]
fn facts_are_asked_for_by_the_schema_and_mended_once() {
    let here = tempfile::tempdir().unwrap();
    let facts = json!({"subject": "a boy", "action": "running", "place": "a quay", "light": "noon", "clothing": ["a shirt"],
        "framing": "full body", "description": "A boy runs along a quay at noon."});
    let whole = facts.to_string();
    let mock = Mock::new(move |request, before| match before {
        _ if request.probes() => good(request),
        0 => says(request, "A boy runs."),
        1 => says(request, &format!("```json\n{whole}\n```")),
        2 => says(request, &whole),
        _ => says(request, "{\"subject\": 7}"),
    });
    let ran = captioned(
        here.path(),
        &mock,
        3,
        &["--schema", "image", "--concurrency", "1"],
    );
    let records = ran.records();
    assert_eq!(
        captions(&ran),
        ["A boy runs along a quay at noon."; 2],
        "{}",
        ran.stderr
    );
    assert_eq!(records[0]["captioner"]["facts"], facts);
    let requests = mock.requests();
    assert_eq!(requests.len(), 5, "two were asked for again");
    assert_eq!(requests[0].body["response_format"]["type"], "json_schema");
    assert_eq!(requests[1].body["messages"][1]["content"], "A boy runs.");
    let reason = rejects(here.path())[0]["rejected"]["reason"].clone();
    assert!(
        reason
            .as_str()
            .unwrap()
            .starts_with("the answer does not match the schema: "),
        "{reason}"
    );
}

#[test]
fn requests_are_in_flight_together_and_answers_in_order() {
    let here = tempfile::tempdir().unwrap();
    let came = AtomicUsize::new(0);
    let slow = move |request: &Request, before: usize| {
        if request.probes() {
            return good(request);
        }
        // None has its answer before six are there, however slowly they come.
        came.fetch_add(1, Ordering::SeqCst);
        let began = Instant::now();
        while came.load(Ordering::SeqCst) < 6 && began.elapsed() < Duration::from_secs(30) {
            sleep(Duration::from_millis(5));
        }
        // The first is the slowest.
        sleep(Duration::from_millis(if before == 0 { 400 } else { 20 }));
        says(request, &format!("Image {before}."))
    };
    let mock = Mock::new(slow);
    let ran = captioned(here.path(), &mock, 24, &["--concurrency", "6"]);
    assert_eq!(ran.records().len(), 24, "{}", ran.stderr);
    assert_eq!(mock.most(), 6, "at once");
    let ids: Vec<_> = ran
        .records()
        .iter()
        .map(|record| record["id"].clone())
        .collect();
    let mut sorted = ids.clone();
    sorted.sort_by_key(ToString::to_string);
    assert_eq!(ids, sorted);
}

#[test]
fn what_was_answered_is_not_asked_for_again() {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::good();
    let first = captioned(here.path(), &mock, 5, &[]);
    let asked = mock.count();
    let again = captioned(here.path(), &mock, 5, &[]);
    assert_eq!((first.stdout, asked), (again.stdout, mock.count()));
    captioned(here.path(), &mock, 5, &["--prompt", "Another?"]);
    assert_eq!(
        mock.count(),
        2 * asked,
        "another question is another answer"
    );
}

fn eventually(holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_mins(1), "waited in vain");
        sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_killed_run_loses_only_what_was_in_flight() {
    let here = tempfile::tempdir().unwrap();
    let manifest = folder(here.path(), 20);
    let mock = Mock::new(|request, before| {
        // The first answer never comes: nothing is written, and yet the others are kept.
        sleep(Duration::from_millis(if before == 0 && !request.probes() {
            60_000
        } else {
            10
        }));
        good(request)
    });
    let flags = format!("--endpoint {} --model m --cache cache", mock.address);
    let flags: Vec<_> = flags.split(' ').chain(["--concurrency", "3"]).collect();
    let mut child = Command::new(TOOL)
        .current_dir(here.path())
        .args(&flags)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The first record asks first, and so it is the one that hangs.
    let (first, others) = manifest.split_at(manifest.find('\n').unwrap() + 1);
    let mut input = child.stdin.take().unwrap();
    input.write_all(first.as_bytes()).unwrap();
    eventually(|| mock.requests().len() == 1);
    input.write_all(others.as_bytes()).unwrap();
    // Eight records may be under way: the one that hangs, and seven that are done.
    eventually(|| mock.requests().len() >= 8);
    let cache = here.path().join("cache");
    let remembered = || stage::Cache::open(&cache).usage();
    eventually(|| remembered().is_ok_and(|usage| usage.results >= 7));
    child.kill().unwrap();
    child.wait().unwrap();
    let before = mock.requests().len();
    let ran = run_in(here.path(), TOOL, &flags, &manifest);
    assert_eq!(captions(&ran), [CAPTION; 20], "{}", ran.stderr);
    assert_eq!(
        mock.requests().len() - before,
        20 - (before - 1),
        "all but the one are known"
    );
}

/// Another caption for every image that is sent.
fn of_the_image(request: &Request) -> Act {
    let body = request.body.to_string();
    let sum: usize = body.bytes().map(usize::from).sum();
    says(request, &format!("A boy by boat {sum}."))
}

#[test]
fn killed_at_any_moments_it_writes_what_an_undisturbed_run_writes() {
    let here = tempfile::tempdir().unwrap();
    let manifest = folder(here.path(), 24);
    fs::write(here.path().join("in.jsonl"), &manifest).unwrap();
    let mock = Mock::new(|request, _| {
        sleep(Duration::from_millis(20));
        of_the_image(request)
    });
    let flags = |cache: &'static str| {
        let [endpoint, model] = ["--endpoint", "--model"];
        [
            endpoint,
            &mock.address,
            model,
            "m",
            "--cache",
            cache,
            "--concurrency",
            "3",
            "in.jsonl",
        ]
        .map(str::to_owned)
    };
    let undisturbed = run_in(here.path(), TOOL, &flags("other"), "");
    assert_eq!(undisturbed.code, Some(0), "{}", undisturbed.stderr);
    let asked = mock.requests().len();
    assert_eq!(asked, 24);
    let moments = [3, 90, 140, 200, 260];
    for moment in moments {
        let mut child = Command::new(TOOL)
            .current_dir(here.path())
            .args(flags("cache"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        sleep(Duration::from_millis(moment));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let last = run_in(here.path(), TOOL, &flags("cache"), "");
    assert_eq!(last.stdout, undisturbed.stdout, "{}", last.stderr);
    let again = mock.requests().len() - asked;
    assert!(
        again <= 24 + 3 * moments.len(),
        "each kill loses three answers at most, and {again} were asked for"
    );
}
