//! What the page asks for, and what it is answered.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use loopback::{Address, file};
use serde_json::{Value, json};
use stage::manifest::patch::Decision;
use stage::manifest::shapes::Shown;
use stage::{log, told};

use crate::decision;
use crate::gallery::{LARGE, THUMBNAIL};
use crate::server::Shared;

/// The whole page: nothing of it is from elsewhere.
const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPTS: [(&str, &str); 6] = [
    ("page.js", include_str!("page/page.js")),
    ("list.js", include_str!("page/list.js")),
    ("grid.js", include_str!("page/grid.js")),
    ("image.js", include_str!("page/image.js")),
    ("decide.js", include_str!("page/decide.js")),
    ("replace.js", include_str!("page/replace.js")),
];

/// Bytes of a request: the captions of a hundred thousand images.
const LARGEST: usize = 1 << 26;

/// What answers each part of the page.
pub(crate) fn router(address: &Address, shared: Arc<Shared>) -> Router {
    let mut router = Router::new()
        .route(&address.path(""), get(async || Html(PAGE)))
        .route(
            &address.path("page.css"),
            get(async || file("text/css", STYLE)),
        );
    for (name, text) in SCRIPTS {
        let script = get(async || file("text/javascript", text));
        router = router.route(&address.path(name), script);
    }
    router
        .route(&address.path("list"), get(list))
        .route(&address.path("item/{number}"), get(item))
        .route(&address.path("thumbnail/{number}"), get(thumbnail))
        .route(&address.path("image/{number}"), get(large))
        .route(&address.path("mask/{number}"), get(masked))
        .route(&address.path("decide"), post(decide))
        .route(&address.path("undo"), post(undo))
        .route(&address.path("done"), post(done))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(shared)
}

/// All images in short.
async fn list(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let patch = shared.patch();
    let rows = { shared.items.iter() }.map(|item| item.row(patch.decisions.get(&item.id)));
    Json(json!({
        "items": rows.collect::<Vec<_>>(),
        "undo": patch.decisions.depth(),
        "labels": shared.labels.labels,
        "groups": shared.labels.pointers,
        "required": shared.required,
        "drop_means": shared.drop_means,
    }))
}

/// One image with all that is known of it.
async fn item(State(shared): State<Arc<Shared>>, Path(number): Path<usize>) -> Response {
    match shared.items.get(number) {
        Some(item) => Json(item.facts()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn thumbnail(State(shared): State<Arc<Shared>>, Path(number): Path<usize>) -> Response {
    preview(shared, number, THUMBNAIL, false).await
}

async fn large(State(shared): State<Arc<Shared>>, Path(number): Path<usize>) -> Response {
    preview(shared, number, LARGE, false).await
}

async fn masked(State(shared): State<Arc<Shared>>, Path(number): Path<usize>) -> Response {
    preview(shared, number, LARGE, true).await
}

async fn preview(shared: Arc<Shared>, number: usize, side: u32, masked: bool) -> Response {
    let Ok(_turn) = shared.decoders.acquire().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let all = shared.clone();
    let made = tokio::task::spawn_blocking(move || {
        let item = all.items.get(number)?;
        Some(item.preview(side, masked, &all.looks))
    });
    match made.await {
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

/// Writes the decisions of one change, and answers with what now holds of their images.
async fn decide(
    State(shared): State<Arc<Shared>>,
    Json(decisions): Json<Vec<Decision>>,
) -> Response {
    let (mut ids, mut made) = (Vec::new(), Vec::new());
    for decision in decisions {
        let Some(item) = shared.find(&decision.id) else {
            let said = format!("no image {}\n", decision.id);
            return (StatusCode::NOT_FOUND, said).into_response();
        };
        // What could not be applied would stop every later run.
        let tried = decision::check(&decision).and_then(|()| {
            let record = item.record()?;
            let of = Shown::of(&record)?;
            decision::apply(&decision, record).map(|_| of)
        });
        let of = match tried {
            Ok(of) => of,
            Err(error) => return (StatusCode::BAD_REQUEST, told(&error) + "\n").into_response(),
        };
        ids.push(decision.id.clone());
        made.push(Decision {
            undo: false,
            of,
            ..decision
        });
    }
    let added = shared.patch().add(made);
    match added {
        Ok(()) => state(&shared, &ids),
        Err(error) => failed(&error),
    }
}

/// Takes the last change back.
async fn undo(State(shared): State<Arc<Shared>>) -> Response {
    let undone = shared.patch().undo();
    match undone {
        Ok(ids) if ids.is_empty() => (StatusCode::CONFLICT, "nothing to undo\n").into_response(),
        Ok(ids) => state(&shared, &ids),
        Err(error) => failed(&error),
    }
}

/// What holds of these images; of one that the manifest no longer has, only its id.
fn state(shared: &Shared, ids: &[String]) -> Response {
    let patch = shared.patch();
    let rows = ids.iter().map(|id| match shared.find(id) {
        Some(item) => item.row(patch.decisions.get(id)),
        None => json!({ "id": id }),
    });
    Json(json!({"rows": rows.collect::<Vec<_>>(), "undo": patch.decisions.depth()})).into_response()
}

async fn done(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.done.notify_one();
    StatusCode::NO_CONTENT
}

fn failed(error: &dyn std::fmt::Display) -> Response {
    log::error!("{error:#}");
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")).into_response()
}
