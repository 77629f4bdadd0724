//! Parts of the labels for cross-validation, whole shots each.

use std::collections::BTreeMap;

/// At most this many parts.
const MOST: usize = 8;

/// The part of each label, from 0. Labels of one shot are in one part; classes are spread over all parts as
/// evenly as that allows. With fewer than two shots there is one part.
pub(crate) fn folds(shots: &[usize], classes: &[usize]) -> Vec<usize> {
    let mut of_shots: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (label, shot) in shots.iter().enumerate() {
        of_shots.entry(*shot).or_default().push(label);
    }
    let count = of_shots.len().clamp(1, MOST);
    let mut groups: Vec<_> = of_shots.into_values().collect();
    groups.sort_by_key(|group| (std::cmp::Reverse(group.len()), group[0]));
    let kinds = classes.iter().max().map_or(0, |last| last + 1);
    let (mut held, mut sizes) = (vec![vec![0; kinds]; count], vec![0; count]);
    let mut folds = vec![0; shots.len()];
    for group in groups {
        let crowd =
            |fold: usize| -> usize { group.iter().map(|label| held[fold][classes[*label]]).sum() };
        let best = (0..count).min_by_key(|fold| (crowd(*fold), sizes[*fold], *fold));
        let fold = best.unwrap_or(0);
        for label in group {
            held[fold][classes[label]] += 1;
            sizes[fold] += 1;
            folds[label] = fold;
        }
    }
    folds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_shot_is_on_both_sides() {
        let shots = [0, 0, 1, 1, 2, 3, 4, 4, 4, 5, 6, 7, 8, 9, 9];
        let classes = [0, 0, 1, 1, 0, 1, 2, 2, 2, 0, 1, 2, 0, 1, 1];
        let folds = folds(&shots, &classes);
        for (one, fold) in shots.iter().zip(&folds) {
            for (other, its) in shots.iter().zip(&folds) {
                assert!(one != other || fold == its, "shot {one}: {folds:?}");
            }
        }
        assert_eq!(folds.iter().max(), Some(&7));
    }

    #[test]
    fn classes_are_spread() {
        // Sixteen shots of one label each, half of each class: every part has one of each.
        let shots: Vec<_> = (0..16).collect();
        let classes: Vec<_> = (0..16).map(|label| label / 8).collect();
        let folds = folds(&shots, &classes);
        for fold in 0..8 {
            let here = (0..16).filter(|label| folds[*label] == fold);
            let kinds: Vec<_> = here.map(|label| classes[label]).collect();
            assert_eq!(kinds, [0, 1], "{folds:?}");
        }
    }

    #[test]
    fn one_shot_is_one_part() {
        assert_eq!(folds(&[3, 3], &[0, 1]), [0, 0]);
        assert!(folds(&[], &[]).is_empty());
    }
}
