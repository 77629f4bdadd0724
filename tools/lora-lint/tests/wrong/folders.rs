//! Folders that hold too much, too little, or the wrong thing.

use crate::support::{Folder, GOOD, TRAINERS, errors, warnings};

/// Pairs of these stems.
fn pairs(stems: &'static [&'static str]) -> impl Fn(&Folder) {
    move |f| stems.iter().for_each(|stem| f.pair(stem, GOOD))
}

#[test]
fn nothing_at_all() {
    for trainer in TRAINERS {
        errors(
            |f| f.text("notes.json", "x"),
            &[".", "--trainer", trainer],
            &["folder-empty"],
        );
    }
}

#[test]
fn images_in_a_folder_below() {
    for trainer in ["sd-scripts", "onetrainer", "musubi-tuner", "diffusion-pipe"] {
        errors(
            pairs(&["a", "more/b"]),
            &[".", "--trainer", trainer],
            &["folder-nested"],
        );
    }
}

#[test]
fn masks_that_are_trained_on() {
    for trainer in ["ai-toolkit", "simpletuner"] {
        errors(
            pairs(&["a", "masks/a"]),
            &[".", "--trainer", trainer],
            &["folder-swallowed"],
        );
    }
}

#[test]
fn controls_that_are_passed_over() {
    let arguments = [".", "--trainer", "ai-toolkit"];
    warnings(
        pairs(&["a", "_controls/a"]),
        &arguments,
        &["folder-controls"],
    );
}

#[test]
fn numbers_of_repeats_that_are_missed() {
    let kohya = [".", "--trainer", "kohya-folder"];
    let child = ["10_lucap boy", "--trainer", "kohya-folder"];
    errors(pairs(&["10_lucap boy/a"]), &child, &["folder-is-child"]);
    errors(
        pairs(&["luca/a"]),
        &kohya,
        &["folder-no-repeats", "folder-unnumbered"],
    );
    errors(
        pairs(&["10_luca/a", "luca/b"]),
        &kohya,
        &["folder-unnumbered"],
    );
    errors(pairs(&["10_luca/a", "b"]), &kohya, &["folder-loose"]);
}

#[test]
fn files_that_do_not_belong() {
    let with = |name: &'static str| {
        move |f: &Folder| {
            f.pair("a", GOOD);
            f.text(name, "{}");
        }
    };
    let pipe = [".", "--trainer", "diffusion-pipe", "--resolution", "256"];
    warnings(with("metadata.jsonl"), &pipe, &[]);
    warnings(with("notes.docx"), &pipe, &["file-stray"]);
    warnings(with("film.mp4"), &["."], &["file-stray"]);
    errors(
        with("film.mp4"),
        &[".", "--trainer", "simpletuner"],
        &["file-stray"],
    );
}

#[test]
fn twins_and_prefixes() {
    let twins = |f: &Folder| {
        f.pair("a", GOOD);
        f.image("a.webp", 256, 256);
    };
    errors(twins, &["."], &["name-twin"]);
    warnings(pairs(&["luca_1", "luca_10"]), &["."], &["name-prefix"]);
}

#[test]
fn masks_missing_and_masks_too_many() {
    let arguments = |trainer| {
        [
            "img",
            "--trainer",
            trainer,
            "--masks",
            "mask",
            "--resolution",
            "256",
        ]
    };
    let missing = |f: &Folder| {
        f.pairs("img/", 2);
        f.mask("mask/img_0000.png", 256, 256, 255);
    };
    let extra = |f: &Folder| {
        f.pair("img/a", GOOD);
        f.mask("mask/a.png", 256, 256, 255);
        f.mask("mask/c.png", 256, 256, 255);
    };
    errors(missing, &arguments("sd-scripts"), &["mask-missing"]);
    errors(extra, &arguments("sd-scripts"), &["mask-extra"]);
    warnings(missing, &arguments("ai-toolkit"), &["mask-missing"]);
    warnings(extra, &arguments("ai-toolkit"), &["mask-extra"]);
}

#[test]
fn a_mask_of_another_size_or_of_nothing() {
    let mask = |width, level| {
        move |f: &Folder| {
            f.pair("a", GOOD);
            f.mask("mask/a.png", width, 256, level);
        }
    };
    let arguments = [".", "--masks", "mask", "--trainer", "diffusion-pipe"];
    errors(mask(200, 255), &arguments, &["mask-size"]);
    errors(mask(256, 0), &arguments, &["mask-empty"]);
    errors(
        |f| f.pair("a", GOOD),
        &[".", "--masks", "gone"],
        &["mask-folder", "mask-missing"],
    );
}

#[test]
fn a_mask_without_its_image_beside() {
    let build = |f: &Folder| {
        f.pair("a", GOOD);
        f.mask("b-masklabel.png", 256, 256, 255);
    };
    let arguments = [".", "--trainer", "onetrainer", "--resolution", "256"];
    warnings(build, &arguments, &["mask-extra"]);
}

#[test]
fn metadata_that_leaves_something_out() {
    let row = |file: &str| format!("{{\"file_name\":\"{file}\",\"text\":\"{GOOD}\"}}\n");
    let both = row("a.png") + &row("b.png");
    let more = |row: &str| format!("{both}{row}\n");
    for (name, text, expected) in [
        ("metadata.jsonl", row("a.png"), &["metadata-unlisted"][..]),
        (
            "metadata.jsonl",
            more(row("c.png").trim()),
            &["metadata-missing"],
        ),
        (
            "metadata.jsonl",
            more("{\"file_name\":\"a.png\"}"),
            &["caption-missing", "metadata-caption"],
        ),
        (
            "metadata.jsonl",
            more(row("../x.png").trim()),
            &["metadata-missing", "metadata-outside"],
        ),
        ("metadata.jsonl", more("not json"), &["metadata-syntax"]),
        (
            "notes.md",
            String::new(),
            &["caption-missing", "metadata-none"],
        ),
    ] {
        let build = |f: &Folder| {
            f.image("a.png", 256, 256);
            f.image("b.png", 256, 256);
            f.text(name, &text);
        };
        errors(
            build,
            &[".", "--trainer", "diffusers", "--resolution", "256"],
            expected,
        );
    }
}

/// The bytes of a shard.
fn shard(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, *content).unwrap();
    }
    tar.into_inner().unwrap()
}

#[test]
fn shards_that_fall_apart() {
    let png = vision::write::encode_png(&testkit::scene(64, 64, 1)).unwrap();
    let (png, text) = (png.as_slice(), GOOD.as_bytes());
    for (members, expected) in [
        (
            &[
                ("a.png", png),
                ("b.png", png),
                ("b.txt", text),
                ("a.txt", text),
            ][..],
            &["caption-missing", "tar-no-image", "tar-torn"][..],
        ),
        (
            &[("a_t157.66s.png", png), ("a_t157.66s.txt", text)],
            &["name-dot"],
        ),
        (&[("a.png", png)], &["caption-missing"]),
        (&[("a.txt", text)], &["tar-no-image"]),
        (
            &[("a.png", &png[..40]), ("a.txt", text)],
            &["image-corrupt"],
        ),
        (
            &[("a.png", png), ("a.txt", text), ("a.PNG", png)],
            &["tar-twice"],
        ),
    ] {
        errors(
            |f| f.bytes("set-000000.tar", &shard(members)),
            &["."],
            expected,
        );
    }
}
