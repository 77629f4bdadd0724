//! The view of each trainer.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use loaders::configuration::Configuration;
use loaders::fit::{Fitting, Size};
use loaders::set::{Opened, Set, Settings};
use loaders::trainers::sd_scripts::{BucketSettings, Buckets};
use loaders::trainers::{diffusers, musubi, named, sd_scripts};
use loaders::view::Side;
use serde_json::{Value, json};
use testkit::run_in;

use crate::support::{TOOL, files, lines, scenes, write};

/// Every view at once, with masks, a validation share and facts.
fn everything() -> (tempfile::TempDir, Vec<Value>) {
    let (folder, mut records) = scenes(12);
    for (number, record) in records.iter_mut().enumerate().take(6) {
        let mask = vision::mask::Mask::from_fn(96, 64, |x, y| x >= 64 && y < 32).unwrap();
        let path = folder.path().join(format!("mask_{number}.png"));
        vision::write::png_luma(&mask.to_luma(), &path).unwrap();
        record["mask"] = json!(path);
    }
    let views =
        "kohya,onetrainer,ai-toolkit,diffusers,musubi,diffusion-pipe,simpletuner,webdataset";
    let flags = [
        "--type",
        "character",
        "--trigger",
        "lucap boy",
        "--views",
        views,
        "--validation",
        "34%",
        "--grow-subject",
        "4",
        "--resolution",
        "64",
        "--root",
        "/data/luca",
    ];
    let ran = write(folder.path(), &flags, &records);
    let records = ran.records();
    (folder, records)
}

#[test]
fn every_view_stands_as_its_trainer_wants_it() {
    let (folder, records) = everything();
    assert_eq!(records.len(), 12);
    let all = files(&folder.path().join("out/dataset"));
    let under = |prefix: &str| {
        let names = all.keys().filter(|path| path.starts_with(prefix));
        names.count()
    };
    // Three shots of four images, of which one fits into 34 %.
    for view in [
        "onetrainer",
        "ai-toolkit",
        "musubi",
        "diffusion-pipe",
        "simpletuner",
    ] {
        let captions = |part: &str| {
            let texts = all
                .keys()
                .filter(|path| path.starts_with(format!("{view}/{part}")));
            texts
                .filter(|path| path.extension().is_some_and(|e| e == "txt"))
                .count()
        };
        assert_eq!(
            (captions("train"), captions("validation")),
            (8, 4),
            "{view}"
        );
    }
    assert_eq!(under("kohya/train/1_lucap_boy"), 16);
    assert_eq!(under("kohya/mask"), 8, "kohya wants a mask for every image");
    assert_eq!(under("diffusers/images"), 8, "nothing but images");
    assert_eq!(under("webdataset"), 2);
    for file in [
        "kohya/masked.toml",
        "README.md",
        "manifest.jsonl",
        "musubi/jsonl.toml",
    ] {
        assert!(all.contains_key(Path::new(file)), "{file}");
    }
}

#[test]
fn a_shot_is_on_one_side() {
    let (_folder, records) = everything();
    let mut sides = BTreeMap::new();
    for record in records {
        let validation = record["dataset"]["file"]
            .as_str()
            .unwrap()
            .contains("/validation/");
        let shot = record["source"]["shot"].as_u64().unwrap();
        assert_eq!(
            *sides.entry(shot).or_insert(validation),
            validation,
            "shot {shot}"
        );
    }
    assert_eq!(sides.values().filter(|validation| **validation).count(), 1);
}

/// A configuration in a data set.
fn configuration(folder: &Path, path: &str) -> String {
    fs::read_to_string(folder.join("out/dataset").join(path)).unwrap()
}

/// What a trainer reads in a configuration.
fn opened(trainer: &str, text: &str, masked_loss: bool) -> Opened {
    read(
        trainer,
        text,
        Settings {
            masked_loss,
            ..Settings::default()
        },
    )
}

fn read(trainer: &str, text: &str, settings: Settings) -> Opened {
    let mut opened = Opened::default();
    named(trainer).unwrap().configuration(&mut Configuration {
        path: Path::new("configuration"),
        text,
        settings: &settings,
        opened: &mut opened,
    });
    opened
}

/// The codes of what a trainer says of a configuration itself; the folders that it names are
/// elsewhere.
fn codes(opened: &Opened) -> Vec<&'static str> {
    let own = opened.findings.iter();
    let own = own.filter(|(path, _)| path == Path::new("configuration"));
    own.map(|(_, finding)| finding.code).collect()
}

#[test]
fn the_configurations_are_what_the_loaders_accept() {
    let (folder, _) = everything();
    let read = |trainer: &str, path: &str, masked_loss: bool| {
        opened(trainer, &configuration(folder.path(), path), masked_loss)
    };
    let plain = read("sd-scripts", "kohya/dataset.toml", false);
    // The second is for validation.
    assert_eq!((plain.sets.len(), codes(&plain)), (2, vec![]));
    assert!(plain.sets[1].path.ends_with("kohya/validation"));
    let masked = read("sd-scripts", "kohya/masked.toml", true);
    assert_eq!(codes(&masked), [] as [&str; 0]);
    let masks = masked.sets[0].masks.as_ref().unwrap();
    assert!(masks.ends_with("kohya/mask"));
    let refused = read("sd-scripts", "kohya/masked.toml", false);
    assert_eq!(codes(&refused), ["config-masked-loss"]);
    for file in ["musubi/dataset.toml", "musubi/jsonl.toml"] {
        let found = read("musubi-tuner", file, false);
        assert_eq!(codes(&found), [] as [&str; 0], "{file}");
    }
    for (file, part) in [("dataset.toml", "train"), ("validation.toml", "validation")] {
        let found = read("diffusion-pipe", &format!("diffusion-pipe/{file}"), false);
        assert_eq!(codes(&found), [] as [&str; 0], "{file}");
        assert!(found.sets[0].path.ends_with(part), "{file}");
    }
}

#[test]
fn the_lists_of_folders_are_what_the_loaders_accept() {
    let (folder, _) = everything();
    let read = |path: &str| configuration(folder.path(), path);
    let concepts = opened("onetrainer", &read("onetrainer/concepts.json"), false);
    assert_eq!((concepts.sets.len(), codes(&concepts)), (2, vec![]));
    let backends = read("simpletuner/multidatabackend.json");
    let backends = opened("simpletuner", &backends, false);
    let none = [] as [&str; 0];
    assert_eq!(
        codes(&backends),
        none,
        "what is cut off is cut off in the middle"
    );
    let repeats: Vec<_> = backends.sets.iter().map(|set| set.repeats).collect();
    assert_eq!(repeats, [1.0, 1.0], "one pass is not a repeat");
    let masks = backends.sets[0].masks.as_ref().unwrap();
    assert!(masks.ends_with("simpletuner/mask"));
    assert!(backends.sets[1].path.ends_with("simpletuner/validation"));
    let yaml = read("ai-toolkit/config.yaml");
    assert!(yaml.starts_with("# The data set's part of a job"), "{yaml}");
    let job = opened("ai-toolkit", &yaml, false);
    assert_eq!((job.sets.len(), codes(&job)), (1, vec!["config-part"]));
    let set = &job.sets[0];
    assert!(
        set.path
            .to_str()
            .unwrap()
            .starts_with("/data/luca/dataset-")
    );
    assert!(set.masks.as_ref().unwrap().ends_with("ai-toolkit/mask"));
    assert_eq!(set.trigger.as_deref(), Some("lucap boy"));
}

#[test]
fn simpletuner_finds_a_mask_of_the_whole_name_for_every_image() {
    let (folder, _) = everything();
    let all = files(&folder.path().join("out/dataset/simpletuner"));
    let under = |part: &str, ending: &str| -> Vec<_> {
        let names = all.keys().filter(|path| path.starts_with(part));
        let names = names.filter(|path| path.extension().is_some_and(|e| e == ending));
        names
            .map(|path| path.file_name().unwrap().to_owned())
            .collect()
    };
    let backends: Value = serde_json::from_slice(&all[Path::new("multidatabackend.json")]).unwrap();
    assert_eq!(
        backends[1]["caption_strategy"], "filename",
        "a mask has no text beside it"
    );
    let images = under("train", "png");
    assert_eq!(images.len(), 8);
    assert_eq!(under("mask", "png"), images);
    let white = |bytes: &Vec<u8>| {
        let mask = vision::decode::luma_from_bytes(bytes).unwrap();
        mask.pixels().all(|pixel| pixel.0[0] == 255)
    };
    let masks = all.iter().filter(|(path, _)| path.starts_with("mask"));
    let whole = masks.filter(|(_, bytes)| white(bytes)).count();
    assert!(
        0 < whole && whole < 8,
        "what has no mask is trained on whole: {whole}"
    );
}

#[test]
fn masks_and_validation_that_a_trainer_cannot_use_are_spoken_of() {
    let (folder, mut records) = scenes(4);
    let mask = vision::mask::Mask::from_fn(96, 64, |x, _| x < 30).unwrap();
    vision::write::png_luma(&mask.to_luma(), &folder.path().join("mask.png")).unwrap();
    records[0]["mask"] = json!("mask.png");
    records[3]["source"]["shot"] = json!(9);
    let flags = |views| {
        [
            "--type",
            "pose",
            "--trigger",
            "x",
            "--validation",
            "50%",
            "--views",
            views,
        ]
    };
    let ran = write(
        folder.path(),
        &flags("musubi,diffusers,webdataset"),
        &records,
    );
    for view in ["musubi", "diffusers", "webdataset"] {
        let said = format!("{view}: 1 of 4 images have a mask, and this trainer cannot use masks");
        assert!(ran.stderr.contains(&said), "{view}: {}", ran.stderr);
    }
    let unused = "none of these trainers uses them";
    assert!(!ran.stderr.contains(unused), "{}", ran.stderr);
    let ran = write(folder.path(), &flags("musubi"), &records);
    assert!(ran.stderr.contains(unused), "{}", ran.stderr);
    let ran = write(folder.path(), &flags("kohya,musubi"), &records);
    assert!(!ran.stderr.contains(unused), "{}", ran.stderr);
    let card = fs::read_to_string(folder.path().join("out/dataset/README.md")).unwrap();
    for part in [
        "| kohya | `--dataset_config kohya/dataset.toml`",
        "all of which is split off | `--dataset_config kohya/masked.toml --masked_loss` |",
        "| this trainer cannot use them | this trainer cannot use masks |",
    ] {
        assert!(card.contains(part), "{part}: {card}");
    }
    let ran = write(folder.path(), &flags("diffusion-pipe"), &records);
    assert!(!ran.stderr.contains("none of these"), "{}", ran.stderr);
}

#[test]
fn onetrainer_draws_often_enough_that_every_caption_is_seen() {
    let draws = |flags: &[&str]| {
        let all = described(&json!({}), flags);
        let concepts = &all[Path::new("onetrainer/concepts.json")];
        let concepts: Value = serde_json::from_slice(concepts).unwrap();
        concepts[0]["text_variations"].clone()
    };
    assert_eq!(
        draws(&["--form", "several"]),
        8,
        "four for each of two lines"
    );
    assert_eq!(draws(&["--form", "tags"]), 1);
}

/// Two scenes that are no size of a bucket; the first has a mask of someone at the right, who stays whole.
fn one_of_two_masked() -> (tempfile::TempDir, Vec<Value>) {
    let (folder, mut records) = scenes(2);
    vision::write::png(
        &testkit::scene(1000, 760, 1),
        &folder.path().join("scene_00.png"),
    )
    .unwrap();
    vision::write::png(
        &testkit::scene(1000, 760, 2),
        &folder.path().join("scene_01.png"),
    )
    .unwrap();
    let mask = vision::mask::Mask::from_fn(1000, 760, |x, y| x >= 700 && y >= 100).unwrap();
    vision::write::png_luma(&mask.to_luma(), &folder.path().join("mask.png")).unwrap();
    records[0]["mask"] = json!("mask.png");
    (folder, records)
}

#[test]
fn a_masked_image_has_the_size_of_its_bucket_for_sd_scripts() {
    let (folder, records) = one_of_two_masked();
    let flags = [
        "--type",
        "pose",
        "--trigger",
        "x",
        "--grow-subject",
        "0",
        "--views",
        "kohya,onetrainer",
    ];
    let ran = write(folder.path(), &flags, &records);
    let size = |path: PathBuf| {
        let size = vision::decode::dimensions(&path).unwrap();
        (size.width, size.height)
    };
    let dataset = folder.path().join("out/dataset");
    let file = |record: usize| {
        ran.records()[record]["dataset"]["file"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(size(folder.path().join(file(0))), (960, 704));
    assert_eq!(
        size(folder.path().join(file(1))),
        (1000, 760),
        "one without a mask is left"
    );
    let name = Path::new(&file(0)).file_name().unwrap().to_owned();
    let mask = dataset.join("kohya/mask").join(&name);
    assert_eq!(size(mask.clone()), (960, 704));
    assert_eq!(
        size(dataset.join("onetrainer/train").join(&name)),
        (1000, 760)
    );
    let buckets = Buckets::new(BucketSettings {
        enable_bucket: true,
        bucket_no_upscale: true,
        ..BucketSettings::new(Size::square(1024))
    });
    let fit = buckets.unwrap().fit(Size::new(960, 704)).unwrap();
    let mask = vision::decode::luma(&mask).unwrap();
    let inside = |x, y| mask.get_pixel(x, y).0[0] > 127;
    assert!(loaders::mask::squeezed(&fit, inside).abs() < 1e-9);
}

#[test]
fn metadata_is_read_by_three_loaders() {
    use loaders::metadata::rows;
    let (folder, _) = everything();
    let dataset = folder.path().join("out/dataset");
    for path in [
        "diffusers/metadata.jsonl",
        "diffusers-validation/metadata.jsonl",
        "musubi/metadata.jsonl",
    ] {
        let text = fs::read_to_string(dataset.join(path)).unwrap();
        for format in [diffusers::ROWS, sd_scripts::ROWS, musubi::ROWS] {
            let (rows, flaws) = rows(format, &text);
            assert_eq!(flaws, [], "{path}");
            assert_eq!(rows[0].captions, ["lucap boy"]);
        }
    }
}

#[test]
fn squares_lie_round_the_subject_and_masks_are_dilated() {
    let (folder, records) = everything();
    let dataset = folder.path().join("out/dataset");
    let masked = records.iter().find(|record| {
        let file = record["dataset"]["file"].as_str().unwrap();
        record.get("mask").is_some() && file.contains("/train/")
    });
    let file = masked.unwrap()["dataset"]["file"].as_str().unwrap();
    let name = Path::new(file).file_stem().unwrap().to_str().unwrap();
    let source = vision::decode::rgb(&folder.path().join(file)).unwrap();
    let square = dataset.join(format!("diffusers/images/{name}.png"));
    let square = vision::decode::rgb(&square).unwrap();
    // The subject fills the right third, so that the square is at the right end.
    assert_eq!(square.dimensions(), (64, 64));
    assert_eq!(square.get_pixel(0, 0), source.get_pixel(32, 0));
    let mask = vision::decode::luma(&dataset.join(format!("kohya/mask/{name}.png"))).unwrap();
    assert_eq!(mask.dimensions(), (96, 64));
    let level = |x, y| mask.get_pixel(x, y).0[0];
    assert_eq!(
        (level(60, 0), level(59, 0), level(95, 35), level(95, 36)),
        (255, 0, 255, 0)
    );
    let label = dataset.join(format!("onetrainer/train/{name}-masklabel.png"));
    assert!(label.exists(), "OneTrainer has masks beside the images");
}

#[test]
fn a_background_is_trained_on_where_the_subject_is_not() {
    let (folder, mut records) = scenes(1);
    let mask = vision::mask::Mask::from_fn(96, 64, |x, _| x < 10).unwrap();
    vision::write::png_luma(&mask.to_luma(), &folder.path().join("mask.png")).unwrap();
    records[0]["mask"] = json!("mask.png");
    let flags = [
        "--type",
        "background",
        "--trigger",
        "prs",
        "--grow-subject",
        "2",
    ];
    write(folder.path(), &flags, &records);
    let (_, mask) = files(&folder.path().join("out/dataset/kohya/mask"))
        .pop_first()
        .unwrap();
    let mask = vision::decode::luma_from_bytes(&mask).unwrap();
    assert_eq!(
        (mask.get_pixel(11, 0).0[0], mask.get_pixel(12, 0).0[0]),
        (0, 255)
    );
}

#[test]
fn a_mask_of_another_size_is_a_failure() {
    let (folder, mut records) = scenes(1);
    vision::write::png_luma(
        &vision::GrayImage::new(9, 9),
        &folder.path().join("mask.png"),
    )
    .unwrap();
    records[0]["mask"] = json!("mask.png");
    let flags = ["--type", "pose", "--trigger", "x", "--out-dir", "out"];
    let ran = run_in(folder.path(), TOOL, &flags, &lines(&records));
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr
            .contains("mask.png: the mask is 9x9, but the image is 96x64"),
        "{}",
        ran.stderr
    );
}

#[test]
fn fitted_images_lose_nothing_in_the_trainer() {
    let (folder, records) = scenes(1);
    let image = testkit::scene(1000, 700, 1);
    vision::write::png(&image, &folder.path().join("scene_00.png")).unwrap();
    let flags = [
        "--type",
        "style",
        "--trigger",
        "x",
        "--fit",
        "--resolution",
        "512",
    ];
    let ran = write(folder.path(), &flags, &records);
    let side = |key| u32::try_from(ran.records()[0]["dataset"][key].as_u64().unwrap()).unwrap();
    let exported = Size::new(side("width"), side("height"));
    let buckets = Buckets::new(BucketSettings {
        enable_bucket: true,
        bucket_no_upscale: true,
        ..BucketSettings::new(Size::square(512))
    });
    let fit = buckets.unwrap().fit(exported).unwrap();
    assert_eq!((fit.bucket, fit.cropped()), (exported, 0.0));
}

#[test]
fn an_image_that_would_be_enlarged_is_spoken_of() {
    let (folder, records) = scenes(2);
    let flags = ["--type", "style", "--trigger", "x", "--views", "onetrainer"];
    let ran = write(folder.path(), &flags, &records);
    assert!(
        ran.stderr.contains("onetrainer: 2 of 2 images are smaller"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        ran.records()[0]["dataset"]["width"],
        96,
        "and left as it is"
    );
}

#[test]
fn two_runs_in_two_places_write_the_same_bytes() {
    let write_there = || {
        let (folder, mut records) = scenes(3);
        for (number, record) in records.iter_mut().enumerate() {
            record["image"] = json!(format!("scene_{number:02}.png"));
        }
        let flags = [
            "--type",
            "style",
            "--trigger",
            "x",
            "--views",
            "kohya,webdataset,diffusers",
            "--root",
            ".",
        ];
        write(folder.path(), &flags, &records);
        files(&folder.path().join("out"))
    };
    assert_eq!(write_there(), write_there());
}

#[test]
fn a_shard_is_read_back_by_the_rules_of_webdataset() {
    let (folder, _) = everything();
    let path = folder
        .path()
        .join("out/dataset/webdataset/lucap_boy-train-000000.tar");
    let mut shard = tar::Archive::new(fs::File::open(path).unwrap());
    let names: Vec<_> = shard
        .entries()
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            assert_eq!(entry.header().mtime().unwrap(), 0);
            entry.path().unwrap().to_str().unwrap().to_owned()
        })
        .collect();
    let found = loaders::tar::samples(names.iter().map(String::as_str));
    assert_eq!(found.samples.len(), 8);
    assert!(found.torn.is_empty() && found.twice.is_empty());
    let fields: Vec<_> = found.samples[0].fields.keys().collect();
    assert_eq!(fields, ["json", "png", "txt"]);
}

#[test]
fn a_second_writer_is_kept_out() {
    let (folder, records) = scenes(1);
    fs::create_dir(folder.path().join("out")).unwrap();
    let held = fs::File::open(folder.path().join("out")).unwrap();
    held.lock().unwrap();
    let flags = ["--type", "style", "--trigger", "x", "--out-dir", "out"];
    let ran = run_in(folder.path(), TOOL, &flags, &lines(&records));
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.stderr.contains("another run is writing here"),
        "{}",
        ran.stderr
    );
}

const TAGS: &str = "lucap boy, running, evening";
const SENTENCE: &str = "lucap boy, running, in the evening. A boat lies at the quay.";

/// One image as caption-compose describes it, with changes.
fn described(changes: &Value, flags: &[&str]) -> BTreeMap<PathBuf, Vec<u8>> {
    let (folder, mut records) = scenes(1);
    records[0]["caption"] = json!(TAGS);
    records[0]["facts"] = json!({"type": "character", "tags": TAGS, "sentence": SENTENCE});
    for (key, value) in changes.as_object().unwrap() {
        records[0][key] = value.clone();
    }
    let views =
        "kohya,onetrainer,ai-toolkit,diffusers,musubi,diffusion-pipe,simpletuner,webdataset";
    let all = [
        "--type",
        "custom",
        "--template",
        "a_{id}",
        "--trigger",
        "lucap boy",
        "--views",
        views,
    ];
    write(folder.path(), &[&all, flags].concat(), &records);
    files(&folder.path().join("out/dataset"))
}

/// What the trainer of a view reads beside the image.
fn text(all: &BTreeMap<PathBuf, Vec<u8>>, view: &str) -> String {
    let mut found = all.iter().filter(|(path, _)| {
        path.starts_with(view) && path.extension().is_some_and(|ending| ending == "txt")
    });
    String::from_utf8(found.next().unwrap().1.clone()).unwrap()
}

fn row(all: &BTreeMap<PathBuf, Vec<u8>>, file: &str) -> Value {
    serde_json::from_slice(&all[Path::new(file)]).unwrap()
}

#[test]
fn each_trainer_gets_the_form_that_it_is_best_with() {
    let all = described(&json!({}), &[]);
    let both = format!("{TAGS}\n{SENTENCE}");
    for (view, expected) in [
        ("kohya", TAGS),
        ("onetrainer", &both),
        ("simpletuner", &both),
        ("ai-toolkit", SENTENCE),
        ("musubi", SENTENCE),
        ("diffusion-pipe", SENTENCE),
    ] {
        assert_eq!(text(&all, view), expected, "{view}");
    }
    assert_eq!(row(&all, "diffusers/metadata.jsonl")["text"], SENTENCE);
    assert_eq!(row(&all, "musubi/metadata.jsonl")["caption"], SENTENCE);
    assert_eq!(row(&all, "manifest.jsonl")["caption"], TAGS);
    let shard = &all[Path::new("webdataset/lucap_boy-train-000000.tar")];
    assert!(String::from_utf8_lossy(shard).contains(&format!("\"caption\":\"{TAGS}\"")));
}

#[test]
fn a_form_that_is_asked_for_goes_to_all() {
    for (form, expected) in [("tags", TAGS), ("sentence", SENTENCE), ("own", TAGS)] {
        let all = described(&json!({}), &["--form", form]);
        for view in [
            "kohya",
            "onetrainer",
            "ai-toolkit",
            "musubi",
            "diffusion-pipe",
            "simpletuner",
        ] {
            assert_eq!(text(&all, view), expected, "{view}: {form}");
        }
    }
    let sentences = json!({"caption": SENTENCE,
        "facts": {"form": "sentence", "tags": TAGS, "sentence": SENTENCE}});
    assert_eq!(text(&described(&sentences, &[]), "kohya"), SENTENCE);
    assert_eq!(
        text(&described(&sentences, &["--form", "tags"]), "kohya"),
        TAGS
    );
}

#[test]
fn a_caption_that_somebody_changed_goes_to_all() {
    let changed = json!({"caption": "lucap boy, asleep"});
    for flags in [&[][..], &["--form", "several"]] {
        let all = described(&changed, flags);
        for view in [
            "kohya",
            "onetrainer",
            "ai-toolkit",
            "diffusion-pipe",
            "simpletuner",
        ] {
            assert_eq!(text(&all, view), "lucap boy, asleep", "{view}");
        }
    }
}

#[test]
fn several_captions_stand_where_each_trainer_reads_them() {
    use loaders::metadata;
    let all = described(&json!({}), &["--form", "several"]);
    let both = [TAGS, SENTENCE];
    let lists = &all[Path::new("diffusion-pipe/train/captions.json")];
    let (lists, flaws) = metadata::lists(std::str::from_utf8(lists).unwrap());
    assert_eq!(
        (lists["a_0001.png"].as_slice(), flaws.as_slice()),
        (&both.map(str::to_owned)[..], &[][..])
    );
    let pipe = all
        .keys()
        .filter(|path| path.starts_with("diffusion-pipe/train"));
    assert_eq!(
        pipe.count(),
        2,
        "the image and the list, which stands for captions beside images"
    );
    let rows = &all[Path::new("diffusers/metadata.jsonl")];
    let (rows, flaws) = metadata::rows(diffusers::ROWS, std::str::from_utf8(rows).unwrap());
    assert_eq!(
        (rows[0].captions.as_slice(), flaws),
        (&both.map(str::to_owned)[..], vec![])
    );
    let config = std::str::from_utf8(&all[Path::new("kohya/dataset.toml")]).unwrap();
    let found = opened("sd-scripts", config, false);
    assert_eq!(codes(&found), [] as [&str; 0]);
    let lines = found.sets[0].texts(text(&all, "kohya").as_bytes());
    assert_eq!(lines.unwrap(), both);
    let set = Set::folder(named("onetrainer").unwrap(), "img", &Settings::default());
    let lines = set.texts(text(&all, "onetrainer").as_bytes());
    assert_eq!(lines.unwrap(), both);
    assert_eq!(text(&all, "ai-toolkit"), SENTENCE, "it takes one");
}

/// Six images with masks, written first alone and then with three for regularization.
struct Regular {
    folder: tempfile::TempDir,
    /// What was said then.
    ran: testkit::Ran,
    /// The files of the data set before, and then.
    before: BTreeMap<PathBuf, Vec<u8>>,
    after: BTreeMap<PathBuf, Vec<u8>>,
}

fn regular() -> Regular {
    let (folder, mut records) = scenes(9);
    let here = folder.path();
    for (number, record) in records.iter_mut().enumerate() {
        let mask = vision::mask::Mask::from_fn(96, 64, |x, _| x >= 48).unwrap();
        let path = here.join(format!("mask_{number}.png"));
        vision::write::png_luma(&mask.to_luma(), &path).unwrap();
        record["mask"] = json!(path);
    }
    for record in &mut records[6..] {
        record["caption"] = json!("boy, running by the sea");
    }
    fs::write(here.join("others.jsonl"), lines(&records[6..])).unwrap();
    let views =
        "kohya,onetrainer,ai-toolkit,diffusers,musubi,diffusion-pipe,simpletuner,webdataset";
    let mut flags = vec!["--type", "character", "--trigger", "lucap boy"];
    flags.extend(["--views", views, "--resolution", "64", "--root", "/data"]);
    write(here, &flags, &records[..6]);
    let before = files(&here.join("out/dataset"));
    flags.extend(["--regularization", "others.jsonl"]);
    let ran = write(here, &flags, &records[..6]);
    let after = files(&here.join("out/dataset"));
    Regular {
        folder,
        ran,
        before,
        after,
    }
}

impl Regular {
    /// How many images and captions of a folder came with the regularization images.
    fn added(&self, folder: &str) -> (usize, usize) {
        let new = self
            .after
            .keys()
            .filter(|path| !self.before.contains_key(*path));
        let new: Vec<_> = new.filter(|path| path.starts_with(folder)).collect();
        let of = |ending: &str| {
            let of = new
                .iter()
                .filter(|path| path.extension().is_some_and(|one| one == ending));
            of.count()
        };
        (of("jpg") + of("png"), of("txt"))
    }

    /// The folders that a trainer finds in a configuration, without the start of their paths: whether each is
    /// for regularization, and how often it is shown.
    fn sides(&self, trainer: &str, path: &str) -> Vec<(String, bool, f64)> {
        let text = configuration(self.folder.path(), path);
        let opened = read(
            trainer,
            &text,
            Settings {
                trigger: Some("lucap boy".to_owned()),
                ..Settings::default()
            },
        );
        let side = |set: &Set| {
            let path: PathBuf = set.path.components().skip(3).collect();
            let regular = set.side == Side::Regularization;
            assert!(
                !regular || set.trigger.is_none() || trainer != "ai-toolkit",
                "it adds none"
            );
            (path.display().to_string(), regular, set.repeats)
        };
        opened.sets.iter().map(side).collect()
    }
}

#[test]
fn regularization_images_are_beside_the_set() {
    let made = regular();
    assert_eq!(made.ran.records().len(), 6, "they are not of the set");
    for view in ["onetrainer", "ai-toolkit", "simpletuner"] {
        assert_eq!(
            made.added(&format!("{view}/regularization")),
            (3, 3),
            "{view}"
        );
    }
    let folder = Path::new("kohya/regularization/1_class");
    assert_eq!(made.added("kohya/regularization/1_class"), (3, 3));
    let text = &made.after[&folder.join("regularization_0001.txt")];
    assert_eq!(text, b"boy, running by the sea");
    // A view whose trainer cannot use them has none, and says so.
    for view in ["diffusers", "musubi", "diffusion-pipe", "webdataset"] {
        assert_eq!(made.added(view), (0, 0), "{view}");
        assert!(
            made.ran.stderr.contains(view),
            "{view}: {}",
            made.ran.stderr
        );
    }
}

#[test]
fn trainers_are_told_which_images_are_for_regularization() {
    let made = regular();
    let set = |path: &str, regular, repeats| (path.to_owned(), regular, repeats);
    // Three are shown as often as the six, which ai-toolkit does by itself.
    for (trainer, path, repeats) in [
        ("onetrainer", "onetrainer/concepts.json", 2.0),
        ("ai-toolkit", "ai-toolkit/config.yaml", 1.0),
        ("simpletuner", "simpletuner/multidatabackend.json", 2.0),
    ] {
        let folder = |side| format!("{trainer}/{side}");
        let expected = [
            set(&folder("train"), false, 1.0),
            set(&folder("regularization"), true, repeats),
        ];
        assert_eq!(made.sides(trainer, path), expected, "{path}");
    }
    let train = "kohya/train/1_lucap_boy";
    let regular = "kohya/regularization/1_class";
    let plain = [set(train, false, 1.0), set(regular, true, 1.0)];
    assert_eq!(made.sides("sd-scripts", "kohya/dataset.toml"), plain);
    // Beside masks they are a data set of their own, three shown as often as the six.
    let masked = [set(train, false, 1.0), set(regular, true, 2.0)];
    assert_eq!(made.sides("sd-scripts", "kohya/masked.toml"), masked);
}

#[test]
fn regularization_images_are_neither_of_the_set_nor_called_so() {
    let (folder, mut records) = scenes(4);
    let here = folder.path();
    records[3]["caption"] = json!("boy, by the sea");
    let flags = [
        "--type",
        "character",
        "--trigger",
        "lucap",
        "--resolution",
        "64",
        "--regularization",
        "others.jsonl",
    ];
    let said = |others: &[Value]| {
        fs::write(here.join("others.jsonl"), lines(others)).unwrap();
        let all = [&["--out-dir", "out"], &flags[..]].concat();
        let ran = run_in(here, TOOL, &all, &lines(&records[..3]));
        (ran.code, ran.stderr)
    };
    let (code, error) = said(&records[2..]);
    assert!(
        code == Some(1) && error.contains("is an image of the set"),
        "{error}"
    );
    let mut named = records[3].clone();
    named["caption"] = json!("lucap boy, by the sea");
    let (code, error) = said(&[named]);
    assert!(
        code == Some(1) && error.contains("begins with the trigger"),
        "{error}"
    );
    let mut rejected = records[3].clone();
    rejected["rejected"] = json!({"by": "x", "reason": "dark"});
    let (code, error) = said(&[rejected]);
    assert!(
        code == Some(0) && error.contains("1 records are marked as rejected"),
        "{error}"
    );
    assert!(error.contains("has no images"), "{error}");
    assert_eq!(said(&records[3..]).0, Some(0));
}
