//! A data set as files in a folder, as a trainer wants it.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::Trainer;
use crate::fit::{Fitting, Size};

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

    /// The folder of training images, or of those for validation.
    fn folder(&self, _set: &DataSet<'_>, validation: bool) -> PathBuf {
        let part = if validation { "validation" } else { "train" };
        Path::new(self.word()).join(part)
    }

    /// Where it has the image of an example.
    fn image(&self, set: &DataSet<'_>, example: &Example<'_>) -> PathBuf {
        self.folder(set, example.validation).join(example.file())
    }

    /// Everything that stands in it, folders before what lies in them.
    fn layout(&self, set: &DataSet<'_>) -> Layout;
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
    /// How often an epoch shows each image.
    pub repeats: u32,
    /// Where trainers find the folder of all views.
    pub root: PathBuf,
    /// The images.
    pub examples: Vec<Example<'a>>,
}

/// One image of a data set.
#[derive(Debug, Clone)]
pub struct Example<'a> {
    /// Its name, without an ending.
    pub name: &'a str,
    /// The ending of its file, without the dot.
    pub ending: &'static str,
    /// Columns and rows.
    pub size: Size,
    /// Its captions, one at least: several only where the trainer takes several.
    pub captions: Vec<&'a str>,
    /// Whether it has a mask.
    pub masked: bool,
    /// Whether it is kept from training, to measure with.
    pub validation: bool,
    /// How many images of its side, training or validation, come before it.
    pub place: usize,
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
}

impl<'a> DataSet<'a> {
    /// A path as trainers will see it, for a configuration.
    pub(crate) fn seen(&self, path: impl AsRef<Path>) -> String {
        self.root.join(path).to_string_lossy().into_owned()
    }

    /// The examples for training or those for validation, with their numbers.
    pub(crate) fn side(&self, validation: bool) -> impl Iterator<Item = (usize, &Example<'a>)> {
        let all = self.examples.iter().enumerate();
        all.filter(move |(_, example)| example.validation == validation)
    }

    /// Whether any image is kept for validation.
    pub(crate) fn has_validation(&self) -> bool {
        self.side(true).next().is_some()
    }

    /// Whether an image has several captions.
    pub(crate) fn has_several(&self) -> bool {
        let mut examples = self.examples.iter();
        examples.any(|example| example.captions.len() > 1)
    }

    /// A row that several readers of `metadata.jsonl` take. Every key has the same type in every
    /// row, and what is not known is left out.
    pub(crate) fn row(&self, view: &dyn View, example: &Example<'_>) -> Value {
        let caption = example.captions.first();
        let mut row = json!({
            "file_name": example.file(),
            "text": caption,
            "image_path": self.seen(view.image(self, example)),
            "caption": caption,
            "image_size": [example.size.width, example.size.height],
            "id": example.id,
        });
        if let Some(source) = &example.source {
            row["film"] = json!(source.film);
            row["shot"] = json!(source.shot);
            row["time"] = json!(source.time);
        }
        row
    }
}

/// Everything that stands in a view: paths and what is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Layout(pub Vec<(PathBuf, Content)>);

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Content {
    /// A folder.
    Folder,
    /// A file.
    File(File),
    /// A tar file of members.
    Shard(Vec<(PathBuf, File)>),
}

/// What a file holds. Examples are given by their number in the set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum File {
    /// Text.
    Text(String),
    /// The image of an example.
    Image(usize),
    /// The mask of an example as a PNG, white where it has none.
    Mask(usize),
    /// The same in the format of the image.
    MaskAsImage(usize),
}

impl Layout {
    /// Adds what stands at a path.
    pub(crate) fn add(&mut self, path: impl Into<PathBuf>, content: Content) {
        self.0.push((path.into(), content));
    }

    /// Adds text.
    pub(crate) fn text(&mut self, path: impl Into<PathBuf>, text: impl Into<String>) {
        self.add(path, Content::File(File::Text(text.into())));
    }

    /// Adds the mask of an example, as a PNG.
    pub(crate) fn mask(&mut self, path: impl Into<PathBuf>, example: usize) {
        self.add(path, Content::File(File::Mask(example)));
    }

    /// Adds JSON, for people to read as well.
    pub(crate) fn json(&mut self, path: impl Into<PathBuf>, value: &Value) {
        self.text(path, format!("{value:#}\n"));
    }

    /// Adds the folders of a view, with its images.
    pub(crate) fn images(&mut self, view: &dyn View, set: &DataSet<'_>) {
        for validation in [false, true] {
            if !validation || set.has_validation() {
                self.add(view.folder(set, validation), Content::Folder);
            }
        }
        for (number, example) in set.examples.iter().enumerate() {
            let image = Content::File(File::Image(number));
            self.add(view.image(set, example), image);
        }
    }

    /// Adds a caption file beside every image, with a line for each caption.
    pub(crate) fn captions(&mut self, view: &dyn View, set: &DataSet<'_>) {
        for example in &set.examples {
            let file = format!("{}.txt", example.name);
            let folder = view.folder(set, example.validation);
            self.text(folder.join(file), example.captions.join("\n"));
        }
    }

    /// Adds the masks of the training images that have one, as PNG files in the tree `mask` of the
    /// view; says whether there are any.
    pub(crate) fn masks(&mut self, view: &dyn View, set: &DataSet<'_>) -> bool {
        let folder = Path::new(view.word()).join("mask");
        let masked = set.side(false).filter(|(_, example)| example.masked);
        let masked: Vec<_> = masked.collect();
        if !masked.is_empty() {
            self.add(folder.clone(), Content::Folder);
        }
        for (example, Example { name, .. }) in &masked {
            self.mask(folder.join(format!("{name}.png")), *example);
        }
        !masked.is_empty()
    }
}

/// A list of captions by file name, for the examples of one side.
pub(crate) fn listed<'a>(examples: impl Iterator<Item = (usize, &'a Example<'a>)>) -> Value {
    let captions = examples.map(|(_, example)| (example.file(), json!(example.captions)));
    Value::Object(captions.collect::<Map<_, _>>())
}

/// A text as TOML has it.
pub(crate) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
