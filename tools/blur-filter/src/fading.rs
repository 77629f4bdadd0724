//! Frames about a title or a text, in which it may be fading in or out: half transparent, nothing of it is flat ink.
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

/// Frames with a title or a text, by their shots.
#[derive(Debug, Default)]
pub(crate) struct Shown(HashMap<(u64, u64), Vec<Frame>>);

/// A frame that shows something.
#[derive(Debug)]
struct Frame {
    /// Its place among all.
    number: usize,
    /// As of [`Moment`].
    times: [f64; 2],
}

impl Shown {
    /// Notes a frame by its number.
    pub(crate) fn note(&mut self, number: usize, moment: Moment) {
        let frames = self.0.entry(moment.shot).or_default();
        frames.push(Frame {
            number,
            times: moment.times,
        });
    }

    /// The two frames of the same shot that are nearest, the nearest first, and how far they are in seconds, if that is
    /// `within`.
    pub(crate) fn nearest(&self, moment: Moment, within: f64) -> Vec<(usize, f64)> {
        let frames = self.0.get(&moment.shot).into_iter().flatten();
        let far = |[first, last]: [f64; 2]| (first - moment.time).max(moment.time - last).max(0.0);
        let mut near: Vec<_> = frames
            .map(|frame| (frame.number, far(frame.times)))
            .filter(|(_, far)| *far <= within)
            .collect();
        near.sort_by(|(_, one), (_, other)| one.total_cmp(other));
        near.truncate(2);
        near
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use stage::manifest::Line;

    use super::*;

    #[test]
    fn a_title_is_near_as_far_as_it_may_be_within_its_shot() {
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
        let mut titles = Shown::default();
        for (number, time) in [(7, 9.0), (8, 10.0), (9, 11.0)] {
            titles.note(number, of("f", 1, time));
        }
        let near = |moment| titles.nearest(moment, 2.0);
        assert_eq!(near(of("f", 1, 12.5)), [(9, 1.5)]);
        assert_eq!(near(of("f", 1, 9.75)), [(8, 0.25), (7, 0.75)]);
        assert_eq!(near(of("f", 1, 7.0)), [(7, 2.0)]);
        assert_eq!(near(of("f", 1, 13.5)), []);
        assert_eq!(near(of("f", 2, 11.0)), []);
        assert_eq!(near(of("g", 1, 11.0)), []);
        // One that was there from 20 to 25 s, and shown by the frame at 24 s.
        let held = Moment {
            times: [20.0, 25.0],
            ..of("f", 3, 24.0)
        };
        titles.note(10, held);
        let near = |moment| titles.nearest(moment, 2.0);
        assert_eq!(near(of("f", 3, 19.0)), [(10, 1.0)]);
        assert_eq!(near(of("f", 3, 22.0)), [(10, 0.0)]);
        assert_eq!(near(of("f", 3, 27.5)), []);
    }
}
