//! What a character is, a person, an animal or a thing: by its folder in the cast, and by what a detector calls it.
//!
//! | module | what |
//! |---|---|
//! | [`label`] | what kind the label of a detector means |
//! | [`nouns`] | the nouns of each kind, in the singular and the plural |
//! | [`folder`] | `kind.txt` of each character |

pub mod folder;
pub mod label;
pub mod nouns;

/// What a character is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A person, or anything with a person's body.
    Person,
    /// An animal or a creature, real or invented.
    Animal,
    /// Neither.
    Thing,
}

impl Kind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Animal => "animal",
            Self::Thing => "thing",
        }
    }
}
