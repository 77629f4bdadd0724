//! The files of a view.

use std::iter;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde::Serialize;
use serde_json::{Value, json};

use super::{DataSet, Example, Group, Side, View};

/// Takes everything that stands in a view, one after the other: captions and paths of a million images do not fit into
/// memory together.
pub struct Layout<'a>(&'a mut Take<'a>);

/// What takes a path and what stands there.
pub type Take<'a> = dyn FnMut(&Path, Content<'_>) -> Result<()> + 'a;

/// What stands at a path.
pub enum Content<'a> {
    /// A folder.
    Folder,
    /// A file.
    File(File),
    /// A file of text, by its pieces.
    Pieces(&'a mut dyn Iterator<Item = Result<String>>),
    /// A tar file of members.
    Shard(&'a [(PathBuf, File)]),
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

impl<'a> Layout<'a> {
    /// A layout of which everything goes to `take`.
    pub fn to(take: &'a mut Take<'a>) -> Self {
        Self(take)
    }

    /// Adds what stands at a path.
    pub(crate) fn add(&mut self, path: impl AsRef<Path>, content: Content<'_>) -> Result<()> {
        (self.0)(path.as_ref(), content)
    }

    /// Adds text.
    pub(crate) fn text(&mut self, path: impl AsRef<Path>, text: impl Into<String>) -> Result<()> {
        self.add(path, Content::File(File::Text(text.into())))
    }

    /// Adds the mask of an example, as a PNG.
    pub(crate) fn mask(&mut self, path: impl AsRef<Path>, example: usize) -> Result<()> {
        self.add(path, Content::File(File::Mask(example)))
    }

    /// Adds JSON, for people to read as well.
    pub(crate) fn json(&mut self, path: impl AsRef<Path>, value: &Value) -> Result<()> {
        self.text(path, format!("{value:#}\n"))
    }

    /// Adds the folders of a view, with its images.
    pub(crate) fn images(&mut self, view: &dyn View, set: &DataSet<'_>) -> Result<()> {
        for group in set.groups() {
            self.add(view.folder(set, group), Content::Folder)?;
        }
        for (number, example) in set.examples.iter().enumerate() {
            let image = Content::File(File::Image(number));
            self.add(view.image(set, example), image)?;
        }
        Ok(())
    }

    /// Adds a caption file beside every image, with a line for each caption.
    pub(crate) fn captions(&mut self, view: &dyn View, set: &DataSet<'_>) -> Result<()> {
        for (number, example) in set.examples.iter().enumerate() {
            let file = format!("{}.txt", example.name);
            let folder = view.folder(set, example.group());
            let captions = set.says.of(number)?.captions;
            self.text(folder.join(file), captions.join("\n"))?;
        }
        Ok(())
    }

    /// Adds a list of captions by file name, as JSON, for the examples of a group.
    pub(crate) fn listed(
        &mut self,
        path: impl AsRef<Path>,
        set: &DataSet<'_>,
        group: Group,
    ) -> Result<()> {
        let entry = |(place, (number, example)): (usize, (usize, &Example<'_>))| {
            let captions = json!(set.says.of(number)?.captions);
            let captions = format!("{captions:#}").replace('\n', "\n  ");
            let before = if place == 0 { "{" } else { "," };
            Ok(format!("{before}\n  {}: {captions}", json!(example.file())))
        };
        let entries = set.members(group).enumerate().map(entry);
        let mut pieces = entries.chain(iter::once_with(|| Ok("\n}\n".to_owned())));
        self.add(path, Content::Pieces(&mut pieces))
    }

    /// Adds the masks of the training images that have one, as PNG files in the tree `mask` of the
    /// view; says whether there are any.
    pub(crate) fn masks(&mut self, view: &dyn View, set: &DataSet<'_>) -> Result<bool> {
        let folder = Path::new(view.word()).join("mask");
        let masked = set.side(Side::Training);
        let mut masked = masked.filter(|(_, example)| example.masked).peekable();
        let any = masked.peek().is_some();
        if any {
            self.add(&folder, Content::Folder)?;
        }
        for (example, Example { name, .. }) in masked {
            self.mask(folder.join(format!("{name}.png")), example)?;
        }
        Ok(any)
    }
}

/// A text as TOML has it.
pub(crate) fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
