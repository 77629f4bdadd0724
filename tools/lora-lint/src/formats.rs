//! Samples and formats of images that trainers read otherwise than one thinks.

use loaders::{Finding, Pixels};
use vision::Error;

/// Samples that are not three channels of 8 bits, as a trainer reads them.
pub(crate) fn unusual(pixels: Pixels, bits: u8, channels: u8) -> Finding {
    let kind = format!("{channels} channels of {bits} bits");
    if bits > 8 && pixels.overflows {
        let text = format!("{kind}: the trainer reads values up to 257 times too large");
        return Finding::error("image-samples", text);
    }
    if bits > 8 && channels <= 2 {
        let text = format!("{kind}: the trainer reads a white image");
        return Finding::error("image-samples", text);
    }
    let text = format!("{kind}, instead of the usual three of 8");
    Finding::warning("image-samples", text)
}

/// What is said of a file that cannot be read: it is of a format or a kind that only the trainer reads, or damaged.
pub(crate) fn unread(cause: &Error) -> Finding {
    if !matches!(
        cause,
        Error::UnreadFormat { .. } | Error::Unsupported { .. }
    ) {
        return Finding::error("image-corrupt", cause.to_string());
    }
    let text =
        format!("{cause}; the trainer may read it, but its size and pixels are not checked here");
    Finding::warning("image-unread", text)
}
