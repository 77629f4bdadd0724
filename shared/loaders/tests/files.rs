//! Which files are images, where captions come from, what is made of them.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use loaders::caption::{Origin, Unreadable};
use loaders::mask::labelled;
use loaders::metadata::{lists, rows};
use loaders::set::{Set, Settings};
use loaders::tar;
use loaders::trainers::{TRAINERS, diffusers, musubi, named, sd_scripts, views};
use loaders::view::View;

/// A set of a trainer's, without a configuration.
fn set(trainer: &str) -> Set {
    Set::folder(named(trainer).unwrap(), "img", &Settings::default())
}

fn texts(trainer: &str, bytes: &[u8]) -> Result<Vec<String>, Unreadable> {
    set(trainer).texts(bytes)
}

/// A letter for each trainer that takes the file for an image.
fn takers(path: &str) -> String {
    let letters = TRAINERS.iter().zip("skoadmpfw".chars());
    let takers = letters.filter(|(trainer, _)| trainer.takes(Path::new(path)));
    takers.map(|(_, letter)| letter).collect()
}

#[test]
fn no_two_trainers_and_no_two_views_have_one_name() {
    let names = || TRAINERS.iter().map(|trainer| trainer.profile().name);
    let words = || views().map(<dyn View>::word);
    for (all, count) in [
        (names().collect::<BTreeSet<_>>(), names().count()),
        (words().collect(), words().count()),
    ] {
        assert_eq!(all.len(), count, "{all:?}");
    }
}

#[test]
fn each_trainer_takes_its_own_files_for_images() {
    for (path, expected) in [
        ("a.png", "soadmpf"),
        ("a.JPG", "soadmpf"),
        ("a.Jpg", "oadpf"),
        ("a.bmp", "sodmpf"),
        ("a.tif", "odpf"),
        ("a.gif", "dpf"),
        ("masks/a.png", "adf"),
        ("10_luca boy/a.png", "kadf"),
        ("10_luca/deep/a.png", "adf"),
        ("_controls/a.png", "df"),
        (".thumbs/a.png", "f"),
        ("metadata.jsonl", ""),
        ("a.mp4", "f"),
        ("a-masklabel.png", "sadmpf"),
        ("a.txt", ""),
    ] {
        assert_eq!(takers(path), expected, "{path}");
    }
}

#[test]
fn the_second_line_of_a_caption_fares_differently() {
    let two = b"a boy,\r\nrunning\n";
    assert_eq!(texts("sd-scripts", two).unwrap(), ["a boy,"]);
    assert_eq!(texts("onetrainer", two).unwrap(), ["a boy,", "running"]);
    assert_eq!(
        texts("simpletuner", two).unwrap(),
        ["a boy,\r", "running"],
        "it reads bytes, and a return stays"
    );
    assert_eq!(texts("musubi-tuner", two).unwrap(), ["a boy,\nrunning"]);
    assert_eq!(texts("diffusion-pipe", two).unwrap(), ["a boy,\nrunning"]);
    assert_eq!(texts("ai-toolkit", two).unwrap(), ["a boy, \nrunning\n"]);
    let wildcard = Set {
        every_line: true,
        ..set("sd-scripts")
    };
    assert_eq!(wildcard.texts(two).unwrap(), ["a boy,", "running"]);
}

#[test]
fn a_byte_order_mark_becomes_part_of_the_caption() {
    for trainer in ["sd-scripts", "onetrainer", "musubi-tuner", "ai-toolkit"] {
        assert_eq!(
            texts(trainer, b"\xef\xbb\xbfa boy").unwrap(),
            ["\u{feff}a boy"]
        );
    }
}

#[test]
fn only_sd_scripts_stops_at_an_empty_file() {
    assert_eq!(texts("sd-scripts", b""), Err(Unreadable::Empty));
    assert_eq!(texts("sd-scripts", b"\n").unwrap(), [""]);
    for trainer in [
        "onetrainer",
        "musubi-tuner",
        "diffusion-pipe",
        "ai-toolkit",
        "simpletuner",
    ] {
        assert_eq!(texts(trainer, b"").unwrap(), [""]);
    }
}

#[test]
fn nobody_reads_latin_1() {
    for trainer in [
        "sd-scripts",
        "onetrainer",
        "musubi-tuner",
        "diffusion-pipe",
        "ai-toolkit",
    ] {
        assert_eq!(texts(trainer, b"caf\xe9"), Err(Unreadable::Encoding(3)));
    }
}

#[test]
fn ai_toolkit_splits_at_commas_and_puts_the_trigger_in_front() {
    let with = |trigger: &str, text: &str| {
        let set = Set {
            trigger: Some(trigger.to_owned()),
            ..set("ai-toolkit")
        };
        set.texts(text.as_bytes()).unwrap().remove(0)
    };
    assert_eq!(texts("ai-toolkit", b"a, b").unwrap(), ["a,  b"]);
    assert_eq!(with("lucap", "running"), "lucap running");
    assert_eq!(with("lucap", "[trigger] running"), "lucap running");
    assert_eq!(with("lucap", "running lucap"), "running lucap");
}

#[test]
fn sd_scripts_takes_a_stray_file_for_a_caption() {
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("expr_luca_happy_high_0015.png");
    fs::write(folder.path().join("expr.txt"), "stray").unwrap();
    // The temporary folder's own name has no underscore that would count.
    let found = set("sd-scripts").caption(&image).unwrap().unwrap();
    assert_eq!(
        (found.origin, found.texts),
        (Origin::Other, vec!["stray".to_owned()])
    );
    assert_eq!(set("musubi-tuner").caption(&image).unwrap(), None);
    fs::write(image.with_extension("txt"), "own").unwrap();
    let found = set("sd-scripts").caption(&image).unwrap().unwrap();
    assert_eq!(
        (found.origin, found.texts),
        (Origin::Own, vec!["own".to_owned()])
    );
}

#[test]
fn a_captions_folder_beside_is_not_looked_into() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("captions")).unwrap();
    fs::write(folder.path().join("captions/a.txt"), "a boy").unwrap();
    for trainer in TRAINERS {
        let set = set(trainer.profile().name);
        let found = set.caption(&folder.path().join("a.png")).unwrap();
        assert_eq!(found, None);
    }
}

#[test]
fn masks_are_looked_for_in_these_places() {
    let masks = |trainer| named(trainer).unwrap().profile().masks;
    let names = |trainer| -> Vec<String> {
        let names =
            masks(trainer).map(|masks| masks.candidates("img/a.jpg".as_ref(), "mask".as_ref()));
        let names = names.into_iter().flatten();
        names.map(|name| name.display().to_string()).collect()
    };
    assert!(names("sd-scripts").contains(&"mask/a.png".to_owned()));
    assert_eq!(names("onetrainer"), ["img/a-masklabel.png"]);
    assert_eq!(names("ai-toolkit")[0], "mask/a.jpg");
    assert_eq!(names("simpletuner"), ["mask/a.jpg"], "the whole name");
    assert_eq!(names("musubi-tuner"), [] as [&str; 0]);
    assert!(masks("sd-scripts").unwrap().required && !masks("diffusion-pipe").unwrap().required);
    assert_eq!(labelled(Path::new("img/a-masklabel.png")), Some("a"));
    assert_eq!(labelled(Path::new("img/label.png")), None);
}

#[test]
fn one_row_does_for_three_loaders() {
    let row = r#"{"file_name":"a_000002.jpg","text":"lucap boy, waving","image_path":"/data/a_000002.jpg","caption":"lucap boy, waving","image_size":[1344,768],"id":"x","shot":17,"prov":{"tool":"export"}}"#;
    for reader in [diffusers::ROWS, sd_scripts::ROWS, musubi::ROWS] {
        let (rows, flaws) = rows(reader, row);
        assert_eq!(rows[0].captions, ["lucap boy, waving"]);
        assert_eq!(flaws, []);
    }
}

#[test]
fn what_each_loader_stops_at_in_a_row_is_found() {
    let codes = |reader, text: &str| -> Vec<_> {
        rows(reader, text)
            .1
            .into_iter()
            .map(|flaw| flaw.code)
            .collect()
    };
    let good = r#"{"file_name":"a.jpg","text":"x","image_path":"a.jpg","caption":"x"}"#;
    let blank = format!("{good}\n\n{good}\n");
    assert_eq!(codes(sd_scripts::ROWS, &blank), ["metadata-blank"]);
    assert_eq!(codes(musubi::ROWS, &blank), ["metadata-blank"]);
    assert_eq!(codes(diffusers::ROWS, &blank), [] as [&str; 0]);
    let tags = r#"{"image_path":"a.jpg","caption":"x","tags":["y"]}"#;
    assert_eq!(codes(sd_scripts::ROWS, tags), ["metadata-tags"]);
    let outside = r#"{"file_name":"../a.jpg","text":"x"}"#;
    assert_eq!(codes(diffusers::ROWS, outside), ["metadata-outside"]);
    let changed = "{\"file_name\":\"a.jpg\",\"text\":\"x\",\"n\":1}\n{\"file_name\":\"b.jpg\",\"text\":\"x\",\"n\":\"1\"}";
    assert_eq!(codes(diffusers::ROWS, changed), ["metadata-type"]);
    assert_eq!(codes(musubi::ROWS, "not json"), ["metadata-syntax"]);
}

#[test]
fn tags_follow_the_caption_in_sd_scripts() {
    let row = r#"{"image_path":"a.jpg","caption":"x","tags":"y, z"}"#;
    assert_eq!(rows(sd_scripts::ROWS, row).0[0].captions, ["x,y, z"]);
    assert_eq!(rows(musubi::ROWS, row).0[0].captions, ["x"]);
}

#[test]
fn a_list_of_captions_is_read_by_diffusers_and_diffusion_pipe() {
    let row = r#"{"file_name":"a.jpg","text":["a boy","a boy runs"],"image_path":"a.jpg","caption":"a boy"}"#;
    let (found, flaws) = rows(diffusers::ROWS, row);
    assert_eq!(found[0].captions, ["a boy", "a boy runs"]);
    assert_eq!(flaws, []);
    assert_eq!(rows(musubi::ROWS, row).0[0].captions, ["a boy"]);
    let changed = format!("{row}\n{}", r#"{"file_name":"b.jpg","text":"a boy"}"#);
    assert_eq!(rows(diffusers::ROWS, &changed).1[0].code, "metadata-type");
    let list = r#"{"image_path":"a.jpg","caption":["a boy"]}"#;
    assert_eq!(rows(musubi::ROWS, list).1[0].code, "metadata-caption");
    let (lists, flaws) = lists(r#"{"a.jpg": ["a boy", "a boy runs"], "b.jpg": "a boy"}"#);
    assert_eq!(lists["a.jpg"], ["a boy", "a boy runs"]);
    assert_eq!(flaws, ["`b.jpg` has no list of captions"]);
    assert!(loaders::metadata::lists("[]").1[0].starts_with("not a JSON object"));
}

#[test]
fn members_of_a_sample_must_lie_together() {
    let found = tar::samples(["a.jpg", "a.txt", "b.jpg", "a.json", "__x.json"].into_iter());
    let keys: Vec<_> = found
        .samples
        .iter()
        .map(|sample| sample.key.as_str())
        .collect();
    assert_eq!(keys, ["a", "b", "a"]);
    assert!(found.torn.contains("a"));
    assert_eq!(
        tar::samples(["a.jpg", "a.JPG"].into_iter()).twice,
        ["a.JPG"]
    );
}
