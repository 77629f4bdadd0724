//! What a trainer sees of one image.

use std::path::Path;

use loaders::Finding;
use loaders::fit::{Fit, Size};
use loaders::set::Set;
use manifest::{Rect, rounded};
use vision::decode::{self, Header};

use crate::formats::{unread, unusual};
use crate::known::{Known, Manifest};
use crate::lint::Lint;
use crate::masks::masks;
use crate::pixels::Decoded;
use crate::words::Measure;

/// By how much an image may be enlarged before it is worth a word.
const ENLARGED: f64 = 1.1;

/// The share of the pixels asked for under which a bucket is too small.
const SMALL: f64 = 0.6;

/// What images are judged by.
pub(crate) struct Judge {
    /// What captions are measured by.
    pub(crate) measure: Measure,
    /// What is known of the images.
    pub(crate) known: Manifest,
    /// The share of an image that may be cut off before it is worth a word.
    pub(crate) threshold: f64,
    /// The side of the square whose area is the budget.
    pub(crate) resolution: u32,
    /// Whether pixels are left undecoded.
    pub(crate) headers: bool,
    /// The pixels that were decoded.
    pub(crate) decoded: Decoded,
}

impl Judge {
    /// Looks at `image` with the eyes of the set's trainer.
    pub(crate) fn image(&self, set: &Set, image: &Path, listed: &[String]) -> Lint {
        let mut lint = Lint::new(set.trainer);
        self.measure.caption(set, image, listed, &mut lint);
        // Where captions are listed, the image is shown once with each.
        let each = set.lists.as_ref().and(lint.captions).unwrap_or(1);
        lint.repeats = Some(set.repeats * each as f64);
        let header = match decode::header(image) {
            Ok(header) => header,
            Err(cause) => {
                lint.add([unread(&cause)]);
                return lint;
            }
        };
        self.pixels(set, image, &header, &mut lint);
        let seen = if set.trainer.profile().pixels.turns {
            header.dimensions()
        } else {
            header.stored
        };
        let size = Size::new(seen.width, seen.height);
        match set.fitting.as_ref().map(|fitting| fitting.fit(size)) {
            None => {}
            Some(Some(fit)) => self.fit(&fit, image, &mut lint),
            Some(None) => {
                let text = format!(
                    "{}x{} is too small: nothing of it is left after scaling",
                    size.width, size.height
                );
                lint.add([Finding::error("image-tiny", text)]);
            }
        }
        masks(set, image, size, self.headers, &mut lint);
        lint
    }

    /// Judges what the pixels are made of, and whether they are all there.
    fn pixels(&self, set: &Set, image: &Path, header: &Header, lint: &mut Lint) {
        if !header.is_upright() && !set.trainer.profile().pixels.turns {
            let text = "is stored on its side, and the trainer does not rotate it";
            lint.add([Finding::error("image-rotated", text)]);
        }
        let samples = header.samples;
        if samples.bits != 8 || (samples.channels == 4 && !samples.alpha) {
            lint.add([unusual(
                set.trainer.profile().pixels,
                samples.bits,
                samples.channels,
            )]);
        }
        if set.alpha_mask && !samples.alpha {
            let text = "has no transparency to serve as the mask: all of it is trained on";
            lint.add([Finding::warning("mask-no-alpha", text)]);
        }
        if self.headers {
            return;
        }
        let pixels = self.decoded.pixels(image, samples.alpha);
        lint.add(pixels.profile.clone());
        lint.add(pixels.damage.clone());
        if pixels.clear && !set.alpha_mask && !set.trainer.profile().pixels.flattens {
            let text = "is transparent in places, and the hidden colour there is trained on";
            lint.add([Finding::error("image-alpha", text)]);
        }
    }

    /// Judges what is cut off.
    fn fit(&self, fit: &Fit, image: &Path, lint: &mut Lint) {
        let kept = fit.kept();
        lint.bucket = Some([fit.bucket.width, fit.bucket.height]);
        lint.cropped = Some(rounded(fit.cropped(), 4));
        lint.scale = Some(rounded(fit.scale(), 3));
        lint.kept = Some(kept.map(|edge| rounded(edge, 1)));
        if fit.cropped() > self.threshold {
            let text = format!("{:.1} % of it is cropped", 100.0 * fit.cropped());
            lint.add([Finding::warning("crop-large", text)]);
        }
        if fit.scale() > ENLARGED {
            let text = format!("is enlarged {:.1} times", fit.scale());
            lint.add([Finding::warning("image-enlarged", text)]);
        }
        let budget = Size::square(self.resolution).area() as f64;
        let used = fit.bucket.area() as f64 / budget;
        if used < SMALL && fit.source.area() as f64 >= budget {
            let text = format!(
                "its bucket has {:.0} % of the pixels asked for",
                100.0 * used
            );
            lint.add([Finding::warning("bucket-small", text)]);
        }
        let stem = image.file_stem().map(|stem| stem.to_string_lossy());
        if let Some(known) = stem.and_then(|stem| self.known.get(&*stem)) {
            lint.add(cut(known, kept));
        }
    }
}

/// Faces and joints that are cut.
fn cut(known: &Known, kept: Rect<f64>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if known.face.is_some_and(|face| !kept.holds(face)) {
        findings.push(Finding::error("crop-face", "the face is cropped"));
    }
    let inside = |[x, y]: &[f64; 2]| kept.holds(Rect::from([*x, *y, *x, *y]));
    let lost = { known.joints.iter() }
        .filter(|joint| !inside(joint))
        .count();
    if lost > 0 {
        let text = format!("{lost} of {} joints are cropped", known.joints.len());
        findings.push(Finding::warning("crop-joint", text));
    }
    findings
}
