//! The page's server: this machine only, and only for who has the address with its secret.
//!
//! Another page open in the same browser can send requests to any port of this machine. So every
//! path begins with a secret that no other page knows; `Host` must be this machine, which stops
//! names that are made to point here; and what changes something must come from the page itself.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{Path, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN, REFERRER_POLICY,
};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use stage::{Context, Flow, Result, log, told};
use tokio::sync::{Notify, Semaphore};

use crate::decision::Decision;
use crate::gallery::{Item, LARGE, THUMBNAIL};
use crate::patch::Patch;
use crate::{Args, apply};

/// The whole page: no file beside it, nothing from elsewhere.
const PAGE: &str = include_str!("page.html");

/// What the page may do: show its own images, run its own lines, talk to its own server.
const POLICY: &str = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; \
                      script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// A JSON pointer, and the values that number keys set.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    pointer: String,
    values: Vec<String>,
}

impl FromStr for Label {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "not a pointer and values, such as `/light/time=day,night`".to_owned();
        let (pointer, values) = text.split_once('=').ok_or_else(wrong)?;
        let values: Vec<String> = values.split(',').map(str::to_owned).collect();
        let sound = pointer.starts_with('/')
            && values.len() <= 9
            && values.iter().all(|value| !value.is_empty());
        sound
            .then(|| Self {
                pointer: pointer.to_owned(),
                values,
            })
            .ok_or_else(wrong)
    }
}

/// What all requests share.
struct Shared {
    items: Vec<Item>,
    patch: Mutex<Patch>,
    label: Option<Label>,
    secret: String,
    port: u16,
    done: Notify,
    /// Images that are made at one time.
    decoders: Semaphore,
}

impl Shared {
    fn patch(&self) -> MutexGuard<'_, Patch> {
        self.patch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a `Host` or the end of an `Origin` is this server.
    fn is_here(&self, host: &str) -> bool {
        ["127.0.0.1", "localhost"]
            .iter()
            .any(|name| host == format!("{name}:{}", self.port))
    }
}

/// Reads all records, serves the page until it is done, and applies the patch.
pub(crate) fn run(args: &Args, flow: &mut Flow) -> Result<()> {
    let patch = Patch::open(&args.patch, &args.by())?;
    let jobs = flow.jobs();
    flow.whole(
        |record| Item::new(&record),
        move |_, items| {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()?;
            let shared = runtime.block_on(serve(args, items, patch, jobs))?;
            // What a slow disk still reads for a page that is closed is not waited for.
            runtime.shutdown_background();
            let missing = {
                let known: std::collections::HashSet<&str> =
                    shared.items.iter().map(|item| item.id.as_str()).collect();
                let patch = shared.patch();
                let ids = patch.decisions.all().map(|decision| decision.id.clone());
                ids.filter(|id| !known.contains(id.as_str()))
                    .collect::<Vec<_>>()
            };
            apply::report(&args.patch, missing.iter().map(String::as_str).collect());
            Ok((0..shared.items.len()).map(move |at| {
                let item = &shared.items[at];
                apply::one(&shared.patch().decisions, &item.id, item.record()?)
            }))
        },
    )
}

async fn serve(args: &Args, items: Vec<Item>, patch: Patch, jobs: usize) -> Result<Arc<Shared>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, args.port));
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| address.to_string())?;
    let port = listener.local_addr()?.port();
    let shared = Arc::new(Shared {
        items,
        patch: Mutex::new(patch),
        label: args.label.clone(),
        secret: secret()?,
        port,
        done: Notify::new(),
        decoders: Semaphore::new(jobs),
    });
    log::warn!("open http://127.0.0.1:{port}/{}/", shared.secret);
    let ended = shared.clone();
    axum::serve(listener, router(shared.clone()))
        .with_graceful_shutdown(async move { ended.done.notified().await })
        .await?;
    Ok(shared)
}

/// 128 bits that nobody can guess, as hexadecimal digits.
fn secret() -> Result<String> {
    let mut bytes = [0; 16];
    let source = "/dev/urandom";
    std::fs::File::open(source)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context(source)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/{secret}/", get(page))
        .route("/{secret}/list", get(list))
        .route("/{secret}/item/{number}", get(item))
        .route("/{secret}/thumbnail/{number}", get(thumbnail))
        .route("/{secret}/picture/{number}", get(large))
        .route("/{secret}/decide", post(decide))
        .route("/{secret}/undo", post(undo))
        .route("/{secret}/done", post(done))
        .layer(middleware::from_fn_with_state(shared.clone(), guard))
        .with_state(shared)
}

/// Lets through what comes from the page, and tells browsers what it may do.
async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let given = request.uri().path().split('/').nth(1).unwrap_or_default();
    if !same(given, &shared.secret)
        || !text(headers, &HOST).is_some_and(|host| shared.is_here(host))
    {
        return (StatusCode::FORBIDDEN, "wrong address\n").into_response();
    }
    let changes = request.method() != Method::GET && request.method() != Method::HEAD;
    let from_here = text(headers, &ORIGIN)
        .and_then(|origin| origin.strip_prefix("http://"))
        .is_some_and(|host| shared.is_here(host));
    if changes && !from_here {
        return (StatusCode::FORBIDDEN, "from another page\n").into_response();
    }
    let safe = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
    ];
    (safe, next.run(request).await).into_response()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Compares all of both, so that the time taken tells nothing.
fn same(one: &str, other: &str) -> bool {
    let pairs = one.bytes().zip(other.bytes());
    one.len() == other.len() && pairs.fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

async fn page() -> Html<&'static str> {
    Html(PAGE)
}

/// All images in short.
async fn list(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let patch = shared.patch();
    let row = |item: &Item| item.row(patch.decisions.get(&item.id));
    let rows: Vec<Value> = shared.items.iter().map(row).collect();
    let label = shared
        .label
        .as_ref()
        .map(|label| json!({"pointer": label.pointer, "values": label.values}));
    Json(json!({"items": rows, "undo": patch.decisions.depth(), "label": label}))
}

/// One image with all that is known of it.
async fn item(
    State(shared): State<Arc<Shared>>,
    Path((_, number)): Path<(String, usize)>,
) -> Response {
    match shared.items.get(number) {
        Some(item) => Json(item.facts()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn thumbnail(
    State(shared): State<Arc<Shared>>,
    Path((_, number)): Path<(String, usize)>,
) -> Response {
    picture(shared, number, THUMBNAIL).await
}

async fn large(
    State(shared): State<Arc<Shared>>,
    Path((_, number)): Path<(String, usize)>,
) -> Response {
    picture(shared, number, LARGE).await
}

async fn picture(shared: Arc<Shared>, number: usize, side: u32) -> Response {
    let Ok(_turn) = shared.decoders.acquire().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let all = shared.clone();
    let made =
        tokio::task::spawn_blocking(move || Some(all.items.get(number)?.picture(side))).await;
    match made {
        Ok(Some(Ok(jpeg))) => {
            let headers = [
                (CONTENT_TYPE, "image/jpeg"),
                (CACHE_CONTROL, "private, max-age=3600"),
            ];
            (headers, jpeg).into_response()
        }
        Ok(Some(Err(error))) => {
            log::info!("{}", told(&error));
            (StatusCode::UNPROCESSABLE_ENTITY, told(&error) + "\n").into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => failed(&error),
    }
}

/// Writes a decision, and answers with what now holds.
async fn decide(State(shared): State<Arc<Shared>>, Json(decision): Json<Decision>) -> Response {
    let id = decision.id.clone();
    if !shared.items.iter().any(|item| item.id == id) {
        return (StatusCode::NOT_FOUND, format!("no image {id}\n")).into_response();
    }
    if let Err(error) = decision.check() {
        return (StatusCode::BAD_REQUEST, told(&error) + "\n").into_response();
    }
    let plain = Decision {
        undo: false,
        ..decision
    };
    let added = shared.patch().add(plain);
    match added {
        Ok(()) => state(&shared, &id),
        Err(error) => failed(&error),
    }
}

/// Takes the last decision back.
async fn undo(State(shared): State<Arc<Shared>>) -> Response {
    let undone = shared.patch().undo();
    match undone {
        Ok(Some(id)) => state(&shared, &id),
        Ok(None) => (StatusCode::CONFLICT, "nothing to undo\n").into_response(),
        Err(error) => failed(&error),
    }
}

/// What holds of one image; null where the manifest no longer has it.
fn state(shared: &Shared, id: &str) -> Response {
    let patch = shared.patch();
    let item = shared.items.iter().find(|item| item.id == id);
    let row = item.map(|item| item.row(patch.decisions.get(id)));
    Json(json!({"id": id, "row": row, "undo": patch.decisions.depth()})).into_response()
}

async fn done(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.done.notify_one();
    StatusCode::NO_CONTENT
}

fn failed(error: &dyn std::fmt::Display) -> Response {
    log::error!("{error:#}");
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")).into_response()
}
