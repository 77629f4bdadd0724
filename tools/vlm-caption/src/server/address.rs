//! Where a server is: an address as its documents give it, and where its API may stand there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stage::{Context, Result, bail, ensure};
use ureq::http::Uri;

use crate::server::protocol::Api;

/// Where the API of `OpenAI` stands on servers whose address has no path: vLLM, llama.cpp, LM
/// Studio and Ollama; `OpenRouter`; Groq; Gemini; Open `WebUI`.
const ROOTS: [&str; 6] = ["/v1", "", "/api/v1", "/openai/v1", "/v1beta/openai", "/api"];

/// Ends of paths that name one call of the API of `OpenAI`.
const CALLS: [&str; 6] = [
    "/chat/completions",
    "/chat",
    "/completions",
    "/responses",
    "/embeddings",
    "/models",
];

/// The same of Ollama's own API, and of the other that it has.
const OLLAMA_CALLS: [&str; 8] = [
    "/api/chat",
    "/api/generate",
    "/api/tags",
    "/api",
    "/v1/chat/completions",
    "/v1/models",
    "/v1",
    "/chat/completions",
];

/// The address of a server.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    origin: String,
    path: String,
    query: String,
    api: Api,
    /// Paths under which the API may stand, the likeliest first.
    roots: Vec<String>,
    /// The header for the name and password that the address holds.
    login: Option<String>,
    /// The password and what the query holds, which no message may repeat.
    pub(crate) secrets: Vec<String>,
}

impl Address {
    /// Reads what `--endpoint` says.
    pub(crate) fn read(endpoint: &str, api: Api) -> Result<Self> {
        let given = endpoint.trim();
        let (scheme, rest) = given
            .split_once("://")
            .filter(|(scheme, _)| ["http", "https"].contains(&scheme.to_lowercase().as_str()))
            .with_context(|| {
                // A name and a password may stand here too.
                let shown = given.rsplit('@').next().unwrap_or_default();
                let shown = shown.split('?').next().unwrap_or_default();
                format!("--endpoint {shown}: an address must begin with http:// or https://")
            })?;
        let rest = rest.split('#').next().unwrap_or_default();
        let (authority, _) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (login, host) = match authority.rsplit_once('@') {
            Some((login, host)) => (Some(login), host),
            None => (None, authority),
        };
        // The name and password stand in no message.
        let shown = format!("{scheme}://{host}");
        let whole = format!(
            "{}://{host}{}",
            scheme.to_lowercase(),
            &rest[authority.len()..]
        );
        let uri: Uri = whole
            .parse()
            .with_context(|| format!("--endpoint {shown}: not an address"))?;
        ensure!(
            uri.host().is_some_and(|host| !host.is_empty()),
            "--endpoint {shown}: names no host"
        );
        let port = host.rsplit_once(']').map_or(host, |(_, behind)| behind);
        if port.contains(':') && uri.port_u16().is_none() {
            bail!("--endpoint {shown}: a port is a number from 1 to 65535");
        }
        let path = uri.path().trim_end_matches('/').to_owned();
        let login = login.map(unescaped).filter(|login| !login.is_empty());
        Ok(Self {
            origin: format!("{}://{host}", scheme.to_lowercase()),
            roots: roots(&path, api),
            path,
            query: uri
                .query()
                .map(|query| format!("?{query}"))
                .unwrap_or_default(),
            api,
            secrets: secrets(login.as_deref(), uri.query()),
            login: login.map(|login| format!("Basic {}", STANDARD.encode(login))),
        })
    }

    /// What messages call it: without name, password and query.
    pub(crate) fn shown(&self) -> String {
        format!("{}{}", self.origin, self.path)
    }

    /// The header for the name and password that it holds.
    pub(crate) fn login(&self) -> Option<&str> {
        self.login.as_deref()
    }

    /// Whether it is one of Azure, which takes keys in a header of its own.
    pub(crate) fn is_azure(&self) -> bool {
        let host = self.origin.split(':').nth(1).unwrap_or_default();
        host.ends_with(".azure.com") || self.query.contains("api-version=")
    }

    /// Whether it is on this machine.
    pub(crate) fn is_here(&self) -> bool {
        let host = self.origin.split("://").nth(1).unwrap_or_default();
        ["localhost", "127.", "[::1]"]
            .iter()
            .any(|here| host.starts_with(here))
    }

    /// Where the chat may be, the likeliest place first.
    pub(crate) fn chats(&self) -> Vec<String> {
        self.all(match self.api {
            Api::Openai => "/chat/completions",
            Api::Ollama => "/api/chat",
        })
    }

    /// Where the list of models may be.
    pub(crate) fn models(&self) -> Vec<String> {
        self.all(match self.api {
            Api::Openai => "/models",
            Api::Ollama => "/api/tags",
        })
    }

    fn all(&self, call: &str) -> Vec<String> {
        let whole = |root| format!("{}{root}{call}{}", self.origin, self.query);
        self.roots.iter().map(whole).collect()
    }
}

/// The paths under which the API may stand.
fn roots(path: &str, api: Api) -> Vec<String> {
    let cut = |calls: &[&str]| {
        calls
            .iter()
            .find_map(|call| path.strip_suffix(call))
            .map(str::to_owned)
    };
    if api == Api::Ollama {
        return vec![cut(&OLLAMA_CALLS).unwrap_or_else(|| path.to_owned())];
    }
    if path.is_empty() || path == "/api/chat" {
        return ROOTS.map(str::to_owned).to_vec();
    }
    if let Some(root) = cut(&CALLS) {
        return vec![root];
    }
    let (inner, itself) = (format!("{path}/v1"), path.to_owned());
    let last = path.rsplit('/').next().unwrap_or_default();
    let version = last
        .strip_prefix('v')
        .is_some_and(|number| number.starts_with(|sign: char| sign.is_ascii_digit()));
    if version || last == "openai" {
        vec![itself, inner]
    } else {
        vec![inner, itself]
    }
}

/// A password, and the values of a query but for that of Azure's version.
fn secrets(login: Option<&str>, query: Option<&str>) -> Vec<String> {
    let password = login.and_then(|login| login.split_once(':'));
    let query = query.unwrap_or_default().split('&');
    let values = query.filter_map(|pair| pair.split_once('='));
    let values = values.filter(|(name, _)| *name != "api-version");
    password
        .into_iter()
        .chain(values)
        .map(|(_, value)| value.to_owned())
        .filter(|value| !value.is_empty())
        .collect()
}

/// A text whose characters may be written as `%40`.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let escaped = (*first == b'%')
            .then(|| std::str::from_utf8(behind.get(..2)?).ok())
            .flatten()
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() {
            &behind[2..]
        } else {
            behind
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(endpoint: &str) -> Address {
        Address::read(endpoint, Api::Openai).unwrap()
    }

    #[test]
    fn the_chat_is_found_behind_every_form_of_address() {
        for (endpoint, first) in [
            ("http://a:1", "http://a:1/v1/chat/completions"),
            (" http://a:1/ ", "http://a:1/v1/chat/completions"),
            ("HTTP://a:1/v1", "http://a:1/v1/chat/completions"),
            ("http://a:1/v1/", "http://a:1/v1/chat/completions"),
            (
                "http://a:1/v1/chat/completions/",
                "http://a:1/v1/chat/completions",
            ),
            ("http://a:1/v1/chat", "http://a:1/v1/chat/completions"),
            ("http://a:1/v1//", "http://a:1/v1/chat/completions"),
            ("http://a:1/v1/models", "http://a:1/v1/chat/completions"),
            ("http://a:1/chat/completions", "http://a:1/chat/completions"),
            ("https://a/api/v1", "https://a/api/v1/chat/completions"),
            (
                "https://a/openai/v1",
                "https://a/openai/v1/chat/completions",
            ),
            (
                "https://a/v1beta/openai/",
                "https://a/v1beta/openai/chat/completions",
            ),
            (
                "https://a/api/paas/v4",
                "https://a/api/paas/v4/chat/completions",
            ),
            ("https://a/llm", "https://a/llm/v1/chat/completions"),
            (
                "http://[::1]:8000/v1",
                "http://[::1]:8000/v1/chat/completions",
            ),
            ("http://[::1]", "http://[::1]/v1/chat/completions"),
            ("http://u:p@a:1/v1#top", "http://a:1/v1/chat/completions"),
            (
                "https://x.openai.azure.com/openai/deployments/g/chat/completions?api-version=1",
                "https://x.openai.azure.com/openai/deployments/g/chat/completions?api-version=1",
            ),
        ] {
            assert_eq!(address(endpoint).chats()[0], first, "{endpoint}");
        }
        let others = address("https://a/serving-endpoints").chats();
        assert_eq!(others[1], "https://a/serving-endpoints/chat/completions");
        assert_eq!(address("https://a/v1/chat/completions").chats().len(), 1);
    }

    #[test]
    fn ollama_has_one_place() {
        for endpoint in [
            "http://a:1",
            "http://a:1/api/chat",
            "http://a:1/v1",
            "http://a:1/api/",
        ] {
            let ollama = Address::read(endpoint, Api::Ollama).unwrap();
            assert_eq!(ollama.chats(), ["http://a:1/api/chat"], "{endpoint}");
            assert_eq!(ollama.models(), ["http://a:1/api/tags"], "{endpoint}");
        }
    }

    #[test]
    fn names_and_passwords_are_sent_and_not_shown() {
        let found = address("https://luca:s%40cret@a/v1?api-version=1&key=k");
        assert_eq!(found.shown(), "https://a/v1");
        let login = format!("Basic {}", STANDARD.encode("luca:s@cret"));
        assert_eq!(found.login(), Some(login.as_str()));
        assert_eq!(found.secrets, ["s@cret", "k"]);
        assert!(found.is_azure() && !found.is_here());
        assert!(address("http://127.0.0.1:1").is_here());
        for endpoint in ["http://u:secret@a:99999", "u:secret@a:1", "a:1?key=secret"] {
            let wrong = Address::read(endpoint, Api::Openai).unwrap_err();
            assert!(!format!("{wrong:#}").contains("secret"), "{wrong:#}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for endpoint in [
            "",
            "a:1",
            "localhost",
            "ftp://a",
            "http://",
            "http://:80",
            "http:///v1",
            "http://a b/v1",
            "http://a:99999/v1",
            "http://a:x",
        ] {
            assert!(Address::read(endpoint, Api::Openai).is_err(), "{endpoint}");
        }
    }
}
