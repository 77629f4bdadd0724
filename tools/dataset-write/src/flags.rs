//! The flags that say what a data set is of and what its images are to be.

use clap::value_parser;
use loaders::bases::{self, Base};
use loaders::view::{Form, Part, View};
use stage::Result;
use types::{TYPES, Trained, Type};

use crate::area::{Masks, Wanted};
use crate::caption::form_parser;
use crate::plan::Purpose;
use crate::repeats::Repeats;
use crate::template::{NameTemplate, Template, squeezed};

/// What the data set is about.
#[derive(Debug, clap::Args)]
pub(crate) struct Words {
    /// What the LoRA is to learn
    #[arg(long = "type", value_name = "TYPE", value_parser = types::parser(TYPES.iter(), named))]
    kind: &'static Type,

    /// Word that stands for what is learned, first in every caption
    #[arg(long, value_name = "WORD")]
    trigger: Option<String>,

    /// Name of the subject in file names: the character, the style [default: from the record, or
    /// else the trigger of a character or style set]
    #[arg(long, value_name = "NAME")]
    subject: Option<String>,

    /// Template of file names, with facts in braces; `{id}` is the image's number [default: by
    /// type]
    #[arg(long, value_name = "TEMPLATE")]
    template: Option<NameTemplate>,

    /// Template of captions for records that have none, with facts in braces; a part between commas
    /// is left out if a fact in it is unknown [default: by type]
    #[arg(long, value_name = "TEMPLATE")]
    caption: Option<Template>,

    /// Which of the captions that caption-compose made to write [default: by view; the record's own
    /// caption for all if it was edited or its form was chosen with --form]
    #[arg(long, value_name = "FORM", value_parser = form_parser())]
    form: Option<Form>,

    #[arg(long, value_name = "MODEL", value_parser = base, help = base_help())]
    base: Option<&'static Base>,

    /// Licence of the images, for the data set card
    #[arg(long, value_name = "NAME")]
    licence: Option<String>,
}

/// What the images are to be.
#[derive(Debug, clap::Args)]
pub(crate) struct Images {
    /// Side of the square whose area is the budget of an image
    #[arg(long, value_name = "PIXELS", default_value_t = 1024, value_parser = value_parser!(u32).range(64..=8192))]
    resolution: u32,

    /// Crop each image to its bucket in advance, around its subject, and shrink it to that size; no
    /// image is ever enlarged
    #[arg(long)]
    fit: bool,

    /// Part to train on if a record has a mask of its subject [default: by type]
    #[arg(long, value_name = "PART", value_enum)]
    train_on: Option<Trained>,

    /// Grow the subject of a mask by this much
    #[arg(long, value_name = "PIXELS", default_value_t = 8, value_parser = value_parser!(u32).range(0..=4096))]
    grow_subject: u32,

    /// How often each image appears in an epoch: a number, or `cells` for as often as makes every
    /// cell of balance weigh as much as the largest, at most 10 times
    #[arg(long, value_name = "N|cells", default_value = "1")]
    repeats: Repeats,
}

/// A base model, by its name.
fn base(name: &str) -> Result<&'static Base> {
    Ok(bases::base(name)?)
}

fn base_help() -> String {
    format!(
        "Base model to train on: with it every view has a whole configuration and a `train.sh` [possible values: {}]",
        bases::names()
    )
}

/// What the images of a type are called.
fn named(kind: &Type) -> String {
    format!("{}, as `{}`", kind.about, kind.file_name)
}

/// Both, with the defaults of the type.
pub(crate) fn purpose(words: Words, images: Images, views: &[&dyn View]) -> Result<Purpose> {
    let (name, caption) = (words.kind.file_name, words.kind.caption);
    let trigger = words.trigger.map(|trigger| squeezed(&trigger));
    let trained = images.train_on.unwrap_or(words.kind.trained);
    let resolution = images.resolution;
    let of = |part| views.iter().find(|view| view.part() == part);
    let first = loaders::trainers::views().next().filter(|_| images.fit);
    Ok(Purpose {
        kind: words.kind,
        trigger: trigger.filter(|trigger| !trigger.is_empty()),
        subject: words.subject,
        names: words.template.map_or_else(|| name.parse(), Ok)?,
        captions: words.caption.map_or_else(|| caption.parse(), Ok)?,
        form: words.form,
        resolution,
        repeats: images.repeats,
        licence: words.licence,
        base: words.base,
        wanted: Wanted {
            // Those of the first view, which are as good for most of the others.
            buckets: first.and_then(|view| view.buckets(resolution)),
            masked: of(Part::Bucket).and_then(|view| view.buckets(resolution)),
            square: of(Part::Square).map(|_| resolution),
            masks: (trained != Trained::All).then_some(Masks {
                rest: trained == Trained::Rest,
                dilate: images.grow_subject,
            }),
        },
    })
}
