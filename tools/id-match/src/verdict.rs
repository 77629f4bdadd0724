//! Who each instance is: its own verdict, then its track's.

use std::collections::BTreeMap;

use cast::Kind;
use stage::manifest::shapes::Identity;
use stage::{Context, Outcome, Record, Result};

use crate::instance::{Instance, Looks};
use crate::references::Cast;

/// What is said where nobody is sure.
pub(crate) const UNKNOWN: &str = "unknown";

/// Decimals of scores.
const DECIMALS: u32 = 4;

/// An instance that is by so much nearer to another is right against its track: two who cross were
/// linked. Backs and turned heads are nearer by less: on the sample film those that their track names
/// rightly by 0.23 at the most, and the five that it names wrongly by 0.80 and more.
const BEYOND_DOUBT: f64 = 0.3;

/// When an instance is sure of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) threshold: f64,
    pub(crate) margin: f64,
    /// The share of a track's votes above which they name it.
    pub(crate) agreement: f64,
}

/// A vote of one instance: for whom, and how much it weighs.
type Vote = (u64, f64);

/// What the tracks say of their members.
pub(crate) struct Verdicts<'a> {
    tracks: Vec<Option<usize>>,
    /// What most members of a track are, by their detector, where most are the same.
    kinds: BTreeMap<usize, Option<Kind>>,
    ballots: BTreeMap<usize, BTreeMap<u64, f64>>,
    cast: Option<&'a Cast>,
    limits: Limits,
}

impl<'a> Verdicts<'a> {
    /// Those of the instances, each with its track.
    pub(crate) fn of<'b>(
        instances: impl Iterator<Item = &'b Instance> + Clone,
        tracks: Vec<Option<usize>>,
        cast: Option<&'a Cast>,
        limits: Limits,
    ) -> Self {
        let mut verdicts = Self {
            kinds: kinds(instances.clone(), &tracks),
            ballots: BTreeMap::new(),
            tracks,
            cast,
            limits,
        };
        for (at, instance) in instances.enumerate() {
            let vote = vote(&instance.looks, &verdicts.fitting(at, instance), limits);
            if let (Some(track), Some((whom, weight))) = (verdicts.tracks[at], vote) {
                let ballot = verdicts.ballots.entry(track).or_default();
                *ballot.entry(whom).or_default() += weight;
            }
        }
        verdicts
    }

    /// The identity of an instance, given by its number.
    pub(crate) fn identity(&self, at: usize, instance: &Instance) -> Identity {
        let (track, fits) = (self.tracks[at], self.fitting(at, instance));
        let own = vote(&instance.looks, &fits, self.limits);
        let ballot = track.and_then(|track| self.ballots.get(&track));
        let nobody = BTreeMap::new();
        let ballot = ballot.unwrap_or(&nobody);
        let doubtless = |of_track: &u64| match (own, &instance.looks) {
            (Some((whom, margin)), Looks::Scores { .. }) => {
                whom != *of_track && margin >= BEYOND_DOUBT
            }
            _ => false,
        };
        let of_track =
            majority(ballot, self.limits.agreement).filter(|of_track| !doubtless(of_track));
        let own = own.map(|(whom, _)| whom);
        let whom = of_track.or(own);
        match (&instance.looks, self.cast) {
            (Looks::Decided(name), _) => by_owner(name, track),
            (Looks::Scores { cosines, .. }, Some(cast)) => {
                let names: Vec<&str> = cast.names().collect();
                by_scores(cosines, &fits, &names, own, whom, track)
            }
            _ => by_cluster(ballot, own, whom, track),
        }
    }

    /// Whether each character may be an instance, by what the detector calls it: by the kind of more than half of
    /// its track, or else its own. A single frame in which a boy is taken for a dog says nothing.
    fn fitting(&self, at: usize, instance: &Instance) -> Vec<bool> {
        let Some(cast) = self.cast else {
            return Vec::new();
        };
        let of_track = self.tracks[at].and_then(|track| self.kinds.get(&track));
        let of_track = of_track.copied().flatten();
        cast.fitting(of_track.or(instance.kind))
    }
}

/// The kind of more than half of each track's members of which one is known.
fn kinds<'a>(
    instances: impl Iterator<Item = &'a Instance>,
    tracks: &[Option<usize>],
) -> BTreeMap<usize, Option<Kind>> {
    let mut called: BTreeMap<usize, Vec<Kind>> = BTreeMap::new();
    for (track, instance) in tracks.iter().zip(instances) {
        if let (Some(track), Some(kind)) = (track, instance.kind) {
            called.entry(*track).or_default().push(kind);
        }
    }
    let mostly = |kinds: Vec<Kind>| {
        let count = |kind: &Kind| kinds.iter().filter(|own| *own == kind).count();
        { kinds.iter().copied() }.find(|kind| 2 * count(kind) > kinds.len())
    };
    let all = called.into_iter();
    all.map(|(track, kinds)| (track, mostly(kinds))).collect()
}

/// For whom an instance votes: of references with its margin, or with 1 where there is only one
/// character; of clusters with 1.
fn vote(looks: &Looks, fits: &[bool], limits: Limits) -> Option<Vote> {
    match looks {
        Looks::Decided(_) => None,
        Looks::Cluster(cluster) => cluster.map(|cluster| (cluster, 1.0)),
        Looks::Scores { cosines, like } => {
            let best = best(cosines, fits)?;
            let margin = margin(cosines, fits, best);
            let sure = cosines[best] >= limits.threshold && like[best];
            let apart = margin.is_none_or(|margin| margin >= limits.margin);
            (sure && apart).then(|| (best as u64, margin.unwrap_or(1.0)))
        }
    }
}

/// The one with more than this share of the weight, which is from half of it to less than all.
fn majority(ballot: &BTreeMap<u64, f64>, agreement: f64) -> Option<u64> {
    let mut all = ballot.keys().copied();
    all.find(|whom| share(ballot, *whom) > agreement)
}

fn share(ballot: &BTreeMap<u64, f64>, whom: u64) -> f64 {
    let all: f64 = ballot.values().sum();
    ballot.get(&whom).map_or(0.0, |weight| weight / all)
}

fn by_owner(name: &str, track: Option<usize>) -> Identity {
    Identity {
        name: name.to_owned(),
        score: 1.0,
        margin: None,
        by: Some("owner".to_owned()),
        track,
        best: None,
    }
}

fn by_scores(
    scores: &[f64],
    fits: &[bool],
    names: &[&str],
    own: Option<u64>,
    whom: Option<u64>,
    track: Option<usize>,
) -> Identity {
    let nearest = best(scores, fits).or_else(|| best(scores, &vec![true; scores.len()]));
    let nearest = nearest.unwrap_or(0);
    let shown = whom.map_or(nearest, |whom| whom as usize);
    let said = |at: usize| names.get(at).copied().unwrap_or(UNKNOWN).to_owned();
    Identity {
        name: whom.map_or_else(|| UNKNOWN.to_owned(), |_| said(shown)),
        score: scores.get(shown).copied().unwrap_or(0.0),
        margin: margin(scores, fits, shown),
        by: whom.map(|_| if own == whom { "reference" } else { "track" }.to_owned()),
        track,
        best: whom.is_none().then(|| said(nearest)),
    }
}

fn by_cluster(
    ballot: &BTreeMap<u64, f64>,
    own: Option<u64>,
    whom: Option<u64>,
    track: Option<usize>,
) -> Identity {
    let alone = if own.is_some() { 1.0 } else { 0.0 };
    let score = |whom| track.map_or(alone, |_| share(ballot, whom));
    Identity {
        name: whom.map_or_else(
            || UNKNOWN.to_owned(),
            |whom| format!("{}{whom}", Identity::GROUP),
        ),
        score: whom.map_or(0.0, score),
        margin: None,
        by: whom.map(|_| if own == whom { "cluster" } else { "track" }.to_owned()),
        track,
        best: None,
    }
}

/// The place of the highest score of those that fit; the first of equal ones.
fn best(scores: &[f64], fits: &[bool]) -> Option<usize> {
    let places = scores.iter().zip(fits).enumerate().rev();
    let places = places.filter(|(_, (_, fits))| **fits);
    places
        .max_by(|(_, (a, _)), (_, (b, _))| a.total_cmp(b))
        .map(|(at, _)| at)
}

/// By how much the score at `place` is above the best of the others that fit.
fn margin(scores: &[f64], fits: &[bool], place: usize) -> Option<f64> {
    let others = scores.iter().zip(fits).enumerate();
    let others = others.filter(|(at, (_, fits))| *at != place && **fits);
    let best = others
        .map(|(_, (score, _))| *score)
        .max_by(f64::total_cmp)?;
    scores.get(place).map(|score| score - best)
}

/// Drops whoever has a name that is not among `only`; a record that has none is an error.
pub(crate) fn chosen(record: Record, only: &[String]) -> Result<Outcome> {
    let identity: Option<Identity> = record.at("/identity")?;
    let identity = identity.context("key `identity` is missing: run id-match first")?;
    Ok(among(record, &identity, only))
}

/// Writes the identity; with `only`, drops whoever is not among them.
pub(crate) fn judge(mut record: Record, identity: &Identity, only: &[String]) -> Result<Outcome> {
    record.put_rounded("identity", identity, DECIMALS)?;
    Ok(among(record, identity, only))
}

/// Whether a name is the wanted one, or one of its outfits, as `luca/striped shirt` is of `luca`.
pub(crate) fn is(name: &str, wanted: &str) -> bool {
    let rest = name.strip_prefix(wanted);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn among(record: Record, identity: &Identity, only: &[String]) -> Outcome {
    if only.is_empty() || only.iter().any(|wanted| is(&identity.name, wanted)) {
        return Outcome::pass(record);
    }
    let wanted = only.join(" or ");
    let score = identity.score;
    let reason = match &identity.best {
        Some(best) => format!("not surely {wanted}: nearest to {best}, {score:.2}"),
        None => format!("is {} ({score:.2}), not {wanted}", identity.name),
    };
    Outcome::drop(record, reason)
}
