//! What was found in an image, drawn over it.

use geometry::skeleton::{JOINTS, Side};
use geometry::{MaskShape, Rect, Skeleton};
use image::Rgb;
use vision::mask::Mask;
use vision::resize::{PilFilter, pil_luma};
use vision::{Result, RgbImage};

/// What to draw over an image; positions are in pixels of the image itself.
#[derive(Debug, Clone)]
pub enum Over {
    /// The pixels of a mask, tinted.
    Mask(MaskShape),
    /// Those that are not transparent, tinted, where any are.
    Transparency,
    /// Joints of a skeleton, column, row and score, and the bones between them.
    KeyPoints(Vec<[f64; 3]>, Skeleton),
    /// A box.
    Box(Rect<f64>),
}

/// Colour of masks and boxes.
const TINT: [u8; 3] = [255, 32, 110];
/// The share of it in a tinted pixel.
const SHARE: f64 = 0.45;
/// A joint below this score is not drawn: the threshold of COCO's own drawings of key points.
const SEEN: f64 = 0.3;
/// No line goes further beyond the image, in pixels.
const FAR: f64 = 1e5;

/// Bones by COCO's joints: face, arms, body, legs.
const BONES: [(usize, usize, Rgb<u8>); 16] = [
    (0, 1, Rgb([255, 220, 60])),
    (0, 2, Rgb([255, 220, 60])),
    (1, 3, Rgb([255, 220, 60])),
    (2, 4, Rgb([255, 220, 60])),
    (5, 6, Rgb([240, 240, 240])),
    (5, 7, Rgb([60, 220, 90])),
    (7, 9, Rgb([60, 220, 90])),
    (6, 8, Rgb([255, 140, 40])),
    (8, 10, Rgb([255, 140, 40])),
    (5, 11, Rgb([240, 240, 240])),
    (6, 12, Rgb([240, 240, 240])),
    (11, 12, Rgb([240, 240, 240])),
    (11, 13, Rgb([60, 160, 255])),
    (13, 15, Rgb([60, 160, 255])),
    (12, 14, Rgb([220, 80, 255])),
    (14, 16, Rgb([220, 80, 255])),
];

/// Of an animal what is in the middle, on its left, and on its right.
const OF_SIDES: [Rgb<u8>; 3] = [
    Rgb([240, 240, 240]),
    Rgb([60, 220, 90]),
    Rgb([255, 140, 40]),
];

/// The bones of a skeleton, with their colours.
fn bones(skeleton: Skeleton) -> Vec<(usize, usize, Rgb<u8>)> {
    if skeleton.is_coco() {
        return BONES.to_vec();
    }
    let coloured = |[from, to]: &[usize; 2]| {
        let colour = match skeleton.side(*to) {
            Side::Middle => OF_SIDES[0],
            Side::Left => OF_SIDES[1],
            Side::Right => OF_SIDES[2],
        };
        (*from, *to, colour)
    };
    skeleton.bones().iter().map(coloured).collect()
}

/// Tints the pixels of a mask, which is of the size of the image before it was made small.
pub(crate) fn mask(image: &mut RgbImage, mask: &Mask) -> Result<()> {
    let (width, height) = image.dimensions();
    let levels = pil_luma(&mask.to_luma(), width, height, PilFilter::Bilinear)?;
    for (pixel, level) in image.pixels_mut().zip(levels.pixels()) {
        let share = SHARE * f64::from(level.0[0]) / 255.0;
        for (channel, tint) in pixel.0.iter_mut().zip(TINT) {
            let mixed = f64::from(*channel) * (1.0 - share) + f64::from(tint) * share;
            *channel = mixed.round() as u8;
        }
    }
    Ok(())
}

/// Draws the joints that are seen, and the bones between them.
pub(crate) fn key_points(
    image: &mut RgbImage,
    points: &[[f64; 3]],
    skeleton: Skeleton,
    scale: f64,
) {
    let seen = |at: usize| points.get(at).filter(|point| point[2] >= SEEN);
    let thick = (f64::from(image.width().max(image.height())) / 160.0).max(1.0);
    for (from, to, colour) in bones(skeleton) {
        if let (Some(from), Some(to)) = (seen(from), seen(to)) {
            let ends = [from, to].map(|point| [point[0] * scale, point[1] * scale]);
            line(image, ends, thick, colour);
        }
    }
    for point in points.iter().take(JOINTS).filter(|point| point[2] >= SEEN) {
        let at = [point[0] * scale, point[1] * scale];
        line(image, [at, at], 1.8 * thick, Rgb([255, 255, 255]));
    }
}

/// Draws the sides of a rectangle.
pub(crate) fn rectangle(image: &mut RgbImage, rect: Rect<f64>, scale: f64) {
    let [left, top, right, bottom] = rect.edges();
    let corners = [[left, top], [right, top], [right, bottom], [left, bottom]];
    let corners = corners.map(|corner| corner.map(|place| place * scale));
    for side in 0..4 {
        let ends = [corners[side], corners[(side + 1) % 4]];
        line(image, ends, 1.0, Rgb(TINT));
    }
}

/// Colours the pixels whose middle is within `thick` of a line; its ends may lie outside the image.
fn line(image: &mut RgbImage, [from, to]: [[f64; 2]; 2], thick: f64, colour: Rgb<u8>) {
    if ![from, to].iter().flatten().all(|place| place.is_finite()) {
        return;
    }
    let [from, to] = [from, to].map(|end| end.map(|place| place.clamp(-FAR, FAR)));
    let span = |axis: usize, length: u32| {
        let first = from[axis].min(to[axis]) - thick - 0.5;
        let last = from[axis].max(to[axis]) + thick + 0.5;
        let edge = f64::from(length);
        first.clamp(0.0, edge) as u32..last.ceil().clamp(0.0, edge) as u32
    };
    let along = [to[0] - from[0], to[1] - from[1]];
    let length = along[0] * along[0] + along[1] * along[1];
    for y in span(1, image.height()) {
        for x in span(0, image.width()) {
            let place = [f64::from(x) + 0.5 - from[0], f64::from(y) + 0.5 - from[1]];
            let dot = place[0] * along[0] + place[1] * along[1];
            let share = if length > 0.0 {
                (dot / length).clamp(0.0, 1.0)
            } else {
                0.0
            };
            let apart = [place[0] - share * along[0], place[1] - share * along[1]];
            if apart[0].hypot(apart[1]) <= thick {
                image.put_pixel(x, y, colour);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLACK: Rgb<u8> = Rgb([0, 0, 0]);

    #[test]
    fn a_mask_tints_what_is_inside_and_nothing_else() {
        let mut image = RgbImage::from_pixel(4, 2, Rgb([100, 100, 100]));
        // Twice as large as the image was made.
        let inside = Mask::from_fn(8, 4, |x, _| x < 4).unwrap();
        mask(&mut image, &inside).unwrap();
        assert_eq!(
            image.get_pixel(0, 0).0,
            [170, 69, 105],
            "100·0.55 + tint·0.45"
        );
        assert_eq!(image.get_pixel(3, 1).0, [100, 100, 100]);
    }

    #[test]
    fn bones_join_joints_that_are_seen() {
        let mut points = vec![[0.0, 0.0, 0.0]; 17];
        // An arm across the image, and a hand that no one is sure of.
        points[5] = [4.0, 20.0, 0.9];
        points[7] = [36.0, 20.0, 0.9];
        points[9] = [36.0, 60.0, 0.1];
        let mut image = RgbImage::from_pixel(20, 40, BLACK);
        key_points(&mut image, &points, Skeleton::Coco17, 0.5);
        assert_eq!(
            *image.get_pixel(10, 10),
            Rgb([60, 220, 90]),
            "the upper arm"
        );
        assert_eq!(*image.get_pixel(2, 9), Rgb([255, 255, 255]), "the shoulder");
        assert_eq!(*image.get_pixel(18, 20), BLACK, "no forearm");
    }

    #[test]
    fn an_animal_has_bones_of_its_own() {
        // Left shoulder and elbow: of a person these would be both shoulders.
        let mut points = vec![[0.0, 0.0, 0.0]; 17];
        points[5] = [4.0, 20.0, 0.9];
        points[6] = [36.0, 20.0, 0.9];
        let mut image = RgbImage::from_pixel(20, 40, BLACK);
        key_points(&mut image, &points, Skeleton::Ap10k17, 0.5);
        assert_eq!(*image.get_pixel(10, 10), OF_SIDES[1], "on the left");
    }

    #[test]
    fn what_lies_outside_the_image_is_cut_off() {
        let mut image = RgbImage::from_pixel(8, 8, BLACK);
        rectangle(&mut image, Rect::from([-1e12, -5.0, 4.0, 1e300]), 1.0);
        line(&mut image, [[f64::NAN, 0.0], [3.0, 3.0]], 1.0, Rgb(TINT));
        assert_eq!(*image.get_pixel(4, 4), Rgb(TINT), "its right side");
        assert_eq!(*image.get_pixel(1, 6), BLACK);
    }
}
