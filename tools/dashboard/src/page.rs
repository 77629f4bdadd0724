//! The page: served and refreshed, or printed as it is now.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::parts;
use crate::progress::Status;
use crate::state::State;
use crate::words;

/// How the page looks, and what refreshes it.
pub(crate) const STYLE: &str = include_str!("page.css");
pub(crate) const SCRIPT: &str = include_str!("page.js");

/// The page that a server keeps up to date.
pub(crate) fn served(state: &State) -> String {
    let head = html! {
        link rel="stylesheet" href="page.css";
        script type="module" src="page.js" {}
    };
    whole(state, &head)
}

/// The page as it is now, which names no other file but reports.
pub(crate) fn printed(state: &State) -> String {
    whole(state, &html! { style { (PreEscaped(STYLE)) } })
}

fn whole(state: &State, head: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "film2lora" }
                link rel="icon" href="data:,";
                (head)
            }
            body {
                p #ended role="status" hidden { "The dashboard has ended: this is what it knew last." }
                main #now { (inside(state)) }
            }
        }
    }
    .into_string()
}

/// What changes.
pub(crate) fn now(state: &State) -> String {
    inside(state).into_string()
}

fn inside(state: &State) -> Markup {
    html! {
        (top(state))
        (parts::at_work(state))
        (parts::errors(state))
        (parts::sets(state))
        (parts::shared(state))
        (parts::graph(state))
        (parts::phases(state))
        (parts::reports(state))
    }
}

/// What the run does, at a glance.
fn top(state: &State) -> Markup {
    let count = |status| {
        { state.phases.iter() }
            .filter(|shown| shown.phase.status == status)
            .count()
    };
    let kinds = [
        Status::Running,
        Status::Waiting,
        Status::Failed,
        Status::Killed,
        Status::Done,
        Status::ToCome,
    ];
    html! {
        header {
            h1 { (stage::printable(&state.title)) }
            p.counts {
                @for status in kinds {
                    @let count = count(status);
                    @if count > 0 { span class=(parts::class(status)) { b { (count) } " " (status.word()) } }
                }
                @if state.phases.is_empty() { span { "no phase has begun" } }
            }
            p.note {
                @if let Some((free, all)) = state.disk {
                    (words::size(free)) " of " (words::size(all)) " free on the disk · "
                }
                "as of " time { (words::clock(state.time)) }
            }
            @for trouble in &state.trouble { p.trouble role="alert" { (stage::printable(trouble)) } }
        }
    }
}
