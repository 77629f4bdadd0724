//! What `balance` does, seen from outside.
#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::fs;

use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, in_file, run, run_in, without_embeddings};

const TOOL: &str = env!("CARGO_BIN_EXE_balance");

#[test]
fn has_the_manners_of_a_tool() {
    testkit::manners(Shape {
        tool: TOOL,
        flags: &["--target", "9", "--per-shot", "3", "--by", "/source/shot"],
        opens_images: false,
        streams: false,
    });
}

#[test]
fn golden_cases_come_out_as_stored() {
    testkit::golden(TOOL, "tests/golden", Tolerance::default());
}

/// Runs it on a film of `count` records: 4 a shot, one second apart, night in
/// every tenth, sharper towards the end.
fn on_film(count: usize, arguments: &[&str]) -> Ran {
    let record = |n: usize| {
        let time = if n % 10 == 9 { "night" } else { "day" };
        json!({
            "id": format!("r{n:03}"),
            "source": {"film": "a.mp4", "time": n, "shot": n / 4},
            "light": {"time": time},
            "quality": {"sharpness": n},
        })
    };
    let lines: Vec<_> = (0..count).map(|n| record(n).to_string() + "\n").collect();
    run(TOOL, arguments, &lines.concat())
}

fn ids(ran: &Ran) -> Vec<String> {
    let records = ran.records();
    records
        .iter()
        .map(|record| record["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn without_a_vector_it_spreads_over_the_film() {
    // The sharpest is the last; then the first is furthest; then the middle.
    let ran = on_film(101, &["--target", "3", "--on=", "-q"]);
    assert_eq!(ran.code, Some(1), "an empty pointer is no pointer");
    let ran = on_film(101, &["--target", "3", "--prefer", "/none"]);
    assert_eq!(ids(&ran), ["r000", "r050", "r100"]);
    let ranks: Vec<_> = ran
        .records()
        .iter()
        .map(|r| r["balance"]["rank"].clone())
        .collect();
    assert_eq!(ranks, [json!(1), json!(3), json!(2)]);
}

#[test]
fn quality_decides_the_first_and_weighs_the_others() {
    let ran = on_film(101, &["--target", "1"]);
    assert_eq!(ids(&ran), ["r100"]);
    // Record n is 100 - n from the last and weighs a half and n/200.
    let ran = on_film(101, &["--target", "2"]);
    assert_eq!(ids(&ran), ["r000", "r100"]);
}

#[test]
fn shots_cells_and_quotas_are_kept_and_named() {
    let flags = [
        "--target",
        "20",
        "--by",
        "/light/time",
        "--per-shot",
        "1",
        "--keep",
    ];
    let ran = on_film(100, &flags);
    let records = ran.records();
    assert_eq!(records.len(), 100, "--keep marks");
    let chosen: Vec<_> = records
        .iter()
        .filter(|r| r["balance"].is_object())
        .collect();
    assert_eq!(chosen.len(), 20);
    let night = chosen
        .iter()
        .filter(|r| r["light"]["time"] == "night")
        .count();
    assert_eq!(night, 10, "all there are");
    let mut shots: Vec<_> = chosen
        .iter()
        .map(|r| r["source"]["shot"].as_u64())
        .collect();
    shots.dedup();
    assert_eq!(shots.len(), 20, "one a shot");
    let reasons: Vec<_> = records
        .iter()
        .filter_map(|r| r["rejected"]["reason"].as_str())
        .collect();
    assert_eq!(reasons.len(), 80);
    assert!(reasons.contains(&"shot 2 is full: 1"), "{reasons:?}");
    assert!(
        reasons.contains(&"cell day has 10 of the 20 selected"),
        "{reasons:?}"
    );
}

#[test]
fn a_quota_in_percent_is_one_of_the_target() {
    let ran = on_film(
        100,
        &[
            "--target",
            "20",
            "--quota",
            "/light/time=night:10%",
            "--keep",
        ],
    );
    let text = ran.stdout;
    assert!(
        text.contains("the quota of /light/time=night is full: 2"),
        "{text}"
    );
}

#[test]
fn a_reserve_makes_up_what_others_lack() {
    let by = ["--target", "20", "--by", "/light/time"];
    let with = |reserve: &str, more: &[&str]| {
        on_film(100, &[&by[..], &["--reserve", reserve], more].concat())
    };
    // There are ten nights of a hundred.
    let nights = |ran: &Ran| {
        let records = ran.records();
        let count = records.iter().filter(|r| r["light"]["time"] == "night");
        (count.count(), records.len())
    };
    let ran = with("/light/time=day:14", &[]);
    assert_eq!(nights(&ran), (10, 14));
    let said = "balance: took 4 of the reserve /light/time=day: only 10 others were selected, and 14 are needed";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert_eq!(nights(&with("/light/time=day:10", &[])), (10, 10));
    assert_eq!(nights(&with("/light/time=day:100%", &[])), (10, 20));
    let kept = with("/light/time=day:0", &["--keep"]).stdout;
    assert!(
        kept.contains("/light/time=day is kept in reserve"),
        "{kept}"
    );
}

#[test]
fn what_cannot_be_filled_is_said_and_summed_up() {
    let folder = tempfile::tempdir().unwrap();
    let input = [
        r#"{"id":"a","t":"day","s":"in"}"#,
        r#"{"id":"b","t":"day","s":"in"}"#,
        r#"{"id":"c","t":"day","s":"in"}"#,
        r#"{"id":"d","t":"night","s":7}"#,
        r#"{"id":"e","s":"in"}"#,
    ]
    .join("\n");
    let flags = [
        "--target",
        "6",
        "--by",
        "/t,/s",
        "--no-refill",
        "--summary",
        "gaps.json",
    ];
    let ran = run_in(folder.path(), TOOL, &flags, &input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ids(&ran), ["a", "b", "d", "e"]);
    for said in [
        "balance: cell night/7: wanted 2, had 1, took 1; 2 repeats of each would make up for it\n",
        "balance: cell unknown/in: wanted 2, had 1, took 1; 2 repeats of each would make up for it\n",
        "balance: combinations without a record: 3, such as ",
        "balance: took 4 of 6: the limits allow no more of 5 records\n",
    ] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    let summary = fs::read_to_string(folder.path().join("gaps.json")).unwrap();
    let summary: Value = serde_json::from_str(&summary).unwrap();
    assert_eq!(
        summary["cells"][0],
        json!({"cell": {"/s": "in", "/t": "day"}, "wanted": 2, "had": 3, "taken": 2, "repeats": 1})
    );
    assert_eq!(summary["missing"].as_array().unwrap().len(), 3);
}

#[test]
fn limits_that_block_each_other_are_worked_around() {
    // The first choice by rank is one that leaves shot 1 empty-handed.
    let input = r#"{"id":"day0","t":"day","source":{"shot":0,"film":"f","time":0},"q":3}
{"id":"night0","t":"night","source":{"shot":0,"film":"f","time":1},"q":1}
{"id":"day1","t":"day","source":{"shot":1,"film":"f","time":2},"q":2}
"#;
    let flags = [
        "--target",
        "2",
        "--per-shot",
        "1",
        "--quota",
        "/t=day:1",
        "--prefer",
        "/q",
    ];
    let ran = run(TOOL, &flags, input);
    assert_eq!(ids(&ran), ["night0", "day1"]);
}

#[test]
fn wrong_records_fail_alone() {
    let input = "{\"id\":\"b\",\"v\":[1]}\n{\"id\":\"a\",\"v\":[0,1]}\n{\"id\":\"c\"}\n{\"id\":\"d\",\"v\":[1e39,0]}\n{\"id\":\"e\",\"v\":[1,0],\"t\":[]}\n{\"id\":\"f\",\"v\":[2,1]}\n";
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--on", "/v", "--by", "/t", "--rejects", "r.jsonl"];
    let ran = run_in(folder.path(), TOOL, &flags, input);
    assert_eq!(ids(&ran), ["a", "f"]);
    for said in [
        "b: its vector has 1 numbers, but most have 2 numbers: ",
        "stdin: line 3: c: key `/v` is missing",
        "stdin: line 4: d: key `/v`: ",
        "stdin: line 5: e: key `/t` is a list or an object",
    ] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
}

#[test]
fn a_type_selects_as_its_folder_says_and_given_flags_say_otherwise() {
    let as_type = |more: &[&str]| ids(&on_film(60, &[&["--type", "lighting"], more].concat()));
    let flags = [
        "--target",
        "500",
        "--by",
        "/light/time",
        "--quota",
        "/light/time=unknown:0",
        "--per-shot",
        "6",
    ];
    assert_eq!(as_type(&[]), ids(&on_film(60, &flags)));
    // Five of day and five of night, at most one a shot, of which there are fifteen.
    let few = as_type(&["--target", "10", "--per-shot", "1"]);
    assert_eq!(few.len(), 10);
    let nights = few.iter().filter(|id| id.ends_with('9')).count();
    assert_eq!(nights, 5, "{few:?}");
    let none = as_type(&["--quota", "/light/time=night:0"]);
    assert!(none.iter().all(|id| !id.ends_with('9')), "{none:?}");
}

#[test]
fn no_film_has_more_than_its_share() {
    let here = tempfile::tempdir().unwrap();
    let record = |number: usize| {
        let film = ["a.mkv", "a.mkv", "b.mkv"][number % 3];
        json!({"id": format!("r{number}"), "image": "x.png", "source": {"film": film, "frame": number, "time": number, "shot": number}})
    };
    let lines: Vec<_> = (0..30).map(|number| record(number).to_string()).collect();
    let lines = lines.join("\n");
    let flags = ["--target", "20", "--per-film", "6", "--rejects", "r.jsonl"];
    let ran = run_in(here.path(), TOOL, &flags, &lines);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let of = |film: &str| {
        ran.records()
            .iter()
            .filter(|one| one["source"]["film"] == film)
            .count()
    };
    assert_eq!((of("a.mkv"), of("b.mkv")), (6, 6));
    let rejects = fs::read_to_string(here.path().join("r.jsonl")).unwrap();
    assert!(rejects.contains("film a.mkv is full: 6"), "{rejects}");
}

#[test]
fn what_exceeds_a_bound_is_dropped_with_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let rejects = folder.path().join("rejects.jsonl");
    let bound = ["--at-most", "/quality/sharpness=2", "--by", "/light/time"];
    let flags = [&bound[..], &["--rejects", rejects.to_str().unwrap()]].concat();
    let ran = on_film(12, &flags);
    assert_eq!(ids(&ran), ["r000", "r001", "r002"]);
    let dropped = fs::read_to_string(rejects).unwrap();
    let last: Value = serde_json::from_str(dropped.lines().last().unwrap()).unwrap();
    assert_eq!(
        last["rejected"]["reason"],
        json!("/quality/sharpness is 11, over 2")
    );
    let more = [&bound[..], &["--at-most", "/quality/sharpness=4"]].concat();
    assert_eq!(ids(&on_film(12, &more)).len(), 5, "the last counts");
    let wrong = on_film(1, &["--at-most", "/quality/sharpness"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
}

#[test]
fn several_qualities_count_by_their_ranks() {
    let record = |id: &str, sharp: f64, good: f64| {
        let record = json!({"id": id, "quality": {"sharpness": sharp}, "tags": {"aesthetic": [["good", good]]}});
        record.to_string() + "\n"
    };
    let lines = record("a", 3.0, 0.1) + &record("b", 2.0, 0.9) + &record("c", 1.0, 0.2);
    let best = |prefer: &str| ids(&run(TOOL, &["--target", "1", "--prefer", prefer], &lines));
    assert_eq!(best("/quality/sharpness"), ["a"]);
    assert_eq!(best("/tags/aesthetic/0/1"), ["b"]);
    assert_eq!(best("/tags/aesthetic/0/1,/quality/sharpness"), ["b"]);
    assert_eq!(best("/quality/none,/quality/sharpness"), ["a"]);
}

#[test]
fn vectors_in_a_file_spread_as_those_in_the_records() {
    let folder = tempfile::tempdir().unwrap();
    let record = |n: usize| {
        let number = |at: usize| ((n * 7919 + at * 104_729) % 10_007) as f64 / 1e5;
        let vector: Vec<f64> = (0..6).map(number).collect();
        json!({"id": format!("r{n:03}"), "embedding": {"model": "flat", "vector": vector}, "quality": {"sharpness": n * 31 % 97}})
    };
    let records: Vec<_> = (0..120).map(record).collect();
    let mut moved = in_file(folder.path(), &records);
    let said = |records: &[Value]| {
        let lines: Vec<_> = records.iter().map(|one| one.to_string() + "\n").collect();
        let ran = run_in(folder.path(), TOOL, &["--target", "20"], &lines.concat());
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        assert!(!ran.stderr.contains("time"), "{}", ran.stderr);
        without_embeddings(ran.records())
    };
    let expected = said(&records);
    assert_eq!(expected.len(), 20);
    assert_eq!(expected, said(&moved));
    for n in (0..120).step_by(2) {
        moved[n] = records[n].clone();
    }
    assert_eq!(expected, said(&moved), "some of both");
}
