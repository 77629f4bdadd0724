//! Pages that a tool serves to browsers on this machine only.
//!
//! Another page open in the same browser can send requests to any port of this machine. So every path begins with a
//! secret that no other page knows; `Host` must be this machine, which stops names that are made to point here; and
//! what changes something must come from the page itself.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY,
};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;

/// What a page may do unless it says otherwise: show its own images, run its own scripts, and talk to its own server.
const POLICY: &str = "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The address of a server on this machine.
#[derive(Debug)]
pub struct Address {
    secret: String,
    port: u16,
}

impl Address {
    /// Listens on a port of this machine, or with 0 on a free one.
    ///
    /// # Errors
    /// When the port is taken, or there is no source of chance.
    pub async fn listen(port: u16) -> Result<(TcpListener, Arc<Self>)> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| address.to_string())?;
        let port = listener.local_addr()?.port();
        let secret = secret()?;
        Ok((listener, Arc::new(Self { secret, port })))
    }

    /// What a person opens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}{}", self.port, self.path(""))
    }

    /// The path of a part of the page: `list` of the page itself is `/SECRET/list`.
    #[must_use]
    pub fn path(&self, part: &str) -> String {
        format!("/{}/{part}", self.secret)
    }

    /// Puts the guard before a page's answers.
    pub fn guard(self: Arc<Self>, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(self, guard))
    }

    /// Whether a `Host` or the end of an `Origin` is this server.
    fn is_here(&self, host: &str) -> bool {
        ["127.0.0.1", "localhost"]
            .iter()
            .any(|name| host == format!("{name}:{}", self.port))
    }
}

/// A file of the page, such as a script: its type and its text.
pub fn file(kind: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, kind)], text).into_response()
}

/// 128 unguessable bits, as hexadecimal digits.
fn secret() -> Result<String> {
    let mut bytes = [0; 16];
    let source = "/dev/urandom";
    std::fs::File::open(source)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context(source)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// Lets through what comes from the page, and tells browsers what it may do.
async fn guard(State(address): State<Arc<Address>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let given = request.uri().path().split('/').nth(1).unwrap_or_default();
    if !same(given, &address.secret)
        || !text(headers, &HOST).is_some_and(|host| address.is_here(host))
    {
        return (StatusCode::FORBIDDEN, "wrong address\n").into_response();
    }
    let changes = request.method() != Method::GET && request.method() != Method::HEAD;
    let from_here = text(headers, &ORIGIN)
        .and_then(|origin| origin.strip_prefix("http://"))
        .is_some_and(|host| address.is_here(host));
    if changes && !from_here {
        return (StatusCode::FORBIDDEN, "from another page\n").into_response();
    }
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    // A page that was made elsewhere has a policy of its own.
    let policy = headers.entry(CONTENT_SECURITY_POLICY);
    policy.or_insert(HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        HeaderName::from_static("x-content-type-options"),
        HeaderValue::from_static("nosniff"),
    );
    answer
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Compares all of both, so that the time taken tells nothing.
fn same(one: &str, other: &str) -> bool {
    let pairs = one.bytes().zip(other.bytes());
    one.len() == other.len() && pairs.fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}
