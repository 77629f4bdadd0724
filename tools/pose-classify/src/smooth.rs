//! Votes among the records of a shot that show the same figure.

use std::collections::BTreeMap;

use stage::{Record, Result};

use crate::model::{Scores, UNKNOWN};

/// What says that two records show the same figure: film, shot, and who it is.
pub(crate) type Figure = (String, u64, String);

/// One record's part in the vote.
#[derive(Debug)]
pub(crate) struct Vote {
    /// Who it shows; `None` where the record does not say, so that it has nobody to vote with.
    pub(crate) figure: Option<Figure>,
    /// When, in seconds.
    pub(crate) time: f64,
    /// The share of joints that are seen: how much its scores weigh.
    pub(crate) weight: f64,
    /// What it shows by itself.
    pub(crate) scores: Scores,
}

/// Who a record shows and when, by `source` and what `pointer` leads to; `unknown` is nobody.
pub(crate) fn figure(record: &Record, pointer: &str) -> Result<(Option<Figure>, f64)> {
    let source = record.source()?;
    let name = record.at::<serde_json::Value>(pointer)?;
    let Some((source, name)) = source.zip(name) else {
        return Ok((None, 0.0));
    };
    let name = name
        .as_str()
        .map_or_else(|| name.to_string(), str::to_owned);
    if name == UNKNOWN {
        return Ok((None, source.time));
    }
    Ok((Some((source.film, source.shot, name)), source.time))
}

/// For each vote the mean of the scores of the same figure within `seconds`, each weighing as much as
/// is seen of it.
pub(crate) fn smoothed(votes: &[Option<Vote>], seconds: f64) -> Vec<Option<Scores>> {
    let mut figures: BTreeMap<&Figure, Vec<&Vote>> = BTreeMap::new();
    for vote in votes.iter().flatten() {
        if let Some(figure) = &vote.figure {
            figures.entry(figure).or_default().push(vote);
        }
    }
    let means = |vote: &Vote| {
        let Some(others) = vote.figure.as_ref().and_then(|figure| figures.get(figure)) else {
            return vote.scores.clone();
        };
        let near = others
            .iter()
            .filter(|other| (other.time - vote.time).abs() <= seconds);
        let mut sums = vec![0.0; vote.scores.0.len()];
        let mut weights = 0.0;
        for other in near {
            weights += other.weight;
            for (sum, (_, score)) in sums.iter_mut().zip(&other.scores.0) {
                *sum += other.weight * score;
            }
        }
        if weights <= 0.0 {
            return vote.scores.clone();
        }
        let classes = vote.scores.0.iter().map(|(class, _)| class.clone());
        Scores(classes.zip(sums.iter().map(|sum| sum / weights)).collect())
    };
    votes.iter().map(|vote| vote.as_ref().map(means)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn those_near_in_time_of_the_same_figure_vote() {
        let vote = |name: &str, time: f64, weight: f64, first: f64| {
            let scores =
                [("a", first), ("b", 1.0 - first)].map(|(class, score)| (class.to_owned(), score));
            Some(Vote {
                figure: (!name.is_empty()).then(|| ("film".to_owned(), 3, name.to_owned())),
                time,
                weight,
                scores: Scores(scores.to_vec()),
            })
        };
        let votes = [
            vote("pia", 0.0, 1.0, 0.9),
            vote("nilo", 0.1, 1.0, 0.0),
            vote("pia", 0.5, 0.5, 0.3),
            None,
            vote("pia", 2.0, 1.0, 0.2),
            vote("", 0.2, 1.0, 0.4),
        ];
        let found = smoothed(&votes, 1.0);
        let first = |at: usize| found[at].as_ref().map(|scores: &Scores| scores.0[0].1);
        assert!(
            (first(0).unwrap() - 0.7).abs() < 1e-12,
            "(0.9 + 0.5 * 0.3) / 1.5"
        );
        assert_eq!(first(2), first(0));
        assert_eq!(first(1), Some(0.0));
        assert_eq!((first(3), first(4), first(5)), (None, Some(0.2), Some(0.4)));
    }
}
