//! Make called again: what is done is known by content, not by what the clock said.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use end_to_end::draw_film;
use end_to_end::run::Run;

/// The manifests of a style data set, first to last.
const STAGES: [&str; 5] = [
    "frames.jsonl",
    "unique.jsonl",
    "sharp.jsonl",
    "lit.jsonl",
    "style/dataset.jsonl",
];

fn style(run: &Run, more: &[&str]) -> String {
    let output = run.make("out", &[&["style"], more].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    said
}

fn times(run: &Run) -> [SystemTime; 5] {
    STAGES.map(|stage| run.written(&format!("out/{stage}")))
}

/// Gives all files of the run, and what it goes by, another time.
fn date(run: &Run, name: &str, time: SystemTime) {
    let found = Command::new("find")
        .arg(run.path("out"))
        .args(["-type", "f", "-name", name, "-print0"])
        .output();
    for path in String::from_utf8(found.unwrap().stdout)
        .unwrap()
        .split_terminator('\0')
    {
        File::options()
            .append(true)
            .open(path)
            .unwrap()
            .set_modified(time)
            .unwrap();
    }
}

#[test]
fn another_film_of_the_same_name_size_and_time_is_another_film() {
    let Some(run) = Run::new(2) else { return };
    let film = run.path("my film.mp4");
    style(&run, &[]);
    let frames = || fs::read_to_string(run.path("out/frames.jsonl")).unwrap();
    let before = frames();
    let time = fs::metadata(&film).unwrap().modified().unwrap();
    // Its last 64 bytes are of the index; a player's name is in them, or a time.
    let mut index = File::options().read(true).write(true).open(&film).unwrap();
    let mut bytes = Vec::new();
    index.read_to_end(&mut bytes).unwrap();
    let mark = b"Lavf";
    let at = bytes.windows(4).rposition(|window| window == mark).unwrap();
    index.seek(SeekFrom::Start(at as u64)).unwrap();
    index.write_all(b"Mine").unwrap();
    index.set_modified(time).unwrap();
    drop(index);
    let first = times(&run);
    style(&run, &[]);
    assert!(
        times(&run).iter().zip(first).all(|(now, then)| *now > then),
        "all is made again"
    );
    let after = frames();
    assert_eq!(before.lines().count(), after.lines().count());
    assert!(
        before != after,
        "the other film's images have names of their own"
    );
}

#[test]
fn a_film_that_was_only_touched_is_the_same_film() {
    let Some(run) = Run::new(1) else { return };
    style(&run, &[]);
    let first = times(&run);
    let film = File::options()
        .append(true)
        .open(run.path("my film.mp4"))
        .unwrap();
    film.set_modified(SystemTime::now() + Duration::from_mins(1))
        .unwrap();
    style(&run, &[]);
    assert_eq!(times(&run), first);
}

#[test]
fn outputs_dated_in_the_future_are_no_excuse() {
    let Some(run) = Run::new(2) else { return };
    style(&run, &[]);
    let tomorrow = SystemTime::now() + Duration::from_hours(24);
    date(&run, "*", tomorrow);
    let said = style(&run, &[]);
    assert!(said.contains("were dated in the future"), "{said}");
    let settled = times(&run);
    assert!(settled.iter().all(|time| *time <= SystemTime::now()));
    style(&run, &[]);
    assert_eq!(times(&run), settled, "nothing had changed");
    // Only what a stage makes is ahead of the clock, and a setting changes.
    date(&run, "*.jsonl", tomorrow);
    style(&run, &["STYLE_TARGET=2"]);
    let dataset = fs::read_to_string(run.path("out/style/dataset.jsonl")).unwrap();
    assert_eq!(dataset.lines().count(), 2);
    // The film changes.
    date(&run, "*.jsonl", tomorrow);
    draw_film(&run.ffmpeg, &run.path("my film.mp4"), 3);
    style(&run, &[]);
    let frames = fs::read_to_string(run.path("out/frames.jsonl")).unwrap();
    assert!(
        frames.contains("\"shot\":2"),
        "the third shot is there: {frames}"
    );
}

#[test]
fn files_that_were_deleted_or_emptied_are_made_again() {
    let Some(run) = Run::new(2) else { return };
    style(&run, &[]);
    let before = run.results("out");
    let find = |folder: &str, ending: &str| {
        let mut found: Vec<_> = { before.keys() }
            .filter(|name| {
                name.starts_with(folder) && name.extension().is_some_and(|own| own == ending)
            })
            .collect();
        found.sort();
        assert!(!found.is_empty(), "{folder}: {ending}");
        run.path("out").join(found[0])
    };
    for (deleted, by) in [
        ("frames", "frames.jsonl"),
        ("style/dataset", "style/dataset.jsonl"),
    ] {
        let image = before.keys().find(|name| {
            name.starts_with(deleted)
                && name
                    .extension()
                    .is_some_and(|own| own == "jpg" || own == "png")
        });
        let image = run.path("out").join(image.unwrap());
        for empty in [false, true] {
            fs::remove_file(&image).unwrap();
            if empty {
                fs::write(&image, "").unwrap();
            }
            let said = style(&run, &[]);
            assert!(
                said.contains(&format!("{by}: ")) && said.contains("making it again"),
                "{deleted}: {said}"
            );
            assert!(before == run.results("out"), "{deleted}: the same bytes");
        }
    }
    let caption = find("style/dataset", "txt");
    fs::remove_file(&caption).unwrap();
    style(&run, &[]);
    assert!(before == run.results("out"), "a caption comes back too");
}

#[test]
fn two_makes_in_one_folder_wait_for_one_another() {
    let Some(run) = Run::new(2) else { return };
    style(&run, &[]);
    let alone = run.results("out");
    fs::remove_dir_all(run.path("out")).unwrap();
    let out = format!("OUT={}", run.path("out").display());
    let makes: Vec<_> = (0..3)
        .map(|_| {
            run.command(&["style", &out])
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut waited = 0;
    for make in makes {
        let output = make.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(!said.contains("cannot stat"), "{said}");
        // What follows is the other's process, or the lock's path while that process has not noted itself yet.
        waited += usize::from(said.contains("waiting for another make in this folder to end ("));
    }
    assert!(
        waited >= 1,
        "at least one of three came while another was at work"
    );
    assert!(alone == run.results("out"), "the same bytes");
}
