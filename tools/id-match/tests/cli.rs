//! What id-match makes of manifests. Vectors have two numbers, so that cosines can be worked out.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use testkit::{
    Ran, Shape, Tolerance, golden, in_file, keyed_manners, run_in, shelf, without_embeddings,
};

const TOOL: &str = env!("CARGO_BIN_EXE_id-match");

#[test]
fn has_manners() {
    let shape = Shape {
        tool: TOOL,
        flags: &[],
        opens_images: false,
        streams: false,
    };
    let place = ("instance", json!({"box": [10, 10, 30, 40]}));
    keyed_manners(shape, &[("cluster", json!({"id": 2})), place.clone()]);
    let cast = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/track/cast.jsonl");
    let embedding = json!({"model": "flat", "vector": [0.8, 0.6]});
    let flags = ["--references", cast];
    keyed_manners(
        Shape {
            flags: &flags,
            ..shape
        },
        &[("embedding", embedding), place],
    );
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// A reference, or a record without a place.
fn seen(id: &str, vector: [f64; 2]) -> Value {
    json!({"id": id, "image": "x.png", "embedding": {"model": "flat", "vector": vector}})
}

/// An instance of frame `frame`, a quarter of a second each, at column `left`, 20 by 40 pixels.
fn cut(id: &str, frame: u64, left: u64, vector: [f64; 2]) -> Value {
    let mut record = seen(id, vector);
    let time = frame as f64 / 4.0;
    record["source"] = json!({"film": "f.mp4", "shot": 3, "frame": frame, "time": time});
    record["parent"] = json!(format!("f{frame}"));
    record["instance"] = json!({"box": [left, 10, left + 20, 50]});
    record
}

fn lines(records: &[Value]) -> String {
    let line = |record: &Value| [record.to_string(), "\n".to_owned()];
    records.iter().flat_map(line).collect()
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Nilo is along the first axis, Pia along the second.
fn matched(here: &Path, more: &[&str], records: &[Value]) -> Ran {
    fs::write(here.join("nilo.jsonl"), lines(&[seen("r0", [1.0, 0.0])])).unwrap();
    fs::write(here.join("pia.jsonl"), lines(&[seen("r1", [0.0, 1.0])])).unwrap();
    let flags = [
        "--reference",
        "nilo=nilo.jsonl",
        "--reference",
        "pia=pia.jsonl",
        "--rejects",
        "rejects.jsonl",
    ];
    let arguments: Vec<_> = flags.iter().chain(more).collect();
    let ran = run_in(here, TOOL, &arguments, &lines(records));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran
}

fn identities(ran: &Ran) -> Vec<Value> {
    ran.records()
        .iter()
        .map(|record| record["identity"].clone())
        .collect()
}

fn names(ran: &Ran) -> Vec<String> {
    let name = |identity: &Value| identity["name"].as_str().unwrap().to_owned();
    identities(ran).iter().map(name).collect()
}

#[test]
fn a_turned_head_keeps_its_name() {
    let here = tempfile::tempdir().unwrap();
    let records = [
        cut("a0", 0, 10, [0.96, 0.28]),
        cut("b0", 0, 100, [0.28, 0.96]),
        // Halfway between the two, and then nearer to the other: 0.2 against Nilo's 0.68 before.
        cut("a1", 1, 14, [1.0, 1.0]),
        cut("b1", 1, 98, [0.6, 0.8]),
        cut("a2", 2, 18, [0.6, 0.8]),
    ];
    let ran = matched(here.path(), &[], &records);
    assert_eq!(names(&ran), ["nilo", "pia", "nilo", "pia", "nilo"]);
    let found = identities(&ran);
    assert_eq!(
        found[0],
        json!({"name": "nilo", "score": 0.96, "margin": 0.68, "by": "reference", "track": 0})
    );
    assert_eq!(
        found[2],
        parsed(r#"{"name":"nilo","score":0.7071,"margin":0.0,"by":"track","track":0}"#)
    );
    assert_eq!(
        found[3],
        json!({"name": "pia", "score": 0.8, "margin": 0.2, "by": "reference", "track": 1})
    );
    assert_eq!(
        found[4],
        json!({"name": "nilo", "score": 0.6, "margin": -0.2, "by": "track", "track": 0})
    );
    let alone = matched(here.path(), &["--max-gap", "0"], &records);
    assert_eq!(
        names(&alone),
        ["nilo", "pia", "unknown", "pia", "pia"],
        "without tracks"
    );
    let found = identities(&alone);
    assert_eq!(found[2]["best"], "nilo", "the first of equal ones");
    assert!(found[2].get("by").is_none());
}

#[test]
fn who_looks_like_another_beyond_doubt_is_not_named_by_the_track() {
    let here = tempfile::tempdir().unwrap();
    let records = [
        cut("a0", 0, 10, [0.96, 0.28]),
        cut("a1", 1, 12, [0.96, 0.28]),
        // Pia steps before Nilo, and overlaps where he was: 0.68 nearer to her.
        cut("a2", 2, 14, [0.28, 0.96]),
        // 0.27 nearer may be a turned head: 0.86 less 0.58, of a vector of length 1.04.
        cut("a3", 3, 16, [0.58, 0.86]),
        cut("a4", 4, 18, [0.96, 0.28]),
    ];
    let ran = matched(here.path(), &[], &records);
    assert_eq!(names(&ran), ["nilo", "nilo", "pia", "nilo", "nilo"]);
    let found = identities(&ran);
    assert_eq!(
        found[2],
        json!({"name": "pia", "score": 0.96, "margin": 0.68, "by": "reference", "track": 0})
    );
    assert_eq!(found[3]["by"], "track");
}

#[test]
fn tracks_end_with_the_shot_and_with_a_gap() {
    let here = tempfile::tempdir().unwrap();
    let mut other_shot = cut("c", 2, 10, [1.0, 1.0]);
    other_shot["source"]["shot"] = json!(4);
    let records = [
        cut("a", 0, 10, [1.0, 0.0]),
        cut("b", 8, 10, [1.0, 1.0]),
        other_shot,
        cut("d", 20, 10, [1.0, 1.0]),
        seen("e", [1.0, 1.0]),
        cut("f", 21, 80, [1.0, 1.0]),
    ];
    let ran = matched(here.path(), &[], &records);
    // Frame 8 is two seconds later, frame 20 three more; the last stands elsewhere.
    assert_eq!(
        names(&ran),
        ["nilo", "nilo", "unknown", "unknown", "unknown", "unknown"]
    );
    let tracks: Vec<_> = identities(&ran)
        .iter()
        .map(|found| found["track"].clone())
        .collect();
    assert_eq!(
        tracks,
        [
            json!(0),
            json!(0),
            json!(1),
            json!(2),
            Value::Null,
            json!(3)
        ]
    );
    let wide = matched(here.path(), &["--max-gap", "5"], &records);
    assert_eq!(names(&wide)[3], "nilo");
}

#[test]
fn those_who_overlap_most_are_linked() {
    let here = tempfile::tempdir().unwrap();
    // Two that pass each other closely: each is linked to the nearer of the next frame.
    let records = [
        cut("a0", 0, 10, [1.0, 0.0]),
        cut("b0", 0, 22, [0.0, 1.0]),
        cut("b1", 1, 20, [1.0, 1.0]),
        cut("a1", 1, 12, [1.0, 1.0]),
    ];
    assert_eq!(
        names(&matched(here.path(), &[], &records)),
        ["nilo", "pia", "pia", "nilo"]
    );
    // 16 of 24 columns overlap, 0.67.
    let strict = matched(here.path(), &["--link-overlap", "0.9"], &records);
    assert_eq!(names(&strict)[2..], ["unknown", "unknown"]);
}

#[test]
fn masks_go_before_boxes() {
    let here = tempfile::tempdir().unwrap();
    // A frame of 4 columns and 2 rows: one stands in columns 0 and 1, the other in 2 and 3; run
    // lengths go down the columns.
    let masked = |id: &str, frame, counts: Value, vector| {
        let mut record = cut(id, frame, 10, vector);
        record["instance"]["mask"] = json!({"size": [2, 4], "counts": counts});
        record
    };
    let records = [
        masked("a0", 0, json!([0, 4, 4]), [1.0, 0.0]),
        masked("b0", 0, json!([4, 4]), [0.0, 1.0]),
        masked("b1", 1, json!([4, 4]), [1.0, 1.0]),
        masked("a1", 1, json!([0, 4, 4]), [1.0, 1.0]),
    ];
    assert_eq!(
        names(&matched(here.path(), &[], &records)),
        ["nilo", "pia", "pia", "nilo"]
    );
    let broken = [
        masked("a0", 0, json!([0, 400]), [1.0, 0.0]),
        seen("b", [1.0, 0.0]),
    ];
    let ran = matched(here.path(), &[], &broken);
    assert_eq!(names(&ran), ["nilo"], "the other fails alone");
    assert!(
        ran.stderr.contains("key `instance`: mask"),
        "{}",
        ran.stderr
    );
}

#[test]
fn records_wait_on_the_disk_with_their_masks_and_come_out_the_same() {
    let here = tempfile::tempdir().unwrap();
    let mut records = Vec::new();
    for frame in 0..6 {
        // The first frame alone says who is who.
        let looks = |own: [f64; 2]| if frame == 0 { own } else { [1.0, 1.0] };
        for (name, counts, vector) in [
            ("a", json!([0, 4, 4]), [1.0, 0.0]),
            ("b", json!([4, 4]), [0.0, 1.0]),
        ] {
            let mut record = cut(&format!("{name}{frame}"), frame, 10, looks(vector));
            record["instance"]["mask"] = json!({"size": [2, 4], "counts": counts});
            records.push(record);
        }
        let mut boxed = cut(&format!("c{frame}"), frame, 300, looks([0.0, 1.0]));
        boxed["mine"] = json!("x".repeat(5000));
        records.push(boxed);
    }
    let ran = matched(here.path(), &[], &records);
    assert_eq!(names(&ran), ["nilo", "pia", "pia"].repeat(6));
    let flags = ["--reference", "nilo=nilo.jsonl"];
    let flags = [flags, ["--reference", "pia=pia.jsonl"]].concat();
    shelf(here.path(), TOOL, &flags, &lines(&records));
}

#[test]
fn only_the_wanted_go_on() {
    let here = tempfile::tempdir().unwrap();
    let records = [
        cut("a", 0, 10, [0.96, 0.28]),
        cut("b", 0, 100, [0.28, 0.96]),
        cut("c", 0, 200, [1.0, 1.0]),
    ];
    let ran = matched(here.path(), &["--only", "nilo"], &records);
    assert_eq!(names(&ran), ["nilo"]);
    let text = fs::read_to_string(here.path().join("rejects.jsonl")).unwrap();
    let reasons: Vec<String> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["rejected"]["reason"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(
        reasons,
        [
            "is pia (0.96), not nilo",
            "not surely nilo: nearest to nilo, 0.71"
        ]
    );
    let kept = matched(here.path(), &["--only", "nilo", "--keep"], &records);
    assert_eq!(kept.records().len(), 3);
    let flags = ["--reference", "nilo=nilo.jsonl", "--only", "oreste"];
    let ran = run_in(here.path(), TOOL, &flags, "");
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("--only oreste: there are no references of this name, only of nilo"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_name_includes_its_outfits_among_the_references_too() {
    let here = tempfile::tempdir().unwrap();
    let reference = |id: &str, name: &str, vector| {
        let mut record = seen(id, vector);
        record["character"] = json!(name);
        record
    };
    let cast = [
        reference("r0", "luca/striped shirt", [1.0, 0.0]),
        reference("r1", "lucas", [0.0, 1.0]),
    ];
    fs::write(here.path().join("cast.jsonl"), lines(&cast)).unwrap();
    let only = |name: &str| {
        let flags = ["--references", "cast.jsonl", "--only", name];
        let records = [seen("a", [0.96, 0.28]), seen("b", [0.28, 0.96])];
        run_in(here.path(), TOOL, &flags, &lines(&records))
    };
    let ran = only("luca");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(names(&ran), ["luca/striped shirt"]);
    assert_eq!(only("luc").code, Some(1), "nobody has this name");
}

#[test]
fn names_that_were_taught_are_chosen_from_and_kept() {
    let here = tempfile::tempdir().unwrap();
    let named = |id: &str, name: &str| {
        let mut record = seen(id, [1.0, 0.0]);
        record["identity"] = json!({"name": name, "score": 0.4});
        record
    };
    let records = [
        named("a", "luca"),
        named("b", "luca/striped shirt"),
        named("c", "lucas"),
        named("d", "unknown"),
    ];
    let flags = ["--as-named", "--only", "luca"];
    let ran = run_in(here.path(), TOOL, &flags, &lines(&records));
    assert_eq!(ran.stdout, lines(&records[..2]), "{}", ran.stderr);
    let flags = ["--as-named", "--only", "luca/striped shirt"];
    let ran = run_in(here.path(), TOOL, &flags, &lines(&records));
    assert_eq!(ran.stdout, lines(&records[1..2]), "{}", ran.stderr);
    let ran = run_in(here.path(), TOOL, &flags, &lines(&[seen("e", [1.0, 0.0])]));
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("key `identity` is missing: run id-match first"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_nearest_reference_or_their_mean() {
    let here = tempfile::tempdir().unwrap();
    let mut cast = [seen("r0", [1.0, 0.0]), seen("r1", [0.0, 1.0])];
    for record in &mut cast {
        record["character"] = json!("nilo");
    }
    fs::write(here.path().join("cast.jsonl"), lines(&cast)).unwrap();
    let score = |by: &str| {
        let flags = ["--references", "cast.jsonl", "--compare-with", by];
        let ran = run_in(here.path(), TOOL, &flags, &lines(&[seen("a", [1.0, 0.0])]));
        identities(&ran)[0].clone()
    };
    // The mean of the two lies between them; there is no other character, and so no margin.
    assert_eq!(
        score("mean"),
        parsed(r#"{"name":"unknown","score":0.7071,"best":"nilo"}"#)
    );
    assert_eq!(
        score("nearest"),
        json!({"name": "nilo", "score": 1.0, "by": "reference"})
    );
}

#[test]
fn clusters_are_carried_along_the_shot() {
    let here = tempfile::tempdir().unwrap();
    let clustered = |frame: u64, left: u64, cluster: i64| {
        let mut record = cut(&format!("c{frame}_{left}"), frame, left, [1.0, 0.0]);
        record["cluster"] = json!({"id": cluster});
        record
    };
    let records = [
        clustered(0, 10, 3),
        clustered(1, 10, -1),
        clustered(2, 10, 3),
        clustered(3, 10, 5),
        clustered(3, 90, -1),
    ];
    let ran = run_in::<&str>(here.path(), TOOL, &[], &lines(&records));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let found = identities(&ran);
    assert_eq!(
        found[0],
        json!({"name": "cluster_3", "score": 0.6667, "by": "cluster", "track": 0})
    );
    assert_eq!(
        found[1],
        json!({"name": "cluster_3", "score": 0.6667, "by": "track", "track": 0})
    );
    assert_eq!(found[3]["name"], "cluster_3");
    assert_eq!(
        found[4],
        json!({"name": "unknown", "score": 0.0, "track": 1})
    );
}

#[test]
fn what_is_wrong_is_said() {
    let here = tempfile::tempdir().unwrap();
    fs::write(
        here.path().join("nilo.jsonl"),
        lines(&[seen("r0", [1.0, 0.0])]),
    )
    .unwrap();
    fs::write(here.path().join("empty.jsonl"), "").unwrap();
    let mut other = seen("a", [1.0, 0.0]);
    other["embedding"]["model"] = json!("round");
    let said = |flags: &[&str], records: &[Value], words: &str| {
        let ran = run_in(here.path(), TOOL, flags, &lines(records));
        assert_eq!(ran.code, Some(1), "{}", ran.stderr);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    };
    let nilo = ["--reference", "nilo=nilo.jsonl"];
    said(
        &nilo,
        &[other],
        "its vector is by round, but the vectors of the references are by flat",
    );
    said(&nilo, &[seen("a", [0.0, 0.0])], "a vector of length zero");
    said(&nilo, &[json!({"id": "a"})], "embedding");
    said(
        &["--reference", "nilo=empty.jsonl"],
        &[],
        "empty.jsonl: has no references",
    );
    said(&["--references", "nilo.jsonl"], &[], "character");
    said(
        &[],
        &[seen("a", [1.0, 0.0])],
        "key `cluster` is missing: give references, or run cluster first",
    );
    for wrong in ["nilo", "unknown=nilo.jsonl"] {
        let ran = run_in(here.path(), TOOL, &["--reference", wrong], "");
        assert_eq!(ran.code, Some(2), "{wrong}");
    }
}

#[test]
fn references_have_vectors_of_one_width_and_names() {
    let here = tempfile::tempdir().unwrap();
    let of = |id: &str, name: &str, vector: &[f64]| json!({"id": id, "image": "x.png", "character": name, "embedding": {"model": "flat", "vector": vector}});
    let said = |references: &[Value]| {
        fs::write(here.path().join("cast.jsonl"), lines(references)).unwrap();
        let flags = ["--references", "cast.jsonl"];
        let ran = run_in(here.path(), TOOL, &flags, &lines(&[seen("a", [1.0, 0.0])]));
        (ran.code, ran.stderr)
    };
    // The other width is that of the second character, and then within the first.
    for name in ["pia", "nilo"] {
        let (code, text) = said(&[
            of("r0", "nilo", &[1.0, 0.0]),
            of("r1", name, &[0.0, 1.0, 0.0]),
        ]);
        assert_eq!(code, Some(1), "{text}");
        let expected = "cast.jsonl: r1: its vector has 3 numbers, but that of cast.jsonl: r0 has 2";
        assert!(text.contains(expected), "{text}");
    }
    for (name, why) in [
        ("", "is empty"),
        ("  ", "is empty"),
        ("unknown", "`unknown` is what"),
    ] {
        let (code, text) = said(&[of("r0", name, &[1.0, 0.0])]);
        assert_eq!(code, Some(1), "{text}");
        let expected = format!("cast.jsonl: r0: key `character`: {why}");
        assert!(text.contains(&expected), "{text}");
    }
}

#[test]
fn the_name_that_an_owner_gave_stands_and_needs_no_vector() {
    let here = tempfile::tempdir().unwrap();
    let mut named = seen("a", [0.0, 1.0]);
    named["character"] = json!("nilo");
    let bare = json!({"id": "b", "image": "x.png", "character": "Mrs. Lee"});
    let found = identities(&matched(here.path(), &[], &[named.clone(), bare.clone()]));
    assert_eq!(
        found[0],
        json!({"name": "nilo", "score": 1.0, "by": "owner"}),
        "though it looks like pia"
    );
    assert_eq!(found[1]["name"], "Mrs. Lee");
    let ran = run_in(
        here.path(),
        TOOL,
        &["--only", "Mrs. Lee"],
        &lines(&[named, bare]),
    );
    assert_eq!(ran.records().len(), 1, "{}", ran.stderr);
}

/// An instance that mask-track has followed.
fn followed(id: &str, frame: u64, left: u64, track: u64, vector: [f64; 2]) -> Value {
    let mut record = cut(id, frame, left, vector);
    record["instance"]["track"] = json!(track);
    record
}

#[test]
fn a_track_that_was_followed_is_named_wherever_it_goes() {
    let here = tempfile::tempdir().unwrap();
    let mut other_shot = followed("d", 1, 300, 5, [1.0, 1.0]);
    other_shot["source"]["shot"] = json!(4);
    let records = [
        followed("a0", 0, 10, 5, [0.96, 0.28]),
        // Across the frame, twenty seconds later.
        followed("a1", 80, 300, 5, [1.0, 1.0]),
        // In the same place, and another.
        followed("b1", 1, 10, 6, [1.0, 1.0]),
        other_shot,
        // Without a track it is linked to none that has one.
        cut("c", 1, 12, [1.0, 1.0]),
    ];
    let ran = matched(here.path(), &[], &records);
    assert_eq!(
        names(&ran),
        ["nilo", "nilo", "unknown", "unknown", "unknown"]
    );
    let found = identities(&ran);
    let tracks: Vec<_> = { found.iter() }
        .map(|found| found["track"].as_u64().unwrap())
        .collect();
    assert_eq!(tracks, [0, 0, 1, 2, 3]);
}

#[test]
fn a_track_whose_votes_are_split_names_none_that_is_unsure() {
    let here = tempfile::tempdir().unwrap();
    // Votes of 0.2 for Nilo and of 0.13 for Pia: 0.61 of them for Nilo.
    let records = [
        followed("a", 0, 10, 0, [0.8, 0.6]),
        followed("b", 1, 12, 0, [0.64, 0.77]),
        followed("c", 2, 14, 0, [1.0, 1.0]),
    ];
    let ran = matched(here.path(), &[], &records);
    assert_eq!(names(&ran), ["nilo", "nilo", "nilo"]);
    let ran = matched(here.path(), &["--agreement", "0.67"], &records);
    assert_eq!(names(&ran), ["nilo", "pia", "unknown"]);
    // More than all votes can never agree.
    let ran = run_in(here.path(), TOOL, &["--agreement", "1"], "");
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr
            .contains("not a number from 0.5 up to, but not including, 1"),
        "{}",
        ran.stderr
    );
    let alike = [&records[0], &records[2]].map(Clone::clone);
    let ran = matched(here.path(), &["--agreement", "0.99"], &alike);
    assert_eq!(names(&ran), ["nilo", "nilo"]);
}

/// A record that the detector calls `label`.
fn called(mut record: Value, label: &str) -> Value {
    record["instance"]["label"] = json!(label);
    record
}

/// What is named by the characters of cast.jsonl.
fn by_the_cast(folder: &Path, records: &[Value]) -> Ran {
    run_in(
        folder,
        TOOL,
        &["--references", "cast.jsonl"],
        &lines(records),
    )
}

/// References of Nilo, a boy, and of Bruma, a beast, along the axes.
fn of_two_kinds(here: &Path) {
    let reference = |id: &str, name: &str, label: &str, vector| {
        let mut record = called(seen(id, vector), label);
        record["character"] = json!(name);
        record
    };
    let cast = [
        reference("r0", "nilo", "person", [1.0, 0.0]),
        reference("r1", "bruma", "animal", [0.0, 1.0]),
    ];
    fs::write(here.join("cast.jsonl"), lines(&cast)).unwrap();
}

#[test]
fn no_animal_and_no_thing_has_the_name_of_a_person() {
    let here = tempfile::tempdir().unwrap();
    of_two_kinds(here.path());
    let records = [
        called(cut("a", 0, 10, [0.96, 0.28]), "person"),
        called(cut("b", 1, 90, [0.96, 0.28]), "a green sea monster"),
        called(cut("c", 2, 170, [0.96, 0.28]), "potted plant"),
        called(cut("d", 3, 250, [0.28, 0.96]), "a boy"),
        // A label that implies no kind rules out no character.
        called(cut("e", 4, 330, [0.96, 0.28]), "class_7"),
        called(cut("f", 5, 410, [0.6, 0.8]), "dog"),
    ];
    let ran = by_the_cast(here.path(), &records);
    assert_eq!(
        names(&ran),
        ["nilo", "unknown", "unknown", "unknown", "nilo", "bruma"],
        "{}",
        ran.stderr
    );
    let found = identities(&ran);
    assert_eq!(found[2]["best"], "nilo", "of those that no kind rules out");
    assert_eq!(
        found[5],
        json!({"name": "bruma", "score": 0.8, "by": "reference", "track": 5}),
        "no other animal, and so no margin"
    );
}

#[test]
fn one_frame_in_which_a_boy_is_taken_for_a_dog_says_nothing() {
    let here = tempfile::tempdir().unwrap();
    of_two_kinds(here.path());
    let records = [
        called(followed("a", 0, 10, 5, [0.96, 0.28]), "person"),
        called(followed("b", 1, 12, 5, [0.96, 0.28]), "dog"),
        called(followed("c", 2, 14, 5, [0.96, 0.28]), "person"),
        // Of two that differ neither counts for the other.
        called(followed("d", 0, 90, 6, [0.96, 0.28]), "person"),
        called(followed("e", 1, 92, 6, [0.28, 0.96]), "dog"),
    ];
    let ran = by_the_cast(here.path(), &records);
    assert_eq!(
        names(&ran),
        ["nilo", "nilo", "nilo", "nilo", "bruma"],
        "{}",
        ran.stderr
    );
}

#[test]
fn the_folder_of_a_character_says_what_else_it_may_be() {
    let here = tempfile::tempdir().unwrap();
    of_two_kinds(here.path());
    fs::create_dir_all(here.path().join("cast/nilo")).unwrap();
    fs::write(here.path().join("cast/nilo/kind.txt"), "animal\n").unwrap();
    let record = called(cut("a", 0, 10, [0.96, 0.28]), "bear");
    let said = |flags: &[&str]| {
        let flags = [&["--references", "cast.jsonl"], flags].concat();
        let ran = run_in(
            here.path(),
            TOOL,
            &flags,
            &lines(std::slice::from_ref(&record)),
        );
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        names(&ran)[0].clone()
    };
    assert_eq!(said(&[]), "unknown");
    assert_eq!(said(&["--cast", "cast"]), "nilo");
}

#[test]
fn what_is_like_the_mean_but_like_no_reference_has_no_name() {
    let here = tempfile::tempdir().unwrap();
    let at = |degrees: f64| [degrees.to_radians().cos(), degrees.to_radians().sin()];
    // Two pairs, 15 degrees apart, and another of one image, which says nothing of the others. The mean is at 37.5.
    let cast: Vec<Value> = { [0.0, 1.0, 15.0, 60.0, 74.0, 75.0].into_iter() }
        .map(|degrees| {
            let mut record = seen(&format!("r{degrees}"), at(degrees));
            record["character"] = json!("nilo");
            record
        })
        .collect();
    fs::write(here.path().join("cast.jsonl"), lines(&cast)).unwrap();
    let records = [
        cut("a", 0, 10, at(37.5)),
        cut("b", 1, 90, at(10.0)),
        cut("c", 2, 170, at(88.0)),
    ];
    let said = |flags: &[&str]| {
        let flags = [
            &["--references", "cast.jsonl", "--min-cosine", "0.6"],
            flags,
        ]
        .concat();
        let ran = run_in(here.path(), TOOL, &flags, &lines(&records));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        names(&ran)
    };
    // 22.5 degrees from the nearest one, 5, and 13.
    assert_eq!(said(&[]), ["unknown", "nilo", "nilo"]);
    assert_eq!(
        said(&["--reference-quantile", "0"]),
        ["nilo", "nilo", "nilo"]
    );
}

#[test]
fn vectors_in_files_are_compared_as_those_in_the_records() {
    let here = tempfile::tempdir().unwrap();
    let apart = tempfile::tempdir().unwrap();
    let references = [
        ("nilo", [1.0, 0.1]),
        ("pia", [0.2, 1.0]),
        ("nilo", [0.9, 0.3]),
    ];
    let references = references.map(|(name, vector)| {
        let mut record = seen("r", vector);
        record["character"] = json!(name);
        record
    });
    let instances: Vec<_> = (0..30)
        .map(|n| {
            let angle = n as f64 / 20.0;
            let vector = [angle.cos(), angle.sin()];
            cut(&format!("i{n}"), n, 30 * n, vector)
        })
        .collect();
    let said = |references: &[Value], instances: &[Value]| {
        fs::write(here.path().join("cast.jsonl"), lines(references)).unwrap();
        let flags = ["--references", "cast.jsonl", "--min-cosine", "0.7"];
        let ran = run_in(here.path(), TOOL, &flags, &lines(instances));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        without_embeddings(ran.records())
    };
    let expected = said(&references, &instances);
    assert_eq!(expected.len(), 30);
    let moved = in_file(here.path(), &instances);
    // The references have a file of their own, named by its whole path.
    let mut named = in_file(apart.path(), &references);
    for one in &mut named {
        one["embedding"]["vector"]["file"] = json!(apart.path().join("vectors.npy"));
    }
    assert_eq!(expected, said(&references, &moved));
    assert_eq!(expected, said(&named, &moved));
    assert_eq!(expected, said(&named, &instances));
    fs::remove_file(apart.path().join("vectors.npy")).unwrap();
    let flags = ["--references", "cast.jsonl"];
    fs::write(here.path().join("cast.jsonl"), lines(&named)).unwrap();
    let ran = run_in(here.path(), TOOL, &flags, &lines(&instances));
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("cast.jsonl: r: "), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("vectors.npy: row 2: No such file"),
        "{}",
        ran.stderr
    );
}
