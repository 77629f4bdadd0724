//! From the boxes of a network, each with a score for every phrase, to what is found.

use vision::Rect;

use super::Settings;
use crate::detect::{Detection, Second};
use crate::nms::{Area, nms};

/// A box, and how well each phrase that the run was asked for fits.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Query {
    /// In pixels of the image; may reach beyond it.
    pub(super) rect: Rect<f32>,
    /// The place of a phrase among all, and its score, 0 to 1.
    pub(super) scores: Vec<(usize, f32)>,
}

/// What counts as found in an image of `size`, by descending score: each box with the phrase that fits best, and with
/// the second best where that would count as well.
pub(super) fn chosen(queries: &[Query], settings: &Settings, size: [f32; 2]) -> Vec<Detection> {
    let mut found: Vec<(usize, Detection)> = Vec::new();
    for query in queries {
        if let Some(one) = best(query, settings, size) {
            found.push(one);
        }
    }
    let mut kept = Vec::new();
    for phrase in 0..settings.phrases.len() {
        let own: Vec<_> = { found.iter() }
            .filter(|(other, _)| *other == phrase)
            .collect();
        let boxes: Vec<_> = own.iter().map(|(_, found)| found.rect).collect();
        let scores: Vec<_> = own.iter().map(|(_, found)| found.score).collect();
        let places = nms(&boxes, &scores, settings.nms.unwrap_or(1.0), Area::Plain).into_iter();
        kept.extend(places.map(|place| own[place].1.clone()));
    }
    kept.sort_by(|a, b| b.score.total_cmp(&a.score));
    kept
}

/// A box within the image with its best phrase, if it counts.
fn best(
    query: &Query,
    settings: &Settings,
    [width, height]: [f32; 2],
) -> Option<(usize, Detection)> {
    let counts = |(phrase, score): &(usize, f32)| {
        let own = settings.phrases.get(*phrase)?;
        let threshold = own.threshold.or(settings.threshold).unwrap_or_default();
        (*score >= threshold).then_some((*phrase, own.text.as_str(), *score))
    };
    // The phrase that fits best decides, even where only another is over its threshold.
    let mut ranked: Vec<_> = query.scores.clone();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    let mut ranked = ranked.iter();
    let (phrase, text, score) = counts(ranked.next()?)?;
    let second = ranked.next().and_then(counts);
    let known = query.rect.edges().iter().all(|edge| edge.is_finite());
    let rect = query.rect.clip(width, height);
    let fits = known && !rect.is_empty() && rect.area() <= settings.largest * width * height;
    fits.then(|| {
        let detection = Detection {
            rect,
            score,
            label: text.to_owned(),
            second: second.map(|(_, text, score)| Second {
                label: text.to_owned(),
                score,
            }),
        };
        (phrase, detection)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    fn query(edges: [f32; 4], scores: &[f32]) -> Query {
        Query {
            rect: edges.into(),
            scores: scores.iter().copied().enumerate().collect(),
        }
    }

    fn settings() -> Settings {
        Settings {
            threshold: Some(0.3),
            nms: Some(0.7),
            ..Settings::of(crate::words::phrases("a boy. a sea monster=0.5. a cat").unwrap())
        }
    }

    fn found(queries: &[Query]) -> Vec<(String, f32)> {
        let found = chosen(queries, &settings(), [100.0, 80.0]).into_iter();
        found.map(|found| (found.label, found.score)).collect()
    }

    #[test]
    fn the_best_phrase_is_the_label() {
        let queries = [
            query([0.0, 0.0, 20.0, 20.0], &[0.31, 0.2, 0.1]),
            query([30.0, 0.0, 50.0, 20.0], &[0.4, 0.6, 0.1]),
        ];
        let found = chosen(&queries, &settings(), [100.0, 80.0]);
        assert_eq!(found[0].label, "a sea monster");
        let second = found[0].second.as_ref().unwrap();
        assert_eq!((second.label.as_str(), second.score), ("a boy", 0.4));
        assert_eq!((found[1].label.as_str(), found[1].score), ("a boy", 0.31));
        assert!(found[1].second.is_none(), "0.2 would not count");
    }

    #[test]
    fn each_phrase_has_its_threshold() {
        assert_eq!(
            found(&[query([0.0, 0.0, 20.0, 20.0], &[0.3, 0.0, 0.0])]).len(),
            1
        );
        assert_eq!(
            found(&[query([0.0, 0.0, 20.0, 20.0], &[0.29, 0.0, 0.0])]).len(),
            0
        );
        assert_eq!(
            found(&[query([0.0, 0.0, 20.0, 20.0], &[0.31, 0.49, 0.0])]).len(),
            0,
            "a monster, but not surely"
        );
        assert_eq!(
            found(&[query([0.0, 0.0, 20.0, 20.0], &[f32::NAN, 0.0, 0.0])]).len(),
            0
        );
    }

    #[test]
    fn boxes_of_a_phrase_suppress_each_other() {
        // 20 x 20 and 18 x 20 within: 0.9 of the union.
        let (large, small) = ([0.0, 0.0, 20.0, 20.0], [0.0, 0.0, 18.0, 20.0]);
        let same = [
            query(large, &[0.4, 0.0, 0.0]),
            query(small, &[0.5, 0.0, 0.0]),
        ];
        assert_eq!(found(&same), [("a boy".to_owned(), 0.5)]);
        let other = [
            query(large, &[0.4, 0.0, 0.0]),
            query(small, &[0.0, 0.0, 0.5]),
        ];
        assert_eq!(found(&other).len(), 2);
    }

    #[test]
    fn a_box_of_the_whole_image_is_the_place() {
        assert_eq!(
            found(&[query([-5.0, -5.0, 100.0, 79.0], &[0.9, 0.0, 0.0])]).len(),
            0
        );
        assert_eq!(
            found(&[query([6.0, -5.0, 110.0, 90.0], &[0.9, 0.0, 0.0])]).len(),
            1
        );
        assert_eq!(
            found(&[query([120.0, 0.0, 140.0, 9.0], &[0.9, 0.0, 0.0])]).len(),
            0
        );
    }
}
