//! Qwen3-VL behind the servers that people run it with, each with its own way to a schema.

use serde_json::{Value, json};

use crate::mock::{Act, Mock, Request, error, good, says};
use crate::server::{captioned, captions};

fn facts() -> Value {
    json!({"subject": "a boy", "action": "running", "place": "a quay", "light": "noon", "clothing": ["a shirt"],
        "framing": "full body", "description": "A boy runs along a quay at noon."})
}

const CAPTION: &str = "A boy runs along a quay at noon.";

/// An answer of Ollama, or of a server that is asked as `OpenAI` is, with these members of its message.
fn message(request: &Request, message: &Value, finish: &str) -> Act {
    let answer = if request.path == "/api/chat" {
        json!({"model": "m", "message": message, "done_reason": finish, "eval_count": 9})
    } else {
        json!({"choices": [{"message": message, "finish_reason": finish}], "usage": {"completion_tokens": 9}})
    };
    Act::Answer(
        200,
        "Content-Type: application/json\r\n",
        answer.to_string(),
    )
}

#[test]
fn ollamas_answer_among_the_thoughts_is_taken_and_marked() {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(|request, _| {
        if request.probes() {
            return good(request);
        }
        let said = json!({"role": "assistant", "content": "", "thinking": facts().to_string()});
        message(request, &said, "stop")
    });
    let more = ["--api", "ollama", "--schema", "image", "--no-thinking"];
    let ran = captioned(here.path(), &mock, 1, &more);
    assert_eq!(captions(&ran), [CAPTION], "{}", ran.stderr);
    let captioner = &ran.records()[0]["captioner"];
    assert_eq!(captioner["from_reasoning"], true);
    assert_eq!(captioner["facts"], facts());
    let requests = mock.requests();
    assert_eq!(requests.len(), 1, "it was not asked again");
    assert_eq!(requests[0].body["think"], false);
    assert_eq!(requests[0].body["format"]["type"], "object");
    // The answer is remembered with its mark.
    let again = captioned(here.path(), &mock, 1, &more);
    assert_eq!(again.stdout, ran.stdout);
}

#[test]
fn thoughts_that_are_no_answer_are_asked_over_once_with_more_tokens() {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(|request, before| match before {
        _ if request.probes() => good(request),
        0 => message(
            request,
            &json!({"content": null, "reasoning_content": "A boy? {perhaps}"}),
            "length",
        ),
        _ => message(
            request,
            &json!({"content": "", "reasoning_content": facts().to_string()}),
            "stop",
        ),
    });
    let ran = captioned(
        here.path(),
        &mock,
        1,
        &["--schema", "image", "--max-new-tokens", "200"],
    );
    assert_eq!(captions(&ran), [CAPTION], "{}", ran.stderr);
    let asked: Vec<Value> = mock
        .requests()
        .iter()
        .map(|request| request.body["max_tokens"].clone())
        .collect();
    assert_eq!(asked, [200, 400]);
}

#[test]
fn a_draft_among_the_thoughts_is_no_answer_where_the_server_stopped_the_model() {
    for (finish, asked) in [("length", vec![200, 400]), ("content_filter", vec![200])] {
        let here = tempfile::tempdir().unwrap();
        let mut draft = facts();
        draft["description"] = json!("A girl sits in a boat.");
        let mock = Mock::new(move |request, before| {
            let said =
                |facts: &Value| json!({"content": "", "reasoning_content": facts.to_string()});
            match before {
                _ if request.probes() => good(request),
                0 => message(request, &said(&draft), finish),
                _ => message(request, &said(&facts()), "stop"),
            }
        });
        let more = ["--schema", "image", "--max-new-tokens", "200"];
        let ran = captioned(here.path(), &mock, 1, &more);
        let expected: &[&str] = if finish == "length" { &[CAPTION] } else { &[] };
        assert_eq!(captions(&ran), expected, "{finish}: {}", ran.stderr);
        let requests = mock.requests();
        let tokens: Vec<Value> = { requests.iter() }
            .map(|request| request.body["max_tokens"].clone())
            .collect();
        assert_eq!(tokens, asked, "{finish}");
    }
}

#[test]
fn a_draft_among_the_words_of_a_thought_is_no_answer() {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(|request, before| {
        let thought = format!("Perhaps {}? No, he stands.", facts());
        match before {
            _ if request.probes() => good(request),
            0 => message(
                request,
                &json!({"content": "", "reasoning_content": thought}),
                "stop",
            ),
            _ => message(request, &json!({"content": facts().to_string()}), "stop"),
        }
    });
    let ran = captioned(here.path(), &mock, 1, &["--schema", "image"]);
    assert_eq!(captions(&ran), [CAPTION], "{}", ran.stderr);
    assert_eq!(ran.records()[0]["captioner"]["from_reasoning"], Value::Null);
}

#[test]
fn a_server_without_schemas_is_asked_in_words_and_its_answer_read_from_among_them() {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(|request, _| {
        if request.probes() {
            return good(request);
        }
        if request.body.get("response_format").is_some() {
            let why = "response_format.json_schema is not supported by this model";
            return error(400, &json!({"error": {"message": why}}));
        }
        says(
            request,
            &format!(
                "<think>{{a boy}}</think>Here is the object:\n```json\n{}\n```\nAll of {{it}}.",
                facts()
            ),
        )
    });
    let ran = captioned(
        here.path(),
        &mock,
        2,
        &["--schema", "image", "--concurrency", "1"],
    );
    assert_eq!(captions(&ran), [CAPTION; 2], "{}", ran.stderr);
    assert!(
        ran.stderr.contains("--leave-out response-format"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        mock.requests().len(),
        3,
        "the second image is asked about without a schema at once"
    );
    assert_eq!(ran.records()[0]["captioner"].get("from_reasoning"), None);
}

#[test]
fn an_answer_that_runs_into_space_is_reported_as_cut_off() {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(|request, _| {
        if request.probes() {
            return good(request);
        }
        says(
            request,
            &format!("{{\"subject\": \"a boy\",{}", "\n ".repeat(200)),
        )
    });
    let ran = captioned(here.path(), &mock, 1, &["--schema", "image"]);
    let error = crate::server::rejects(here.path())[0]["rejected"]["error"].clone();
    assert!(
        error
            .as_str()
            .unwrap()
            .contains("was cut off after 300 tokens"),
        "{error}"
    );
    assert!(ran.records().is_empty());
    assert_eq!(mock.requests().len(), 1, "no repair of what has no end");
}

#[test]
fn vllm_gets_its_own_fields() {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::good();
    let more = [
        "--no-thinking",
        "--image-first",
        "--min-image-tokens",
        "1024",
    ];
    captioned(here.path(), &mock, 1, &more);
    let body = &mock.requests()[0].body;
    assert_eq!(
        body["chat_template_kwargs"],
        json!({"enable_thinking": false})
    );
    assert_eq!(
        body["mm_processor_kwargs"],
        json!({"min_pixels": 1_048_576})
    );
    let content = &body["messages"][0]["content"];
    assert_eq!(
        [&content[0]["type"], &content[1]["type"]],
        ["image_url", "text"]
    );
}

#[test]
fn what_cannot_be_told_not_to_think_is_asked_without() {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(|request, _| {
        if request.body.get("think").is_some() {
            return error(400, &json!({"error": "\"m\" does not support thinking"}));
        }
        good(request)
    });
    let ran = captioned(here.path(), &mock, 1, &["--api", "ollama", "--no-thinking"]);
    assert_eq!(captions(&ran).len(), 1, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("--leave-out thinking"),
        "{}",
        ran.stderr
    );
}
