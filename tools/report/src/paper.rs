//! The figures of the report, as `report.json` has them and the page shows them.

use serde::Serialize;

use crate::figures::Figure;
use crate::histogram::{Bars, Counts};
use crate::phases::Phase;
use crate::sheets::Sheets;
use crate::survey::Survey;
use crate::thresholds::Taught;

/// What the report is about.
pub(crate) struct Heading<'a> {
    pub(crate) title: &'a str,
    pub(crate) phase: Option<&'a str>,
    /// Whether it says how much was reviewed.
    pub(crate) reviewed: bool,
    /// Thresholds that labels have set.
    pub(crate) taught: Vec<Taught>,
}

/// The figures of the report.
#[derive(Debug, Serialize)]
pub(crate) struct Paper<'a> {
    pub(crate) title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) phase: Option<&'a str>,
    pub(crate) films: Vec<&'a str>,
    pub(crate) kept: u64,
    pub(crate) dropped: u64,
    pub(crate) failed: u64,
    /// Of what was kept, what a person has decided on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reviewed: Option<u64>,
    /// Thresholds that labels have set.
    #[serde(skip_serializing_if = "<[Taught]>::is_empty")]
    pub(crate) taught: &'a [Taught],
    pub(crate) reasons: Vec<Cause<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shots: Option<Shots>,
    /// Kept and dropped over the film's time, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) times: Option<Bars>,
    pub(crate) figures: Vec<Drawn<'a>>,
    pub(crate) labels: Vec<Labels<'a>>,
    pub(crate) phases: &'a [Phase],
    /// Images of what was kept that the page shows.
    pub(crate) images: usize,
}

/// One reason.
#[derive(Debug, Serialize)]
pub(crate) struct Cause<'a> {
    pub(crate) by: &'a str,
    pub(crate) why: &'a str,
    pub(crate) failed: bool,
    pub(crate) count: u64,
    /// Images that the page shows.
    pub(crate) images: usize,
    /// Its place among the sheets.
    #[serde(skip)]
    pub(crate) sheet: usize,
}

/// The shots of the film.
#[derive(Debug, Serialize)]
pub(crate) struct Shots {
    /// Shots of which something was kept, and all that were seen.
    pub(crate) kept: usize,
    pub(crate) all: usize,
    /// The most images kept of one shot, and the shot.
    pub(crate) most: u64,
    pub(crate) most_of: u64,
}

/// A figure, as a histogram.
#[derive(Debug, Serialize)]
pub(crate) struct Drawn<'a> {
    pub(crate) pointer: &'a str,
    #[serde(flatten)]
    pub(crate) bars: Bars,
}

/// A label, and how many of each value were kept and dropped.
#[derive(Debug, Serialize)]
pub(crate) struct Labels<'a> {
    pub(crate) pointer: &'a str,
    pub(crate) counts: Vec<(&'a str, Counts)>,
}

impl<'a> Paper<'a> {
    pub(crate) fn new(
        heading: &'a Heading<'a>,
        survey: &'a Survey,
        sheets: &Sheets,
        phases: &'a [Phase],
    ) -> Self {
        let figures = survey
            .figures
            .iter()
            .filter_map(|(pointer, figure)| match figure {
                Figure::Numbers(numbers) => Some(Drawn {
                    pointer,
                    bars: numbers.bars()?,
                }),
                _ => None,
            });
        let labels = survey
            .figures
            .iter()
            .filter_map(|(pointer, figure)| match figure {
                Figure::Labels(labels) => Some(Labels {
                    pointer,
                    counts: ranked(labels),
                }),
                _ => None,
            });
        Self {
            title: heading.title,
            phase: heading.phase,
            films: survey.films.iter().map(String::as_str).collect(),
            kept: survey.kept,
            dropped: survey.dropped,
            failed: survey.failed,
            reviewed: heading.reviewed.then_some(survey.reviewed),
            taught: &heading.taught,
            reasons: reasons(survey, sheets),
            shots: shots(survey),
            times: survey.times.bars(),
            figures: figures.collect(),
            labels: labels.collect(),
            phases,
            images: sheets.kept.len(),
        }
    }

    /// All records.
    pub(crate) fn all(&self) -> u64 {
        self.kept + self.dropped + self.failed
    }
}

/// Reasons, the most frequent first, failures last.
fn reasons<'a>(survey: &'a Survey, sheets: &Sheets) -> Vec<Cause<'a>> {
    let whys = survey
        .reasons
        .all
        .iter()
        .enumerate()
        .map(|(sheet, reason)| Cause {
            by: &reason.by,
            why: &reason.why,
            failed: reason.failed,
            count: reason.count,
            images: sheets.dropped[sheet].len(),
            sheet,
        });
    let mut whys: Vec<Cause<'a>> = whys.collect();
    whys.sort_by_key(|why| (why.failed, u64::MAX - why.count));
    whys
}

fn ranked(labels: &std::collections::BTreeMap<String, Counts>) -> Vec<(&str, Counts)> {
    let mut ranked: Vec<_> = labels
        .iter()
        .map(|(label, counts)| (label.as_str(), *counts))
        .collect();
    ranked.sort_by_key(|(_, counts)| u64::MAX - counts[0] - counts[1]);
    ranked
}

fn shots(survey: &Survey) -> Option<Shots> {
    let mut counts: Vec<_> = survey
        .shots
        .iter()
        .map(|((_, shot), &kept)| (kept, *shot))
        .collect();
    // The first of several that have the most.
    counts.reverse();
    let (most, most_of) = counts.iter().max_by_key(|(kept, _)| *kept).copied()?;
    Some(Shots {
        kept: counts.iter().filter(|(kept, _)| *kept > 0).count(),
        all: counts.len(),
        most,
        most_of,
    })
}
