//! What make says: of settings, of data sets that are empty or small, of a plan.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use end_to_end::root;
use end_to_end::run::Run;

/// Asserts that the tests of a Python module in a folder of the repository pass.
fn passes(folder: &str, module: &str) {
    let ran = Command::new("python3")
        .args(["-B", "-m", "unittest", module])
        .current_dir(root().join(folder))
        .output()
        .unwrap();
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}

#[test]
fn what_starts_and_ends_the_pipelines_passes_its_own_tests() {
    passes("tools/phase/make", "test_make");
}

#[test]
fn what_passes_blocks_on_passes_its_own_tests() {
    passes("examples/cluster", "test_block");
}

#[test]
fn what_measures_speed_passes_its_own_tests() {
    passes("tests/bench", "test_measure");
}

/// What make says where it refuses to do anything with these flags.
fn refused(run: &Run, flags: &[&str]) -> String {
    let output = run.make("out", flags);
    assert!(!output.status.success(), "{flags:?}");
    assert!(
        !run.path("out/frames.jsonl").exists(),
        "{flags:?}: nothing ran"
    );
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_mistyped_setting_is_refused_with_the_one_that_was_meant() {
    let Some(run) = Run::new(1) else { return };
    for (flag, meant) in [
        (
            "STYLE_TARGT=3",
            "STYLE_TARGT: there is no such setting: did you mean STYLE_TARGET?",
        ),
        (
            "style_target=3",
            "style_target: there is no such setting: did you mean STYLE_TARGET?",
        ),
        ("OUTPUT=x", "OUTPUT: there is no such setting"),
        (
            "BLUR_FLAG=--min-side 1",
            "BLUR_FLAG: there is no such setting: did you mean BLUR_FLAGS?",
        ),
        ("A'B=1", "A'B: there is no such setting"),
    ] {
        let said = refused(&run, &["style", flag]);
        assert!(said.contains(meant), "{flag}: {said}");
    }
    let settings = run.path("mine.mk");
    let named = format!("SETTINGS={}", settings.display());
    fs::write(&settings, "BLURR_FLAGS = --min-side 1\n").unwrap();
    let said = refused(&run, &["style", &named]);
    assert!(
        said.contains("BLURR_FLAGS: there is no such setting: did you mean BLUR_FLAGS?"),
        "{said}"
    );
    let said = refused(&run, &["style", "SETTINGS=no such file.mk", "OUT=out"]);
    assert!(
        said.contains("SETTINGS=no such file.mk: there is no such file"),
        "{said}"
    );
    fs::write(&settings, "DATA = /nowhere\nCAST = $(DATA)/cast\n").unwrap();
    let output = run.make("out", &["frames", &named, "CAST="]);
    assert!(
        output.status.success(),
        "a name of one's own that is used is none: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn values_that_no_stage_could_work_with_are_refused_first() {
    let Some(run) = Run::new(1) else { return };
    for (flag, said) in [
        ("DEVICE=cdua", "DEVICE must be auto, cpu or cuda, not cdua"),
        (
            "STYLE_TARGET=many",
            "STYLE_TARGET=many: must be a whole number of 1 or more",
        ),
        (
            "NICE=1; touch ran",
            "NICE=1; touch ran: must be a whole number of 0 or more",
        ),
        ("TRIGGER=a=b", "TRIGGER=a=b: `=` has a special meaning"),
        (
            "FILM=",
            "name a film, or what you have of it: make style FILM=film.mp4",
        ),
    ] {
        let text = refused(&run, &["style", flag]);
        assert!(text.contains(said), "{flag}: {text}");
    }
    let text = refused(&run, &["plan", "FILM="]);
    assert!(
        text.contains("name a film: make plan FILM=film.mp4"),
        "{text}"
    );
}

#[test]
fn every_setting_has_a_line_of_explanation() {
    let help = Command::new("make")
        .arg("help")
        .current_dir(root())
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let settings = help.split_once("Settings, ").unwrap().1;
    let mut explained = BTreeSet::new();
    for line in settings.lines().filter(|line| line.starts_with("  ")) {
        let (name, said) = line.trim().split_once(' ').unwrap_or((line, ""));
        assert!(
            said.trim().len() > 5 && !said.trim().starts_with('['),
            "{name} is not explained: {line}"
        );
        assert!(
            explained.insert(name.to_owned()),
            "{name} is explained twice"
        );
    }
    let makefiles = makefiles();
    let mut defined: BTreeSet<String> = { makefiles.iter() }
        .flat_map(|text| text.lines())
        .filter_map(|line| Some(line.split_once(" ?=")?.0.to_owned()))
        .filter(|name| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        .collect();
    for kind in [
        "CHARACTER",
        "BACKGROUND",
        "POSE",
        "EXPRESSION",
        "STYLE",
        "LIGHTING",
    ] {
        let of = ["TARGET", "BALANCE_FLAGS", "CAPTION_FLAGS", "DATASET_FLAGS"];
        defined.extend(of.map(|setting| format!("{kind}_{setting}")));
    }
    assert!(defined.len() > 70, "{}", defined.len());
    assert_eq!(explained, defined);
}

/// The Makefile, and those that it includes.
fn makefiles() -> Vec<String> {
    let mut found = vec![fs::read_to_string(root().join("Makefile")).unwrap()];
    for folder in fs::read_dir(root().join("shared/types")).unwrap() {
        let folder = folder.unwrap().path();
        for file in fs::read_dir(&folder).into_iter().flatten() {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|extension| extension == "mk") {
                found.push(fs::read_to_string(file).unwrap());
            }
        }
    }
    found
}

/// Images that a stage wrote and someone deleted are found missing by the manifest that names them, and WRITTEN says
/// which manifests do.
#[test]
fn every_folder_that_a_stage_writes_images_to_is_listed() {
    let all = makefiles().concat().replace("\\\n", " ");
    let listed: BTreeSet<&str> = { all.lines() }
        .filter(|line| line.starts_with("WRITTEN +="))
        .flat_map(|line| line.split('=').skip(2))
        .filter_map(|rest| rest.split([' ', ')']).next())
        .collect();
    let mut found = 0;
    // A report's folder has one page in it, and a data set has a list of its files.
    let own =
        |line: &&str| !line.trim_start().starts_with('#') && !line.contains("\"$$BIN/report\"");
    for line in all.lines().filter(own) {
        for folder in line.split("--out-dir ").skip(1) {
            let folder = folder.split(' ').next().unwrap();
            let under = |above: &&str| {
                folder
                    .strip_prefix(*above)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            if folder.starts_with("$(@D)") {
                continue;
            }
            assert!(
                listed.iter().any(under),
                "{folder} is in no WRITTEN: {line}"
            );
            found += 1;
        }
    }
    assert!(found > 12, "{found} stages write images");
}

#[test]
fn a_film_that_is_a_playlist_is_refused_by_plan_too() {
    let Some(run) = Run::new(1) else { return };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let dash = format!(
        "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" \
         profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\" type=\"static\" \
         mediaPresentationDuration=\"PT2S\"><Period><AdaptationSet mimeType=\"video/mp4\">\
         <Representation id=\"1\" bandwidth=\"1\"><BaseURL>http://{}/x.mp4</BaseURL></Representation>\
         </AdaptationSet></Period></MPD>",
        listener.local_addr().unwrap()
    );
    fs::write(run.path("dash.mp4"), dash).unwrap();
    let film = format!("FILM={}", run.path("dash.mp4").display());
    let output = run.make("out", &["plan", "PIPELINE=style", &film]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("dash.mp4"),
        "{said}"
    );
    let asked = listener.accept();
    assert!(asked.is_err(), "a connection came from {asked:?}");
}

#[test]
fn no_text_of_a_makefile_is_expanded_twice() {
    for text in makefiles() {
        let line = text.lines().find(|line| line.contains("$$$$"));
        assert_eq!(line, None);
    }
}

#[test]
fn an_empty_set_keeps_no_other_from_being_made() {
    let Some(run) = Run::new(2) else { return };
    let none =
        "STYLE_BALANCE_FLAGS=--quota /light/setting=indoor:0 --quota /light/setting=outdoor:0";
    let output = run.make("out", &["style", "lighting", none]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success(),
        "a set that was asked for is empty: {said}"
    );
    let lighting = fs::read_to_string(run.path("out/lighting/dataset.jsonl")).unwrap();
    assert!(!lighting.is_empty(), "{said}");
    assert!(
        run.path("out/lighting/report.html").is_file()
            && run.path("out/style/report.html").is_file()
    );
    let row = |name: &str| {
        said.lines()
            .find(|line| line.starts_with(&format!("make: {name} ")))
            .unwrap()
            .to_owned()
    };
    let style = row("style");
    assert!(
        style.contains("EMPTY: style/selected: ") && style.contains("the quota of /light/setting="),
        "{style}"
    );
    assert!(
        style.contains("STYLE_BALANCE_FLAGS"),
        "what to look at: {style}"
    );
    assert!(row("lighting").contains("too few: "), "{said}");
}

#[test]
fn a_set_below_the_minimum_is_told_and_not_done() {
    let Some(run) = Run::new(2) else { return };
    let made = |minimum: &str| {
        let output = run.make("out", &["style", minimum]);
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (done, said) = made("MINIMUM=");
    assert!(done && said.contains("too few: "), "{said}");
    let (done, said) = made("MINIMUM=2");
    assert!(
        done && said
            .lines()
            .any(|line| line.starts_with("make: style ") && line.ends_with(" done")),
        "{said}"
    );
    let (done, said) = made("MINIMUM=500");
    assert!(!done && said.contains("too few: "), "{said}");
}

#[test]
fn a_plan_of_a_short_film_is_the_film_and_takes_some_time() {
    let Some(run) = Run::new(2) else { return };
    fs::rename(run.path("my film.mp4"), run.path("-my film.mp4")).unwrap();
    let film = format!("FILM={}", run.path("-my film.mp4").display());
    let output = run.make("out", &["plan", "PIPELINE=style", &film]);
    let (told, said) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{said}");
    assert!(
        told.contains("The film is short, and was run whole."),
        "{told}"
    );
    let all = told
        .lines()
        .find(|line| line.starts_with("all, one after another"))
        .unwrap();
    let time = all.split_whitespace().nth(4).unwrap();
    assert!(time.ends_with('s') && time != "0s", "{all}");
    assert!(!run.path("out/plan/part.mkv").exists());
    let output = run.make(
        "out",
        &[
            "plan",
            "PIPELINE=style",
            &film,
            "PLAN_PIECES=2",
            "PLAN_SECONDS=1",
        ],
    );
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        told.contains("of the film. The whole film will take:") || told.contains("was run whole"),
        "{told}"
    );
}
