//! What is wrong with a film inside: where ffmpeg met errors, and what is missing there.

use serde::{Deserialize, Serialize};

use crate::decoder::Complaints;

/// How many frames ahead of what it shows ffmpeg's decoder may be, which complains first.
const AHEAD: usize = 24;

/// How many frames before a complaint may be of the same damage.
const BEHIND: usize = 2;

/// A step in time of as many usual ones has frames missing.
const GAP: f64 = 1.5;

/// The damage of a film.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Damage {
    /// How many errors there were.
    pub(crate) errors: usize,
    /// The first of them, in ffmpeg's words.
    first: String,
    /// The frames that may be damaged: the first, and one behind the last, of each place.
    places: Vec<(usize, usize)>,
    /// About how many frames are missing there.
    lost: usize,
}

impl Damage {
    /// What the complaints mean for frames of these times, `step` seconds apart as a rule.
    pub(crate) fn of(complaints: &Complaints, times: &[f64], step: f64) -> Self {
        let mut places: Vec<(usize, usize)> = Vec::new();
        for &place in &complaints.places {
            let first = place.saturating_sub(BEHIND);
            let end = (place + AHEAD).min(times.len());
            match places.last_mut() {
                Some(last) if first <= last.1 => last.1 = last.1.max(end),
                _ if first < end => places.push((first, end)),
                _ => {}
            }
        }
        let gaps = places.iter().flat_map(|&(first, end)| {
            let last = (end + 1).min(times.len());
            times[first.saturating_sub(1)..last].windows(2)
        });
        let lost = gaps
            .map(|pair| pair[1] - pair[0])
            .filter(|gap| *gap > GAP * step);
        Self {
            errors: complaints.count,
            first: complaints.first.first().cloned().unwrap_or_default(),
            lost: lost.map(|gap| (gap / step).round() as usize - 1).sum(),
            places,
        }
    }

    /// Whether a frame may be damaged.
    pub(crate) fn meets(&self, frame: usize) -> bool {
        let place = self.places.partition_point(|&(_, end)| end <= frame);
        self.places
            .get(place)
            .is_some_and(|&(first, _)| first <= frame)
    }

    /// The damage in a sentence; none if there is none.
    pub(crate) fn words(&self, times: &[f64]) -> Option<String> {
        if self.errors == 0 {
            return None;
        }
        let time = |frame: usize| times.get(frame).or(times.last()).copied().unwrap_or(0.0);
        let place =
            |&(first, end): &(usize, usize)| format!("{:.1} to {:.1} s", time(first), time(end));
        let shown: Vec<String> = self.places.iter().take(4).map(place).collect();
        let more = self.places.len().saturating_sub(shown.len());
        let more = if more > 0 {
            format!(" and {more} more places")
        } else {
            String::new()
        };
        let at = if shown.is_empty() {
            String::new()
        } else {
            format!(" about {}{more}", shown.join(", "))
        };
        let lost = if self.lost > 0 {
            format!("; about {} frames are missing there", self.lost)
        } else {
            String::new()
        };
        Some(format!(
            "is damaged{at}: ffmpeg reported {} errors, the first: {}{lost}; records of frames from there have \
             `damage`",
            self.errors, self.first
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_placed_and_what_is_missing_counted() {
        let mut times: Vec<f64> = (0..240).map(|n| f64::from(n) / 24.0).collect();
        times.drain(120..126);
        let mut complaints = Complaints::default();
        for frame in [110, 110, 118] {
            complaints.add("error while decoding MB 7 3".to_owned(), frame);
        }
        let damage = Damage::of(&complaints, &times, 1.0 / 24.0);
        assert_eq!((damage.errors, damage.lost), (3, 6));
        assert_eq!(damage.places, [(108, 142)]);
        assert!(damage.meets(108) && damage.meets(141));
        assert!(!damage.meets(107) && !damage.meets(142));
        let words = damage.words(&times).unwrap_or_default();
        assert!(
            words.contains("about 4.5 to 6.2 s") && words.contains("6 frames are missing"),
            "{words}"
        );
    }

    #[test]
    fn a_sound_film_has_nothing_to_tell() {
        let damage = Damage::of(&Complaints::default(), &[0.0, 0.1], 0.1);
        assert_eq!(damage.words(&[0.0, 0.1]), None);
        assert!(!damage.meets(0));
    }

    #[test]
    fn an_error_behind_the_last_frame_is_counted_too() {
        let mut complaints = Complaints::default();
        complaints.add("partial file".to_owned(), 9);
        let damage = Damage::of(&complaints, &[0.0, 0.1], 0.1);
        assert_eq!((damage.errors, damage.places.len()), (1, 0));
        assert!(damage.words(&[0.0, 0.1]).is_some());
    }
}
