//! Captions that are not read, or not as they were meant.

use crate::support::{Folder, GOOD, TRAINERS, errors, warnings};

/// One caption is an error for every trainer.
fn wrong_for_all(caption: &[u8], code: &str) {
    for trainer in TRAINERS {
        let build = |f: &Folder| {
            f.image("a.png", 256, 256);
            f.bytes("a.txt", caption);
        };
        errors(build, &[".", "--trainer", trainer], &[code]);
    }
}

#[test]
fn no_caption() {
    for trainer in TRAINERS {
        let build = |f: &Folder| {
            f.pair("a_0001", GOOD);
            f.image("b_0002.png", 256, 256);
        };
        errors(build, &[".", "--trainer", trainer], &["caption-missing"]);
    }
}

#[test]
fn captions_where_nobody_looks() {
    for (name, code) in [
        ("a.caption", "caption-extension"),
        ("captions/a.txt", "caption-elsewhere"),
    ] {
        let build = |f: &Folder| {
            f.image("a.png", 256, 256);
            f.text(name, GOOD);
        };
        errors(build, &["."], &[code]);
    }
}

#[test]
fn captions_that_cannot_be_read() {
    wrong_for_all(b"", "caption-empty");
    wrong_for_all(b" \n", "caption-empty");
    wrong_for_all(b"\xef\xbb\xbflucap boy, running by the sea", "caption-bom");
    wrong_for_all(b"lucap boy in a caf\xe9", "caption-encoding");
    wrong_for_all(b"lucap boy !!!!!!!!!!!!!!!!!!!!", "caption-degenerate");
}

#[test]
fn one_of_several_captions() {
    let two = "lucap boy, running along the harbour\nA boy runs along the harbour in the evening.";
    for trainer in ["onetrainer", "simpletuner"] {
        let build = |f: &Folder| f.pair("a", two);
        let arguments = [".", "--trainer", trainer, "--trigger", "lucap boy"];
        errors(build, &arguments, &["trigger-missing"]);
    }
}

#[test]
fn returns_that_simpletuner_keeps() {
    let build = |f: &Folder| {
        f.image("a.png", 256, 256);
        f.text("a.txt", "lucap boy, running by the sea\r\n");
    };
    let arguments = [".", "--trainer", "simpletuner", "--resolution", "256"];
    warnings(build, &arguments, &["caption-newline"]);
}

#[test]
fn captions_that_onetrainer_never_shows() {
    let concepts = |draws: u32| {
        move |f: &Folder| {
            f.pair(
                "img/a",
                "lucap boy, running, harbour\nlucap boy, running along the harbour.",
            );
            f.text("concepts.json", &format!("[{{\"__version\":2,\"path\":\"img\",\"text_variations\":{draws},\"image\":{{\"enable_crop_jitter\":false}}}}]"));
        }
    };
    let arguments = ["concepts.json", "--resolution", "256"];
    errors(concepts(1), &arguments, &["caption-frozen"]);
    warnings(concepts(3), &arguments, &["caption-frozen"]);
    warnings(concepts(8), &arguments, &[]);
}

#[test]
fn a_list_of_captions_that_lacks_an_image() {
    let build = |lists: &'static str| {
        move |f: &Folder| {
            f.pair("a", GOOD);
            f.text("captions.json", lists);
        }
    };
    let arguments = [".", "--trainer", "diffusion-pipe"];
    errors(
        build("{\"b.png\": [\"a boy runs home\"]}"),
        &arguments,
        &["caption-missing"],
    );
    let flat = "{\"a.png\": \"a boy runs home\"}";
    errors(
        build(flat),
        &arguments,
        &["caption-missing", "metadata-list"],
    );
}

#[test]
fn captions_longer_than_the_base_model_reads() {
    let tokenizer = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/captions/tests/encoders/unigram.json"
    );
    let boats: Vec<_> = (1..60).map(|n| format!("boat {n} at the quay")).collect();
    let long = format!("lucap boy, {}", boats.join(", "));
    let build = |f: &Folder| f.pair("a", GOOD);
    let flux = [
        ".",
        "--trainer",
        "ai-toolkit",
        "--resolution",
        "256",
        "--base",
        "flux",
        "--tokenizer",
        tokenizer,
    ];
    warnings(build, &flux, &[]);
    let folder = Folder::new();
    folder.pair("a", &long);
    let ran = folder.lint(&flux);
    let problems = ran.records()[0]["lint"]["problems"].to_string();
    assert!(problems.contains("but only 511 are read"), "{problems}");
}

#[test]
fn without_the_tokenizer_of_the_base_model_the_length_is_not_judged_and_that_is_said() {
    let boats: Vec<_> = (1..60).map(|n| format!("boat {n} at the quay")).collect();
    let folder = Folder::new();
    folder.pair("a", &format!("lucap boy, {}", boats.join(", ")));
    let ran = folder.lint(&[".", "--base", "flux", "--resolution", "256"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("the length of captions is not checked"),
        "{}",
        ran.stderr
    );
    let lint = &ran.records()[0]["lint"];
    assert_eq!(lint["tokens"], serde_json::Value::Null, "{lint}");
}

#[test]
fn a_trainer_that_does_not_train_the_base_model() {
    let build = |f: &Folder| f.pair("a", GOOD);
    let arguments = [
        ".",
        "--trainer",
        "ai-toolkit",
        "--base",
        "hunyuan-image",
        "--resolution",
        "256",
    ];
    warnings(build, &arguments, &["base-unknown"]);
}
