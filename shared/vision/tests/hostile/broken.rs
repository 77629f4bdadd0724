//! Files cut short, files with flipped bits, and noise behind a right beginning.

use vision::decode;

use crate::{drawn, read_every_way, samples};

/// Numbers that look random and are always the same.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

#[test]
fn whole_files_are_read() {
    for (name, bytes) in samples() {
        read_every_way(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn files_cut_short_are_errors_at_any_length() {
    for (name, bytes) in samples() {
        let step = (bytes.len() / 150).max(1);
        let ends = (0..bytes.len())
            .step_by(step)
            .chain(bytes.len() - 20..bytes.len());
        for end in ends {
            let cut = &bytes[..end];
            for (way, result) in [
                ("rgb", decode::rgb_from_bytes(cut).err()),
                ("luma", decode::luma_from_bytes(cut).err()),
                (
                    "small luma",
                    decode::luma_at_least_from_bytes(cut, 5, 5).err(),
                ),
            ] {
                let message = result.map(|error| error.to_string());
                assert!(
                    message.is_some(),
                    "{name} cut to {end} of {} was read: {way}",
                    bytes.len()
                );
            }
        }
    }
}

#[test]
fn a_file_cut_in_half_says_so() {
    for (name, bytes) in samples() {
        let message = decode::rgb_from_bytes(&bytes[..bytes.len() / 2])
            .unwrap_err()
            .to_string();
        assert_eq!(message, "unexpected end of file", "{name}");
    }
}

#[test]
fn what_follows_a_whole_file_does_no_harm() {
    for (name, mut bytes) in samples() {
        bytes.extend([0; 100]);
        read_every_way(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn flipped_bits_never_panic() {
    flip_bits(0x9e37_79b9_7f4a_7c15, 200);
}

#[test]
#[ignore = "takes a minute"]
fn many_flipped_bits_never_panic() {
    flip_bits(0x1234_5678_9abc_def1, 4000);
}

fn flip_bits(seed: u64, rounds: usize) {
    let mut numbers = Numbers(seed);
    for (name, bytes) in samples() {
        let mut refused = 0;
        for round in 0..rounds {
            let mut damaged = bytes.clone();
            for _ in 0..=round % 4 {
                // Half of them in the header, where they do most harm.
                let end = if round % 2 == 0 {
                    damaged.len().min(200)
                } else {
                    damaged.len()
                };
                let at = numbers.below(end);
                damaged[at] ^= 1 << numbers.below(8);
            }
            refused += u32::from(read_every_way(&damaged).is_err());
        }
        assert!(refused > 0, "{name}: no damage was noticed");
    }
}

#[test]
fn overwritten_stretches_never_panic() {
    let mut numbers = Numbers(42);
    for (_, bytes) in samples() {
        for _ in 0..60 {
            let mut damaged = bytes.clone();
            let at = numbers.below(damaged.len());
            let end = (at + 1 + numbers.below(40)).min(damaged.len());
            let value = [0, 0xff, 0x7f, 0x80][numbers.below(4)];
            damaged[at..end].fill(value);
            let _ = read_every_way(&damaged);
        }
    }
}

#[test]
fn noise_behind_a_right_beginning_is_an_error() {
    let beginnings: [&[u8]; 8] = [
        b"\xff\xd8\xff\xe0",
        b"\xff\xd8\xff\xff\xff\xff",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\xff\xff\xff\xffWEBPVP8 ",
        b"RIFF\x40\0\0\0WEBPVP8X",
        b"II*\0\x08\0\0\0",
        b"MM\0*\0\0\0\x08",
        b"BM",
    ];
    let mut numbers = Numbers(7);
    for beginning in beginnings {
        for length in [0, 1, 7, 60, 3000] {
            let mut bytes = beginning.to_vec();
            bytes.extend((0..length).map(|_| numbers.below(256) as u8));
            assert!(
                read_every_way(&bytes).is_err(),
                "{beginning:?} and {length}"
            );
        }
    }
}

#[test]
fn unknown_beginnings_are_named() {
    for bytes in [
        &b"GIF90a"[..],
        b"<html>",
        b"\0",
        b"\xff\xd8",
        b"ftypavif",
        &[0; 64],
    ] {
        let message = decode::rgb_from_bytes(bytes).unwrap_err().to_string();
        assert_eq!(
            message,
            "not a JPEG, PNG, WebP, AVIF, JPEG XL, GIF, TIFF or BMP image"
        );
    }
    assert_eq!(
        decode::rgb_from_bytes(&[]).unwrap_err().to_string(),
        "empty file"
    );
}

#[test]
fn a_damaged_file_does_not_spoil_the_next() {
    let image = drawn(40, 30);
    let bytes = vision::write::encode_jpeg(&image, 90, vision::write::Subsampling::S420).unwrap();
    let before = decode::rgb_from_bytes(&bytes).unwrap();
    assert!(decode::luma_at_least_from_bytes(&bytes[..bytes.len() / 2], 5, 5).is_err());
    assert_eq!(decode::rgb_from_bytes(&bytes).unwrap(), before);
}

#[test]
fn what_the_decoder_takes_for_unreachable_is_an_error() {
    let bytes = include_bytes!("damaged/unreachable.avif");
    let error = read_every_way(bytes).unwrap_err();
    assert!(error.to_string().contains("damaged AVIF image"), "{error}");
}
