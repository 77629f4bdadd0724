//! The word `creatures` among the classes that are asked for: what characters of an animated film are, or are taken for.

use super::{Layout, Settings};

/// The word.
pub const CREATURES: &str = "creatures";

/// What a detector that was made for animated films may call them, besides persons.
const OWN: [&str; 2] = ["animal", "creature"];

/// What detectors of COCO's 80 classes call invented creatures: on the Sintel
/// trailer its dragons are birds (0.54 to 0.77), dogs (0.36 to 0.60), in the distance kites and
/// airplanes (0.23 to 0.72); the bird of Big Buck Bunny is one (0.70 to 0.88).
const TAKEN_FOR: [&str; 14] = [
    "person",
    "bird",
    "cat",
    "dog",
    "horse",
    "sheep",
    "cow",
    "elephant",
    "bear",
    "zebra",
    "giraffe",
    "teddy bear",
    "kite",
    "airplane",
];

/// The classes that are asked for, `creatures` put into words. A detector that does not know COCO's
/// classes is asked for persons, animals and creatures if it has a class for one of the latter, or else for those that
/// it finds without being asked.
pub fn named(asked: Vec<String>, layout: &Layout) -> Vec<String> {
    if !asked.iter().any(|class| class == CREATURES) {
        return asked;
    }
    let knows = |class: &&str| {
        let settings = Settings {
            classes: vec![(*class).to_owned()],
            ..Settings::default()
        };
        layout.wanted(&settings).is_ok()
    };
    if TAKEN_FOR.iter().all(knows) {
        let others = asked.into_iter().filter(|class| class != CREATURES);
        return others.chain(TAKEN_FOR.map(str::to_owned)).collect();
    }
    let own: Vec<&str> = OWN.into_iter().filter(knows).collect();
    let person = Some("person").filter(|person| !own.is_empty() && knows(person));
    let others = asked.into_iter().filter(|class| class != CREATURES);
    others
        .chain(own.into_iter().chain(person).map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_creatures_are_taken_for_are_classes_of_coco() {
        for class in TAKEN_FOR {
            assert!(super::super::COCO.contains(&class), "{class}");
        }
    }
}
