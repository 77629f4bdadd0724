//! How many threads may be asked for.

use std::num::NonZero;

use anyhow::{Result, anyhow};

/// More threads than any machine has cores for; a hundred thousand would take all of its memory.
const MOST: usize = 1024;

/// Reads a number of threads: the `value_parser` of such flags.
///
/// # Errors
/// Not a number from 1 to 1024.
///
/// ```
/// assert_eq!(machine::threads("8").unwrap().get(), 8);
/// assert!(machine::threads("0").is_err());
/// ```
pub fn threads(text: &str) -> Result<NonZero<usize>> {
    let threads = text.parse().ok();
    let threads = threads.filter(|threads: &NonZero<usize>| threads.get() <= MOST);
    threads.ok_or_else(|| anyhow!("not a number of threads from 1 to {MOST}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may stop at once")]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_of_threads_is_refused() {
        assert_eq!(threads("3").unwrap().get(), 3);
        assert_eq!(threads("1024").unwrap().get(), 1024);
        for wrong in ["abc", "0", "-1", "1.5", "1025", "99999999999999999999"] {
            let error = threads(wrong).unwrap_err().to_string();
            assert_eq!(error, "not a number of threads from 1 to 1024");
        }
    }
}
