//! The intensity of expressions by rank, each character compared with itself.
//!
//! Networks of expressions are surer of one character's smile than of another's: large mouths and drawn
//! eyebrows tell more. By the lead of a score alone one character is always `low` and another always
//! `high`. The rank within a character's own faces has no such bias, and fills every intensity.
//!
//! Ranked is by how much the score of the expression exceeds that of no expression, among all of the
//! character's faces that have one: on the sample film that agrees with the truth for 36 of 55 faces, where
//! ranks within one expression agree for 24.

use std::collections::BTreeMap;

use stage::manifest::rounded;
use stage::{Flow, Outcome, Record, Result};

use crate::judge::UNKNOWN;

/// The label of a face without an expression; such faces are ranked among themselves.
const NEUTRAL: &str = "neutral";

/// With fewer faces a character's ranks say little: then those of all characters count,
/// and with fewer of these the intensity stays as it is.
const FEWEST: usize = 6;

/// Ranks from which the intensity is medium and high: a third of the faces each.
const MEDIUM: f64 = 1.0 / 3.0;
const HIGH: f64 = 2.0 / 3.0;

/// A face's expression, as far as it is known.
#[derive(Debug)]
struct Shown {
    name: String,
    /// Whether it is [`NEUTRAL`].
    neutral: bool,
    /// Its score, and of an expression less that of none.
    strength: f64,
}

/// Sets the intensity of all records that have `emotion`; `name` leads to the name of the character.
pub(crate) fn all(flow: &mut Flow, name: &str) -> Result<()> {
    let prepare = |record: Record| {
        let shown = shown(&record, name)?;
        Ok((record, shown))
    };
    flow.whole(prepare, |_, all| {
        let (mut records, all): (Vec<Record>, Vec<Option<Shown>>) = all.into_iter().unzip();
        for (record, rank) in records.iter_mut().zip(ranks(&all)) {
            if let Some(rank) = rank {
                record.put_member("emotion", "intensity", intensity(rank))?;
                record.put_member("emotion", "rank", &rounded(rank, 4))?;
            }
        }
        Ok(records.into_iter().map(Outcome::from).collect::<Vec<_>>())
    })
}

fn shown(record: &Record, name: &str) -> Result<Option<Shown>> {
    let label: Option<String> = record.at("/emotion/label")?;
    let Some(label) = label.filter(|label| label != UNKNOWN) else {
        return Ok(None);
    };
    let scores: Option<BTreeMap<String, f64>> = record.at("/emotion/scores")?;
    let scores = scores.unwrap_or_default();
    // A label that a person gave may be none that the network knows.
    let Some(score) = scores.get(&label) else {
        return Ok(None);
    };
    let neutral = label == NEUTRAL;
    let none = if neutral {
        0.0
    } else {
        scores.get(NEUTRAL).copied().unwrap_or(0.0)
    };
    let named: Option<String> = record.at(name)?;
    Ok(Some(Shown {
        name: named.unwrap_or_else(|| UNKNOWN.to_owned()),
        neutral,
        strength: score - none,
    }))
}

fn intensity(rank: f64) -> &'static str {
    match rank {
        rank if rank >= HIGH => "high",
        rank if rank >= MEDIUM => "medium",
        _ => "low",
    }
}

/// The rank of each, from 0 to 1: the share of the character's faces that are weaker, and half of those
/// that are as strong.
fn ranks(all: &[Option<Shown>]) -> Vec<Option<f64>> {
    let mut own: BTreeMap<(&str, bool), Vec<f64>> = BTreeMap::new();
    let mut any: BTreeMap<bool, Vec<f64>> = BTreeMap::new();
    for shown in all.iter().flatten() {
        let group = own.entry((&shown.name, shown.neutral)).or_default();
        group.push(shown.strength);
        any.entry(shown.neutral).or_default().push(shown.strength);
    }
    for group in own.values_mut().chain(any.values_mut()) {
        group.sort_unstable_by(f64::total_cmp);
    }
    let rank = |shown: &Shown| {
        let enough = |group: &&Vec<f64>| group.len() >= FEWEST;
        let group = own
            .get(&(shown.name.as_str(), shown.neutral))
            .filter(enough);
        let group = group.or_else(|| any.get(&shown.neutral).filter(enough))?;
        let weaker = group.partition_point(|other| *other < shown.strength);
        let no_stronger = group.partition_point(|other| *other <= shown.strength);
        Some((weaker as f64).midpoint(no_stronger as f64) / group.len() as f64)
    };
    all.iter()
        .map(|shown| shown.as_ref().and_then(rank))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::float_cmp,
        clippy::unwrap_used,
        reason = "shares of small numbers are exact, and a test may stop at once"
    )]
    use super::*;

    fn faces(name: &str, neutral: bool, strengths: &[f64]) -> Vec<Option<Shown>> {
        let face = |strength: &f64| {
            Some(Shown {
                name: name.to_owned(),
                neutral,
                strength: *strength,
            })
        };
        strengths.iter().map(face).collect()
    }

    #[test]
    fn each_character_is_compared_with_itself() {
        // The second is never as sure as the first at its least.
        let mut all = faces("nilo", false, &[0.9, 0.91, 0.92, 0.93, 0.94, 0.95]);
        all.extend(faces("pia", false, &[0.5, 0.4, 0.6, 0.45, 0.55, 0.65]));
        let found = ranks(&all);
        let words: Vec<_> = found.iter().map(|rank| intensity(rank.unwrap())).collect();
        let first = ["low", "low", "medium", "medium", "high", "high"];
        let second = ["medium", "low", "high", "low", "medium", "high"];
        assert_eq!(words, [first, second].concat());
        assert_eq!(found[0], Some(0.5 / 6.0));
    }

    #[test]
    fn few_faces_are_ranked_among_all_and_fewer_not_at_all() {
        let mut all = faces("nilo", false, &[0.9, 0.8]);
        all.extend(faces("pia", false, &[0.4, 0.5, 0.6, 0.7]));
        all.extend(faces("pia", true, &[0.9]));
        all.push(None);
        let found = ranks(&all);
        assert_eq!(found[0], Some(5.5 / 6.0));
        assert_eq!(found[2], Some(0.5 / 6.0));
        assert_eq!(found[6..], [None, None]);
    }

    #[test]
    fn what_is_equal_has_the_same_rank() {
        let found = ranks(&faces("nilo", false, &[1.0; 8]));
        assert!(found.iter().all(|rank| *rank == Some(0.5)));
    }
}
