//! Thresholds: what labels say of a number by which a tool keeps and drops.

use clap::{Args as Flags, ValueEnum};
use stage::log::warn;
use stage::{Flow, Outcome, Record, Result, tell};
use teach::threshold::{FEW, SHOTS};
use teach::{Goal, Key, Scale, Side, Threshold, Weighed, Wish};

use crate::ask::Ask;
use crate::{Args, ask, labels, write};

const THRESHOLDS: &str = "Thresholds";

/// Flags for a threshold.
#[derive(Debug, Flags)]
#[command(next_help_heading = THRESHOLDS)]
pub(crate) struct ThresholdFlags {
    /// Set a threshold of the number at this JSON pointer by labels of what to keep and what to drop: the records are
    /// those that a tool kept and those that it dropped
    #[arg(
        long,
        value_name = "POINTER",
        conflicts_with_all = ["key", "on", "prior", "together", "drop_class"]
    )]
    pub(crate) threshold_of: Option<String>,

    /// Keep the records above the threshold, or those below it [default: as the labels say]
    #[arg(long, value_name = "SIDE", value_enum, requires = "threshold_of")]
    keeping: Option<Kept>,

    /// Of dropped records, only those whose reason begins with this were dropped for that number [default: all]
    #[arg(long, value_name = "REASON", requires = "threshold_of")]
    dropped_for: Option<String>,

    /// Compare with this threshold, and not with what was kept and dropped
    #[arg(
        long,
        value_name = "NUMBER",
        requires = "threshold_of",
        value_parser = finite,
        allow_negative_numbers = true
    )]
    before: Option<f64>,
}

fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| "not a number".to_owned())
}

/// Which records a threshold keeps.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kept {
    /// Those from it on
    Above,
    /// Those up to it
    Below,
}

impl From<Kept> for Side {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Above => Self::Above,
            Kept::Below => Self::Below,
        }
    }
}

/// Sets a threshold of the number at `pointer`.
pub(crate) fn run(args: &Args, pointer: &str, flow: &mut Flow) -> Result<()> {
    let labels = labels(args, &Key::decision()?)?;
    let scale = Scale::new(pointer, args.thresholds.dropped_for.clone())?;
    let weigh = |record: Record| {
        let own = match &args.labels_at {
            Some(at) => at.read(&record)?.filter(|label| label != teach::UNKNOWN),
            None => None,
        };
        let label = labels.of(&record)?.or(own.as_deref());
        let weighed = scale.weigh(&record, label)?;
        Ok((record, weighed))
    };
    flow.whole(weigh, |_, all| {
        labels.unheard().iter().for_each(|line| warn!("{line}"));
        fit(args, &scale, all)
    })
}

fn fit(args: &Args, scale: &Scale, all: Vec<(Record, Weighed)>) -> Result<Vec<Outcome>> {
    let (records, weighed): (Vec<_>, Vec<_>) = all.into_iter().unzip();
    let wish = Wish {
        goal: args.precision.map_or(Goal::F1, Goal::Precision),
        side: args.thresholds.keeping.map(Side::from),
        before: args.thresholds.before,
    };
    let found = Threshold::fit(scale, &weighed, &wish);
    if let Some(path) = &args.output {
        write(path, &found.to_json()?)?;
    }
    if !records.is_empty() {
        let labels = weighed.iter().filter(|one| one.keep.is_some()).count();
        tell(&said(&found, labels));
    }
    let Some(count) = args.ask else {
        return Ok(records.into_iter().map(Outcome::pass).collect());
    };
    let number = |record: usize| weighed[record].number.unwrap_or(f64::NAN);
    let at = teach::around(&weighed, &found);
    let chosen = teach::near(&weighed, at, count.get());
    let mut asked: Vec<_> = { chosen.into_iter().enumerate() }
        .map(|(place, record)| {
            let guess = at.map(|at| decision(found.side.keeps(at, number(record))));
            let ask = Ask {
                rank: place + 1,
                guess: guess.map(str::to_owned),
                probability: None,
            };
            (record, ask)
        })
        .collect();
    // In the order of the number: what is to be kept begins somewhere in the middle.
    asked.sort_by(|one, other| number(one.0).total_cmp(&number(other.0)));
    ask::rows(records, asked.into_iter())
}

fn decision(keep: bool) -> &'static str {
    if keep { "keep" } else { "drop" }
}

/// What is said of a threshold, where there are so many `labels`.
fn said(found: &Threshold, labels: usize) -> String {
    let (proof, of) = (&found.proof, &found.threshold_of);
    if proof.labels == 0 && labels > 0 {
        return format!(
            "`{of}`: none of the {labels} records with a label has this number, or was judged by it: name the number that the tool went by"
        );
    }
    if proof.labels == 0 {
        return format!("`{of}`: there are no labels yet");
    }
    let labels = format!(
        "`{of}`: {} labels of {} shots, {} of them drop",
        proof.labels, proof.shots, proof.drop
    );
    let (Some(threshold), Some(rates)) = (found.threshold, proof.taught) else {
        return format!(
            "{labels}: no threshold: label {FEW} to keep and {FEW} to drop, of {SHOTS} shots each"
        );
    };
    let side = match found.side {
        Side::Above => "from",
        Side::Below => "up to",
    };
    let before = proof.before.as_ref().and_then(|before| before.rates);
    let before = before.map_or(String::new(), |before| {
        format!(
            "; before, precision {:.2} and recall {:.2}",
            before.precision, before.recall
        )
    });
    let kept = if proof.better {
        ""
    } else {
        ": no better than before, which stays"
    };
    format!(
        "{labels}: keeping {side} {threshold} has precision {:.2} and recall {:.2} by the labels of other shots{before}{kept}",
        rates.precision, rates.recall
    )
}
