//! What mask-crop makes of drawn images.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use image::RgbImage;
use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, blurred, golden, manners, noise, run_in};
use vision::mask::{Mask, Rle};

const TOOL: &str = env!("CARGO_BIN_EXE_mask-crop");

#[test]
fn has_manners() {
    manners(Shape {
        tool: TOOL,
        flags: &["--out-dir", "crops"],
        opens_images: false,
        streams: false,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

const SIZE: (u32, u32) = (640, 360);

/// Run lengths of a rectangle `[x0, y0, x1, y1]`.
fn runs(sides: [u32; 4]) -> Value {
    let [x0, y0, x1, y1] = sides;
    let inside = |x, y| (x0..x1).contains(&x) && (y0..y1).contains(&y);
    let mask = Mask::from_fn(SIZE.0, SIZE.1, inside).unwrap();
    json!({"size": [SIZE.1, SIZE.0], "counts": Rle::encode(&mask).to_coco_string()})
}

/// A record of one image with these masks.
fn record(folder: &Path, image: &RgbImage, masks: &[[u32; 4]]) -> Value {
    image.save(folder.join("a.png")).unwrap();
    let masks = masks
        .iter()
        .map(|sides| json!({"mask": runs(*sides), "score": 0.9, "label": "cat"}));
    json!({
        "id": "a", "image": "a.png", "width": SIZE.0, "height": SIZE.1,
        "source": {"film": "f", "frame": 7, "time": 0.25, "shot": 2}, "boxes": [], "quality": {},
        "masks": masks.collect::<Vec<_>>(),
    })
}

fn crop(folder: &Path, record: &Value, flags: &[&str]) -> (Vec<Value>, Vec<Value>) {
    let ran = ran(folder, record, flags);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let text = fs::read_to_string(folder.join("rejects.jsonl")).unwrap();
    let rejects = text.lines().map(|line| serde_json::from_str(line).unwrap());
    (ran.records(), rejects.collect())
}

fn ran(folder: &Path, record: &Value, flags: &[&str]) -> Ran {
    let usual = ["--out-dir", "crops", "--rejects", "rejects.jsonl"];
    run_in(
        folder,
        TOOL,
        &[&usual, flags].concat(),
        &format!("{record}\n"),
    )
}

fn sides(value: &Value) -> [u32; 4] {
    std::array::from_fn(|at| value[at].as_u64().unwrap() as u32)
}

#[test]
fn a_record_an_instance_with_its_mask_beside() {
    let here = tempfile::tempdir().unwrap();
    let frame = noise(SIZE.0, SIZE.1, 1);
    let record = record(
        here.path(),
        &frame,
        &[[100, 60, 260, 300], [400, 100, 560, 300]],
    );
    let (passed, dropped) = crop(here.path(), &record, &[]);
    assert_eq!((passed.len(), dropped.len()), (2, 0), "{dropped:?}");
    let first = &passed[0];
    assert_eq!(first["id"], "a.i0");
    assert_eq!(first["parent"], "a");
    assert_eq!(first["source"], record["source"]);
    for gone in ["boxes", "masks", "quality"] {
        assert!(first.get(gone).is_none(), "{gone}");
    }
    assert_eq!(first["instance"]["label"], "cat");
    assert_eq!(first["instance"]["area"], 160 * 240);
    let [x0, y0, x1, y1] = sides(&first["instance"]["crop"]);
    let image = image::open(here.path().join("crops/a.i0.png"))
        .unwrap()
        .into_rgb8();
    let mask = image::open(here.path().join("crops/a.i0.mask.png"))
        .unwrap()
        .into_luma8();
    assert_eq!(image.dimensions(), (x1 - x0, y1 - y0));
    assert_eq!(mask.dimensions(), image.dimensions());
    assert_eq!(first["width"], x1 - x0);
    for (x, y, pixel) in image.enumerate_pixels() {
        let (px, py) = (x0 + x, y0 + y);
        assert_eq!(pixel, frame.get_pixel(px, py), "the whole ground stays");
        let inside = (100..260).contains(&px) && (60..300).contains(&py);
        assert_eq!(mask.get_pixel(x, y).0[0] == 255, inside);
    }
}

/// Asserts that of instances with these boxes the last is dropped, for a reason that begins so.
fn is_dropped(image: &RgbImage, masks: &[[u32; 4]], flags: &[&str], said: &str) {
    let here = tempfile::tempdir().unwrap();
    let record = record(here.path(), image, masks);
    let (passed, dropped) = crop(here.path(), &record, flags);
    assert_eq!(
        (passed.len(), dropped.len()),
        (masks.len() - 1, 1),
        "{said}: {dropped:?}"
    );
    let reason = dropped[0]["rejected"]["reason"].as_str().unwrap();
    assert!(reason.starts_with(said), "{reason}");
    assert_eq!(dropped[0]["id"], format!("a.i{}", masks.len() - 1));
    assert_eq!(dropped[0]["parent"], "a");
}

#[test]
fn each_fault_is_named_with_its_figure() {
    let sharp = noise(SIZE.0, SIZE.1, 1);
    let whole = [200, 50, 400, 250];
    let small = "small: 10000 pixels, under 20000";
    is_dropped(&sharp, &[[5, 5, 105, 105]], &[], small);
    is_dropped(
        &blurred(&sharp, 9),
        &[whole],
        &[],
        "blurred: variance of the Laplacian",
    );
    let same = "the same as instance 0: intersection over union 0.87";
    is_dropped(&sharp, &[[200, 60, 420, 250], whole], &[], same);
}

#[test]
fn what_the_frame_cuts_off_is_dropped_but_not_a_bust() {
    let sharp = noise(SIZE.0, SIZE.1, 1);
    for (sides, edge) in [
        ([0, 50, 100, 250], "left edge along 1.00"),
        ([200, 0, 340, 150], "upper edge along 1.00"),
        ([540, 50, 640, 250], "right edge along 1.00"),
    ] {
        let said = format!("cut off by the frame's {edge}");
        is_dropped(&sharp, &[sides], &[], &said);
    }
    let bust = [200, 90, 400, 360];
    let flags = ["--max-cut-below", "0.9"];
    is_dropped(&sharp, &[bust], &flags, "cut off by the frame's lower edge");
    let here = tempfile::tempdir().unwrap();
    let record = record(here.path(), &sharp, &[bust]);
    assert_eq!(crop(here.path(), &record, &[]).0.len(), 1);
}

#[test]
fn the_frame_may_cut_off_a_close_up_but_leaves_no_sliver_of_someone() {
    let here = tempfile::tempdir().unwrap();
    // A face of 240 by 360 pixels, 0.37 of the frame, from its upper edge to its lower.
    let record = record(
        here.path(),
        &noise(SIZE.0, SIZE.1, 1),
        &[[200, 0, 440, 360]],
    );
    let (passed, _) = crop(here.path(), &record, &[]);
    assert_eq!(passed[0]["instance"]["cut"]["top"], 1.0);
    let (_, dropped) = crop(here.path(), &record, &["--close-up", "0.4"]);
    let reason = dropped[0]["rejected"]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("cut off by the frame's upper"),
        "{reason}"
    );
    // 100 by 360, 0.16 of the frame, and more than three times as high as wide.
    let sliver = "cut off by the frame's left edge along 1.00";
    is_dropped(&noise(SIZE.0, SIZE.1, 1), &[[0, 0, 100, 360]], &[], sliver);
}

#[test]
fn an_arm_that_was_found_a_second_time_is_a_part() {
    let arm = "a part of instance 0: 1.00 of its mask lies in the mask of that one, over 0.8";
    let masks = [[200, 50, 400, 300], [220, 60, 300, 160]];
    is_dropped(
        &noise(SIZE.0, SIZE.1, 1),
        &masks,
        &["--min-area", "100"],
        arm,
    );
    let here = tempfile::tempdir().unwrap();
    // Who lies in a doubtful box of half the frame stays.
    let mut doubtful = record(here.path(), &noise(SIZE.0, SIZE.1, 1), &masks);
    doubtful["masks"][0]["score"] = json!(0.3);
    let flags = ["--min-area", "100"];
    assert_eq!(crop(here.path(), &doubtful, &flags).0.len(), 2);
    // A child before a grown-up: half of it lies in the other's mask.
    let record = record(
        here.path(),
        &noise(SIZE.0, SIZE.1, 1),
        &[[200, 50, 400, 300], [350, 150, 450, 300]],
    );
    let flags = ["--min-area", "100", "--max-hidden", "1"];
    assert_eq!(crop(here.path(), &record, &flags).0.len(), 2);
}

#[test]
fn who_ran_is_blurred_beside_the_others_of_the_film() {
    let here = tempfile::tempdir().unwrap();
    let square = |x: u32, y: u32| {
        if (x / 16 + y / 16).is_multiple_of(2) {
            200
        } else {
            40_u32
        }
    };
    // From column 480 on each pixel is the mean of the 25 round it: steps of 160 become ramps.
    let image = RgbImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        let reach = if x < 480 || y < 2 { 0 } else { 2 };
        let rows = y - reach..=y + reach;
        let round = rows.flat_map(|y| (x - reach..=x + reach).map(move |x| square(x, y)));
        image::Rgb([(round.sum::<u32>() / (2 * reach + 1).pow(2)) as u8; 3])
    });
    let masks = [
        [16, 32, 144, 320],
        [160, 32, 304, 320],
        [320, 32, 448, 320],
        [496, 32, 624, 320],
    ];
    let record = record(here.path(), &image, &masks);
    let (passed, dropped) = crop(here.path(), &record, &[]);
    let ids: Vec<_> = passed.iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, ["a.i0", "a.i1", "a.i2"]);
    assert!(passed[0]["instance"]["edges"].as_f64().unwrap() > 0.99);
    // Five steps of a fifth: 0.2 and 0.08 of the squared height, and 0.5 of the root of 0.8.
    let edges = dropped[0]["instance"]["edges"].as_f64().unwrap();
    assert!((edges - 0.447).abs() < 0.02, "{edges}");
    let reason = dropped[0]["rejected"]["reason"].as_str().unwrap();
    assert!(reason.ends_with(", under 0.80"), "{reason}");
    assert_eq!(crop(here.path(), &record, &["--min-edges", "0"]).0.len(), 4);
}

#[test]
fn who_stands_before_another_hides_it() {
    let here = tempfile::tempdir().unwrap();
    // The second fills 100x190 of the 200x200 of the first's box.
    let record = record(
        here.path(),
        &noise(SIZE.0, SIZE.1, 1),
        &[[200, 50, 400, 250], [300, 60, 500, 300]],
    );
    let mut shared = record.clone();
    // Masks of a segmenter do not overlap: the first lacks what is hidden.
    let first = Mask::from_fn(SIZE.0, SIZE.1, |x, y| {
        (200..400).contains(&x)
            && (50..250).contains(&y)
            && !((300..500).contains(&x) && (60..300).contains(&y))
    });
    let counts = Rle::encode(&first.unwrap()).to_coco_string();
    shared["masks"][0]["mask"]["counts"] = json!(counts);
    let (passed, dropped) = crop(here.path(), &shared, &["--min-area", "100"]);
    assert_eq!(passed.len(), 1);
    assert_eq!(passed[0]["id"], "a.i1");
    assert_eq!(passed[0]["instance"]["hidden"], 0.0);
    let reason = dropped[0]["rejected"]["reason"].as_str().unwrap();
    assert_eq!(reason, "hidden: others cover 0.47 of its box, over 0.15");
    let (passed, _) = crop(
        here.path(),
        &shared,
        &["--min-area", "100", "--max-hidden", "0.5"],
    );
    assert_eq!(passed.len(), 2);
}

#[test]
fn the_ground_is_as_it_is_asked_for() {
    let here = tempfile::tempdir().unwrap();
    let frame = noise(SIZE.0, SIZE.1, 1);
    let record = record(here.path(), &frame, &[[200, 100, 400, 260]]);
    let open = |ground: &str| {
        let (passed, _) = crop(here.path(), &record, &["--ground", ground]);
        let [x0, y0, ..] = sides(&passed[0]["instance"]["crop"]);
        let image = image::open(here.path().join("crops/a.i0.png"))
            .unwrap()
            .into_rgba8();
        let at = move |x: u32, y: u32| image.get_pixel(x - x0, y - y0).0;
        assert_eq!(at(300, 200)[..3], frame.get_pixel(300, 200).0, "{ground}");
        at
    };
    assert_eq!(open("white")(190, 180), [255; 4]);
    assert_eq!(open("#102030")(190, 180), [16, 32, 48, 255]);
    let clear = open("transparent");
    assert_eq!(clear(190, 180), [255, 255, 255, 0]);
    assert_eq!(clear(300, 200)[3], 255);
    // Half of the neighbours of a pixel at the edge are inside: 6 of 9.
    assert_eq!(clear(200, 180)[3], 170);
    // Of noise, the mean stays.
    let blur = open("blur")(190, 180)[0];
    assert!((100..156).contains(&blur), "{blur}");
}

#[test]
fn of_the_tags_those_go_along_that_hold_for_a_part() {
    let here = tempfile::tempdir().unwrap();
    let image = noise(SIZE.0, SIZE.1, 1);
    let mut record = record(here.path(), &image, &[[100, 60, 260, 300]]);
    record["tags"] = json!({"people": [["two", 0.9]], "location": [["beach", 0.8]]});
    let (crops, _) = crop(here.path(), &record, &[]);
    assert_eq!(crops[0]["tags"], json!({"location": [["beach", 0.8]]}));
    let (crops, _) = crop(here.path(), &record, &["--keep-tags", "people"]);
    assert_eq!(crops[0]["tags"], json!({"people": [["two", 0.9]]}));
    let (crops, _) = crop(here.path(), &record, &["--keep-tags", "light"]);
    assert!(crops[0].get("tags").is_none(), "an empty key says nothing");
}

#[test]
fn masks_in_files_are_masks() {
    let here = tempfile::tempdir().unwrap();
    let mut record = record(
        here.path(),
        &noise(SIZE.0, SIZE.1, 1),
        &[[200, 100, 400, 260]],
    );
    let (by_runs, _) = crop(here.path(), &record, &[]);
    let mask = Mask::from_fn(SIZE.0, SIZE.1, |x, y| {
        (200..400).contains(&x) && (100..260).contains(&y)
    });
    mask.unwrap()
        .to_luma()
        .save(here.path().join("m.png"))
        .unwrap();
    record["masks"][0]["mask"] = json!("m.png");
    assert_eq!(crop(here.path(), &record, &[]).0, by_runs);
}

#[test]
fn a_matte_is_inside_from_half_on_and_stays_soft() {
    let here = tempfile::tempdir().unwrap();
    let image = noise(SIZE.0, SIZE.1, 1);
    let mut record = record(here.path(), &image, &[[200, 100, 400, 260]]);
    let matte = image::GrayImage::from_fn(SIZE.0, SIZE.1, |x, y| {
        let level = match (x, y) {
            (_, ..100 | 260..) => 0,
            (200..400, _) => 255,
            (199, _) => 128,
            (400, _) => 127,
            _ => 0,
        };
        image::Luma([level])
    });
    matte.save(here.path().join("m.png")).unwrap();
    record["masks"][0]["mask"] = json!("m.png");
    record["masks"][0]["matte"] = json!("matting");
    record["text"] = json!({"lines": [], "mask": runs([0, 250, 640, 270])});
    let (passed, dropped) = crop(here.path(), &record, &[]);
    assert_eq!((passed.len(), dropped.len()), (1, 0), "{dropped:?}");
    let instance = &passed[0]["instance"];
    assert_eq!(sides(&instance["box"]), [199, 100, 400, 250]);
    assert_eq!(instance["area"], 201 * 150);
    let [x0, y0, ..] = sides(&instance["crop"]);
    let mask = image::open(here.path().join("crops/a.i0.mask.png"))
        .unwrap()
        .into_luma8();
    let level = |x: u32, y: u32| mask.get_pixel(x - x0, y - y0).0[0];
    let row = [198, 199, 200, 399, 400].map(|x| level(x, 180));
    assert_eq!(row, [0, 128, 255, 255, 127]);
    assert_eq!(level(300, 250), 0, "text");
}

#[test]
fn wrong_masks_are_errors_of_their_record() {
    let here = tempfile::tempdir().unwrap();
    let mut record = record(
        here.path(),
        &noise(SIZE.0, SIZE.1, 1),
        &[[200, 100, 400, 260]],
    );
    for (wrong, said) in [
        (json!({"size": [360, 640], "counts": "0"}), "mask 0"),
        (
            json!({"size": [4, 4], "counts": [0, 16]}),
            "mask 0: is 4x4, but its image is 640x360",
        ),
        (
            json!({"size": [99999, 99999], "counts": [0, 1]}),
            "over the limit",
        ),
        (json!("gone.png"), "gone.png"),
        (json!(3), "not a path or run lengths"),
    ] {
        record["masks"][0]["mask"] = wrong;
        let ran = ran(here.path(), &record, &[]);
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    record["image"] = json!("gone.png");
    record["masks"][0]["mask"] = runs([200, 100, 400, 260]);
    assert!(ran(here.path(), &record, &[]).stderr.contains("gone.png"));
}

#[test]
fn what_is_kept_in_spite_of_a_fault_has_its_files() {
    let here = tempfile::tempdir().unwrap();
    let record = record(here.path(), &noise(SIZE.0, SIZE.1, 1), &[[5, 5, 50, 50]]);
    let (passed, _) = crop(here.path(), &record, &["--keep"]);
    assert_eq!(passed[0]["rejected"]["by"], "mask-crop");
    assert!(
        here.path()
            .join(passed[0]["image"].as_str().unwrap())
            .exists()
    );
}

#[test]
fn a_ghost_is_dropped_unless_it_is_asked_for() {
    let here = tempfile::tempdir().unwrap();
    let image = noise(SIZE.0, SIZE.1, 1);
    let both = [[100, 60, 260, 300], [400, 100, 560, 300]];
    let mut record = record(here.path(), &image, &both);
    record["masks"][1]["ghost"] = json!("detected in 1 of 9 frames");
    record["masks"][0]["track"] = json!(3);
    let (passed, dropped) = crop(here.path(), &record, &[]);
    assert_eq!((passed.len(), dropped.len()), (1, 1));
    assert_eq!(passed[0]["instance"]["track"], 3);
    assert_eq!(
        dropped[0]["rejected"]["reason"],
        "may be a false detection: detected in 1 of 9 frames"
    );
    let (passed, dropped) = crop(here.path(), &record, &["--keep-ghosts"]);
    assert_eq!((passed.len(), dropped.len()), (2, 0));
}

#[test]
fn text_that_is_laid_over_an_instance_is_none_of_it() {
    let here = tempfile::tempdir().unwrap();
    let mut record = record(
        here.path(),
        &noise(SIZE.0, SIZE.1, 1),
        &[[100, 60, 260, 300]],
    );
    record["text"] = json!({"lines": [], "mask": runs([50, 280, 400, 310])});
    let (passed, dropped) = crop(here.path(), &record, &[]);
    assert_eq!((passed.len(), dropped.len()), (1, 0), "{dropped:?}");
    assert_eq!(sides(&passed[0]["instance"]["box"]), [100, 60, 260, 280]);
    assert_eq!(passed[0].get("text"), None, "places in the whole frame");
    record["text"]["mask"] = json!({"size": [10, 24], "counts": [0, 240]});
    assert_eq!(
        ran(here.path(), &record, &[]).code,
        Some(1),
        "of another size"
    );
}
