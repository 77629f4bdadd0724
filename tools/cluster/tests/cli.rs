//! What `cluster` does, seen from outside.
#![allow(clippy::unwrap_used, reason = "a test may stop where it fails")]

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, in_file, run, run_in, without_embeddings};

const TOOL: &str = env!("CARGO_BIN_EXE_cluster");

#[test]
fn has_the_manners_of_a_tool() {
    testkit::manners(Shape {
        tool: TOOL,
        flags: &["--figures", "/source/frame,/source/shot", "--k", "1"],
        opens_images: false,
        streams: false,
    });
}

#[test]
fn golden_cases_come_out_as_stored() {
    testkit::golden(TOOL, "tests/golden", Tolerance::default());
}

/// Runs it on the vectors of a stored set, as they are.
fn on(set: &str, arguments: &[&str]) -> Ran {
    let input = fs::read_to_string(format!("tests/reference/{set}.jsonl")).unwrap();
    let usual = ["--on", "/vector", "--metric", "euclidean"];
    let ran = run(TOOL, &[&usual, arguments].concat(), &input);
    assert_eq!(ran.code, Some(0), "{set}: {}", ran.stderr);
    ran
}

fn reference(set: &str) -> Value {
    let text = fs::read_to_string("tests/reference/kmeans.json").unwrap();
    serde_json::from_str::<Value>(&text).unwrap()[set].clone()
}

/// Asserts that the clusters found are those under `key`, however numbered;
/// noise is noise.
fn assert_same_parts(records: &[Value], key: &str) {
    let mut pairs = BTreeMap::new();
    for record in records {
        let found = record["cluster"]["id"].as_i64().unwrap();
        let expected = record[key].as_i64().unwrap();
        assert_eq!(found < 0, expected < 0, "noise: {record}");
        assert_eq!(
            *pairs.entry(found).or_insert(expected),
            expected,
            "{record}"
        );
    }
    let mut expected: Vec<_> = pairs.values().collect();
    expected.sort_unstable();
    expected.dedup();
    assert_eq!(expected.len(), pairs.len(), "{key}: one is split");
}

#[test]
fn dbscan_finds_what_scikit_learn_finds() {
    for set in ["moons", "blobs", "mixed"] {
        let epsilon = reference(set)["epsilon"].to_string();
        let ran = on(set, &["--method", "dbscan", "--epsilon", &epsilon]);
        assert_same_parts(&ran.records(), "dbscan");
    }
}

#[test]
fn hdbscan_finds_what_scikit_learn_finds() {
    for set in ["moons", "blobs", "mixed"] {
        let ran = on(set, &["--method", "hdbscan"]);
        assert_same_parts(&ran.records(), "hdbscan");
    }
}

#[test]
fn kmeans_is_as_tight_as_the_best_of_twenty_of_scikit_learn() {
    for set in ["moons", "blobs", "mixed"] {
        let reference = reference(set);
        let best = reference["inertia"].as_f64().unwrap();
        for seed in ["0", "1", "2"] {
            let ran = on(set, &["--k", &reference["k"].to_string(), "--seed", seed]);
            let distances = ran.records();
            let distances = distances.iter().map(|r| r["cluster"]["distance"].as_f64());
            let inertia: f64 = distances.map(|distance| distance.unwrap().powi(2)).sum();
            assert!(
                inertia < 1.05 * best,
                "{set}, seed {seed}: {inertia}, {best}"
            );
        }
    }
}

#[test]
fn auto_finds_how_many_blobs_there_are() {
    let ran = on("blobs", &[]);
    let ids = ran
        .records()
        .iter()
        .map(|r| r["cluster"]["id"].as_i64())
        .max();
    assert_eq!(ids, Some(Some(4)));
}

#[test]
fn the_knee_separates_clusters_from_noise() {
    let ran = on("mixed", &["--method", "dbscan"]);
    let records = ran.records();
    let noise = |range: std::ops::Range<usize>| {
        let noise = records[range].iter().filter(|r| r["cluster"]["id"] == -1);
        noise.count()
    };
    assert!(noise(0..160) < 16, "of four blobs few are noise");
    assert!(noise(160..200) > 32, "of what lies between most is");
}

#[test]
fn clusters_are_described_and_noise_is_kept() {
    let ran = on("mixed", &["--method", "hdbscan"]);
    let records = ran.records();
    assert_eq!(records.len(), 200, "noise is not lost");
    let mut sizes = BTreeMap::<i64, Vec<&Value>>::new();
    for record in &records {
        let cluster = &record["cluster"];
        sizes
            .entry(cluster["id"].as_i64().unwrap())
            .or_default()
            .push(cluster);
    }
    let mut last = usize::MAX;
    for (&id, clusters) in &sizes {
        assert!(clusters.iter().all(|c| c["size"] == clusters.len()));
        let representatives: Vec<_> = clusters
            .iter()
            .filter(|c| c["representative"] == true)
            .collect();
        if id < 0 {
            assert!(representatives.is_empty() && clusters[0].get("distance").is_none());
            continue;
        }
        assert!(clusters.len() <= last, "the largest come first");
        last = clusters.len();
        let distance = |c: &Value| c["distance"].as_f64().unwrap();
        let nearest = clusters
            .iter()
            .map(|c| distance(c))
            .fold(f64::INFINITY, f64::min);
        assert_eq!(representatives.len(), 1);
        assert!(distance(representatives[0]) <= nearest);
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    // Enough for every loop to be split.
    let line = |n: u64| {
        let number = |at: u64| (((n * 37 + at * 101) * 2_654_435_761) >> 13) % 1000;
        let vector: Vec<_> = (0..24).map(number).collect();
        json!({"id": format!("r{n}"), "vector": vector}).to_string() + "\n"
    };
    let input: String = (0..1500).map(line).collect();
    for method in ["kmeans", "dbscan"] {
        let with = |jobs: &str| {
            let flags = [
                "--on",
                "/vector",
                "--method",
                method,
                "--near-duplicates",
                "0.9",
                "-j",
                jobs,
            ];
            run(TOOL, &flags, &input).stdout
        };
        let one = with("1");
        assert!(!one.is_empty());
        assert!(one == with("2") && one == with("5"), "{method}");
    }
}

/// Ten thousand records and more: the angle and the height of twelve heaps, and some strewn between.
fn many() -> String {
    let line = |n: u64| {
        let chance = |salt: u64| {
            let mixed = (n * 12 + salt + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) as f64 / u64::MAX as f64
        };
        let heap = n % 12;
        let at = |of: u64, salt: u64| match n % 25 {
            0 => 60.0 * chance(salt),
            _ => 15.0 * of as f64 + chance(salt) + chance(salt + 2),
        };
        let vector = [at(heap % 4, 0), at(heap / 4, 1)];
        json!({"id": n, "heap": heap, "strewn": n.is_multiple_of(25), "vector": vector}).to_string()
            + "\n"
    };
    (0..10_400).map(line).collect()
}

#[test]
fn over_ten_thousand_records_go_through_an_index_and_come_out_the_same() {
    let input = many();
    for method in [
        &["--method", "hdbscan", "--min-records", "200"][..],
        &["--method", "dbscan", "--epsilon", "0.5"],
    ] {
        let with = |jobs: &str| {
            let flags = [
                &["--on", "/vector", "--metric", "euclidean", "-j", jobs],
                method,
            ]
            .concat();
            run(TOOL, &flags, &input)
        };
        let ran = with("1");
        assert!(
            ran.stdout == with("3").stdout,
            "{method:?}: threads have no say"
        );
        let mut heaps = BTreeMap::new();
        for record in ran.records() {
            if record["strewn"] == false {
                let id = record["cluster"]["id"].as_i64().unwrap();
                assert!(id >= 0, "{method:?}: {record}");
                assert_eq!(
                    *heaps.entry(record["heap"].as_u64()).or_insert(id),
                    id,
                    "{method:?}: {record}"
                );
            }
        }
        let ids: std::collections::BTreeSet<_> = heaps.values().collect();
        assert_eq!(ids.len(), 12, "{method:?}");
        let noise = ran
            .records()
            .iter()
            .filter(|r| r["cluster"]["id"] == -1)
            .count();
        assert!(
            (300..=416).contains(&noise),
            "{method:?}: {noise} of 416 strewn"
        );
    }
}

#[test]
fn the_best_of_near_duplicates_stays() {
    let input = r#"{"id":"a","embedding":{"vector":[1,0]},"quality":{"sharpness":3}}
{"id":"b","embedding":{"vector":[0.99,0.01]},"quality":{"sharpness":9}}
{"id":"c","embedding":{"vector":[0,1]}}
{"id":"d","embedding":{"vector":[0.6,0.8]}}
"#;
    let flags = ["--near-duplicates", "0.98", "--k", "1", "--keep"];
    let ran = run(TOOL, &flags, input);
    let records = ran.records();
    assert_eq!(
        records[0]["rejected"],
        json!({"by": "cluster", "reason": "near duplicate of b: cosine 1.000"})
    );
    assert!(records[0].get("cluster").is_none());
    for kept in &records[1..] {
        assert_eq!(kept["cluster"]["size"], 3, "the size is without duplicates");
    }
}

#[test]
fn wrong_vectors_fail_alone_and_are_named() {
    let input = r#"{"id":"a","embedding":{"vector":[1,0]}}
{"id":"b","embedding":{"vector":[0,1]}}
{"id":"short","embedding":{"vector":[1]}}
{"id":"other","embedding":{"vector":[1,0],"model":"dino"}}
{"id":"none","embedding":{}}
{"id":"zero","embedding":{"vector":[0,0]}}
{"id":"huge","embedding":{"vector":[1e30,0]}}
{"id":"empty","embedding":{"vector":[]}}
{"id":"text","embedding":{"vector":["x",0]}}
"#;
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--k", "1", "--rejects", "r.jsonl"];
    let ran = run_in(folder.path(), TOOL, &flags, input);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.records().len(), 2);
    for said in [
        "short: key `/embedding/vector`: 1 numbers, but most vectors have 2 numbers: vectors of two",
        "other: key `/embedding/vector`: 2 numbers of dino, but most vectors have 2 numbers: ",
        "line 5: none: key `/embedding/vector` is missing",
        "line 6: zero: key `/embedding/vector`: all numbers are zero",
        "line 7: huge: key `/embedding/vector`: number 0 is 1e30, too large",
        "line 8: empty: key `/embedding/vector`: the vector is empty",
        "line 9: text: key `/embedding/vector`: invalid type",
    ] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
}

#[test]
fn figures_count_alike_whatever_their_unit() {
    // By height alone there are two groups; the other figure is in millions.
    let line = |n: u64| {
        let height = if n.is_multiple_of(2) { 0.001 } else { 0.002 };
        json!({"id": n, "height": height, "other": n / 2 % 3 * 1_000_000}).to_string() + "\n"
    };
    let input: String = (0..60).map(line).collect();
    let ran = run(TOOL, &["--figures", "/height,/other", "--k", "6"], &input);
    let records = ran.records();
    assert!(
        records.iter().all(|r| r["cluster"]["size"] == 10),
        "{}",
        ran.stdout
    );
    assert!(
        records
            .iter()
            .all(|r| r["cluster"]["distance"].as_f64() < Some(0.001))
    );
}

#[test]
fn fewer_records_than_clusters_are_a_cluster_each() {
    let two = "{\"id\":\"a\",\"vector\":[1,0]}\n{\"id\":\"b\",\"vector\":[0,1]}\n";
    let ran = run(TOOL, &["--on", "/vector", "--k", "3"], two);
    let said = "cluster: --k 3: there are 2 records: each becomes a cluster\n";
    assert_eq!(ran.stderr, said);
    let ids: Vec<_> = ran
        .records()
        .iter()
        .map(|r| r["cluster"]["id"].clone())
        .collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn wrong_wishes_are_refused() {
    let two = "{\"id\":\"a\",\"vector\":[1,0]}\n{\"id\":\"b\",\"vector\":[0,1]}\n";
    for flags in [
        ["--k", "0"],
        ["--epsilon", "-1"],
        ["--min-records", "1"],
        ["--near-duplicates", "NaN"],
        ["--near-duplicates", "1.5"],
    ] {
        assert_eq!(run(TOOL, &flags, two).code, Some(2), "{flags:?}");
    }
    let ran = run(TOOL, &["--on", "/vector", "--method", "hdbscan"], two);
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.stderr.contains("no clusters: all 2 records are noise"),
        "{}",
        ran.stderr
    );
}

#[test]
fn records_without_a_vector_fail_or_are_dropped() {
    let input = r#"{"id":"a","v":[1,0]}
{"id":"b"}
{"id":"c","v":[1,0.001]}
{"id":"d","v":[0,1]}
"#;
    let folder = tempfile::tempdir().unwrap();
    let flags = [
        "--on",
        "/v",
        "--near-duplicates",
        "0.99",
        "--rejects",
        "r.jsonl",
    ];
    let rejects = |more: &[&str]| {
        let ran = run_in(folder.path(), TOOL, &[&flags[..], more].concat(), input);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let records = ran.records();
        let ids: Vec<_> = records.iter().map(|record| record["id"].clone()).collect();
        assert_eq!(ids, ["a", "d"]);
        fs::read_to_string(folder.path().join("r.jsonl")).unwrap()
    };
    let failed = rejects(&[]);
    assert!(failed.contains("key `/v` is missing"), "{failed}");
    let dropped = rejects(&["--drop-without"]);
    assert!(
        dropped.contains(r#""id":"b","rejected":{"by":"cluster","reason":"no key `/v`"}"#),
        "{dropped}"
    );
    assert!(
        dropped.contains("near duplicate of a: cosine 1.000"),
        "{dropped}"
    );
    let marked = run(TOOL, &["--on", "/v", "--drop-without", "--keep"], input);
    let records = marked.records();
    let ids: Vec<_> = records.iter().map(|record| record["id"].clone()).collect();
    assert_eq!(ids, ["a", "b", "c", "d"], "in the order of the input");
    let none = run(TOOL, &["--on", "/w", "--drop-without"], input);
    assert_eq!(
        (none.code, none.stdout.as_str()),
        (Some(0), ""),
        "{}",
        none.stderr
    );
}

fn lines(records: &[Value]) -> String {
    let line = |record: &Value| [record.to_string(), "\n".to_owned()];
    records.iter().flat_map(line).collect()
}

/// Of three heaps in turn, each vector another, with five decimals.
fn heaps(count: usize) -> Vec<Value> {
    let number = |n: usize, at: usize| {
        let near = f64::from(u8::from(n % 3 == at));
        let away = (n * 7919 + at * 104_729) % 10_007;
        ((near + 3e-5 * away as f64) * 1e5).round() / 1e5
    };
    let record = |n: usize| {
        let vector: Vec<f64> = (0..5).map(|at| number(n, at)).collect();
        json!({"id": format!("r{n:03}"), "embedding": {"model": "flat", "vector": vector}, "quality": {"sharpness": n * 31 % 97}})
    };
    (0..count).map(record).collect()
}

#[test]
fn vectors_in_a_file_are_clustered_as_those_in_the_records() {
    let folder = tempfile::tempdir().unwrap();
    let records = heaps(200);
    let moved = in_file(folder.path(), &records);
    // Every third in the record itself, in another order than that of the file, and some of the file not at all.
    let mixed = { records.iter().zip(&moved).enumerate() }.map(|(n, (own, moved))| match n % 3 {
        0 => own.clone(),
        _ => moved.clone(),
    });
    let order = |records: Vec<Value>| -> Vec<Value> {
        let mut records: Vec<_> = records.into_iter().skip(9).collect();
        records.reverse();
        records
    };
    let mixed = order(mixed.collect());
    for more in [
        &["--k", "3"][..],
        &["--method", "hdbscan"],
        &["--near-duplicates", "0.99", "--keep"],
        &["--metric", "euclidean", "--k", "4"],
    ] {
        let said = |records: &[Value]| {
            let ran = run_in(folder.path(), TOOL, more, &lines(records));
            assert_eq!(ran.code, Some(0), "{}", ran.stderr);
            without_embeddings(ran.records())
        };
        let expected = said(&order(records.clone()));
        assert_eq!(expected.len(), 191);
        assert_eq!(expected, said(&order(moved.clone())), "{more:?}");
        assert_eq!(expected, said(&mixed), "{more:?}");
    }
}

#[test]
fn a_vector_that_is_not_in_its_file_fails_its_record_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut records = in_file(folder.path(), &heaps(6));
    records[1]["embedding"]["vector"]["crc32"] = json!("00000000");
    records[2]["embedding"]["vector"]["file"] = json!("gone/v.npy");
    records[3]["embedding"]["vector"]["row"] = json!(6);
    let flags = ["--k", "1", "--rejects", "r.jsonl"];
    let ran = run_in(folder.path(), TOOL, &flags, &lines(&records));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert_eq!(ran.records().len(), 3);
    for said in [
        "line 2: r001: key `/embedding/vector`: vectors.npy: row 4: has the checksum ",
        "line 3: r002: key `/embedding/vector`: gone/v.npy: row 3: No such file or directory (os error 2): run clip-embed again",
        "line 4: r003: key `/embedding/vector`: vectors.npy: row 6: is not there: the file has 6 rows: run clip-embed again",
    ] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    assert!(
        ran.stderr.contains("and not 00000000 as its record says"),
        "{}",
        ran.stderr
    );
    let alone = run_in(folder.path(), TOOL, &["--k", "1"], &lines(&records));
    assert_eq!(alone.code, Some(1), "without --rejects it ends the run");
}
