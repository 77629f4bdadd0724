//! Who each instance is: its own verdict, then its track's.

use std::collections::BTreeMap;

use cast::Kind;
use stage::manifest::shapes::Identity;
use stage::{Context, Outcome, Record, Result};

use crate::instance::{Instance, Looks};
use crate::references::Cast;

/// What is said where nobody is sure.
const UNKNOWN: &str = "unknown";

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

/// The identity of each instance.
pub(crate) fn identities(
    instances: &[Instance],
    tracks: &[Option<usize>],
    cast: Option<&Cast>,
    limits: Limits,
) -> Vec<Identity> {
    let fitting = fitting(instances, tracks, cast);
    let votes: Vec<Option<Vote>> = { instances.iter().zip(&fitting) }
        .map(|(instance, fits)| vote(&instance.looks, fits, limits))
        .collect();
    let mut ballots: BTreeMap<usize, BTreeMap<u64, f64>> = BTreeMap::new();
    for (track, vote) in tracks.iter().zip(&votes) {
        if let (Some(track), Some((whom, weight))) = (track, vote) {
            *ballots.entry(*track).or_default().entry(*whom).or_default() += weight;
        }
    }
    let names: Option<Vec<&str>> = cast.map(|cast| cast.names().collect());
    let nobody = BTreeMap::new();
    let all = instances.iter().zip(&fitting).zip(tracks).zip(votes);
    all.map(|(((instance, fits), track), own)| {
        let ballot = track.and_then(|track| ballots.get(&track));
        let ballot = ballot.unwrap_or(&nobody);
        let doubtless = |of_track: &u64| match (own, &instance.looks) {
            (Some((whom, margin)), Looks::Scores { .. }) => {
                whom != *of_track && margin >= BEYOND_DOUBT
            }
            _ => false,
        };
        let of_track = majority(ballot, limits.agreement).filter(|of_track| !doubtless(of_track));
        let own = own.map(|(whom, _)| whom);
        let whom = of_track.or(own);
        match (&instance.looks, &names) {
            (Looks::Decided(name), _) => by_owner(name, *track),
            (Looks::Scores { cosines, .. }, Some(names)) => {
                by_scores(cosines, fits, names, own, whom, *track)
            }
            _ => by_cluster(ballot, own, whom, *track),
        }
    })
    .collect()
}

/// Whether each character may be each instance, by what the detector calls it: by the kind of more than half of
/// its track, or else its own. A single frame in which a boy is taken for a dog says nothing.
fn fitting(
    instances: &[Instance],
    tracks: &[Option<usize>],
    cast: Option<&Cast>,
) -> Vec<Vec<bool>> {
    let Some(cast) = cast else {
        return vec![Vec::new(); instances.len()];
    };
    let mut called: BTreeMap<usize, Vec<Kind>> = BTreeMap::new();
    for (track, instance) in tracks.iter().zip(instances) {
        if let (Some(track), Some(kind)) = (track, instance.kind) {
            called.entry(*track).or_default().push(kind);
        }
    }
    let mostly = |kinds: &Vec<Kind>| {
        let count = |kind: &Kind| kinds.iter().filter(|own| *own == kind).count();
        { kinds.iter().copied() }.find(|kind| 2 * count(kind) > kinds.len())
    };
    let kind = |(track, instance): (&Option<usize>, &Instance)| {
        let of_track = track.and_then(|track| called.get(&track));
        of_track.and_then(mostly).or(instance.kind)
    };
    let all = tracks.iter().zip(instances);
    all.map(|one| cast.fitting(kind(one))).collect()
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
