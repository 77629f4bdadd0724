//! A data set whose records wait on the disk, and what a view is told of it.

use std::collections::BTreeSet;
use std::path::Path;

use loaders::fit::Size;
use loaders::view::{DataSet, Said, Says, Side, Source, View};
use stage::{Record, Result, Shelf};
use types::Trained;

use crate::caption::Captions;
use crate::facts::Facts;
use crate::plan::{Example, Purpose};
use crate::template::slug;

/// The images of a data set, in memory what is short, and on the shelf the rest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Set<'a> {
    pub(crate) purpose: &'a Purpose,
    pub(crate) examples: &'a [Example],
    pub(crate) shelf: &'a Shelf,
}

impl<'a> Set<'a> {
    /// What is known of an image.
    pub(crate) fn record(&self, example: &Example) -> Result<Record> {
        self.shelf.record(example.waits)
    }

    /// The facts of an image, whose record is given; a regularization image is not called by the trigger, as it does not
    /// show the subject.
    pub(crate) fn facts<'b>(&self, example: &Example, record: &'b Record) -> Facts<'b>
    where
        'a: 'b,
    {
        if example.side == Side::Regularization {
            Facts::alone(record)
        } else {
            self.purpose.facts(record)
        }
    }

    /// The captions of an image, whose record is given.
    pub(crate) fn captions(&self, example: &Example, record: &Record) -> Result<Captions> {
        Captions::of(&self.facts(example, record), &self.purpose.captions)
    }

    /// The images of the set, without those for regularization.
    pub(crate) fn own(&self) -> impl Iterator<Item = &'a Example> + use<'a> {
        let own = |one: &&Example| one.side != Side::Regularization;
        self.examples.iter().filter(own)
    }

    /// How many images are on a side.
    pub(crate) fn count(&self, side: Side) -> usize {
        let images = self.examples.iter();
        images.filter(|example| example.side == side).count()
    }

    /// What `view` is told.
    pub(crate) fn told(self, view: &'a dyn View) -> Told<'a> {
        Told { set: self, view }
    }
}

/// A data set, as one view is told of it.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    set: Set<'a>,
    view: &'a dyn View,
}

impl Told<'_> {
    /// All of it; `root` is where trainers find the folder of all views.
    pub(crate) fn data_set(&self, root: &Path) -> DataSet<'_> {
        let Set {
            purpose, examples, ..
        } = self.set;
        let view = self.view;
        let regularizes = view.notes(purpose.title()).regularization.is_some();
        let taken = |one: &&Example| one.side != Side::Regularization || regularizes;
        let example = |one| Self::example(one, purpose, view);
        let trained = examples.iter().filter(|one| one.is_trained());
        let repeats: BTreeSet<_> = trained.map(|one| one.repeats).collect();
        DataSet {
            title: purpose.title(),
            slug: slug(purpose.title()),
            trigger: purpose.trigger.as_deref(),
            resolution: purpose.resolution,
            repeats: repeats.into_iter().collect(),
            base: purpose.base,
            subject: purpose.kind.trigger_is_subject && purpose.kind.trained == Trained::Subject,
            root: root.to_path_buf(),
            // What a trainer cannot use stands last, so that the numbers of the others hold.
            examples: examples.iter().filter(taken).map(example).collect(),
            says: self,
        }
    }

    fn example<'b>(
        one: &'b Example,
        purpose: &Purpose,
        view: &dyn View,
    ) -> loaders::view::Example<'b> {
        let (width, height) = one.size(view);
        loaders::view::Example {
            name: &one.name,
            ending: one.stored(view).ending,
            size: Size::new(width, height),
            captions: one.variety.count(purpose.form, view),
            masked: one.exported.mask.is_some(),
            side: one.side,
            repeats: one.repeats,
            place: one.place,
        }
    }
}

impl Says for Told<'_> {
    fn of(&self, number: usize) -> Result<Said> {
        let example = &self.set.examples[number];
        let record = self.set.record(example)?;
        let captions = self.set.captions(example, &record)?;
        let captions = captions.of_view(self.set.purpose.form, self.view);
        let source = record.source().ok().flatten();
        Ok(Said {
            captions: captions.into_iter().map(str::to_owned).collect(),
            id: record.id()?,
            source: source.map(|source| Source {
                film: source.film,
                shot: source.shot,
                time: source.time,
            }),
            shot: record.shot().ok().flatten(),
        })
    }
}
