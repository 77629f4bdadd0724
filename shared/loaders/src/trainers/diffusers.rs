//! The scripts of diffusers, through Hugging Face's `imagefolder`. Many of them know no buckets (those
//! of newer models do, with `--use_aspect_ratio_buckets`), so the images of the view are squares
//! already.

mod training;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;

use crate::bases::Base;
use crate::caption::{Captions, Lines};
use crate::files::{PILLOW, ends, is_hidden_anywhere, names, walk};
use crate::fit::{Fitting, Square};
use crate::metadata::{Format, listed};
use crate::recognise::configurations;
use crate::set::{Opened, Set, Settings};
use crate::trainer::{Pixels, Profile};
use crate::training::{Plan, Run};
use crate::view::{Content, DataSet, Example, Form, Group, Layout, Notes, Part, Side, View};
use crate::{Finding, Trainer};

/// The scripts of diffusers.
#[derive(Debug)]
pub struct Diffusers;

/// Rows of `metadata.jsonl`.
pub const ROWS: Format = Format {
    image: "file_name",
    caption: "text",
    columns: true,
    tags: false,
};

impl Trainer for Diffusers {
    fn profile(&self) -> Profile {
        Profile {
            recurses: true,
            flat: false,
            pixels: Pixels {
                turns: true,
                ..Pixels::default()
            },
            captions: Captions {
                lines: Lines::Listed,
                ..Captions::default()
            },
            ..Profile::new("diffusers", "diffusers 58eb52c, datasets b7cb10b")
        }
    }

    fn reads(&self, path: &Path) -> bool {
        ends(path, PILLOW)
    }

    fn takes(&self, path: &Path) -> bool {
        self.reads(path) && !is_hidden_anywhere(path)
    }

    fn fitting(&self, resolution: u32, _base: Option<&Base>) -> Option<Box<dyn Fitting>> {
        Some(Box::new(Square(resolution)))
    }

    fn claims_folder(&self, folder: &Path) -> bool {
        let below = || names(folder).into_iter().map(|name| folder.join(name));
        has_metadata(folder) || below().any(|folder| has_metadata(&folder))
    }

    fn open_folder(&self, path: &Path, settings: &Settings) -> Option<Opened> {
        Some(open(path, settings))
    }

    fn view(&self) -> Option<&'static dyn View> {
        Some(&Self)
    }
}

/// Whether a folder has a metadata file.
fn has_metadata(folder: &Path) -> bool {
    let endings = ["jsonl", "csv", "parquet"];
    let mut names = endings.iter().map(|ending| format!("metadata.{ending}"));
    // Another trainer's list of that name stands beside its configuration.
    names.any(|name| folder.join(name).is_file()) && configurations(folder).is_empty()
}

/// Opens every folder that has a metadata file.
fn open(path: &Path, settings: &Settings) -> Opened {
    let mut opened = Opened::default();
    let all = walk(path).unwrap_or_else(|cause| {
        opened.say(path, Finding::error("folder-missing", cause.to_string()));
        Vec::new()
    });
    let named = |ending: &str| {
        let name = format!("metadata.{ending}");
        let files = all.iter();
        let files = files.filter(|file| file.file_name().is_some_and(|n| *n == *name));
        files.cloned().collect::<Vec<PathBuf>>()
    };
    let (lists, tables) = (named("jsonl"), [named("csv"), named("parquet")].concat());
    if lists.is_empty() && tables.is_empty() {
        let text = "has no metadata file: no captions are read";
        opened.say(path, Finding::error("metadata-none", text));
        opened.sets.push(Set::folder(&Diffusers, path, settings));
        return opened;
    }
    if !lists.is_empty() && !tables.is_empty() {
        let text = "has metadata files of more than one kind: the loader stops";
        opened.say(path, Finding::error("metadata-kinds", text));
    }
    let mut found = BTreeSet::new();
    for list in &lists {
        let file = path.join(list);
        let folder = file.parent().unwrap_or(path);
        let rows = listed(ROWS, &file, folder, settings, &mut opened);
        found.extend(rows.iter().map(|(image, _)| image.clone()));
        opened.sets.push(Set {
            rows: Some(rows),
            ..Set::folder(&Diffusers, file, settings)
        });
    }
    let images = all.iter().filter(|file| Diffusers.takes(file));
    let unlisted = images.map(|file| path.join(file));
    for file in unlisted.filter(|file| !lists.is_empty() && !found.contains(file)) {
        let text = "is not in any metadata file: it is left out";
        opened.say(&file, Finding::error("metadata-unlisted", text));
    }
    opened
}

/// The folder of the images, below that of the view. Only a folder that is not called for a split
/// keeps its captions however it is read.
const IMAGES: &str = "images";

impl Diffusers {
    /// The folder of a side of the view. All that lies in the view's own is trained on, so what is
    /// kept from training lies in another.
    fn side(side: Side) -> &'static Path {
        Path::new(if side == Side::Validation {
            "diffusers-validation"
        } else {
            "diffusers"
        })
    }
}

impl View for Diffusers {
    fn word(&self) -> &'static str {
        "diffusers"
    }

    fn about(&self) -> &'static str {
        "Hugging Face's imagefolder: squares and metadata.jsonl"
    }

    fn form(&self) -> Form {
        Form::Sentence
    }

    fn part(&self) -> Part {
        Part::Square
    }

    fn notes(&self, title: &str) -> Notes {
        Notes {
            give: format!(
                "`--dataset_name diffusers --caption_column text`, or `--train_data_dir diffusers`; without captions `--instance_data_dir diffusers/images --instance_prompt '{title}'`"
            ),
            validation: None,
            masks: None,
            regularization: None,
        }
    }

    /// Everything in the folder of the view is trained on, and `train.sh` would be taken for the split
    /// `train`.
    fn scripts(&self) -> &'static str {
        "diffusers-train"
    }

    fn training(&self, set: &DataSet<'_>, plan: &Plan) -> Result<Option<Run>> {
        Ok(training::run(set, plan))
    }

    /// It has no repeats.
    fn folder(&self, _set: &DataSet<'_>, group: Group) -> PathBuf {
        let side = if group == Group::Validation {
            Side::Validation
        } else {
            Side::Training
        };
        Self::side(side).join(IMAGES)
    }

    /// One `metadata.jsonl` a side. It stands over the folder of the images: `--dataset_name` and
    /// `--train_data_dir` of the folder above find both, and `--instance_data_dir` of the folder of
    /// images, which opens everything in it as an image, finds nothing else. Where an image has
    /// several captions, `text` is a list in every row, of which diffusers draws one.
    fn layout(&self, set: &DataSet<'_>, to: &mut Layout<'_>) -> Result<()> {
        to.images(self, set)?;
        let several = set.has_several();
        let row = |(number, one): (usize, &Example<'_>)| {
            let said = set.says.of(number)?;
            let mut row = set.row(self, one, &said);
            row["file_name"] = json!(format!("{IMAGES}/{}", one.file()));
            if several {
                row["text"] = json!(said.captions);
            }
            Ok(format!("{row}\n"))
        };
        for side in [Side::Training, Side::Validation] {
            let mut rows = set.side(side).map(row).peekable();
            if rows.peek().is_some() {
                let file = Self::side(side).join("metadata.jsonl");
                to.add(file, Content::Pieces(&mut rows))?;
            }
        }
        Ok(())
    }
}
