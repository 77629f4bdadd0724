//! Requests over HTTP.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use stage::{Context, Result, bail, ensure};
use ureq::http::{HeaderMap, HeaderName};
use ureq::{Agent, Body};

use crate::server::address::Address;
use crate::server::complaint::Complaint;
use crate::server::failure::{Failure, told};
use crate::server::{json, wait};

/// The longest answer that is read, in bytes: 8 MiB.
const LONGEST: u64 = 8 << 20;

/// A connection is there after so long, or not at all.
const CONNECT: Duration = Duration::from_secs(10);

/// The environment variable with the key, where no file is named.
pub(crate) const KEY_VARIABLE: &str = "FILM2LORA_API_KEY";

/// The header that says who asks.
const AUTHORIZATION: &str = "authorization";

/// Speaks HTTP with one server.
pub(crate) struct Transport {
    agent: Agent,
    address: Address,
    headers: Vec<(HeaderName, String)>,
    /// What no message may repeat.
    secrets: Vec<String>,
    timeout: Duration,
    /// Which of the places where the API may be has answered.
    place: OnceLock<usize>,
}

impl Transport {
    /// A key goes into the header `key_header`; by default it is a bearer's, or Azure's own.
    pub(crate) fn new(
        address: Address,
        key: Option<String>,
        key_header: Option<&str>,
        timeout: Duration,
    ) -> Result<Self> {
        let mut headers = Vec::new();
        if let Some(login) = address.login() {
            headers.push((HeaderName::from_static(AUTHORIZATION), login.to_owned()));
        }
        if let Some(key) = &key {
            let azure = address.is_azure().then_some("api-key");
            let name = key_header.or(azure).unwrap_or(AUTHORIZATION);
            let name: HeaderName = name
                .parse()
                .with_context(|| format!("--key-header {name}: not the name of a header"))?;
            if headers.iter().any(|(other, _)| *other == name) {
                bail!(
                    "--endpoint {}: the address has a name and a password, and there is also a key: both need the header Authorization: leave one out, or name another header with --key-header",
                    address.shown()
                );
            }
            let value = if name == AUTHORIZATION {
                format!("Bearer {key}")
            } else {
                key.clone()
            };
            headers.push((name, value));
        }
        let config = Agent::config_builder()
            .timeout_connect(Some(CONNECT))
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            // A key must not follow a redirection to another server.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("film2lora/", env!("CARGO_PKG_VERSION")));
        // What runs on this machine is not asked for by way of another.
        let config = if address.is_here() {
            config.proxy(None)
        } else {
            config
        };
        let secrets = headers
            .iter()
            .filter_map(|(_, value)| value.rsplit(' ').next());
        let secrets = secrets.map(str::to_owned).chain(address.secrets.clone());
        Ok(Self {
            agent: config.build().into(),
            secrets: secrets.collect(),
            address,
            headers,
            timeout,
            place: OnceLock::new(),
        })
    }

    /// What messages call the server.
    pub(crate) fn shown(&self) -> String {
        self.address.shown()
    }

    /// Asks for the list of models.
    pub(crate) fn models(&self) -> Result<Value, Failure> {
        let (answer, _) = first(&self.address.models(), |url| self.get(url))?;
        Ok(answer)
    }

    /// Asks the chat.
    pub(crate) fn chat(&self, body: &Value) -> Result<Value, Failure> {
        let places = self.address.chats();
        let body = body.to_string();
        if let Some(url) = self.place.get().and_then(|place| places.get(*place)) {
            // It was here before.
            return self.post(url, &body).map_err(|failure| match failure {
                Failure::Elsewhere(what) => Failure::Final(what),
                other => other,
            });
        }
        let (answer, place) = first(&places, |url| self.post(url, &body))?;
        self.place.get_or_init(|| place);
        Ok(answer)
    }

    fn get(&self, url: &str) -> Result<Value, Failure> {
        let request = self.agent.get(url);
        let request = self.headers.iter().fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        self.read(request.call())
    }

    fn post(&self, url: &str, body: &str) -> Result<Value, Failure> {
        let request = self.agent.post(url);
        let request = self.headers.iter().fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        self.read(
            request
                .content_type("application/json")
                .send(body.as_bytes()),
        )
    }

    fn read(
        &self,
        response: Result<ureq::http::Response<Body>, ureq::Error>,
    ) -> Result<Value, Failure> {
        let mut response = response.map_err(|error| self.broken(&error))?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response
            .body_mut()
            .with_config()
            .limit(LONGEST)
            .read_to_vec();
        let body = body.map_err(|error| self.broken(&error))?;
        self.judge(status, &headers, &body)
    }

    /// An error below HTTP: all pass but those of the address.
    fn broken(&self, error: &ureq::Error) -> Failure {
        let what = error.to_string();
        let what = told(what.strip_prefix("io: ").unwrap_or(&what), &self.secrets);
        match error {
            ureq::Error::BodyExceedsLimit(_) => {
                Failure::Final(format!("an answer of more than {} MiB", LONGEST >> 20))
            }
            ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
                Failure::passing(format!("no connection within {}", wait::words(CONNECT)))
            }
            ureq::Error::Timeout(_) => Failure::passing(format!(
                "no answer within {}: raise --timeout",
                wait::words(self.timeout)
            )),
            ureq::Error::BadUri(_)
            | ureq::Error::Http(_)
            | ureq::Error::Tls(_)
            | ureq::Error::Rustls(_)
            | ureq::Error::InvalidProxyUrl => Failure::Ends(what),
            _ => Failure::passing(what),
        }
    }

    fn judge(&self, status: u16, headers: &HeaderMap, body: &[u8]) -> Result<Value, Failure> {
        let parsed = json::read(body);
        let complaint = parsed.as_ref().ok();
        let complaint = complaint.and_then(|answer| Complaint::of(answer, status >= 300));
        let well = (200..300).contains(&status);
        if let (true, None) = (well, &complaint) {
            return parsed.map_err(|error| unreadable(&error, headers, body));
        }
        let mut complaint = complaint.unwrap_or_else(|| Complaint {
            message: String::from_utf8_lossy(body).into_owned(),
            ..Complaint::default()
        });
        if (300..400).contains(&status) {
            complaint.message = redirected(headers);
        }
        complaint.message = told(&complaint.message, &self.secrets);
        Err(complaint.failure(status, wait::asked(headers)))
    }
}

/// The first answer of a place where the API is, and which place that is. Where it is nowhere, all
/// places are told.
fn first(
    places: &[String],
    mut ask: impl FnMut(&str) -> Result<Value, Failure>,
) -> Result<(Value, usize), Failure> {
    let mut elsewhere = None;
    for (number, url) in places.iter().enumerate() {
        match ask(url) {
            Ok(answer) => return Ok((answer, number)),
            Err(Failure::Elsewhere(what)) => elsewhere = elsewhere.or(Some(what)),
            Err(other) => return Err(other),
        }
    }
    let paths: Vec<&str> = places
        .iter()
        .filter_map(|url| {
            let rest = url.split_once("://")?.1;
            rest[rest.find('/')?..].split('?').next()
        })
        .collect();
    Err(Failure::Ends(format!(
        "{}; requested {}: check that --endpoint is the address of an API",
        elsewhere.unwrap_or_default(),
        paths.join(", ")
    )))
}

/// An answer that is well by its status and is not JSON.
fn unreadable(error: &str, headers: &HeaderMap, body: &[u8]) -> Failure {
    let kind = headers
        .get("content-type")
        .and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_lowercase();
    if body.is_empty() {
        return Failure::passing("the answer has no body");
    }
    if kind.contains("event-stream") || body.starts_with(b"data:") {
        return Failure::Ends("the server answers with a stream although the request turns streaming off: configure it to answer at once".to_owned());
    }
    if kind.contains("json") || body.first().is_some_and(|first| b"{[".contains(first)) {
        return Failure::passing(format!("the answer cannot be read: {error}"));
    }
    let kind = if kind.is_empty() {
        "an unknown type"
    } else {
        &kind
    };
    Failure::Elsewhere(format!("the server answers {kind} instead of JSON"))
}

/// What is said of a redirection, which is not followed.
fn redirected(headers: &HeaderMap) -> String {
    let to = headers.get("location").and_then(|to| to.to_str().ok());
    let to = to.and_then(|to| to.split('?').next()).unwrap_or_default();
    // A place may hold a name and a password.
    let (scheme, rest) = to.split_once("://").unwrap_or(("", to));
    let end = rest.find('/').unwrap_or(rest.len());
    let host = rest[..end].rsplit('@').next().unwrap_or_default();
    let scheme = if scheme.is_empty() {
        String::new()
    } else {
        format!("{scheme}://")
    };
    format!(
        "the server redirects to {scheme}{host}{}: not followed, as the key must not go to another server: give that address with --endpoint",
        &rest[end..]
    )
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
    let key = key.trim().trim_start_matches('\u{feff}');
    ensure!(
        !key.is_empty() && key.chars().all(|sign| sign.is_ascii_graphic()),
        "{place}: has no key: it must be one line of letters, digits and signs"
    );
    Ok(Some(key.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::protocol::Api;

    fn transport(endpoint: &str, key_header: Option<&str>) -> Result<Transport> {
        let key = Some("sk-secret".to_owned());
        let address = Address::read(endpoint, Api::Openai)?;
        Transport::new(address, key, key_header, Duration::from_secs(1))
    }

    fn judge(status: u16, kind: &str, body: &[u8]) -> Result<Value, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", kind.parse().unwrap());
        headers.insert("location", "https://u:p@b/x?key=1".parse().unwrap());
        transport("http://a", None)
            .unwrap()
            .judge(status, &headers, body)
    }

    #[test]
    fn a_key_goes_into_the_header_that_the_server_reads() {
        let header = |endpoint: &str, name: Option<&str>| {
            let found = transport(endpoint, name).unwrap().headers;
            found
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            header("http://a", None),
            ["authorization: Bearer sk-secret"]
        );
        assert_eq!(header("http://a", Some("X-Key")), ["x-key: sk-secret"]);
        assert_eq!(
            header("https://x.openai.azure.com/v1", None),
            ["api-key: sk-secret"]
        );
        let both = header("http://u:p@a", Some("x-key"));
        assert_eq!(both, ["authorization: Basic dTpw", "x-key: sk-secret"]);
        assert!(
            transport("http://u:p@a", None).is_err(),
            "one header for two"
        );
        assert!(transport("http://a", Some("a b")).is_err());
    }

    #[test]
    fn answers_that_are_none_are_told() {
        let what = |status, kind: &str, body: &[u8]| judge(status, kind, body).unwrap_err();
        assert_eq!(
            what(200, "text/html", b"<html>"),
            Failure::Elsewhere("the server answers text/html instead of JSON".to_owned())
        );
        assert!(matches!(
            what(200, "text/event-stream", b"data: {}"),
            Failure::Ends(_)
        ));
        for body in [&b"{\"choices\": [{"[..], b"", b"{\"a\": \"caf\xe9\"}"] {
            assert!(matches!(
                what(200, "application/json", body),
                Failure::Passing { .. }
            ));
        }
        assert_eq!(
            what(503, "text/html", b"<html><title>busy</title></html>"),
            Failure::passing("503 busy")
        );
        let sent = what(307, "text/plain", b"");
        assert!(
            sent.what()
                .starts_with("307 the server redirects to https://b/x: "),
            "{sent:?}"
        );
        assert_eq!(judge(200, "text/plain", b"{}"), Ok(serde_json::json!({})));
    }
}
