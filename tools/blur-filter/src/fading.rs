//! Frames about a title, in which it may be fading in or out: half transparent, nothing of it is flat ink.
//!
//! A title is there as long as the near duplicates that its frame stands for (`dedup.times`).

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use stage::Record;

/// When a frame is shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    /// Its film, of whose name this is a hash, and its shot.
    shot: (u64, u64),
    /// Presentation time in seconds.
    time: f64,
    /// The times of the first and the last frame that it stands for.
    times: [f64; 2],
}

impl Moment {
    /// When the frame of a record is shown; none if the record does not say all of it.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        let source = record.source().ok().flatten()?;
        let mut film = DefaultHasher::new();
        source.film.hash(&mut film);
        Some(Self {
            shot: (film.finish(), source.shot),
            time: source.time,
            times: { record.at("/dedup/times").ok().flatten() }.unwrap_or([source.time; 2]),
        })
    }
}

/// Times of titles, by their shots.
#[derive(Debug, Default)]
pub(crate) struct Titles(HashMap<(u64, u64), Vec<[f64; 2]>>);

impl Titles {
    /// Notes a frame with a title.
    pub(crate) fn note(&mut self, moment: Moment) {
        let times = self.0.entry(moment.shot).or_default();
        times.push(moment.times);
    }

    /// How far the nearest title of the same shot is, in seconds, if that is `within`.
    pub(crate) fn near(&self, moment: Moment, within: f64) -> Option<f64> {
        let times = self.0.get(&moment.shot)?.iter();
        let far = times.map(|[first, last]| (first - moment.time).max(moment.time - last).max(0.0));
        far.min_by(f64::total_cmp).filter(|far| *far <= within)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use stage::manifest::Line;

    use super::*;

    #[test]
    fn a_title_reaches_as_far_as_it_may_within_its_shot() {
        let of = |film: &str, shot: u64, time: f64| {
            let text = format!(
                r#"{{"id":"a","image":"a","source":{{"film":"{film}","frame":1,"time":{time},"shot":{shot}}}}}"#
            );
            let line = Line {
                number: 1,
                bytes: text.into_bytes(),
            };
            Moment::of(&line.parse().unwrap()).unwrap()
        };
        let mut titles = Titles::default();
        titles.note(of("f", 1, 10.0));
        titles.note(of("f", 1, 11.0));
        assert_eq!(titles.near(of("f", 1, 12.5), 2.0), Some(1.5));
        assert_eq!(titles.near(of("f", 1, 8.0), 2.0), Some(2.0));
        assert_eq!(titles.near(of("f", 1, 13.5), 2.0), None);
        assert_eq!(titles.near(of("f", 2, 11.0), 2.0), None);
        assert_eq!(titles.near(of("g", 1, 11.0), 2.0), None);
        // One that was there from 20 to 25 s, and shown by the frame at 24 s.
        let held = Moment {
            times: [20.0, 25.0],
            ..of("f", 3, 24.0)
        };
        titles.note(held);
        assert_eq!(titles.near(of("f", 3, 19.0), 2.0), Some(1.0));
        assert_eq!(titles.near(of("f", 3, 22.0), 2.0), Some(0.0));
        assert_eq!(titles.near(of("f", 3, 27.5), 2.0), None);
    }
}
