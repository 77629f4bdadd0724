//! Images that are damaged, odd, or badly cut.

use crate::support::{Folder, GOOD, TRAINERS, codes, errors, warnings};

/// A file as an image with its caption.
fn with(name: &'static str, bytes: Vec<u8>) -> impl Fn(&Folder) {
    move |f| {
        f.bytes(name, &bytes);
        f.text("a.txt", GOOD);
    }
}

#[test]
fn damaged_images() {
    let whole = vision::write::encode_png(&testkit::scene(64, 64, 1)).unwrap();
    for trainer in TRAINERS {
        let arguments = [".", "--trainer", trainer];
        errors(
            with("a.png", whole[..whole.len() / 2].to_vec()),
            &arguments,
            &["image-corrupt"],
        );
        errors(
            with("a.jpg", b"<html>not found</html>".to_vec()),
            &arguments,
            &["image-corrupt"],
        );
    }
}

#[test]
fn transparency() {
    let clear = vision::RgbaImage::from_fn(256, 256, |x, _| [9, 9, 9, (x % 2 * 255) as u8].into());
    let png = vision::write::encode_png_rgba(&clear).unwrap();
    for trainer in [
        "sd-scripts",
        "onetrainer",
        "ai-toolkit",
        "musubi-tuner",
        "simpletuner",
    ] {
        errors(
            with("a.png", png.clone()),
            &[".", "--trainer", trainer],
            &["image-alpha"],
        );
    }
}

#[test]
fn colours_that_no_trainer_converts() {
    let small = [".", "--resolution", "96"];
    let p3 = include_bytes!("../../../../shared/vision/tests/reference/format_p3.png");
    warnings(with("a.png", p3.to_vec()), &small, &["image-profile"]);
    let srgb = include_bytes!("../../../../shared/vision/tests/reference/format_srgb.png");
    warnings(with("a.png", srgb.to_vec()), &small, &[]);
}

#[test]
fn an_image_on_its_side() {
    let scene = testkit::scene(256, 256, 1);
    let jpeg = vision::write::encode_jpeg(&scene, 90, vision::write::Subsampling::S444).unwrap();
    // An EXIF segment with one entry: orientation 6, turned by a quarter.
    let exif =
        b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let bytes = [&jpeg[..2], exif, &jpeg[2..]].concat();
    for trainer in [
        "sd-scripts",
        "musubi-tuner",
        "diffusion-pipe",
        "simpletuner",
    ] {
        errors(
            with("a.jpg", bytes.clone()),
            &[".", "--trainer", trainer],
            &["image-rotated"],
        );
    }
    for trainer in ["onetrainer", "ai-toolkit"] {
        let arguments = [".", "--trainer", trainer, "--resolution", "256"];
        warnings(with("a.jpg", bytes.clone()), &arguments, &[]);
    }
}

/// A gray PNG of 256x256 with 16 bits a sample.
const GRAY16: &[u8] = include_bytes!("../support/gray16.png");
/// The same in colour.
const RGB16: &[u8] = include_bytes!("../support/rgb16.png");

#[test]
fn sixteen_bits_that_the_trainer_reads_as_white_or_far_too_large() {
    for trainer in ["sd-scripts", "ai-toolkit", "musubi-tuner", "diffusion-pipe"] {
        let arguments = [".", "--trainer", trainer, "--resolution", "256"];
        errors(
            with("a.png", GRAY16.to_vec()),
            &arguments,
            &["image-samples"],
        );
        warnings(
            with("a.png", RGB16.to_vec()),
            &arguments,
            &["image-samples"],
        );
    }
    for bytes in [GRAY16, RGB16] {
        let arguments = [".", "--trainer", "onetrainer", "--resolution", "256"];
        errors(
            with("a.png", bytes.to_vec()),
            &arguments,
            &["image-samples"],
        );
    }
}

#[test]
fn a_format_that_the_trainer_reads_and_this_tool_does_not() {
    let jpeg_2000 = b"\0\0\0\x0cjP  \r\n\x87\n".to_vec();
    let arguments = [".", "--trainer", "simpletuner"];
    warnings(with("a.jp2", jpeg_2000), &arguments, &["image-unread"]);
}

#[test]
fn formats_that_some_trainers_read_are_looked_into() {
    let avif = include_bytes!("../../../../shared/vision/tests/reference/format_420.avif");
    let gif = include_bytes!("../../../../shared/vision/tests/reference/format.gif");
    for (trainer, name, bytes) in [
        ("onetrainer", "a.avif", &avif[..]),
        ("musubi-tuner", "a.avif", &avif[..]),
        ("diffusion-pipe", "a.gif", &gif[..]),
    ] {
        let arguments = [".", "--trainer", trainer, "--resolution", "64"];
        let folder = Folder::new();
        with(name, bytes.to_vec())(&folder);
        let ran = folder.lint(&arguments);
        let found = [codes(&ran, "error"), codes(&ran, "warning")].concat();
        assert!(
            !found
                .iter()
                .any(|code| code == "image-unread" || code == "image-corrupt"),
            "{trainer}: {found:?}"
        );
        let cut = bytes[..bytes.len() / 2].to_vec();
        let folder = Folder::new();
        with(name, cut)(&folder);
        let found = codes(&folder.lint(&arguments), "error");
        assert!(
            found.iter().any(|code| code == "image-corrupt"),
            "{trainer}: {found:?}"
        );
    }
}

#[test]
fn a_cache_of_an_image_that_was_another_one() {
    let build = |cache: &'static str| {
        move |f: &Folder| {
            f.pair("a_01", GOOD);
            f.bytes(cache, b"PK");
        }
    };
    errors(build("a_01_0832x1216_sdxl.npz"), &["."], &["cache-stale"]);
    warnings(build("a_01_0256x0256_sdxl.npz"), &["."], &[]);
    warnings(build("other_0832x1216_sdxl.npz"), &["."], &[]);
}

#[test]
fn a_mask_that_sd_scripts_squeezes_into_the_bucket() {
    let masked = |width, height| {
        move |f: &Folder| {
            bucketed(width, height, "resolution = 512\nbucket_no_upscale = true")(f);
            f.mask("mask/a.png", width, height, 255);
        }
    };
    let arguments = [
        "img",
        "--masks",
        "mask",
        "--resolution",
        "512",
        "--max-cropped",
        "0.5",
    ];
    errors(masked(127, 127), &arguments, &["mask-squeezed"]);
    warnings(masked(448, 320), &arguments, &[]);
}

#[test]
fn a_kind_that_is_not_read() {
    for (trainer, name) in [
        ("sd-scripts", "b.tif"),
        ("sd-scripts", "b.Png"),
        ("ai-toolkit", "b.bmp"),
        ("musubi-tuner", "b.gif"),
        ("onetrainer", "b.gif"),
    ] {
        let build = |f: &Folder| {
            f.pair("a", GOOD);
            f.image(name, 256, 256);
        };
        errors(build, &[".", "--trainer", trainer], &["image-ignored"]);
    }
}

#[test]
fn sizes_that_do_not_suit() {
    let tiny = |f: &Folder| {
        f.image("a.png", 60, 60);
        f.text("a.txt", GOOD);
    };
    errors(tiny, &["."], &["image-tiny"]);
    for trainer in ["onetrainer", "simpletuner"] {
        warnings(
            |f| f.pair("a", GOOD),
            &[".", "--trainer", trainer],
            &["image-enlarged"],
        );
    }
}

/// One image in the buckets of a configuration.
fn bucketed(width: u32, height: u32, buckets: &str) -> impl Fn(&Folder) {
    let dataset = format!(
        "[[datasets]]\nenable_bucket = true\n{buckets}\n[[datasets.subsets]]\ncaption_extension = \".txt\"\nimage_dir = \"img\"\n"
    );
    move |f| {
        f.image("img/a.png", width, height);
        f.text("img/a.txt", GOOD);
        f.text("set.toml", &dataset);
    }
}

#[test]
fn much_of_it_is_cut_off() {
    let build = bucketed(
        956,
        400,
        "resolution = 512\nmin_bucket_reso = 384\nmax_bucket_reso = 768",
    );
    warnings(build, &["set.toml", "--resolution", "512"], &["crop-large"]);
}

#[test]
fn half_of_the_pixels_are_given_away() {
    let build = bucketed(960, 402, "resolution = 512\nmax_bucket_reso = 512");
    let arguments = ["set.toml", "--resolution", "512", "--max-cropped", "0.5"];
    warnings(build, &arguments, &["bucket-small"]);
}

#[test]
fn what_the_mask_shows_is_cut() {
    let build = |f: &Folder| {
        f.image("img/a.png", 512, 250);
        f.text("img/a.txt", GOOD);
        f.mask("mask/a.png", 512, 250, 255);
    };
    let arguments = [
        "img",
        "--trainer",
        "ai-toolkit",
        "--resolution",
        "300",
        "--masks",
        "mask",
        "--max-cropped",
        "0.5",
    ];
    warnings(build, &arguments, &["crop-mask"]);
}
