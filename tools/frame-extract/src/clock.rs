//! The film's own times, made to run one way.
//!
//! Recordings that were joined end to end begin their clock anew in the middle. Some containers are
//! mended by ffmpeg, others (fragmented MP4, Matroska) are not: each later part is then set behind
//! the one before.

/// How far a clock must go back to count as begun anew, in seconds; less is a frame that comes late.
const BACK: f64 = 0.5;

/// The step after a clock that is begun anew before a second frame was seen, in seconds.
const STEP: f64 = 1.0 / 24.0;

/// Turns the times of frames, in their order, into times that never fall.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// The time of the frame before, as the film has it.
    raw: Option<f64>,
    /// The time that was given for it.
    last: f64,
    /// The last step forward.
    step: Option<f64>,
    /// What is added.
    offset: f64,
    /// Whether some frame had no time, or no later one than that before.
    pub(crate) unsteady: bool,
    /// How often the clock was begun anew.
    pub(crate) resets: usize,
}

impl Clock {
    /// The time of the next frame; one without is shown with the frame before.
    pub(crate) fn next(&mut self, time: Option<f64>) -> f64 {
        let Some(time) = time else {
            self.unsteady = true;
            return self.last;
        };
        if let Some(before) = self.raw {
            if time <= before {
                self.unsteady = true;
            }
            if time < before - BACK {
                self.resets += 1;
                self.offset = self.last + self.step.unwrap_or(STEP) - time;
            }
        }
        let given = time + self.offset;
        let given = if self.raw.is_some() {
            given.max(self.last)
        } else {
            given
        };
        if self.raw.is_some() && given > self.last {
            self.step = Some(given - self.last);
        }
        self.raw = Some(time);
        self.last = given;
        given
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(times: &[Option<f64>]) -> (Vec<f64>, Clock) {
        let mut clock = Clock::default();
        let given = times.iter().map(|&time| clock.next(time)).collect();
        (given, clock)
    }

    #[test]
    fn a_steady_clock_is_left_alone() {
        let (given, clock) = run(&[Some(-0.08), Some(0.0), Some(36_000.0)]);
        assert_eq!(given, [-0.08, 0.0, 36_000.0]);
        assert!(!clock.unsteady && clock.resets == 0);
    }

    #[test]
    fn a_clock_begun_anew_goes_on() {
        let (given, clock) = run(&[0.0, 0.5, 1.0, 0.0, 0.5, 1.0, 0.25, 0.75].map(Some));
        assert_eq!(given, [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5]);
        assert!(clock.unsteady && clock.resets == 2);
    }

    #[test]
    fn a_late_frame_is_shown_with_the_one_before() {
        let (given, clock) = run(&[Some(0.0), Some(0.5), Some(0.4), None, Some(1.0)]);
        assert_eq!(given, [0.0, 0.5, 0.5, 0.5, 1.0]);
        assert!(clock.unsteady && clock.resets == 0);
    }
}
