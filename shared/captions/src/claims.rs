//! What a text claims that can be measured too: an action, a time of day, a weather, a setting.

use crate::text::{Phrases, words};

/// Values of one kind, each with the words that claim it.
#[derive(Debug, Clone, Copy)]
pub struct Claims {
    /// Where records have the measured value, as a JSON pointer.
    pub pointer: &'static str,
    /// Each value, and the words and phrases that claim it, with `, ` between them.
    pub values: &'static [(&'static str, &'static str)],
}

/// A claim that is not what was measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// Where the measured value is.
    pub pointer: &'static str,
    /// The measured value.
    pub measured: String,
    /// The word or phrase that claims another.
    pub says: String,
}

/// The kinds that are compared.
///
/// A word stands here only if it can hardly be said of anything else in the image: `dark` may
/// be a shirt, `bright` a smile, a `window` may be seen from both sides.
pub const CLAIMS: &[Claims] = &[
    Claims {
        pointer: "/pose/action",
        values: &[
            ("standing", "standing, stands"),
            ("walking", "walking, walks, strolling, strolls"),
            ("running", "running, runs, sprinting, sprints, jogging"),
            ("sitting", "sitting, sits, seated"),
            ("jumping", "jumping, jumps, leaping, leaps, mid air"),
            (
                "lying",
                "lying down, lies down, lying on, lies on, sleeping, asleep",
            ),
        ],
    },
    Claims {
        pointer: "/light/time",
        values: &[
            ("morning", "morning, sunrise, dawn"),
            ("noon", "noon, midday"),
            ("afternoon", "afternoon"),
            ("evening", "evening, sunset, dusk, twilight"),
            (
                "night",
                "night, nighttime, moonlight, moonlit, midnight, starry sky",
            ),
        ],
    },
    Claims {
        pointer: "/light/time",
        values: &[
            ("night", "night, nighttime, moonlight, moonlit, starry sky"),
            (
                "day",
                "sunny, daylight, daytime, sunlight, sunlit, blue sky, midday",
            ),
        ],
    },
    Claims {
        pointer: "/light/weather",
        values: &[
            ("sunny", "sunny, clear sky, blue sky, sunshine"),
            ("cloudy", "cloudy, overcast, grey sky, gray sky"),
            ("rainy", "rainy, raining, rainfall, in the rain, downpour"),
        ],
    },
    Claims {
        pointer: "/light/setting",
        values: &[
            (
                "indoor",
                "indoors, indoor, interior, living room, bedroom, kitchen",
            ),
            (
                "outdoor",
                "outdoors, outdoor, open air, blue sky, starry sky",
            ),
        ],
    },
];

impl Claims {
    /// What `text` claims instead of `measured`; nothing where it claims that too, as of another
    /// person, and nothing where `measured` is no value of this kind.
    ///
    /// ```
    /// use captions::claims::CLAIMS;
    /// let against = |text| CLAIMS[0].against("sitting", text).map(|found| found.says);
    /// assert_eq!(against("A boy runs along the quay."), Some("runs".to_owned()));
    /// assert_eq!(against("A boy sits while a dog runs."), None);
    /// assert_eq!(against("A boy by the sea."), None);
    /// ```
    pub fn against(&self, measured: &str, text: &str) -> Option<Contradiction> {
        let day = ["morning", "noon", "afternoon", "evening"].contains(&measured);
        let has = |value: &str| self.values.iter().any(|(own, _)| *own == value);
        let value = if day && has("day") && !has(measured) {
            "day"
        } else {
            measured
        };
        if !has(value) {
            return None;
        }
        let text = words(text);
        let said = |list: &str| Phrases::new(list.split(", ")).find(&text);
        let (own, others): (Vec<_>, Vec<_>) =
            self.values.iter().partition(|(name, _)| *name == value);
        if own.iter().any(|(_, list)| said(list).is_some()) {
            return None;
        }
        let says = others.iter().find_map(|(_, list)| said(list))?;
        Some(Contradiction {
            pointer: self.pointer,
            measured: measured.to_owned(),
            says,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(pointer: &str, measured: &str, text: &str) -> Vec<String> {
        let kinds = CLAIMS.iter().filter(|claims| claims.pointer == pointer);
        kinds
            .filter_map(|claims| Some(claims.against(measured, text)?.says))
            .collect()
    }

    #[test]
    fn what_was_measured_is_held_against_what_is_said() {
        for (pointer, measured, text, says) in [
            (
                "/pose/action",
                "sitting",
                "A boy is running home.",
                Some("running"),
            ),
            (
                "/pose/action",
                "running",
                "A boy runs past a seated man.",
                None,
            ),
            ("/pose/action", "unknown", "A boy is running.", None),
            (
                "/light/time",
                "night",
                "A sunny day at the harbour.",
                Some("sunny"),
            ),
            (
                "/light/time",
                "noon",
                "The harbour under a starry sky.",
                Some("starry sky"),
            ),
            ("/light/time", "evening", "A sunlit wall at sunset.", None),
            (
                "/light/weather",
                "rainy",
                "Under a blue sky.",
                Some("blue sky"),
            ),
            (
                "/light/setting",
                "indoor",
                "They play outdoors.",
                Some("outdoors"),
            ),
            ("/light/setting", "outdoor", "A boy by the sea.", None),
        ] {
            assert_eq!(
                found(pointer, measured, text).first().map(String::as_str),
                says,
                "{measured}: {text}"
            );
        }
    }

    #[test]
    fn lists_are_as_words_give_them() {
        for (_, list) in CLAIMS.iter().flat_map(|claims| claims.values) {
            for phrase in list.split(", ") {
                assert_eq!(words(phrase).join(" "), phrase);
            }
        }
    }
}
