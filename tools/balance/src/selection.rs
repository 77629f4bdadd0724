//! The choice: cells in turn, and in each the record that adds most.

use std::collections::BTreeSet;

use crate::limits::Limits;
use crate::spread::Spread;

/// Adds to `chosen` up to `target` candidates, in the order of choice.
///
/// `cells` are the candidates of every cell. The cell of which fewest are
/// chosen comes next, so that cells fill evenly, and what a small one cannot
/// give the others do. In it comes the candidate that is furthest from all
/// chosen before (greedy k-centre, Gonzalez 1985), its distance multiplied by
/// its weight, if no limit is against it.
pub(crate) fn select(
    target: usize,
    chosen: &mut Vec<usize>,
    cells: &[Vec<usize>],
    weights: &[f32],
    spread: &mut Spread,
    limits: &mut Limits,
) {
    let is_chosen: BTreeSet<usize> = chosen.iter().copied().collect();
    let (mut taken, mut left) = (Vec::new(), Vec::new());
    for cell in cells {
        let (before, after): (Vec<_>, Vec<usize>) = cell
            .iter()
            .partition(|candidate| is_chosen.contains(candidate));
        taken.push(before.len());
        left.push(after);
    }
    while chosen.len() < target {
        let open = (0..left.len()).filter(|&cell| !left[cell].is_empty());
        let Some(cell) = open.min_by_key(|&cell| taken[cell]) else {
            break;
        };
        // A limit that is reached stays reached.
        left[cell].retain(|&candidate| limits.against(candidate).is_none());
        if let Some(at) = best(&left[cell], weights, spread) {
            let candidate = left[cell].remove(at);
            limits.take(candidate);
            spread.choose(candidate);
            taken[cell] += 1;
            chosen.push(candidate);
        }
    }
}

/// The place of the candidate with the greatest weighted distance from the
/// chosen; of equals that of the greatest weight, then the first.
fn best(candidates: &[usize], weights: &[f32], spread: &Spread) -> Option<usize> {
    let gains = candidates.iter().map(|&candidate| {
        let weight = weights[candidate];
        (spread.squared(candidate).sqrt() * weight, weight)
    });
    let gains = gains.enumerate();
    let best = gains.max_by(|(i, (gain_a, weight_a)), (j, (gain_b, weight_b))| {
        let by_gain = gain_a.total_cmp(gain_b);
        by_gain.then(weight_a.total_cmp(weight_b)).then(j.cmp(i))
    });
    best.map(|(at, _)| at)
}

/// How much a candidate's distance counts: 1 for the best quality, a half for
/// the worst and for those of which it is not known, in between by rank; of
/// several qualities the mean of those that are known of any candidate.
pub(crate) fn weights(qualities: &[&[Option<f64>]]) -> Vec<f32> {
    let count = qualities.first().map_or(0, |own| own.len());
    let of =
        |number: usize| -> Vec<Option<f64>> { qualities.iter().map(|own| own[number]).collect() };
    let known = (0..count).map(of);
    let known = known.filter(|own| own.iter().any(Option::is_some));
    let ranked: Vec<Vec<f32>> = known.map(|own| ranked(&own)).collect();
    let mean = |candidate: usize| {
        let sum: f32 = ranked.iter().map(|own| own[candidate]).sum();
        if ranked.is_empty() {
            0.5
        } else {
            sum / ranked.len() as f32
        }
    };
    (0..qualities.len()).map(mean).collect()
}

/// The weights by one quality.
fn ranked(qualities: &[Option<f64>]) -> Vec<f32> {
    let mut known: Vec<f64> = qualities.iter().copied().flatten().collect();
    known.sort_by(f64::total_cmp);
    let steps = (known.len().max(2) - 1) as f32;
    let weight = |quality: &Option<f64>| {
        let worse = quality.map_or(0, |own| known.partition_point(|&other| other < own));
        0.5 + 0.5 * worse as f32 / steps
    };
    qualities.iter().map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_go_by_rank_from_a_half_to_one() {
        let one = [Some(900.0), None, Some(1.0), Some(2.0), Some(1.0)];
        let expected = [1.0, 0.5, 0.5, 5.0 / 6.0, 0.5];
        let close = |weights: &[f32], expected: [f32; 5]| {
            let near = |(weight, expected): (&f32, f32)| (weight - expected).abs() < 1e-6;
            assert!(weights.iter().zip(expected).all(near), "{weights:?}");
        };
        close(
            &weights(&one.each_ref().map(std::slice::from_ref)),
            expected,
        );
        // The second quality is the other way round; no one knows the third.
        let other = [Some(0.1), Some(0.2), Some(0.3), Some(0.2), Some(0.5)];
        let several = [0, 1, 2, 3, 4].map(|at| [one[at], other[at], None]);
        let expected = [0.75, 0.5625, 0.6875, 0.729_166_7, 0.75];
        close(
            &weights(&several.each_ref().map(<[_; 3]>::as_slice)),
            expected,
        );
        assert_eq!(weights(&[&[None], &[None]]), [0.5, 0.5]);
    }
}
