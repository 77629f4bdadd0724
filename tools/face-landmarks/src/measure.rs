//! What landmarks measure: ratios of lengths in the face's own directions, so that neither its size nor
//! its tilt counts.

use nets::landmark::{Eye, Scheme};

use crate::features::{Eyebrows, Eyes, Features, Mouth};

/// A place in the image, or the way between two.
type Place = [f64; 2];

/// Lengths in pixels up to this are none.
const LEAST: f64 = 1e-6;

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
    right: Place,
    down: Place,
    apart: f64,
}

impl Axes {
    /// By the middles of the eyes, the left one of the image first; `None` where they lie in one place.
    fn of(left: Place, right: Place) -> Option<Self> {
        let across = less(right, left);
        let apart = across[0].hypot(across[1]);
        let unit = across.map(|length| length / apart);
        (apart > LEAST).then_some(Self {
            right: unit,
            down: [-unit[1], unit[0]],
            apart,
        })
    }

    /// How far a vector goes down the face.
    fn down(&self, vector: Place) -> f64 {
        vector[0] * self.down[0] + vector[1] * self.down[1]
    }

    /// How far a vector goes to the right of the face as the image shows it.
    fn right(&self, vector: Place) -> f64 {
        vector[0] * self.right[0] + vector[1] * self.right[1]
    }
}

impl Measures {
    /// By the points of a network; what has no extent measures nothing.
    pub(crate) fn of(scheme: &Scheme, points: &[[f64; 3]]) -> Self {
        let at = |place: usize| points.get(place).map(|[x, y, _]| [*x, *y]);
        let middle = |eye: &Eye| Some(between(at(eye.outer)?, at(eye.inner)?));
        let axes = || Axes::of(middle(&scheme.eyes[0])?, middle(&scheme.eyes[1])?);
        let Some(axes) = axes() else {
            return Self::default();
        };
        let eyes = Self::of_eyes(scheme, &axes, at).unwrap_or_default();
        let mouth = Self::of_mouth(scheme, &axes, at).unwrap_or_default();
        Self {
            mouth: mouth.mouth,
            curve: mouth.curve,
            width: mouth.width,
            ..eyes
        }
    }

    /// Those of eyes and eyebrows; `None` where the eyes have no width.
    fn of_eyes(scheme: &Scheme, axes: &Axes, at: impl Fn(usize) -> Option<Place>) -> Option<Self> {
        let (mut heights, mut widths) = (0.0, 0.0);
        let (mut rise, mut tilt) = (0.0, 0.0);
        for eye in &scheme.eyes {
            let (outer, inner) = (at(eye.outer)?, at(eye.inner)?);
            heights += length(less(at(eye.bottom)?, at(eye.top)?));
            widths += length(less(outer, inner));
            let [first, brow, last] = eye.brow.map(&at);
            rise += axes.down(less(between(outer, inner), brow?));
            let along = less(last?, first?);
            let run = axes.right(along).abs();
            tilt += (-axes.down(along)).atan2(run).to_degrees() / 2.0;
        }
        (widths > LEAST).then(|| Self {
            eyes: Some(heights / widths),
            height: Some(rise / widths),
            tilt: Some(tilt),
            ..Self::default()
        })
    }

    /// Those of the mouth; `None` where it has no width.
    fn of_mouth(scheme: &Scheme, axes: &Axes, at: impl Fn(usize) -> Option<Place>) -> Option<Self> {
        let [left, right] = [at(scheme.corners[0])?, at(scheme.corners[1])?];
        let [upper, lower] = [at(scheme.lips[0])?, at(scheme.lips[1])?];
        let wide = length(less(right, left));
        let ends = between(left, right);
        let above = axes.down(less(upper, ends));
        let below = axes.down(less(ends, lower));
        let curve = if above > 0.0 { above } else { -below.max(0.0) };
        (wide > LEAST).then(|| Self {
            mouth: Some(length(less(lower, upper)) / wide),
            curve: Some(curve / wide),
            width: Some(wide / axes.apart),
            ..Self::default()
        })
    }

    /// By the five points of a face detector: eyes, nose, corners of the mouth, the left ones of the
    /// image first. They tell how wide the mouth is and nothing else.
    pub(crate) fn of_five([left, right, _, one, other]: &[Place; 5]) -> Option<Self> {
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

fn less(one: Place, other: Place) -> Place {
    [one[0] - other[0], one[1] - other[1]]
}

fn between(one: Place, other: Place) -> Place {
    [one[0].midpoint(other[0]), one[1].midpoint(other[1])]
}

fn length([x, y]: Place) -> f64 {
    x.hypot(y)
}
