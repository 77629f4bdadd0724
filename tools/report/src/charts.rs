//! What was kept and dropped over the film, and how the figures lie.

use maud::{Markup, html};

use crate::histogram::Bars;
use crate::paper::{Drawn, Labels, Paper};
use crate::plots;
use crate::words::clock;

pub(crate) fn over_time(paper: &Paper<'_>) -> Markup {
    html! {
        @if let Some(times) = paper.times.as_ref().filter(|times| times.counts.len() > 1) {
            section {
                h2 { "Over the film" }
                (legend())
                div.plot.wide {
                    (plots::bars(times, "images kept and dropped over the time of the film"))
                    (axis(times, clock))
                }
            }
        }
    }
}

pub(crate) fn distributions(paper: &Paper<'_>) -> Markup {
    // A figure that is the same everywhere tells nothing at a glance.
    let varied = { paper.figures.iter() }.filter(|figure| figure.bars.least < figure.bars.most);
    html! {
        @if !paper.figures.is_empty() || !paper.labels.is_empty() {
            section {
                h2 { "Measures" }
                (legend())
                div.plots {
                    @for labels in &paper.labels { (label(labels)) }
                    @for figure in varied { (histogram(figure)) }
                }
            }
        }
    }
}

fn histogram(figure: &Drawn<'_>) -> Markup {
    html! {
        div.plot {
            h4 { (name(figure.pointer)) }
            (plots::bars(&figure.bars, figure.pointer))
            (axis(&figure.bars, |value| value.to_string()))
            p.note {
                @if let Some(mean) = figure.bars.mean_kept { "mean kept " (mean) }
                @if figure.bars.mean_kept.is_some() && figure.bars.mean_dropped.is_some() { " · " }
                @if let Some(mean) = figure.bars.mean_dropped { "dropped " (mean) }
            }
        }
    }
}

fn label(labels: &Labels<'_>) -> Markup {
    let most = labels
        .counts
        .iter()
        .map(|(_, counts)| counts[0] + counts[1])
        .max()
        .unwrap_or(0);
    html! {
        div.plot {
            h4 { (name(labels.pointer)) }
            table {
                @for (label, counts) in &labels.counts {
                    tr {
                        td { (label) }
                        td.bar { (plots::row(*counts, most)) }
                        td.number { (counts[0]) @if counts[1] > 0 { span.less { " + " (counts[1]) } } }
                    }
                }
            }
        }
    }
}

fn legend() -> Markup {
    html! { p.legend { span.kept { "kept" } span.dropped { "dropped" } } }
}

/// The ends of an axis.
fn axis(bars: &Bars, text: impl Fn(f64) -> String) -> Markup {
    let end = bars.start + bars.counts.len() as f64 * bars.width;
    html! {
        div.axis {
            span { (text(bars.start.max(bars.least))) }
            span { (text(end.min(bars.most))) }
        }
    }
}

/// A JSON pointer as words.
fn name(pointer: &str) -> String {
    pointer
        .trim_start_matches('/')
        .replace('/', " · ")
        .replace('_', " ")
}
