//! Which frames are taken.

use footage::shots::Shot;

/// Times of a container that counts milliseconds are this far off, in seconds.
const ROUNDING: f64 = 1e-3;

/// The numbers of the frames to take, in order: the first frame at or after each tick, and for a
/// shot that falls between two ticks the frame in its middle.
///
/// A frame that is shown over several ticks is taken once: a slow section, or one without any
/// frames, gives no duplicates. `times` are presentation times in seconds, `period` is the time
/// from tick to tick.
pub(crate) fn pick(times: &[f64], period: f64, shots: &[Shot]) -> Vec<usize> {
    let mut picked = Vec::new();
    let mut next = f64::NEG_INFINITY;
    for (number, &time) in times.iter().enumerate() {
        if time + ROUNDING >= next {
            picked.push(number);
            next = (((time + ROUNDING) / period).floor() + 1.0) * period;
        }
    }
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
