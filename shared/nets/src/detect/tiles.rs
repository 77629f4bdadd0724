//! Parts of an image that are looked at for themselves, so that small figures fill more of the
//! network's input.

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

/// A part of an image, in whole pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tile {
    pub(super) x: u32,
    pub(super) y: u32,
    pub(super) width: u32,
    pub(super) height: u32,
}

/// Square tiles of an image of `width` x `height`, row by row: `count` along its shorter side, as
/// many as it takes along the longer one, each showing at least a quarter of its neighbour.
pub(super) fn tiles(width: u32, height: u32, count: u32) -> Vec<Tile> {
    if count == 0 {
        return Vec::new();
    }
    let (short, long) = (f64::from(width.min(height)), f64::from(width.max(height)));
    let count = f64::from(count).min(MOST);
    let side = short / (count - (count - 1.0) * COMMON);
    let side = side.max(long / (MOST - (MOST - 1.0) * COMMON)).ceil();
    let (across, down) = (spread(width, side), spread(height, side));
    let tile = |x: u32, y: u32| Tile {
        x,
        y,
        width: (side as u32).min(width),
        height: (side as u32).min(height),
    };
    let tiles = down
        .iter()
        .flat_map(|y| across.iter().map(move |x| tile(*x, *y)));
    tiles
        .filter(|tile| (tile.width, tile.height) != (width, height))
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

impl Tile {
    /// Whether a box in the image's pixels touches an edge of the tile inside the image: what
    /// it is of goes on beyond, and a neighbour or the whole image shows it better.
    pub(super) fn cuts(self, corners: [f32; 4], width: u32, height: u32) -> bool {
        let margin = EDGE * self.width.max(self.height) as f32;
        let (right, bottom) = (self.x + self.width, self.y + self.height);
        let (left, top) = (self.x as f32, self.y as f32);
        (self.x > 0 && corners[0] < left + margin)
            || (self.y > 0 && corners[1] < top + margin)
            || (right < width && corners[2] > right as f32 - margin)
            || (bottom < height && corners[3] > bottom as f32 - margin)
    }
}

/// What `whole` shows and, where it shows nothing there, what `tiles` do.
pub(super) fn merge(
    whole: Vec<Detection>,
    tiles: Vec<Detection>,
    threshold: f32,
) -> Vec<Detection> {
    let part_of = |small: &Detection, large: &Detection| {
        small.label == large.label && within(small.corners, large.corners) > PART
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
        let boxes: Vec<_> = places.iter().map(|place| all[*place].corners).collect();
        let scores: Vec<_> = places.iter().map(|place| all[*place].score).collect();
        let best = nms(&boxes, &scores, threshold, Area::PlusOne);
        kept.extend(best.into_iter().map(|place| places[place]));
    }
    kept.sort_unstable();
    kept.into_iter().map(|place| all[place].clone()).collect()
}

/// The share of `small` that lies in `large`.
fn within(small: [f32; 4], large: [f32; 4]) -> f32 {
    let across = small[2].min(large[2]) - small[0].max(large[0]);
    let down = small[3].min(large[3]) - small[1].max(large[1]);
    let area = (small[2] - small[0]) * (small[3] - small[1]);
    if area > 0.0 {
        across.max(0.0) * down.max(0.0) / area
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_cover_the_picture_and_overlap() {
        for (width, height) in [(1920, 1080), (640, 640), (7, 5), (1, 1000), (333, 4001)] {
            for count in 1..4 {
                let tiles = tiles(width, height, count);
                assert!(tiles.len() <= 64, "{width}x{height}: {}", tiles.len());
                for tile in &tiles {
                    assert!(tile.width > 0 && tile.height > 0);
                    assert!(tile.x + tile.width <= width && tile.y + tile.height <= height);
                }
                let shows = |x: u32, y: u32| {
                    tiles.iter().any(|tile| {
                        (tile.x..tile.x + tile.width).contains(&x)
                            && (tile.y..tile.y + tile.height).contains(&y)
                    })
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
        assert_eq!((tiles[0].width, tiles[0].height), (618, 618));
        assert_eq!((tiles[7].x, tiles[7].y), (1920 - 618, 1080 - 618));
        assert!(super::tiles(1920, 1080, 0).is_empty());
        assert!(super::tiles(640, 640, 1).is_empty(), "the image itself");
    }

    fn found(corners: [f32; 4], score: f32) -> Detection {
        Detection {
            corners,
            score,
            label: "person".to_owned(),
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
        let tile = Tile {
            x: 0,
            y: 50,
            width: 100,
            height: 100,
        };
        assert!(
            !tile.cuts([0.0, 60.0, 50.0, 120.0], 300, 150),
            "the image's own edge"
        );
        assert!(tile.cuts([0.0, 51.0, 50.0, 120.0], 300, 150));
        assert!(tile.cuts([40.0, 60.0, 99.0, 150.0], 300, 150));
        assert!(!tile.cuts([40.0, 60.0, 97.0, 150.0], 300, 150));
    }
}
