//! Boxes at one place.

use std::collections::BTreeSet;

use vision::Rect;

/// Boxes over each other by more than this, intersection over union, are at one place.
pub(crate) const SAME: f64 = 0.7;

/// A box that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Seen {
    /// The number of its frame.
    pub(crate) frame: usize,
    /// The number of its shot.
    pub(crate) shot: u64,
    /// In pixels.
    pub(crate) rect: Rect<f64>,
}

/// A place where boxes are.
#[derive(Debug)]
pub(crate) struct Place {
    /// The first of them.
    pub(crate) rect: Rect<f64>,
    /// Their numbers.
    pub(crate) members: Vec<usize>,
    pub(crate) frames: BTreeSet<usize>,
    pub(crate) shots: BTreeSet<u64>,
}

impl Place {
    /// The places of some of the boxes, each of which goes to the first that it is at.
    pub(crate) fn all(seen: &[Seen], which: impl IntoIterator<Item = usize>) -> Vec<Self> {
        let mut places: Vec<Self> = Vec::new();
        for number in which {
            let Seen { frame, shot, rect } = seen[number];
            let known = places.iter().position(|place| place.rect.iou(rect) > SAME);
            let at = known.unwrap_or_else(|| {
                places.push(Self {
                    rect,
                    members: Vec::new(),
                    frames: BTreeSet::new(),
                    shots: BTreeSet::new(),
                });
                places.len() - 1
            });
            let place = &mut places[at];
            place.members.push(number);
            place.frames.insert(frame);
            place.shots.insert(shot);
        }
        places
    }

    /// The box around what most of its boxes cover: the median of each edge.
    pub(crate) fn median(&self, seen: &[Seen]) -> Rect<f64> {
        let median = |edge: usize| {
            let edges = self.members.iter().map(|at| seen[*at].rect.edges()[edge]);
            let mut edges: Vec<f64> = edges.collect();
            edges.sort_by(f64::total_cmp);
            edges[edges.len() / 2]
        };
        Rect::from([0, 1, 2, 3].map(median))
    }
}

/// How much two ranges overlap, intersection over union, 0 to 1.
pub(crate) fn overlap(first: [f64; 2], second: [f64; 2]) -> f64 {
    let inner = first[1].min(second[1]) - first[0].max(second[0]);
    let outer = first[1].max(second[1]) - first[0].min(second[0]);
    if inner <= 0.0 { 0.0 } else { inner / outer }
}

/// From the top to the bottom of a box.
pub(crate) fn rows(rect: Rect<f64>) -> [f64; 2] {
    [rect.top, rect.bottom]
}

/// From the left to the right of a box.
pub(crate) fn columns(rect: Rect<f64>) -> [f64; 2] {
    [rect.left, rect.right]
}
