//! What the next run asks again, and what it knows already.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::mock::{Act, Mock, Request, error, good, said, says};
use crate::server::{CAPTION, captioned, captions};

/// Three images whose answers are `sick` in one run; the next, when the server is well, asks for
/// all of them, and the one after for none.
#[track_caller]
fn heals(sick: impl Fn(&Request) -> Act + Send + Sync + 'static) {
    let here = tempfile::tempdir().unwrap();
    let well = Arc::new(AtomicBool::new(false));
    let now = well.clone();
    let mock = Mock::new(move |request, _| {
        if now.load(Ordering::SeqCst) || request.probes() {
            good(request)
        } else {
            sick(request)
        }
    });
    let first = captioned(here.path(), &mock, 3, &["--tries", "2"]);
    assert_eq!(first.stdout, "", "{}", first.stderr);
    let asked = mock.requests().len();
    well.store(true, Ordering::SeqCst);
    let second = captioned(here.path(), &mock, 3, &[]);
    assert_eq!(captions(&second), [CAPTION; 3], "{}", second.stderr);
    assert_eq!(mock.requests().len(), asked + 3, "all are asked for again");
    let third = captioned(here.path(), &mock, 3, &[]);
    assert_eq!(captions(&third), [CAPTION; 3], "{}", third.stderr);
    assert_eq!(mock.requests().len(), asked + 3, "captions are remembered");
}

#[test]
fn only_captions_are_remembered() {
    heals(|request| says(request, ""));
    heals(|request| said(request, Value::Null, "stop"));
    heals(|request| said(request, json!(""), "content_filter"));
    heals(|request| said(request, json!(""), "length"));
    heals(|request| says(request, "<think>It is"));
    heals(|request| says(request, "I'm sorry, I can't help with that."));
    heals(|request| says(request, "!!!!!!!!!!!!"));
    heals(|_| {
        error(
            200,
            &json!({"choices": [{"finish_reason": "error", "error": {"code": 502, "message": "gone"}, "message": {"content": ""}}]}),
        )
    });
    heals(|_| error(200, &json!({"error": {"message": "gone", "code": 502}})));
    heals(|_| error(503, &json!({"error": "busy"})));
}

#[test]
fn an_answer_that_is_not_by_the_schema_is_not_remembered() {
    let here = tempfile::tempdir().unwrap();
    let mock = Mock::new(|request, _| says(request, "A boy runs."));
    let schema = ["--schema", "image"];
    captioned(here.path(), &mock, 1, &schema);
    let asked = mock.requests().len();
    captioned(here.path(), &mock, 1, &schema);
    assert_eq!(mock.requests().len(), 2 * asked);
}
