//! The judgements, in the records.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use stage::log::warn;
use stage::manifest::rounded;
use stage::{Outcome, Record, Result};
use teach::{DROP, Judgement, Model, Sight, UNKNOWN};

/// Digits of the checksum that tells one model from the next.
const DIGITS: usize = 12;

/// Decimals of probabilities.
const DECIMALS: u32 = 3;

/// A model and what it is called in records.
pub(crate) struct Named {
    pub(crate) model: Model,
    name: String,
}

/// One judgement: a member of the key `taught`.
#[derive(Debug, Serialize, Deserialize)]
struct Taught {
    label: String,
    #[serde(default)]
    probability: f64,
    #[serde(default)]
    scores: serde_json::Map<String, serde_json::Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<String>,
    #[serde(default)]
    model: String,
}

impl Named {
    /// Names a model by its file and a checksum of it.
    pub(crate) fn of(path: &Path, text: &[u8], model: Model) -> Self {
        let stem = path.file_name().unwrap_or_default().to_string_lossy();
        let sum = blake3::hash(text).to_hex();
        let name = format!("{stem} {}", &sum.as_str()[..DIGITS]);
        Self { model, name }
    }

    /// Whether a judgement can be written to a record: its keys may be something else than what they should be.
    pub(crate) fn check(&self, record: &Record) -> Result<()> {
        record.find::<BTreeMap<String, Taught>>("taught")?;
        self.model.reading.key.check(record)
    }

    /// Judges all records; one that has a label has that. Where labels say that the model is no better than what was
    /// there before, none but those that they are of; none for one that has nothing to judge it by.
    pub(crate) fn judge(&self, sights: Vec<Sight>) -> Result<Vec<Option<Judgement>>> {
        let unknown = |sight: &Sight| sight.unknown.then(|| UNKNOWN.to_owned());
        let said = |sight: &Sight| sight.label.clone().or_else(|| unknown(sight));
        let labels: Vec<_> = sights.iter().map(said).collect();
        let film = self.model.film(sights)?;
        let mut judged = self.model.judge(&film);
        if self.model.proof.labels == 0 {
            judged.fill(None);
            return Ok(with_labels(judged, labels));
        }
        let nothing = judged
            .iter()
            .filter(|judgement| judgement.is_none())
            .count();
        if self.model.is_of_one_class() && nothing > 0 {
            warn!(
                "{}: all labels are `{}`: records without one stay as they are",
                self.name, self.model.classes[0]
            );
        } else if nothing > 0 {
            warn!(
                "{nothing} of {} records have none of {}: they stay as they are",
                judged.len(),
                self.model.reading.on.join(", ")
            );
        }
        if self.model.proof.is_no_better() {
            for (record, judgement) in judged.iter_mut().enumerate() {
                judgement.take_if(|_| !film.is_told(record));
            }
            warn!(
                "{}: right no more often than the answers before: records that no label is of stay as they are",
                self.name
            );
        }
        Ok(with_labels(judged, labels))
    }

    /// Writes a judgement to its record.
    pub(crate) fn outcome(
        &self,
        mut record: Record,
        judgement: Option<Judgement>,
    ) -> Result<Outcome> {
        let Some(judgement) = judgement else {
            return Ok(Outcome::pass(record));
        };
        let key = &self.model.reading.key;
        let known: BTreeMap<String, Taught> = record.find("taught")?.unwrap_or_default();
        let now = key.read(&record)?;
        // Judged once more, the answer before is still the one that no model gave.
        let before = match known.get(key.pointer()) {
            Some(earlier) if now.as_ref() == Some(&earlier.label) || key.is_decision() => {
                earlier.before.clone()
            }
            _ => now,
        };
        let round = |score: f64| rounded(score, DECIMALS);
        let scores = judgement.scores.iter();
        let taught = Taught {
            label: judgement.label.clone(),
            probability: round(judgement.probability),
            scores: scores
                .map(|(class, score)| (class.clone(), round(*score).into()))
                .collect(),
            before,
            model: self.name.clone(),
        };
        record.put_member("taught", key.pointer(), &taught)?;
        let dropped = judgement.label == DROP;
        if key.is_decision() || self.model.reading.drops && dropped {
            let reason = format!(
                "judged `drop` with {:.*} by {}",
                DECIMALS as usize, judgement.probability, self.name
            );
            return Ok(Outcome::judge(record, dropped.then_some(reason)));
        }
        key.write(&mut record, &judgement.label, &judgement.scores)?;
        Ok(Outcome::pass(record))
    }
}

/// The judgements, of which those of records that have a label are as that says.
fn with_labels(
    judged: Vec<Option<Judgement>>,
    labels: Vec<Option<String>>,
) -> Vec<Option<Judgement>> {
    let both = judged.into_iter().zip(labels);
    both.map(|(judgement, label)| match label {
        Some(label) => Some(told(judgement, label)),
        None => judgement,
    })
    .collect()
}

/// A judgement of a record that has a label: the label, first and for certain, however sure the model is of another.
fn told(judgement: Option<Judgement>, label: String) -> Judgement {
    let mut scores = judgement.map_or(Vec::new(), |judgement| judgement.scores);
    if label != UNKNOWN {
        scores.retain(|(class, _)| *class != label);
        scores.insert(0, (label.clone(), 1.0));
    }
    Judgement {
        label,
        probability: 1.0,
        scores,
    }
}
