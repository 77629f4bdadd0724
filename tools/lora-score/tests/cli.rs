//! Checkpoints of known quality come out in the right order.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{RngCore, SeedableRng};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Ran, folder, help_and_manual, in_file, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_lora-score");

/// The number of prompts.
const PROMPTS: usize = 16;

#[test]
fn has_help_and_manual() {
    help_and_manual(TOOL);
}

/// What an image is made of: who it shows, how far its style is from the film's, 0 to 1, and what else is in it, by
/// which shots differ: a direction of its own for each.
fn vector(name: &str, strange: f64, shot: usize) -> Vec<f64> {
    let mut vector = vec![0.0; 4];
    match name {
        "luca" => vector[0] = 1.0,
        "pia" => vector[1] = 1.0,
        _ => {}
    }
    vector[2] = 1.0 - strange;
    vector[3] = strange;
    let mut chance = SplitMix64::seed_from_u64(shot as u64);
    let mut else_in_it = || (chance.next_u64() >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
    vector.extend((0..32).map(|_| 0.6 * else_in_it()));
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    vector.iter().map(|x| x / length).collect()
}

fn emotion(prompt: usize) -> &'static str {
    ["happy", "sad", "angry", "neutral"][prompt % 4]
}

fn embedding(vector: &[f64]) -> Value {
    json!({"model": "drawn", "vector": vector})
}

/// The prompts, and a data set of images of luca: one a shot, and for every fourth prompt one that was held back.
fn set() -> TempDir {
    let here = tempfile::tempdir().unwrap();
    let prompt = |n: usize| {
        json!({"id": format!("char_luca_{n:04}"), "prompt": format!("luca, {} <expression>", emotion(n)), "seed": n,
            "of": format!("held{n}"), "identity": {"name": "luca"}, "emotion": {"label": emotion(n)}})
    };
    let real = |id: String, shot: usize, validation: bool| {
        let vector = vector("luca", 0.0, shot);
        let mut real = json!({"id": id, "image": format!("{id}.png"), "identity": {"name": "luca", "score": 0.9},
            "source": {"film": "f", "frame": shot, "time": shot, "shot": shot}, "embedding": embedding(&vector),
            "dataset": {"file": "x", "width": 8, "height": 8}});
        // The least that one shows are 800 of 960 pixels.
        measured(&mut real, [1000, 500], Some(800.0 + shot as f64));
        if validation {
            real["dataset"]["validation"] = json!(true);
        }
        real
    };
    let mut training: Vec<Value> = (0..16)
        .map(|shot| real(format!("trained{shot}"), shot, false))
        .collect();
    training.extend(
        (0..PROMPTS)
            .step_by(4)
            .map(|n| real(format!("held{n}"), 100 + n, true)),
    );
    write(here.path(), "training.jsonl", &training);
    let prompts: Vec<_> = (0..PROMPTS).map(prompt).collect();
    write(here.path(), "prompts.jsonl", &prompts);
    let references = ["luca", "pia"].map(|name| {
        json!({"id": name, "image": "x.png", "character": name, "embedding": embedding(&vector(name, 0.0, 0))})
    });
    write(here.path(), "cast.jsonl", &references);
    here
}

/// Gives an image a size, and the pixels across its long side that it shows; none has no edges.
fn measured(record: &mut Value, [width, height]: [u32; 2], sharpness: Option<f64>) {
    record["width"] = json!(width);
    record["height"] = json!(height);
    record["quality"] = json!({"resolution": width.min(height)});
    if let Some(sharpness) = sharpness {
        record["quality"]["sharpness"] = json!(sharpness);
    }
}

fn write(here: &Path, name: &str, records: &[Value]) {
    let lines: Vec<_> = records.iter().map(Value::to_string).collect();
    fs::write(
        here.join(name),
        lines.join(
            "
",
        ) + "
",
    )
    .unwrap();
}

/// An image of a checkpoint.
struct Made<'a> {
    name: &'a str,
    emotion: &'a str,
    vector: Vec<f64>,
}

fn made(checkpoint: &str, of: impl Fn(usize) -> Made<'static>) -> Vec<Value> {
    let record = |n: usize| {
        let made = of(n);
        let mut record = json!({"id": format!("{checkpoint}_char_luca_{n:04}_0"), "image": format!("{checkpoint}/{n}.png"),
            "checkpoint": checkpoint, "identity": {"name": made.name, "score": 0.8}, "emotion": {"label": made.emotion},
            "embedding": embedding(&made.vector)});
        measured(&mut record, [480, 240], Some(400.0));
        record
    };
    (0..PROMPTS).map(record).collect()
}

/// Something new of luca, as a shot that is not in the film.
fn fresh(name: &str, strange: f64, n: usize) -> Vec<f64> {
    vector(name, strange, 1000 + n)
}

fn right(n: usize) -> Made<'static> {
    Made {
        name: "luca",
        emotion: emotion(n),
        vector: fresh("luca", 0.0, n),
    }
}

fn base() -> Vec<Value> {
    made("base", |n| Made {
        name: "unknown",
        emotion: emotion(n),
        vector: fresh("", 1.0, n),
    })
}

fn score(here: &Path, records: &[Value], more: &[&str]) -> Ran {
    write(here, "made.jsonl", records);
    let flags = [
        "--type",
        "character",
        "--prompts",
        "prompts.jsonl",
        "--training",
        "training.jsonl",
        "--references",
        "cast.jsonl",
        "made.jsonl",
    ];
    run_in(here, TOOL, &[&flags[..], more].concat(), "")
}

fn order(lines: &[Value]) -> Vec<&str> {
    lines
        .iter()
        .map(|line| line["checkpoint"].as_str().unwrap())
        .collect()
}

fn measure(lines: &[Value], checkpoint: &str, measure: &str, member: &str) -> f64 {
    let line = lines
        .iter()
        .find(|line| line["checkpoint"] == checkpoint)
        .unwrap();
    line["measures"][measure][member].as_f64().unwrap()
}

/// A checkpoint for each fault, one without any, and the base model.
fn faulty() -> Vec<Value> {
    let wrong = |n| ["sad", "angry", "neutral", "happy"][n % 4];
    let mut blurred = made("blurred", right);
    for record in &mut blurred {
        measured(record, [480, 240], Some(60.0));
    }
    [
        made("stranger", |n| Made {
            name: "pia",
            vector: fresh("pia", 0.0, n),
            ..right(n)
        }),
        made("copier", |n| Made {
            vector: vector("luca", 0.0, n),
            ..right(n)
        }),
        made("good", right),
        made("deaf", move |n| Made {
            emotion: wrong(n),
            ..right(n)
        }),
        made("recoloured", |n| Made {
            vector: fresh("luca", 0.8, n),
            ..right(n)
        }),
        made("narrow", |n| Made {
            vector: fresh("luca", 0.0, 3),
            ..right(n)
        }),
        blurred,
        base(),
    ]
    .concat()
}

#[test]
fn every_fault_costs_and_shows_in_its_own_measure() {
    let set = set();
    let ran = score(set.path(), &faulty(), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let lines = ran.records();
    let order = order(&lines);
    assert_eq!(order[0], "good", "{order:?}");
    assert_eq!(order[6], "stranger", "who it is counts most: {order:?}");
    assert_eq!(&order[7..], ["base", "real"], "controls come last");
    for (checkpoint, name) in [
        ("stranger", "identity"),
        ("deaf", "prompt"),
        ("recoloured", "style"),
        ("narrow", "variety"),
        ("copier", "copies"),
        ("blurred", "sharpness"),
    ] {
        let own = measure(&lines, checkpoint, name, "score");
        // Another character is as far from the film's as another style.
        let others = order
            .iter()
            .filter(|one| !["base", "stranger", checkpoint].contains(one));
        for other in others {
            let its = measure(&lines, other, name, "score");
            assert!(own < its, "{name}: {checkpoint} {own}, {other} {its}");
        }
    }
    assert_eq!(lines[6]["worst"][0]["faults"], json!(["pia for luca"]));
    let cosine = |line: &Value, member: &str| line["cosine"][member].as_f64().unwrap();
    assert!(cosine(&lines[0], "wanted") > cosine(&lines[0], "other"));
    assert!(cosine(&lines[6], "wanted") < cosine(&lines[6], "other"));
}

#[test]
fn measures_and_the_ends_of_their_scales_are_those_worked_out_by_hand() {
    let set = set();
    let lines = score(set.path(), &faulty(), &[]).records();
    let is = |checkpoint: &str, name: &str, member: &str, wanted: f64| {
        let own = measure(&lines, checkpoint, name, member);
        assert!(
            (own - wanted).abs() < 1e-9,
            "{checkpoint} {name} {member}: {own}"
        );
    };
    is("stranger", "identity", "value", 0.0);
    is("deaf", "prompt", "value", 0.0);
    is("copier", "copies", "value", 1.0);
    is("good", "identity", "value", 1.0);
    is("good", "prompt", "value", 1.0);
    is("narrow", "variety", "value", 0.0);
    is("base", "style", "score", 0.0);
    is("real", "style", "score", 1.0);
    assert!(
        measure(&lines, "good", "copies", "value") < 0.2,
        "of film's own a twentieth is as near"
    );
    let variety = measure(&lines, "good", "variety", "value");
    assert!((0.8..1.25).contains(&variety), "as the film: {variety}");
}

#[test]
fn five_checkpoints_come_out_in_the_order_of_their_quality() {
    let set = set();
    // Of so many of sixteen images all is right; the others are of another character in another style.
    let quality = |right_ones: usize| {
        move |n| {
            if n * 7 % PROMPTS < right_ones {
                right(n)
            } else {
                Made {
                    name: "pia",
                    emotion: "afraid",
                    vector: fresh("pia", 0.7, n),
                }
            }
        }
    };
    let names = ["step1", "step2", "step3", "step4", "step5"];
    let mut records = base();
    for (number, name) in [2, 0, 4, 1, 3].iter().zip(names) {
        records.extend(made(name, quality(4 * number)));
    }
    let ran = score(set.path(), &records, &[]);
    let lines = ran.records();
    assert_eq!(
        order(&lines)[..5],
        ["step3", "step5", "step1", "step4", "step2"]
    );
    assert_eq!(lines[0]["best"], true);
    assert!(lines[1..].iter().all(|line| line["best"] == false));
    assert!(
        lines[0]["better_than_next"].as_f64().unwrap() > 0.9,
        "{}",
        lines[0]
    );
    for line in &lines[..5] {
        let score = line["score"].as_f64().unwrap();
        let bounds = line["bounds"].as_array().unwrap();
        assert!(
            bounds[0].as_f64().unwrap() <= score && score <= bounds[1].as_f64().unwrap(),
            "{line}"
        );
    }
    let half = measure(&lines, "step1", "identity", "value");
    assert!((half - 0.5).abs() < 1e-9, "8 of 16: {half}");
}

#[test]
fn a_character_where_none_is_wanted_costs() {
    let set = set();
    let prompts: Vec<_> = (0..PROMPTS)
        .map(|n| json!({"id": format!("char_luca_{n:04}"), "prompt": "a pier, noon", "of": format!("held{}", n / 4 * 4)}))
        .collect();
    write(set.path(), "prompts.jsonl", &prompts);
    let boxed = |checkpoint, crowded: fn(usize) -> bool| {
        let mut records = made(checkpoint, right);
        for (n, record) in records.iter_mut().enumerate() {
            let boxes = [json!({"box": [0, 0, 4, 8], "score": 0.9, "label": "person"})];
            record["boxes"] = json!(&boxes[..usize::from(crowded(n))]);
        }
        records
    };
    let records = [
        boxed("crowd", |_| true),
        boxed("deserted", |_| false),
        boxed("few", |n| n % 4 == 0),
        base(),
    ];
    let records = records.concat();
    let ran = score(set.path(), &records, &["--weights", "prompt=3,empty=4"]);
    let lines = ran.records();
    assert_eq!(
        order(&lines),
        ["deserted", "few", "crowd", "base", "real"],
        "{}",
        ran.stderr
    );
    let is = |line: usize, member: &str, value: f64| {
        assert_eq!(lines[line]["measures"]["empty"][member], value, "{line}");
    };
    is(1, "value", 0.75);
    is(1, "weight", 4.0);
    is(4, "value", 1.0);
    let faults = lines[2]["worst"][0]["faults"].as_array().unwrap();
    assert!(faults.contains(&json!("a character")), "{faults:?}");
    let named = score(set.path(), &made("good", right), &[]).records();
    assert!(
        named[0]["measures"].get("empty").is_none(),
        "nothing was searched"
    );
}

#[test]
fn twins_are_as_probably_better_as_not() {
    let set = set();
    let records = [made("one", right), made("other", right), base()].concat();
    let ran = score(set.path(), &records, &[]);
    assert!(ran.stderr.contains("may be one"), "{}", ran.stderr);
    let lines = ran.records();
    assert_eq!(lines[0]["better_than_next"], 0.5, "the same draws for both");
    assert_eq!(lines[0]["better_than_base"], 1.0);
}

#[test]
fn the_same_input_gives_the_same_bytes_and_another_seed_the_same_scores() {
    let set = set();
    let half = |n| {
        if n % 2 == 0 {
            right(n)
        } else {
            Made {
                name: "unknown",
                ..right(n)
            }
        }
    };
    let records = [made("half", half), made("good", right), base()].concat();
    let one = score(set.path(), &records, &["-j", "1"]);
    assert_eq!(one.stdout, score(set.path(), &records, &["-j", "3"]).stdout);
    let other = score(set.path(), &records, &["--seed", "9"]);
    let scores = |ran: &Ran| {
        ran.records()
            .iter()
            .map(|line| line["score"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(scores(&one), scores(&other));
    assert_ne!(one.stdout, other.stdout, "other draws have other bounds");
    let none = score(set.path(), &records, &["--resamples", "0"]);
    assert!(!none.stdout.contains("bounds") && !none.stdout.contains("better_than"));
}

#[test]
fn checkpoints_are_compared_by_prompts_that_all_have() {
    let set = set();
    let some = made("some", right);
    let records = [&some[..4], &made("all", right)[..], &base()[..]].concat();
    let ran = score(set.path(), &records, &[]);
    assert!(
        ran.stderr.contains("12 prompts do not count"),
        "{}",
        ran.stderr
    );
    let lines = ran.records();
    assert_eq!(
        (&lines[0]["prompts"], &lines[0]["images"]),
        (&json!(4), &json!(4))
    );
    assert_eq!(lines[0]["better_than_next"], 0.5, "they are the same there");
    let apart = [&some[..4], &made("all", right)[4..]].concat();
    let ran = score(set.path(), &apart, &[]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("generate the same prompts"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_could_not_be_measured_is_said_and_does_not_count() {
    let set = set();
    let mut records = made("good", right);
    for record in &mut records {
        let members = record.as_object_mut().unwrap();
        members.remove("embedding");
        members.remove("quality");
        record["emotion"]["label"] = json!("unknown");
    }
    let ran = score(set.path(), &records, &[]);
    assert!(
        ran.stderr.contains(
            "not measured, and so does not count: prompt, style, variety, copies, sharpness"
        ),
        "{}",
        ran.stderr
    );
    let line = &ran.records()[0];
    assert_eq!(line["score"], 1.0, "the identity alone");
    assert_eq!(
        line["facts"]["/emotion/label"],
        json!({"wanted": 16, "measured": 0, "affirmed": 0})
    );
}

#[test]
fn an_image_is_as_sharp_as_the_training_images_whatever_its_size() {
    let set = set();
    // 800 of the 960 pixels that count are what 95 of 100 training images show, and so are 400 of 480.
    let sizes = [
        ([480, 240], Some(400.0)),
        ([240, 480], Some(399.0)),
        ([1536, 1024], Some(800.0)),
        ([1536, 1024], Some(799.0)),
        ([1536, 1024], Some(1400.0)),
        ([512, 512], Some(500.0)),
        ([512, 512], Some(100.0)),
        ([512, 512], None),
    ];
    let mut records = made("mixed", right);
    for (record, (size, sharpness)) in records.iter_mut().zip(sizes.into_iter().cycle()) {
        measured(record, size, sharpness);
    }
    records.extend(made("sharp", right));
    let ran = score(set.path(), &records, &["--scored", "images.jsonl"]);
    let lines = ran.records();
    assert_eq!(order(&lines), ["sharp", "mixed", "real"], "{}", ran.stderr);
    let near = |checkpoint: &str, member: &str, wanted: f64| {
        let own = measure(&lines, checkpoint, "sharpness", member);
        assert!((own - wanted).abs() < 1e-5, "{checkpoint} {member}: {own}");
    };
    near("mixed", "value", 0.5);
    near("mixed", "score", 0.5 / 0.95);
    near("sharp", "value", 1.0);
    near("real", "score", 1.0);
    let worst = lines[1]["worst"].as_array().unwrap();
    let blurred = |one: &&Value| one["faults"].to_string().contains("blurred");
    assert_eq!(worst.iter().filter(blurred).count(), 8);
    let images = fs::read_to_string(set.path().join("images.jsonl")).unwrap();
    let softer = images
        .lines()
        .filter(|line| line.contains("\"sharp\":false"));
    assert_eq!(softer.count(), 8);
}

#[test]
fn sharpness_does_not_count_without_that_of_the_training_images() {
    let set = set();
    let training = fs::read_to_string(set.path().join("training.jsonl")).unwrap();
    let without = training.lines().map(|line| {
        let mut record: Value = serde_json::from_str(line).unwrap();
        record.as_object_mut().unwrap().remove("quality");
        record
    });
    let without: Vec<_> = without.collect();
    write(set.path(), "training.jsonl", &without);
    let records = made("good", right);
    let ran = score(set.path(), &records, &[]);
    assert!(
        ran.stderr
            .contains("not measured, and so does not count: sharpness"),
        "{}",
        ran.stderr
    );
    let line = &ran.records()[0];
    assert_eq!(line["measures"].get("sharpness"), None);
    let others = "identity=4,prompt=2,style=2,variety=1,copies=2";
    let without = score(set.path(), &records, &["--weights", others]);
    assert_eq!(line["score"], without.records()[0]["score"]);
}

#[test]
fn records_of_other_images_are_refused_or_dropped() {
    let set = set();
    let mut records = made("good", right);
    records[0]["id"] = json!("good_nothing");
    let ran = score(set.path(), &records, &["--rejects", "rejects.jsonl"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let rejects = fs::read_to_string(set.path().join("rejects.jsonl")).unwrap();
    assert!(
        rejects.contains("is of no prompt") && rejects.lines().count() == 1,
        "{rejects}"
    );
    records[1].as_object_mut().unwrap().remove("checkpoint");
    let ran = score(set.path(), &records, &[]);
    assert!(
        ran.stderr.contains("--folder-as checkpoint"),
        "{}",
        ran.stderr
    );
    let mut records = made("good", right);
    for record in &mut records {
        record["embedding"]["model"] = json!("another");
    }
    let ran = score(set.path(), &records, &[]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("by another, 36 numbers, and those of the data set by drawn"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_control_has_images_and_no_checkpoint_has_the_name_of_the_films() {
    let set = set();
    let records = made("good", right);
    let ran = score(set.path(), &records, &["--control", "nosuch"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(
        ran.stderr
            .contains("--control nosuch: no image is of this checkpoint; there are good\n"),
        "{}",
        ran.stderr
    );
    let ran = score(set.path(), &made("real", right), &[]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("real: a checkpoint has this name, "),
        "{}",
        ran.stderr
    );
}

/// Data sets of two characters, and prompts for both at once and for pia alone.
fn two_characters(here: &Path) {
    let names = ["luca", "pia"];
    for name in names {
        let real = |shot: usize| {
            json!({"id": format!("{name}{shot}"), "image": "x.png", "identity": {"name": name},
                "source": {"film": "f", "frame": shot, "time": 0, "shot": shot},
                "embedding": embedding(&vector(name, 0.0, shot))})
        };
        let all: Vec<_> = (0..8).map(real).collect();
        write(here, &format!("{name}.jsonl"), &all);
    }
    let both =
        |n| json!({"id": format!("both_{n}"), "prompt": "both", "identity": {"name": names}});
    let pia = |n| json!({"id": format!("one_{n}"), "prompt": "pia", "identity": {"name": "pia"}});
    let prompts: Vec<_> = (0..4).map(both).chain((0..4).map(pia)).collect();
    write(here, "prompts.jsonl", &prompts);
}

/// An instance that looks like a character.
fn instance(checkpoint: &str, prompt: &str, number: usize, name: &str) -> Value {
    let parent = format!("{checkpoint}_{prompt}");
    json!({"id": format!("{parent}.i{number}"), "image": "x.png", "parent": parent, "checkpoint": checkpoint,
        "identity": {"name": name}, "embedding": embedding(&vector(name, 0.0, 20 + number))})
}

#[test]
fn a_composition_says_who_was_lost_and_what_bled() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    two_characters(here);
    // In `merged`, pia looks like luca in three images of four.
    let mut records = Vec::new();
    for (n, checkpoint) in (0..4).flat_map(|n| [(n, "clean"), (n, "merged")]) {
        let lost = checkpoint == "merged" && n < 3;
        let prompt = format!("both_{n}");
        records.push(instance(checkpoint, &prompt, 0, "luca"));
        let other = if lost { "luca" } else { "pia" };
        records.push(instance(checkpoint, &prompt, 1, other));
    }
    write(here, "made.jsonl", &records);
    let alone = |n| instance("pia", &format!("one_{n}"), 0, "pia");
    write(here, "alone.jsonl", &(0..4).map(alone).collect::<Vec<_>>());
    let flags = "--prompts prompts.jsonl --training luca.jsonl --training pia=pia.jsonl --alone alone.jsonl";
    let files = "--page page.html made.jsonl";
    let flags: Vec<_> = flags.split(' ').chain(files.split(' ')).collect();
    let ran = run_in(here, TOOL, &flags, "");
    let lines = ran.records();
    assert_eq!(order(&lines), ["clean", "merged"], "{}", ran.stderr);
    let characters = json!([
        {"name": "luca", "wanted": 4, "found": 1.0},
        {"name": "pia", "wanted": 4, "found": 0.25, "alone": 1.0},
    ]);
    assert_eq!(lines[1]["characters"], characters);
    let nearest = |line: &Value| json!([line["sets"][0]["nearest"], line["sets"][1]["nearest"]]);
    assert_eq!(nearest(&lines[0]), json!([0.5, 0.5]));
    assert_eq!(
        nearest(&lines[1]),
        json!([0.8, 0.2]),
        "four of luca, one of pia"
    );
    // A folder `alone` beside those of the checkpoints says the same.
    records.extend((0..4).map(|n| instance("alone", &format!("one_{n}"), 0, "pia")));
    write(here, "beside.jsonl", &records);
    let flags =
        "--prompts prompts.jsonl --training luca.jsonl --training pia=pia.jsonl beside.jsonl";
    let beside = run_in(here, TOOL, &flags.split(' ').collect::<Vec<_>>(), "");
    assert_eq!(beside.records(), lines, "{}", beside.stderr);
    let far = |line: &Value| line["sets"][1]["style"].as_f64().unwrap();
    assert!(far(&lines[1]) > far(&lines[0]), "from pia's set");
    let page = fs::read_to_string(here.join("page.html")).unwrap();
    assert!(page.contains("found alone") && page.contains("<h2>Data sets</h2>"));
}

#[test]
fn facts_are_those_of_the_wanted_character() {
    let set = set();
    let prompt = json!({"id": "p", "prompt": "x", "identity": {"name": "luca"}, "emotion": {"label": "happy"}, "light": {"time": "night"}});
    write(set.path(), "prompts.jsonl", &[prompt]);
    let part = |id: &str, more: Value| {
        let mut part = json!({"id": id, "image": "x.png", "checkpoint": "c"});
        for (key, value) in more.as_object().unwrap() {
            part[key] = value.clone();
        }
        part
    };
    let records = [
        part("c_p", json!({"light": {"time": "night"}})),
        part(
            "c_p.i0",
            json!({"parent": "c_p", "identity": {"name": "pia"}, "emotion": {"label": "happy"}}),
        ),
        part(
            "c_p.i1",
            json!({"parent": "c_p", "identity": {"name": "luca"}, "emotion": {"label": "sad"}}),
        ),
    ];
    let line = &score(set.path(), &records, &[]).records()[0];
    assert_eq!(line["images"], 1, "three records of one image");
    assert_eq!(line["measures"]["identity"]["value"], 1.0);
    assert_eq!(
        line["measures"]["prompt"]["value"], 0.5,
        "the light; another's happiness does not count"
    );
}

#[test]
fn the_page_is_one_file_and_names_are_escaped() {
    let set = set();
    folder(set.path(), 2);
    let name = "<script>alert(1)";
    let mut records = [made(name, right), made("good", right), base()].concat();
    records[0]["image"] = json!("scene_00.png");
    records[17]["image"] = json!("scene_01.png");
    let ran = score(
        set.path(),
        &records,
        &["--page", "page.html", "--scored", "images.jsonl"],
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let page = fs::read_to_string(set.path().join("page.html")).unwrap();
    assert!(!page.contains("<script"), "names are text");
    assert!(page.contains("&lt;script&gt;alert(1)"));
    assert!(page.contains("luca, happy &lt;expression&gt;"));
    assert!(page.matches("src=\"data:image/jpeg;base64,").count() >= 2);
    assert!(
        !page.contains("src=\"http") && !page.contains("url("),
        "nothing from elsewhere"
    );
    let images = fs::read_to_string(set.path().join("images.jsonl")).unwrap();
    assert_eq!(images.lines().count(), 3 * PROMPTS);
    let first: Value = serde_json::from_str(images.lines().next().unwrap()).unwrap();
    assert_eq!(first["scored"]["prompt"], "char_luca_0000");
    assert!(
        first["scored"]["nearest"]["id"]
            .as_str()
            .unwrap()
            .starts_with("trained")
    );
}

#[test]
fn weights_are_those_of_the_flag() {
    let set = set();
    let records = [
        made("stranger", |n| Made {
            name: "pia",
            ..right(n)
        }),
        made("deaf", |n| Made {
            emotion: "afraid",
            ..right(n)
        }),
        base(),
    ]
    .concat();
    let by = |weights| {
        let ran = score(set.path(), &records, &["--weights", weights]);
        order(&ran.records())[0].to_owned()
    };
    assert_eq!(by("identity=3,prompt=1"), "deaf");
    assert_eq!(by("identity=1,prompt=3"), "stranger");
    let ran = score(set.path(), &records, &["--weights", "beauty=1"]);
    assert_eq!(ran.code, Some(2));
}

#[test]
fn vectors_in_files_are_scored_as_those_in_the_records() {
    let set = set();
    let read = |name: &str| -> Vec<Value> {
        let text = fs::read_to_string(set.path().join(name)).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    };
    let expected = score(set.path(), &faulty(), &[]);
    assert_eq!(expected.code, Some(0), "{}", expected.stderr);
    let all = [faulty(), read("training.jsonl"), read("cast.jsonl")];
    let mut moved = in_file(set.path(), &all.concat());
    let cast = moved.split_off(all[0].len() + all[1].len());
    let training = moved.split_off(all[0].len());
    write(set.path(), "training.jsonl", &training);
    write(set.path(), "cast.jsonl", &cast);
    let ran = score(set.path(), &moved, &[]);
    assert_eq!(ran.stdout, expected.stdout, "{}", ran.stderr);
    let ran = score(set.path(), &faulty(), &[]);
    assert_eq!(
        ran.stdout, expected.stdout,
        "of the made ones in the records"
    );
}
