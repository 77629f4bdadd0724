//! Decoding against Pillow.

use vision::decode;

use crate::{close, luma, rgb, stored};

#[test]
fn decoding_is_pillows() {
    for name in [
        "decode_420",
        "decode_progressive",
        "decode_gray",
        "decode_cmyk",
    ] {
        let (ours, theirs) = (rgb(&format!("{name}.jpg")), rgb(&format!("{name}.rgb.png")));
        close(name, ours.as_raw(), theirs.as_raw(), 1, 0.3);
    }
    for name in ["decode_420", "decode_progressive"] {
        let (ours, theirs) = (
            luma(&format!("{name}.jpg")),
            luma(&format!("{name}.luma.png")),
        );
        close(
            &format!("{name} luma"),
            ours.as_raw(),
            theirs.as_raw(),
            0,
            0.0,
        );
    }
    let lossy = (rgb("decode_lossy.webp"), rgb("decode_lossy.rgb.png"));
    close(
        "decode_lossy.webp",
        lossy.0.as_raw(),
        lossy.1.as_raw(),
        3,
        0.6,
    );
    assert_eq!(rgb("decode_palette.png"), rgb("decode_palette.rgb.png"));
    assert_eq!(rgb("decode_palette.bmp"), rgb("decode_palette.rgb.png"));
}

#[test]
fn lossless_files_are_the_source() {
    let source = rgb("source.png");
    let names = [
        "decode_lzw.tif",
        "decode_deflate.tif",
        "decode_plain.tif",
        "decode_24.bmp",
        "decode_lossless.webp",
    ];
    for name in names {
        assert_eq!(rgb(name), source, "{name}");
    }
    assert_eq!(
        rgb("decode_orientation.tif"),
        image::imageops::rotate90(&source)
    );
    assert_eq!(
        decode::dimensions(&stored("decode_orientation.tif"))
            .unwrap()
            .width,
        72
    );
    close(
        "decode_cmyk.tif",
        rgb("decode_cmyk.tif").as_raw(),
        source.as_raw(),
        1,
        0.1,
    );
    assert_eq!(decode::to_luma(&source), luma("luma.png"));
    assert_eq!(luma("source.png"), luma("luma.png"));
}

#[test]
fn sixteen_bits_are_rounded_to_eight() {
    for name in ["decode_16.png", "decode_16.tif"] {
        let image = luma(name);
        for (index, pixel) in image.pixels().enumerate() {
            let exact = (index * 37) as f64 / 257.0;
            assert_eq!(f64::from(pixel.0[0]), exact.round(), "{name} {index}");
        }
        assert_eq!(
            rgb(name).get_pixel(99, 16).0,
            [image.get_pixel(99, 16).0[0]; 3]
        );
    }
}
