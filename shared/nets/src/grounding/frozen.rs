//! Exports of Grounding DINO that know only the first phrase of a prompt.
//!
//! Tracing such a graph with a prompt of one phrase froze the loop over the phrases, which began with `nonzero`:
//! `onnx-community/grounding-dino-tiny-ONNX` is one. Later phrases are not seen, and their order changes the answer
//! (decision-labs/geoai.js, issue 35). An export that computes the mask of the text without that loop has no such node.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use memchr::memmem::find;

/// A node's type, field 4 of `NodeProto` in onnx.proto, of seven bytes: `NonZero`.
const NODE: &[u8] = b"\x22\x07NonZero";

/// Bytes that are read at once.
const PART: usize = 1 << 20;

/// Whether a graph is one of them.
pub(super) fn is(path: &Path) -> Result<bool> {
    let named = || path.display().to_string();
    let mut file = File::open(path).with_context(named)?;
    holds(&mut file).with_context(named)
}

/// Whether a node of that type is in the bytes of a graph.
fn holds(graph: &mut impl Read) -> Result<bool> {
    // The end of the part before stays at the front, for a name that lies across both.
    let mut bytes = vec![0; NODE.len() + PART];
    let mut kept = 0;
    loop {
        let read = graph.read(&mut bytes[kept..])?;
        if read == 0 {
            return Ok(false);
        }
        let filled = kept + read;
        if find(&bytes[..filled], NODE).is_some() {
            return Ok(true);
        }
        kept = filled.min(NODE.len() - 1);
        bytes.copy_within(filled - kept..filled, 0);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at once")]
    use super::*;

    /// Gives a few bytes at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let count = self.0.len().min(into.len()).min(4);
            into[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn a_node_is_found_wherever_it_lies() {
        for before in 0..9 {
            let mut bytes = vec![b'x'; before];
            bytes.extend(NODE);
            bytes.extend(b"rest");
            assert!(holds(&mut Slow(&bytes)).unwrap(), "{before}");
        }
    }

    #[test]
    fn a_name_alone_is_no_node() {
        assert!(!holds(&mut Slow(b"/model/NonZero and \x22\x07NonZer0")).unwrap());
    }
}
