//! What the character is that an image shows, so that no description calls an animal a man.

use std::path::Path;

use anyhow::Result;
use captions::kinds::{self, Corrected};
use captions::text;
use cast::{Kind, folder, label};
use manifest::Record;
use serde_json::{Map, Value};

/// Where a model's words stand in `captioner`: the text, and those of its facts that name the character.
const RAW: &str = "raw";
const FACTS: &str = "facts";
const OF_FACTS: [&str; 2] = ["description", "subject"];

/// A label that says no more than the kind; detectors of one class call everything so.
const PLAIN: &str = "person";

/// What tells what characters are.
#[derive(Debug, Clone, Default)]
pub struct Kinds {
    cast: folder::Kinds,
    class: String,
}

/// A character of which is known what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// A person or an animal.
    pub kind: Kind,
    /// The noun for it, without an article.
    noun: String,
}

impl Kinds {
    /// Those of the cast in a folder, with a class word, which may be empty.
    ///
    /// # Errors
    /// Those of [`folder::Kinds::read`].
    pub(crate) fn new(cast: Option<&Path>, class: &str) -> Result<Self> {
        let cast = cast.map(folder::Kinds::read).transpose()?;
        Ok(Self {
            cast: cast.unwrap_or_default(),
            class: text::clean(class),
        })
    }

    /// What the character of an instance is: by `kind.txt`, or else by the label that it was found by, or by the class
    /// word. `None` of other images, and where nothing says it: `person` is what a detector of one class calls every
    /// beast, and `kind.txt` says it of beasts with a human body.
    ///
    /// # Errors
    /// Keys that have another form.
    pub fn of(&self, record: &Record) -> Result<Option<Known>> {
        let Some(instance) = record.instance()? else {
            return Ok(None);
        };
        let name: Option<String> = record.at("/identity/name")?;
        let own = name.and_then(|name| self.cast.of(&name));
        let found_by = instance.label.unwrap_or_default();
        let plain = label::without_article(&found_by) == PLAIN;
        let by_label = label::kind(&found_by).filter(|_| !plain);
        let by_class = label::kind(&self.class);
        let kind = match own {
            Some(Kind::Person) => None,
            Some(kind) => Some(kind),
            None => by_label.or(by_class),
        };
        let Some(kind) = kind.filter(|kind| *kind != Kind::Thing) else {
            return Ok(None);
        };
        let class = Some(&self.class).filter(|class| !class.is_empty());
        let class = class.filter(|_| by_class.is_none_or(|of| of == kind));
        let label = Some(&found_by).filter(|_| by_label == Some(kind));
        let noun = class.or(label).map(|phrase| label::without_article(phrase));
        let noun = noun.unwrap_or_else(|| kind.name().to_owned());
        Ok(Some(Known { kind, noun }))
    }
}

impl Known {
    /// What a text says, with another noun where it contradicts.
    pub fn corrected(&self, text: &str) -> Option<Corrected> {
        kinds::corrected(text, self.kind, &self.noun)
    }

    /// Whether a tag of an image board contradicts: `1boy`, `male focus` of an animal, `no humans` of a person.
    pub fn is_against(&self, tag: &str) -> bool {
        match self.kind {
            Kind::Animal => kinds::is_tag_of_persons(tag),
            Kind::Person => tag == "no humans",
            Kind::Thing => false,
        }
    }

    /// The words of a model in `captioner` with other nouns, and what was said instead; `None` where nothing contradicts.
    pub fn rewritten(
        &self,
        captioner: &Map<String, Value>,
    ) -> Option<(Map<String, Value>, Vec<String>)> {
        let mut new = captioner.clone();
        let mut said = Vec::new();
        let mut mend = |text: &mut Value| {
            if let Some(found) = text.as_str().and_then(|text| self.corrected(text)) {
                said.extend(found.said);
                *text = found.text.into();
            }
        };
        // An answer by a schema is JSON, whose parts are among the facts.
        if let Some(raw) = new.get_mut(RAW)
            && !raw.as_str().is_some_and(|raw| raw.starts_with('{'))
        {
            mend(raw);
        }
        if let Some(Value::Object(facts)) = new.get_mut(FACTS) {
            for name in OF_FACTS {
                facts.get_mut(name).into_iter().for_each(&mut mend);
            }
        }
        said.dedup();
        (!said.is_empty()).then_some((new, said))
    }
}
