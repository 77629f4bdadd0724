//! What char-detect finds by words and by example, with drawn detectors that know colours: a dragon is what is red, a boy
//! what is green, a cat what is blue, and a creature what is red or blue.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use image::{Rgb, RgbImage};
use serde_json::{Value, json};
use testkit::{Ran, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_char-detect");

fn drawn(name: &str) -> String {
    let file = format!("../../shared/nets/tests/onnx/{name}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    path.to_str().unwrap().to_owned()
}

const RED: [u8; 3] = [220, 30, 30];
const GREEN: [u8; 3] = [30, 220, 40];
const BLUE: [u8; 3] = [30, 30, 230];

/// Rectangles on gray: left, top, right, bottom, and the colour.
fn scene(width: u32, height: u32, shapes: &[([u32; 4], [u8; 3])]) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let within = |edges: &[u32; 4]| {
            (edges[0]..edges[2]).contains(&x) && (edges[1]..edges[3]).contains(&y)
        };
        let found = shapes.iter().find(|(edges, _)| within(edges));
        Rgb(found.map_or([128; 3], |(_, colour)| *colour))
    })
}

fn all() -> RgbImage {
    scene(
        320,
        160,
        &[
            ([40, 40, 100, 120], RED),
            ([150, 20, 200, 150], GREEN),
            ([250, 100, 310, 140], BLUE),
        ],
    )
}

/// Runs the tool on one image, by words alone.
fn run(here: &Path, image: &RgbImage, flags: &[&str]) -> Ran {
    image.save(here.join("a.png")).unwrap();
    let record = json!({"id": "a", "image": "a.png"}).to_string() + "\n";
    let model = drawn("grounding_dino/coloured");
    let mut words = vec!["--device", "cpu", "--words-only"];
    if !flags.contains(&"--words-model") {
        words.extend(["--words-model", &model]);
    }
    if !flags.contains(&"--cache") {
        words.push("--no-cache");
    }
    words.extend(flags);
    run_in(here, TOOL, &words, &record)
}

fn boxes(ran: &Ran) -> Vec<Value> {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.records()[0]["boxes"].as_array().unwrap().clone()
}

fn labels(ran: &Ran) -> Vec<String> {
    let label = |found: &Value| found["label"].as_str().unwrap().to_owned();
    boxes(ran).iter().map(label).collect()
}

#[test]
fn what_phrases_name_is_found() {
    let here = tempfile::tempdir().unwrap();
    let ran = run(
        here.path(),
        &all(),
        &["--words", "a boy. a dragon. a creature."],
    );
    assert_eq!(labels(&ran), ["a boy", "a dragon", "a creature"]);
    let found = boxes(&ran);
    assert_eq!(found[1]["second"]["label"], "a creature");
    assert_eq!(found[0]["score"], 0.8808, "1 / (1 + e^-2)");
    assert!(found[0].get("second").is_none());
    // A pixel of the input is five across and two and a half down.
    let edges: Vec<f64> = serde_json::from_value(found[1]["box"].clone()).unwrap();
    for (edge, expected) in edges.iter().zip([40.0, 40.0, 100.0, 120.0]) {
        assert!((edge - expected).abs() <= 5.0, "{edges:?}");
    }
    assert_eq!(
        ran.records()[0]["models"]["char-detect words"]["model"],
        "coloured"
    );
}

#[test]
fn phrases_have_thresholds() {
    let here = tempfile::tempdir().unwrap();
    let labels = |words: &str, more: &[&str]| {
        labels(&run(
            here.path(),
            &all(),
            &[&["--words", words], more].concat(),
        ))
    };
    assert_eq!(labels("a boy=0.9. a dragon", &[]), ["a dragon"]);
    assert_eq!(
        labels("a boy. a creature", &["--words-threshold", "0.85"]),
        ["a boy"]
    );
    assert_eq!(
        labels("a boy=0.95. a creature=0.8", &["--words-threshold", "0.9"]),
        ["a creature"; 2]
    );
}

#[test]
fn a_box_of_nearly_all_is_the_place() {
    let here = tempfile::tempdir().unwrap();
    let flooded = scene(320, 160, &[([1, 1, 319, 159], RED)]);
    let words = ["--words", "a dragon"];
    assert!(labels(&run(here.path(), &flooded, &words)).is_empty());
    let asked = [&words[..], &["--words-area", "1"]].concat();
    assert_eq!(labels(&run(here.path(), &flooded, &asked)), ["a dragon"]);
}

#[test]
fn characters_have_words_of_their_own() {
    let here = tempfile::tempdir().unwrap();
    for (name, words) in [
        ("smaug", "# by his looks\nred dragon\n"),
        ("luca", "a boy."),
        ("nobody", ""),
    ] {
        let folder = here.path().join("cast").join(name);
        fs::create_dir_all(&folder).unwrap();
        if !words.is_empty() {
            fs::write(folder.join("words.txt"), words).unwrap();
        }
    }
    let ran = run(
        here.path(),
        &all(),
        &["--words-of", "cast", "--words", "a cat."],
    );
    assert_eq!(labels(&ran), ["a cat", "a boy", "red dragon"]);
    let record = json!({"id": "a", "image": "a.png", "character": "smaug"}).to_string() + "\n";
    let model = drawn("grounding_dino/coloured");
    let flags = [
        "--device",
        "cpu",
        "--no-cache",
        "--words-only",
        "--words-model",
        &model,
        "--words-of",
        "cast",
    ];
    let own = run_in(here.path(), TOOL, &flags, &record);
    assert_eq!(labels(&own), ["red dragon"], "an image of this character");
    let none = run(here.path(), &all(), &["--words-of", "cast/nobody"]);
    assert_eq!(none.code, Some(1));
    assert!(
        none.stderr.contains("--words-only: there are no words"),
        "{}",
        none.stderr
    );
}

#[test]
fn an_export_that_knows_one_phrase_finds_the_same() {
    let here = tempfile::tempdir().unwrap();
    let words = ["--words", "a cat. a dragon. a boy."];
    let model = drawn("grounding_dino/frozen");
    let frozen = run(
        here.path(),
        &all(),
        &[&words[..], &["--words-model", &model]].concat(),
    );
    assert!(
        frozen.stderr.contains("knows only the first phrase"),
        "{}",
        frozen.stderr
    );
    assert_eq!(boxes(&frozen), boxes(&run(here.path(), &all(), &words)));
}

#[test]
fn what_several_passes_find_is_one_character() {
    let here = tempfile::tempdir().unwrap();
    let model = drawn("grounding_dino/frozen");
    let ran = run(
        here.path(),
        &all(),
        &["--words", "a creature. a dragon.", "--words-model", &model],
    );
    assert_eq!(labels(&ran), ["a dragon", "a creature"]);
    assert_eq!(boxes(&ran)[0]["second"]["label"], "a creature");
}

#[test]
fn a_remembered_answer_is_that_of_the_same_words() {
    let here = tempfile::tempdir().unwrap();
    let again = |flags: &[&str]| run(here.path(), &all(), flags);
    let run = |words: &str| again(&["--cache", "c", "--words", words]);
    let first = run("a boy. a dragon.");
    assert_eq!(labels(&run("a boy.")), ["a boy"]);
    assert_eq!(labels(&run("a boy. a dragon=0.9.")), ["a boy"]);
    assert_eq!(run("a boy. a dragon.").stdout, first.stdout);
    // The boy's box is 50 wide, the dragon's 60.
    let sized = |least: &str| {
        let flags = ["--cache", "c", "--words", "a boy. a dragon."];
        let more = ["--min-side", least];
        again(&[&flags[..], &more].concat())
    };
    assert_eq!(sized("0").stdout, first.stdout);
    assert!(boxes(&sized("100")).is_empty());
}

#[test]
fn only_grounding_dino_is_searched_for_its_trap() {
    let here = tempfile::tempdir().unwrap();
    let folder = here.path().join("owl");
    fs::create_dir(&folder).unwrap();
    for name in ["model.onnx", "tokenizer.json"] {
        fs::copy(Path::new(&drawn("owlv2")).join(name), folder.join(name)).unwrap();
    }
    // A description of the file with the bytes of such a node.
    let path = folder.join("model.onnx");
    let mut graph = fs::read(&path).unwrap();
    graph.extend(b"\x32\x09\x22\x07NonZero");
    fs::write(&path, graph).unwrap();
    let model = folder.to_str().unwrap();
    let ran = run(
        here.path(),
        &all(),
        &["--words", "a boy. a cat.", "--words-model", model],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(!ran.stderr.contains("first phrase"), "{}", ran.stderr);
}

#[test]
fn a_cast_without_words_is_said_so() {
    let here = tempfile::tempdir().unwrap();
    fs::create_dir_all(here.path().join("cast/pia")).unwrap();
    let ran = run(
        here.path(),
        &all(),
        &["--words", "a boy.", "--words-of", "cast"],
    );
    assert_eq!(labels(&ran), ["a boy"]);
    assert!(
        ran.stderr
            .contains("cast: none of its folders has a words.txt"),
        "{}",
        ran.stderr
    );
}

#[test]
fn words_are_beside_the_detectors_classes() {
    let here = tempfile::tempdir().unwrap();
    all().save(here.path().join("a.png")).unwrap();
    let record = json!({"id": "a", "image": "a.png"}).to_string() + "\n";
    let (yolox, words) = (drawn("yolox.onnx"), drawn("grounding_dino/coloured"));
    let flags = [
        "--device",
        "cpu",
        "--no-cache",
        "--model",
        &yolox,
        "--classes",
        "all",
    ];
    let alone = run_in(here.path(), TOOL, &flags, &record);
    let both = [
        &flags[..],
        &["--words", "a dragon. a boy.", "--words-model", &words],
    ]
    .concat();
    let both = run_in(here.path(), TOOL, &both, &record);
    let found = boxes(&both);
    for label in ["a dragon", "a boy"] {
        assert!(
            found.iter().any(|found| found["label"] == label),
            "{label}: {found:?}"
        );
    }
    // Whatever the detector found alone is there, under its label or a phrase.
    for one in boxes(&alone) {
        assert!(
            found.iter().any(|found| found["box"] == one["box"]),
            "{one}"
        );
    }
    let models = &both.records()[0]["models"];
    assert_eq!(models["char-detect"]["model"], "yolox.onnx");
    assert_eq!(models["char-detect words"]["model"], "coloured");
}

#[test]
fn what_looks_like_an_example_is_found() {
    let here = tempfile::tempdir().unwrap();
    let examples = here.path().join("smaug");
    fs::create_dir(&examples).unwrap();
    fs::write(examples.join("words.txt"), "not an image").unwrap();
    let striped = |image: &mut RgbImage, [left, top, right, bottom]: [u32; 4]| {
        for y in (top..bottom).filter(|y| (y - top) / 10 % 2 == 0) {
            for x in left + 5..right - 5 {
                image.put_pixel(x, y, Rgb([20, 10, 10]));
            }
        }
    };
    let mut example = scene(100, 100, &[([10, 10, 70, 90], RED)]);
    striped(&mut example, [10, 10, 70, 90]);
    example.save(examples.join("one.png")).unwrap();
    let mut image = all();
    striped(&mut image, [40, 40, 100, 120]);
    let embed = drawn("tiny-clip");
    let like = ["--like", "smaug", "--like-model", &embed, "--like-cosine"];
    let with = |more: &[&str]| run(here.path(), &image, &[&like[..], more].concat());
    let ran = with(&["0.99"]);
    assert_eq!(labels(&ran), ["smaug"]);
    let found = &boxes(&ran)[0];
    assert_eq!(
        found["second"]["label"], "creature",
        "what it was proposed as"
    );
    assert!(found["score"].as_f64().unwrap() >= 0.99);
    assert_eq!(labels(&with(&["-1"])).len(), 3, "anything that lives");
    let named = labels(&with(&["0.99", "--words", "a boy. a creature."]));
    assert_eq!(named, ["smaug", "a boy", "a creature"]);
    assert_eq!(
        ran.records()[0]["models"]["char-detect like"]["model"],
        "tiny-clip"
    );
    fs::remove_file(examples.join("one.png")).unwrap();
    let none = with(&["0.5"]);
    assert!(
        none.stderr.contains("smaug: there are no images"),
        "{}",
        none.stderr
    );
}

#[test]
fn owl_is_shown_the_example_itself() {
    let here = tempfile::tempdir().unwrap();
    let examples = here.path().join("smaug");
    fs::create_dir(&examples).unwrap();
    all().save(examples.join("one.png")).unwrap();
    let model = drawn("owlv2");
    let with = |score: &str| {
        let flags = [
            "--like",
            "smaug",
            "--words-model",
            &model,
            "--like-score",
            score,
        ];
        run(here.path(), &all(), &flags)
    };
    let ran = with("0.5");
    let found = labels(&ran);
    assert!(
        !found.is_empty() && found.iter().all(|label| label == "smaug"),
        "{found:?}"
    );
    assert!(ran.records()[0]["models"].get("char-detect like").is_none());
    assert!(boxes(&with("1")).is_empty());
}
