//! The page that compares checkpoints: one file that names no other.

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use crate::checkpoints::{Checkpoint, Comparison, Role};
use crate::drawn::image;
use crate::generated::Image;
use crate::lines::{Line, Measure};
use crate::measures::{MEANINGS, MEASURES};
use crate::prompts::Prompts;
use crate::sets::Sets;
use crate::sharpness::USUAL;
use crate::worst::{faults, merit};

/// How the page looks.
const STYLE: &str = include_str!("page.css");

/// The most checkpoints whose images are shown, beside the controls.
const COLUMNS: usize = 8;

/// The most images of the worst that are shown, of each of the first checkpoints.
const WORST: usize = 12;

/// The whole page, with the images of so many prompts.
pub(crate) fn page(all: &Comparison, prompts: &Prompts, sets: &Sets, rows: usize) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Checkpoints" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (top(all))
                (table(all))
                (facts(all))
                (characters(all))
                (of_sets(all))
                (strips(all, prompts, sets, rows))
                (worst(all, prompts))
                footer { (ends(all, sets)) }
            }
        }
    }
    .into_string()
}

fn top(all: &Comparison) -> Markup {
    html! {
        h1 { "Checkpoints" }
        @if let Some(line) = all.lines.first() { p { (capital(&line.told())) "." } }
        p.note {
            (all.prompts.len()) " prompts, " (all.rivals().map(|one| one.images.len()).sum::<usize>()) " images of "
            (all.rivals().count()) " checkpoints."
        }
        @if all.lines.first().is_some_and(Line::below_base) {
            p { strong { "No checkpoint is better than the base model without the LoRA." } }
        }
    }
}

fn table(all: &Comparison) -> Markup {
    let shown: Vec<usize> = (0..MEASURES.len())
        .filter(|place| {
            all.lines
                .iter()
                .any(|line| line.measures.contains_key(MEASURES[*place]))
        })
        .collect();
    let cosines = all.lines.iter().any(|line| line.cosine.is_some());
    html! {
        h2 { "Measures" }
        div.scroll { table {
            tr {
                th { "checkpoint" } th { "score" } th { "better than next" } th { "better than base" }
                @for place in &shown { th title=(MEANINGS[*place]) { (MEASURES[*place]) } }
                @if cosines { th title="mean cosine with the wanted characters" { "cosine" } }
                th { "images" }
            }
            @for line in &all.lines {
                tr.best[line.best].control[line.control.is_some()] {
                    td { (line.checkpoint) @if let Some(control) = line.control { " " span.soft { "(control: " (control) ")" } } }
                    td.number { (scored(line)) }
                    td.number { (percent(line.better_than_next)) }
                    td.number { (percent(line.better_than_base)) }
                    @for place in &shown { td.number { @if let Some(measure) = line.measures.get(MEASURES[*place]) { (value(measure)) } } }
                    @if cosines { td.number { @if let Some(cosine) = &line.cosine {
                        (format!("{:.3}", cosine.wanted))
                        @if let Some(other) = cosine.other { span.soft { "other " (format!("{other:.3}")) } }
                    } } }
                    td.number { (line.images) }
                }
            }
        } }
        @for place in &shown { p.note { strong { (MEASURES[*place]) } ": " (MEANINGS[*place]) "." } }
        p.note { "Below each measure are the bounds that 95 of 100 draws of the prompts have, and the score from 0 to 1 that it counts with." }
    }
}

fn scored(line: &Line) -> Markup {
    let percent = |share: f64| format!("{:.1}%", 100.0 * share.clamp(0.0, 1.0));
    html! {
        @if let Some(score) = line.score {
            (format!("{score:.3}"))
            @if let Some([low, high]) = line.bounds { span.soft { (format!("{low:.3} to {high:.3}")) } }
            span.bar {
                i style=(format!("width:{}", percent(score))) {}
                @if let Some([low, high]) = line.bounds { b style=(format!("left:{};width:{}", percent(low), percent(high - low))) {} }
            }
        }
    }
}

fn value(measure: &Measure) -> Markup {
    html! {
        (format!("{:.3}", measure.value))
        @if let Some([low, high]) = measure.bounds { span.soft { (format!("{low:.2} to {high:.2}")) } }
        span.soft { (format!("score {:.2} × {}", measure.score, measure.weight)) }
    }
}

/// A sentence that begins with a capital.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.collect::<String>() + letters.as_str()
}

fn percent(share: Option<f64>) -> String {
    share
        .map(|share| format!("{:.0} %", 100.0 * share))
        .unwrap_or_default()
}

fn facts(all: &Comparison) -> Markup {
    let mut keys: Vec<&String> = all
        .lines
        .iter()
        .flat_map(|line| line.facts.keys())
        .collect();
    keys.sort();
    keys.dedup();
    html! {
        @if !keys.is_empty() {
            h2 { "Facts" }
            div.scroll { table {
                tr { th { "checkpoint" } @for key in &keys { th { (key) } } }
                @for line in all.lines.iter().filter(|line| line.control != Some("real")) {
                    tr.best[line.best].control[line.control.is_some()] {
                        td { (line.checkpoint) }
                        @for key in &keys { td.number { @if let Some(count) = line.facts.get(*key) {
                            @if count.measured == 0 { span.soft { "not measured" } } @else {
                                (format!("{:.2}", count.affirmed as f64 / count.measured as f64))
                                span.soft { (count.affirmed) " of " (count.measured) @if count.measured < count.wanted { ", " (count.wanted - count.measured) " unknown" } }
                            }
                        } } }
                    }
                }
            } }
        }
    }
}

fn characters(all: &Comparison) -> Markup {
    let several = all.lines.iter().any(|line| {
        line.characters.len() > 1 || line.characters.iter().any(|one| one.alone.is_some())
    });
    html! {
        @if several {
            h2 { "Characters" }
            table {
                tr { th { "checkpoint" } th { "character" } th { "wanted" } th { "found" } th { "found alone" } th { "lost" } }
                @for line in all.lines.iter().filter(|line| line.control != Some("real")) {
                    @for one in &line.characters {
                        tr.best[line.best].control[line.control.is_some()] {
                            td { (line.checkpoint) } td { (one.name) }
                            td.number { (one.wanted) }
                            td.number { (format!("{:.2}", one.found)) }
                            td.number { @if let Some(alone) = one.alone { (format!("{alone:.2}")) } }
                            td.number { @if let Some(alone) = one.alone { (format!("{:.2}", alone - one.found)) } }
                        }
                    }
                }
            }
        }
    }
}

fn of_sets(all: &Comparison) -> Markup {
    html! {
        @if all.lines.iter().any(|line| !line.sets.is_empty()) {
            h2 { "Data sets" }
            p.note { "The distance (CMMD) of the images from each data set, and the share of images that are nearest to an image of it: one that takes more than its share bleeds into the others." }
            table {
                tr { th { "checkpoint" } th { "data set" } th { "distance" } th { "distance alone" } th { "nearest" } }
                @for line in &all.lines {
                    @for one in &line.sets {
                        tr.best[line.best].control[line.control.is_some()] {
                            td { (line.checkpoint) } td { (one.name) }
                            td.number { (format!("{:.2}", one.style)) }
                            td.number { @if let Some(alone) = one.style_alone { (format!("{alone:.2}")) } }
                            td.number { (format!("{:.2}", one.nearest)) }
                        }
                    }
                }
            }
        }
    }
}

/// Rows of images: the film, the base model, and the checkpoints.
fn strips(all: &Comparison, prompts: &Prompts, sets: &Sets, rows: usize) -> Markup {
    let base = all.checkpoints.iter().filter(|one| one.role == Role::Base);
    let columns: Vec<&Checkpoint> = base.chain(all.rivals().take(COLUMNS)).collect();
    let count = all.prompts.len().min(rows);
    // Spread over all prompts.
    let shown: Vec<usize> = (0..count)
        .map(|row| all.prompts[row * all.prompts.len() / count])
        .collect();
    let film = shown.iter().any(|prompt| prompts.0[*prompt].of.is_some());
    let row = |prompt: usize| {
        let one = &prompts.0[prompt];
        let real = one.of.as_ref().and_then(|id| sets.find(id));
        let cell = |checkpoint: &&Checkpoint| {
            let mut own = checkpoint.images.iter().map(|number| &all.images[*number]);
            own.find(|image| image.prompt == prompt)
                .map(|image| figure(image, all, prompts))
        };
        html! {
            tr {
                td.prompt { (one.text) br; span.soft { (one.id) } }
                @if film { td { figure { (image(real.and_then(|real| real.image.as_deref()), "film")) } } }
                @for checkpoint in &columns { td { @if let Some(cell) = cell(checkpoint) { (cell) } } }
            }
        }
    };
    let rows: Vec<Markup> = shown.into_par_iter().map(row).collect();
    html! {
        h2 { "Images" }
        div.scroll { table.strip {
            tr { th { "prompt" } @if film { th { "film" } } @for one in &columns { th { (one.name) } } }
            @for row in rows { (row) }
        } }
        @if all.rivals().count() > COLUMNS { p.note { "The images of the best " (COLUMNS) " checkpoints are shown." } }
    }
}

fn figure(shown: &Image, all: &Comparison, prompts: &Prompts) -> Markup {
    let faults = faults(shown, &prompts.0[shown.prompt]);
    let judged = !shown.found.is_empty()
        || !shown.verdicts.is_empty()
        || shown.copy.is_some()
        || shown.sharp.is_some()
        || shown.empty.is_some();
    html! {
        figure.wrong[!faults.is_empty()].right[judged && faults.is_empty()] {
            (image(shown.file.as_deref().map(Path::new), &shown.id))
            figcaption {
                (faults.join(", "))
                span.soft { (format!("{:.2}", merit(shown, &all.weights))) }
            }
        }
    }
}

fn worst(all: &Comparison, prompts: &Prompts) -> Markup {
    let ranked = |one: &Checkpoint| {
        let mut images: Vec<&Image> = one
            .images
            .iter()
            .map(|number| &all.images[*number])
            .collect();
        images.retain(|image| merit(image, &all.weights) < 1.0);
        images.sort_by(|one, other| {
            merit(one, &all.weights)
                .total_cmp(&merit(other, &all.weights))
                .then_with(|| one.id.cmp(&other.id))
        });
        images.truncate(WORST);
        images
    };
    html! {
        @for one in all.rivals().take(2) {
            @let images = ranked(one);
            @if !images.is_empty() {
                h2 { "Worst of " (one.name) }
                div.sheet { @for image in images { div { (figure(image, all, prompts)) p.note { (prompts.0[image.prompt].text) } } } }
            }
        }
    }
}

fn ends(all: &Comparison, sets: &Sets) -> Markup {
    html! {
        "Scales: style is 1 at a distance of " (format!("{:.2}", all.ends.style_best)) " and 0 at "
        (format!("{:.2}", all.ends.style_worst)) "; copies are 1 up to a share of " (format!("{:.2}", all.ends.copies_best))
        "; variety is 1 from that of the training images on; identity and prompt are shares."
        @if let Some(sharp) = sets.sharp {
            " Sharpness is 1 from a share of " (USUAL) " on; an image is sharp that shows " (format!("{sharp:.2}"))
            " of the pixels across its long side."
        }
    }
}
