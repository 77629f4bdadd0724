//! Where the crop is cut.

use std::str::FromStr;

use vision::Rect;

/// The shape of a crop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Aspect {
    /// The face's own.
    Face,
    /// Width over height.
    Ratio(f64),
}

impl FromStr for Aspect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "face" {
            return Ok(Self::Face);
        }
        let sides = text.split_once(':').and_then(|(width, height)| {
            let ratio = width.parse::<f64>().ok()? / height.parse::<f64>().ok()?;
            (0.1..=10.0).contains(&ratio).then_some(ratio)
        });
        sides.map(Self::Ratio).ok_or_else(|| {
            format!("`{text}` is not `face` or a ratio from 1:10 to 10:1, such as 3:4")
        })
    }
}

/// Parses how much is added on each side.
pub(crate) fn padding(text: &str) -> Result<f64, String> {
    let share = text
        .parse()
        .ok()
        .filter(|share| (0.0..=10.0).contains(share));
    share.ok_or_else(|| "not a number from 0 to 10".to_owned())
}

/// The crop of a face in an image of `width` x `height`, in whole pixels.
///
/// The face is in its middle as far as the image reaches: a window that would go beyond the edge
/// is moved in, and one that is larger than the image is shrunk in its shape.
pub(crate) fn window(
    face: Rect<f32>,
    padding: f64,
    aspect: Aspect,
    width: u32,
    height: u32,
) -> Rect {
    let whole = [f64::from(width), f64::from(height)];
    // What is beyond the edge cannot be shown.
    let seen = face.map(f64::from).clip(whole[0], whole[1]);
    let (low, high) = ([seen.left, seen.top], [seen.right, seen.bottom]);
    let own = [high[0] - low[0], high[1] - low[1]];
    let more = 2.0 * padding * own[0].max(own[1]);
    let mut size = own.map(|length| length + more);
    if let Aspect::Ratio(ratio) = aspect {
        size = [size[0].max(size[1] * ratio), size[1].max(size[0] / ratio)];
        let fit = (whole[0] / size[0]).min(whole[1] / size[1]).min(1.0);
        size = size.map(|length| length * fit);
    }
    let span = |axis: usize| {
        let length = size[axis].round().clamp(1.0, whole[axis]);
        let start = low[axis].midpoint(high[axis]) - length / 2.0;
        let start = start.round().clamp(0.0, whole[axis] - length);
        (start as u32, (start + length) as u32)
    };
    let ((left, right), (top, bottom)) = (span(0), span(1));
    Rect {
        left,
        top,
        right,
        bottom,
    }
}
