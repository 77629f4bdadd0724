//! Other formats and other colour spaces against Pillow and `LittleCMS` 2; see `make_formats.py`.

use image::imageops;
use vision::decode::{self, Format, Profile};

use crate::{close, luma, rgb, stored};

#[test]
fn colours_of_other_spaces_become_srgb_in_every_format() {
    let theirs = rgb("format_p3.rgb.png");
    for name in ["format_p3.png", "format_p3.webp", "format_p3.tif"] {
        close(name, rgb(name).as_raw(), theirs.as_raw(), 1, 0.1);
    }
    let adobe = (rgb("format_adobe.png"), rgb("format_adobe.rgb.png"));
    close(
        "format_adobe.png",
        adobe.0.as_raw(),
        adobe.1.as_raw(),
        2,
        0.1,
    );
    let jpeg = (rgb("format_p3.jpg"), rgb("format_p3_jpeg.rgb.png"));
    close("format_p3.jpg", jpeg.0.as_raw(), jpeg.1.as_raw(), 2, 0.4);
    let source = rgb("source.png");
    let far = theirs.iter().zip(source.iter());
    let far = far
        .map(|(ours, source)| ours.abs_diff(*source))
        .max()
        .unwrap();
    assert!(far > 40, "the profile matters: {far}");
}

#[test]
fn luma_and_alpha_are_those_of_the_converted_colours() {
    let converted = decode::to_luma(&rgb("format_p3.jpg"));
    close(
        "luma",
        luma("format_p3.jpg").as_raw(),
        converted.as_raw(),
        0,
        0.0,
    );
    let small = decode::luma_at_least(&stored("format_p3.jpg"), 60, 30).unwrap();
    let colours = decode::rgb_at_least(&stored("format_p3.jpg"), 60, 30).unwrap();
    assert_eq!(small, decode::to_luma(&colours));
    let whole = decode::rgba(&stored("format_p3.png")).unwrap();
    assert_eq!(decode::over(&whole, [0; 3]), rgb("format_p3.png"));
}

#[test]
fn gray_with_a_curve_of_its_own_becomes_srgbs_gray() {
    let (ours, theirs) = (luma("format_gray18.png"), luma("format_gray18.luma.png"));
    close("format_gray18.png", ours.as_raw(), theirs.as_raw(), 1, 0.5);
}

#[test]
fn an_srgb_profile_changes_nothing() {
    assert_eq!(rgb("format_srgb.png"), rgb("source.png"));
    assert_eq!(profile("format_srgb.png"), Profile::Srgb);
    assert_eq!(profile("source.png"), Profile::Srgb);
}

#[test]
fn a_foreign_profile_is_told_by_its_name() {
    let p3 = Profile::Foreign("Wide P3".to_owned());
    for ending in ["png", "jpg", "webp", "tif", "avif"] {
        assert_eq!(profile(&format!("format_p3.{ending}")), p3, "{ending}");
    }
    let adobe = Profile::Foreign("Like Adobe RGB".to_owned());
    assert_eq!(profile("format_adobe.png"), adobe);
    let gray = Profile::Foreign("Gray gamma 1.8".to_owned());
    assert_eq!(profile("format_gray18.png"), gray);
}

fn profile(name: &str) -> Profile {
    decode::profile_from_bytes(&decode::read(&stored(name)).unwrap()).unwrap()
}

#[test]
fn avif_is_libavifs() {
    for name in ["420", "444", "odd", "p3"] {
        let ours = rgb(&format!("format_{name}.avif"));
        let theirs = rgb(&format!("format_avif_{name}.rgb.png"));
        close(name, ours.as_raw(), theirs.as_raw(), 8, 0.7);
    }
    let gray = luma("format_gray.avif");
    close("gray", gray.as_raw(), luma("luma.png").as_raw(), 24, 2.0);
    let ours = decode::rgba(&stored("format_alpha.avif")).unwrap();
    let theirs = decode::rgba(&stored("format_avif_alpha.rgba.png")).unwrap();
    close("alpha", ours.as_raw(), theirs.as_raw(), 4, 0.7);
}

#[test]
fn avif_is_turned_upright_and_measured_so() {
    let upright = rgb("format_odd.avif");
    for orientation in 2..=8 {
        let name = format!("format_turned{orientation}.avif");
        let header = decode::header(&stored(&name)).unwrap();
        let size = header.dimensions();
        assert_eq!((size.width, size.height), (33, 21), "{name}");
        assert!(!header.is_upright(), "{name}");
        let turned = rgb(&name);
        close(&name, turned.as_raw(), upright.as_raw(), 60, 4.0);
    }
}

#[test]
fn jpeg_xl_is_libjxls() {
    assert_eq!(rgb("format_lossless.jxl"), rgb("source.png"));
    let lossy = (rgb("format_lossy.jxl"), rgb("format_jxl_lossy.rgb.png"));
    close(
        "format_lossy.jxl",
        lossy.0.as_raw(),
        lossy.1.as_raw(),
        2,
        0.4,
    );
    let clear = decode::rgba(&stored("format_alpha.jxl")).unwrap();
    let colours = image::RgbImage::from_fn(128, 72, |x, y| {
        let [red, green, blue, _] = clear.get_pixel(x, y).0;
        image::Rgb([red, green, blue])
    });
    assert_eq!(colours, rgb("source.png"));
    assert_eq!(
        (clear.get_pixel(5, 0).0[3], clear.get_pixel(5, 71).0[3]),
        (1, 254)
    );
}

#[test]
fn of_a_gif_the_first_image_is_read() {
    assert_eq!(rgb("format.gif"), rgb("format_gif.rgb.png"));
    let red = rgb("format_animated.gif");
    assert!(red.pixels().all(|pixel| pixel.0 == [255, 0, 0]));
}

#[test]
fn headers_of_other_formats_tell_what_decoding_gives() {
    let names = [
        ("format.gif", Format::Gif, 3, false),
        ("format_animated.gif", Format::Gif, 3, true),
        ("format_420.avif", Format::Avif, 3, false),
        ("format_alpha.avif", Format::Avif, 4, false),
        ("format_gray.avif", Format::Avif, 1, false),
        ("format_lossless.jxl", Format::Jxl, 3, false),
        ("format_alpha.jxl", Format::Jxl, 4, false),
    ];
    for (name, format, channels, animated) in names {
        let header = decode::header(&stored(name)).unwrap();
        let size = header.dimensions();
        assert_eq!(rgb(name).dimensions(), (size.width, size.height), "{name}");
        let found = (header.format, header.samples.channels, header.animated);
        assert_eq!(found, (format, channels, animated), "{name}");
        assert_eq!(header.samples.bits, 8, "{name}");
    }
}

#[test]
fn a_file_of_another_format_cut_short_is_an_error() {
    for name in [
        "format.gif",
        "format_420.avif",
        "format_lossless.jxl",
        "format_alpha.avif",
    ] {
        let whole = std::fs::read(stored(name)).unwrap();
        for share in [3, 10, 50, 90] {
            let part = &whole[..whole.len() * share / 100];
            assert!(decode::rgb_from_bytes(part).is_err(), "{name}: {share} %");
        }
    }
}

#[test]
fn a_damaged_file_of_another_format_does_no_harm() {
    for name in [
        "format.gif",
        "format_odd.avif",
        "format_alpha.jxl",
        "format_p3.avif",
        "format_p3.png",
    ] {
        let whole = std::fs::read(stored(name)).unwrap();
        for at in (0..whole.len()).step_by(whole.len() / 20 + 1) {
            let mut broken = whole.clone();
            broken[at] ^= 0x55;
            let _ = decode::header_from_bytes(&broken);
            let _ = decode::profile_from_bytes(&broken);
            let _ = decode::rgba_from_bytes(&broken);
        }
    }
}

#[test]
fn turning_is_not_mistaken() {
    // The images of `avif_is_turned_upright_and_measured_so` differ from one another.
    let upright = rgb("format_odd.avif");
    let mirrored = imageops::flip_horizontal(&upright);
    let far: u64 = { upright.iter().zip(mirrored.iter()) }
        .map(|(one, other)| u64::from(one.abs_diff(*other)))
        .sum();
    assert!(far / upright.len() as u64 > 12, "{far}");
}
