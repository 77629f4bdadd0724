//! The captions of an image, each one line with the trigger first, and which of them a trainer gets.

use captions::text::is_invisible;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use loaders::trainers::views;
use loaders::view::{Form, View};
use stage::{Result, bail};

use crate::facts::Facts;
use crate::template::{Template, squeezed};

/// The forms as the command line says them, and what they are.
const FORMS: [(&str, Form, &str); 4] = [
    (
        "own",
        Form::Own,
        "The record's own caption, for every trainer",
    ),
    ("tags", Form::Tags, "The tag line of caption-compose"),
    (
        "sentence",
        Form::Sentence,
        "The sentence of caption-compose",
    ),
    (
        "several",
        Form::Several,
        "Both, if the trainer draws one of several captions; else the form that suits it best",
    ),
];

/// What reads forms from a command line.
pub(crate) fn form_parser() -> impl TypedValueParser<Value = Form> {
    let value = |(word, form, help): (&'static str, Form, &str)| {
        let usual = views().filter(|view| view.form() == form);
        let usual: Vec<_> = usual.map(<dyn View>::word).collect();
        PossibleValue::new(word).help(format!("{help} [default for {}]", usual.join(", ")))
    };
    let parser = PossibleValuesParser::new(FORMS.map(value));
    parser.map(|word| {
        let found = FORMS.iter().find(|(known, ..)| *known == word);
        found.map_or(Form::Own, |(_, form, _)| *form)
    })
}

/// The captions of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Captions {
    own: String,
    forms: Option<Forms>,
    /// Whether it was asked for that every trainer gets the record's own.
    settled: bool,
}

/// How many captions an image has, which is held in memory where they are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Variety {
    /// Whether the two forms are there, and differ.
    two: bool,
    settled: bool,
}

impl Variety {
    /// How many captions a view gets, as [`Captions::of_view`] returns them.
    pub(crate) fn count(self, asked: Option<Form>, view: &dyn View) -> usize {
        let count = |asked| match wanted(asked, view.form(), self.settled) {
            Form::Several if self.two => 2,
            _ => 1,
        };
        match count(asked) {
            2 if !view.draws() => count(Some(view.form())),
            count => count,
        }
    }
}

/// The form that is asked for, or else the usual one.
fn wanted(asked: Option<Form>, usual: Form, settled: bool) -> Form {
    match asked {
        None if settled => Form::Own,
        asked => asked.unwrap_or(usual),
    }
}

/// The two forms in which caption-compose says the same.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Forms {
    tags: String,
    sentence: String,
}

impl Captions {
    /// The captions of a record: its own, or what the template makes of its facts; and the forms
    /// that caption-compose wrote, unless someone changed the caption after it.
    pub(crate) fn of(facts: &Facts<'_>, template: &Template) -> Result<Self> {
        let line = |text: String| squeezed(&clean(&text));
        let said: Option<String> = facts.record.find("caption")?;
        let tags: Option<String> = facts.record.at("/facts/tags")?;
        let sentence: Option<String> = facts.record.at("/facts/sentence")?;
        let unchanged = said.is_some() && (said == tags || said == sentence);
        let form = |text: Option<String>| {
            let text = text.map(line).filter(|text| !text.is_empty() && unchanged);
            text.map(|text| triggered(&text, facts.trigger))
        };
        let own = match said.map(line).filter(|own| !own.is_empty()) {
            Some(own) => triggered(&own, facts.trigger),
            None => line(template.caption(facts)?),
        };
        if own.is_empty() {
            bail!("caption is empty: write one into the key `caption`, or give --trigger");
        }
        Ok(Self {
            own,
            forms: form(tags)
                .zip(form(sentence))
                .map(|(tags, sentence)| Forms { tags, sentence }),
            settled: facts.record.at::<String>("/facts/form")?.is_some(),
        })
    }

    /// The record's own caption.
    pub(crate) fn own(&self) -> &str {
        &self.own
    }

    /// How many there are.
    pub(crate) fn variety(&self) -> Variety {
        let forms = self.forms.as_ref();
        Variety {
            two: forms.is_some_and(|forms| forms.tags != forms.sentence),
            settled: self.settled,
        }
    }

    /// The captions that `view` has: of `asked` if that was asked for, else of its usual form; several only where its
    /// trainer draws one of them.
    pub(crate) fn of_view(&self, asked: Option<Form>, view: &dyn View) -> Vec<&str> {
        let captions = self.of_form(asked, view.form());
        if captions.len() > 1 && !view.draws() {
            return self.of_form(Some(view.form()), view.form());
        }
        captions
    }

    /// Those of `asked` if that was asked for, else of the `usual` form. There is one at least, and no two are the same.
    fn of_form(&self, asked: Option<Form>, usual: Form) -> Vec<&str> {
        let form = wanted(asked, usual, self.settled);
        let Some(Forms { tags, sentence }) = &self.forms else {
            return vec![&self.own];
        };
        let mut captions = match form {
            Form::Own => vec![self.own.as_str()],
            Form::Tags => vec![tags.as_str()],
            Form::Sentence => vec![sentence.as_str()],
            Form::Several => vec![tags.as_str(), sentence.as_str()],
        };
        captions.dedup();
        captions
    }
}

/// Puts the trigger in front, unless the caption has it already.
fn triggered(caption: &str, trigger: Option<&str>) -> String {
    match trigger {
        Some(trigger) if !has_words(caption, trigger) => format!("{trigger}, {caption}"),
        _ => caption.to_owned(),
    }
}

/// Whether `words` stand in `text`, and not only as a part of longer words.
fn has_words(text: &str, words: &str) -> bool {
    let edge = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric());
    text.match_indices(words).any(|(at, _)| {
        edge(text[..at].chars().next_back()) && edge(text[at + words.len()..].chars().next())
    })
}

/// Without byte order marks, control characters and others that are not seen,
/// which a tokenizer would take for words.
fn clean(text: &str) -> String {
    let space = |letter: char| match letter {
        letter if is_invisible(letter) => None,
        letter if letter.is_control() => Some(' '),
        letter => Some(letter),
    };
    text.chars().filter_map(space).collect()
}
