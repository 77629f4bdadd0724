//! Batches that halve when memory runs out.

use anyhow::{Result, ensure};
use machine::{Fault, Faulty};

/// A device had no memory left for a run.
#[derive(Debug, Clone, thiserror::Error)]
#[error("out of memory: {0}")]
pub struct OutOfMemory(#[source] Faulty);

impl OutOfMemory {
    /// In the runtime's own words.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(Faulty::new(Fault::NoMemory, message))
    }
}

/// Runs `items` through `run` at once; where memory runs out, in halves, down
/// to single items. The answers are in the order of the items.
///
/// `size` is how many go at once; it is halved for good, so that a later
/// batch does not fail the same way.
pub fn halving<T, A>(
    items: &[T],
    size: &mut usize,
    mut run: impl FnMut(&[T]) -> Result<Vec<A>>,
) -> Result<Vec<A>> {
    let mut answers = Vec::with_capacity(items.len());
    while answers.len() < items.len() {
        let rest = &items[answers.len()..];
        let part = &rest[..rest.len().min((*size).max(1))];
        match run(part) {
            Ok(found) => {
                ensure!(
                    found.len() == part.len(),
                    "a batch of {} gave {} answers",
                    part.len(),
                    found.len()
                );
                answers.extend(found);
            }
            Err(error) if part.len() > 1 && error.is::<OutOfMemory>() => {
                *size = part.len() / 2;
                log::warn!(
                    "a batch of {} does not fit into memory: continuing with {size}",
                    part.len()
                );
            }
            Err(error) => return Err(error),
        }
    }
    Ok(answers)
}

/// Whether the runtime's `message` says that memory ran out: of its arena, of
/// CUDA, or of C++.
pub(crate) fn says_out_of_memory(message: &str) -> bool {
    let said = message.to_lowercase();
    [
        "failed to allocate memory",
        "out of memory",
        "bad_alloc",
        "cuda error 2:",
        "cudaerrormemoryallocation",
    ]
    .iter()
    .any(|sign| said.contains(sign))
}

/// Whether the runtime's `message` says that the device has failed, and not what was given to it: an
/// error of CUDA or of one of its libraries, by the words of `cuda_call.cc` in ONNX Runtime.
pub(crate) fn says_lost(message: &str) -> bool {
    let said = message.to_lowercase();
    [
        "cuda", "cudnn", "cublas", "cufft", "curand", "cusparse", "nccl",
    ]
    .iter()
    .any(|library| {
        ["failure", "error"]
            .iter()
            .any(|word| said.contains(&format!("{library} {word}")))
    }) || said.contains("cudaerror")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    #[test]
    fn goes_on_with_half_and_keeps_the_order() {
        let mut tried = Vec::new();
        let mut size = 16;
        let items: Vec<u32> = (0..21).collect();
        let answers = halving(&items, &mut size, |part| {
            tried.push(part.len());
            if part.len() > 5 {
                return Err(OutOfMemory::new("arena").into());
            }
            Ok(part.iter().map(|item| item * 2).collect())
        });
        let doubled: Vec<u32> = (0..21).map(|item| item * 2).collect();
        assert_eq!(answers.unwrap(), doubled);
        assert_eq!(tried, [16, 8, 4, 4, 4, 4, 4, 1]);
        assert_eq!(size, 4);
    }

    #[test]
    fn one_item_that_does_not_fit_is_an_error() {
        let run = |_: &[u8]| -> Result<Vec<u8>> { Err(OutOfMemory::new("arena").into()) };
        let error = halving(&[1, 2], &mut 2, run).unwrap_err();
        assert!(error.is::<OutOfMemory>());
    }

    #[test]
    fn other_errors_are_not_tried_again() {
        let mut tries = 0;
        let run = |_: &[u8]| -> Result<Vec<u8>> {
            tries += 1;
            anyhow::bail!("wrong shape")
        };
        assert_eq!(
            halving(&[1, 2], &mut 2, run).unwrap_err().to_string(),
            "wrong shape"
        );
        assert_eq!(tries, 1);
    }

    #[test]
    fn a_lost_device_is_told_from_a_wrong_input() {
        let lost = "Non-zero status code returned while running Conv node. CUDA failure 719: unspecified launch failure ; GPU=0";
        assert!(says_lost(lost));
        assert!(says_lost("CUDNN failure 4: CUDNN_STATUS_INTERNAL_ERROR"));
        assert!(!says_lost(
            "Got invalid dimensions for input: x index: 2 Got: 3 Expected: 4"
        ));
        assert!(!says_lost(
            "Non-zero status code returned while running Concat node"
        ));
    }

    #[test]
    fn want_of_memory_is_the_machines() {
        let error = OutOfMemory::new("arena");
        assert_eq!(Fault::of(&error), Some(Fault::NoMemory));
    }
}
