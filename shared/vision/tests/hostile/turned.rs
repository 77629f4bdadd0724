//! Orientation wherever a file says it.

use image::RgbImage;
use vision::decode;

use crate::crc32;

/// A chunk of a PNG.
fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&kind, data].concat();
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    let checksum = crc32(&body).to_be_bytes();
    [&length[..], &body, &checksum].concat()
}

/// An Exif block that says nothing but this orientation.
fn exif(orientation: u8) -> Vec<u8> {
    let header = b"MM\0\x2a\0\0\0\x08\0\x01";
    let entry = [1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
    [&header[..], &entry, &[0; 4]].concat()
}

#[test]
fn a_png_is_turned_by_exif_before_its_pixels_and_behind_them() {
    let stored = RgbImage::from_fn(3, 2, |x, y| [x as u8 * 50, y as u8 * 90, 7].into());
    let plain = vision::write::encode_png(&stored).unwrap();
    // 6 is turned a quarter to the right: the left column becomes the upper row, from below.
    let upright = image::imageops::rotate90(&stored);
    // The header chunk ends at 33; the last one takes 12 bytes.
    for at in [33, plain.len() - 12] {
        let mut bytes = plain.clone();
        bytes.splice(at..at, chunk(*b"eXIf", &exif(6)));
        let size = decode::dimensions_from_bytes(&bytes).unwrap();
        assert_eq!((size.width, size.height), (2, 3), "at {at}");
        assert_eq!(decode::rgb_from_bytes(&bytes).unwrap(), upright, "at {at}");
    }
}
