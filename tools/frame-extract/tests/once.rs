//! How often a film is decoded, and what decodes it.
#![allow(
    clippy::too_many_lines,
    reason = "a test makes a film, and looks at all of it"
)]
#![allow(clippy::unwrap_used, reason = "a test stops at what goes wrong")]

mod films;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use testkit::{Ran, run_in};

use films::{draw, ffmpeg, scene};

const TOOL: &str = env!("CARGO_BIN_EXE_frame-extract");

/// An ffmpeg that notes how it is called in `calls`.
fn noting(ffmpeg: &Path, here: &Path) -> PathBuf {
    let path = here.join("noting");
    let (calls, ffmpeg) = (here.join("calls"), ffmpeg.display());
    let script = format!(
        "#!/bin/sh\necho \"$@\" | tr '\\n' ' ' >> '{}'\necho >> '{0}'\nexec '{ffmpeg}' \"$@\"\n",
        calls.display()
    );
    testkit::program(&path, &script);
    path
}

fn extract(ffmpeg: &Path, here: &Path, more: &[&str]) -> Ran {
    let mut arguments = vec!["--ffmpeg", ffmpeg.to_str().unwrap(), "--method", "rules"];
    arguments.extend(["--format", "png", "film.mkv"]);
    arguments.extend(more);
    run_in(here, TOOL, &arguments, "")
}

/// The calls that give images, but for those of the first frame and of keyframes.
fn passes(here: &Path) -> Vec<String> {
    let calls = fs::read_to_string(here.join("calls")).unwrap();
    let whole = |call: &&str| call.contains("rawvideo") && !call.contains("nokey");
    calls.lines().filter(whole).map(str::to_owned).collect()
}

fn bytes(here: &Path, records: &[Value]) -> Vec<Vec<u8>> {
    let read = |record: &Value| fs::read(here.join(record["image"].as_str().unwrap())).unwrap();
    records.iter().map(read).collect()
}

/// Three scenes of 50, 10 and as many frames, of which the second falls between two seconds; every image is a keyframe.
fn film(ffmpeg: &Path, here: &Path, last: u32) {
    let graph = scene(1, 50, "a") + &scene(2, 10, "b") + &scene(3, last, "c");
    draw(
        ffmpeg,
        here,
        "film.mkv",
        &(graph + "[a][b][c]concat=n=3:v=1[out]"),
    );
}

/// Encodes what `input` names as `film.mkv`, with a keyframe every so many frames and nowhere else.
fn encode(ffmpeg: &Path, here: &Path, input: &[&str], group: u32) {
    let mut command = Command::new(ffmpeg);
    command.args(["-v", "error"]).args(input);
    command.args(["-c:v", "mpeg4", "-q:v", "2", "-sc_threshold", "1000000000"]);
    command.args(["-g", &group.to_string(), "film.mkv"]);
    let made = command.current_dir(here).stdin(Stdio::null()).status();
    assert!(made.unwrap().success());
}

#[test]
fn a_film_is_decoded_once_and_a_shot_without_a_frame_by_itself() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    film(&ffmpeg, here, 300);
    let noting = noting(&ffmpeg, here);
    let ran = extract(&noting, here, &["--out-dir", "once", "--fps", "1"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let frames = |ran: &Ran| -> Vec<u64> {
        let of = |record: &Value| record["source"]["frame"].as_u64().unwrap();
        ran.records().iter().map(of).collect()
    };
    let expected = (0..3).map(|n| 24 * n).chain([55]);
    let expected: Vec<u64> = expected.chain((3..15).map(|n| 24 * n)).collect();
    assert_eq!(frames(&ran), expected);
    let calls = passes(here);
    assert_eq!(calls.len(), 2, "{calls:#?}");
    assert!(calls[0].contains("[whole]"), "{}", calls[0]);
    assert!(calls[1].contains("-ss 2.27"), "{}", calls[1]);
    // From what is known, the same images are taken out of one more decoding.
    let known = ["once/film.analysis.json", "once/film.settings.json"];
    fs::create_dir(here.join("twice")).unwrap();
    for file in known {
        fs::copy(here.join(file), here.join(file.replace("once", "twice"))).unwrap();
    }
    let again = extract(&noting, here, &["--out-dir", "twice", "--fps", "1"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(passes(here)[2].contains("select="), "from its beginning");
    assert_eq!(bytes(here, &again.records()), bytes(here, &ran.records()));
}

#[test]
fn only_keyframes_keep_their_numbers_and_times() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    film(&ffmpeg, here, 60);
    fs::rename(here.join("film.mkv"), here.join("whole.mkv")).unwrap();
    encode(&ffmpeg, here, &["-i", "whole.mkv"], 20);
    let noting = noting(&ffmpeg, here);
    let sparse = ["--out-dir", "frames", "--sample", "keyframes"];
    let ran = extract(&noting, here, &sparse);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(passes(here).is_empty(), "nothing but keyframes is decoded");
    let source = |record: &Value| {
        let source = &record["source"];
        (
            source["frame"].as_u64().unwrap(),
            source["time"].as_f64().unwrap(),
        )
    };
    let found: Vec<_> = ran.records().iter().map(source).collect();
    let frames: Vec<u64> = found.iter().map(|found| found.0).collect();
    assert_eq!(frames, [0, 20, 40, 60, 80, 100]);
    assert!(
        found
            .iter()
            .all(|(frame, time)| (time * 24.0 - *frame as f64).abs() < 0.1)
    );
    assert_eq!(ran.records()[3]["id"], "film_000060");
    assert!(
        ran.stderr.contains("only its 6 keyframes"),
        "{}",
        ran.stderr
    );
    let again = extract(&noting, here, &sparse);
    assert_eq!(again.records(), ran.records());
    // All frames of the same film are another matter: an image from this run is not taken for one of theirs.
    let image = |frame: u32| here.join(format!("frames/film_{frame:06}.png"));
    fs::copy(image(0), image(60)).unwrap();
    let all = extract(&noting, here, &["--out-dir", "frames"]);
    assert_eq!(all.code, Some(0), "{}", all.stderr);
    assert_eq!(all.records().len(), 11);
    let of = |ran: &Ran, id: &str| {
        let mut records = ran.records().into_iter();
        let record = records.find(|record| record["id"] == id).unwrap();
        bytes(here, &[record])
    };
    let alone = extract(&noting, here, &["--out-dir", "alone"]);
    assert_eq!(of(&alone, "film_000060"), of(&all, "film_000060"));
}

#[test]
fn numbers_of_keyframes_do_not_drift_in_a_long_film() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    // 24000/1001 frames a second, which ffmpeg prints as 23.98: behind two minutes that is half a frame more.
    let graph = "testsrc2=s=64x48:r=24000/1001,trim=end_frame=3200";
    encode(&ffmpeg, here, &["-f", "lavfi", "-i", graph], 316);
    let ran = extract(
        &ffmpeg,
        here,
        &["--out-dir", "frames", "--sample", "keyframes"],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let frame = |record: &Value| record["source"]["frame"].as_u64().unwrap();
    let frames: Vec<u64> = ran.records().iter().map(frame).collect();
    let expected: Vec<u64> = (0..=10).map(|n| 316 * n).collect();
    assert_eq!(frames, expected);
}

#[test]
fn an_image_that_is_there_votes_on_the_letterbox_and_is_not_written_again() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    // One keyframe decides nothing, and so the images are asked.
    let graph = "testsrc2=s=320x180:r=24,trim=end_frame=120";
    encode(&ffmpeg, here, &["-f", "lavfi", "-i", graph], 300);
    let every = ["--out-dir", "frames", "--fps", "24"];
    let first = extract(&ffmpeg, here, &every);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    let image = |frame: u32| here.join(format!("frames/film_{frame:06}.png"));
    fs::copy(image(0), image(24)).unwrap();
    fs::remove_file(here.join("frames/film.analysis.json")).unwrap();
    let again = extract(&ffmpeg, here, &every);
    assert_eq!(again.records(), first.records());
    let same = fs::read(image(24)).unwrap() == fs::read(image(0)).unwrap();
    assert!(same, "it was written again");
}

#[test]
fn hardware_is_not_tried_where_the_film_needs_a_decoder_of_its_own() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let graph = "testsrc2=s=160x96:r=12,trim=end_frame=6,format=yuva420p,colorchannelmixer=aa=0.5";
    let mut command = Command::new(&ffmpeg);
    command.args(["-v", "error", "-f", "lavfi", "-i", graph]);
    command.args(["-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "film.mkv"]);
    let made = command.current_dir(here).stdin(Stdio::null()).status();
    if !made.unwrap().success() {
        eprintln!("skipped: this ffmpeg has no libvpx");
        return;
    }
    let noting = noting(&ffmpeg, here);
    let ran = extract(&noting, here, &["--out-dir", "frames", "--hwaccel", "auto"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("decoded by the processor"),
        "{}",
        ran.stderr
    );
    let calls = fs::read_to_string(here.join("calls")).unwrap();
    assert!(calls.contains("-c:v libvpx-vp9"), "{calls}");
    assert!(!calls.contains("-hwaccel"), "{calls}");
}

#[test]
fn hardware_that_cannot_decode_it_is_said_and_the_processor_takes_its_place() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    film(&ffmpeg, here, 60);
    let soft = extract(&ffmpeg, here, &["--out-dir", "soft"]);
    // No hardware decodes FFV1.
    for hardware in ["auto", "cuda"] {
        let hard = extract(
            &ffmpeg,
            here,
            &["--out-dir", hardware, "--hwaccel", hardware],
        );
        assert_eq!(hard.code, Some(0), "{}", hard.stderr);
        assert!(
            hard.stderr.contains("decoded by the processor"),
            "{}",
            hard.stderr
        );
        assert_eq!(bytes(here, &hard.records()), bytes(here, &soft.records()));
    }
}
