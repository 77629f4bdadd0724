//! The parts of the page.

use maud::{Markup, html};
use stage::printable;

use crate::progress::Status;
use crate::state::{Set, Shown, State};
use crate::words::{escaped, number, size, time};

/// Size of a phase in the graph, and the room from one to the next, pixels.
const BOX: [usize; 2] = [148, 34];
const STEP: [usize; 2] = [164, 56];
/// Signs of a name that fit into its box.
const FIT: usize = 18;

/// Phases that run or wait: how far they are, or what for.
pub(crate) fn at_work(state: &State) -> Markup {
    let at_work = |shown: &&Shown| matches!(shown.phase.status, Status::Running | Status::Waiting);
    let shown: Vec<&Shown> = state.phases.iter().filter(at_work).collect();
    html! {
        @if !shown.is_empty() {
            section {
                h2 { "Now" }
                @for one in shown {
                    div.job class=(class(one.phase.status)) {
                        h3 { (printable(&one.phase.name)) " " span.kind { (if one.phase.gpu { "GPU" } else { "CPU" }) } }
                        @if one.phase.status == Status::Waiting {
                            p { "waits for " (printable(one.phase.waits_for.as_deref().unwrap_or("its turn"))) }
                        } @else { (step(one)) }
                    }
                }
            }
        }
    }
}

/// How far a phase is.
fn step(shown: &Shown) -> Markup {
    let step = shown.log.step.as_ref();
    // Without a line of progress, by what was estimated.
    let guess = shown
        .spent
        .zip(shown.estimated)
        .map(|(spent, all)| (spent / all.max(1e-3) * 100.0).min(99.0));
    let percent = step.and_then(|step| step.percent).or(guess);
    html! {
        @match percent {
            Some(percent) => progress max="100" value=(format!("{percent:.0}")) {},
            None => progress {},
        }
        p {
            @if let Some(step) = step {
                (number(step.records)) " records, " (step.rate) " a second"
                @if let Some(percent) = step.percent { ", " (format!("{percent:.0} %")) }
                @if let Some(left) = &step.left { ", " b { (printable(left)) " left" } }
                "; "
            }
            "running for " (shown.spent.map_or_else(|| "an unknown time".to_owned(), time))
            @if let Some(all) = shown.estimated { " of about " (time(all)) }
        }
    }
}

/// What went wrong, with what was said last.
pub(crate) fn errors(state: &State) -> Markup {
    let wrong = |shown: &&Shown| matches!(shown.phase.status, Status::Failed | Status::Killed);
    let wrong: Vec<&Shown> = state.phases.iter().filter(wrong).collect();
    html! {
        @if !wrong.is_empty() {
            section #errors {
                h2 { "Errors" }
                @for shown in wrong {
                    h3 {
                        (printable(&shown.phase.name)) ": " (shown.phase.status.word())
                        @if let Some(code) = shown.phase.exit_code { ", exit status " (code) }
                    }
                    pre { @for line in &shown.log.lines { (line) "\n" } @if shown.log.lines.is_empty() { "nothing is in its log" } }
                }
            }
        }
    }
}

/// The data sets beside what was asked for.
pub(crate) fn sets(state: &State) -> Markup {
    html! {
        @if !state.sets.is_empty() {
            section #sets {
                h2 { "Data sets" }
                div.scroll { table {
                    tr { th { "data set" } th.number { "images" } th.number { "wanted" } th { } th { "where it stands" } th.number { "CPU" } th.number { "GPU" } th.number { "estimated" } th { "report" } }
                    @for set in &state.sets { (set_row(set)) }
                } }
                p.note { "Times are of all phases of a set, those that it shares with others among them; " code { "make plan" } " estimates them." }
            }
        }
    }
}

fn set_row(set: &Set) -> Markup {
    let wanted = set.wanted.wanted;
    html! {
        tr {
            td { (printable(&set.wanted.name)) }
            td.number { (number(set.images)) }
            td.number { @if let Some(wanted) = wanted { (number(wanted)) } }
            td { @if let Some(wanted) = wanted.filter(|wanted| *wanted > 0) {
                meter max=(wanted) low=(set.wanted.fewest.min(wanted)) value=(set.images.min(wanted)) {}
            } }
            td { (printable(&set.stands)) }
            td.number { (time(set.spent[0])) }
            td.number { @if set.spent[1] > 0.0 { (time(set.spent[1])) } }
            td.number { @if let Some([cpu, gpu]) = set.estimated { (time(cpu)) @if gpu > 0.0 { ", GPU " (time(gpu)) } } }
            td { @if let Some(report) = &set.report { (link(report)) } }
        }
    }
}

/// Which frames feed several of the data sets.
pub(crate) fn shared(state: &State) -> Markup {
    let (shared, sets) = (&state.shared, &state.sets);
    html! {
        @if sets.len() > 1 && !shared.by_sets.is_empty() {
            section #shared {
                h2 { "Frames in several data sets" }
                p { @for (sets, frames) in &shared.by_sets {
                    span.part { b { (number(*frames as u64)) } @if *frames == 1 { " frame" } @else { " frames" } " in " (sets) @if *sets == 1 { " set" } @else { " sets" } }
                } }
                div.scroll { table.matrix {
                    tr { th { "frames of" } @for set in sets { th.number { (printable(&set.wanted.name)) } } }
                    @for (row, set) in shared.pairs.iter().zip(sets) {
                        tr { th { (printable(&set.wanted.name)) } @for count in row { td.number { (number(*count as u64)) } } }
                    }
                } }
            }
        }
    }
}

/// The phases, each below those whose records it takes.
pub(crate) fn graph(state: &State) -> Markup {
    let graph = &state.graph;
    let corner = |column: usize, row: usize| [column * STEP[0] + 8, row * STEP[1] + 8];
    let size = corner(graph.columns, graph.rows);
    html! {
        @if !graph.nodes.is_empty() {
            section #graph {
                h2 { "Phases" }
                div.scroll {
                    svg width=(size[0]) height=(size[1]) viewBox=(format!("0 0 {} {}", size[0], size[1])) role="img" aria-label="the phases, and what follows what" {
                        @for (from, to) in &graph.edges {
                            @let from = &graph.nodes[*from];
                            @let to = &graph.nodes[*to];
                            @let [x0, y0] = corner(from.column, from.row);
                            @let [x1, y1] = corner(to.column, to.row);
                            @let (x0, y0, x1) = (x0 + BOX[0] / 2, y0 + BOX[1], x1 + BOX[0] / 2);
                            path.edge d=(format!("M{x0} {y0} C{x0} {} {x1} {} {x1} {y1}", y0 + 20, y1.saturating_sub(20))) {}
                        }
                        @for node in &graph.nodes {
                            @let shown = &state.phases[node.phase];
                            @let [x, y] = corner(node.column, node.row);
                            g class=(class(shown.phase.status)) {
                                title { (printable(&shown.phase.name)) ": " (shown.phase.status.word()) }
                                rect x=(x) y=(y) width=(BOX[0]) height=(BOX[1]) rx="6" {}
                                text x=(x + 8) y=(y + 14) { (short(&shown.phase.name)) }
                                text.small x=(x + 8) y=(y + 28) { (below(shown)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What stands below a phase's name in the graph.
fn below(shown: &Shown) -> String {
    let out = shown.phase.out.map(|out| format!("{} out", number(out)));
    let parts = [
        (shown.phase.status != Status::Done).then(|| shown.phase.status.word().to_owned()),
        out,
        shown.spent.map(time),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// All phases with their numbers.
pub(crate) fn phases(state: &State) -> Markup {
    let cell = |count: Option<u64>| count.map(number).unwrap_or_default();
    html! {
        @if !state.phases.is_empty() {
            section #phases {
                details {
                    summary { "All phases in numbers" }
                    div.scroll { table {
                        tr { th { "phase" } th { "status" } th.number { "in" } th.number { "out" } th.number { "dropped" } th.number { "failed" } th.number { "a second" } th.number { "time" } th.number { "estimated" } th.number { "memory" } }
                        @for shown in &state.phases {
                            @let phase = &shown.phase;
                            @let rate = phase.r#in.max(phase.out).zip(phase.seconds).filter(|(_, seconds)| *seconds > 0.0);
                            tr class=(class(phase.status)) {
                                td { (printable(&phase.name)) }
                                td.status { (phase.status.word()) }
                                td.number { (cell(phase.r#in)) }
                                td.number { (cell(phase.out)) }
                                td.number { (cell(phase.rejected)) }
                                td.number { (cell(phase.failed)) }
                                td.number { @if let Some((records, seconds)) = rate { (format!("{:.1}", records as f64 / seconds)) } }
                                td.number { @if let Some(spent) = shown.spent { (time(spent)) } }
                                td.number { @if let Some(seconds) = shown.estimated { (time(seconds)) } }
                                td.number { @if let Some(bytes) = phase.peak_memory { (size(bytes)) } }
                            }
                        }
                    } }
                }
            }
        }
    }
}

/// Links to all reports.
pub(crate) fn reports(state: &State) -> Markup {
    html! {
        @if !state.reports.is_empty() {
            section #reports {
                h2 { "Reports" }
                ul { @for report in &state.reports { li { (link(report)) } } }
            }
        }
    }
}

/// A link to a report, named after its folder.
fn link(report: &str) -> Markup {
    let parts: Vec<String> = report.split('/').map(escaped).collect();
    let name = report.strip_suffix("/report.html").unwrap_or(report);
    html! { a href=(format!("./{}", parts.join("/"))) { (printable(name)) } }
}

/// The class of a status in the style.
pub(crate) fn class(status: Status) -> &'static str {
    match status {
        Status::ToCome => "to-come",
        status => status.word(),
    }
}

/// A name that fits into its box: of a long one the end, which tells it from others of its data set.
fn short(name: &str) -> String {
    let name = printable(name);
    let length = name.chars().count();
    if length <= FIT {
        return name.into_owned();
    }
    std::iter::once('…')
        .chain(name.chars().skip(length - FIT + 1))
        .collect()
}
