//! Run-length codes of masks as COCO writes them: by columns, and as a string.

use geometry::{Counts, Rect, RunLengths};

use crate::error::{Error, Result, sizes_differ};
use crate::header;
use crate::mask::Mask;

/// The runs of a mask, down the columns from the top left: outside, inside, outside, … in turn.
/// They add up to the number of pixels; only the first may be 0 in what is written here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rle {
    width: u32,
    height: u32,
    counts: Vec<u32>,
}

impl Rle {
    /// The runs of a mask.
    ///
    /// ```
    /// use vision::mask::{Mask, Rle};
    /// let mask = Mask::from_fn(2, 2, |x, _| x == 0).unwrap();
    /// assert_eq!(Rle::encode(&mask).counts(), [0, 2, 2]);
    /// ```
    pub fn encode(mask: &Mask) -> Self {
        let (width, height) = (mask.width() as usize, mask.height() as usize);
        let pixels = mask.as_slice();
        let mut counts = Vec::new();
        let (mut run, mut inside) = (0, false);
        for x in 0..width {
            for y in 0..height {
                if pixels[y * width + x] != inside {
                    counts.push(run);
                    (run, inside) = (0, !inside);
                }
                run += 1;
            }
        }
        counts.push(run);
        Self {
            width: mask.width(),
            height: mask.height(),
            counts,
        }
    }

    /// The mask of these runs.
    ///
    /// # Errors
    /// None in practice: the size was checked when the runs were made.
    pub fn decode(&self) -> Result<Mask> {
        let mut mask = Mask::new(self.width, self.height)?;
        let mut at = 0;
        for (run, inside) in self.counts.iter().zip([false, true].into_iter().cycle()) {
            if inside {
                for index in at..at + run {
                    mask.set(index / self.height, index % self.height, true);
                }
            }
            at += run;
        }
        Ok(mask)
    }

    /// Runs that came from elsewhere.
    ///
    /// # Errors
    /// A size without pixels or over the limit; runs that do not add up to it exactly; more runs
    /// than pixels.
    ///
    /// ```
    /// use vision::mask::Rle;
    /// assert!(Rle::from_counts(2, 2, vec![1, 3]).is_ok());
    /// assert!(Rle::from_counts(2, 2, vec![1, u32::MAX]).is_err());
    /// ```
    pub fn from_counts(width: u32, height: u32, counts: Vec<u32>) -> Result<Self> {
        let size = header::checked(width.into(), height.into())?;
        let pixels = u64::from(size.width) * u64::from(size.height);
        if counts.len() as u64 > pixels + 1 {
            return Err(bad("more runs than pixels"));
        }
        if counts.iter().copied().map(u64::from).sum::<u64>() != pixels {
            return Err(bad("the runs do not add up to the size"));
        }
        Ok(Self {
            width,
            height,
            counts,
        })
    }

    /// Columns.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows. COCO writes the size as `[height, width]`.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The runs: COCO's uncompressed `counts`.
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// How many pixels are inside.
    pub fn area(&self) -> u64 {
        self.counts
            .iter()
            .skip(1)
            .step_by(2)
            .copied()
            .map(u64::from)
            .sum()
    }

    /// The smallest rectangle round everything inside; none if nothing is. It needs no pixels.
    ///
    /// ```
    /// use vision::{Rect, mask::Rle};
    /// // The last row of the first column, and the first two of the next.
    /// let rle = Rle::from_counts(3, 4, vec![3, 3, 6]).unwrap();
    /// assert_eq!(rle.bounding_box(), Some(Rect::from([0, 0, 2, 4])));
    /// ```
    pub fn bounding_box(&self) -> Option<Rect> {
        let mut result: Option<Rect> = None;
        let mut at = 0;
        for (run, inside) in self.counts.iter().zip([false, true].into_iter().cycle()) {
            let (first, end) = (at, at + run);
            at = end;
            if !inside || *run == 0 {
                continue;
            }
            let (left, right) = (first / self.height, (end - 1) / self.height + 1);
            // A run that goes on in the next column has the last row of its own, and the first of that one.
            let (top, bottom) = if right - left > 1 {
                (0, self.height)
            } else {
                (first % self.height, (end - 1) % self.height + 1)
            };
            let own = Rect::from([left, top, right, bottom]);
            result = Some(result.map_or(own, |all| all.around(own)));
        }
        result
    }

    /// How many pixels are inside both.
    ///
    /// # Errors
    /// Masks of different sizes.
    pub fn common(&self, other: &Self) -> Result<u64> {
        let (ours, theirs) = ((self.width, self.height), (other.width, other.height));
        if ours != theirs {
            return Err(sizes_differ(ours, theirs));
        }
        let (mut both, mut at) = (0_u64, 0_u64);
        let (mut own, mut others) = (self.counts.iter(), other.counts.iter());
        let (mut own_end, mut other_end) = (0_u64, 0_u64);
        // Each begins outside, and turns with every run.
        let (mut inside, mut inside_other) = (true, true);
        loop {
            while own_end <= at {
                let Some(run) = own.next() else {
                    return Ok(both);
                };
                own_end += u64::from(*run);
                inside = !inside;
            }
            while other_end <= at {
                let Some(run) = others.next() else {
                    return Ok(both);
                };
                other_end += u64::from(*run);
                inside_other = !inside_other;
            }
            let next = own_end.min(other_end);
            if inside && inside_other {
                both += next - at;
            }
            at = next;
        }
    }

    /// Intersection over union: the area inside both over the area inside either, 0..=1; 0 if both
    /// are empty.
    ///
    /// # Errors
    /// Masks of different sizes.
    ///
    /// ```
    /// use vision::mask::{Mask, Rle};
    /// let left = Rle::encode(&Mask::from_fn(3, 1, |x, _| x < 2).unwrap());
    /// let right = Rle::encode(&Mask::from_fn(3, 1, |x, _| x > 0).unwrap());
    /// assert_eq!(left.iou(&right).unwrap(), 1.0 / 3.0);
    /// ```
    pub fn iou(&self, other: &Self) -> Result<f64> {
        let both = self.common(other)?;
        let either = self.area() + other.area() - both;
        Ok(both as f64 / either.max(1) as f64)
    }

    /// COCO's compressed `counts`: from the fourth run on the difference to the run before the
    /// last, each in groups of five bits, lowest first, as the characters `0` to `o`.
    ///
    /// ```
    /// use vision::mask::Rle;
    /// let rle = Rle::from_counts(3, 3, vec![4, 1, 4]).unwrap();
    /// assert_eq!(rle.to_coco_string(), "414");
    /// ```
    pub fn to_coco_string(&self) -> String {
        let mut text = String::with_capacity(self.counts.len() * 2);
        for (index, count) in self.counts.iter().enumerate() {
            let mut value = i64::from(*count);
            if index > 2 {
                value -= i64::from(self.counts[index - 2]);
            }
            push_number(&mut text, value);
        }
        text
    }

    /// Reads what [`Rle::to_coco_string`] or COCO's own tools wrote.
    ///
    /// # Errors
    /// Characters outside `0` to `o`, a string that stops within a number, numbers out of range,
    /// and as [`Rle::from_counts`].
    pub fn from_coco_string(width: u32, height: u32, text: &str) -> Result<Self> {
        let size = header::checked(width.into(), height.into())?;
        let pixels = i64::from(size.width) * i64::from(size.height);
        let mut counts: Vec<u32> = Vec::new();
        let mut bytes = text.bytes();
        while let Some(first) = bytes.next() {
            let mut value = take_number(first, &mut bytes)?;
            if let Some(before) = counts.len().checked_sub(2).filter(|index| *index > 0) {
                value += i64::from(counts[before]);
            }
            let in_range = u32::try_from(value).ok().filter(|_| value <= pixels);
            counts.push(in_range.ok_or(bad("a run is negative or longer than the mask"))?);
            if counts.len() as u64 > pixels.cast_unsigned() + 1 {
                return Err(bad("more runs than pixels"));
            }
        }
        Self::from_counts(width, height, counts)
    }
}

impl TryFrom<&RunLengths> for Rle {
    type Error = Error;

    /// Run lengths from a record.
    fn try_from(runs: &RunLengths) -> Result<Self> {
        let [height, width] = runs.size;
        match &runs.counts {
            Counts::Text(text) => Self::from_coco_string(width, height, text),
            Counts::Numbers(counts) => Self::from_counts(width, height, counts.clone()),
        }
    }
}

impl From<&Rle> for RunLengths {
    /// Run lengths for a record, compressed.
    fn from(rle: &Rle) -> Self {
        Self {
            size: [rle.height, rle.width],
            counts: Counts::Text(rle.to_coco_string()),
        }
    }
}

fn push_number(text: &mut String, mut value: i64) {
    loop {
        let group = (value & 0x1f) as u8;
        value >>= 5;
        let last = value == if group & 0x10 == 0 { 0 } else { -1 };
        text.push(char::from(48 + group + if last { 0 } else { 0x20 }));
        if last {
            return;
        }
    }
}

fn take_number(first: u8, bytes: &mut impl Iterator<Item = u8>) -> Result<i64> {
    let mut value = 0_i64;
    let mut byte = first;
    // A run has at most 27 bits and its difference one more with its sign: six groups.
    for shift in (0..35).step_by(5) {
        let group = byte
            .checked_sub(48)
            .filter(|group| *group < 64)
            .ok_or(bad("a character outside 0 to o"))?;
        value |= i64::from(group & 0x1f) << shift;
        if group & 0x20 == 0 {
            let negative = group & 0x10 != 0;
            return Ok(if negative {
                value | (-1 << (shift + 5))
            } else {
                value
            });
        }
        byte = bytes.next().ok_or(bad("it stops within a number"))?;
    }
    Err(bad("a number is too long"))
}

fn bad(cause: &'static str) -> Error {
    Error::RunLength { cause }
}
