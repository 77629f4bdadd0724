//! Plots as SVG that a page holds, in the page's own colours.

use maud::{Markup, html};

use crate::histogram::{Bars, Counts};

/// Height of a plot's bars, in its own units.
const HEIGHT: f64 = 100.0;

/// Bars of kept (below) and dropped (above) from left to right.
pub(crate) fn bars(bars: &Bars, label: &str) -> Markup {
    let tallest = bars
        .counts
        .iter()
        .map(|bar| bar[0] + bar[1])
        .max()
        .unwrap_or(1)
        .max(1);
    let scale = HEIGHT / tallest as f64;
    let width = bars.counts.len() as f64 * 10.0;
    html! {
        svg viewBox=(format!("0 0 {width} {HEIGHT}")) preserveAspectRatio="none" role="img" aria-label=(label) {
            @for (place, [kept, dropped]) in bars.counts.iter().enumerate() {
                @let (low, high) = (*kept as f64 * scale, *dropped as f64 * scale);
                @let left = place as f64 * 10.0 + 0.75;
                @if *kept > 0 {
                    rect.kept x=(left) y=(px(HEIGHT - low)) width="8.5" height=(px(low)) {}
                }
                @if *dropped > 0 {
                    rect.dropped x=(left) y=(px(HEIGHT - low - high)) width="8.5" height=(px(high)) {}
                }
            }
        }
    }
}

/// One long bar of kept, dropped and failed.
pub(crate) fn share([kept, dropped, failed]: [u64; 3]) -> Markup {
    let all = (kept + dropped + failed).max(1) as f64;
    let part = |count: u64| format!("width:{:.3}%", count as f64 / all * 100.0);
    html! {
        div.share role="img" aria-label=(format!("{kept} kept, {dropped} dropped, {failed} failed")) {
            @if kept > 0 { div.kept style=(part(kept)) {} }
            @if dropped > 0 { div.dropped style=(part(dropped)) {} }
            @if failed > 0 { div.failed style=(part(failed)) {} }
        }
    }
}

/// One row of a list: a bar of kept and dropped against `most`.
pub(crate) fn row([kept, dropped]: Counts, most: u64) -> Markup {
    let part = |count: u64| format!("width:{:.3}%", count as f64 / most.max(1) as f64 * 100.0);
    html! {
        div.row {
            @if kept > 0 { div.kept style=(part(kept)) {} }
            @if dropped > 0 { div.dropped style=(part(dropped)) {} }
        }
    }
}

fn px(length: f64) -> String {
    format!("{length:.2}")
}
