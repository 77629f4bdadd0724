//! A small data set, and its view on the disk beside stand-ins for a trainer.

pub(crate) mod run;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use loaders::bases::base;
use loaders::fit::Size;
use loaders::trainers::views;
use loaders::training::files;
use loaders::view::{Content, DataSet, Example, File, Layout, Said, Says, Side, View};

/// The view of a word.
pub(crate) fn view(word: &str) -> &'static dyn View {
    views().find(|view| view.word() == word).unwrap()
}

const CAPTIONS: [&str; 8] = [
    "lucap boy, running at 0",
    "lucap boy, running at 1",
    "lucap boy, running at 2",
    "lucap boy, running at 3",
    "lucap boy, running at 4",
    "lucap boy, running at 5",
    "lucap boy, held back at 6",
    "lucap boy, held back at 7",
];
const NAMES: [&str; 8] = ["i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7"];

/// Says captions of images.
#[derive(Debug)]
pub(crate) struct Captions(pub(crate) fn(usize) -> &'static str);

static OWN: Captions = Captions(|number| CAPTIONS[number]);

impl Says for Captions {
    fn of(&self, number: usize) -> Result<Said> {
        Ok(Said {
            captions: vec![(self.0)(number).to_owned()],
            id: NAMES[number].to_owned(),
            source: None,
            shot: None,
        })
    }
}

/// Six images to train on, the last two of them shown three times, and two that are held back; all with masks.
pub(crate) fn data_set(name: &str, root: &str) -> DataSet<'static> {
    let example = |number: usize| Example {
        name: NAMES[number],
        ending: "png",
        size: Size::new(1024, 1024),
        captions: 1,
        masked: true,
        side: if number > 5 {
            Side::Validation
        } else {
            Side::Training
        },
        repeats: if number > 3 { 3 } else { 1 },
        place: number,
    };
    DataSet {
        title: "lucap boy",
        slug: "lucap_boy".to_owned(),
        trigger: Some("lucap boy"),
        resolution: 1024,
        repeats: vec![1, 3],
        base: Some(base(name).unwrap()),
        subject: true,
        root: PathBuf::from(root),
        examples: (0..8).map(example).collect(),
        says: &OWN,
    }
}

/// What a layout has: a text for a file of text.
pub(crate) fn laid_out(
    layout: impl FnOnce(&mut Layout<'_>) -> Result<()>,
) -> Vec<(PathBuf, Option<String>)> {
    let mut all = Vec::new();
    let mut take = |path: &Path, content: Content<'_>| {
        let text = match content {
            Content::File(File::Text(text)) => Some(text),
            Content::Pieces(pieces) => Some(pieces.collect::<Result<String>>()?),
            _ => None,
        };
        all.push((path.to_owned(), text));
        Ok(())
    };
    layout(&mut Layout::to(&mut take)).unwrap();
    all
}

/// The texts of a view, by their paths.
pub(crate) fn texts(view: &dyn View, set: &DataSet<'_>) -> BTreeMap<String, String> {
    let all = laid_out(|layout| files(view, set, layout)).into_iter();
    let texts = all.filter_map(|(path, text)| Some((path.to_str()?.to_owned(), text?)));
    texts.collect()
}
