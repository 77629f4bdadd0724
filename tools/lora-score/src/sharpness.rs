//! How sharp an image is, whatever its size, and which images are as sharp as the film's own.
//!
//! `blur-filter` measures `quality.sharpness` in pixels: so many across the long side the sharpest tenth of the image
//! really shows. Here it is a share of the long side, as generated and training images differ in size: a sharp image of
//! 512 pixels shows fewer of them than a blurred one of 1536. Pixels past 960 count on neither side of the fraction:
//! `blur-filter` shrinks a large JPEG to that or more while it decodes it, so that what it shows beyond depends on the
//! format of the file. A blurred image is blurred at 960 pixels, too.

use stage::{Record, Result};

use crate::sets::Real;

/// The long side beyond which pixels are not counted: `LONG_SIDE` of blur-filter.
const MOST: f64 = 960.0;

/// The share of the training images that may be softer than a sharp image.
const SOFT: f64 = 0.05;

/// The share of the training images that are sharp, and of generated images that is as good as the film.
pub(crate) const USUAL: f64 = 1.0 - SOFT;

/// The share of the pixels across its long side that an image really shows, 0 to 1; 0 where it has no edges.
///
/// `None` where it was not measured, or was measured of another image than the record names, as of the frame that an
/// exported image was made from.
pub(crate) fn shown(record: &Record) -> Result<Option<f64>> {
    let short: Option<u32> = record.at("/quality/resolution")?;
    let sides: [Option<u32>; 2] = [record.find("width")?, record.find("height")?];
    let (Some(short), [Some(width), Some(height)]) = (short, sides) else {
        return Ok(None);
    };
    if short != width.min(height) {
        return Ok(None);
    }
    let pixels: Option<f64> = record.at("/quality/sharpness")?;
    let side = f64::from(width.max(height)).clamp(1.0, MOST);
    Ok(Some((pixels.unwrap_or(0.0) / side).clamp(0.0, 1.0)))
}

/// The share of its pixels from which an image is sharp: what 95 of 100 training images show. `None` where none was
/// measured, or where so many have no edges that nothing tells.
pub(crate) fn limit(trained: &[Real]) -> Option<f64> {
    let mut shown: Vec<_> = trained.iter().filter_map(|real| real.shown).collect();
    shown.sort_by(f64::total_cmp);
    let place = (shown.len() as f64 * SOFT).floor() as usize;
    shown.get(place).copied().filter(|limit| *limit > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(record: &str) -> Option<f64> {
        let line = stage::manifest::Line {
            number: 1,
            bytes: record.as_bytes().to_vec(),
        };
        shown(&line.parse().unwrap()).unwrap()
    }

    #[test]
    fn sharpness_is_a_share_of_the_long_side() {
        for (width, height, pixels, share) in [
            (480, 240, 400.0, 400.0 / 480.0),
            (240, 480, 400.0, 400.0 / 480.0),
            (960, 480, 800.0, 400.0 / 480.0),
            // A JPEG of this size is measured at 960 pixels, a PNG as it is.
            (1920, 1080, 800.0, 400.0 / 480.0),
            (1920, 1080, 1700.0, 1.0),
            (1920, 1080, 480.0, 0.5),
        ] {
            let record = format!(
                r#"{{"id":"a","width":{width},"height":{height},"quality":{{"resolution":{},"sharpness":{pixels}}}}}"#,
                width.min(height)
            );
            let own = measured(&record).unwrap();
            assert!((own - share).abs() < 1e-12, "{record}: {own}");
        }
    }

    #[test]
    fn an_image_without_edges_is_not_sharp_and_one_that_was_not_measured_is_neither() {
        assert_eq!(
            measured(r#"{"id":"a","width":480,"height":240,"quality":{"resolution":240}}"#),
            Some(0.0)
        );
        assert_eq!(measured(r#"{"id":"a","width":480,"height":240}"#), None);
        assert_eq!(
            measured(
                r#"{"id":"a","width":480,"height":240,"quality":{"resolution":1080,"sharpness":900}}"#
            ),
            None,
            "of another image"
        );
    }

    #[test]
    fn a_twentieth_of_the_training_images_is_below_the_limit() {
        let real = |shown| Real {
            shown,
            ..Real::default()
        };
        let hundredths = |count: i32| -> Vec<Real> {
            let all = (1..=count).rev();
            all.map(|n| real(Some(f64::from(n) / 100.0))).collect()
        };
        assert_eq!(limit(&hundredths(40)), Some(0.03), "two of forty are below");
        assert_eq!(limit(&hundredths(19)), Some(0.01), "none of nineteen is");
        assert_eq!(limit(&[real(None), real(Some(0.7))]), Some(0.7));
        assert_eq!(limit(&[real(None)]), None, "not measured");
        assert_eq!(
            limit(&[real(Some(0.0)), real(Some(0.7))]),
            None,
            "no edges, no limit"
        );
    }
}
