//! What frame-extract does with films that are not as they should be, and when it is interrupted.
//! Where there is no ffmpeg, the tests that need one say so and pass.
#![allow(clippy::unwrap_used, reason = "a test stops at what goes wrong")]

mod films;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use testkit::{Ran, run_in};

use films::{draw, ffmpeg, scene};

const TOOL: &str = env!("CARGO_BIN_EXE_frame-extract");

fn extract(ffmpeg: &Path, folder: &Path, film: impl AsRef<OsStr>, more: &[&str]) -> Ran {
    let mut arguments = vec![OsStr::new("--ffmpeg"), ffmpeg.as_os_str()];
    arguments.extend(["--out-dir", "frames"].map(OsStr::new));
    arguments.extend(more.iter().map(OsStr::new));
    arguments.extend([OsStr::new("--"), film.as_ref()]);
    run_in(folder, TOOL, &arguments, "")
}

/// A film of two scenes of 2 seconds each.
fn two_scenes(ffmpeg: &Path, folder: &Path, name: &str) -> PathBuf {
    let graph = scene(1, 48, "a") + &scene(2, 48, "b") + "[a][b]concat=n=2:v=1[out]";
    draw(ffmpeg, folder, name, &graph)
}

/// Names and contents of all files in `folder`.
fn content(folder: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap()))
        .collect()
}

#[test]
fn what_is_no_film_is_said() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("empty.mp4"), "").unwrap();
    fs::write(here.join("junk.mp4"), testkit::noise(60, 60, 1).into_raw()).unwrap();
    fs::write(here.join("text.mkv"), "#EXTM3U\n#EXTINF:1,\n/etc/passwd\n").unwrap();
    fs::create_dir(here.join("folder")).unwrap();
    let sound = [
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        "sine=d=0.2",
        "-f",
        "wav",
        "sound.wav",
    ];
    Command::new(&ffmpeg)
        .current_dir(here)
        .args(sound)
        .status()
        .unwrap();
    for (name, words) in [
        ("gone.mp4", "No such file"),
        ("empty.mp4", "is empty"),
        ("folder", "is not a regular file"),
        ("junk.mp4", "ffmpeg cannot read it"),
        ("text.mkv", "is a playlist (HLS or M3U)"),
        ("sound.wav", "is in the format `wav`"),
    ] {
        let ran = extract(&ffmpeg, here, name, &[]);
        assert_eq!(ran.code, Some(1), "{name}");
        let said = format!("frame-extract: {name}: ");
        assert!(
            ran.stderr.starts_with(&said) && ran.stderr.contains(words),
            "{}",
            ran.stderr
        );
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn names_are_only_names() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let film = two_scenes(&ffmpeg, here, "plain.mkv");
    let names = [
        "-y.mkv",
        "two words.mkv",
        "it's \"it\".mkv",
        "a%03d.mkv",
        "http:x.mkv",
        "..mkv",
        "ü.mkv",
    ];
    let strange = names.map(OsString::from).into_iter();
    for name in strange.chain([OsString::from_vec(b"b\xffd.mkv".to_vec())]) {
        fs::hard_link(&film, here.join(&name)).unwrap();
        let ran = extract(&ffmpeg, here, &name, &[]);
        assert_eq!(ran.code, Some(0), "{name:?}: {}", ran.stderr);
        assert_eq!(ran.records().len(), 8, "{name:?}");
        for record in ran.records() {
            let image = here.join(record["image"].as_str().unwrap());
            assert_eq!(image.parent(), Some(here.join("frames").as_path()));
            assert!(image.is_file());
        }
        fs::remove_dir_all(here.join("frames")).unwrap();
    }
}

#[test]
fn a_film_cut_short_gives_what_it_has() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let graph = scene(1, 480, "a") + "[a]null[out]";
    let film = draw(&ffmpeg, here, "long.mkv", &graph);
    let whole = fs::read(&film).unwrap();
    fs::write(&film, &whole[..whole.len() / 2]).unwrap();
    let ran = extract(&ffmpeg, here, "long.mkv", &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.stderr);
    let half = ran.records().len();
    assert!((12..28).contains(&half), "{half} of 40 frames");
    assert!(
        ran.stderr.contains("its header gives a length of 20.0 s"),
        "{}",
        ran.stderr
    );
    let ran = extract(&ffmpeg, here, "long.mkv", &["--rejects", "rejects.jsonl"]);
    assert_eq!(
        (ran.code, ran.records().len()),
        (Some(0), half),
        "{}",
        ran.stderr
    );
    let rejects = fs::read_to_string(here.join("rejects.jsonl")).unwrap();
    assert!(rejects.contains(r#""film":"long.mkv""#), "{rejects}");
}

#[test]
fn high_range_is_mapped_or_refused() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for (name, transfer) in [("PQ", "smpte2084"), ("HLG", "arib-std-b67")] {
        let tags = format!(
            "setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc:range=tv"
        );
        let graph = scene(3, 24, "a") + &format!("[a]{tags},format=yuv420p10le[out]");
        let film = format!("{name}.mkv");
        draw(&ffmpeg, here, &film, &graph);
        let ran = extract(&ffmpeg, here, &film, &["--hdr", "refuse"]);
        assert_eq!(ran.code, Some(1));
        assert!(
            ran.stderr.contains(&format!("high dynamic range ({name})")),
            "{}",
            ran.stderr
        );
        let ran = extract(&ffmpeg, here, &film, &[]);
        if ran.code == Some(1) {
            assert!(
                ran.stderr.contains("lacks the filters zscale and tonemap"),
                "{}",
                ran.stderr
            );
            continue;
        }
        assert_eq!(ran.records().len(), 2, "{}", ran.stderr);
    }
}

#[test]
fn colours_are_those_of_the_film() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    // The same orange by BT.601, by BT.709 and in full range: Y'CbCr worked out from the standards.
    for (name, matrix, range, [y, u, v]) in [
        ("sd", "smpte170m", "tv", [144, 57, 173]),
        ("hd", "bt709", "tv", [142, 61, 169]),
        ("full", "bt709", "pc", [147, 51, 174]),
    ] {
        let graph = format!(
            "color=s=64x48:d=1:r=10,format=yuv444p,geq=lum={y}:cb={u}:cr={v},\
             setparams=colorspace={matrix}:range={range}[out]"
        );
        let film = format!("{name}.mkv");
        draw(&ffmpeg, here, &film, &graph);
        let ran = extract(&ffmpeg, here, &film, &["--format", "png", "--crop", "none"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let image = image::open(here.join(ran.records()[0]["image"].as_str().unwrap())).unwrap();
        let found = image.to_rgb8().get_pixel(30, 20).0;
        let near = found
            .iter()
            .zip([220_u8, 140, 5])
            .all(|(a, b)| a.abs_diff(b) <= 4);
        assert!(near, "{name}: {found:?}");
    }
}

#[test]
fn a_rerun_goes_on_and_other_settings_redo() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    two_scenes(&ffmpeg, here, "film.mkv");
    let first = extract(&ffmpeg, here, "film.mkv", &[]);
    let whole = content(&here.join("frames"));
    assert_eq!(
        whole.len(),
        8 + 2,
        "eight images, the analysis and the settings"
    );
    for gone in ["film_000012.jpg", "film_000084.jpg"] {
        fs::remove_file(here.join("frames").join(gone)).unwrap();
    }
    // A finished image is not made again: what stands in it stays.
    let mine = whole[OsStr::new("film_000036.jpg")].clone();
    fs::write(here.join("frames/film_000024.jpg"), &mine).unwrap();
    let again = extract(&ffmpeg, here, "film.mkv", &[]);
    assert_eq!(again.stdout, first.stdout, "{}", again.stderr);
    let mut found = content(&here.join("frames"));
    assert_eq!(found.remove(OsStr::new("film_000024.jpg")), Some(mine));
    assert!(
        found.iter().all(|(name, bytes)| &whole[name] == bytes),
        "the rest is as before"
    );
    extract(&ffmpeg, here, "film.mkv", &["--quality", "50"]);
    let worse = fs::read(here.join("frames/film_000024.jpg")).unwrap();
    assert!(worse.len() > 100 && worse.len() < whole[OsStr::new("film_000024.jpg")].len());
    extract(&ffmpeg, here, "film.mkv", &[]);
    assert_eq!(content(&here.join("frames")), whole);
}

#[test]
fn images_of_unknown_origin_are_left_alone() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    two_scenes(&ffmpeg, here, "film.mkv");
    fs::create_dir(here.join("frames")).unwrap();
    fs::write(here.join("frames/film_000001.jpg"), "precious").unwrap();
    let ran = extract(&ffmpeg, here, "film.mkv", &[]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("film_000001.jpg"), "{}", ran.stderr);
    let kept = fs::read(here.join("frames/film_000001.jpg")).unwrap();
    assert_eq!(kept, b"precious");
}

#[test]
fn killed_at_any_moment_it_resumes() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    two_scenes(&ffmpeg, here, "film.mkv");
    let whole = extract(&ffmpeg, here, "film.mkv", &["--fps", "12"]);
    let expected = content(&here.join("frames"));
    fs::rename(here.join("frames"), here.join("whole")).unwrap();
    for wait in [20, 150, 300, 450, 600] {
        let mut command = Command::new(TOOL);
        command.current_dir(here).arg("--ffmpeg").arg(&ffmpeg);
        command.args(["film.mkv", "--out-dir", "frames", "--fps", "12"]);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let ran = extract(&ffmpeg, here, "film.mkv", &["--fps", "12"]);
    assert_eq!(ran.stdout, whole.stdout, "{}", ran.stderr);
    let mut found = content(&here.join("frames"));
    found.retain(|name, _| !name.to_string_lossy().ends_with(".part"));
    assert_eq!(found, expected);
}

#[test]
fn ffmpeg_ends_when_the_reader_goes() {
    let Some(ffmpeg) = ffmpeg() else { return };
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let graph = scene(1, 240, "a") + "[a]null[out]";
    draw(&ffmpeg, here, "film.mkv", &graph);
    let mut command = Command::new(TOOL);
    command.current_dir(here).arg("--ffmpeg").arg(&ffmpeg);
    command.args([
        "film.mkv",
        "--method",
        "rules",
        "--out-dir",
        "frames",
        "--fps",
        "24",
        "--format",
        "png",
    ]);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    // The reader is dropped here; standard error ends when ffmpeg, too, has let go of it.
    assert!(line.starts_with('{'), "{line}");
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.stderr, b"");
}
