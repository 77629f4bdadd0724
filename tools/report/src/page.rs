//! The page.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::charts::{distributions, over_time};
use crate::paper::{Cause, Paper};
use crate::plots;
use crate::sheets::{Image, Sheets, Tile};
use crate::words::{clock, number, share};

/// How the page looks; it names no other file.
const STYLE: &str = include_str!("style.css");

/// The whole page.
pub(crate) fn page(paper: &Paper<'_>, sheets: &Sheets) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (paper.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (top(paper))
                main {
                    (kept(paper, sheets))
                    (dropped(paper, sheets))
                    (over_time(paper))
                    (distributions(paper))
                    (phases(paper))
                }
                footer { (sampled(paper)) }
            }
        }
    }
    .into_string()
}

/// What was kept, what was dropped and why, at a glance.
fn top(paper: &Paper<'_>) -> Markup {
    let most = paper.reasons.iter().map(|why| why.count).max().unwrap_or(0);
    html! {
        header {
            h1 { (paper.title) }
            p.about {
                @if let Some(phase) = paper.phase { "Phase " strong { (phase) } ". " }
                @if !paper.films.is_empty() { (paper.films.join(", ")) }
            }
            p.counts {
                span.kept { b { (number(paper.kept)) } " kept" }
                span.dropped { b { (number(paper.dropped)) } " dropped" }
                @if paper.failed > 0 { span.failed { b { (number(paper.failed)) } " failed" } }
                span.of { "of " (number(paper.all())) " (" (share(paper.kept, paper.all())) " kept)" }
            }
            @match paper.reviewed {
                Some(0) => p.note { "Not reviewed by a person." },
                Some(count) => p.note { (number(count)) " of " (number(paper.kept)) " reviewed by a person." },
                None => {}
            }
            @for taught in paper.taught { p.note { (taught.words()) } }
            (plots::share([paper.kept, paper.dropped, paper.failed]))
            @if !paper.reasons.is_empty() {
                table.reasons {
                    @for (place, why) in paper.reasons.iter().enumerate() {
                        tr.failed[why.failed] {
                            td.number { (number(why.count)) }
                            td.bar { (plots::row([0, why.count], most)) }
                            td { a href=(format!("#reason-{place}")) { (why.why) } " " span.by { (why.by) } }
                        }
                    }
                }
            }
        }
    }
}

fn kept(paper: &Paper<'_>, sheets: &Sheets) -> Markup {
    html! {
        section {
            h2 { "Kept" span.count { (number(paper.kept)) } }
            @if let Some(shots) = &paper.shots {
                p {
                    "From " (shots.kept) " of " (shots.all) " shots"
                    @if shots.most > 0 { "; most from shot " (shots.most_of) ": " (shots.most) }
                    "."
                }
            }
            (shown_of(sheets.kept.len(), paper.kept))
            (sheet(&sheets.kept, "kept"))
        }
    }
}

fn dropped(paper: &Paper<'_>, sheets: &Sheets) -> Markup {
    html! {
        @if !paper.reasons.is_empty() {
            section {
                h2 { "Dropped" span.count { (number(paper.dropped + paper.failed)) } }
                @for (place, why) in paper.reasons.iter().enumerate() {
                    (reason(place, why, &sheets.dropped[why.sheet]))
                }
            }
        }
    }
}

fn reason(place: usize, why: &Cause<'_>, tiles: &[Tile]) -> Markup {
    let kind = if why.failed { "failed" } else { "dropped" };
    html! {
        h3 id=(format!("reason-{place}")) {
            (why.why) span.by { (why.by) } span.count { (number(why.count)) }
        }
        (shown_of(tiles.len(), why.count))
        (sheet(tiles, kind))
    }
}

/// Says that not all images are shown, where it is so.
fn shown_of(shown: usize, all: u64) -> Markup {
    html! {
        @if (shown as u64) < all && shown > 0 {
            p.note { (shown) " of " (number(all)) " shown, drawn by the hash of their ids." }
        }
    }
}

fn sheet(tiles: &[Tile], kind: &str) -> Markup {
    html! {
        div.sheet {
            @for tile in tiles {
                figure class=(kind) {
                    @match &tile.image {
                        Some(image) => (img(image, &tile.shown.id)),
                        None => div.none { "no image" },
                    }
                    @if let Some(beside) = &tile.beside { (img(beside, "")) }
                    figcaption {
                        @if !tile.shown.text.is_empty() { span.why { (tile.shown.text) } }
                        span.id {
                            (tile.shown.id)
                            @if let Some(time) = tile.shown.time { " · " (clock(time)) }
                            @if let Some(shot) = tile.shown.shot { " · shot " (shot) }
                        }
                    }
                }
            }
        }
    }
}

fn img(image: &Image, id: &str) -> Markup {
    let source = format!("data:image/jpeg;base64,{}", image.jpeg);
    html! { img width=(image.width) height=(image.height) loading="lazy" alt=(id) src=(source); }
}

fn phases(paper: &Paper<'_>) -> Markup {
    let cell = |value: Option<u64>| value.map(number).unwrap_or_default();
    html! {
        @if !paper.phases.is_empty() {
            section {
                h2 { "Phases" }
                div.scroll { table.phases {
                    tr { th { "phase" } th { "status" } th { "in" } th { "out" } th { "dropped" } th { "failed" } th { "seconds" } }
                    @for phase in paper.phases {
                        tr {
                            td { (phase.name) }
                            td { (phase.status) }
                            td.number { (cell(phase.r#in)) }
                            td.number { (cell(phase.out)) }
                            td.number { (cell(phase.rejected)) }
                            td.number { (cell(phase.failed)) }
                            td.number { @if let Some(seconds) = phase.seconds { (seconds) } }
                        }
                    }
                } }
            }
        }
    }
}

fn sampled(paper: &Paper<'_>) -> Markup {
    let shown = paper.images + paper.reasons.iter().map(|why| why.images).sum::<usize>();
    html! {
        "Every count is of all " (number(paper.all())) " records; " (shown)
        " images are shown. If some are left out, the selection is drawn by the hash of their ids: the same records give the same page."
    }
}
