//! What clip-tag makes of manifests, with small networks that have the names and shapes of the
//! published ones. What is expected of them was made by `shared/nets/tests/reference/embed.py`.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use testkit::{Ran, Shape, Tolerance, golden, in_file, keyed_manners, run_in, without_embeddings};

const TOOL: &str = env!("CARGO_BIN_EXE_clip-tag");
const NETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/nets/tests");
const LABELS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/labels");

fn net(name: &str) -> String {
    format!("{NETS}/onnx/{name}")
}

#[test]
fn has_manners() {
    let model = net("tiny-clip");
    let labels = format!(
        "{}/tests/golden/tiny/place.toml",
        env!("CARGO_MANIFEST_DIR")
    );
    let vector = &expected()[0]["images"][0]["vector"];
    let embedding = json!({"model": "tiny-clip", "vector": vector});
    let shape = Shape {
        tool: TOOL,
        flags: &[
            "--model",
            &model,
            "--labels",
            &labels,
            "--device",
            "cpu",
            "--threads",
            "1",
            "--no-cache",
        ],
        opens_images: false,
        streams: true,
    };
    keyed_manners(shape, &[("embedding", embedding)]);
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

/// Writes `labels` as `labels.json` and asks for them.
fn tag(here: &Path, model: &str, labels: &Value, more: &[&str], input: &str) -> Ran {
    fs::write(here.join("labels.json"), labels.to_string()).unwrap();
    let flags = [
        "--model",
        model,
        "--labels",
        "labels.json",
        "--device",
        "cpu",
    ];
    let cache: &[&str] = if more.contains(&"--cache") {
        &[]
    } else {
        &["--no-cache"]
    };
    let arguments: Vec<_> = flags.iter().chain(cache).chain(more).collect();
    run_in(here, TOOL, &arguments, input)
}

fn expected() -> Vec<Value> {
    let path = format!("{NETS}/expected/embed/vectors.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_vector_in_a_file_is_tagged_as_one_in_the_record() {
    let here = tempfile::tempdir().unwrap();
    let model = &expected()[0];
    let labels = json!({"place": {"templates": model["templates"], "labels": model["labels"], "threshold": 0.0, "top": 3}});
    let manifest = embedded(model);
    let records: Vec<Value> = { manifest.lines() }
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let said = |records: &[Value]| {
        let lines: Vec<_> = records.iter().map(ToString::to_string).collect();
        let name = net(model["model"].as_str().unwrap());
        let ran = tag(here.path(), &name, &labels, &[], &lines.join("\n"));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        without_embeddings(ran.records())
    };
    let mut moved = in_file(here.path(), &records);
    let expected = said(&records);
    assert_eq!(expected, said(&moved));
    moved[0] = records[0].clone();
    assert_eq!(expected, said(&moved), "some of both");
}

/// A manifest of the vectors that the reference found.
fn embedded(model: &Value) -> String {
    let mut manifest = String::new();
    for image in model["images"].as_array().unwrap() {
        let embedding = json!({"model": model["model"], "vector": image["vector"]});
        let record =
            json!({"id": image["size"].to_string(), "image": "x.png", "embedding": embedding});
        writeln!(manifest, "{record}").unwrap();
    }
    manifest
}

#[test]
fn scores_are_those_of_transformers() {
    let here = tempfile::tempdir().unwrap();
    for model in &expected()[..2] {
        let name = model["model"].as_str().unwrap();
        let kinds: &[&str] = if name == "tiny-clip" {
            &["softmax"]
        } else {
            &["softmax", "sigmoid"]
        };
        for kind in kinds {
            let group = json!({
                "templates": model["templates"], "labels": model["labels"],
                "score": kind, "threshold": 0.0, "top": 3,
            });
            let labels = json!({"place": group});
            let ran = tag(here.path(), &net(name), &labels, &[], &embedded(model));
            assert_eq!(ran.code, Some(0), "{}", ran.stderr);
            for (image, record) in model["images"]
                .as_array()
                .unwrap()
                .iter()
                .zip(ran.records())
            {
                let said = record["tags"]["place"].as_array().unwrap();
                assert_eq!(said.len(), 3, "{record}");
                for pair in said {
                    let label = pair[0].as_str().unwrap();
                    let far = pair[1].as_f64().unwrap() - image[*kind][label].as_f64().unwrap();
                    assert!(
                        far.abs() < 1e-3,
                        "{name} {kind} {}: {label} {far}",
                        image["size"]
                    );
                }
            }
        }
    }
}

#[test]
fn a_family_scores_in_its_own_way() {
    let here = tempfile::tempdir().unwrap();
    let models = expected();
    let labels = json!({"place": {"labels": models[0]["labels"], "top": 9, "threshold": 0.0}});
    let sum = |model: &Value| {
        let name = net(model["model"].as_str().unwrap());
        let ran = tag(here.path(), &name, &labels, &[], &embedded(model));
        let said = ran.records()[0]["tags"]["place"].clone();
        let scores = said
            .as_array()
            .unwrap()
            .iter()
            .map(|pair| pair[1].as_f64().unwrap());
        scores.sum::<f64>()
    };
    assert!(
        (sum(&models[0]) - 1.0).abs() < 2e-4,
        "shares of CLIP add up to 1"
    );
    assert!(sum(&models[1]) > 1.5, "SigLIP's stand for themselves");
    let sigmoid = json!({"place": {"labels": models[0]["labels"], "score": "sigmoid"}});
    let ran = tag(here.path(), &net("tiny-clip"), &sigmoid, &[], "");
    assert!(
        ran.stderr.contains("CLIP cannot score a label by itself"),
        "{}",
        ran.stderr
    );
}

#[test]
fn thresholds_say_unknown() {
    let here = tempfile::tempdir().unwrap();
    let model = &expected()[0];
    let labels =
        json!({"place": {"labels": model["labels"], "threshold": {"softmax": 0.0}, "top": 1}});
    let input = embedded(model);
    let first = |more: &[&str]| {
        let ran = tag(here.path(), &net("tiny-clip"), &labels, more, &input);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        ran.records()
            .iter()
            .map(|r| r["tags"]["place"].clone())
            .collect::<Vec<_>>()
    };
    let known = first(&[]);
    assert!(
        known
            .iter()
            .all(|said| said.as_array().unwrap().len() == 1 && said[0][0] != "unknown")
    );
    let strict = first(&["--threshold", "1"]);
    for (strict, known) in strict.iter().zip(&known) {
        let score = &known[0][1];
        let reaches = score.as_f64().unwrap() >= 0.99995;
        assert!(
            reaches || *strict == json!([["unknown", score]]),
            "{strict}"
        );
    }
    assert!(strict.iter().any(|said| said[0][0] == "unknown"));
    let near = first(&["--margin", "1"]);
    assert!(near.iter().any(|said| said[0][0] == "unknown"));
}

#[test]
fn vectors_of_another_model_are_refused() {
    let here = tempfile::tempdir().unwrap();
    let model = &expected()[0];
    let labels = json!({"place": {"labels": model["labels"]}});
    let mut record: Value = serde_json::from_str(embedded(model).lines().next().unwrap()).unwrap();
    record["embedding"]["model"] = json!("clip-vit-base-patch32");
    let other = format!("{record}\n");
    let ran = tag(here.path(), &net("tiny-clip"), &labels, &[], &other);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("its vector is by clip-vit-base-patch32, the texts are by tiny-clip"),
        "{}",
        ran.stderr
    );
    let named = ["--partner", "clip-vit-base-patch32"];
    assert_eq!(
        tag(here.path(), &net("tiny-clip"), &labels, &named, &other).code,
        Some(0)
    );
    record["embedding"]["model"] = json!("tiny-clip");
    record["models"] =
        json!({"clip-embed": {"model": "tiny-clip", "sha256": "00", "device": "cpu"}});
    let ran = tag(
        here.path(),
        &net("tiny-clip"),
        &labels,
        &[],
        &format!("{record}\n"),
    );
    assert!(
        ran.stderr.contains("by other files of tiny-clip"),
        "{}",
        ran.stderr
    );
    record["embedding"]["vector"] = json!([1.0, 0.0]);
    let ran = tag(
        here.path(),
        &net("tiny-clip"),
        &labels,
        &["--partner", "tiny-clip"],
        &format!("{record}\n"),
    );
    assert!(
        ran.stderr.contains("2 numbers, but the texts have 24"),
        "{}",
        ran.stderr
    );
}

#[test]
fn groups_of_several_files_and_of_before_stay() {
    let here = tempfile::tempdir().unwrap();
    let model = &expected()[0];
    fs::write(
        here.path().join("more.toml"),
        "[when]\nabout = \"a test\"\nthreshold = 0.0\n[when.labels]\nnight = [\"at night\", \"by the moon\"]\nday = \"by day\"\n",
    )
    .unwrap();
    let mut record: Value = serde_json::from_str(embedded(model).lines().next().unwrap()).unwrap();
    record["tags"] = json!({"mine": [["kept", 1.0]]});
    let labels = json!({"place": {"labels": model["labels"], "threshold": 0.0}});
    let more = ["--labels", "more.toml", "--cache", "cache"];
    let ran = tag(
        here.path(),
        &net("tiny-clip"),
        &labels,
        &more,
        &format!("{record}\n"),
    );
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let groups = &ran.records()[0]["tags"];
    let names: Vec<_> = groups.as_object().unwrap().keys().collect();
    assert_eq!(names, ["mine", "place", "when"]);
    let again = tag(
        here.path(),
        &net("tiny-clip"),
        &labels,
        &more,
        &format!("{record}\n"),
    );
    assert_eq!(
        ran.stdout, again.stdout,
        "remembered texts give the same bytes"
    );
    let twice = ["--labels", "labels.json"];
    let ran = tag(here.path(), &net("tiny-clip"), &labels, &twice, "");
    assert!(
        ran.stderr
            .contains("an earlier file has this group too: place"),
        "{}",
        ran.stderr
    );
}

#[test]
fn label_files_are_checked() {
    let here = tempfile::tempdir().unwrap();
    let wrong = [
        (
            json!({"a": {"labels": {"x": "x"}}}),
            "a: at least two labels",
        ),
        (
            json!({"a": {"labels": {"x": "x", "y": []}}}),
            "label `y` has no texts",
        ),
        (
            json!({"a": {"labels": {"x": "x", "y": "y"}, "templates": ["no place"]}}),
            "a template has no {}",
        ),
        (
            json!({"a": {"labels": {"x": "x", "y": "y"}, "threshold": 3}}),
            "from 0 to 1, not 3",
        ),
        (
            json!({"a": {"labels": {"x": "x", "y": "y"}, "treshold": 0.3}}),
            "unknown field `treshold`",
        ),
        (json!({}), "no groups in these files"),
    ];
    for (labels, words) in wrong {
        let ran = tag(here.path(), &net("tiny-clip"), &labels, &[], "");
        assert_eq!(ran.code, Some(1), "{labels}");
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    let ran = tag(
        here.path(),
        &net("tiny-dinov2"),
        &json!({"a": {"labels": {"x": "x", "y": "y"}}}),
        &[],
        "",
    );
    assert!(
        ran.stderr.contains("the model has no file for `tokenizer`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn the_label_files_of_the_examples_can_be_asked() {
    let here = tempfile::tempdir().unwrap();
    let model = &expected()[0];
    let clip = net("tiny-clip");
    let flags = [
        "--model",
        &clip,
        "--labels",
        LABELS,
        "--device",
        "cpu",
        "--no-cache",
        "--threshold",
        "0",
        "--margin",
        "0",
    ];
    let ran = run_in(here.path(), TOOL, &flags, &embedded(model));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let tags = ran.records()[0]["tags"].clone();
    for group in [
        "location",
        "time",
        "weather",
        "style",
        "light",
        "framing",
        "viewpoint",
    ] {
        assert!(tags[group].is_array(), "{group}: {tags}");
    }
}

#[test]
fn a_measure_gives_one_score_and_no_choice() {
    let here = tempfile::tempdir().unwrap();
    let model = &expected()[0];
    let labels = |more: Value| {
        let mut group =
            json!({"labels": {"good": "a photo", "bad": "a drawing"}, "measure": "bad"});
        group
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!({"worth": group})
    };
    let ask = |labels: &Value, more: &[&str]| {
        tag(
            here.path(),
            &net("tiny-clip"),
            labels,
            more,
            &embedded(model),
        )
    };
    let ran = ask(&labels(json!({})), &["--threshold", "1"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for record in ran.records() {
        let said = record["tags"]["worth"].as_array().unwrap();
        assert_eq!((said.len(), &said[0][0]), (1, &json!("bad")), "{record}");
    }
    for (more, part) in [
        (
            json!({"measure": "best"}),
            "measure names `best`, which is none of its labels",
        ),
        (
            json!({"threshold": 0.5}),
            "a measure is a softmax, and has no threshold",
        ),
        (json!({"score": "sigmoid"}), "a measure is a softmax"),
    ] {
        let ran = ask(&labels(more), &[]);
        assert_eq!(ran.code, Some(1));
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    }
}

#[test]
fn the_labels_of_faces_are_groups() {
    let here = tempfile::tempdir().unwrap();
    let folder = format!("{LABELS}/faces");
    let flags = [
        "--model",
        &net("tiny-clip"),
        "--labels",
        &folder,
        "--device",
        "cpu",
        "--no-cache",
    ];
    let ran = run_in(here.path(), TOOL, &flags, &embedded(&expected()[0]));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let tags = ran.records()[0]["tags"].as_object().unwrap().clone();
    assert_eq!(
        tags.keys().collect::<Vec<_>>(),
        ["eyebrows", "eyes", "mouth"]
    );
}
