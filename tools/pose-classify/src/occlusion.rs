//! How much of a figure is seen: by its joints, the image's edges, and its mask.

use serde::Serialize;
use stage::manifest::shapes::{Instance, Keypoint};
use stage::manifest::{MaskShape, rounded};
use stage::{Record, Result, bail};
use vision::mask::Mask;

/// Joints of trunk and limbs, without the face, of which some are always turned away.
const LIMBS: std::ops::Range<usize> = 5..17;

/// With this many of the twelve limb joints seen nothing is missing: a far arm's elbow and wrist may be
/// behind the body.
const WHOLE: usize = 10;

/// With fewer than this many the figure is mostly hidden, or out of the image.
const HALF: usize = 6;

/// So much of the shorter side of the image from its edge, and a joint lies on the edge.
const EDGE: f64 = 0.02;

/// So much of the body's size from the mask, and a joint lies outside it: points of detectors lie
/// beside the limb now and then, and joints near its outline.
const BESIDE: f64 = 0.05;

/// More of the joints outside the mask than this, and something stands in front of the figure.
const COVERED: f64 = 0.15;

/// More than this, and it is mostly covered.
const MOSTLY: f64 = 0.4;

/// How much of a figure is seen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Seen {
    /// The share of the 17 joints that are seen.
    pub(crate) visible: f64,
    /// `none`, `partial` or `heavy`.
    pub(crate) occlusion: &'static str,
    /// The share of the figure that is hidden, cut off or not found: the largest of what its limb joints,
    /// its mask and its cutting out say, 0 to 1.
    pub(crate) occluded: f64,
    /// The edges of the image that cut the figure.
    pub(crate) cut: Vec<&'static str>,
    /// The share of the joints that lie outside the figure's mask, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hidden: Option<f64>,
}

/// What is known of the place where a figure stands, besides its joints.
#[derive(Debug, Default)]
pub(crate) struct Place<'a> {
    /// Width and height of the image, pixels.
    pub(crate) image: Option<(f64, f64)>,
    /// The figure's own mask.
    pub(crate) mask: Option<&'a Mask>,
    /// What mask-crop found when it cut the figure out.
    pub(crate) instance: Instance,
}

impl Seen {
    /// That of key points `[x, y, score]`, seen from the score `least`, of a figure of `pixels`.
    pub(crate) fn of(points: &[Keypoint], least: f64, pixels: f64, place: &Place<'_>) -> Self {
        let seen = |point: &&Keypoint| point[2] >= least && point[2] > 0.0;
        let body = &points[..points.len().min(LIMBS.end)];
        let count = body.iter().filter(seen).count();
        let limbs = body.iter().skip(LIMBS.start).filter(seen).count();
        let joints = || body.iter().filter(seen);
        let edges = place.image.map_or([false; 4], |size| edges(joints(), size));
        let own = place.instance.cut;
        let frame = [own.left, own.top, own.right, own.bottom];
        let cut = EDGES.into_iter().zip(edges.into_iter().zip(frame));
        let cut: Vec<_> = cut
            .filter(|(_, (at, share))| *at || *share > 0.0)
            .map(|(name, _)| name)
            .collect();
        let hidden = place
            .mask
            .and_then(|mask| outside(joints(), BESIDE * pixels, mask));
        let covered = hidden.unwrap_or(0.0).max(place.instance.hidden);
        let occlusion = if limbs < HALF || covered > MOSTLY {
            "heavy"
        } else if limbs < WHOLE || covered > COVERED || !cut.is_empty() {
            "partial"
        } else {
            "none"
        };
        let unseen = WHOLE.saturating_sub(limbs) as f64 / WHOLE as f64;
        let occluded = frame.into_iter().fold(unseen.max(covered), f64::max);
        Self {
            visible: rounded(count as f64 / LIMBS.end as f64, 4),
            occlusion,
            occluded: rounded(occluded.clamp(0.0, 1.0), 4),
            cut,
            hidden: hidden.map(|share| rounded(share, 4)),
        }
    }
}

/// The edges of an image.
const EDGES: [&str; 4] = ["left", "top", "right", "bottom"];

/// Whether joints lie on or beyond each of [`EDGES`].
fn edges<'a>(points: impl Iterator<Item = &'a Keypoint>, (width, height): (f64, f64)) -> [bool; 4] {
    let margin = EDGE * width.min(height);
    let mut at = [false; 4];
    for [x, y, _] in points {
        let beyond = [
            *x < margin,
            *y < margin,
            *x > width - margin,
            *y > height - margin,
        ];
        for (edge, is) in at.iter_mut().zip(beyond) {
            *edge |= is;
        }
    }
    at
}

/// The share of the joints in the image that lie farther than `beside` from the mask.
fn outside<'a>(
    points: impl Iterator<Item = &'a Keypoint>,
    beside: f64,
    mask: &Mask,
) -> Option<f64> {
    let (width, height) = (f64::from(mask.width()), f64::from(mask.height()));
    let within = |x: f64, y: f64| (0.0..width).contains(&x) && (0.0..height).contains(&y);
    let mask = mask.dilate(beside.clamp(0.0, 1000.0) as u32);
    let inside: Vec<bool> = points
        .filter(|[x, y, _]| within(*x, *y))
        .map(|[x, y, _]| mask.get(*x as u32, *y as u32))
        .collect();
    let out = inside.iter().filter(|inside| !**inside).count();
    (!inside.is_empty()).then(|| out as f64 / inside.len() as f64)
}

/// The masks of the figures of a record: of one cut out, its own; of `boxes`, those of `masks` where
/// there are as many.
pub(crate) fn masks(record: &Record, figures: usize) -> Result<Vec<MaskShape>> {
    if record.has("parent") {
        return Ok(record.mask()?.into_iter().collect());
    }
    let Some(masks) = record.masks()? else {
        return Ok(Vec::new());
    };
    if masks.len() != figures {
        return Ok(Vec::new());
    }
    Ok(masks.into_iter().map(|of| of.mask).collect())
}

/// The image's size, where the record has it.
pub(crate) fn image(record: &Record) -> Result<Option<(f64, f64)>> {
    let size = record
        .find::<f64>("width")?
        .zip(record.find::<f64>("height")?);
    match size {
        Some((width, height)) if width < 1.0 || height < 1.0 => {
            bail!("width or height is below 1")
        }
        size => Ok(size),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    /// Seventeen joints down the middle of an image of 100x200, 10 apart.
    fn column() -> Vec<[f64; 3]> {
        (0..17)
            .map(|at| [50.0, 20.0 + 10.0 * f64::from(at), 0.9])
            .collect()
    }

    fn place(mask: Option<&Mask>) -> Place<'_> {
        Place {
            image: Some((100.0, 200.0)),
            mask,
            instance: Instance::default(),
        }
    }

    #[test]
    fn what_was_found_at_the_cutting_counts() {
        let mut place = place(None);
        place.instance = serde_json::from_str(
            r#"{"cut": {"left": 0, "top": 0.25, "right": 0, "bottom": 0}, "hidden": 0.1}"#,
        )
        .unwrap();
        let found = Seen::of(&column(), 0.3, 160.0, &place);
        assert_eq!((found.occlusion, found.cut), ("partial", vec!["top"]));
        assert!((found.occluded - 0.25).abs() < 1e-9, "so much is cut off");
        place.instance = serde_json::from_str(r#"{"hidden": 0.5}"#).unwrap();
        let found = Seen::of(&column(), 0.3, 160.0, &place);
        assert_eq!((found.occlusion, found.occluded), ("heavy", 0.5));
    }

    #[test]
    fn a_whole_figure_is_not_hidden() {
        let found = Seen::of(&column(), 0.3, 160.0, &place(None));
        assert_eq!(
            found,
            Seen {
                visible: 1.0,
                occlusion: "none",
                occluded: 0.0,
                cut: vec![],
                hidden: None
            }
        );
    }

    #[test]
    fn an_edge_cuts() {
        let mut points = column();
        points[16] = [50.0, 199.0, 0.9];
        points[9] = [-3.0, 100.0, 0.9];
        let found = Seen::of(&points, 0.3, 160.0, &place(None));
        assert_eq!(
            (found.occlusion, found.cut),
            ("partial", vec!["left", "bottom"])
        );
    }

    #[test]
    fn joints_that_are_not_seen_count() {
        let mut points = column();
        for point in &mut points[14..] {
            point[2] = 0.1;
        }
        let found = Seen::of(&points, 0.3, 160.0, &Place::default());
        assert_eq!((found.visible, found.occlusion), (0.8235, "partial"));
        assert!(
            (found.occluded - 0.1).abs() < 1e-9,
            "9 of the 10 that a whole figure shows"
        );
        for point in &mut points[8..] {
            point[2] = 0.1;
        }
        let found = Seen::of(&points, 0.3, 160.0, &Place::default());
        assert_eq!((found.occlusion, found.occluded), ("heavy", 0.7));
    }

    #[test]
    fn joints_outside_the_mask_are_behind_something() {
        // The lower half is covered: joints at 120 and below, 7 of 17.
        let mask = Mask::from_fn(100, 200, |_, y| y < 111).unwrap();
        let found = Seen::of(&column(), 0.3, 1.0, &place(Some(&mask)));
        assert_eq!(found.hidden, Some(0.4118));
        assert_eq!((found.occlusion, found.occluded), ("heavy", 0.4118));
        let found = Seen::of(&column(), 0.3, 200.0, &place(Some(&mask)));
        assert_eq!(found.hidden, Some(0.3529), "the one at 120 is beside it");
    }
}
