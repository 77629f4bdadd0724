//! The word `creatures` among the classes that are asked for.

use nets::detect::{Layout, Settings};

/// The word.
pub(crate) const CREATURES: &str = "creatures";

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
/// classes is asked for those that it finds without being asked.
pub(crate) fn named(asked: Vec<String>, layout: &Layout) -> Vec<String> {
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
    asked
        .into_iter()
        .filter(|class| class != CREATURES)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_creatures_are_taken_for_are_classes_of_coco() {
        for class in TAKEN_FOR {
            assert!(nets::detect::COCO.contains(&class), "{class}");
        }
    }
}
