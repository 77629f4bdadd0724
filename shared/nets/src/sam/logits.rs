//! From a coarse mask of logits to one of the image's size, a row at a time.

use anyhow::{Result, ensure};
use vision::mask::Mask;

use super::{FRAME, Frame};

/// One of the masks that the decoder offers for a prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The mask.
    pub logits: Logits,
    /// What the network takes its intersection over union with the truth to be, about 0..=1.
    pub iou: f32,
}

/// The candidate of the highest predicted quality, the first of equals.
pub fn best(candidates: Vec<Candidate>) -> Option<Candidate> {
    let better =
        |best: Candidate, other: Candidate| if other.iou > best.iou { other } else { best };
    candidates.into_iter().reduce(better)
}

/// A mask before it is cut, of 256x256 over the network's frame: the more inside, the larger.
#[derive(Debug, Clone, PartialEq)]
pub struct Logits {
    pub(super) values: Vec<f32>,
    pub(super) side: usize,
    pub(super) frame: Frame,
}

/// A mask of the image's size.
#[derive(Debug, Clone, PartialEq)]
pub struct Cut {
    /// What is inside.
    pub mask: Mask,
    /// How little the mask changes with the threshold, 0..=1: the area over `threshold + offset`
    /// by the area over `threshold - offset`; 0 where that is nothing.
    pub stability: f64,
}

/// A row or column between two of a grid: the first, the second, the share of the second.
type Tap = (usize, usize, f32);

impl Logits {
    /// A mask of `side` x `side` over an image of `size` that was squeezed into the network's square.
    pub(crate) fn new(values: Vec<f32>, side: usize, (width, height): (u32, u32)) -> Result<Self> {
        ensure!(
            side > 0 && values.len() == side * side,
            "a mask of {} logits is not a square of {side}",
            values.len()
        );
        Ok(Self {
            values,
            side,
            frame: Frame::new(false, width, height),
        })
    }

    /// Enlarges to the image's size, bilinearly (`align_corners=False`), and keeps what is over
    /// `threshold`, which is 0 in all references. `offset`, usually 1, is for the stability.
    ///
    /// SAM 1 goes by way of the whole frame of 1024x1024 (`Sam.postprocess_masks`).
    pub fn cut(&self, threshold: f32, offset: f32) -> Result<Cut> {
        let (width, height) = (self.frame.width as usize, self.frame.height as usize);
        let mut inside = Vec::with_capacity(width * height);
        let (mut sure, mut maybe) = (0_u64, 0_u64);
        self.rows(|row| {
            for value in row {
                inside.push(*value > threshold);
                sure += u64::from(*value > threshold + offset);
                maybe += u64::from(*value > threshold - offset);
            }
        });
        Ok(Cut {
            mask: Mask::from_pixels(self.frame.width, self.frame.height, inside)?,
            stability: sure as f64 / maybe.max(1) as f64,
        })
    }

    /// The logits enlarged to a square of `side`, bilinearly, as SAM 2 enlarges them to its own frame.
    pub fn enlarged(&self, side: u32) -> Vec<f32> {
        enlarged(&self.values, self.side, side as usize)
    }

    /// Hands over the enlarged rows, from the top.
    fn rows(&self, mut take: impl FnMut(&[f32])) {
        let (across, down) = (self.frame.across as usize, self.frame.down as usize);
        let frame = FRAME as usize;
        let whole;
        let (grid, stride, size) = if across == frame && down == frame {
            (&self.values, self.side, (self.side, self.side))
        } else {
            whole = enlarged(&self.values, self.side, frame);
            (&whole, frame, (across, down))
        };
        let columns = taps(size.0, self.frame.width as usize);
        let mut row = vec![0.0; self.frame.width as usize];
        for tap in taps(size.1, self.frame.height as usize) {
            blend(grid, stride, tap, &columns, &mut row);
            take(&row);
        }
    }
}

/// A square grid of another side.
fn enlarged(grid: &[f32], from: usize, to: usize) -> Vec<f32> {
    let columns = taps(from, to);
    let mut result = vec![0.0; to * to];
    for (row, tap) in result.chunks_exact_mut(to).zip(taps(from, to)) {
        blend(grid, from, tap, &columns, row);
    }
    result
}

/// One row between two rows of a grid.
fn blend(
    grid: &[f32],
    stride: usize,
    (above, below, share): Tap,
    columns: &[Tap],
    row: &mut [f32],
) {
    let above = &grid[above * stride..(above + 1) * stride];
    let below = &grid[below * stride..(below + 1) * stride];
    let between: Vec<f32> = above
        .iter()
        .zip(below)
        .map(|(above, below)| above * (1.0 - share) + below * share)
        .collect();
    for (value, (left, right, share)) in row.iter_mut().zip(columns) {
        *value = between[*left] * (1.0 - share) + between[*right] * share;
    }
}

/// Where each of `to` samples lies among `from`: `torch.nn.functional.interpolate` with
/// `mode="bilinear", align_corners=False, antialias=False`.
fn taps(from: usize, to: usize) -> Vec<Tap> {
    let scale = from as f32 / to as f32;
    let tap = |at: usize| {
        let source = ((at as f32 + 0.5) * scale - 0.5).max(0.0);
        let first = (source as usize).min(from - 1);
        (first, (first + 1).min(from - 1), source - first as f32)
    };
    (0..to).map(tap).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    fn logits(padded: bool, size: (u32, u32), value: impl Fn(usize, usize) -> f32) -> Logits {
        let values = (0..256 * 256).map(|at| value(at % 256, at / 256));
        Logits {
            values: values.collect(),
            side: 256,
            frame: Frame::new(padded, size.0, size.1),
        }
    }

    #[test]
    fn a_ramp_is_cut_where_it_crosses_the_threshold() {
        // Column x of 256 has its middle at (x + 0.5) / 256 of the width: the ramp crosses 0 at
        // 64.25 / 256 of it, which is 301.2 of 1200.
        let ramp = logits(false, (1200, 7), |x, _| x as f32 - 63.75);
        let cut = ramp.cut(0.0, 1.0).unwrap();
        let outside = (0..1200).take_while(|x| !cut.mask.get(*x, 3)).count();
        assert_eq!(outside, 301);
        assert_eq!(cut.mask.area(), 7 * (1200 - 301));
        // One level is 1200 / 256 pixels: from 305.9 and from 296.5 on.
        let stability = f64::from(1200 - 306) / f64::from(1200 - 296);
        assert!(
            (cut.stability - stability).abs() < 1e-9,
            "{}",
            cut.stability
        );
    }

    #[test]
    fn padding_is_cut_away() {
        // 2:1, so that the image fills the upper half of the frame: rows 0..128 of 256.
        let half = logits(true, (2000, 1000), |_, y| if y < 64 { 5.0 } else { -5.0 });
        let mask = half.cut(0.0, 1.0).unwrap().mask;
        assert_eq!(mask.area(), 2000 * 500);
        let stretched = logits(false, (2000, 1000), |_, y| if y < 64 { 5.0 } else { -5.0 });
        assert_eq!(stretched.cut(0.0, 1.0).unwrap().mask.area(), 2000 * 250);
    }

    #[test]
    fn nothing_inside_is_not_stable() {
        let none = logits(false, (3, 3), |_, _| -9.0);
        let cut = none.cut(0.0, 1.0).unwrap();
        assert_eq!((cut.mask.area(), cut.stability), (0, 0.0));
    }
}
