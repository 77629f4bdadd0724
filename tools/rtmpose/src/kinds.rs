//! Which figures are animals, and the networks for persons and for animals.

use std::path::PathBuf;

use answers::Answers;
use cast::{Kind, folder, label};
use nets::pose::{Crop, Estimator, Pose, View};
use onnx::ModelFlags;
use stage::{Context, Record, Result};
use vision::Skeleton;

/// What the registry calls the network for animals that `default` stands for.
const DEFAULT: &str = "rtmpose-m-ap10k";

/// Labels of COCO that end with an animal and are none.
const NO_ANIMALS: [&str; 2] = ["hot dog", "teddy bear"];

/// Flags for figures with four legs.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Animals")]
pub(crate) struct Flags {
    /// Network for characters that are animals, by AP-10K's 17 key points: a name in the registry, a
    /// path, or `default` for rtmpose-m-ap10k [default: none, as if all were persons]
    #[arg(long, value_name = "NAME|PATH")]
    animal_model: Option<String>,

    /// Folder with a folder for each character, whose file kind.txt says `person` or `animal`; it
    /// counts before the label
    #[arg(long, value_name = "DIR", requires = "animal_model")]
    cast: Option<PathBuf>,

    /// Labels of detectors that mean an animal, or nouns of such labels: `a small dog` is a dog
    #[arg(
        long,
        value_name = "LABEL,…",
        value_delimiter = ',',
        default_value = "animal,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe"
    )]
    animal_labels: Vec<String>,
}

/// What tells the kind of a figure; for use on any thread.
#[derive(Debug, Clone)]
pub(crate) struct Kinds {
    /// Of each character with a kind of its own.
    characters: folder::Kinds,
    labels: Vec<String>,
}

impl Kinds {
    /// Those of the flags.
    ///
    /// # Errors
    /// A folder that cannot be read; a file that says something else.
    fn of(flags: &Flags) -> Result<Self> {
        let characters = { flags.cast.as_deref() }
            .map(folder::Kinds::read)
            .transpose()?;
        let lower = |label: &String| label.trim().to_lowercase();
        Ok(Self {
            characters: characters.unwrap_or_default(),
            labels: flags.animal_labels.iter().map(lower).collect(),
        })
    }

    /// The kind of each of a record's figures: of the one character that it shows, or of its `boxes`.
    ///
    /// # Errors
    /// Keys that have another form.
    pub(crate) fn in_record(&self, record: &Record, among_boxes: bool) -> Result<Vec<Kind>> {
        if among_boxes {
            let boxes = record.boxes()?.unwrap_or_default();
            return Ok({ boxes.iter() }
                .map(|found| self.of_label(found.label.as_deref()))
                .collect());
        }
        let name: Option<String> = record.at("/identity/name")?;
        let own = name.and_then(|name| self.characters.of(&name));
        let label = || -> Result<Kind> {
            let instance = record.instance()?.unwrap_or_default();
            Ok(self.of_label(instance.label.as_deref()))
        };
        Ok(vec![own.map_or_else(label, Ok)?])
    }

    /// By the label of a detector: an animal's, or a phrase whose noun is one, such as `a small dog`.
    fn of_label(&self, label: Option<&str>) -> Kind {
        let label = label.unwrap_or_default().trim().to_lowercase();
        let noun = label::noun(&label);
        let ends = |of: &str| label::ends(&noun, of);
        let is_of = |own: &&String| **own == label || ends(own);
        // The longest says most: who lists `teddy bear` means it.
        let own = self.labels.iter().filter(is_of).max_by_key(|own| own.len());
        let other = NO_ANIMALS.iter().find(|other| ends(other));
        let longer = |own: &String| other.is_none_or(|other| own.len() >= other.len());
        if own.is_some_and(longer) {
            Kind::Animal
        } else {
            Kind::Person
        }
    }
}

/// The network for persons, and that for animals where there is one.
pub(crate) struct Networks {
    person: Estimator,
    animal: Option<Estimator>,
    /// How many figures each takes at once: fewer once the memory was too small.
    largest: [usize; 2],
}

/// The answers of the network for persons, and those in which that for animals has a part. A record
/// without animals does not depend on the second network, and does not name it.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    person: Answers,
    both: Option<Answers>,
}

impl Signed {
    /// The answers about a record that shows animals, or none.
    pub(crate) fn of(&self, animals: bool) -> &Answers {
        let both = self.both.as_ref().filter(|_| animals);
        both.unwrap_or(&self.person)
    }
}

/// How figures are looked at; for use on any thread.
#[derive(Debug, Clone)]
pub(crate) struct Views {
    person: View,
    animal: Option<(View, Kinds)>,
}

impl Networks {
    /// Opens what the flags name.
    ///
    /// # Errors
    /// A network that is not there, or not of 17 key points for animals.
    pub(crate) fn open(model: &ModelFlags, swapped: bool, flags: &Flags) -> Result<(Self, Views)> {
        let person = Estimator::open(&model.open("pose")?, swapped, &model.runtime)?;
        let open = |name: &String| -> Result<Estimator> {
            let name = if name == "default" {
                DEFAULT
            } else {
                name.as_str()
            };
            let found = model.runtime.model("pose", Some(name))?;
            let estimator = Estimator::open(&found, swapped, &model.runtime)?;
            estimator.of(Skeleton::Ap10k17).context(name.to_owned())
        };
        let animal = flags.animal_model.as_ref().map(open).transpose()?;
        let view = |estimator: &Estimator| -> Result<(View, Kinds)> {
            Ok((estimator.view().clone(), Kinds::of(flags)?))
        };
        let views = Views {
            person: person.view().clone(),
            animal: animal.as_ref().map(view).transpose()?,
        };
        let networks = Self {
            person,
            animal,
            largest: [usize::MAX; 2],
        };
        Ok((networks, views))
    }

    /// How many records wait for each other, of `batch` figures.
    pub(crate) fn at_once(&mut self, batch: usize) -> usize {
        let animal = self.animal.as_ref();
        self.largest = [
            self.person.at_once(batch),
            animal.map_or(batch, |animal| animal.at_once(batch)),
        ];
        self.largest[0]
    }

    /// The network for persons.
    pub(crate) fn person(&self) -> &Estimator {
        &self.person
    }

    /// Answers of these networks.
    pub(crate) fn sign(&self, answers: Answers, matte: [u8; 3], views: &Views) -> Result<Signed> {
        let person = answers.by(self.person.net().provenance());
        let mut person = person.with(&(matte, format!("{:?}", views.person)))?;
        if !self.person.skeleton().is_coco() {
            person = person.with(&self.person.skeleton())?;
        }
        let both = self.animal.as_ref().zip(views.animal.as_ref());
        let both = both.map(|(animal, (view, _))| {
            let both = person.clone();
            let both = both.and_by(" animals", animal.net().provenance());
            both.with(&format!("{view:?}"))
        });
        Ok(Signed {
            both: both.transpose()?,
            person,
        })
    }

    /// The poses in the crops of each record.
    ///
    /// # Errors
    /// Those of the runtime.
    pub(crate) fn estimate(
        &mut self,
        records: Vec<Vec<(Kind, Crop)>>,
    ) -> Result<Vec<Result<Vec<Pose>>>> {
        let counts: Vec<usize> = records.iter().map(Vec::len).collect();
        let mut poses: Vec<Option<Pose>> = vec![None; counts.iter().sum()];
        let mut persons = (Vec::new(), Vec::new());
        let mut animals = (Vec::new(), Vec::new());
        for (at, (kind, crop)) in records.into_iter().flatten().enumerate() {
            let (places, crops) = match kind {
                Kind::Animal => &mut animals,
                Kind::Person | Kind::Thing => &mut persons,
            };
            places.push(at);
            crops.push(crop);
        }
        let networks = [Some(&mut self.person), self.animal.as_mut()];
        let parts = networks.into_iter().zip([persons, animals]);
        for ((network, (places, crops)), largest) in parts.zip(&mut self.largest) {
            let Some(network) = network.filter(|_| !crops.is_empty()) else {
                continue;
            };
            let found = onnx::halving(&crops, largest, |part| network.run(part))?;
            for (at, pose) in places.into_iter().zip(found) {
                poses[at] = Some(pose);
            }
        }
        let mut poses = poses.into_iter().flatten();
        let each = { counts.into_iter() }.map(|count| Ok(poses.by_ref().take(count).collect()));
        Ok(each.collect())
    }
}

impl Views {
    /// The kinds of a record's figures, where they matter.
    ///
    /// # Errors
    /// Those of [`Kinds::in_record`].
    pub(crate) fn kinds(&self, record: &Record, among_boxes: bool) -> Result<Vec<Kind>> {
        let Some((_, kinds)) = &self.animal else {
            return Ok(Vec::new());
        };
        kinds.in_record(record, among_boxes)
    }

    /// How a figure of this kind is looked at.
    pub(crate) fn of(&self, kind: Kind) -> &View {
        match (kind, &self.animal) {
            (Kind::Animal, Some((view, _))) => view,
            _ => &self.person,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use clap::Parser;

    use super::*;

    fn kinds(flags: &[&str]) -> Kinds {
        let flags = [&["rtmpose"], flags].concat();
        Kinds::of(&crate::Args::try_parse_from(flags).unwrap().animals).unwrap()
    }

    #[test]
    fn the_noun_of_a_label_decides() {
        let kinds = kinds(&[]);
        let animals = [
            "dog",
            "a small dog",
            "A Dog with a boy",
            "the horse in the field.",
            "a walking cat",
            "their old dog",
        ];
        let others = [
            "a boy riding a horse",
            "a man with a dog",
            "hot dog",
            "teddy bear",
            "a teddy bear",
            "a girl and a cat",
            "a girl petting a dog",
            "a boy hugs his dog",
            "the owner of a dog",
            "bird",
            "hotdog",
            "",
        ];
        for label in animals {
            assert_eq!(kinds.of_label(Some(label)), Kind::Animal, "{label}");
        }
        for label in others {
            assert_eq!(kinds.of_label(Some(label)), Kind::Person, "{label}");
        }
        assert_eq!(kinds.of_label(None), Kind::Person);
    }

    #[test]
    fn a_label_that_is_given_counts_as_it_stands() {
        let kinds = kinds(&["--animal-labels", "Teddy Bear,sea monster,man with a tail"]);
        for label in ["teddy bear", "a green sea monster", "man with a tail"] {
            assert_eq!(kinds.of_label(Some(label)), Kind::Animal, "{label}");
        }
        assert_eq!(kinds.of_label(Some("dog")), Kind::Person);
    }
}
