//! Trying again.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::thread::sleep;
use std::time::Duration;

use stage::log::{info, warn};

use crate::server::failure::Failure;
use crate::server::wait;

/// The longest pause between two tries that the server did not ask for.
const LONGEST: Duration = Duration::from_secs(16);

/// A pause that a server asks for is told of from here on without having to be asked to.
const TOLD: Duration = Duration::from_secs(5);

/// How often and how fast it is tried again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Tries in all.
    pub(crate) tries: u32,
    /// The pause before the second; each is twice the one before, up to 16 s.
    pub(crate) pause: Duration,
    /// The longest pause that a server may ask for.
    pub(crate) longest: Duration,
}

impl Patience {
    /// Asks until there is an answer, an error that does not pass, or no try left.
    pub(crate) fn ask<T>(&self, mut ask: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
        let mut tried = 1;
        loop {
            let (what, asked) = match ask() {
                Err(Failure::Passing { what, wait }) => (what, wait.unwrap_or_default()),
                other => return other,
            };
            if tried >= self.tries {
                let unit = if tried == 1 { "try" } else { "tries" };
                return Err(Failure::Final(format!(
                    "no answer after {tried} {unit}: {what}"
                )));
            }
            if asked > self.longest {
                return Err(Failure::Ends(format!(
                    "{what}: the server asks to wait {}, but --longest-wait is {}: run it again later, or raise the limit",
                    wait::words(asked),
                    wait::words(self.longest)
                )));
            }
            let pause = self.pause(tried).max(asked);
            if asked >= TOLD {
                warn!("{what}: the server asks to wait {}", wait::words(asked));
            } else {
                info!("{what}: trying again in {}", wait::words(pause));
            }
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
        longest: Duration::from_mins(5),
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
        let last = "no answer after 3 tries: busy".to_owned();
        assert_eq!(gone, Err(Failure::Final(last)));
        let mut tries = 0;
        let refused = SHORT.ask(|| {
            tries += 1;
            Err::<(), _>(Failure::Final("400".to_owned()))
        });
        assert_eq!((refused, tries), (Err(Failure::Final("400".to_owned())), 1));
    }

    #[test]
    fn a_wait_beyond_the_limit_ends_the_run_at_once() {
        let mut tries = 0;
        let asked = SHORT.ask(|| {
            tries += 1;
            Err::<(), _>(Failure::Passing {
                what: "429 slow down".to_owned(),
                wait: Some(Duration::from_secs(99_999)),
            })
        });
        let what = "429 slow down: the server asks to wait 27 h 46 min, but --longest-wait is 5 min: run it again later, or raise the limit";
        assert_eq!((asked, tries), (Err(Failure::Ends(what.to_owned())), 1));
    }

    #[test]
    fn pauses_double_and_have_an_end() {
        let patience = Patience {
            tries: 9,
            pause: Duration::from_secs(1),
            longest: Duration::from_mins(5),
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
