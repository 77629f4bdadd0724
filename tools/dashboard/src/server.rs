//! The page's server.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use loopback::{Address, file};
use stage::{Result, log};

use crate::page;
use crate::state::Watch;

/// What a report may do: look as it says itself, and show the images that it holds.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

type Shared = Arc<Mutex<Watch>>;

/// Serves the page until the process is told to end.
pub(crate) fn run(watch: Watch, port: u16) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let (listener, address) = Address::listen(port).await?;
        let router = router(&address, Arc::new(Mutex::new(watch)));
        log::warn!("open {}", address.url());
        axum::serve(listener, address.guard(router)).await?;
        Ok(())
    })
}

fn router(address: &Address, watch: Shared) -> Router {
    Router::new()
        .route(&address.path(""), get(whole))
        .route(&address.path("now"), get(now))
        .route(
            &address.path("page.css"),
            get(async || file("text/css", page::STYLE)),
        )
        .route(
            &address.path("page.js"),
            get(async || file("text/javascript", page::SCRIPT)),
        )
        .route(&address.path("{*report}"), get(report))
        .with_state(watch)
}

async fn whole(State(watch): State<Shared>) -> Response {
    looked(watch, page::served).await
}

/// What changes, for the page to put in its place.
async fn now(State(watch): State<Shared>) -> Response {
    looked(watch, page::now).await
}

/// Looks at the run and shows it; a disk may be slow.
async fn looked(watch: Shared, show: fn(&crate::state::State) -> String) -> Response {
    let look = move || {
        let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
        show(&watch.state())
    };
    match tokio::task::spawn_blocking(look).await {
        Ok(page) => Html(page).into_response(),
        Err(error) => failed(&error),
    }
}

/// A report of the run, and no other file of it.
async fn report(State(watch): State<Shared>, Path(path): Path<String>) -> Response {
    let read = move || {
        let watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
        watch.report(&path).map(std::fs::read)
    };
    match tokio::task::spawn_blocking(read).await {
        Ok(Some(Ok(text))) => {
            let headers = [
                (CONTENT_TYPE, "text/html; charset=utf-8"),
                (CONTENT_SECURITY_POLICY, POLICY),
            ];
            (headers, text).into_response()
        }
        Ok(Some(Err(error))) => failed(&error),
        Ok(None) => (StatusCode::NOT_FOUND, "no such report\n").into_response(),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::fmt::Display) -> Response {
    log::error!("{error:#}");
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}\n")).into_response()
}
