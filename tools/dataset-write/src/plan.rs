//! What will stand in a data set: which images, under which names, with which captions.

use std::collections::HashSet;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use loaders::bases::Base;
use loaders::view::{Form, Part, Side, View};
use manifest::{Reader, Rejected};
use stage::{Context, Place, Record, Result, Shelf, ensure, log};
use types::Type;

use crate::area::Wanted;
use crate::caption::{Captions, Variety};
use crate::exported::{Exported, finish, white};
use crate::facts::Facts;
use crate::mask;
use crate::repeats::{self, Repeats};
use crate::split::{self, Share};
use crate::store::{Store, Stored};
use crate::template::{Name, NameTemplate, Template};

/// The fewest digits of an image's number.
const DIGITS: usize = 4;

/// What a data set is of, and how it is to be trained.
#[derive(Debug)]
pub(crate) struct Purpose {
    /// What it is to teach.
    pub(crate) kind: &'static Type,
    /// The trigger word, if there is one.
    pub(crate) trigger: Option<String>,
    /// What the whole set is of: a character, a style.
    pub(crate) subject: Option<String>,
    /// The template of names.
    pub(crate) names: NameTemplate,
    /// The template of captions for records that have none.
    pub(crate) captions: Template,
    /// The form of captions that was asked for; none is each trainer's own.
    pub(crate) form: Option<Form>,
    /// Pixels on a side of the square whose area is the budget of an image.
    pub(crate) resolution: u32,
    /// How often each image is seen in an epoch.
    pub(crate) repeats: Repeats,
    /// The base model that it is to be trained on, if that was said.
    pub(crate) base: Option<&'static Base>,
    /// The licence of the images, if one holds for all.
    pub(crate) licence: Option<String>,
    /// What is wanted of every image.
    pub(crate) wanted: Wanted,
}

impl Purpose {
    /// The words that stand for the set where one name is wanted.
    pub(crate) fn title(&self) -> &str {
        let named = self.trigger.as_deref().or(self.subject.as_deref());
        named.unwrap_or(self.kind.name)
    }

    /// What is known of one image of it.
    pub(crate) fn facts<'a>(&'a self, record: &'a Record) -> Facts<'a> {
        let trigger = self.trigger.as_deref();
        Facts {
            record,
            trigger,
            subject: self.subject.as_deref(),
            otherwise: trigger.filter(|_| self.kind.trigger_is_subject),
        }
    }
}

/// One image of the set: what is held in memory of each.
#[derive(Debug, Clone)]
pub(crate) struct Example {
    /// Where its record waits.
    pub(crate) waits: Place,
    /// Its name, without an ending.
    pub(crate) name: Box<str>,
    /// How many captions it has.
    pub(crate) variety: Variety,
    /// Its pixels.
    pub(crate) exported: Exported,
    /// What it is there for.
    pub(crate) side: Side,
    /// How many images of its side come before it.
    pub(crate) place: usize,
    /// How often an epoch shows it, if it is trained on.
    pub(crate) repeats: u32,
}

impl Example {
    /// Whether it is for training.
    pub(crate) fn is_trained(&self) -> bool {
        self.side == Side::Training
    }

    /// The file of the image in the store, as `view` wants it.
    pub(crate) fn stored(&self, view: &dyn View) -> &Stored {
        match (view.part(), &self.exported.square, &self.exported.masked) {
            (Part::Square, Some(square), _) => &square.stored,
            (Part::Bucket, _, Some(masked)) => &masked.stored,
            _ => &self.exported.stored,
        }
    }

    /// The mask of the image, of the size that `view` wants it in; none if the image has none.
    pub(crate) fn mask(&self, view: &dyn View) -> Option<&Stored> {
        match &self.exported.masked {
            Some(masked) if view.part() == Part::Bucket => Some(&masked.mask),
            _ => self.exported.mask.as_ref(),
        }
    }

    /// The mask of the image in a file of this ending, white where it has none.
    pub(crate) fn mask_as(
        &self,
        view: &dyn View,
        ending: &'static str,
        store: &Store,
    ) -> Result<Stored> {
        let mask = if let Some(mask) = self.mask(view) {
            mask.clone()
        } else {
            let (width, height) = self.size(view);
            white(width, height, store)?
        };
        mask::of_ending(mask, ending, store)
    }

    /// Width and height of the image, as `view` wants it.
    pub(crate) fn size(&self, view: &dyn View) -> (u32, u32) {
        match (view.part(), &self.exported.square, &self.exported.masked) {
            (Part::Square, Some(square), _) => (square.side, square.side),
            (Part::Bucket, _, Some(masked)) => (masked.width, masked.height),
            _ => (self.exported.width, self.exported.height),
        }
    }
}

/// An image whose place in the set is not known yet.
#[derive(Debug, Clone)]
pub(crate) struct Ready {
    name: Name,
    variety: Variety,
    exported: Exported,
}

/// Either an image for the set, or why its record is left out.
pub(crate) type Prepared = Result<Ready, String>;

/// Finishes the image of a record, unless the record is marked as rejected.
pub(crate) fn prepare(record: &Record, purpose: &Purpose, store: &Store) -> Result<Prepared> {
    match record.find("rejected")? {
        Some(rejected) => Ok(Err(reason(&rejected))),
        None => ready(record, purpose, store).map(Ok),
    }
}

fn reason(rejected: &Rejected) -> String {
    let why = rejected.reason.as_deref().or(rejected.error.as_deref());
    format!(
        "rejected by {}: {}",
        rejected.by,
        why.unwrap_or("no reason given")
    )
}

/// Finishes and describes the image of a record.
fn ready(record: &Record, purpose: &Purpose, store: &Store) -> Result<Ready> {
    // Files are named by number, but every record must be one that others can speak of.
    record.id()?;
    let facts = purpose.facts(record);
    Ok(Ready {
        name: purpose.names.name(&facts)?,
        variety: Captions::of(&facts, &purpose.captions)?.variety(),
        exported: finish(record, &purpose.wanted, store)?,
    })
}

/// Numbers the images, in order; the others are those that are left out, with the reason.
pub(crate) fn numbered(all: Vec<(Prepared, Place)>) -> (Vec<Example>, Vec<(Place, String)>) {
    let count = all.iter().filter(|(prepared, _)| prepared.is_ok()).count();
    let digits = DIGITS.max(count.to_string().len());
    let mut examples = Vec::with_capacity(count);
    let mut dropped = Vec::new();
    for (prepared, waits) in all {
        match prepared {
            Ok(ready) => examples.push(Example {
                waits,
                name: ready.name.numbered(examples.len() + 1, digits).into(),
                variety: ready.variety,
                exported: ready.exported,
                side: Side::Training,
                place: 0,
                repeats: 1,
            }),
            Err(reason) => dropped.push((waits, reason)),
        }
    }
    (examples, dropped)
}

/// Keeps a share of the images for validation, and says how often the others are shown.
pub(crate) fn divide(
    examples: &mut [Example],
    shelf: &Shelf,
    share: Share,
    often: Repeats,
) -> Result<()> {
    split::mark(examples, shelf, share)?;
    repeats::mark(examples, shelf, often)?;
    let mut places = [0, 0];
    for example in examples {
        let place = &mut places[usize::from(example.is_trained())];
        example.place = *place;
        *place += 1;
    }
    Ok(())
}

/// Finishes the regularization images, numbered after their own count: what they show counts as a whole. Their records
/// wait with the others.
pub(crate) fn regular(
    file: &Path,
    own: &[Example],
    purpose: &Purpose,
    store: &Store,
    shelf: &mut Shelf,
) -> Result<Vec<Example>> {
    let name = file.display().to_string();
    let lines = BufReader::new(File::open(file).with_context(|| name.clone())?);
    let (mut waiting, mut left) = (Vec::new(), 0);
    for record in Reader::new(&name, lines).records() {
        let record = record?;
        if let Ok(None) = record.find::<Rejected>("rejected") {
            waiting.push(shelf.keep(&record)?);
        } else {
            left += 1;
        }
    }
    if waiting.is_empty() {
        log::warn!("{name}: has no images: the data set has none for regularization");
    }
    if left > 0 {
        log::warn!("{name}: {left} records are marked as rejected, and left out");
    }
    let own = own.iter().map(|one| Ok(shelf.record(one.waits)?.id()?));
    let own = own.collect::<Result<HashSet<_>>>()?;
    let digits = DIGITS.max(waiting.len().to_string().len());
    let example = |(place, waits): (usize, Place)| {
        let record = shelf.record(waits)?;
        let id = record.id()?;
        ensure!(
            !own.contains(&id),
            "regularization image {id}: is an image of the set: leave it out of {name}"
        );
        let named = || format!("regularization image {id}");
        // What is not the subject is not called by its trigger.
        let captions = Captions::of(&Facts::alone(&record), &purpose.captions);
        let captions = captions.with_context(named)?;
        let trigger = purpose.trigger.as_deref();
        ensure!(
            !trigger.is_some_and(|trigger| captions::text::starts_with(captions.own(), trigger)),
            "{}: its caption begins with the trigger of the set: compose it with the class word",
            named()
        );
        let mut exported = finish(&record, &purpose.wanted, store).with_context(named)?;
        (exported.mask, exported.masked) = (None, None);
        Ok(Example {
            waits,
            name: format!("regularization_{:0digits$}", place + 1).into(),
            variety: captions.variety(),
            exported,
            side: Side::Regularization,
            place,
            repeats: 1,
        })
    };
    waiting.into_iter().enumerate().map(example).collect()
}
