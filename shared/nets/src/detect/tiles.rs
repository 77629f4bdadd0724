//! Parts of an image that are looked at for themselves, so that small figures fill more of the
//! network's input.

use vision::Rect;

use crate::nms::{Area, nms};

use super::Detection;

/// The share of a tile that its neighbour shows as well: what is smaller is whole in one of them.
const COMMON: f64 = 0.25;

/// The most tiles along a side. An image a thousand times as long as wide would have thousands.
const MOST: f64 = 8.0;

/// The share of its side within which a box at a tile's inner edge counts as cut off by it.
const EDGE: f32 = 0.02;

/// The share of a tile's box that makes it a part of a figure that the whole image showed.
const PART: f32 = 0.8;

/// Square tiles of an image of `width` x `height`, row by row: `count` along its shorter side, as
/// many as it takes along the longer one, each showing at least a quarter of its neighbour.
pub(super) fn tiles(width: u32, height: u32, count: u32) -> Vec<Rect> {
    if count == 0 {
        return Vec::new();
    }
    let (short, long) = (f64::from(width.min(height)), f64::from(width.max(height)));
    let count = f64::from(count).min(MOST);
    let side = short / (count - (count - 1.0) * COMMON);
    let side = side.max(long / (MOST - (MOST - 1.0) * COMMON)).ceil();
    let (across, down) = (spread(width, side), spread(height, side));
    let tile = Rect::whole((side as u32).min(width), (side as u32).min(height));
    let tiles = down
        .iter()
        .flat_map(|y| across.iter().map(move |x| tile.shift(*x, *y)));
    tiles
        .filter(|tile| (tile.width(), tile.height()) != (width, height))
        .collect()
}

/// Where tiles of `side` begin so that they cover `whole` evenly.
fn spread(whole: u32, side: f64) -> Vec<u32> {
    let free = f64::from(whole) - side;
    if free <= 0.0 {
        return vec![0];
    }
    let gaps = (free / (side * (1.0 - COMMON))).ceil() as u32;
    (0..=gaps)
        .map(|place| (free * f64::from(place) / f64::from(gaps)).round() as u32)
        .collect()
}

/// Whether a box in the image's pixels touches an edge of the tile inside the image: what it is of
/// goes on beyond, and a neighbour or the whole image shows it better.
pub(super) fn cuts(tile: Rect, rect: Rect<f32>, width: u32, height: u32) -> bool {
    let margin = EDGE * tile.width().max(tile.height()) as f32;
    let own = tile.map(|edge| edge as f32);
    (tile.left > 0 && rect.left < own.left + margin)
        || (tile.top > 0 && rect.top < own.top + margin)
        || (tile.right < width && rect.right > own.right - margin)
        || (tile.bottom < height && rect.bottom > own.bottom - margin)
}

/// What `whole` shows and, where it shows nothing there, what `tiles` do.
pub(super) fn merge(
    whole: Vec<Detection>,
    tiles: Vec<Detection>,
    threshold: f32,
) -> Vec<Detection> {
    let part_of = |small: &Detection, large: &Detection| {
        small.label == large.label && within(small.rect, large.rect) > PART
    };
    let news: Vec<_> = tiles
        .into_iter()
        .filter(|small| !whole.iter().any(|large| part_of(small, large)))
        .collect();
    let all: Vec<_> = whole.into_iter().chain(news).collect();
    suppress(all, threshold)
}

/// Suppresses boxes of one label by each other.
fn suppress(all: Vec<Detection>, threshold: f32) -> Vec<Detection> {
    let mut labels: Vec<&str> = all.iter().map(|found| found.label.as_str()).collect();
    labels.sort_unstable();
    labels.dedup();
    let mut kept = Vec::new();
    for label in labels {
        let places: Vec<usize> = (0..all.len())
            .filter(|place| all[*place].label == label)
            .collect();
        let boxes: Vec<_> = places.iter().map(|place| all[*place].rect).collect();
        let scores: Vec<_> = places.iter().map(|place| all[*place].score).collect();
        let best = nms(&boxes, &scores, threshold, Area::PlusOne);
        kept.extend(best.into_iter().map(|place| places[place]));
    }
    kept.sort_unstable();
    kept.into_iter().map(|place| all[place].clone()).collect()
}

/// The share of `small` that lies in `large`.
fn within(small: Rect<f32>, large: Rect<f32>) -> f32 {
    let area = small.area();
    if area > 0.0 {
        small.intersection(large).area() / area
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_the_image_and_overlap() {
        for (width, height) in [(1920, 1080), (640, 640), (7, 5), (1, 1000), (333, 4001)] {
            for count in 1..4 {
                let tiles = tiles(width, height, count);
                assert!(tiles.len() <= 64, "{width}x{height}: {}", tiles.len());
                for tile in &tiles {
                    assert!(!tile.is_empty() && Rect::whole(width, height).holds(*tile));
                }
                let shows = |x: u32, y: u32| {
                    { tiles.iter() }
                        .any(|tile| tile.columns().contains(&x) && tile.rows().contains(&y))
                };
                let all = (0..height).all(|y| (0..width).step_by(13).all(|x| shows(x, y)));
                assert!(all || tiles.is_empty(), "{width}x{height} by {count}");
            }
        }
    }

    #[test]
    fn a_wide_frame_has_eight_tiles_at_two() {
        let tiles = tiles(1920, 1080, 2);
        assert_eq!(tiles.len(), 8);
        // 1080 / 1.75
        assert_eq!(tiles[0], Rect::whole(618, 618));
        assert_eq!(tiles[7], Rect::from([1920 - 618, 1080 - 618, 1920, 1080]));
        assert!(super::tiles(1920, 1080, 0).is_empty());
        assert!(super::tiles(640, 640, 1).is_empty(), "the image itself");
    }

    fn found(edges: [f32; 4], score: f32) -> Detection {
        Detection {
            rect: edges.into(),
            score,
            label: "person".to_owned(),
            second: None,
        }
    }

    #[test]
    fn a_tile_adds_only_what_the_whole_did_not_show() {
        let whole = vec![found([0.0, 0.0, 100.0, 200.0], 0.6)];
        let head = found([20.0, 0.0, 80.0, 60.0], 0.9);
        let far = found([300.0, 10.0, 312.0, 40.0], 0.5);
        let again = found([301.0, 10.0, 312.0, 41.0], 0.4);
        let merged = merge(whole.clone(), vec![head, far.clone(), again], 0.5);
        assert_eq!(merged, [whole[0].clone(), far]);
    }

    #[test]
    fn only_inner_edges_cut() {
        let tile = Rect::from([0, 50, 100, 150]);
        let cuts = |edges: [f32; 4]| cuts(tile, edges.into(), 300, 150);
        assert!(!cuts([0.0, 60.0, 50.0, 120.0]), "the image's own edge");
        assert!(cuts([0.0, 51.0, 50.0, 120.0]));
        assert!(cuts([40.0, 60.0, 99.0, 150.0]));
        assert!(!cuts([40.0, 60.0, 97.0, 150.0]));
    }
}
