//! The colour space that Exif names where a camera embeds no profile (DCF 2.0, Exif 2.3).

/// Where the directory of the camera's own entries is.
const EXIF_DIRECTORY: u16 = 0x8769;
/// Where the directory of interoperability is.
const INTEROPERABILITY: u16 = 0xa005;
/// 1 is sRGB, 2 by some programs Adobe RGB, 65535 something else.
const COLOUR_SPACE: u16 = 0xa001;
/// The index of interoperability: `R98` is sRGB, `R03` Adobe RGB.
const INDEX: u16 = 1;

/// Whether an Exif block says that the image is in Adobe RGB.
pub(crate) fn is_adobe_rgb(exif: &[u8]) -> bool {
    adobe_rgb(exif).unwrap_or(false)
}

fn adobe_rgb(exif: &[u8]) -> Option<bool> {
    let block = Block {
        bytes: exif,
        big: exif.starts_with(b"MM"),
    };
    let main = block.four(4)?;
    let camera = block
        .entry(main, EXIF_DIRECTORY)
        .and_then(|at| block.four(at))?;
    let space = block
        .entry(camera, COLOUR_SPACE)
        .and_then(|at| block.two(at))?;
    if space == 2 {
        return Some(true);
    }
    let others = block
        .entry(camera, INTEROPERABILITY)
        .and_then(|at| block.four(at))?;
    let index = block.entry(others, INDEX)?;
    Some(space != 1 && exif.get(index..index + 3) == Some(b"R03"))
}

/// An Exif block: a TIFF file without pixels.
struct Block<'a> {
    bytes: &'a [u8],
    big: bool,
}

impl Block<'_> {
    fn two(&self, at: usize) -> Option<u16> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.big {
            u16::from_be_bytes(bytes)
        } else {
            u16::from_le_bytes(bytes)
        })
    }

    fn four(&self, at: usize) -> Option<usize> {
        let bytes = *self.bytes.get(at..)?.first_chunk()?;
        let number = if self.big {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        };
        usize::try_from(number).ok()
    }

    /// Where the value of a tag in the directory at `place` begins, or its offset.
    fn entry(&self, place: usize, tag: u16) -> Option<usize> {
        let count = usize::from(self.two(place)?);
        let mut entries = (0..count).map(|number| place + 2 + 12 * number);
        let found = entries.find(|at| self.two(*at) == Some(tag))?;
        Some(found + 8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block of three directories, which says `space` and `index`.
    fn block(big: bool, space: u16, index: [u8; 4]) -> Vec<u8> {
        let two = |n: u16| {
            if big {
                n.to_be_bytes()
            } else {
                n.to_le_bytes()
            }
        };
        let four = |n: u32| {
            if big {
                n.to_be_bytes()
            } else {
                n.to_le_bytes()
            }
        };
        let mut bytes = if big { b"MM".to_vec() } else { b"II".to_vec() };
        bytes.extend(two(42));
        bytes.extend(four(8));
        let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
            [&two(tag)[..], &two(kind), &four(count), &value].concat()
        };
        let [high, low] = two(space);
        let directories = [
            vec![entry(EXIF_DIRECTORY, 4, 1, four(26))],
            vec![
                entry(COLOUR_SPACE, 3, 1, [high, low, 0, 0]),
                entry(INTEROPERABILITY, 4, 1, four(56)),
            ],
            vec![entry(INDEX, 2, 4, index)],
        ];
        for entries in directories {
            bytes.extend(two(entries.len() as u16));
            bytes.extend(entries.concat());
            bytes.extend(four(0));
        }
        bytes
    }

    #[test]
    fn adobe_rgb_is_told_by_its_index() {
        for big in [true, false] {
            assert!(is_adobe_rgb(&block(big, 0xffff, *b"R03\0")));
            assert!(is_adobe_rgb(&block(big, 2, *b"R98\0")));
            assert!(!is_adobe_rgb(&block(big, 0xffff, *b"R98\0")));
            assert!(!is_adobe_rgb(&block(big, 1, *b"R03\0")));
        }
    }

    #[test]
    fn what_is_cut_short_says_nothing() {
        let whole = block(true, 0xffff, *b"R03\0");
        for length in 0..whole.len() - 8 {
            assert!(!is_adobe_rgb(&whole[..length]), "{length}");
        }
        assert!(!is_adobe_rgb(&[0xff; 64]));
    }
}
