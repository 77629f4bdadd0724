//! What a family of pose estimators is: the window that its graph sees of a figure, and what it reads
//! in the answer.

use anyhow::{Result, ensure};
use onnx::{Kind, Model, Net, Outputs, Port, Tensor};
use serde::{Deserialize, Serialize};
use vision::warp::{Affine, opencv_affine};
use vision::{Rect, RgbImage, Skeleton};

use crate::family::Graph;

/// How much wider and higher than its box a figure's window is: what `RTMPose`'s body networks were
/// trained with (`mmpose`, `GetBBoxCenterScale`).
pub const PADDING: f64 = 1.25;

/// Coordinates of a box beyond this, in pixels, are no box of an image.
const FARTHEST: f64 = 1e6;

/// A part of the image with the shape of a network's input, in pixels of the image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Its middle: column, row.
    pub centre: [f64; 2],
    /// Its width and height.
    pub size: [f64; 2],
}

impl Window {
    /// The window around a box: `padding` times its size, then made wider or
    /// higher until it has the shape of `input` (width, height). As `bbox_xyxy2cs` and
    /// `top_down_affine` of rtmlib.
    ///
    /// # Errors
    /// A box without width and height, upside down, or of numbers that are not in any image.
    ///
    /// ```
    /// use nets::pose::Window;
    /// let rect = vision::Rect::from([10.0, 20.0, 50.0, 100.0]);
    /// let window = Window::around(rect, 1.25, (192, 256)).unwrap();
    /// assert_eq!((window.centre, window.size), ([30.0, 60.0], [75.0, 100.0]));
    /// ```
    pub fn around(rect: Rect<f64>, padding: f64, input: (u32, u32)) -> Result<Self> {
        let within = rect.edges().iter().all(|edge| edge.abs() <= FARTHEST);
        let in_order = rect.left <= rect.right && rect.top <= rect.bottom;
        ensure!(
            within && in_order && rect.width() + rect.height() > 0.0,
            "the box {rect} is not a box in an image: it must be left, top, right, bottom in pixels"
        );
        let (width, height) = (rect.width() * padding, rect.height() * padding);
        let aspect = f64::from(input.0) / f64::from(input.1);
        let size = if width > height * aspect {
            [width, width / aspect]
        } else {
            [height * aspect, height]
        };
        Ok(Self {
            centre: rect.middle(),
            size,
        })
    }

    /// From pixels of an input of `width` to pixels of the image: one scale for both directions,
    /// taken from the widths, and the middle on the middle. As `get_warp_matrix` of rtmlib, which
    /// goes by three points of 32 bits.
    pub fn to_image(&self, (width, height): (u32, u32)) -> Affine {
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

    /// A place in the window, 0 to 1 from the left and from the top, in pixels of the image.
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
    /// The image in the window, as large as the network's input; black beyond the image.
    pub image: RgbImage,
    /// Where that is.
    pub window: Window,
}

impl Crop {
    /// Cuts the window out of `image`, `input` pixels wide and high.
    pub fn cut(image: &RgbImage, window: Window, input: (u32, u32)) -> Result<Self> {
        let image = opencv_affine(image, &window.to_image(input), input.0, input.1)?;
        Ok(Self { image, window })
    }
}

/// The key points of one figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pose {
    /// Column, row (pixels of the image, 2 decimals) and score (4 decimals) of each; a point of
    /// score 0 was not found, and its place means nothing.
    pub keypoints: Vec<[f64; 3]>,
    /// The mean of their scores.
    pub score: f64,
    /// Which joints they are.
    #[serde(default, skip_serializing_if = "Skeleton::is_coco")]
    pub skeleton: Skeleton,
}

impl Pose {
    /// A pose of points with places within `window` (0 to 1) and scores.
    pub(super) fn in_window(
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
        Self {
            keypoints,
            score,
            skeleton: Skeleton::default(),
        }
    }
}

/// How a graph is fed: what it is shown of a figure, and as which numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The name of the input.
    pub name: String,
    /// What its numbers are.
    pub kind: Kind,
    /// Width and height of the input, pixels.
    pub input: (u32, u32),
    /// How much larger than its box a figure's window is.
    pub padding: f64,
    /// Subtracted from the levels of red, green and blue.
    pub mean: [f32; 3],
    /// Then divided by.
    pub deviation: [f32; 3],
    /// Whether blue is given where red belongs and red where blue does, as rtmlib does. Mean and
    /// deviation stay with their place.
    pub swapped: bool,
}

impl View {
    /// The view of a graph whose one input is `port`: levels as they are, in the usual window.
    pub(super) fn of(port: &Port, [width, height]: [usize; 2]) -> Result<Self> {
        Ok(Self {
            name: port.name.clone(),
            kind: port.kind,
            input: (u32::try_from(width)?, u32::try_from(height)?),
            padding: PADDING,
            mean: [0.0; 3],
            deviation: [1.0; 3],
            swapped: false,
        })
    }

    /// What the network sees of the character in `rect`, in pixels.
    pub fn crop(&self, image: &RgbImage, rect: Rect<f64>) -> Result<Crop> {
        let window = Window::around(rect, self.padding, self.input)?;
        Crop::cut(image, window, self.input)
    }
}

/// A family of pose estimators.
pub trait Estimates: Graph {
    /// How the graph `net` of `model` is fed.
    ///
    /// # Errors
    /// A graph that takes and gives something else.
    fn view(&self, net: &Net, model: &Model) -> Result<View>;

    /// How many figures go into one run at most.
    fn most(&self) -> usize {
        usize::MAX
    }

    /// Whether rtmlib runs it too, so that it may be given colours as rtmlib gives them.
    fn is_of_rtmlib(&self) -> bool {
        true
    }

    /// The graph's input.
    fn prepare(&self, view: &View, crops: &[Crop]) -> Result<Tensor>;

    /// The pose in each crop.
    ///
    /// # Errors
    /// Outputs that do not have the shape of the family's.
    fn decode(&self, outputs: &Outputs, crops: &[Crop]) -> Result<Vec<Pose>>;
}
