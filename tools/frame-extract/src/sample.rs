//! Which frames are taken.

use footage::shots::Shot;

/// Times of a container that counts milliseconds are this far off, in seconds.
const ROUNDING: f64 = 1e-3;

/// Takes the first frame at or after each tick, of frames as they come.
#[derive(Debug, Clone)]
pub(crate) struct Ticks {
    /// From tick to tick, in seconds.
    period: f64,
    /// The next tick, in seconds.
    next: f64,
}

impl Ticks {
    /// Ticks `period` seconds apart.
    pub(crate) fn new(period: f64) -> Self {
        Self {
            period,
            next: f64::NEG_INFINITY,
        }
    }

    /// Whether the next frame, of this presentation time in seconds, is taken.
    pub(crate) fn take(&mut self, time: f64) -> bool {
        if time + ROUNDING < self.next {
            return false;
        }
        self.next = (((time + ROUNDING) / self.period).floor() + 1.0) * self.period;
        true
    }

    /// The same choice as an expression for ffmpeg's `select`, which counts in frames of the film's own clock. What it
    /// decides otherwise within the rounding of a tick is left out, or looked at again.
    pub(crate) fn expression(&self) -> String {
        let tick = |time: &str| format!("floor(({time}+{ROUNDING})/{})", self.period);
        let (now, before) = (tick("t"), tick("prev_selected_t"));
        format!("isnan(prev_selected_t)+gt({now},{before})+lt(t,prev_selected_t)")
    }
}

/// The numbers of the frames to take, in order: the first frame at or after each tick, and for a
/// shot that falls between two ticks the frame in its middle.
///
/// A frame that is shown over several ticks is taken once: a slow section, or one without any
/// frames, gives no duplicates. `times` are presentation times in seconds, `period` is the time
/// from tick to tick.
pub(crate) fn pick(times: &[f64], period: f64, shots: &[Shot]) -> Vec<usize> {
    let mut ticks = Ticks::new(period);
    let numbered = times.iter().enumerate();
    let picked = numbered.filter_map(|(number, &time)| ticks.take(time).then_some(number));
    let mut picked: Vec<usize> = picked.collect();
    let without = |shot: &&Shot| {
        let first = picked.partition_point(|&frame| frame < shot.first);
        picked.get(first).is_none_or(|&frame| frame >= shot.end)
    };
    let middles: Vec<usize> = shots
        .iter()
        .filter(without)
        .map(|shot| usize::midpoint(shot.first, shot.end))
        .collect();
    picked.extend(middles);
    picked.sort_unstable();
    picked
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shot(first: usize, end: usize) -> Shot {
        Shot {
            first,
            end,
            ..Shot::default()
        }
    }

    #[test]
    fn a_constant_rate() {
        let times: Vec<f64> = (0..48).map(|n| f64::from(n) / 24.0).collect();
        assert_eq!(pick(&times, 0.5, &[shot(0, 48)]), [0, 12, 24, 36]);
        assert_eq!(pick(&times, 10.0, &[shot(0, 48)]), [0]);
        assert_eq!(pick(&times, 0.01, &[shot(0, 48)]).len(), 48, "never twice");
    }

    #[test]
    fn a_rate_that_varies() {
        // Two frames, a still of three seconds, then ten frames a second.
        let mut times = vec![0.0, 0.1, 3.25];
        times.extend((1..=10).map(|n| 3.25 + f64::from(n) / 10.0));
        let picked: Vec<f64> = pick(&times, 0.5, &[]).iter().map(|&n| times[n]).collect();
        assert_eq!(picked, [0.0, 3.25, 3.55, 4.05]);
    }

    #[test]
    fn milliseconds_do_not_skip_a_frame() {
        let times: Vec<f64> = (0..48)
            .map(|n| (f64::from(n) / 24.0 * 1000.0).floor() / 1000.0)
            .collect();
        assert_eq!(pick(&times, 1.0 / 3.0, &[]), [0, 8, 16, 24, 32, 40]);
    }

    #[test]
    fn a_shot_between_two_ticks_is_seen() {
        let times: Vec<f64> = (0..48).map(|n| f64::from(n) / 24.0).collect();
        let shots = [shot(0, 14), shot(14, 20), shot(20, 48)];
        assert_eq!(pick(&times, 0.5, &shots), [0, 12, 17, 24, 36]);
    }
}
