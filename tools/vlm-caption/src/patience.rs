//! Trying again.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::thread::sleep;
use std::time::Duration;

use stage::log::info;

use crate::transport::Failure;

/// The longest pause between two tries that the server did not ask for.
const LONGEST: Duration = Duration::from_secs(16);

/// How often and how fast it is tried again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Tries in all.
    pub(crate) tries: u32,
    /// The pause before the second; each is twice the one before, up to 16 s.
    pub(crate) pause: Duration,
}

impl Patience {
    /// Asks until there is an answer, a final error, or no try left; the last error in words.
    pub(crate) fn ask<T>(&self, mut ask: impl FnMut() -> Result<T, Failure>) -> Result<T, String> {
        let mut tried = 1;
        loop {
            let (what, wait) = match ask() {
                Ok(answer) => return Ok(answer),
                Err(Failure::Final(what)) => return Err(what),
                Err(Failure::Passing { what, wait }) => (what, wait),
            };
            if tried >= self.tries {
                return Err(format!("no answer in {tried} tries: {what}"));
            }
            let pause = self.pause(tried).max(wait.unwrap_or_default());
            info!("{what}: tries again in {:.1} s", pause.as_secs_f64());
            sleep(pause);
            tried += 1;
        }
    }

    /// Three to five quarters of the pause after so many tries: requests that failed together
    /// must not all come again together.
    fn pause(&self, tried: u32) -> Duration {
        let doubled = self.pause.saturating_mul(1 << (tried - 1).min(16));
        let chance = RandomState::new().build_hasher().finish() % 1000;
        doubled.min(LONGEST).mul_f64(0.75 + chance as f64 / 2000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Patience = Patience {
        tries: 3,
        pause: Duration::from_micros(1),
    };

    #[test]
    fn what_passes_is_tried_again_and_what_is_final_is_not() {
        let mut tries = 0;
        let answer = SHORT.ask(|| {
            tries += 1;
            if tries < 3 {
                Err(Failure::passing("busy"))
            } else {
                Ok(tries)
            }
        });
        assert_eq!(answer, Ok(3));
        let gone = SHORT.ask(|| Err::<(), _>(Failure::passing("busy")));
        assert_eq!(gone, Err("no answer in 3 tries: busy".to_owned()));
        let mut tries = 0;
        let refused = SHORT.ask(|| {
            tries += 1;
            Err::<(), _>(Failure::Final("404".to_owned()))
        });
        assert_eq!((refused, tries), (Err("404".to_owned()), 1));
    }

    #[test]
    fn pauses_double_and_have_an_end() {
        let patience = Patience {
            tries: 9,
            pause: Duration::from_secs(1),
        };
        for (tried, seconds) in [
            (1, 1.0),
            (2, 2.0),
            (3, 4.0),
            (5, 16.0),
            (9, 16.0),
            (40, 16.0),
        ] {
            let pause = patience.pause(tried).as_secs_f64();
            assert!(
                (0.75 * seconds..=1.25 * seconds).contains(&pause),
                "{tried}: {pause}"
            );
        }
    }
}
