//! Which images to label for a threshold.

use std::collections::HashMap;

use super::split::{Example, Goal, best};
use super::{Threshold, Weighed};

/// Of the images of a side, this share is the nearest to the threshold; the others are spread over all that side.
const NEAREST: f64 = 2.0 / 3.0;

/// Round which number labels are worth most: where those that there are divide, few as they may be. If all say the same,
/// it lies beyond them, in the middle of what has no label there; without any it is what decided before.
pub fn around(records: &[Weighed], found: &Threshold) -> Option<f64> {
    let side = found.side;
    let all = { records.iter() }.filter_map(|one| Some((side.turned(one.number?), one.keep)));
    let mut all: Vec<_> = all.collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let labels = { all.iter() }.filter_map(|(number, keep)| Some((*number, (*keep)?)));
    let labels: Vec<_> = labels.collect();
    let (Some(first), Some(last)) = (labels.first(), labels.last()) else {
        return found.at();
    };
    let beyond: Vec<_> = if labels.iter().all(|(_, keep)| *keep) {
        all.iter().filter(|(number, _)| *number < first.0).collect()
    } else if labels.iter().all(|(_, keep)| !keep) {
        all.iter().filter(|(number, _)| *number > last.0).collect()
    } else {
        let turned = |(number, keep): &(f64, bool)| Example::new(side.turned(*number), *keep);
        let examples: Vec<_> = labels.iter().map(turned).collect();
        return best(&examples, Goal::F1, &[side]).map(|found| found.at);
    };
    let middle = beyond.get(beyond.len() / 2).map(|(number, _)| *number);
    Some(side.turned(middle.unwrap_or(first.0)))
}

/// Chooses records to label: half from each side of a threshold, as far as there are so many. Two thirds of a side are
/// the nearest to the threshold, one of a shot where that is possible; the others are spread over its other numbers,
/// so that a threshold that is far off is found out. Without a threshold all are spread. The nearest come first.
pub fn near(records: &[Weighed], threshold: Option<f64>, count: usize) -> Vec<usize> {
    let mut sorted: Vec<_> = { records.iter().enumerate() }
        .filter_map(|(at, one)| Some((one.number?, at)))
        .collect();
    sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
    let Some(threshold) = threshold else {
        let all: Vec<_> = sorted.into_iter().map(|(_, at)| at).collect();
        return spread(&open(records, &all), count);
    };
    let from = sorted.partition_point(|(number, _)| *number < threshold);
    let lower: Vec<_> = sorted[..from].iter().rev().map(|(_, at)| *at).collect();
    let upper: Vec<_> = sorted[from..].iter().map(|(_, at)| *at).collect();
    let sides = [lower, upper].map(|side| (open(records, &side).len(), side));
    let half = count.div_ceil(2);
    let wanted = [0, 1].map(|side| {
        let rest = count.saturating_sub(sides[1 - side].0);
        sides[side].0.min(half.max(rest))
    });
    let [lower, upper] = [0, 1].map(|side| of_side(records, &sides[side].1, wanted[side]));
    let mut chosen = Vec::with_capacity(count);
    for place in 0..lower.len().max(upper.len()) {
        chosen.extend(lower.get(place));
        chosen.extend(upper.get(place));
    }
    chosen.truncate(count);
    chosen
}

/// Those without a label.
fn open(records: &[Weighed], side: &[usize]) -> Vec<usize> {
    { side.iter().copied() }
        .filter(|at| records[*at].keep.is_none())
        .collect()
}

/// `count` records of one side, whose nearest come first.
fn of_side(records: &[Weighed], side: &[usize], count: usize) -> Vec<usize> {
    // How many nearer ones of its shot there are, labelled ones too.
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut turns = Vec::new();
    for at in side {
        let shot = records[*at].shot.as_deref();
        let turn = shot.map_or(0, |shot| {
            let turn = seen.entry(shot).or_default();
            *turn += 1;
            *turn
        });
        if records[*at].keep.is_none() {
            turns.push((turn, *at));
        }
    }
    let mut nearest = turns;
    // Stable: of one turn the nearest stay first.
    nearest.sort_by_key(|(turn, _)| *turn);
    nearest.truncate((NEAREST * count as f64).ceil() as usize);
    let mut chosen: Vec<_> = nearest.into_iter().map(|(_, at)| at).collect();
    let others = open(records, side)
        .into_iter()
        .filter(|at| !chosen.contains(at));
    let others: Vec<_> = others.collect();
    chosen.extend(spread(&others, count - chosen.len()));
    chosen
}

/// `count` of a row, evenly.
fn spread(row: &[usize], count: usize) -> Vec<usize> {
    let count = count.min(row.len());
    // The middle of each of `count` equal parts.
    (0..count)
        .map(|part| row[(2 * part + 1) * row.len() / (2 * count)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: f64, shot: usize, keep: Option<bool>) -> Weighed {
        Weighed {
            number: Some(number),
            kept: true,
            keep,
            shot: Some(shot.to_string()),
        }
    }

    #[test]
    fn both_sides_are_asked_the_nearest_of_each_shot_first() {
        // Numbers 0 to 19, two of a shot each.
        let records: Vec<_> = (0..20)
            .map(|at| record(f64::from(at), at as usize / 2, None))
            .collect();
        // Of each side six: 9, 7, 5 and 3 of one shot each, and two of 8, 6, 4, 2, 1 and 0.
        let chosen = near(&records, Some(10.0), 12);
        let lower: Vec<_> = chosen.iter().copied().filter(|at| *at < 10).collect();
        assert_eq!(lower, [9, 7, 5, 3, 6, 1]);
        let upper: Vec<_> = chosen.iter().copied().filter(|at| *at >= 10).collect();
        assert_eq!(upper, [10, 12, 14, 16, 13, 18]);
        assert_eq!(chosen[..2], [9, 10]);
    }

    #[test]
    fn where_all_labels_say_the_same_the_threshold_is_sought_beyond_them() {
        use super::super::{Scale, Side, Wish};
        let mut records: Vec<_> = (0..20)
            .map(|at| record(f64::from(at), at as usize, None))
            .collect();
        let sought = |records: &[Weighed], side| {
            let scale = Scale {
                pointer: "/x".into(),
                dropped_for: None,
            };
            let wish = Wish {
                goal: Goal::F1,
                side: Some(side),
                before: Some(7.0),
            };
            around(records, &Threshold::fit(&scale, records, &wish))
        };
        assert_eq!(sought(&records, Side::Above), Some(7.0), "no label");
        records[10].keep = Some(true);
        records[14].keep = Some(true);
        // Below 10 are 0 to 9, of which 5 is the middle; above 14 are 15 to 19.
        assert_eq!(sought(&records, Side::Above), Some(5.0));
        assert_eq!(sought(&records, Side::Below), Some(17.0));
        records[4].keep = Some(false);
        assert_eq!(sought(&records, Side::Above), Some(7.0), "between 4 and 10");
        records[10].keep = Some(false);
        records[14].keep = Some(false);
        assert_eq!(sought(&records, Side::Above), Some(17.0));
        records[19].keep = Some(false);
        let last = sought(&records, Side::Above);
        assert_eq!(last, Some(4.0), "there is nothing beyond");
    }

    #[test]
    fn what_has_a_label_or_no_number_is_not_asked() {
        let mut records: Vec<_> = (0..6)
            .map(|at| record(f64::from(at), at as usize, None))
            .collect();
        records[2].keep = Some(true);
        records[3].number = None;
        let mut chosen = near(&records, Some(2.5), 99);
        chosen.sort_unstable();
        assert_eq!(chosen, [0, 1, 4, 5]);
        assert!(near(&[], Some(1.0), 5).is_empty());
    }

    #[test]
    fn a_side_that_is_short_leaves_its_places_to_the_other() {
        let records: Vec<_> = (0..10)
            .map(|at| record(f64::from(at), at as usize, None))
            .collect();
        let chosen = near(&records, Some(1.0), 6);
        assert_eq!(chosen.len(), 6);
        assert!(chosen.contains(&0));
        assert_eq!(near(&records, Some(-1.0), 4).len(), 4);
        assert_eq!(near(&records, None, 5), [1, 3, 5, 7, 9]);
    }
}
