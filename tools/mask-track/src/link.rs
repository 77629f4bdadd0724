//! Which detections of a shot show one character: they are linked from frame to frame by where they are,
//! by how they move, and by what they look like.

use vision::Rect;
use vision::mask::Rle;

use crate::looks::Looks;

/// Masks that overlap by this share, intersection over union, lie where the same character may be.
const OVERLAP: f64 = 0.3;

/// What overlaps is not the same if it looks less alike than this: two who cross.
const UNLIKE: f64 = 0.25;

/// What does not overlap may be the same from this likeness on. On the sample film, by true masks a quarter of a
/// second apart, all 399 pairs of one character are more alike than 0.5, and 17 of 543 pairs of two.
const ALIKE: f64 = 0.55;

/// So far from where it is expected, in diagonals of its box, may a character be that does not overlap. On the
/// sample film none moves half of one in a quarter of a second.
const NEAR: f64 = 1.0;

/// By this factor may the area of a box change where nothing overlaps.
const GROWTH: f64 = 2.0;

/// A detection, as it is linked.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    pub(crate) rect: Rect<f64>,
    pub(crate) mask: Rle,
    pub(crate) looks: Looks,
}

/// The end of a track so far.
struct End {
    track: usize,
    time: f64,
    last: Sight,
    /// Pixels a second, right and down.
    speed: [f64; 2],
}

/// The number of the track of each detection, from 0 by the first detection of each. `frames` are those of
/// one shot in the order of time, each with its seconds; a character that was not seen for more than `gap`
/// seconds begins a new track.
pub(crate) fn link(frames: &[(f64, Vec<Sight>)], gap: f64) -> Vec<Vec<usize>> {
    let mut open: Vec<End> = Vec::new();
    let mut count = 0;
    let mut tracks = Vec::with_capacity(frames.len());
    for (time, sights) in frames {
        open.retain(|end| time - end.time <= gap);
        let mut pairs = Vec::new();
        for (which, end) in open.iter().enumerate() {
            for (at, sight) in sights.iter().enumerate() {
                pairs.extend(affinity(end, sight, *time).map(|score| (score, which, at)));
            }
        }
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut taken: Vec<Option<usize>> = vec![None; sights.len()];
        let mut used = vec![false; open.len()];
        for (_, which, at) in pairs {
            if !used[which] && taken[at].is_none() {
                used[which] = true;
                taken[at] = Some(open[which].track);
                open[which].go_on(&sights[at], *time);
            }
        }
        let numbers = sights.iter().zip(taken).map(|(sight, taken)| {
            taken.unwrap_or_else(|| {
                open.push(End {
                    track: count,
                    time: *time,
                    last: sight.clone(),
                    speed: [0.0; 2],
                });
                count += 1;
                count - 1
            })
        });
        tracks.push(numbers.collect());
    }
    tracks
}

impl End {
    fn go_on(&mut self, sight: &Sight, time: f64) {
        let passed = (time - self.time).max(1e-3);
        let ([x0, y0], [x1, y1]) = (self.last.rect.middle(), sight.rect.middle());
        self.speed = [(x1 - x0) / passed, (y1 - y0) / passed];
        (self.last, self.time) = (sight.clone(), time);
    }

    /// Where its box is expected.
    fn expected(&self, time: f64) -> Rect<f64> {
        let [across, down] = self.speed.map(|speed| speed * (time - self.time));
        self.last.rect.shift(across, down)
    }
}

/// How well a detection goes on a track; `None` where it cannot be the same.
fn affinity(end: &End, sight: &Sight, time: f64) -> Option<f64> {
    let expected = end.expected(time);
    let stays = end.last.mask.iou(&sight.mask).unwrap_or(0.0);
    let overlap = stays.max(expected.iou(sight.rect));
    let likeness = end.last.looks.likeness(&sight.looks);
    let score = overlap + likeness;
    if overlap >= OVERLAP {
        return (likeness >= UNLIKE).then_some(score);
    }
    let ([x, y], diagonal) = (sight.rect.middle(), diagonal(end.last.rect));
    let far = |rect: Rect<f64>| {
        let [own_x, own_y] = rect.middle();
        (own_x - x).hypot(own_y - y) / diagonal
    };
    let growth = sight.rect.area() / end.last.rect.area().max(1.0);
    let same_size = (1.0 / GROWTH..=GROWTH).contains(&growth);
    let near = far(expected).min(far(end.last.rect)) <= NEAR;
    (near && same_size && likeness >= ALIKE).then_some(score)
}

fn diagonal(rect: Rect<f64>) -> f64 {
    rect.width().hypot(rect.height()).max(1.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;
    use image::Rgb;
    use vision::RgbImage;
    use vision::mask::Mask;

    const RED: [u8; 3] = [210, 40, 30];
    const BLUE: [u8; 3] = [30, 60, 200];

    /// A character of one colour, 20 wide and 40 high, in a frame of 200x100.
    fn sight(left: u32, colour: [u8; 3]) -> Sight {
        let rect = Rect::from([left, 30, left + 20, 70]);
        let inside = |x, y| rect.holds(Rect::from([x, y, x + 1, y + 1]));
        let mask = Mask::from_fn(200, 100, inside).unwrap();
        let image = RgbImage::from_pixel(200, 100, Rgb(colour));
        Sight {
            rect: rect.map(f64::from),
            mask: Rle::encode(&mask),
            looks: Looks::of(&image, &mask),
        }
    }

    fn linked(frames: &[&[(u32, [u8; 3])]], gap: f64) -> Vec<Vec<usize>> {
        let frames: Vec<(f64, Vec<Sight>)> = { frames.iter().enumerate() }
            .map(|(at, sights)| {
                let sights = sights.iter().map(|(left, colour)| sight(*left, *colour));
                (at as f64 * 0.25, sights.collect())
            })
            .collect();
        link(&frames, gap)
    }

    #[test]
    fn who_walks_faster_than_wide_is_one_track_by_colour() {
        let tracks = linked(&[&[(10, RED)], &[(40, RED)], &[(70, RED)]], 2.0);
        assert_eq!(tracks, [[0], [0], [0]]);
        let tracks = linked(&[&[(10, RED)], &[(40, BLUE)]], 2.0);
        assert_eq!(tracks, [[0], [1]], "another colour");
        let tracks = linked(&[&[(10, RED)], &[(90, RED)]], 2.0);
        assert_eq!(tracks, [[0], [1]], "too far");
    }

    #[test]
    fn two_who_cross_keep_their_numbers() {
        let tracks = linked(
            &[
                &[(60, RED), (100, BLUE)],
                &[(72, RED), (88, BLUE)],
                &[(84, RED), (76, BLUE)],
                &[(64, BLUE), (96, RED)],
            ],
            2.0,
        );
        assert_eq!(tracks, [[0, 1], [0, 1], [0, 1], [1, 0]]);
    }

    #[test]
    fn who_was_lost_is_found_again_where_the_movement_leads() {
        // 40 pixels to the right each frame, from the second to the fourth unseen.
        let tracks = linked(&[&[(10, RED)], &[(30, RED)], &[], &[(70, RED)]], 2.0);
        assert_eq!(tracks[3], [0]);
        let tracks = linked(&[&[(10, RED)], &[(30, RED)], &[], &[(70, RED)]], 0.3);
        assert_eq!(tracks[3], [1], "after more than the gap");
    }

    #[test]
    fn of_two_alike_the_one_that_overlaps_goes_on() {
        let tracks = linked(&[&[(10, RED)], &[(30, RED), (12, RED)]], 2.0);
        assert_eq!(tracks, [vec![0], vec![1, 0]]);
    }
}
