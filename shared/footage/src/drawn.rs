//! Films drawn without ffmpeg, for the tests of what is found in them.

use image::{Rgb, RgbImage, imageops};

use crate::figures::{Figures, Measure, SMALL, Small};

/// Images of the size at which frames are measured.
#[derive(Default)]
pub(crate) struct Film(Vec<RgbImage>);

/// An image of one gray.
pub(crate) fn plain(value: u8) -> RgbImage {
    testkit::flat(SMALL.0, SMALL.1, [value; 3])
}

fn scene(seed: u64) -> RgbImage {
    testkit::scene(SMALL.0, SMALL.1, seed)
}

fn mixed(a: &RgbImage, b: &RgbImage, share: f32) -> RgbImage {
    RgbImage::from_fn(SMALL.0, SMALL.1, |x, y| {
        let (a, b) = (a.get_pixel(x, y).0, b.get_pixel(x, y).0);
        let mix = |c: usize| f32::from(a[c]) + share * (f32::from(b[c]) - f32::from(a[c]));
        Rgb([0, 1, 2].map(|c| mix(c).round() as u8))
    })
}

impl Film {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A scene in which nothing moves.
    pub(crate) fn still(mut self, seed: u64, frames: usize) -> Self {
        self.0.extend(std::iter::repeat_n(scene(seed), frames));
        self
    }

    pub(crate) fn plain(mut self, value: u8, frames: usize) -> Self {
        self.0.extend(std::iter::repeat_n(plain(value), frames));
        self
    }

    /// A scene with another image over it: one frame for each share of that image.
    pub(crate) fn blended(mut self, seed: u64, over: RgbImage, shares: &[f32]) -> Self {
        let scene = scene(seed);
        self.0
            .extend(shares.iter().map(|&share| mixed(&scene, &over, share)));
        self
    }

    pub(crate) fn dissolve(self, from: u64, to: u64, frames: usize) -> Self {
        let shares: Vec<f32> = (0..frames)
            .map(|n| (n as f32 + 0.5) / frames as f32)
            .collect();
        self.blended(from, scene(to), &shares)
    }

    /// The light of a scene goes down to `rest` of what it was.
    pub(crate) fn darkened(mut self, seed: u64, frames: usize, rest: f32) -> Self {
        let (light, dark) = (scene(seed), mixed(&plain(0), &scene(seed), rest));
        self.0
            .extend((0..frames).map(|n| mixed(&light, &dark, n as f32 / frames as f32)));
        self
    }

    /// A wide scene that passes by.
    pub(crate) fn pan(mut self, seed: u64, frames: usize, step: u32) -> Self {
        let wide = testkit::scene(SMALL.0 * 8, SMALL.1, seed);
        let at = |n: usize| n as u32 * step % (SMALL.0 * 7);
        let view = |n| imageops::crop_imm(&wide, at(n), 0, SMALL.0, SMALL.1).to_image();
        self.0.extend((0..frames).map(view));
        self
    }

    /// A wide scene that passes by in drawings of which each is held this many frames.
    pub(crate) fn held(mut self, seed: u64, frames: usize, step: u32, each: usize) -> Self {
        let pan = Self::new().pan(seed, frames / each, step);
        let images = pan.0.into_iter();
        self.0
            .extend(images.flat_map(|image| std::iter::repeat_n(image, each)));
        self
    }

    /// Turns the frames `first` to before `end` upside down: drawn scenes all have their sky above.
    pub(crate) fn turned(mut self, first: usize, end: usize) -> Self {
        for frame in &mut self.0[first..end] {
            imageops::rotate180_in_place(frame);
        }
        self
    }

    /// Puts half and half of its neighbours before frame `number`.
    pub(crate) fn and_mixture_at(mut self, number: usize) -> Self {
        let between = mixed(&self.0[number - 1], &self.0[number], 0.5);
        self.0.insert(number, between);
        self
    }

    pub(crate) fn figures(&self) -> Vec<Figures> {
        let mut measure = Measure::default();
        let small = self.small().into_iter();
        small.map(|small| measure.next(small)).collect()
    }

    pub(crate) fn small(&self) -> Vec<Small> {
        self.0.iter().map(Small::of).collect()
    }
}
