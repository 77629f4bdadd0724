//! Templates of names and captions: text with facts in braces.

use stage::{Result, bail};

use crate::facts::Facts;

/// The longest that one fact may be in a file name, in bytes.
const LONGEST_FACT: usize = 40;

/// Text with facts in braces: `{time}`, `{light.time}`, or `{intensity?}`,
/// which is nothing where it is unknown.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    Text(String),
    Fact { name: String, optional: bool },
}

impl std::str::FromStr for Template {
    type Err = stage::Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((inside, after)) = after.split_once('}') else {
                bail!("`{text}`: an opening brace has no closing one");
            };
            if before.contains('}') {
                bail!("`{text}`: a closing brace has no opening one");
            }
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(fact(inside)?);
            rest = after;
        }
        if rest.contains('}') {
            bail!("`{text}`: a closing brace has no opening one");
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(Self { pieces })
    }
}

fn fact(inside: &str) -> Result<Piece> {
    let name = inside.strip_suffix('?').unwrap_or(inside);
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || !name.chars().all(letter) {
        bail!("`{{{inside}}}`: a fact is a word or a path of keys, such as `{{light.time}}`");
    }
    Ok(Piece::Fact {
        name: name.to_owned(),
        optional: inside.ends_with('?'),
    })
}

impl Template {
    /// Part of a file name: facts as slugs, `unknown` for what is not known.
    fn name(&self, facts: &Facts<'_>) -> Result<String> {
        let mut name = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => name += text,
                Piece::Fact {
                    name: fact,
                    optional,
                } => {
                    let slug = slug(&facts.value(fact)?.unwrap_or_default());
                    name += match slug.get(..LONGEST_FACT).unwrap_or(&slug) {
                        "" if *optional => "",
                        "" => "unknown",
                        known => known,
                    };
                }
            }
        }
        Ok(name)
    }

    /// A caption: the parts between commas whose facts are all known.
    pub(crate) fn caption(&self, facts: &Facts<'_>) -> Result<String> {
        // A fact may have commas of its own, so text is split before facts are put in.
        let mut parts = vec![Some(String::new())];
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => {
                    for (number, text) in text.split(',').enumerate() {
                        if number > 0 {
                            parts.push(Some(String::new()));
                        }
                        if let Some(Some(part)) = parts.last_mut() {
                            *part += text;
                        }
                    }
                }
                Piece::Fact { name, optional } => match (facts.value(name)?, parts.last_mut()) {
                    (Some(value), Some(Some(part))) => *part += &value,
                    (None, Some(part)) if !optional => *part = None,
                    _ => {}
                },
            }
        }
        let parts = parts.into_iter().flatten().map(|part| squeezed(&part));
        let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        Ok(parts.join(", "))
    }
}

/// The template of a file name, around the number that makes it unique.
#[derive(Debug, Clone)]
pub(crate) struct NameTemplate {
    before: Template,
    after: Template,
}

impl std::str::FromStr for NameTemplate {
    type Err = stage::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (before, after) = match text.split_once("{id}") {
            Some((before, after)) => (before.to_owned(), after),
            None => (format!("{text}_"), ""),
        };
        Ok(Self {
            before: before.parse()?,
            after: after.parse()?,
        })
    }
}

/// The words of a file name before and after its number.
#[derive(Debug, Clone)]
pub(crate) struct Name(String, String);

impl NameTemplate {
    /// The words for one record.
    pub(crate) fn name(&self, facts: &Facts<'_>) -> Result<Name> {
        Ok(Name(self.before.name(facts)?, self.after.name(facts)?))
    }
}

impl Name {
    /// The file name, without an ending: lower case letters, digits and
    /// underscores.
    pub(crate) fn numbered(&self, number: usize, digits: usize) -> String {
        slug(&format!("{}{number:0digits$}{}", self.0, self.1))
    }
}

/// One space where there was any white space, none at the ends.
pub(crate) fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Lower case ASCII letters and digits, and single underscores between them.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for letter in any_ascii::any_ascii(text).chars() {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    slug.truncate(slug.trim_end_matches('_').len());
    slug
}
