//! Sets of captions that are wrong on purpose, each found, and right ones, in silence.
#![allow(clippy::unwrap_used, reason = "tests may")]

use captions::audit::{Audit, Forbidden, Item, Kind, Level, Report, Rules};
use captions::families::family;

const VIEWS: [&str; 5] = [
    "front view",
    "side view",
    "back view",
    "three-quarter view",
    "close-up",
];
const ACTIONS: [&str; 7] = [
    "running",
    "sitting on a wall",
    "waving",
    "jumping into the sea",
    "eating",
    "asleep",
    "riding a scooter",
];
const PLACES: [&str; 4] = ["piazza", "harbour", "attic", "under water"];
const TIMES: [&str; 3] = ["morning", "noon", "evening"];

/// Forty captions that differ as those of a good set do, five of each shot.
fn right() -> Vec<String> {
    let caption = |n: usize| {
        let (view, action) = (VIEWS[n % 5], ACTIONS[n % 7]);
        format!(
            "lucap boy, {view}, {action}, {}, {}",
            PLACES[n % 4],
            TIMES[n % 3]
        )
    };
    (0..40).map(caption).collect()
}

fn audit(captions: &[String]) -> Report {
    let forbidden = ["identity", "rendering", "quality"].map(|name| family(name).unwrap());
    let mut forbidden: Vec<_> = forbidden.into_iter().map(Forbidden::family).collect();
    forbidden.push(Forbidden::family(family("stock").unwrap()).warn());
    let rules = Rules {
        forbidden,
        ..Rules::default()
    };
    let mut audit = Audit::new(rules);
    for (number, caption) in captions.iter().enumerate() {
        audit.add(Item {
            id: &format!("frame_{number:03}"),
            caption,
            trigger: Some("lucap boy"),
            groups: &[("shot", (number / 5).to_string())],
            ..Item::default()
        });
    }
    audit.report()
}

/// What is found after `change` was made to the captions numbered `from` to `to`.
fn after(from: usize, to: usize, change: impl Fn(&str) -> String) -> Report {
    let mut captions = right();
    for caption in &mut captions[from..to] {
        *caption = change(caption);
    }
    audit(&captions)
}

fn has(report: &Report, kind: Kind, part: &str) -> bool {
    let mut findings = report.findings.iter();
    findings.any(|finding| finding.kind == kind && finding.what.contains(part))
}

#[test]
fn a_right_set_is_silent() {
    let report = audit(&right());
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
    assert_eq!(report.captions, 40);
    assert!(!report.has_errors());
}

fn check(cases: &[(Report, Kind, &str)]) {
    for (report, kind, part) in cases {
        assert!(
            has(report, *kind, part),
            "{kind:?} {part}: {:#?}",
            report.findings
        );
    }
}

#[test]
fn one_wrong_caption_is_found() {
    check(&[
        (
            after(7, 8, |c| c.replace("lucap boy, ", "")),
            Kind::TriggerMissing,
            "lucap boy",
        ),
        (
            after(7, 8, |c| c.replace("lucap", "lucab")),
            Kind::TriggerMissing,
            "lucap boy",
        ),
        (
            after(7, 8, |c| format!("a picture, {c}")),
            Kind::TriggerNotFirst,
            "lucap boy",
        ),
        (
            after(3, 4, |c| format!("{c}, brown hair")),
            Kind::Forbidden,
            "`hair` (identity)",
        ),
        (
            after(3, 4, |c| format!("{c}, Pixar style")),
            Kind::Forbidden,
            "`pixar` (rendering)",
        ),
        (after(9, 10, |_| String::new()), Kind::Empty, "is empty"),
        (
            after(9, 10, |_| "lucap boy !!!!!".into()),
            Kind::Degenerate,
            "repeats",
        ),
        (
            after(4, 5, |c| format!("{c}, the image evokes joy")),
            Kind::Stock,
            "the image",
        ),
        (
            after(4, 5, |c| format!("{c}\nrunning")),
            Kind::Untidy,
            "more than one line",
        ),
    ]);
}

#[test]
fn a_wrong_set_is_found() {
    let glue = |c: &str| format!("{c}, warm golden light of the Italian coast fills the frame");
    let light = "warm golden light of the italian coast fills the frame";
    check(&[
        (after(0, 40, glue), Kind::Glued, light),
        (
            after(0, 36, |c| format!("{c}, bokehless")),
            Kind::Common,
            "`bokehless`",
        ),
        (
            after(10, 15, |c| format!("{c}, red umbrella")),
            Kind::Betrays,
            "shot 2",
        ),
    ]);
}

#[test]
fn the_same_caption_again_and_again_is_found() {
    let report = after(10, 20, |_| "lucap boy, running".into());
    assert!(
        has(&report, Kind::Duplicate, "same text"),
        "{:#?}",
        report.findings
    );
    assert_eq!(report.distinct, 31);
    let finding = report
        .findings
        .iter()
        .find(|f| f.kind == Kind::Duplicate)
        .unwrap();
    assert_eq!((finding.captions, finding.share), (10, 0.25));
}

#[test]
fn errors_come_first_with_examples_by_id() {
    let report = after(30, 38, |c| c.replace("lucap ", "") + ", red hat");
    let first = &report.findings[0];
    assert_eq!(
        (first.level, first.kind),
        (Level::Error, Kind::TriggerMissing)
    );
    assert_eq!((first.captions, first.share), (8, 0.2));
    assert_eq!(first.examples[0], "frame_030");
    assert_eq!(first.examples.len(), 5);
    assert!(report.has_errors());
}

#[test]
fn the_order_of_captions_changes_nothing() {
    let captions = right();
    let report = |order: Vec<usize>| {
        let mut audit = Audit::new(Rules::default());
        for n in order {
            let caption = captions[n].clone()
                + if n < 36 {
                    ", in a world made of clay"
                } else {
                    ""
                };
            audit.add(Item {
                id: &n.to_string(),
                caption: &caption,
                trigger: None,
                groups: &[("shot", (n / 5).to_string())],
                ..Item::default()
            });
        }
        serde_json::to_string(&audit.report()).unwrap()
    };
    assert_eq!(report((0..40).collect()), report((0..40).rev().collect()));
}

#[test]
fn a_place_may_be_called_by_its_name() {
    let mut audit = Audit::new(Rules::default());
    for n in 0..40_usize {
        let place = PLACES[n % 4];
        audit.add(Item {
            id: &n.to_string(),
            caption: &format!("{}, {place}, {}", VIEWS[n % 5], TIMES[n % 3]),
            trigger: None,
            groups: &[("place", place.to_owned())],
            ..Item::default()
        });
    }
    let report = audit.report();
    assert!(report.findings.is_empty(), "{:#?}", report.findings);
}

#[test]
fn a_caption_over_the_budget_is_found() {
    let mut audit = Audit::new(Rules {
        budget: Some(75),
        ..Rules::default()
    });
    for tokens in [75, 76] {
        let id = tokens.to_string();
        audit.add(Item {
            id: &id,
            caption: "a wall",
            tokens: Some(tokens),
            ..Item::default()
        });
    }
    let report = audit.report();
    assert_eq!(report.findings.len(), 1);
    assert_eq!(
        (report.findings[0].kind, &report.findings[0].examples[0]),
        (Kind::OverBudget, &"76".to_owned())
    );
}

#[test]
fn what_is_allowed_is_no_leak() {
    let light = Forbidden::family(family("light").unwrap());
    let mut audit = Audit::new(Rules {
        forbidden: vec![light],
        ..Rules::default()
    });
    let allowed = ["golden hour".to_owned()];
    for caption in [
        "lt, golden hour, piazza",
        "lt, golden hour, piazza, long shadows",
    ] {
        let item = Item {
            id: caption,
            caption,
            allowed: &allowed,
            ..Item::default()
        };
        audit.add(item);
    }
    let report = audit.report();
    assert_eq!(report.findings.len(), 1, "{:#?}", report.findings);
    assert_eq!(report.findings[0].what, "says `shadows` (light)");
}

/// Captions numbered as `numbers` say, of which several texts come again equally often, given in
/// that order; the report as it is written to a file.
fn paper(numbers: &[usize]) -> String {
    let mut audit = Audit::new(Rules::default());
    for &number in numbers {
        let caption = match number % 4 {
            0..3 => format!("lucap boy, {}, piazza at noon", VIEWS[number % 4]),
            _ => right()[number % 40].clone(),
        };
        audit.add(Item {
            id: &format!("frame_{number:03}"),
            caption: &caption,
            groups: &[("shot", (number / 10).to_string())],
            ..Item::default()
        });
    }
    serde_json::to_string_pretty(&audit.report()).unwrap()
}

#[test]
fn the_report_is_the_same_bytes_in_any_order() {
    let forth: Vec<usize> = (0..80).collect();
    let first = paper(&forth);
    assert!(
        first.contains("duplicate"),
        "several texts come again: {first}"
    );
    for step in [1, 3, 7, 9, 11, 13, 79] {
        // Steps that share no factor with 80 visit every number once.
        let other: Vec<usize> = (0..80).map(|at| at * step % 80).collect();
        assert_eq!(paper(&other), first, "step {step}");
    }
}
