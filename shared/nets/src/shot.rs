//! `TransNetV2`, which finds the changes of shot in a film (Souček and Lokoč, *`TransNet` V2: An
//! effective deep network architecture for fast shot transition detection*, 2020).
//!
//! | file | takes | gives |
//! |---|---|---|
//! | `transnetv2.onnx` of `elya5/transnetv2` | f32 | scores of the last frames of shots, named `534` |
//! | exports of the published weights with their sigmoid | u8 | `single` and `many_hot`, scores |
//! | the same without | u8 or f32 | logits |
//!
//! All take `[1,100,27,48,3]`, frames after frames, RGB, 0..=255, and give `[1,100,1]` under names of
//! their own. The steps round the network are those of the reference (soCzech/TransNetV2,
//! `inference/transnetv2.py`): every frame of the film, squeezed into 48x27, in windows of 100, of
//! which the 50 in the middle are read; copies of the first and the last frame lie beyond the ends.
//! A number beyond 0..=1 tells that a graph gives logits: most frames are no change, and theirs are
//! far below zero.

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use onnx::{Contract, Kind, Model, ModelFlags, Net, Outputs, Port, Runtime, Tensor, listed};
use vision::RgbImage;
use vision::resize::{PilFilter, pil};

/// The number of its answers: raised whenever the same frames would be answered otherwise.
pub const ANSWER: u32 = 1;

/// The role in the registry.
const ROLE: &str = "shot";

/// The name of the family.
const NAME: &str = "transnetv2";

/// Width and height of the frames, in pixels.
pub const SIZE: (u32, u32) = (48, 27);

/// How many frames the network sees at once.
pub const WINDOW: usize = 100;

/// Frames at each end of a window that are seen but not read.
pub const BESIDE: usize = 25;

/// Frames of a window that are read.
const READ: usize = WINDOW - 2 * BESIDE;

/// Bytes of a frame.
const BYTES: usize = (SIZE.0 * SIZE.1 * 3) as usize;

/// The shape of a window.
const SHAPE: [usize; 5] = [1, WINDOW, SIZE.1 as usize, SIZE.0 as usize, 3];

/// The families of this role, each with the number of its answers.
pub fn answers() -> Vec<(&'static str, u32)> {
    vec![(NAME, ANSWER)]
}

/// By what changes of shot are found
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Method {
    /// As `both` if a network is named or installed, else as `rules`
    #[default]
    Auto,
    /// By rules on colours, motion and mixtures
    Rules,
    /// By the network alone
    Network,
    /// By the rules and the network together
    Both,
}

/// The flags of a tool that finds the shots of a film.
#[derive(Debug, Clone, Default, Args)]
pub struct Flags {
    /// Find changes of shot by this method
    #[arg(long, value_enum, default_value = "auto", overrides_with = "method")]
    pub method: Method,

    /// The network and how it is run.
    #[command(flatten)]
    pub model: ModelFlags,
}

impl Flags {
    /// The network, if it is to be asked; says so once where it would be asked and is not there.
    ///
    /// # Errors
    /// A network that is asked for and cannot be opened; one that is installed and damaged.
    pub fn open(&self) -> Result<Option<Detector>> {
        let wanted = match self.method {
            Method::Rules => false,
            Method::Network | Method::Both => true,
            Method::Auto => self.model.is_there(ROLE)?,
        };
        if wanted {
            let model = self.model.open(ROLE)?;
            return Detector::open(&model, &self.model.runtime).map(Some);
        }
        if self.method == Method::Auto {
            log::warn!(
                "shots are found by rules alone, as no network for them is installed: `film2lora models --role {ROLE}` \
                 downloads one, and --method rules asks for none"
            );
        }
        Ok(None)
    }
}

/// What the network says of each frame, 0..=1.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scores {
    /// Whether it is the last frame of a shot, or the middle of a transition.
    pub last: Vec<f32>,
    /// Whether it is within a transition; empty where the graph does not say.
    pub within: Vec<f32>,
}

/// The ports of a graph.
#[derive(Debug, Clone, PartialEq)]
struct Ports {
    input: String,
    kind: Kind,
    last: String,
    within: Option<String>,
}

impl Ports {
    /// Finds them by their shapes; `many_hot` is known by its name, or stands second.
    fn of(inputs: &[Port], outputs: &[Port]) -> Result<Self> {
        let unlike = || {
            let (takes, gives) = (listed(inputs), listed(outputs));
            format!(
                "not TransNetV2, which takes u8 or f32[1,100,27,48,3] and gives f32[1,100,1]: the graph takes \
                 {takes} and gives {gives}"
            )
        };
        let [input] = inputs else {
            return Err(anyhow::anyhow!(unlike()));
        };
        let fits = matches!(input.kind, Kind::U8 | Kind::F32 | Kind::F16) && is(input, &SHAPE);
        ensure!(fits, unlike());
        let mut heads = outputs.iter().filter(|port| {
            matches!(port.kind, Kind::F32 | Kind::F16)
                && (is(port, &[1, WINDOW, 1]) || is(port, &[1, WINDOW]))
        });
        let (first, second) = (heads.next().with_context(unlike)?, heads.next());
        let (last, within) = match second {
            Some(second) if first.name.contains("many") => (second, Some(first)),
            _ => (first, second),
        };
        Ok(Self {
            input: input.name.clone(),
            kind: input.kind,
            last: last.name.clone(),
            within: within.map(|port| port.name.clone()),
        })
    }
}

/// Whether a port has this shape, or leaves open what it does not say of it.
fn is(port: &Port, shape: &[usize]) -> bool {
    let mut sizes = port.shape.iter().zip(shape);
    port.shape.len() == shape.len() && sizes.all(|(has, is)| has.is_none_or(|has| has == *is))
}

/// A frame as the network takes it, squeezed into 48x27.
///
/// # Errors
/// An image that cannot be resized.
pub fn frame(image: &RgbImage) -> vision::Result<RgbImage> {
    if image.dimensions() == SIZE {
        return Ok(image.clone());
    }
    pil(image, SIZE.0, SIZE.1, PilFilter::Bicubic)
}

/// A window of frames as a tensor of `kind`: bytes, or the same as whole numbers in floats.
///
/// # Errors
/// Other than 100 frames.
pub fn prepare(kind: Kind, window: &[u8]) -> Result<Tensor> {
    if kind == Kind::U8 {
        Tensor::bytes(&SHAPE, window.to_vec())
    } else {
        Tensor::floats(
            &SHAPE,
            window.iter().map(|&level| f32::from(level)).collect(),
        )
    }
}

/// The scores of the frames in the middle of a window, of one output; logits become scores.
///
/// # Errors
/// An output without a number for each frame.
pub fn decode(output: &Tensor) -> Result<Vec<f32>> {
    let numbers = output.as_floats()?;
    ensure!(
        numbers.len() == WINDOW,
        "gave {} numbers for {WINDOW} frames",
        numbers.len()
    );
    let logits = numbers.iter().any(|number| !(0.0..=1.0).contains(number));
    let read = numbers[BESIDE..BESIDE + READ].iter();
    Ok(if logits {
        read.map(|logit| 1.0 / (1.0 + (-logit).exp())).collect()
    } else {
        read.copied().collect()
    })
}

/// A `TransNetV2` that is given the frames of a film, one after another.
#[derive(Debug)]
pub struct Detector {
    net: Net,
    ports: Ports,
    /// The pixels of the frames that a window is still to be made of.
    waiting: Vec<u8>,
    /// How many frames there were.
    count: usize,
    scores: Scores,
}

impl Detector {
    /// Opens a model of the role `shot`.
    ///
    /// # Errors
    /// A graph that does not take and give what `TransNetV2` does; those of the runtime.
    pub fn open(model: &Model, runtime: &Runtime) -> Result<Self> {
        let mut net = Net::open(model, "model", runtime, &Contract::new())?;
        let ports = Ports::of(net.inputs(), net.outputs());
        let ports = ports.with_context(|| model.name().to_owned())?;
        net.read_by(NAME, ANSWER);
        Ok(Self {
            net,
            ports,
            waiting: Vec::new(),
            count: 0,
            scores: Scores::default(),
        })
    }

    /// The network.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// Takes the next frame, of 48x27 pixels as [`frame`] makes it, and runs the network once there
    /// are enough.
    ///
    /// # Errors
    /// A frame of another size; those of the runtime.
    pub fn push(&mut self, frame: &RgbImage) -> Result<()> {
        ensure!(
            frame.dimensions() == SIZE,
            "a frame of {:?} instead of {SIZE:?} pixels",
            frame.dimensions()
        );
        let copies = if self.count == 0 { BESIDE + 1 } else { 1 };
        for _ in 0..copies {
            self.waiting.extend_from_slice(frame.as_raw());
        }
        self.count += 1;
        if self.waiting.len() == WINDOW * BYTES {
            self.run()?;
        }
        Ok(())
    }

    /// The scores of all frames of the film. The next frame is another film's first.
    ///
    /// # Errors
    /// Those of the runtime.
    pub fn finish(&mut self) -> Result<Scores> {
        while self.scores.last.len() < self.count {
            let last = self.waiting[self.waiting.len() - BYTES..].to_vec();
            while self.waiting.len() < WINDOW * BYTES {
                self.waiting.extend_from_slice(&last);
            }
            self.run()?;
        }
        let mut scores = std::mem::take(&mut self.scores);
        scores.last.truncate(self.count);
        scores.within.truncate(self.count);
        self.waiting.clear();
        self.count = 0;
        Ok(scores)
    }

    /// Runs the network on the window that waits, and keeps what the next one has in common with it.
    fn run(&mut self) -> Result<()> {
        let Ports {
            input,
            kind,
            last,
            within,
        } = &self.ports;
        let window = prepare(*kind, &self.waiting)?;
        let outputs: Outputs = self.net.run(&[(input, &window)])?;
        self.scores.last.extend(decode(outputs.get(last)?)?);
        if let Some(within) = within {
            self.scores.within.extend(decode(outputs.get(within)?)?);
        }
        self.waiting.drain(..READ * BYTES);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    fn port(name: &str, kind: Kind, shape: &[usize]) -> Port {
        Port {
            name: name.to_owned(),
            kind,
            shape: shape.iter().map(|&size| Some(size)).collect(),
        }
    }

    #[test]
    fn ports_are_known_by_their_shapes() {
        let [single, many] = ["single", "many_hot"].map(|name| port(name, Kind::F32, &[1, 100, 1]));
        let bytes = port("frames", Kind::U8, &SHAPE);
        let known = Ports::of(
            std::slice::from_ref(&bytes),
            &[many.clone(), single.clone()],
        )
        .unwrap();
        assert_eq!(
            (&*known.last, known.within.as_deref()),
            ("single", Some("many_hot"))
        );
        let one = [port("534", Kind::F32, &[1, 100, 1])];
        let published = Ports::of(&[port("input", Kind::F32, &SHAPE)], &one).unwrap();
        assert_eq!((&*published.last, published.within), ("534", None));
        let small = port("frames", Kind::U8, &[1, 50, 27, 48, 3]);
        let error = Ports::of(&[small], &[single]).unwrap_err().to_string();
        assert!(error.contains("`frames` u8[1,50,27,48,3]"), "{error}");
        assert!(Ports::of(&[bytes], &[]).is_err());
    }
}
