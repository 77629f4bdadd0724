//! Limbs and joints as pixels.

use vision::RgbImage;

use crate::colours::{Colour, Place, Stroke};

/// Draws into `image`; limbs are ellipses of this half width in pixels, as `OpenPose` draws them, and
/// joints discs of this radius.
pub(crate) fn draw(image: &mut RgbImage, strokes: &[Stroke], half: f64) {
    for stroke in strokes {
        match *stroke {
            Stroke::Limb(from, to, colour) => ellipse(image, from, to, half, colour),
            Stroke::Joint(place, colour) => disc(image, place, half, colour),
        }
    }
}

/// An ellipse from one place to another; of two places nearer than its width a disc between them.
fn ellipse(image: &mut RgbImage, from: Place, to: Place, half: f64, colour: Colour) {
    let middle = [0, 1].map(|axis| from[axis].midpoint(to[axis]));
    let (along_x, along_y) = (to[0] - from[0], to[1] - from[1]);
    let length = along_x.hypot(along_y);
    if length <= 2.0 * half {
        return disc(image, middle, half, colour);
    }
    let (cos, sin) = (along_x / length, along_y / length);
    fill(image, middle, length / 2.0, colour, |x, y| {
        let along = (x * cos + y * sin) / (length / 2.0);
        let across = (y * cos - x * sin) / half;
        along.hypot(across) <= 1.0
    });
}

fn disc(image: &mut RgbImage, middle: Place, radius: f64, colour: Colour) {
    fill(image, middle, radius, colour, |x, y| x.hypot(y) <= radius);
}

/// Fills the pixels whose middle, seen from `middle`, is `inside`; none is farther than `reach`.
fn fill(
    image: &mut RgbImage,
    middle: Place,
    reach: f64,
    colour: Colour,
    inside: impl Fn(f64, f64) -> bool,
) {
    let (width, height) = image.dimensions();
    let span = |at: f64, most: u32| {
        let place = |edge: f64| edge.clamp(0.0, f64::from(most)) as u32;
        place((at - reach).floor())..place((at + reach).ceil() + 1.0)
    };
    for y in span(middle[1], height) {
        for x in span(middle[0], width) {
            let away = [
                f64::from(x) + 0.5 - middle[0],
                f64::from(y) + 0.5 - middle[1],
            ];
            if inside(away[0], away[1]) {
                image.get_pixel_mut(x, y).0 = colour;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: Colour = [255, 0, 0];

    fn drawn(stroke: Stroke) -> RgbImage {
        let mut image = RgbImage::new(40, 20);
        draw(&mut image, &[stroke], 2.0);
        image
    }

    fn reds(image: &RgbImage) -> usize {
        image.pixels().filter(|pixel| pixel.0 == RED).count()
    }

    #[test]
    fn a_limb_is_an_ellipse_between_its_joints() {
        let image = drawn(Stroke::Limb([5.0, 10.0], [35.0, 10.0], RED));
        assert_eq!(image.get_pixel(20, 11).0, RED);
        assert_eq!(
            image.get_pixel(20, 13).0,
            [0; 3],
            "2 pixels to either side of it"
        );
        assert_eq!(image.get_pixel(5, 11).0, [0; 3], "it is thin at its ends");
        // Pi times half the axes, 15 and 2.
        assert!((85..=103).contains(&reds(&image)), "{}", reds(&image));
        let turned = drawn(Stroke::Limb([12.0, 2.0], [28.0, 18.0], RED));
        assert_eq!(turned.get_pixel(15, 5).0, RED);
        assert_eq!(turned.get_pixel(25, 5).0, [0; 3]);
    }

    #[test]
    fn what_is_outside_of_the_image_is_cut() {
        for place in [[-1.0, 10.0], [39.9, -0.5], [1e12, 1e12], [-1e12, 3.0]] {
            let image = drawn(Stroke::Joint(place, RED));
            assert!(reds(&image) < 13, "{place:?}");
        }
        let image = drawn(Stroke::Limb([-100.0, 10.0], [140.0, 10.0], RED));
        assert_eq!(image.get_pixel(0, 10).0, RED);
    }

    #[test]
    fn joints_in_one_place_are_a_disc() {
        let image = drawn(Stroke::Limb([20.0, 10.0], [20.0, 10.0], RED));
        assert_eq!(image, drawn(Stroke::Joint([20.0, 10.0], RED)));
        assert_eq!(reds(&image), 12);
    }
}
