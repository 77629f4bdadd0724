//! Captions that are not read, or not as they were meant.

use crate::support::{Folder, GOOD, errors, warnings};

const TRAINERS: [&str; 6] = [
    "sd-scripts",
    "onetrainer",
    "ai-toolkit",
    "musubi-tuner",
    "diffusion-pipe",
    "simpletuner",
];

/// One caption is an error for every trainer.
fn wrong_for_all(caption: &[u8], code: &str) {
    for trainer in TRAINERS {
        let build = |f: &Folder| {
            f.picture("a.png", 256, 256);
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
            f.picture("b_0002.png", 256, 256);
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
            f.picture("a.png", 256, 256);
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
fn a_list_of_captions_that_lacks_a_picture() {
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
    assert!(problems.contains("of which 511 are read"), "{problems}");
    let ran = folder.lint(&[".", "--base", "flux"]);
    assert!(
        ran.stderr
            .contains("give its tokenizer.json with --tokenizer"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_wrapped_caption() {
    let wrapped = "lucap boy, running along\nthe harbour in the evening";
    for trainer in ["sd-scripts", "onetrainer", "simpletuner"] {
        errors(
            |f| f.pair("a", wrapped),
            &[".", "--trainer", trainer],
            &["caption-lines"],
        );
    }
    for trainer in ["ai-toolkit", "musubi-tuner", "diffusion-pipe"] {
        let arguments = [".", "--trainer", trainer, "--resolution", "256"];
        warnings(|f| f.pair("a", wrapped), &arguments, &["caption-lines"]);
    }
}

#[test]
fn a_line_end_that_stays() {
    let caption = format!("{GOOD}\n");
    let arguments = [".", "--trainer", "ai-toolkit"];
    warnings(|f| f.pair("a", &caption), &arguments, &["caption-newline"]);
}

#[test]
fn stray_caption_files() {
    let fallback = |f: &Folder| {
        f.picture("expr_luca_happy_high_0015.png", 256, 256);
        f.text("expr.txt", GOOD);
    };
    errors(fallback, &["."], &["caption-fallback"]);
    let stray = |name: &'static str| {
        move |f: &Folder| {
            f.pair("a", GOOD);
            f.text(name, GOOD);
        }
    };
    warnings(
        stray("default.txt"),
        &[".", "--trainer", "ai-toolkit"],
        &["caption-default"],
    );
    warnings(stray("b.txt"), &["."], &["caption-orphan"]);
}

#[test]
fn no_trigger_or_nothing_else() {
    let trigger = [".", "--trigger", "lucap boy"];
    errors(
        |f| f.pair("a", "a boy running along the harbour"),
        &trigger,
        &["trigger-missing"],
    );
    warnings(
        |f| f.pair("a", "by the harbour, lucap boy"),
        &trigger,
        &["trigger-late"],
    );
    warnings(|f| f.pair("a", "lucap boy"), &trigger, &["caption-short"]);
}

#[test]
fn too_many_tokens() {
    warnings(
        |f| f.pair("a", GOOD),
        &[".", "--max-tokens", "4"],
        &["caption-cut"],
    );
}

#[test]
fn signs_that_mean_nothing() {
    warnings(
        |f| f.pair("a", "lucap boy,, running, by the sea"),
        &["."],
        &["caption-tags"],
    );
    warnings(
        |f| f.pair("a", "lucap boy, running\u{7} by the sea"),
        &["."],
        &["caption-control"],
    );
}

#[test]
fn one_caption_for_all() {
    let build = |f: &Folder| (0..6).for_each(|n| f.pair(&format!("a_{n:03}"), GOOD));
    warnings(build, &["."], &["captions-alike"]);
}

#[test]
fn class_tokens_for_a_caption() {
    let build = |f: &Folder| f.picture("train/10_lucap boy/a.png", 256, 256);
    warnings(build, &["train"], &["caption-class"]);
}
