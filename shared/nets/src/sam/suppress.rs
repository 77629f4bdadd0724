//! Of masks that lie on each other, the best.

/// A box whose right and bottom are the last column and row inside, as the references have them.
pub(super) type Edges = [f32; 4];

/// The places of the boxes that stay, best first: `torchvision.ops.nms`. A box goes if its
/// intersection over union with a better one that stays is over `threshold`; of equal scores the
/// first is the better.
pub(super) fn suppress(boxes: &[Edges], scores: &[f32], threshold: f32) -> Vec<usize> {
    let mut order: Vec<usize> = (0..boxes.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    let mut kept: Vec<usize> = Vec::new();
    for at in order {
        let hides = |better: &usize| overlap(boxes[*better], boxes[at]) > threshold;
        if !kept.iter().any(hides) {
            kept.push(at);
        }
    }
    kept
}

/// Intersection over union; not a number for two boxes without area, which does not suppress.
fn overlap(a: Edges, b: Edges) -> f32 {
    let area = |[left, top, right, bottom]: Edges| (right - left) * (bottom - top);
    let width = (a[2].min(b[2]) - a[0].max(b[0])).max(0.0);
    let height = (a[3].min(b[3]) - a[1].max(b[1])).max(0.0);
    let both = width * height;
    both / (area(a) + area(b) - both)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_of_two_stays() {
        let boxes = [
            [0.0, 0.0, 10.0, 10.0],
            [0.0, 0.0, 10.0, 9.0],
            [20.0, 0.0, 30.0, 10.0],
            // Two points: no area, no overlap.
            [5.0, 5.0, 5.0, 5.0],
            [5.0, 5.0, 5.0, 5.0],
        ];
        let scores = [0.8, 0.9, 0.7, 0.6, 0.6];
        assert_eq!(suppress(&boxes, &scores, 0.7), [1, 2, 3, 4]);
        assert_eq!(
            suppress(&boxes, &scores, 0.9),
            [1, 0, 2, 3, 4],
            "0.9 is not over 0.9"
        );
    }
}
