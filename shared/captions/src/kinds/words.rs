//! The words by which a sentence tells who it is about.

/// What a noun phrase begins with.
pub(super) const DETERMINERS: &[&str] = &["a", "an", "the", "one", "this", "that"];

/// Nouns for beings of any kind: what stands beside one of them is another character.
pub(super) const NEUTRAL: &[&str] = &[
    "character",
    "figure",
    "figurine",
    "being",
    "toy",
    "doll",
    "puppet",
    "statue",
    "sculpture",
    "robot",
    "blob",
    "something",
];

/// Words that put one character beside another.
pub(super) const BESIDE: &[&str] = &[
    "and", "with", "near", "beside", "behind", "next", "by", "to", "toward", "towards", "holding",
    "carrying", "riding", "watching", "front", "between", "against", "around", "facing",
];

/// To the left of these, with [`BESIDE`], no noun phrase goes on.
pub(super) const ENDS: &[&str] = &[
    "is",
    "are",
    "was",
    "shows",
    "show",
    "see",
    "depicts",
    "features",
    "of",
    "in",
    "on",
    "at",
    "as",
    "like",
    "there",
    "showing",
    "depicting",
    "featuring",
    "seen",
    "looks",
    "who",
    "which",
    "that's",
    "there's",
];

/// What may stand before an animal that a person is taken for, with [`DEPICTIONS`] and [`SHOWING`]: `The image shows`.
pub(super) const OPENING: &[&str] = &[
    "the",
    "a",
    "an",
    "this",
    "3d",
    "cgi",
    "animated",
    "show",
    "of",
    "is",
    "there",
    "there's",
    "we",
    "can",
    "in",
    "it",
    "close",
    "character",
    "figure",
];

/// What shows something: `a faded photo of`, `a close up of`.
pub(super) const DEPICTIONS: &[&str] = &[
    "image",
    "picture",
    "photo",
    "scene",
    "drawing",
    "painting",
    "cartoon",
    "illustration",
    "rendering",
    "render",
    "still",
    "screenshot",
    "frame",
    "view",
    "portrait",
    "animation",
    "up",
];

/// Words behind which stands what is shown.
pub(super) const SHOWING: &[&str] = &[
    "shows",
    "depicts",
    "features",
    "showing",
    "depicting",
    "featuring",
    "see",
];

/// What a sentence may begin with that says where something is before it says what.
pub(super) const PLACES: &[&str] = &[
    "in", "on", "at", "under", "inside", "outside", "above", "below",
];

/// What says that there is none.
pub(super) const DENIALS: &[&str] = &["no", "without"];

/// Of whom a sentence speaks that says what someone is.
pub(super) const PRONOUNS: [&str; 4] = ["he", "she", "it", "who"];

/// Of two of these beside each other, neither is another word for the other.
pub(super) const SEXES: [&str; 5] = ["man", "woman", "boy", "girl", "child"];

/// What `the man` is followed by if he is not the one of whom the text speaks.
pub(super) const ELSEWHERE: &[&str] = &[
    "in the background",
    "in the foreground",
    "behind",
    "beside",
    "next to",
    "on the left",
    "on the right",
    "to the left",
    "to the right",
];
