//! Why a request has no answer, and which errors pass.

use std::time::Duration;

use captions::text::is_invisible;

use crate::server::protocol::Field;

/// The longest part of a server's message that is repeated, in characters.
const REPEATED: usize = 300;

/// So many signs in a row that base64 is made of are taken for an image.
const IMAGE: usize = 100;

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
    /// A filter of contents is against this image, or its answer.
    Filtered(String),
    /// The server does not take a field of the request; `rename` where it wants the same under
    /// another name.
    Refuses {
        field: Field,
        rename: Option<&'static str>,
        what: String,
    },
    /// The API is not at this place.
    Elsewhere(String),
    /// No request to this server will have one.
    Ends(String),
}

impl Failure {
    pub(crate) fn passing(what: impl Into<String>) -> Self {
        Self::Passing {
            what: what.into(),
            wait: None,
        }
    }

    /// What is wrong, in words.
    pub(crate) fn what(&self) -> &str {
        match self {
            Self::Passing { what, .. } | Self::Refuses { what, .. } => what,
            Self::Final(what) | Self::Filtered(what) | Self::Elsewhere(what) | Self::Ends(what) => {
                what
            }
        }
    }
}

/// What a server said, fit to be repeated: one line, not long, no secret, no image.
pub(crate) fn told(message: &str, secrets: &[String]) -> String {
    let hidden = secrets.iter().fold(message.to_owned(), |message, secret| {
        message.replace(secret.as_str(), "***")
    });
    let one_line = title(&hidden)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let base64 = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '+' | '/' | '=');
    let mut told = String::new();
    let mut rest = one_line.as_str();
    while !rest.is_empty() {
        let end = rest.find(|sign| !base64(sign)).unwrap_or(rest.len());
        told.push_str(if end < IMAGE { &rest[..end] } else { "…" });
        let next = rest[end..]
            .find(base64)
            .map_or(rest.len(), |next| end + next);
        told.push_str(&rest[end..next]);
        rest = &rest[next..];
    }
    told.chars()
        .filter(|sign| !sign.is_control() && !is_invisible(*sign))
        .take(REPEATED)
        .collect()
}

/// The title of a page, or the text as it is.
fn title(text: &str) -> &str {
    let page = text.trim_start().starts_with('<');
    let title = || {
        let from = text.find("<title>")? + "<title>".len();
        Some(&text[from..from + text[from..].find("</title>")?])
    };
    page.then(title).flatten().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_secret_nor_image_is_repeated() {
        let secrets = ["sk-secret".to_owned()];
        let image = "QUJD".repeat(99);
        let said =
            format!("bad key sk-secret in\n\"data:image/jpeg;base64,{image}\" \u{1b}[31m\u{202e}!");
        assert_eq!(
            told(&said, &secrets),
            "bad key *** in \"data:image/jpeg;base64,…\" [31m!"
        );
        assert_eq!(
            told(&"a b ".repeat(999), &secrets).chars().count(),
            REPEATED
        );
        assert_eq!(
            told("<html><head><title>413 Too Large</title></head>", &[]),
            "413 Too Large"
        );
    }
}
