//! What servers complain of, and what becomes of a request then.

use std::time::Duration;

use serde_json::Value;

use crate::server::failure::Failure;
use crate::server::protocol::Field;

/// What a server complains of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Complaint {
    /// The status that it names within its answer.
    pub(crate) status: Option<u16>,
    pub(crate) message: String,
    /// What it calls this kind of error.
    pub(crate) kind: String,
}

impl Complaint {
    /// The complaint in an answer, in the forms that servers have: `{error: {message, code}}`, in a
    /// list too; `{error}`; `{object: "error", message}`; `{detail}`; `{success: false, errors}`;
    /// one of its choices. Where the answer `failed` by its status, a message alone is one.
    pub(crate) fn of(answer: &Value, failed: bool) -> Option<Self> {
        let answer = match answer {
            Value::Array(list) => list.first()?,
            other => other,
        };
        let choice = answer.get("choices").and_then(|choices| choices.get(0));
        let broken = choice.filter(|choice| choice["finish_reason"] == "error");
        let errors = [
            answer.get("error"),
            choice.and_then(|choice| choice.get("error")),
            answer.get("errors").and_then(|errors| errors.get(0)),
        ];
        let found = errors
            .into_iter()
            .flatten()
            .find_map(|error| Self::error(error, answer));
        let told = failed
            || answer["object"] == "error"
            || answer["success"] == false
            || answer["status"]
                .as_u64()
                .is_some_and(|status| status >= 400);
        let told = || told.then(|| Self::object(answer)).flatten();
        found.or_else(told).or_else(|| {
            broken.map(|_| Self {
                message: "the server broke off its answer (finish_reason error)".to_owned(),
                ..Self::default()
            })
        })
    }

    fn error(error: &Value, around: &Value) -> Option<Self> {
        match error {
            Value::String(message) if !message.is_empty() => Some(Self {
                status: number(&around["code"]).or_else(|| number(&around["status"])),
                message: message.clone(),
                kind: words(&around["error_type"]),
            }),
            Value::Object(members) if !members.is_empty() => Self::object(error).or_else(|| {
                Some(Self {
                    status: number(&error["code"]),
                    message: error.to_string(),
                    kind: words(&error["type"]),
                })
            }),
            Value::Bool(true) => Self::object(around),
            _ => None,
        }
    }

    /// A message, and what stands beside it.
    fn object(object: &Value) -> Option<Self> {
        let named = ["message", "msg", "detail", "error_description", "title"];
        let message = named.iter().find_map(|name| message(&object[*name]))?;
        // What the provider behind a gateway said.
        let raw = object["metadata"]["raw"].as_str().unwrap_or_default();
        let message = [message.as_str(), raw].join(" ").trim().to_owned();
        let kind = ["type", "code", "status", "param"].map(|name| words(&object[name]));
        Some(Self {
            status: number(&object["code"]).or_else(|| number(&object["status"])),
            message,
            kind: kind.join(" ").trim().to_owned(),
        })
    }

    /// What becomes of a request that has this complaint and the status of its answer.
    pub(crate) fn failure(&self, status: u16, wait: Option<Duration>) -> Failure {
        let inside = self.status.filter(|status| (400..600).contains(status));
        let status = match (status, inside) {
            (200..300, Some(inside)) => Some(inside),
            (200..300, None) => self.status_of_kind(),
            (status, _) => Some(status),
        };
        let said = format!("{} {}", self.message, self.kind).to_lowercase();
        let code = status.map(|status| status.to_string()).unwrap_or_default();
        let what = if self.message.starts_with(&code) {
            self.message.clone()
        } else {
            format!("{code} {}", self.message)
        };
        let what = what.trim().to_owned();
        let holds = |signs: &[&str]| signs.iter().any(|sign| said.contains(sign));
        if status.is_none_or(|status| status != 429) && holds(&FILTERS) {
            return Failure::Filtered(format!("the server's content filter refused it: {what}"));
        }
        if holds(&SPENT) {
            return Failure::Ends(what);
        }
        if holds(&BLIND) {
            return Failure::Final(what);
        }
        match status {
            Some(401 | 407) => Failure::Ends(format!(
                "{what}: the server may need a key: give it with --key-file or $FILM2LORA_API_KEY"
            )),
            Some(402 | 403 | 300..400) => Failure::Ends(what),
            Some(404) if said.contains("model") => Failure::Ends(what),
            Some(404 | 405) => Failure::Elsewhere(what),
            Some(413) => Failure::Final(format!("{what}: {SMALLER}")),
            Some(400 | 422) => refused(&said, what),
            None => Failure::Passing { what, wait },
            Some(status) if passes(status) => Failure::Passing { what, wait },
            Some(_) => Failure::Final(what),
        }
    }

    /// The status that the kind of an error without one is as good as.
    fn status_of_kind(&self) -> Option<u16> {
        let kind = self.kind.to_lowercase().replace(['_', '-', ' '], "");
        let kinds = [
            ("invalidrequest", 400),
            ("badrequest", 400),
            ("invalidargument", 400),
            ("authentication", 401),
            ("invalidapikey", 401),
            ("unauthorized", 401),
            ("permission", 403),
            ("notfound", 404),
        ];
        let found = kinds.iter().find(|(name, _)| kind.contains(name))?;
        Some(found.1)
    }
}

/// Whether a status may be another one at the next try: too early, too many, and what is wrong
/// with servers and the gateways before them, up to Cloudflare's 520 to 530 and the 529 of an
/// overload.
fn passes(status: u16) -> bool {
    matches!(status, 408 | 409 | 425 | 429 | 500 | 502..=504 | 506..=510 | 512..=599)
}

/// What can be done about images that are too large.
const SMALLER: &str = "send smaller images with --long-side";

/// What filters of contents say.
const FILTERS: [&str; 9] = [
    "content_filter",
    "content filter",
    "content management policy",
    "content_policy",
    "data_inspection",
    "inappropriate content",
    "flagged",
    "moderation",
    "responsibleaipolicy",
];

/// What is said where money is spent, by a status that otherwise passes.
const SPENT: [&str; 4] = [
    "insufficient_quota",
    "exceeded your current quota",
    "insufficient credits",
    "insufficient balance",
];

/// What servers say whose model takes no images, by any status.
const BLIND: [&str; 8] = [
    "mmproj",
    "image input",
    "does not support image",
    "not support image",
    "support images",
    "unsupported content part",
    "not a multimodal",
    "multimodal model",
];

/// What is said of a request that is longer than the context.
const CONTEXT: [&str; 5] = [
    "context size",
    "context length",
    "context window",
    "maximum context",
    "context_length",
];

/// What is said of a field that a server does not know.
const UNKNOWN: [&str; 16] = [
    "unsupported",
    "not support",
    "not_support",
    "unrecognized",
    "unknown",
    "unexpected",
    "not permitted",
    "not allowed",
    "forbidden",
    "unavailable",
    "not available",
    "deprecated",
    "extra inputs",
    "extra fields",
    "no longer",
    "only the default",
];

/// A request that is wrong: a field of it that the server does not take, or something else.
fn refused(said: &str, what: String) -> Failure {
    if CONTEXT.iter().any(|sign| said.contains(sign)) {
        return Failure::Final(format!(
            "{what}: {SMALLER}, or give the server more context"
        ));
    }
    let unknown = UNKNOWN.iter().any(|sign| said.contains(sign));
    // A range that the value is not in is as good as no field for these; another number of tokens
    // or another answer was asked for on purpose.
    let out = said.contains("must be") || said.contains("invalid");
    let field = Field::ALL.into_iter().find(|field| {
        let named = field.names().iter().any(|name| said.contains(name));
        let range = !matches!(field, Field::MaxTokens | Field::Stream);
        named && (unknown || out && range)
    });
    let Some(field) = field else {
        return Failure::Final(what);
    };
    let renamed = field == Field::MaxTokens && said.contains("max_completion_tokens");
    Failure::Refuses {
        field,
        rename: renamed.then_some("max_completion_tokens"),
        what,
    }
}

/// A message, or those of a list: `[{loc: [body, seed], msg}]`.
fn message(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (!text.trim().is_empty()).then(|| text.clone()),
        Value::Array(list) => {
            let texts: Vec<String> = list.iter().filter_map(part).collect();
            (!texts.is_empty()).then(|| texts.join("; "))
        }
        _ => None,
    }
}

fn part(part: &Value) -> Option<String> {
    let text = part.as_str().or_else(|| part["msg"].as_str())?;
    let place = part["loc"].as_array().and_then(|loc| loc.last()?.as_str());
    Some(place.map_or_else(|| text.to_owned(), |place| format!("{place}: {text}")))
}

fn words(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A number, also as text.
fn number(value: &Value) -> Option<u16> {
    match value {
        Value::Number(number) => number.as_u64()?.try_into().ok(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, body: &str) -> Failure {
        let answer: Value = serde_json::from_str(body).unwrap();
        let complaint = Complaint::of(&answer, status >= 300).unwrap();
        complaint.failure(status, None)
    }

    #[test]
    fn errors_that_pass_are_known_by_their_status() {
        let said = r#"{"error": {"message": "overloaded"}}"#;
        for status in [
            408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 524, 529, 530,
        ] {
            let expected = Failure::passing(format!("{status} overloaded"));
            assert_eq!(failure(status, said), expected);
        }
    }

    #[test]
    fn errors_within_answers_pass_too() {
        for (body, what) in [
            (r#"{"error": {"message": "gone", "code": 502}}"#, "502 gone"),
            (
                r#"{"error": {"message": "gone", "code": "503"}}"#,
                "503 gone",
            ),
            (r#"{"error": "gone", "code": 429}"#, "429 gone"),
            (
                r#"[{"error": {"message": "gone", "code": 503}}]"#,
                "503 gone",
            ),
            (r#"{"error": {"message": "gone"}}"#, "gone"),
            (
                r#"{"error": {"message": "gone", "code": "rate_limit_exceeded"}}"#,
                "gone",
            ),
            (r#"{"error": true, "message": "gone"}"#, "gone"),
            (
                r#"{"success": false, "errors": [{"code": 3040, "message": "gone"}]}"#,
                "gone",
            ),
            (
                r#"{"error": {"message": "Provider returned error", "code": 502, "metadata": {"raw": "gone"}}}"#,
                "502 Provider returned error gone",
            ),
            (
                r#"{"choices": [{"finish_reason": "error", "error": {"code": 502, "message": "gone"}, "message": {}}]}"#,
                "502 gone",
            ),
            (
                r#"{"choices": [{"finish_reason": "error", "message": {}}]}"#,
                "the server broke off its answer (finish_reason error)",
            ),
        ] {
            match failure(200, body) {
                Failure::Passing { what: found, .. } => assert_eq!(found, what, "{body}"),
                other => panic!("{body}: {other:?}"),
            }
        }
    }

    #[test]
    fn an_answer_without_an_error_is_no_complaint() {
        for whole in [
            r#"{"choices": [{"message": {"content": "a"}}], "error": null}"#,
            r#"{"choices": [], "error": {}}"#,
            r#"{"message": "fine"}"#,
            "{}",
        ] {
            let answer: Value = serde_json::from_str(whole).unwrap();
            assert_eq!(Complaint::of(&answer, false), None, "{whole}");
        }
    }

    #[test]
    fn what_no_request_will_get_ends_the_run() {
        for (status, body) in [
            (401, r#"{"error": {"message": "no key"}}"#),
            (402, r#"{"error": {"message": "pay"}}"#),
            (403, r#"{"message": "not for you"}"#),
            (404, r#"{"error": "model 'x' not found"}"#),
            (
                429,
                r#"{"error": {"message": "no", "code": "insufficient_quota"}}"#,
            ),
            (200, r#"{"error": {"message": "no", "code": 401}}"#),
            (
                200,
                r#"{"error": {"message": "no", "type": "authentication_error"}}"#,
            ),
        ] {
            assert!(matches!(failure(status, body), Failure::Ends(_)), "{body}");
        }
        let gone = failure(404, r#"{"detail": "Not Found"}"#);
        assert_eq!(gone, Failure::Elsewhere("404 Not Found".to_owned()));
    }

    #[test]
    fn filters_are_of_one_image() {
        for (status, body) in [
            (
                400,
                r#"{"error": {"message": "The response was filtered", "code": "content_filter"}}"#,
            ),
            (
                403,
                r#"{"error": {"message": "Input was flagged", "code": 403}}"#,
            ),
            (
                400,
                r#"{"error": {"message": "no", "code": "data_inspection_failed"}}"#,
            ),
        ] {
            assert!(
                matches!(failure(status, body), Failure::Filtered(_)),
                "{body}"
            );
        }
    }

    #[test]
    fn a_field_that_is_refused_is_named() {
        for (said, field, rename) in [
            (
                "Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) value is supported.",
                Field::Temperature,
                None,
            ),
            (
                "`temperature` must be strictly positive",
                Field::Temperature,
                None,
            ),
            (
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                Field::MaxTokens,
                Some("max_completion_tokens"),
            ),
            (
                "This response_format type is unavailable now",
                Field::ResponseFormat,
                None,
            ),
            (
                "'response_format.type' must be 'json_schema' or 'text'",
                Field::ResponseFormat,
                None,
            ),
            ("Unknown parameter: seed", Field::Seed, None),
        ] {
            let body = serde_json::json!({"error": {"message": said}}).to_string();
            let expected = Failure::Refuses {
                field,
                rename,
                what: format!("400 {said}"),
            };
            assert_eq!(failure(400, &body), expected);
        }
    }

    #[test]
    fn what_is_wrong_with_a_request_is_told_apart() {
        let list =
            r#"{"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}"#;
        assert!(matches!(
            failure(422, list),
            Failure::Refuses {
                field: Field::Seed,
                ..
            }
        ));
        for (said, what) in [
            (
                "max_tokens is too large: 300",
                "400 max_tokens is too large: 300",
            ),
            ("At most 1 image(s)", "400 At most 1 image(s)"),
            (
                "the request exceeds the available context size",
                "400 the request exceeds the available context size: send smaller images with --long-side, or give the server more context",
            ),
        ] {
            let body = serde_json::json!({"object": "error", "message": said}).to_string();
            assert_eq!(failure(400, &body), Failure::Final(what.to_owned()));
        }
    }
}
