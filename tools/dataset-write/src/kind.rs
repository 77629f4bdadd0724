//! What a data set is to teach, and how its images are named and captioned by default.

use clap::ValueEnum;

/// What a data set is to teach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Who somebody is, as `char_{character}_{id}`
    Character,
    /// What a place looks like, as `bg_scene{id}_{location}_{time}`
    Background,
    /// What a body does, as `pose_{character}_{action}_{angle}_{id}`
    Pose,
    /// What a face shows, as `expr_{character}_{emotion}_{intensity}_{id}`
    Expression,
    /// How everything is drawn, as `style_{style}_scene{id}`
    Style,
    /// How a scene is lit, as `light_{condition}_{time}_{id}`
    Lighting,
    /// Anything else: give --template and --caption
    Custom,
}

impl Kind {
    /// The template of file names.
    pub(crate) fn name_template(self) -> &'static str {
        match self {
            Self::Character => "char_{character}_{id}",
            Self::Background => "bg_scene{id}_{location}_{time}",
            Self::Pose => "pose_{character}_{action}_{angle}_{id}",
            Self::Expression => "expr_{character}_{emotion}_{intensity}_{id}",
            Self::Style => "style_{style}_scene{id}",
            Self::Lighting => "light_{condition}_{time}_{id}",
            Self::Custom => "image_{id}",
        }
    }

    /// The template of captions for records that have none.
    ///
    /// Each says what is to stay controllable, and leaves unsaid what the
    /// trigger is to stand for: the looks of a character, the architecture
    /// of a place, the rendering of a style.
    pub(crate) fn caption_template(self) -> &'static str {
        match self {
            Self::Character => {
                "{trigger}, {angle} view, {action}, {emotion} expression, {location}, {setting}, {time}, {weather}"
            }
            Self::Background => "{trigger}, {time}, {weather}",
            Self::Pose => {
                "{trigger}, {action}, {angle} view, {location}, {setting}, {time}, {weather}"
            }
            Self::Expression => {
                "{trigger}, {intensity?} {emotion} expression, {angle} view, {setting}, {time}"
            }
            Self::Style => "{trigger}, {location}, {setting}, {time}, {weather}",
            Self::Lighting => "{trigger}, {time}, {weather}, {setting}, {location}",
            Self::Custom => "{trigger}",
        }
    }

    /// Whether the trigger stands for the subject of the whole set, and so
    /// names it. The trigger of a place, an action or a light does not.
    pub(crate) fn trigger_is_subject(self) -> bool {
        matches!(self, Self::Character | Self::Style | Self::Custom)
    }

    /// The word of the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Character => "character",
            Self::Background => "background",
            Self::Pose => "pose",
            Self::Expression => "expression",
            Self::Style => "style",
            Self::Lighting => "lighting",
            Self::Custom => "custom",
        }
    }

    /// What is trained on where an image has a mask of its subject.
    pub(crate) fn trained(self) -> Trained {
        match self {
            Self::Character | Self::Pose | Self::Expression => Trained::Subject,
            Self::Background => Trained::Rest,
            Self::Style | Self::Lighting | Self::Custom => Trained::All,
        }
    }
}

/// What is trained on where an image has a mask of its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Trained {
    /// The subject: white in its mask
    Subject,
    /// Everything but the subject
    Rest,
    /// Everything: no masks are written
    All,
}
