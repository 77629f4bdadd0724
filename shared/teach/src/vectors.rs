//! The vectors and numbers that records carry, brought to one scale.

use std::collections::BTreeMap;

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use manifest::Record;
use manifest::shapes::{Row, Vector};
use serde::{Deserialize, Serialize};

/// Standardised numbers are held within this many deviations: far from everything that it has seen, a
/// model must not grow surer.
const FARTHEST: f32 = 3.0;

/// The root of the mean square of each part after scaling. Parts count alike, however long they are and
/// whatever their unit; the regularisation in `fit` is measured in this.
pub(crate) const SPREAD: f32 = 4.0;

/// Squares of larger numbers do not add up any more.
const LARGEST: f32 = 1e15;

/// Among numbers with names, a list of up to so many has a number for each place, as the levels of an image; a longer
/// one is a vector.
const PLACES: usize = 8;

/// What a JSON pointer leads to.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Found {
    One(f32),
    List(Vec<f32>),
    /// A vector in a file.
    Row(Row),
    Named(BTreeMap<String, Found>),
}

/// What a record has at one pointer.
#[derive(Debug, Clone, PartialEq)]
enum Piece {
    /// Nothing.
    Absent,
    /// A vector, whose numbers count together, and the network that it is from.
    Vector(Vec<f32>, Option<String>),
    /// Numbers with names, each of its own unit.
    Figures(BTreeMap<String, f32>),
}

/// What a record has at the pointers of a question.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Seen {
    pieces: Vec<Piece>,
}

impl Seen {
    /// Reads a record.
    pub(crate) fn read(record: &Record, pointers: &[String]) -> Result<Self> {
        let pieces = pointers.iter().map(|pointer| piece(record, pointer));
        Ok(Self {
            pieces: pieces.collect::<Result<_>>()?,
        })
    }
}

fn piece(record: &Record, pointer: &str) -> Result<Piece> {
    let found: Option<Found> = record.at(pointer).with_context(|| {
        format!("key `{pointer}`: not a vector, a number, or numbers with names")
    })?;
    let sound = |number: &f32| number.abs() < LARGEST;
    let too_large = || anyhow!("key `{pointer}`: a number is too large");
    let found = match found {
        Some(Found::Row(row)) => {
            let numbers = ::vectors::numbers(Vector::Row(row));
            Some(Found::List(
                numbers.with_context(|| format!("key `{pointer}`"))?,
            ))
        }
        other => other,
    };
    match found {
        None => Ok(Piece::Absent),
        Some(Found::List(list)) => {
            ensure!(!list.is_empty(), "key `{pointer}`: the vector is empty");
            ensure!(list.iter().all(sound), too_large());
            let network = match pointer.strip_suffix("/vector") {
                Some(parent) => record.at(&format!("{parent}/model"))?,
                None => None,
            };
            Ok(Piece::Vector(list, network))
        }
        Some(found) => {
            let mut figures = BTreeMap::new();
            flatten("", found, &mut figures)
                .with_context(|| format!("key `{pointer}`: a vector among numbers with names"))?;
            ensure!(figures.values().all(sound), too_large());
            Ok(if figures.is_empty() {
                Piece::Absent
            } else {
                Piece::Figures(figures)
            })
        }
    }
}

/// Gives every number its path as its name; none if a vector is among them.
fn flatten(path: &str, found: Found, into: &mut BTreeMap<String, f32>) -> Option<()> {
    match found {
        Found::One(number) => {
            into.insert(path.to_owned(), number);
        }
        Found::List(list) if list.len() > PLACES => return None,
        Found::Row(_) => return None,
        Found::List(list) => {
            let places = list.into_iter().enumerate();
            into.extend(places.map(|(place, number)| (format!("{path}/{place}"), number)));
        }
        Found::Named(members) => {
            for (name, member) in members {
                let path = if path.is_empty() {
                    name
                } else {
                    format!("{path}/{name}")
                };
                flatten(&path, member, into)?;
            }
        }
    }
    Some(())
}

/// How what stands at one pointer is scaled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Part {
    pointer: String,
    /// The network that a vector is from, where the record says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    network: Option<String>,
    /// The names of numbers with names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
    mean: Vec<f32>,
    /// The standard deviation of each number; of a vector one, the root of its mean squared distance to the
    /// mean.
    deviation: Vec<f32>,
}

/// How records become vectors of one length.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Layout {
    parts: Vec<Part>,
}

impl Layout {
    /// Measures means and deviations of all records.
    pub(crate) fn of<'a>(
        pointers: &[String],
        all: impl Iterator<Item = &'a Seen> + Clone,
    ) -> Result<Self> {
        let part = |(at, pointer): (usize, &String)| {
            let pieces = all.clone().filter_map(move |seen| seen.pieces.get(at));
            Part::of(pointer, pieces)
        };
        let parts = pointers.iter().enumerate().map(part);
        Ok(Self {
            parts: parts.collect::<Result<_>>()?,
        })
    }

    /// Those that have not what most have, a vector of one length and network or numbers with names; each by its
    /// place, with why.
    pub(crate) fn misfits<'a>(
        pointers: &[String],
        all: impl Iterator<Item = &'a Seen> + Clone,
    ) -> BTreeMap<usize, Error> {
        let mut found = BTreeMap::new();
        for (at, pointer) in pointers.iter().enumerate() {
            let pieces = all.clone().map(|seen| seen.pieces.get(at));
            let usual = Part::usual(pointer, pieces.clone().flatten());
            for (record, piece) in pieces.enumerate() {
                if let Some(Err(error)) = piece.map(|piece| usual.check(piece)) {
                    found.entry(record).or_insert(error);
                }
            }
        }
        found
    }

    /// Whether a record can be placed.
    pub(crate) fn check(&self, seen: &Seen) -> Result<()> {
        let mut parts = self.parts.iter().zip(&seen.pieces);
        parts.try_for_each(|(part, piece)| part.check(piece))
    }

    /// The length of the vectors.
    pub(crate) fn length(&self) -> usize {
        self.parts.iter().map(|part| part.mean.len()).sum()
    }

    /// The vector of a record; none if it has nothing at any of the pointers.
    ///
    /// What is absent is as the mean is. A vector of another length, or of another network, is an error.
    pub(crate) fn place(&self, seen: &Seen) -> Result<Option<Vec<f32>>> {
        if seen.pieces.iter().all(|piece| *piece == Piece::Absent) {
            return Ok(None);
        }
        let mut vector = Vec::with_capacity(self.length());
        for (part, piece) in self.parts.iter().zip(&seen.pieces) {
            part.place(piece, &mut vector)?;
        }
        Ok(Some(vector))
    }

    /// Whether numbers fit together.
    pub(crate) fn is_sound(&self) -> bool {
        self.parts.iter().all(|part| {
            let count = part.mean.len();
            let named = part.names.len() == count && part.deviation.len() == count;
            let finite = part.mean.iter().all(|number| number.is_finite());
            let above = part.deviation.iter().all(|number| *number > 0.0);
            finite && above && (named || (part.names.is_empty() && part.deviation.len() <= 1))
        })
    }
}

impl Part {
    fn of<'a>(pointer: &str, pieces: impl Iterator<Item = &'a Piece> + Clone) -> Result<Self> {
        let mut part = Self::usual(pointer, pieces.clone());
        part.measure(pieces)?;
        Ok(part)
    }

    /// What most have, not measured yet.
    fn usual<'a>(pointer: &str, pieces: impl Iterator<Item = &'a Piece> + Clone) -> Self {
        // The length of a vector; none of numbers with names.
        let form = |piece: &Piece| match piece {
            Piece::Absent => None,
            Piece::Vector(list, _) => Some(Some(list.len())),
            Piece::Figures(_) => Some(None),
        };
        let usual = most(pieces.clone().filter_map(form));
        let usual_ones = pieces.filter(|piece| form(piece) == usual);
        let (names, network) = if usual == Some(None) {
            let mut names: Vec<String> = usual_ones
                .flat_map(|piece| match piece {
                    Piece::Figures(figures) => figures.keys().cloned().collect(),
                    _ => Vec::new(),
                })
                .collect();
            names.sort();
            names.dedup();
            (names, None)
        } else {
            let networks = usual_ones.filter_map(|piece| match piece {
                Piece::Vector(_, network) => network.as_ref(),
                _ => None,
            });
            (Vec::new(), most(networks).cloned())
        };
        let length = usual.flatten().unwrap_or(names.len());
        Self {
            pointer: pointer.to_owned(),
            network,
            names,
            mean: vec![0.0; length],
            deviation: Vec::new(),
        }
    }

    /// Sets mean and deviation, from sums in double precision.
    fn measure<'a>(&mut self, pieces: impl Iterator<Item = &'a Piece>) -> Result<()> {
        let length = self.mean.len();
        let (mut sums, mut squares) = (vec![0.0_f64; length], vec![0.0_f64; length]);
        let mut counts = vec![0_u32; length];
        for piece in pieces {
            for (at, number) in self.raw(piece)?.into_iter().enumerate() {
                if let Some(number) = number.map(f64::from) {
                    sums[at] += number;
                    squares[at] += number * number;
                    counts[at] += 1;
                }
            }
        }
        let mut variances = Vec::with_capacity(length);
        for at in 0..length {
            let count = f64::from(counts[at].max(1));
            let mean = sums[at] / count;
            self.mean[at] = mean as f32;
            variances.push((squares[at] / count - mean * mean).max(0.0));
        }
        // What remains of rounding is no variance: such a number counts for nothing.
        let deviation = |variance: f64, mean: f64| {
            let deviation = variance.sqrt();
            let flat = deviation <= 1e-5 * mean.abs().max(1e-12);
            if flat { f32::MAX } else { deviation as f32 }
        };
        self.deviation = if length == 0 {
            Vec::new()
        } else if self.names.is_empty() {
            let size: f64 = self.mean.iter().map(|x| f64::from(*x).powi(2)).sum();
            vec![deviation(variances.iter().sum(), size.sqrt())]
        } else {
            let pairs = variances.iter().zip(&self.mean);
            let each = pairs.map(|(variance, mean)| deviation(*variance, f64::from(*mean)));
            each.collect()
        };
        Ok(())
    }

    /// Whether a piece is what this part is of.
    fn check(&self, piece: &Piece) -> Result<()> {
        let pointer = &self.pointer;
        match piece {
            Piece::Absent => {}
            Piece::Vector(list, network) => {
                if let (Some(known), Some(other)) = (&self.network, network)
                    && known != other
                {
                    bail!(
                        "key `{pointer}`: a vector of {other}, and not of {known}: compute the vectors of all records with one network"
                    );
                }
                ensure!(
                    self.names.is_empty(),
                    "key `{pointer}`: a vector instead of numbers with names"
                );
                ensure!(
                    list.len() == self.mean.len(),
                    "key `{pointer}`: {} numbers instead of {}: compute the vectors of all records with one network",
                    list.len(),
                    self.mean.len()
                );
            }
            Piece::Figures(_) => ensure!(
                !self.names.is_empty() || self.mean.is_empty(),
                "key `{pointer}`: numbers with names instead of a vector"
            ),
        }
        Ok(())
    }

    /// The numbers of a piece in the order of this part; none where it has none.
    fn raw(&self, piece: &Piece) -> Result<Vec<Option<f32>>> {
        self.check(piece)?;
        Ok(match piece {
            Piece::Absent => vec![None; self.mean.len()],
            Piece::Vector(list, _) => list.iter().copied().map(Some).collect(),
            Piece::Figures(figures) => { self.names.iter() }
                .map(|name| figures.get(name).copied())
                .collect(),
        })
    }

    fn place(&self, piece: &Piece, vector: &mut Vec<f32>) -> Result<()> {
        let raw = self.raw(piece)?;
        let share = if self.names.is_empty() {
            SPREAD
        } else {
            SPREAD / (self.names.len() as f32).sqrt()
        };
        for (at, (number, mean)) in raw.into_iter().zip(&self.mean).enumerate() {
            let deviation = self.deviation.get(at).or(self.deviation.first());
            let scaled = number.map_or(0.0, |number| {
                (number - mean) / deviation.copied().unwrap_or(f32::MAX)
            });
            vector.push(scaled.clamp(-FARTHEST, FARTHEST) * share);
        }
        Ok(())
    }
}

/// What there is most of; of equally many the first.
fn most<T: PartialEq>(all: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: Vec<(T, usize)> = Vec::new();
    for one in all {
        match counts.iter_mut().find(|(known, _)| *known == one) {
            Some((_, count)) => *count += 1,
            None => counts.push((one, 1)),
        }
    }
    let better = |best: (T, usize), next: (T, usize)| if next.1 > best.1 { next } else { best };
    counts.into_iter().reduce(better).map(|(one, _)| one)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    fn seen(text: &str, pointers: &[&str]) -> Result<Seen> {
        let record: Record = serde_json::from_str(text).unwrap();
        let pointers: Vec<_> = pointers.iter().map(ToString::to_string).collect();
        Seen::read(&record, &pointers)
    }

    fn layout(all: &[Seen], pointers: &[&str]) -> Result<Layout> {
        let pointers: Vec<_> = pointers.iter().map(ToString::to_string).collect();
        Layout::of(&pointers, all.iter())
    }

    #[test]
    fn parts_count_alike_whatever_their_unit() {
        let on = ["/e/vector", "/f"];
        let all = [
            seen(r#"{"e":{"vector":[1,0]},"f":{"a":100,"b":{"c":5}}}"#, &on).unwrap(),
            seen(r#"{"e":{"vector":[0,1]},"f":{"a":300,"b":{"c":5}}}"#, &on).unwrap(),
        ];
        let layout = layout(&all, &on).unwrap();
        let first = layout.place(&all[0]).unwrap().unwrap();
        // From the mean [0.5, 0.5] by 0.5 each, of a root mean square of √0.5; and one deviation below the
        // mean, of two numbers, of which the other is always the same.
        let half = SPREAD * 0.5 / 0.5_f32.sqrt();
        let expected = [half, -half, -SPREAD / 2.0_f32.sqrt(), 0.0];
        for (found, expected) in first.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-4, "{first:?}");
        }
        assert!(layout.is_sound());
    }

    #[test]
    fn what_is_absent_is_as_the_mean() {
        let on = ["/v", "/n"];
        let all = [
            seen(r#"{"v":[1,3],"n":1}"#, &on).unwrap(),
            seen(r#"{"v":[3,1],"n":2}"#, &on).unwrap(),
            seen(r#"{"n":1}"#, &on).unwrap(),
            seen("{}", &on).unwrap(),
        ];
        let layout = layout(&all, &on).unwrap();
        assert_eq!(layout.place(&all[2]).unwrap().unwrap()[..2], [0.0, 0.0]);
        assert_eq!(layout.place(&all[3]).unwrap(), None);
    }

    #[test]
    fn a_short_list_among_names_has_a_number_for_each_place() {
        let listed = seen(r#"{"q":{"flat":1,"levels":[2,3]}}"#, &["/q"]).unwrap();
        let named = seen(r#"{"q":{"flat":1,"levels":{"0":2,"1":3}}}"#, &["/q"]).unwrap();
        assert_eq!(listed, named);
    }

    #[test]
    fn far_outside_it_grows_no_surer() {
        let all = [
            seen(r#"{"n":1}"#, &["/n"]).unwrap(),
            seen(r#"{"n":3}"#, &["/n"]).unwrap(),
        ];
        let layout = layout(&all, &["/n"]).unwrap();
        let far = seen(r#"{"n":1000}"#, &["/n"]).unwrap();
        assert_eq!(layout.place(&far).unwrap(), Some(vec![FARTHEST * SPREAD]));
    }

    #[test]
    fn vectors_of_two_networks_are_not_mixed() {
        let on = ["/e/vector"];
        let one = seen(r#"{"e":{"model":"clip","vector":[1,0]}}"#, &on).unwrap();
        let two = seen(r#"{"e":{"model":"dino","vector":[0,1]}}"#, &on).unwrap();
        let longer = seen(r#"{"e":{"vector":[0,1,2]}}"#, &on).unwrap();
        let error = layout(&[one.clone(), two], &on).unwrap_err().to_string();
        assert!(error.contains("of dino, and not of clip"), "{error}");
        let error = layout(&[one, longer], &on).unwrap_err().to_string();
        assert!(error.contains("3 numbers instead of 2"), "{error}");
    }

    #[test]
    fn what_few_have_does_not_fit() {
        let vector = |model: &str, vector: &str| {
            let text = format!(r#"{{"e":{{"model":"{model}","vector":{vector}}}}}"#);
            seen(&text, &["/e/vector"]).unwrap()
        };
        // The first one is not what most are.
        let all = [
            vector("clip", "[1,0,5]"),
            vector("clip", "[1,0]"),
            vector("dino", "[0,1]"),
            seen("{}", &["/e/vector"]).unwrap(),
            vector("clip", "[0,1]"),
            seen(r#"{"e":{"vector":{"a":1}}}"#, &["/e/vector"]).unwrap(),
        ];
        let found = Layout::misfits(&["/e/vector".to_owned()], all.iter());
        let found: Vec<_> = found
            .iter()
            .map(|(at, error)| (*at, error.to_string()))
            .collect();
        let [(0, length), (2, network), (5, names)] = &found[..] else {
            panic!("{found:?}");
        };
        assert!(length.contains("3 numbers instead of 2"), "{length}");
        assert!(network.contains("of dino, and not of clip"), "{network}");
        assert!(
            names.contains("numbers with names instead of a vector"),
            "{names}"
        );
        let rest: Vec<_> = [1, 3, 4].map(|at| all[at].clone()).into();
        let layout = layout(&rest, &["/e/vector"]).unwrap();
        for (at, seen) in all.iter().enumerate() {
            assert_eq!(layout.check(seen).is_ok(), [1, 3, 4].contains(&at), "{at}");
        }
    }

    #[test]
    fn words_and_huge_numbers_are_errors() {
        for wrong in [
            r#"{"v":"noon"}"#,
            r#"{"v":[1e20]}"#,
            r#"{"v":[]}"#,
            r#"{"v":{"a":[1,2,3,4,5,6,7,8,9]}}"#,
        ] {
            let error = seen(wrong, &["/v"]).unwrap_err();
            assert!(format!("{error:#}").starts_with("key `/v`: "), "{error:#}");
        }
    }
}
