//! `WebDataset`: tar shards of image, caption and facts.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;

use crate::caption::{Captions, Lines};
use crate::configuration::Claim;
use crate::files::{PILLOW, ending, ends, names, walk};
use crate::set::{Opened, Settings};
use crate::trainer::Profile;
use crate::view::{Content, DataSet, Example, File, Form, Layout, Notes, Side, View};
use crate::{Finding, Trainer};

/// `WebDataset` shards.
#[derive(Debug)]
pub struct WebDataset;

impl Trainer for WebDataset {
    fn profile(&self) -> Profile {
        Profile {
            flat: false,
            captions: Captions {
                lines: Lines::Listed,
                ..Captions::default()
            },
            ..Profile::new("webdataset", "webdataset 1.0.2")
        }
    }

    fn reads(&self, path: &Path) -> bool {
        ends(path, PILLOW)
    }

    fn takes(&self, _path: &Path) -> bool {
        false
    }

    fn claims(&self, path: &Path, _text: &str) -> Claim {
        match ending(path) {
            "tar" => Claim::Sure,
            _ => Claim::No,
        }
    }

    fn claims_folder(&self, folder: &Path) -> bool {
        let names = names(folder);
        names.iter().any(|name| ends(Path::new(name), &["tar"]))
    }

    fn open_file(&self, path: &Path) -> Option<Opened> {
        Some(Opened {
            shards: vec![path.to_path_buf()],
            ..Opened::default()
        })
    }

    fn open_folder(&self, path: &Path, _settings: &Settings) -> Option<Opened> {
        let mut opened = Opened::default();
        match walk(path) {
            Ok(files) => {
                let shards = files.into_iter().filter(|file| ending(file) == "tar");
                opened.shards = shards.map(|file| path.join(file)).collect();
                if opened.shards.is_empty() {
                    opened.say(path, Finding::error("folder-empty", "has no shard"));
                }
            }
            Err(cause) => {
                opened.say(path, Finding::error("folder-missing", cause.to_string()));
            }
        }
        Some(opened)
    }

    fn view(&self) -> Option<&'static dyn View> {
        Some(&Self)
    }
}

/// Images of a shard.
const SHARD: usize = 1000;

/// The name of the shard that has an example.
fn shard(set: &DataSet<'_>, example: &Example<'_>) -> PathBuf {
    let part = if example.side == Side::Validation {
        "validation"
    } else {
        "train"
    };
    let number = example.place / SHARD;
    PathBuf::from(format!("webdataset/{}-{part}-{number:06}.tar", set.slug))
}

/// The members of one sample.
fn sample(set: &DataSet<'_>, number: usize, example: &Example<'_>) -> Result<[(PathBuf, File); 3]> {
    let said = set.says.of(number)?;
    let caption = said.captions.concat();
    let facts = json!({
        "id": said.id,
        "caption": caption,
        "width": example.size.width,
        "height": example.size.height,
        "shot": said.shot,
    });
    let member = |ending| PathBuf::from(format!("{}.{ending}", example.name));
    Ok([
        (member(example.ending), File::Image(number)),
        (member("txt"), File::Text(caption)),
        (member("json"), File::Text(facts.to_string())),
    ])
}

impl View for WebDataset {
    fn word(&self) -> &'static str {
        "webdataset"
    }

    fn about(&self) -> &'static str {
        "WebDataset: tar shards"
    }

    fn form(&self) -> Form {
        Form::Own
    }

    fn draws(&self) -> bool {
        false
    }

    fn notes(&self, _title: &str) -> Notes {
        Notes {
            give: "the shards in `webdataset`".to_owned(),
            validation: Some("shards of their own"),
            masks: None,
            regularization: None,
        }
    }

    fn image(&self, set: &DataSet<'_>, example: &Example<'_>) -> PathBuf {
        shard(set, example)
    }

    fn layout(&self, set: &DataSet<'_>, to: &mut Layout<'_>) -> Result<()> {
        to.add("webdataset", Content::Folder)?;
        for side in [Side::Training, Side::Validation] {
            let side: Vec<_> = set.side(side).collect();
            for part in side.chunks(SHARD) {
                let mut members = Vec::new();
                for (number, one) in part {
                    members.extend(sample(set, *number, one)?);
                }
                to.add(shard(set, part[0].1), Content::Shard(&members))?;
            }
        }
        Ok(())
    }
}
