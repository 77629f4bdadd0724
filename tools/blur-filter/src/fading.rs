//! Frames about a title, in which it may be fading in or out: half transparent, nothing of it is flat ink.

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
        })
    }
}

/// Times of titles, by their shots.
#[derive(Debug, Default)]
pub(crate) struct Titles(HashMap<(u64, u64), Vec<f64>>);

impl Titles {
    /// Notes a frame with a title.
    pub(crate) fn note(&mut self, moment: Moment) {
        self.0.entry(moment.shot).or_default().push(moment.time);
    }

    /// How far the nearest title of the same shot is, in seconds, if that is `within`.
    pub(crate) fn near(&self, moment: Moment, within: f64) -> Option<f64> {
        let times = self.0.get(&moment.shot)?.iter();
        let far = times.map(|time| (time - moment.time).abs());
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
    }
}
