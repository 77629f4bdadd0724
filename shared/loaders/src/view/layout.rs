//! The files of a view.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{DataSet, Example, Side, View};

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
        for group in set.groups() {
            self.add(view.folder(set, group), Content::Folder);
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
            let folder = view.folder(set, example.group());
            self.text(folder.join(file), example.captions.join("\n"));
        }
    }

    /// Adds the masks of the training images that have one, as PNG files in the tree `mask` of the
    /// view; says whether there are any.
    pub(crate) fn masks(&mut self, view: &dyn View, set: &DataSet<'_>) -> bool {
        let folder = Path::new(view.word()).join("mask");
        let masked = set
            .side(Side::Training)
            .filter(|(_, example)| example.masked);
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
