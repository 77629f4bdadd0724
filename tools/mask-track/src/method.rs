//! By which method characters are followed, and the networks for it.

use std::path::PathBuf;

use answers::Answers;
use clap::{Args, ValueEnum};
use nets::sam::Segmenter;
use nets::track::{ROLE, Tracker};
use onnx::ModelFlags;
use stage::{Key, Record, Result, ensure, log};

use crate::answer::{Answer, Limits, answers};
use crate::order::Follows;
use crate::shot::Frame;
use crate::{TOOL, finish, overlap, recall};

/// The word for no segmenter.
const NO_SEGMENTER: &str = "none";

/// By what characters are followed
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Method {
    /// As `memory` if a network for it is named or installed, else as `overlap`
    #[default]
    Auto,
    /// By where detections are, how they move and what they look like
    Overlap,
    /// By a network with a memory
    Memory,
}

/// The networks.
#[derive(Debug, Clone, Args)]
pub(crate) struct Network {
    /// Segmenter that fills in and steadies masks with `overlap`, and makes those of `boxes`: a name in the
    /// registry, a path, or `none` [default: the registry's for sam-mask]
    #[arg(long, value_name = "NAME|PATH", help_heading = "Network")]
    segmenter: Option<String>,

    #[command(flatten)]
    model: ModelFlags,
}

impl Network {
    /// Opens the networks of a method.
    ///
    /// # Errors
    /// A network that is asked for and cannot be opened.
    pub(crate) fn open(&self, method: Method) -> Result<Follower> {
        let by_memory = match method {
            Method::Memory => true,
            Method::Overlap => false,
            Method::Auto => self.model.is_there(ROLE)?,
        };
        let runtime = &self.model.runtime;
        if by_memory {
            let tracker = Tracker::open(&self.model.open(ROLE)?, runtime)?;
            return Ok(Follower::Memory(Box::new(tracker)));
        }
        if method == Method::Auto {
            log::warn!(
                "characters are followed by overlap, as no network with a memory is installed: `film2lora models --role \
                 {ROLE}` downloads one, and --method overlap asks for none"
            );
        }
        let named = self.segmenter.as_deref();
        if named == Some(NO_SEGMENTER) {
            return Ok(Follower::Overlap(None));
        }
        let segmenter = Segmenter::open(&runtime.model("segment", named)?, runtime)?;
        Ok(Follower::Overlap(Some(Box::new(segmenter))))
    }
}

/// What follows characters.
pub(crate) enum Follower {
    Overlap(Option<Box<Segmenter>>),
    Memory(Box<Tracker>),
}

/// The tracks of shots.
pub(crate) struct Tracks {
    follower: Follower,
    overlap: overlap::Settings,
    recall: recall::Settings,
    limits: Limits,
    answers: Answers,
    out_dir: PathBuf,
}

impl Tracks {
    /// What the flags ask for.
    pub(crate) fn new(args: &crate::Args, follower: Follower) -> Result<Self> {
        let overlap = overlap::Settings {
            gap: args.max_gap,
            beyond: args.beyond,
            grow: args.grow_boxes,
            cut: args.cut,
        };
        let recall = recall::Settings {
            gap: args.max_gap,
            sure: args.sure,
            cut: args.cut,
        };
        let limits = Limits {
            gap: args.max_gap,
            sure: args.sure,
        };
        let answers = TOOL.answers();
        let answers = match &follower {
            Follower::Overlap(Some(segmenter)) => {
                answers.by(segmenter.provenance()).with(&overlap)?
            }
            Follower::Overlap(None) => answers.with(&overlap)?,
            Follower::Memory(tracker) => answers.by(tracker.provenance()).with(&recall)?,
        };
        Ok(Self {
            follower,
            overlap,
            recall,
            limits,
            answers: answers.with(&limits)?,
            out_dir: args.out_dir.clone(),
        })
    }
}

impl Follows for Tracks {
    fn key(&self, content: &[u8]) -> Key {
        self.answers.key(content)
    }

    fn follow(&mut self, frames: &[Frame]) -> Result<Vec<Answer>> {
        let tracks = match &mut self.follower {
            Follower::Overlap(segmenter) => {
                let has_mask =
                    |frame: &Frame| frame.things.iter().all(|thing| thing.mask.is_some());
                ensure!(
                    segmenter.is_some() || frames.iter().all(has_mask),
                    "boxes without masks: run sam-mask first, or leave --segmenter none out"
                );
                overlap::follow(frames, segmenter.as_deref_mut(), self.overlap)?
            }
            Follower::Memory(tracker) => {
                let linked = overlap::follow(frames, None, self.overlap)?;
                recall::follow(frames, linked, tracker, self.recall)?
            }
        };
        Ok(answers(frames, tracks, self.limits))
    }

    fn finish(&self, mut record: Record, answer: &Answer) -> Result<Record> {
        finish::finish(&mut record, answer, &self.out_dir)?;
        self.answers.sign(&mut record)?;
        Ok(record)
    }
}
