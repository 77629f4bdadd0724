//! Requests over HTTP, and which of their errors pass.

use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::Value;
use stage::{Context, Result, ensure};
use ureq::Agent;
use ureq::http::HeaderMap;

/// The longest answer that is read, in bytes: 8 MiB.
const LONGEST: u64 = 8 << 20;

/// The longest part of a server's message that is repeated, in characters.
const REPEATED: usize = 300;

/// So many signs in a row that base64 is made of are taken for a picture.
const PICTURE: usize = 100;

/// A connection is there after so long, or not at all.
const CONNECT: Duration = Duration::from_secs(10);

/// The longest wait that a server may ask for.
const LONGEST_WAIT: Duration = Duration::from_mins(5);

/// The environment variable with the key, where no file is named.
pub(crate) const KEY_VARIABLE: &str = "FILM2LORA_API_KEY";

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// It may have one another time, and not before `wait`, where the server says so.
    Passing {
        what: String,
        wait: Option<Duration>,
    },
    /// It will never have one.
    Final(String),
}

impl Failure {
    pub(crate) fn passing(what: impl Into<String>) -> Self {
        Self::Passing {
            what: what.into(),
            wait: None,
        }
    }
}

/// Speaks HTTP with one server.
#[derive(Debug)]
pub(crate) struct Transport {
    agent: Agent,
    base: String,
    key: Option<String>,
}

impl Transport {
    /// `endpoint` may end with `/v1` or name the whole path of the chat.
    pub(crate) fn new(endpoint: &str, key: Option<String>, timeout: Duration) -> Result<Self> {
        let base = endpoint.trim().trim_end_matches('/');
        let ends = ["/chat/completions", "/api/chat", "/v1"];
        let base = ends
            .iter()
            .fold(base, |base, end| base.strip_suffix(end).unwrap_or(base));
        ensure!(
            base.starts_with("http://") || base.starts_with("https://"),
            "--endpoint {endpoint}: is no address: it begins with http:// or https://"
        );
        let config = Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            // A key must not follow a redirection to somebody else.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("film2lora/", env!("CARGO_PKG_VERSION")));
        Ok(Self {
            agent: config.build().into(),
            base: base.to_owned(),
            key,
        })
    }

    /// The server's address, without a path.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn get(&self, path: &str) -> Result<Value, Failure> {
        let mut request = self.agent.get(format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        self.read(request.call())
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let mut request = self.agent.post(format!("{}{path}", self.base));
        if let Some(key) = &self.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let body = body.to_string();
        self.read(
            request
                .content_type("application/json")
                .send(body.as_bytes()),
        )
    }

    fn read(
        &self,
        response: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Value, Failure> {
        let mut response = response.map_err(|error| self.broken(&error))?;
        let status = response.status().as_u16();
        let wait = wait(response.headers());
        let kind = text(response.headers(), "content-type");
        let body = response
            .body_mut()
            .with_config()
            .limit(LONGEST)
            .read_to_vec();
        let body = body.map_err(|error| self.broken(&error))?;
        self.judge(status, wait, &kind, &body)
    }

    /// An error below HTTP: all pass but those of the address.
    fn broken(&self, error: &ureq::Error) -> Failure {
        let what = self.told(&error.to_string());
        match error {
            ureq::Error::BadUri(_)
            | ureq::Error::Tls(_)
            | ureq::Error::Rustls(_)
            | ureq::Error::BodyExceedsLimit(_)
            | ureq::Error::InvalidProxyUrl => Failure::Final(what),
            _ => Failure::passing(what),
        }
    }

    fn judge(
        &self,
        status: u16,
        wait: Option<Duration>,
        kind: &str,
        body: &[u8],
    ) -> Result<Value, Failure> {
        let parsed = serde_json::from_slice::<Value>(body);
        let message = parsed.as_ref().ok().and_then(message);
        let message = message.map(|message| self.told(message));
        if (200..300).contains(&status) {
            return match (parsed, message) {
                (Ok(_), Some(message)) => Err(Failure::Final(message)),
                (Ok(answer), None) => Ok(answer),
                (Err(_), _) if !kind.contains("json") => Err(Failure::Final(format!(
                    "answers {} and not JSON: is the address that of an API?",
                    if kind.is_empty() {
                        "an unknown type"
                    } else {
                        kind
                    }
                ))),
                (Err(error), _) => Err(Failure::passing(format!("an answer breaks off: {error}"))),
            };
        }
        let what = message.unwrap_or_else(|| self.told(&String::from_utf8_lossy(body)));
        let what = format!("{status} {what}").trim_end().to_owned();
        if matches!(status, 408 | 429 | 500 | 502 | 503 | 504) && !is_final(&what) {
            return Err(Failure::Passing { what, wait });
        }
        Err(Failure::Final(what))
    }

    /// What a server said, fit to be repeated: one line, not long, no key, no picture.
    fn told(&self, message: &str) -> String {
        let message = match &self.key {
            Some(key) => message.replace(key.as_str(), "***"),
            None => message.to_owned(),
        };
        let one_line = message.split_whitespace().collect::<Vec<_>>().join(" ");
        let base64 = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '+' | '/' | '=');
        let mut told = String::new();
        let mut rest = one_line.as_str();
        while !rest.is_empty() {
            let end = rest.find(|sign| !base64(sign)).unwrap_or(rest.len());
            told.push_str(if end < PICTURE { &rest[..end] } else { "…" });
            let next = rest[end..]
                .find(base64)
                .map_or(rest.len(), |next| end + next);
            told.push_str(&rest[end..next]);
            rest = &rest[next..];
        }
        told.chars()
            .filter(|sign| !sign.is_control())
            .take(REPEATED)
            .collect()
    }
}

/// What passes by its status, and does not by what it says: a server without eyes, an account
/// without money.
fn is_final(message: &str) -> bool {
    let message = message.to_lowercase();
    [
        "mmproj",
        "image input",
        "does not support image",
        "support images",
        "unsupported content part",
        "not a multimodal",
        "multimodal model",
        "insufficient_quota",
        "exceeded your current quota",
    ]
    .iter()
    .any(|sign| message.contains(sign))
}

/// The message of an error, in the forms that servers have: `{error: {message}}`, `{error}`,
/// `{object: "error", message}`, `{detail}`.
fn message(answer: &Value) -> Option<&str> {
    let error = &answer["error"];
    error["message"]
        .as_str()
        .or_else(|| error.as_str())
        .or_else(|| {
            answer["message"]
                .as_str()
                .filter(|_| answer["object"] == "error")
        })
        .or_else(|| answer["detail"].as_str())
}

fn text(headers: &HeaderMap, name: &str) -> String {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default().to_lowercase()
}

/// How long the server asks to wait: seconds, or until a time.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let asked = headers.get("retry-after")?.to_str().ok()?.trim();
    let wait = if let Ok(seconds) = asked.parse() {
        Duration::try_from_secs_f64(seconds).ok()?
    } else {
        let until = rfc2822::parse(asked).ok()?.timestamp();
        Duration::try_from(until.duration_since(Timestamp::now())).unwrap_or_default()
    };
    Some(wait.min(LONGEST_WAIT))
}

/// The key in `file`, or in the environment; `None` without either.
pub(crate) fn key(file: Option<&Path>) -> Result<Option<String>> {
    let (key, place) = match file {
        Some(file) => {
            let place = format!("--key-file {}", file.display());
            let key = fs::read_to_string(file).with_context(|| place.clone())?;
            (key, place)
        }
        None => match std::env::var(KEY_VARIABLE) {
            Ok(key) if !key.trim().is_empty() => (key, KEY_VARIABLE.to_owned()),
            _ => return Ok(None),
        },
    };
    let key = key.trim();
    ensure!(
        !key.is_empty() && key.chars().all(|sign| sign.is_ascii_graphic()),
        "{place}: holds no key: one line of letters, digits and signs is wanted"
    );
    Ok(Some(key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transport(endpoint: &str) -> Transport {
        let key = Some("sk-secret".to_owned());
        Transport::new(endpoint, key, Duration::from_secs(1)).unwrap()
    }

    #[test]
    fn an_address_may_name_the_api_too() {
        for endpoint in [
            "http://a:1",
            "http://a:1/",
            "http://a:1/v1",
            "http://a:1/v1/chat/completions/",
        ] {
            assert_eq!(transport(endpoint).base(), "http://a:1");
        }
        assert_eq!(transport("https://a/llm/v1").base(), "https://a/llm");
        assert!(Transport::new("a:1", None, Duration::ZERO).is_err());
    }

    #[test]
    fn neither_key_nor_picture_is_repeated() {
        let told = transport("http://a").told(&format!(
            "bad key sk-secret in\n\"data:image/jpeg;base64,{}\" !",
            "QUJD".repeat(99)
        ));
        assert_eq!(told, "bad key *** in \"data:image/jpeg;base64,…\" !");
        assert_eq!(
            transport("http://a")
                .told(&"a b ".repeat(999))
                .chars()
                .count(),
            REPEATED
        );
    }

    #[test]
    fn errors_pass_or_are_final() {
        let judge = |status, body: &str| {
            transport("http://a").judge(status, None, "application/json", body.as_bytes())
        };
        let last = |what: &str| Err(Failure::Final(what.to_owned()));
        assert_eq!(
            judge(400, r#"{"object":"error","message":"At most 1 image(s)"}"#),
            last("400 At most 1 image(s)")
        );
        assert_eq!(
            judge(404, r#"{"error":"model 'x' not found"}"#),
            last("404 model 'x' not found")
        );
        assert_eq!(
            judge(
                500,
                r#"{"error":{"message":"image input is not supported - hint: mmproj"}}"#
            ),
            last("500 image input is not supported - hint: mmproj")
        );
        assert_eq!(judge(503, "busy"), Err(Failure::passing("503 busy")));
        assert_eq!(
            judge(429, r#"{"error":{"message":"insufficient_quota"}}"#),
            last("429 insufficient_quota")
        );
        assert!(matches!(
            judge(200, r#"{"choices": [{"#),
            Err(Failure::Passing { .. })
        ));
        assert!(judge(200, "{}").is_ok());
    }

    #[test]
    fn the_server_says_how_long_to_wait() {
        let wait = |asked: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", asked.parse().unwrap());
            wait(&headers)
        };
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("99999"), Some(LONGEST_WAIT));
        assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
    }
}
