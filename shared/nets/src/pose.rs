//! Key points of one figure: the window around it, and the network that looks into it.
//!
//! A network for key points sees one figure at a time, in a window of its own shape. [`Window`] is
//! that window in the picture, [`Crop`] the picture in it, [`Pose`] what was found, in pixels of the
//! picture again. [`Estimator`] runs either family, [`crate::simcc`] or [`crate::movenet`].

use anyhow::{Context, Result, bail, ensure};
use onnx::{Contract, Model, Net, Runtime};
use serde::{Deserialize, Serialize};
use vision::RgbImage;
use vision::warp::{Affine, opencv_affine};

use crate::{movenet, simcc};

/// How much wider and higher than its box a figure's window is: what `RTMPose`'s body networks were
/// trained with (`mmpose`, `GetBBoxCenterScale`).
pub const PADDING: f64 = 1.25;

/// Coordinates of a box beyond this, in pixels, are no box of a picture.
const FARTHEST: f64 = 1e6;

/// A part of the picture with the shape of a network's input, in pixels of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Its middle: column, row.
    pub centre: [f64; 2],
    /// Its width and height.
    pub size: [f64; 2],
}

impl Window {
    /// The window around a box `[x0, y0, x1, y1]`: `padding` times its size, then made wider or
    /// higher until it has the shape of `input` (width, height). As `bbox_xyxy2cs` and
    /// `top_down_affine` of rtmlib.
    ///
    /// # Errors
    /// A box without width and height, upside down, or of numbers that are not in any picture.
    ///
    /// ```
    /// use nets::pose::Window;
    /// let window = Window::around([10.0, 20.0, 50.0, 100.0], 1.25, (192, 256)).unwrap();
    /// assert_eq!((window.centre, window.size), ([30.0, 60.0], [75.0, 100.0]));
    /// ```
    pub fn around(bounds: [f64; 4], padding: f64, input: (u32, u32)) -> Result<Self> {
        let [x0, y0, x1, y1] = bounds;
        let (width, height) = (x1 - x0, y1 - y0);
        let within = bounds.iter().all(|edge| edge.abs() <= FARTHEST);
        ensure!(
            within && width >= 0.0 && height >= 0.0 && width + height > 0.0,
            "the box {bounds:?} is not one of a picture: left, top, right, bottom in pixels are wanted"
        );
        let (width, height) = (width * padding, height * padding);
        let aspect = f64::from(input.0) / f64::from(input.1);
        let size = if width > height * aspect {
            [width, width / aspect]
        } else {
            [height * aspect, height]
        };
        let centre = [(x0 + x1) * 0.5, (y0 + y1) * 0.5];
        Ok(Self { centre, size })
    }

    /// From pixels of an input of `width` to pixels of the picture: one scale for both directions,
    /// taken from the widths, and the middle on the middle. As `get_warp_matrix` of rtmlib, which
    /// goes by three points of 32 bits.
    pub fn to_picture(&self, (width, height): (u32, u32)) -> Affine {
        let narrow = |number: f64| f64::from(number as f32);
        let [column, row] = self.centre.map(narrow);
        let down = row - narrow(self.centre[1] - self.size[0] * 0.5);
        let across = column - narrow(column - down);
        let (width, height) = (f64::from(width) * 0.5, f64::from(height) * 0.5);
        let (right, low) = (across / width, down / width);
        [
            [right, 0.0, column - right * width],
            [0.0, low, row - low * height],
        ]
    }

    /// A place in the window, 0 to 1 from the left and from the top, in pixels of the picture.
    pub fn place(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [
            x * self.size[0] + self.centre[0] - self.size[0] / 2.0,
            y * self.size[1] + self.centre[1] - self.size[1] / 2.0,
        ]
    }
}

/// What a network sees of one figure.
#[derive(Debug, Clone)]
pub struct Crop {
    /// The picture in the window, as large as the network's input; black beyond the picture.
    pub picture: RgbImage,
    /// Where that is.
    pub window: Window,
}

impl Crop {
    /// Cuts the window out of `picture`, `input` pixels wide and high.
    pub fn cut(picture: &RgbImage, window: Window, input: (u32, u32)) -> Result<Self> {
        let picture = opencv_affine(picture, &window.to_picture(input), input.0, input.1)?;
        Ok(Self { picture, window })
    }
}

/// The key points of one figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// Column, row (pixels of the picture, 2 decimals) and score (4 decimals) of each; a point of
    /// score 0 was not found, and its place means nothing.
    pub keypoints: Vec<[f64; 3]>,
    /// The mean of their scores.
    pub score: f64,
}

impl Pose {
    /// A pose of points with places within `window` (0 to 1) and scores.
    pub(crate) fn in_window(
        window: &Window,
        points: impl Iterator<Item = ([f64; 2], f64)>,
    ) -> Self {
        let rounded = |number: f64, steps: f64| (number * steps).round() / steps;
        let keypoints: Vec<[f64; 3]> = points
            .map(|(place, score)| {
                let [x, y] = window.place(place);
                [rounded(x, 100.0), rounded(y, 100.0), rounded(score, 1e4)]
            })
            .collect();
        let sum: f64 = keypoints.iter().map(|point| point[2]).sum();
        let score = rounded(sum / keypoints.len().max(1) as f64, 1e4);
        Self { keypoints, score }
    }
}

/// How a network of one family is fed and read.
#[derive(Debug, Clone)]
pub enum Method {
    /// `RTMPose` and others of `SimCC`.
    Simcc(simcc::Processing),
    /// `MoveNet` for one figure.
    Movenet(movenet::Processing),
}

impl Method {
    /// What the network sees of the figure in `bounds`, `[x0, y0, x1, y1]` in pixels.
    pub fn prepare(&self, picture: &RgbImage, bounds: [f64; 4]) -> Result<Crop> {
        let (input, padding) = match self {
            Self::Simcc(processing) => (processing.input, processing.padding),
            Self::Movenet(processing) => ((processing.side, processing.side), PADDING),
        };
        Crop::cut(picture, Window::around(bounds, padding, input)?, input)
    }
}

/// The families of this role, each with the number of its answers.
pub fn answers() -> Vec<(&'static str, u32)> {
    vec![("simcc", simcc::ANSWER), ("movenet", movenet::ANSWER)]
}

/// A network that finds the key points of figures.
#[derive(Debug)]
pub struct Estimator {
    net: Net,
    method: Method,
}

impl Estimator {
    /// Opens `model`, whichever family it is of.
    ///
    /// # Errors
    /// A graph of neither family; see the families.
    pub fn open(model: &Model, runtime: &Runtime) -> Result<Self> {
        // The archives of RTMPose call the graph `end2end`.
        let part = ["model", "end2end"]
            .into_iter()
            .find(|part| model.has(part));
        let part =
            part.with_context(|| format!("{}: no file for `model` or `end2end`", model.name()))?;
        let mut net = Net::open(model, part, runtime, &Contract::new())?;
        let named = |error: anyhow::Error| error.context(model.name().to_owned());
        let method = match model.family() {
            Some("movenet") => Method::Movenet(movenet::Processing::of(&net).map_err(named)?),
            Some("simcc") => Method::Simcc(simcc::Processing::of(&net, model).map_err(named)?),
            Some(other) => bail!("{}: `{other}` is no family of key points", model.name()),
            None if movenet::is(&net) => {
                Method::Movenet(movenet::Processing::of(&net).map_err(named)?)
            }
            None => Method::Simcc(simcc::Processing::of(&net, model).map_err(named)?),
        };
        let (family, answer) = match method {
            Method::Simcc(_) => ("simcc", simcc::ANSWER),
            Method::Movenet(_) => ("movenet", movenet::ANSWER),
        };
        net.read_by(family, answer);
        Ok(Self { net, method })
    }

    /// How it is fed and read.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// As [`Estimator::method`], to be changed before anything runs.
    pub fn method_mut(&mut self) -> &mut Method {
        &mut self.method
    }

    /// How many key points the network gives beyond the body's, which are not read, if any.
    pub fn left_out(&self) -> Option<usize> {
        let mut ports = self.net.outputs().iter();
        let points = ports.find_map(|port| port.shape.get(1).copied().flatten())?;
        (points == simcc::WHOLE_BODY).then_some(simcc::WHOLE_BODY - simcc::COCO)
    }

    /// The network.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// How many figures go into one run of `batch`: one, where the graph takes a fixed number.
    pub fn at_once(&self, batch: usize) -> usize {
        self.net.fixed_batch().map_or(batch, |_| 1).max(1)
    }

    /// The pose in each crop, in order. Where the graph takes a fixed number at once, they go in
    /// one by one.
    ///
    /// # Errors
    /// Those of the runtime; outputs that do not have the shape of the family's.
    pub fn run(&mut self, crops: &[Crop]) -> Result<Vec<Pose>> {
        let most = self.at_once(crops.len());
        let mut poses = Vec::with_capacity(crops.len());
        for part in crops.chunks(most) {
            match &self.method {
                Method::Simcc(processing) => poses.extend(processing.run(&mut self.net, part)?),
                Method::Movenet(processing) => poses.extend(processing.run(&mut self.net, part)?),
            }
        }
        Ok(poses)
    }
}
