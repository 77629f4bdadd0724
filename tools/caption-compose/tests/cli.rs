//! What caption-compose makes of manifests.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::fs;

use serde_json::{Value, json};
use testkit::{Shape, Tolerance, golden, manners, run, run_in};

const TOOL: &str = env!("CARGO_BIN_EXE_caption-compose");

#[test]
fn has_manners() {
    manners(Shape {
        tool: TOOL,
        flags: &["--type", "character", "--trigger", "lucap"],
        opens_images: false,
        streams: true,
    });
}

#[test]
fn golden_cases() {
    golden(TOOL, "tests/golden", Tolerance::default());
}

fn compose(flags: &[&str], record: &Value) -> Value {
    let ran = run(TOOL, flags, &format!("{record}\n"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.records().remove(0)
}

fn caption(flags: &[&str], record: &Value) -> String {
    compose(flags, record)["caption"]
        .as_str()
        .unwrap()
        .to_owned()
}

const CHARACTER: [&str; 6] = [
    "--type",
    "character",
    "--trigger",
    "lucap",
    "--class",
    "boy",
];

#[test]
fn unknown_is_never_said() {
    let record = json!({"id": "a", "image": "a.png", "pose": {"action": "unknown", "angle": "side"},
        "emotion": {"label": "unknown"}, "light": {"time": "unknown", "weather": "unknown", "setting": "unknown"}});
    for form in ["tags", "sentence", "both"] {
        let out = compose(&[&CHARACTER[..], &["--form", form]].concat(), &record);
        assert!(
            !out["caption"].as_str().unwrap().contains("unknown"),
            "{out}"
        );
    }
    let out = compose(&CHARACTER, &record);
    assert_eq!(out["caption"], "lucap boy, side view");
    assert_eq!(
        out["facts"]["left_out"][0],
        json!(["/pose/action", "unknown"])
    );
}

#[test]
fn the_least_important_goes_first_over_the_budget() {
    let record = json!({"id": "a", "image": "a.png", "framing": "full body",
        "pose": {"action": "running", "angle": "side"}, "light": {"time": "evening", "setting": "outdoor"}});
    assert_eq!(
        caption(&CHARACTER, &record),
        "lucap boy, full body, side view, running, outdoors, evening"
    );
    // `lucap boy, side view, running` has eight tokens: luc ap boy , side view , running.
    let flags = [&CHARACTER[..], &["--budget", "8"]].concat();
    let out = compose(&flags, &record);
    assert_eq!(out["caption"], "lucap boy, side view, running");
    assert_eq!(out["facts"]["tokens"], 8);
    let why = &out["facts"]["left_out"][0];
    assert_eq!(
        why,
        &json!(["/framing", "over the budget of 8 tokens: full body"])
    );
    let sentence = out["facts"]["sentence"].as_str().unwrap();
    assert_eq!(
        sentence, "lucap boy, running.",
        "the sentence is held to the budget too"
    );
}

/// A tokenizer as T5's, with a small vocabulary.
const UNIGRAM: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/captions/tests/encoders/unigram.json"
);

#[test]
fn each_form_is_held_to_the_base_model_that_reads_it() {
    let raw = "A boat lies at the quay. ".repeat(2) + "The sea is calm, and gulls sit on a wall.";
    let record = json!({"id": "a", "image": "a.png", "pose": {"action": "running", "angle": "side"},
        "light": {"time": "evening"}, "captioner": {"raw": raw}});
    let bases = [
        "--base",
        "tags=sdxl",
        "--base",
        "sentence=flux",
        "--tokenizer",
        UNIGRAM,
    ];
    let out = compose(&[&CHARACTER[..], &bases].concat(), &record);
    assert_eq!(out["caption"], "lucap boy, side view, running, evening");
    let sentence = out["facts"]["sentence"].as_str().unwrap();
    assert!(sentence.ends_with("gulls sit on a wall."), "{sentence}");
    // The small vocabulary gives it 98 tokens, where CLIP's gives it 46.
    let tight = [&bases[..], &["--budget", "sentence=60", "--budget", "8"]].concat();
    let out = compose(&[&CHARACTER[..], &tight].concat(), &record);
    assert_eq!(out["caption"], "lucap boy, side view, running");
    let sentence = out["facts"]["sentence"].as_str().unwrap();
    assert!(!sentence.contains("gulls"), "{sentence}");
    let flags = [&CHARACTER[..], &["--form", "sentence"], &tight].concat();
    let tokens = compose(&flags, &record)["facts"]["tokens"]
        .as_u64()
        .unwrap();
    assert!((40..=60).contains(&tokens), "{tokens}");
}

#[test]
fn what_reads_the_captions_must_be_known() {
    let wrong = |flags: &[&str], code: i32, part: &str| {
        let ran = run(TOOL, &[&CHARACTER[..], flags].concat(), "");
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    };
    wrong(
        &["--base", "flux"],
        1,
        "its text encoder is T5: give its tokenizer.json",
    );
    wrong(&["--tokenizer", UNIGRAM], 1, "give --base or --budget");
    wrong(
        &["--tokenizer", "Cargo.toml", "--budget", "9"],
        1,
        "Cargo.toml: not a tokenizer.json",
    );
    wrong(&["--base", "sd9"], 2, "no base model `sd9`");
    wrong(
        &["--budget", "prose=9"],
        2,
        "`prose` is not a form of captions",
    );
}

/// The keys here are those that id-match, pose-classify, emotion-classify, face-crop, clip-tag and
/// light-classify write.
fn measured() -> Value {
    json!({"id": "a", "image": "a.png",
        "identity": {"name": "nilo", "score": 0.9, "by": "reference"},
        "pose": {"action": "lying", "angle": "three-quarter", "framing": "cowboy shot"},
        "face": {"angle": {"yaw": -31.5, "roll": 2.0}},
        "emotion": {"label": "surprised", "intensity": "low", "second": "sad"},
        "tags": {"location": [["living_room", 0.8]], "time": [["night", 0.7]], "weather": [["foggy", 0.6]],
            "viewpoint": [["low angle", 0.5]]},
        "light": {"time": "unknown", "weather": "unknown", "setting": "outdoor"}})
}

#[test]
fn every_policy_says_what_the_tools_write() {
    for (kind, trigger, said) in [
        (
            "character",
            "nilo=nilop",
            "nilop, cowboy shot, three-quarter view, lying down, slightly surprised expression, living room, outdoors, night, foggy",
        ),
        (
            "background",
            "prs",
            "prs, living room, low angle, outdoors, night, foggy",
        ),
        (
            "pose",
            "{}_pse",
            "lying_pse, lying down, nilo, cowboy shot, three-quarter view, living room, outdoors, night",
        ),
        (
            "pose-control",
            "nilo=nilop",
            "nilop, lying down, three-quarter view, cowboy shot, living room, night",
        ),
        (
            "expression",
            "{}_exp",
            "surprised_exp, slightly surprised expression, cowboy shot, three-quarter view, night, outdoors",
        ),
        (
            "style",
            "film",
            "film, lying down, cowboy shot, living room, outdoors, night, foggy",
        ),
        (
            "lighting",
            "lt_{}",
            "lt_night, night, foggy, outdoors, living room, cowboy shot",
        ),
    ] {
        let flags = ["--type", kind, "--trigger", trigger];
        assert_eq!(caption(&flags, &measured()), said, "{kind}");
    }
}

#[test]
fn tags_of_an_image_board_stand_in_the_tag_line_only() {
    let mut record = json!({"id": "a", "image": "a.png", "pose": {"action": "sitting"}, "light": {"setting": "indoor"}});
    record["tags"] = json!({"wd": [["1boy", 0.99], ["solo", 0.97], ["brown hair", 0.9], ["sitting", 0.8],
        ["outdoors", 0.7], ["striped_shirt", 0.6], ["3d", 0.5], ["open mouth", 0.4]]});
    let out = compose(&CHARACTER, &record);
    assert_eq!(
        out["caption"],
        "lucap boy, sitting, indoors, 1boy, solo, striped shirt, open mouth"
    );
    assert_eq!(out["facts"]["sentence"], "lucap boy, sitting, indoors.");
    let left_out = out["facts"]["left_out"].to_string();
    for why in [
        "says `hair` (identity): brown hair",
        "outdoors: /light/setting is indoor",
        "says `3d` (rendering): 3d",
    ] {
        assert!(left_out.contains(why), "{left_out}");
    }
    let place = caption(&["--type", "background", "--trigger", "prs"], &record);
    assert_eq!(place, "prs, indoors, striped shirt, open mouth");
    let only = json!({"id": "a", "image": "a.png", "tags": {"wd": [["sky", 0.9]]}});
    assert_eq!(caption(&["--type", "style"], &only), "sky");
    assert_eq!(
        caption(&["--type", "style", "--form", "sentence"], &only),
        "A scene."
    );
}

#[test]
fn the_number_of_a_cluster_is_no_name() {
    let mut record = measured();
    record["identity"]["name"] = json!("cluster_3");
    let said = caption(&["--type", "pose", "--trigger", "{}_pse"], &record);
    assert!(
        said.starts_with("lying_pse, lying down, cowboy shot"),
        "{said}"
    );
    let named = ["--type", "character", "--trigger", "cluster_3=nilop"];
    assert!(caption(&named, &record).starts_with("nilop, "));
}

#[test]
fn a_face_is_seen_from_where_it_is_turned() {
    let mut record = measured();
    for (yaw, view) in [
        (3.0, "front"),
        (-20.0, "front"),
        (45.0, "three-quarter"),
        (-75.5, "side"),
    ] {
        record["face"]["angle"]["yaw"] = json!(yaw);
        let said = caption(&["--type", "expression"], &record);
        assert!(said.contains(&format!(", {view} view, ")), "{yaw}: {said}");
    }
}

#[test]
fn nobody_is_slightly_neutral() {
    let mut record = measured();
    for (label, said) in [
        ("neutral", "neutral expression"),
        ("sad", "slightly sad expression"),
    ] {
        record["emotion"]["label"] = json!(label);
        assert!(caption(&["--type", "expression"], &record).starts_with(said));
    }
}

#[test]
fn a_pose_is_said_in_words_whatever_its_trigger() {
    let mut record = measured();
    record["pose"]["limbs"] = json!(["arms up", "one knee bent"]);
    let flags = [
        "--type",
        "pose",
        "--trigger",
        "{}_pse",
        "--trigger",
        "other=pse",
    ];
    for (action, said) in [
        (
            "jumping",
            "jumping_pse, jumping, arms up, one knee bent, nilo, ",
        ),
        ("other", "pse, arms up, one knee bent, nilo, "),
    ] {
        record["pose"]["action"] = json!(action);
        let found = caption(&flags, &record);
        assert!(found.starts_with(said), "{action}: {found}");
    }
}

#[test]
fn a_mood_is_said_of_places_and_light() {
    let mut record = measured();
    record["captioner"] = json!({"facts": {"mood": "gloomy"}});
    for (kind, trigger) in [("background", "prs"), ("lighting", "lt_{}")] {
        let flags = ["--type", kind, "--trigger", trigger];
        let said = caption(&flags, &record);
        assert!(said.contains(", gloomy mood"), "{kind}: {said}");
        let sentence = caption(&[&flags[..], &["--form", "sentence"]].concat(), &record);
        assert!(
            sentence.contains(", with a gloomy mood"),
            "{kind}: {sentence}"
        );
        record["tags"]["mood"] = json!([["eerie", 0.5], ["lonely", 0.3]]);
        assert!(caption(&flags, &record).contains(", eerie mood"), "{kind}");
        record["tags"]["mood"] = json!([["unknown", 0.2]]);
        assert!(caption(&flags, &record).contains(", gloomy mood"), "{kind}");
    }
}

#[test]
fn eyes_and_mouth_are_said_by_a_model_or_else_by_labels() {
    let mut record = measured();
    record["tags"] = json!({"eyes": [["closed eyes", 0.7]], "mouth": [["closed mouth", 0.8]],
        "eyebrows": [["unknown", 0.3]]});
    let flags = ["--type", "expression"];
    let said = caption(&flags, &record);
    assert!(
        said.starts_with("slightly surprised expression, closed eyes, cowboy shot"),
        "what is at rest is unsaid: {said}"
    );
    // What landmarks measure goes before the labels; what they cannot tell does not.
    record["features"] = json!({"eyes": {"label": "wide eyes"}, "mouth": {"label": "unknown"},
        "eyebrows": {"label": "raised eyebrows"}});
    let said = caption(&flags, &record);
    assert!(
        said.starts_with("slightly surprised expression, wide eyes, raised eyebrows, cowboy shot"),
        "{said}"
    );
    record.as_object_mut().unwrap().remove("features");
    record["captioner"] = json!({"facts": {"features": ["mouth open", "raised eyebrows"]}});
    let said = caption(&flags, &record);
    assert!(
        said.starts_with("slightly surprised expression, mouth open, raised eyebrows, cowboy shot"),
        "{said}"
    );
    record["captioner"] = json!({"facts": {"features": ["unknown"]}});
    assert!(caption(&flags, &record).contains(", closed eyes, "));
}

#[test]
fn twice_is_once() {
    let record = json!({"id": "a", "image": "a.png", "pose": {"action": "running"},
        "captioner": {"raw": "The image shows a boy with brown hair. The sea is calm."}});
    for form in ["tags", "sentence", "both"] {
        let flags = [&CHARACTER[..], &["--form", form]].concat();
        let once = compose(&flags, &record);
        assert_eq!(compose(&flags, &once), once);
    }
}

#[test]
fn one_trigger_for_each_value() {
    let record = |action| json!({"id": "a", "image": "a.png", "pose": {"action": action}, "light": {"time": "noon"}});
    let flags = [
        "--type",
        "pose",
        "--trigger",
        "running=run_pse",
        "--trigger",
        "{}_pse",
    ];
    assert_eq!(
        caption(&flags, &record("running")),
        "run_pse, running, noon"
    );
    assert_eq!(
        caption(&flags, &record("sitting")),
        "sitting_pse, sitting, noon"
    );
    let out = compose(&flags, &record("unknown"));
    let why = json!(["trigger", "/pose/action is not known"]);
    assert!(
        out["facts"]["left_out"].as_array().unwrap().contains(&why),
        "{out}"
    );
}

#[test]
fn a_record_with_nothing_to_say_fails() {
    let ran = run(
        TOOL,
        &["--type", "expression"],
        "{\"id\":\"a\",\"image\":\"a.png\"}\n",
    );
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("no caption"), "{}", ran.stderr);
}

#[test]
fn a_style_shows_even_where_nothing_is_known() {
    let record = json!({"id": "a", "image": "a.png", "light": {"time": "unknown"}});
    assert_eq!(caption(&["--type", "style"], &record), "a scene");
    assert_eq!(
        caption(&["--type", "style", "--form", "sentence"], &record),
        "A scene."
    );
    assert_eq!(
        caption(&["--type", "style", "--trigger", "lucastyle"], &record),
        "lucastyle"
    );
}

#[test]
fn a_policy_of_ones_own() {
    let folder = tempfile();
    let here = folder.path();
    fs::write(
        here.join("mood.toml"),
        "trigger = 'optional'\n[[say]]\nfrom = ['/mood']\ntag = 'a {} mood'\nphrase = ' {}'\nimportance = 1\n",
    )
    .unwrap();
    let ran = run_in(
        here,
        TOOL,
        &["--policy", "mood.toml"],
        "{\"id\":\"a\",\"mood\":\"calm\"}\n",
    );
    assert_eq!(ran.records()[0]["caption"], "a calm mood", "{}", ran.stderr);
    assert_eq!(ran.records()[0]["facts"]["type"], "mood");
    fs::write(here.join("bad.toml"), "trigger = 'often'").unwrap();
    let ran = run_in(here, TOOL, &["--policy", "bad.toml"], "");
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("bad.toml: not a policy"),
        "{}",
        ran.stderr
    );
}

fn tempfile() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_description_without_end_is_cut_short() {
    let raw = "A boat lies at the quay. ".repeat(20_000) + &"x".repeat(1_000_000);
    let record = json!({"id": "a", "image": "a.png", "captioner": {"raw": raw}, "tags": {"location": [["y".repeat(1_000_000), 0.9]]}});
    let out = compose(&[&CHARACTER[..], &["--form", "sentence"]].concat(), &record);
    assert!(out["facts"]["tokens"].as_u64().unwrap() <= 75);
    let words: Vec<String> = (0..200_000).map(|n| format!("Word{n}. ")).collect();
    let raw = words.concat();
    let record = json!({"id": "a", "image": "a.png", "captioner": {"raw": raw}});
    let out = compose(&[&CHARACTER[..], &["--form", "sentence"]].concat(), &record);
    assert!(
        out["caption"]
            .as_str()
            .unwrap()
            .starts_with("lucap boy. Word0. Word1. "),
        "{}",
        out["caption"]
    );
}

/// A boy who sits in the kitchen at night, of whom a model says `raw`.
fn sitting(raw: &str) -> Value {
    json!({"id": "a", "image": "a.png", "pose": {"action": "sitting"}, "light": {"time": "night", "setting": "indoor"},
        "captioner": {"raw": raw}})
}

#[test]
fn what_contradicts_is_left_unsaid_and_flagged() {
    let record =
        sitting("A boy is running along the quay. A cat lies on the table. It is a sunny day.");
    let flags = [&CHARACTER[..], &["--form", "sentence"]].concat();
    let out = compose(&flags, &record);
    assert_eq!(
        out["caption"],
        "lucap boy, sitting, indoors, at night. A cat lies on the table."
    );
    let found = json!([{"at": "/pose/action", "is": "sitting", "says": "running"},
        {"at": "/light/time", "is": "night", "says": "sunny"}]);
    assert_eq!(out["facts"]["contradictions"], found);
    let why = json!([
        "/captioner/raw",
        "the model says `running` where /pose/action is sitting"
    ]);
    assert!(
        out["facts"]["left_out"].as_array().unwrap().contains(&why),
        "{out}"
    );
    assert_eq!(compose(&flags, &out), out, "twice is once");
    let ignored = compose(
        &[&flags[..], &["--contradictions", "ignore"]].concat(),
        &record,
    );
    assert!(
        ignored["caption"]
            .as_str()
            .unwrap()
            .contains("running along"),
        "{ignored}"
    );
}

/// An instance of `name`, found by `label`, of which a model says `raw`.
fn instance(name: &str, label: &str, raw: &str) -> Value {
    json!({"id": "a", "image": "a.png", "identity": {"name": name, "score": 0.9}, "instance": {"label": label},
        "captioner": {"raw": raw}})
}

/// What is composed of a record for a character, where the cast says that Bruma is an animal.
fn with_cast(flags: &[&str], record: &Value) -> Value {
    let folder = tempfile();
    fs::create_dir_all(folder.path().join("cast/bruma")).unwrap();
    fs::write(folder.path().join("cast/bruma/kind.txt"), "animal\n").unwrap();
    let flags = [&["--type", "character", "--form", "sentence"], flags].concat();
    let ran = run_in(folder.path(), TOOL, &flags, &format!("{record}\n"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    ran.records().remove(0)
}

const OF_BRUMA: [&str; 6] = ["--trigger", "brumap", "--class", "beast", "--cast", "cast"];

#[test]
fn an_animal_is_no_man_whatever_a_model_says() {
    let raw = "A man walks on a quay. The man has a bag, and a woman waits.";
    let bruma = instance("bruma", "person", raw);
    let out = with_cast(&OF_BRUMA, &bruma);
    assert_eq!(
        out["caption"],
        "brumap beast. A beast walks on a quay. The beast has a bag, and a woman waits."
    );
    assert_eq!(
        out["facts"]["contradictions"],
        json!([{"at": "/instance", "is": "animal", "says": "a man"},
            {"at": "/instance", "is": "animal", "says": "the man"}])
    );
    let said = &bruma["captioner"];
    assert_eq!(&out["captioner"], said, "the model said what it said");
    assert_eq!(with_cast(&OF_BRUMA, &out), out, "twice is once");
    let ignoring = [&OF_BRUMA[..], &["--contradictions", "ignore"]].concat();
    let ignored = with_cast(&ignoring, &bruma)["caption"].to_string();
    assert!(ignored.contains("A man walks"), "{ignored}");
    let mut frame = bruma;
    frame.as_object_mut().unwrap().remove("instance");
    let out = with_cast(&OF_BRUMA, &frame)["caption"].to_string();
    assert!(out.contains("A man walks"), "a frame shows others too");
}

#[test]
fn without_a_cast_the_label_and_the_class_say_what_a_character_is() {
    for (flags, label, raw, expected) in [
        (
            &["--trigger", "t"][..],
            "a green sea monster",
            "A boy sits.",
            "t. A green sea monster sits.",
        ),
        // By a detector of one class every beast is a person.
        (
            &["--trigger", "t"],
            "person",
            "A dog sits.",
            "t. A dog sits.",
        ),
        (
            &["--trigger", "t", "--class", "boy"],
            "person",
            "A dog sits.",
            "t boy. A boy sits.",
        ),
    ] {
        let out = with_cast(flags, &instance("nilo", label, raw));
        assert_eq!(out["caption"], expected, "{label}");
    }
}

#[test]
fn facts_and_tags_that_call_an_animal_a_boy_are_not_said() {
    let facts =
        json!({"subject": "a man in a dragon costume", "description": "A person stands still."});
    let mut record = instance("bruma", "animal", &facts.to_string());
    record["captioner"]["facts"] = facts;
    record["pose"] = json!({"action": "standing"});
    record["tags"] = json!({"wd": [["1boy", 0.9], ["male focus", 0.8], ["tail", 0.7]]});
    let flags = ["--type", "pose", "--trigger", "stand_pse", "--form"];
    assert_eq!(
        caption(&[&flags[..], &["tags"]].concat(), &record),
        "stand_pse, standing, an animal, bruma, tail"
    );
    assert_eq!(
        caption(&[&flags[..], &["sentence"]].concat(), &record),
        "stand_pse, standing, an animal, bruma. An animal stands still."
    );
}

#[test]
fn what_contradicts_is_dropped_where_that_is_asked() {
    let folder = tempfile();
    let wrong = sitting("A boy is running. Alberto waves.");
    let right = sitting("A boy sits at a table.");
    let input = format!("{wrong}\n{right}\n");
    let flags = [
        &CHARACTER[..],
        &["--contradictions", "drop", "--rejects", "rejects.jsonl"],
    ]
    .concat();
    let ran = run_in(folder.path(), TOOL, &flags, &input);
    assert_eq!(ran.records().len(), 1, "{}", ran.stderr);
    let rejected = fs::read_to_string(folder.path().join("rejects.jsonl")).unwrap();
    assert!(
        rejected.contains("the model says `running` where /pose/action is sitting"),
        "{rejected}"
    );
    let named = sitting("Alberto waves at a boy.");
    let out = compose(&[&CHARACTER[..], &["--other", "Alberto"]].concat(), &named);
    assert_eq!(out["facts"]["contradictions"][0]["says"], "alberto");
}

#[test]
fn facts_by_a_schema_are_said_by_their_own_description() {
    let facts = json!({"place": "kitchen", "description": "A boy eats soup."});
    let record = json!({"id": "a", "image": "a.png", "captioner": {"raw": facts.to_string(), "facts": facts}});
    let out = compose(&[&CHARACTER[..], &["--form", "sentence"]].concat(), &record);
    assert_eq!(out["caption"], "lucap boy, in a kitchen. A boy eats soup.");
}

#[test]
fn a_policy_is_shown_and_is_one() {
    let folder = tempfile();
    let shown = run_in(folder.path(), TOOL, &["--show-policy", "style"], "");
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    fs::write(folder.path().join("style.toml"), &shown.stdout).unwrap();
    let record = json!({"id": "a", "image": "a.png", "light": {"time": "noon"}}).to_string() + "\n";
    let own = run_in(folder.path(), TOOL, &["--type", "style"], &record);
    let mine = run_in(folder.path(), TOOL, &["--policy", "style.toml"], &record);
    assert_eq!(own.stdout, mine.stdout);
}

#[test]
fn a_caption_that_a_person_wrote_is_the_caption() {
    let mut record = json!({"id": "a", "image": "a.png", "tags": {"setting": [["outdoor", 0.9]]}, "captioner": {"raw": "A boat."}});
    let flags = ["--type", "style", "--trigger", "lantern"];
    let composed = caption(&flags, &record);
    record["review"] =
        json!({"decision": "keep", "by": "ann", "caption": "a quiet harbour at noon"});
    let kept = compose(&flags, &record);
    assert_eq!(kept["caption"], "a quiet harbour at noon");
    assert_ne!(composed, "a quiet harbour at noon");
    assert_eq!(
        kept["facts"]["tags"].as_str().map(str::is_empty),
        Some(false),
        "the facts are there all the same"
    );
    let over = compose(&[&flags[..], &["--over-written"]].concat(), &record);
    assert_eq!(over["caption"], composed, "for another subject");
}
