//! From a map of how likely each pixel is in a line to the lines: `DBPostProcess` of `PaddleOCR` and `RapidOCR`.

use anyhow::{Result, ensure};
use image::{GrayImage, Luma};
use imageproc::contours::find_contours;
use imageproc::point::Point;
use serde::{Deserialize, Serialize};
use vision::Rect;

use super::rectangle::Rectangle;

/// A pixel over this is in the core of a line (`thresh`).
const CORE: f32 = 0.3;

/// As many outlines are looked at (`max_candidates`).
const MOST: usize = 1000;

/// The least shorter side of the core of a line (`min_size`), in pixels of the map; grown, 2 more.
const LEAST: f64 = 3.0;

/// By how much of its area over its perimeter a core grows to the whole line (`unclip_ratio` of `PP-OCR`'s
/// configurations).
const GROWTH: f64 = 1.5;

/// Lines are longer and higher than this, in pixels of the image (`filter_tag_det_res`).
const THIN: f64 = 3.0;

/// A line of text, or a part of one with space around it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The box that holds it, in pixels of the image, within it.
    #[serde(rename = "box")]
    pub rect: Rect<f32>,
    /// The mean of the map in its core, 0 to 1.
    pub score: f32,
}

/// What the network gives.
#[derive(Debug, Clone, Copy)]
pub struct Map<'a> {
    /// How likely each pixel is in the core of a line, 0 to 1, row by row.
    pub scores: &'a [f32],
    /// Columns and rows.
    pub size: [u32; 2],
}

/// The lines of a map with a score of at least `threshold`, from top to bottom, in pixels of an image of this
/// width and height.
///
/// The core of a line, or the hole in one, is taken for the smallest rectangle around it, which need not be
/// upright, and grows on all sides. That is what a rectangle grown with round corners has for its own smallest
/// rectangle: the references go through a polygon clipper, which rounds to whole pixels.
///
/// # Errors
/// A number of scores other than that of the pixels; scores that are not finite.
pub fn decode(map: &Map<'_>, image: [u32; 2], threshold: f32) -> Result<Vec<Found>> {
    let [columns, rows] = map.size;
    ensure!(
        map.scores.len() == columns as usize * rows as usize,
        "a map of {} numbers for {columns}x{rows} pixels",
        map.scores.len()
    );
    ensure!(
        map.scores.iter().all(|score| score.is_finite()),
        "a map with numbers that are not finite"
    );
    let at = |x: u32, y: u32| map.scores[y as usize * columns as usize + x as usize];
    let bits = GrayImage::from_fn(columns, rows, |x, y| {
        Luma([u8::from(at(x, y) > CORE) * 255])
    });
    let outlines = find_contours::<i32>(&bits);
    let found = outlines
        .into_iter()
        .take(MOST)
        .filter_map(|outline| line(map, &outline.points, image, threshold));
    let mut found: Vec<Found> = found.collect();
    let key = |found: &Found| (found.rect.top, found.rect.left);
    found.sort_by(|a, b| {
        let ((top, left), (other_top, other_left)) = (key(a), key(b));
        top.total_cmp(&other_top).then(left.total_cmp(&other_left))
    });
    Ok(found)
}

/// The line whose core, or a hole in it, has this outline.
fn line(
    map: &Map<'_>,
    outline: &[Point<i32>],
    [width, height]: [u32; 2],
    threshold: f32,
) -> Option<Found> {
    let core = Rectangle::around(outline)?;
    if core.shorter() < LEAST {
        return None;
    }
    let score = mean(map, &core);
    if score < threshold {
        return None;
    }
    let line = core.grown(GROWTH * core.area() / core.perimeter());
    if line.shorter() < LEAST + 2.0 {
        return None;
    }
    let [across, down] = [
        f64::from(width) / f64::from(map.size[0]),
        f64::from(height) / f64::from(map.size[1]),
    ];
    // The references cut corners to the last pixel, so that a box that ends there is one pixel short.
    let corners = line.corners().map(|[x, y]| {
        [
            (x * across).round().clamp(0.0, f64::from(width) - 1.0),
            (y * down).round().clamp(0.0, f64::from(height) - 1.0),
        ]
    });
    let length = |from: [f64; 2], to: [f64; 2]| (from[0] - to[0]).hypot(from[1] - to[1]).trunc();
    if length(corners[0], corners[1]) <= THIN || length(corners[1], corners[2]) <= THIN {
        return None;
    }
    let [left, top, right, bottom] = bounds(&corners);
    Some(Found {
        rect: Rect {
            left: left as f32,
            top: top as f32,
            right: right as f32,
            bottom: bottom as f32,
        },
        score,
    })
}

/// Left, top, right and bottom of four corners.
fn bounds(corners: &[[f64; 2]; 4]) -> [f64; 4] {
    let all = |axis: usize, pick: fn(f64, f64) -> f64| {
        let places = corners.iter().map(|corner| corner[axis]);
        places.reduce(pick).unwrap_or_default()
    };
    [
        all(0, f64::min),
        all(1, f64::min),
        all(0, f64::max),
        all(1, f64::max),
    ]
}

/// The mean of the map in a rectangle, edges included; its corners are cut to whole pixels (`box_score_fast`).
fn mean(map: &Map<'_>, core: &Rectangle) -> f32 {
    let [columns, rows] = map.size.map(f64::from);
    let corners = core.corners();
    let [left, top, ..] = bounds(&corners);
    let [left, top] = [
        left.floor().clamp(0.0, columns - 1.0),
        top.floor().clamp(0.0, rows - 1.0),
    ];
    // Relative to the corner of their bounds, as the reference cuts them there.
    let corners = corners.map(|[x, y]| [left + (x - left).trunc(), top + (y - top).trunc()]);
    let [_, first, _, last] = bounds(&corners);
    let (mut sum, mut count) = (0.0, 0_u32);
    for row in first.max(0.0) as u32..=last.clamp(0.0, rows - 1.0) as u32 {
        let Some([from, to]) = span(&corners, f64::from(row)) else {
            continue;
        };
        for column in from.max(0.0) as u32..=to.clamp(0.0, columns - 1.0) as u32 {
            sum += f64::from(map.scores[row as usize * columns as usize + column as usize]);
            count += 1;
        }
    }
    if count == 0 {
        0.0
    } else {
        (sum / f64::from(count)) as f32
    }
}

/// The pixels of a row that a convex quadrilateral with corners at whole pixels covers, from the first to the last: what
/// lies between its sides in the middle of the row, and the lines of the sides themselves (`fillPoly` of `OpenCV`).
fn span(corners: &[[f64; 2]; 4], row: f64) -> Option<[f64; 2]> {
    let mut met: Option<[f64; 2]> = None;
    let mut add = |first: f64, last: f64| {
        met = Some(met.map_or([first, last], |[least, most]| {
            [least.min(first), most.max(last)]
        }));
    };
    for (number, from) in corners.iter().enumerate() {
        let to = corners[(number + 1) % 4];
        let (top, bottom) = (from[1].min(to[1]), from[1].max(to[1]));
        if bottom <= top {
            if (row - top).abs() < f64::EPSILON {
                add(from[0].min(to[0]), from[0].max(to[0]));
            }
            continue;
        }
        let at = |y: f64| from[0] + (to[0] - from[0]) * (y - from[1]) / (to[1] - from[1]);
        if row >= top && row <= bottom {
            let middle = at(row).round();
            add(middle, middle);
        }
        let (upper, lower) = (top.max(row - 0.5), bottom.min(row + 0.5));
        if upper <= lower {
            let (one, other) = (at(upper), at(lower));
            let (first, last) = (one.min(other).ceil(), one.max(other).floor());
            if first <= last {
                add(first, last);
            }
        }
    }
    met
}
