//! What landmarks measure: ratios of lengths in the face's own directions, so that neither its size nor
//! its tilt counts.

use nets::landmark::{Eye, Scheme};

use crate::features::{Eyebrows, Eyes, Features, Mouth};

/// The measures of a face, as far as its points tell them; in the units of [`Features`].
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Measures {
    eyes: Option<f64>,
    mouth: Option<f64>,
    curve: Option<f64>,
    width: Option<f64>,
    height: Option<f64>,
    tilt: Option<f64>,
}

/// The directions of a face in its image, of length 1, and the distance of its eyes.
struct Axes {
    right: [f64; 2],
    down: [f64; 2],
    apart: f64,
}

impl Axes {
    /// By the middles of the eyes, the left one of the image first; `None` where they lie in one place.
    fn of(left: [f64; 2], right: [f64; 2]) -> Option<Self> {
        let across = less(right, left);
        let apart = across[0].hypot(across[1]);
        let unit = across.map(|length| length / apart);
        (apart > 1e-6).then_some(Self {
            right: unit,
            down: [-unit[1], unit[0]],
            apart,
        })
    }

    /// How far a vector goes down the face.
    fn down(&self, vector: [f64; 2]) -> f64 {
        vector[0] * self.down[0] + vector[1] * self.down[1]
    }

    /// How far a vector goes to the right of the face as the image shows it.
    fn right(&self, vector: [f64; 2]) -> f64 {
        vector[0] * self.right[0] + vector[1] * self.right[1]
    }
}

impl Measures {
    /// By the points of a network; `None` where eyes or mouth have no width.
    pub(crate) fn of(scheme: &Scheme, points: &[[f64; 3]]) -> Option<Self> {
        let at = |place: usize| points.get(place).map(|[x, y, _]| [*x, *y]);
        let corners = |eye: &Eye| Some((at(eye.outer)?, at(eye.inner)?));
        let mut middles = [[0.0; 2]; 2];
        let (mut heights, mut widths) = (0.0, 0.0);
        for (middle, eye) in middles.iter_mut().zip(&scheme.eyes) {
            let (outer, inner) = corners(eye)?;
            *middle = between(outer, inner);
            heights += length(less(at(eye.bottom)?, at(eye.top)?));
            widths += length(less(outer, inner));
        }
        let axes = Axes::of(middles[0], middles[1])?;
        let [left, right] = [at(scheme.corners[0])?, at(scheme.corners[1])?];
        let [upper, lower] = [at(scheme.lips[0])?, at(scheme.lips[1])?];
        let mouth = length(less(right, left));
        if widths < 1e-6 || mouth < 1e-6 {
            return None;
        }
        let ends = between(left, right);
        let above = axes.down(less(upper, ends));
        let below = axes.down(less(ends, lower));
        let curve = if above > 0.0 { above } else { -below.max(0.0) };
        let (mut height, mut tilt) = (0.0, 0.0);
        for (middle, eye) in middles.iter().zip(&scheme.eyes) {
            let [outer, brow, inner] = eye.brow.map(at);
            height += axes.down(less(*middle, brow?)) / widths;
            let along = less(inner?, outer?);
            let run = axes.right(along).abs();
            tilt += (-axes.down(along)).atan2(run).to_degrees() / 2.0;
        }
        Some(Self {
            eyes: Some(heights / widths),
            mouth: Some(length(less(lower, upper)) / mouth),
            curve: Some(curve / mouth),
            width: Some(mouth / axes.apart),
            height: Some(height),
            tilt: Some(tilt),
        })
    }

    /// By the five points of a face detector: eyes, nose, corners of the mouth, the left ones of the
    /// image first. They tell how wide the mouth is and nothing else.
    pub(crate) fn of_five([left, right, _, one, other]: &[[f64; 2]; 5]) -> Option<Self> {
        let axes = Axes::of(*left, *right)?;
        Some(Self {
            width: Some(length(less(*other, *one)) / axes.apart),
            ..Self::default()
        })
    }

    /// The key's value, without labels and points.
    pub(crate) fn features(self, scheme: &str) -> Features {
        Features {
            scheme: scheme.to_owned(),
            eyes: Eyes {
                openness: self.eyes,
                ..Eyes::default()
            },
            mouth: Mouth {
                openness: self.mouth,
                curve: self.curve,
                width: self.width,
                ..Mouth::default()
            },
            eyebrows: Eyebrows {
                height: self.height,
                tilt: self.tilt,
                ..Eyebrows::default()
            },
            ..Features::default()
        }
    }
}

fn less(one: [f64; 2], other: [f64; 2]) -> [f64; 2] {
    [one[0] - other[0], one[1] - other[1]]
}

fn between(one: [f64; 2], other: [f64; 2]) -> [f64; 2] {
    [one[0].midpoint(other[0]), one[1].midpoint(other[1])]
}

fn length([x, y]: [f64; 2]) -> f64 {
    x.hypot(y)
}
