//! A small data set, and its view on the disk beside stand-ins for a trainer.

pub(crate) mod run;

use std::collections::BTreeMap;
use std::path::PathBuf;

use loaders::bases::base;
use loaders::fit::Size;
use loaders::trainers::views;
use loaders::training::files;
use loaders::view::{Content, DataSet, Example, File, Side, View};

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

/// Six images to train on, the last two of them shown three times, and two that are held back; all with masks.
pub(crate) fn data_set(name: &str, root: &str) -> DataSet<'static> {
    let example = |number: usize| Example {
        name: NAMES[number],
        ending: "png",
        size: Size::new(1024, 1024),
        captions: vec![CAPTIONS[number]],
        masked: true,
        side: if number > 5 {
            Side::Validation
        } else {
            Side::Training
        },
        repeats: if number > 3 { 3 } else { 1 },
        place: number,
        id: NAMES[number].to_owned(),
        source: None,
        shot: None,
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
    }
}

/// The texts of a view, by their paths.
pub(crate) fn texts(view: &dyn View, set: &DataSet<'_>) -> BTreeMap<String, String> {
    let texts = files(view, set).0.into_iter();
    let texts = texts.filter_map(|(path, content)| match content {
        Content::File(File::Text(text)) => Some((path.to_str().unwrap().to_owned(), text)),
        _ => None,
    });
    texts.collect()
}
