//! What frame-extract does from outside, on films that ffmpeg draws on the spot. Where there is no
//! ffmpeg, the tests that need one say so and pass.
#![allow(clippy::unwrap_used, reason = "a test stops at what goes wrong")]

mod films;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use testkit::{Ran, run_in};

use films::{draw, ffmpeg, scene};

const TOOL: &str = env!("CARGO_BIN_EXE_frame-extract");

/// A film in a folder of its own.
struct Set {
    folder: tempfile::TempDir,
    ffmpeg: PathBuf,
}

impl Set {
    fn new() -> Option<Self> {
        Some(Self {
            ffmpeg: ffmpeg()?,
            folder: tempfile::tempdir().unwrap(),
        })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn draw(&self, name: &str, graph: &str) {
        draw(&self.ffmpeg, self.path(), name, graph);
    }

    /// Runs the tool on `film`; images go to `frames`, shots to `shots.jsonl`.
    fn extract(&self, film: impl AsRef<OsStr>, more: &[&str]) -> Ran {
        let mut arguments = vec![OsStr::new("--ffmpeg"), self.ffmpeg.as_os_str()];
        arguments.extend(["--out-dir", "frames", "--shots", "shots.jsonl"].map(OsStr::new));
        arguments.extend(more.iter().map(OsStr::new));
        arguments.extend([OsStr::new("--"), film.as_ref()]);
        run_in(self.path(), TOOL, &arguments, "")
    }

    fn shots(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path().join("shots.jsonl")).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    fn image(&self, record: &Value) -> image::RgbImage {
        let path = self.path().join(record["image"].as_str().unwrap());
        image::open(path).unwrap().to_rgb8()
    }
}

fn well(ran: &Ran) -> Vec<Value> {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.records()
}

fn numbers(records: &[Value], pointer: &str) -> Vec<f64> {
    let number = |record: &Value| record.pointer(pointer).unwrap().as_f64().unwrap();
    records.iter().map(number).collect()
}

/// Three scenes of 48, 30 and 42 frames, cut hard.
fn three_scenes() -> String {
    scene(1, 48, "a") + &scene(2, 30, "b") + &scene(3, 42, "c") + "[a][b][c]concat=n=3:v=1[out]"
}

#[test]
fn help_and_manual() {
    testkit::help_and_manual(TOOL);
}

/// What the tool says of a film, installed in `folder` and with nothing on its search path.
fn said_where_installed(folder: &Path) -> String {
    let tool = folder.join("bin/frame-extract");
    fs::create_dir_all(folder.join("bin")).unwrap();
    testkit::copy(TOOL, &tool);
    let mut command = Command::new(tool);
    command
        .current_dir(folder)
        .env("PATH", "")
        .env_remove("FFMPEG")
        .env_remove("FILM2LORA_MODELS");
    let output = command.args(["film.mp4", "--out-dir", "o"]).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn an_installed_tool_finds_the_ffmpeg_that_was_installed_with_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("film.mp4"), "x").unwrap();
    let said = said_where_installed(folder.path());
    assert!(said.contains("ffmpeg: not found"), "{said}");
    let runtime = folder.path().join("share/film2lora/models/runtime");
    fs::create_dir_all(&runtime).unwrap();
    // It tells its version, and shows by what it says next that it was called.
    let program = "#!/bin/sh\n[ \"$2\" = -version ] && echo 'ffmpeg version 7.0' && exit\n\
                   echo '[error] called where it was installed' >&2\nexit 1\n";
    testkit::program(&runtime.join("ffmpeg"), program);
    let said = said_where_installed(folder.path());
    assert!(said.contains("called where it was installed"), "{said}");
}

#[test]
fn no_ffmpeg_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("film.mp4"), "x").unwrap();
    let said = said_where_installed(folder.path());
    assert!(
        said.contains("make setup") && said.contains("--ffmpeg"),
        "{said}"
    );
    let arguments = ["film.mp4", "--out-dir", "o", "--ffmpeg", "/bin/true"];
    let ran = run_in(folder.path(), TOOL, &arguments, "");
    assert!(
        ran.stderr.contains("/bin/true: is not ffmpeg"),
        "{}",
        ran.stderr
    );
}

#[test]
fn cuts_times_and_names() {
    let Some(set) = Set::new() else { return };
    set.draw("three.mkv", &three_scenes());
    let records = well(&set.extract("three.mkv", &["-j", "1"]));
    // Ticks every half second of five seconds at 24 frames a second.
    let frames: Vec<f64> = (0..10).map(|n| f64::from(n) * 12.0).collect();
    assert_eq!(numbers(&records, "/source/frame"), frames);
    assert_eq!(
        numbers(&records, "/source/time"),
        frames.iter().map(|n| n / 24.0).collect::<Vec<_>>()
    );
    assert_eq!(
        numbers(&records, "/source/shot"),
        [0., 0., 0., 0., 1., 1., 1., 2., 2., 2.]
    );
    assert_eq!(numbers(&set.shots(), "/end"), [48., 78., 120.]);
    let last = &records[9];
    assert_eq!(last["id"], "three_000108");
    assert_eq!(last["image"], "frames/three_000108.jpg");
    assert_eq!(last["source"]["film"], "three.mkv");
    assert_eq!(set.image(last).dimensions(), (320, 180));
    assert!(
        records
            .iter()
            .all(|record| record.get("transition").is_none())
    );
    let again = set.extract("three.mkv", &["-j", "7"]);
    assert_eq!(
        well(&again),
        records,
        "any number of threads gives the same"
    );
}

#[test]
fn a_shot_between_two_ticks_is_seen() {
    let Some(set) = Set::new() else { return };
    set.draw("three.mkv", &three_scenes());
    let records = well(&set.extract("three.mkv", &["--every", "60"]));
    assert_eq!(numbers(&records, "/source/frame"), [0., 63., 99.]);
}

#[test]
fn a_variable_rate_goes_by_time() {
    let Some(set) = Set::new() else { return };
    // Two seconds at 24 frames a second, then the same number of frames at 4 a second.
    let slow = "[out0];[out0]setpts='if(lt(N,48),N,48+(N-48)*6)/24/TB'[out]";
    let graph = scene(1, 96, "a") + "[a]null" + slow;
    set.draw("vfr.mkv", &graph);
    let records = well(&set.extract("vfr.mkv", &["--fps", "8"]));
    let times = numbers(&records, "/source/time");
    let (fast, slow): (Vec<f64>, Vec<f64>) = times.iter().partition(|&&time| time < 1.99);
    assert_eq!(fast.len(), 16, "8 a second where there are more: {fast:?}");
    assert_eq!(slow.len(), 48, "each once where there are fewer: {slow:?}");
    assert!((times.last().unwrap() - 13.75).abs() < 0.002);
}

#[test]
fn bars_are_cut_off() {
    let Some(set) = Set::new() else { return };
    let scenes = three_scenes().replace("[out]", "[film]");
    set.draw(
        "bars.mkv",
        &(scenes.clone() + ";[film]pad=320:236:0:28:black[out]"),
    );
    let records = well(&set.extract("bars.mkv", &["--format", "png"]));
    assert_eq!(
        (&records[0]["width"], &records[0]["height"]),
        (&320.into(), &180.into())
    );
    let bright = |y| {
        (0..320).any(|x| {
            set.image(&records[4])
                .get_pixel(x, y)
                .0
                .iter()
                .any(|&v| v > 40)
        })
    };
    assert!(
        bright(0) && bright(179),
        "the first and the last row are of the scene"
    );
    let crop = set.shots()[0]["crop"].clone();
    assert_eq!(
        crop,
        serde_json::json!({"width": 320, "height": 180, "left": 0, "top": 28})
    );
    let whole = well(&set.extract("bars.mkv", &["--crop", "none"]));
    assert_eq!(whole[0]["height"], 236);
    let part = well(&set.extract("bars.mkv", &["--crop", "100:50:7:9"]));
    assert_eq!(
        (&part[0]["width"], &part[0]["height"]),
        (&100.into(), &50.into())
    );
    let outside = set.extract("bars.mkv", &["--crop", "320:236:1:0"]);
    assert_eq!(outside.code, Some(1));
    assert!(
        outside.stderr.contains("320:236:1:0 is not inside"),
        "{}",
        outside.stderr
    );
}

#[test]
fn transitions_are_marked() {
    let Some(set) = Set::new() else { return };
    let blend = |kind, offset| format!("xfade=transition={kind}:duration=1:offset={offset}");
    let graph = scene(4, 60, "a")
        + &scene(5, 72, "b")
        + &scene(6, 60, "c")
        + &format!(
            "[a][b]{}[ab];[ab][c]{}[out]",
            blend("fade", 1.5),
            blend("fadeblack", 3.5)
        );
    set.draw("soft.mkv", &graph);
    let records = well(&set.extract("soft.mkv", &["--fps", "24"]));
    let kind = |frame: usize| records[frame]["transition"].as_str().unwrap_or("none");
    // A dissolve of 24 frames from frame 36 on, a fade through black of as many from 84 on.
    for (frames, expected) in [
        (0..34, "none"),
        (40..56, "dissolve"),
        (63..82, "none"),
        (90..104, "fade"),
        (111..144, "none"),
    ] {
        for frame in frames {
            assert_eq!(kind(frame), expected, "frame {frame}");
        }
    }
    let shots = set.shots();
    assert_eq!(shots.len(), 3, "{shots:?}");
    assert_eq!(
        (&shots[1]["from"], &shots[2]["from"]),
        (&"dissolve".into(), &"fade".into())
    );
    assert!((46..=51).contains(&shots[0]["end"].as_u64().unwrap()));
    assert!((86..=106).contains(&shots[1]["end"].as_u64().unwrap()));
}

#[test]
fn a_flash_is_no_cut_and_neither_is_a_pan() {
    let Some(set) = Set::new() else { return };
    let flash = "[a]eq=brightness='if(between(n,30,33),0.6,0)':eval=frame[out]";
    set.draw("flash.mkv", &(scene(7, 60, "a") + flash));
    let records = well(&set.extract("flash.mkv", &["--fps", "24"]));
    let marked: Vec<f64> = numbers(
        &records
            .iter()
            .filter(|r| r["transition"] == "flash")
            .cloned()
            .collect::<Vec<_>>(),
        "/source/frame",
    );
    assert_eq!(marked, [30., 31., 32., 33.]);
    assert_eq!(set.shots().len(), 1);
    let wide = scene(8, 72, "a").replace("320x180", "960x180");
    set.draw("pan.mkv", &(wide + "[a]crop=320:180:n*8:0[out]"));
    well(&set.extract("pan.mkv", &[]));
    let shots = set.shots();
    assert_eq!(
        (shots.len(), &shots[0]["marks"]),
        (1, &serde_json::json!([])),
        "{shots:?}"
    );
}
