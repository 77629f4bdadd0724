//! Samples and formats of images that trainers read otherwise than one thinks.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use loaders::{Finding, Pixels};

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

/// What is said of a file whose header cannot be read: it is damaged, or of a format that only the
/// trainer reads.
pub(crate) fn unread(image: &Path, cause: &str) -> Finding {
    match foreign(&start(image)) {
        Some(format) => {
            let text = format!(
                "is {format}, which this tool cannot read and the trainer perhaps can: its size and pixels are not checked"
            );
            Finding::warning("image-unread", text)
        }
        None => Finding::error("image-corrupt", cause),
    }
}

/// The first bytes of a file, as many as there are.
fn start(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(file) = File::open(path) {
        // What cannot be read is judged by what was.
        let _ = file.take(16).read_to_end(&mut bytes);
    }
    bytes
}

/// The format of a file that begins so, if it is one that Pillow reads, by itself or with its
/// plug-ins.
fn foreign(start: &[u8]) -> Option<&'static str> {
    let brand = start.get(4..12).filter(|brand| brand.starts_with(b"ftyp"));
    match brand.map(|brand| &brand[4..]) {
        Some(b"avif" | b"avis") => return Some("AVIF"),
        Some(b"heic" | b"heix" | b"mif1" | b"msf1" | b"hevc") => return Some("HEIC"),
        _ => {}
    }
    let formats: [(&[u8], &str); 7] = [
        (b"GIF8", "GIF"),
        (b"\xff\x0a", "JPEG XL"),
        (b"\0\0\0\x0cJXL ", "JPEG XL"),
        (b"\0\0\0\x0cjP  ", "JPEG 2000"),
        (b"\xff\x4f\xff\x51", "JPEG 2000"),
        (b"8BPS", "PSD"),
        (b"\0\0\x01\0", "ICO"),
    ];
    let found = formats.iter().find(|(magic, _)| start.starts_with(magic));
    found.map(|(_, name)| *name)
}
