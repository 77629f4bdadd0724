//! The largest part of an image that has no box in it.

use vision::Rect;

/// Of more boxes than this, those that lie nearest are taken for one: every side of every box is tried.
const MOST: usize = 12;

/// The largest rectangle within `width` and `height` pixels that overlaps none of the boxes; an empty one where
/// they cover all. Of equal ones, the first from the left and the top.
pub(crate) fn clear([width, height]: [u32; 2], boxes: &[Rect]) -> Rect {
    let whole = Rect::whole(width, height);
    let mut boxes: Vec<Rect> = boxes.iter().map(|one| one.clip(width, height)).collect();
    boxes.retain(|one| !one.is_empty());
    while boxes.len() > MOST {
        boxes = joined(boxes);
    }
    let sides = |edge: u32, of: fn(&Rect) -> u32| {
        let mut sides: Vec<u32> = boxes.iter().map(of).chain([edge]).collect();
        sides.sort_unstable();
        sides.dedup();
        sides
    };
    let (lefts, tops) = (sides(0, |one| one.right), sides(0, |one| one.bottom));
    let (rights, bottoms) = (sides(width, |one| one.left), sides(height, |one| one.top));
    let mut best = Rect {
        right: 0,
        bottom: 0,
        ..whole
    };
    for left in &lefts {
        for top in &tops {
            for right in rights.iter().filter(|right| *right > left) {
                for bottom in bottoms.iter().filter(|bottom| *bottom > top) {
                    let part = Rect::from([*left, *top, *right, *bottom]);
                    if part.area() > best.area() && !boxes.iter().any(|one| one.overlaps(part)) {
                        best = part;
                    }
                }
            }
        }
    }
    best
}

/// The boxes with two of them, those whose common box adds the least area, taken for one.
fn joined(mut boxes: Vec<Rect>) -> Vec<Rect> {
    let added = |one: Rect, other: Rect| {
        let apart = one.area() + other.area();
        // Less than nothing where they overlap.
        one.around(other).area().cast_signed() - apart.cast_signed()
    };
    let pairs = (0..boxes.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
    let nearest = pairs.min_by_key(|(one, other)| added(boxes[*one], boxes[*other]));
    if let Some((one, other)) = nearest {
        let last = boxes.swap_remove(one);
        boxes[other] = boxes[other].around(last);
    }
    boxes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(boxes: &[[u32; 4]]) -> [u32; 4] {
        let boxes: Vec<Rect> = boxes.iter().map(|edges| Rect::from(*edges)).collect();
        clear([100, 50], &boxes).edges()
    }

    #[test]
    fn what_is_above_a_subtitle_and_below_a_logo_remains() {
        assert_eq!(of(&[]), [0, 0, 100, 50]);
        assert_eq!(of(&[[30, 42, 70, 48]]), [0, 0, 100, 42]);
        // 100 x 36 between both; 84 x 42 beside the logo is less.
        assert_eq!(of(&[[30, 42, 70, 48], [84, 2, 98, 6]]), [0, 6, 100, 42]);
        // 84 x 42 beside a higher logo is more than 100 x 32.
        assert_eq!(of(&[[30, 42, 70, 48], [84, 2, 98, 10]]), [0, 0, 84, 42]);
    }

    #[test]
    fn nothing_remains_where_all_is_covered() {
        assert_eq!(of(&[[0, 0, 100, 50]]), [0, 0, 0, 0]);
        assert_eq!(of(&[[0, 0, 200, 25], [0, 25, 100, 90]]), [0, 0, 0, 0]);
    }

    #[test]
    fn many_boxes_are_one() {
        let many: Vec<[u32; 4]> = (0..20).map(|n| [n * 5, 40, n * 5 + 4, 45]).collect();
        assert_eq!(of(&many), [0, 0, 100, 40]);
    }

    #[test]
    fn a_logo_above_many_lines_stays_apart_from_them() {
        let lines = (0..12).map(|n| [n * 8, 40, n * 8 + 6, 45]);
        let many: Vec<[u32; 4]> = [[70, 2, 98, 6]].into_iter().chain(lines).collect();
        assert_eq!(of(&many), [0, 6, 100, 40]);
    }
}
