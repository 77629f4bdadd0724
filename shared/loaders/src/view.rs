//! A data set as files in a folder, as a trainer wants it.

mod layout;

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::{Value, json};

use crate::Trainer;
use crate::bases::Base;
use crate::fit::{Fitting, Size};
use crate::training::{Plan, Run};
pub(crate) use layout::quoted;
pub use layout::{Content, File, Layout, Take};

/// A data set for a trainer, or for a family of them that read alike.
pub trait View: Trainer {
    /// The word of the command line, and the name of the folder.
    fn word(&self) -> &'static str;

    /// Which trainer it is for and what it holds, for a command line's help.
    fn about(&self) -> &'static str;

    /// The form of captions that its trainer is best with, where both forms are there: tags for
    /// models that learnt from tags, sentences for those that learnt from sentences, and both
    /// where one is drawn each time.
    fn form(&self) -> Form;

    /// Whether its trainer takes several captions of an image, and draws one of them or shows each.
    fn draws(&self) -> bool {
        true
    }

    /// Which part of an image it has.
    fn part(&self) -> Part {
        Part::Whole
    }

    /// What its trainer makes of sizes with the configuration that it is given; `resolution` as in
    /// [`Trainer::fitting`].
    fn buckets(&self, resolution: u32) -> Option<Box<dyn Fitting>> {
        self.fitting(resolution, None)
    }

    /// What people are told of it; `title` stands for the whole set.
    fn notes(&self, title: &str) -> Notes;

    /// The folder of the images of a group.
    fn folder(&self, set: &DataSet<'_>, group: Group) -> PathBuf {
        let own = Path::new(self.word());
        match group {
            Group::Validation => own.join("validation"),
            Group::Regularization => own.join("regularization"),
            Group::Train(repeats) if set.varies() => own.join("train").join(format!("x{repeats}")),
            Group::Train(_) => own.join("train"),
        }
    }

    /// Where it has the image of an example.
    fn image(&self, set: &DataSet<'_>, example: &Example<'_>) -> PathBuf {
        self.folder(set, example.group()).join(example.file())
    }

    /// The folder of the script that starts a training.
    fn scripts(&self) -> &'static str {
        self.word()
    }

    /// How its trainer trains the base model of a plan; `None` if it cannot.
    ///
    /// An error if what is said of the images cannot be read, here and below.
    fn training(&self, _set: &DataSet<'_>, _plan: &Plan) -> Result<Option<Run>> {
        Ok(None)
    }

    /// Everything that stands in it, folders before what lies in them.
    fn layout(&self, set: &DataSet<'_>, to: &mut Layout<'_>) -> Result<()>;
}

/// Images that lie together: those that are kept from training, or those that an epoch shows equally
/// often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// Training images, and how often an epoch shows each.
    Train(u32),
    /// Images for validation.
    Validation,
    /// Images of what the subject is one of, so that not all of these become the subject.
    Regularization,
}

/// What an image is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// To learn from.
    Training,
    /// To measure with: it is kept from training.
    Validation,
    /// To keep what the subject is one of, such as a boy, as the base model has it.
    Regularization,
}

impl Side {
    /// The side of a folder to train on, of which a configuration says whether it is for regularization.
    pub(crate) fn trained(regularization: bool) -> Self {
        if regularization {
            Self::Regularization
        } else {
            Self::Training
        }
    }
}

/// Which captions of an image are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The caption as it was written.
    Own,
    /// A line of tags.
    Tags,
    /// A sentence.
    Sentence,
    /// Both, if the trainer draws one of several captions; else the form that suits it best.
    Several,
}

/// Which part of an image a view has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// A square round the subject, since the trainer has no buckets.
    Square,
    /// Where the image has a mask, a part of the size of its bucket: the trainer squeezes the mask
    /// into the bucket without cutting it.
    Bucket,
}

/// What people are told of a view, with paths inside the data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notes {
    /// What is given to the trainer.
    pub give: String,
    /// How images kept for validation are used; `None` if the trainer cannot use them.
    pub validation: Option<&'static str>,
    /// How masks are used; `None` if the trainer cannot use them.
    pub masks: Option<&'static str>,
    /// How regularization images are used; `None` if the trainer cannot use them, and the view has none.
    pub regularization: Option<&'static str>,
}

/// A data set, as one view is told of it.
#[derive(Debug, Clone)]
pub struct DataSet<'a> {
    /// The words that stand for the set where one name is wanted.
    pub title: &'a str,
    /// The same in small letters, digits and underscores.
    pub slug: String,
    /// The trigger word, if there is one.
    pub trigger: Option<&'a str>,
    /// Side of the square whose area is the budget of an image, in pixels.
    pub resolution: u32,
    /// How often an epoch shows a training image: every number that occurs, the smallest first.
    pub repeats: Vec<u32>,
    /// The base model that it is to be trained on, if that was said.
    pub base: Option<&'static Base>,
    /// Whether it teaches one subject, such as a character, and not what many images have in common.
    pub subject: bool,
    /// Where trainers find the folder of all views.
    pub root: PathBuf,
    /// The images.
    pub examples: Vec<Example<'a>>,
    /// What is said of them.
    pub says: &'a dyn Says,
}

/// One image of a data set: what is held in memory of each, and so is short.
#[derive(Debug, Clone)]
pub struct Example<'a> {
    /// Its name, without an ending.
    pub name: &'a str,
    /// The ending of its file, without the dot.
    pub ending: &'static str,
    /// Columns and rows.
    pub size: Size,
    /// How many captions it has, one at least: several only where the trainer takes several.
    pub captions: usize,
    /// Whether it has a mask.
    pub masked: bool,
    /// What it is there for.
    pub side: Side,
    /// How often an epoch shows it, if it is trained on.
    pub repeats: u32,
    /// How many images of its side come before it.
    pub place: usize,
}

/// Says of each image what need not be held in memory.
pub trait Says: Debug {
    /// What is said of the image with this number; an error if it cannot be read.
    fn of(&self, number: usize) -> Result<Said>;
}

/// What is said of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// Its captions, as many as [`Example::captions`] says.
    pub captions: Vec<String>,
    /// Its id.
    pub id: String,
    /// Where it is from.
    pub source: Option<Source>,
    /// Number of its shot.
    pub shot: Option<u64>,
}

/// Where an image is from.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// The film's file name.
    pub film: String,
    /// Number of the shot, from 0.
    pub shot: u64,
    /// Seconds from the start of the film.
    pub time: f64,
}

impl Example<'_> {
    /// Its file name.
    pub fn file(&self) -> String {
        format!("{}.{}", self.name, self.ending)
    }

    /// The images that it lies with.
    pub fn group(&self) -> Group {
        match self.side {
            Side::Training => Group::Train(self.repeats),
            Side::Validation => Group::Validation,
            Side::Regularization => Group::Regularization,
        }
    }
}

impl<'a> DataSet<'a> {
    /// A path as trainers will see it, for a configuration.
    pub(crate) fn seen(&self, path: impl AsRef<Path>) -> String {
        self.root.join(path).to_string_lossy().into_owned()
    }

    /// The examples of one side, with their numbers.
    pub(crate) fn side(&self, side: Side) -> impl Iterator<Item = (usize, &Example<'a>)> {
        let all = self.examples.iter().enumerate();
        all.filter(move |(_, example)| example.side == side)
    }

    /// Whether an epoch shows some training images more often than others.
    pub(crate) fn varies(&self) -> bool {
        self.repeats.len() > 1
    }

    /// The groups of training images.
    pub(crate) fn training(&self) -> impl Iterator<Item = Group> {
        self.repeats.iter().map(|repeats| Group::Train(*repeats))
    }

    /// All groups that have images.
    pub(crate) fn groups(&self) -> impl Iterator<Item = Group> {
        let validation = self.has_validation().then_some(Group::Validation);
        self.training()
            .chain(validation)
            .chain(self.regularization())
    }

    /// The group of regularization images, if there are any.
    pub(crate) fn regularization(&self) -> Option<Group> {
        let mut images = self.side(Side::Regularization);
        images.next().map(|_| Group::Regularization)
    }

    /// How many training images an epoch shows.
    pub(crate) fn epoch(&self) -> u32 {
        let training = self.side(Side::Training);
        training.map(|(_, one)| one.repeats).sum()
    }

    /// How often an epoch shows each regularization image, so that it shows as many as of the subject: what sd-scripts and
    /// ai-toolkit do by themselves.
    pub(crate) fn regularly(&self) -> f64 {
        let count = self.side(Side::Regularization).count();
        f64::from(self.epoch()) / count.max(1) as f64
    }

    /// The examples of a group, with their numbers.
    pub(crate) fn members(&self, group: Group) -> impl Iterator<Item = (usize, &Example<'a>)> {
        let all = self.examples.iter().enumerate();
        all.filter(move |(_, example)| example.group() == group)
    }

    /// Whether any image is kept for validation.
    pub(crate) fn has_validation(&self) -> bool {
        self.side(Side::Validation).next().is_some()
    }

    /// Whether an image has several captions.
    pub(crate) fn has_several(&self) -> bool {
        let mut examples = self.examples.iter();
        examples.any(|example| example.captions > 1)
    }

    /// A row that several readers of `metadata.jsonl` take. Every key has the same type in every
    /// row, and what is not known is left out.
    pub(crate) fn row(&self, view: &dyn View, example: &Example<'_>, said: &Said) -> Value {
        let caption = said.captions.first();
        let mut row = json!({
            "file_name": example.file(),
            "text": caption,
            "image_path": self.seen(view.image(self, example)),
            "caption": caption,
            "image_size": [example.size.width, example.size.height],
            "id": said.id,
        });
        if let Some(source) = &said.source {
            row["film"] = json!(source.film);
            row["shot"] = json!(source.shot);
            row["time"] = json!(source.time);
        }
        row
    }
}
