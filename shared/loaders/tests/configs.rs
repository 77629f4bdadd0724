//! Configurations, against what the trainers' own schemas accept and refuse.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::path::Path;

use loaders::Level;
use loaders::configuration::Configuration;
use loaders::fit::Size;
use loaders::set::{Opened, Settings};
use loaders::trainers::named;

/// A configuration that the trainer's own sanitizer accepts, the middle
/// data set with `--masked_loss` only.
const SAMPLE: &str = r#"
[general]
caption_extension = ".txt"
shuffle_caption = false
keep_tokens = 1

[[datasets]]
resolution = [1024, 1024]
batch_size = 2
enable_bucket = true
bucket_no_upscale = true
min_bucket_reso = 512
max_bucket_reso = 1536
bucket_reso_steps = 64
  [[datasets.subsets]]
  image_dir = "/data/luca/character/kohya/10_lucap boy"
  class_tokens = "lucap boy"
  num_repeats = 10
  alpha_mask = false
  custom_attributes = { lora_type = "character", manifest = "manifest.jsonl" }

[[datasets]]
resolution = 1024
enable_bucket = true
  [[datasets.subsets]]
  image_dir = "/data/luca/character/kohya_masked/img"
  conditioning_data_dir = "/data/luca/character/kohya_masked/mask"
  num_repeats = 8

[[datasets]]
resolution = 1024
enable_bucket = true
  [[datasets.subsets]]
  image_dir = "/data/luca/background/img"
  metadata_file = "/data/luca/background/meta.jsonl"
  num_repeats = 1
"#;

/// What a trainer reads in a configuration.
fn read(trainer: &str, text: &str, masked_loss: bool) -> Opened {
    let mut opened = Opened::default();
    let settings = Settings {
        masked_loss,
        ..Settings::default()
    };
    let has = named(trainer).unwrap().configuration(&mut Configuration {
        path: Path::new("configuration"),
        text,
        settings: &settings,
        opened: &mut opened,
    });
    assert!(has, "{trainer} has configurations");
    opened
}

/// The codes of what is said of the configuration itself.
fn codes_of(trainer: &str, text: &str, masked_loss: bool) -> Vec<&'static str> {
    let findings = read(trainer, text, masked_loss).findings.into_iter();
    let own = findings.filter(|(path, _)| path == Path::new("configuration"));
    own.map(|(_, finding)| finding.code).collect()
}

fn codes(text: &str, masked_loss: bool) -> Vec<&'static str> {
    codes_of("sd-scripts", text, masked_loss)
}

fn with(general: &str, dataset: &str, subset: &str) -> String {
    format!(
        "[general]\n{general}\n[[datasets]]\nresolution = 512\n{dataset}\n[[datasets.subsets]]\nimage_dir = \"a\"\n{subset}"
    )
}

#[test]
fn the_sample_is_accepted_with_masked_loss_alone() {
    let opened = read("sd-scripts", SAMPLE, true);
    assert_eq!(codes(SAMPLE, true), [] as [&str; 0]);
    let sets = opened.sets;
    let kinds: Vec<_> = sets
        .iter()
        .map(|set| {
            (
                set.class_tokens.is_some(),
                set.masks.is_some(),
                set.rows.is_some(),
            )
        })
        .collect();
    let one = |kind: usize| (kind == 0, kind == 1, kind == 2);
    assert_eq!(kinds, [one(0), one(1), one(2)]);
    assert_eq!(sets[0].extension, ".txt");
    assert_eq!((sets[0].repeats, sets[1].repeats), (10.0, 8.0));
    // A side of 1536 is more than the default allows.
    let fit = sets[0].fitting.as_ref().unwrap().fit(Size::new(2390, 1000));
    assert_eq!(fit.unwrap().bucket, Size::new(1536, 640));
    assert_eq!(codes(SAMPLE, false), ["config-masked-loss"]);
}

#[test]
fn what_the_schema_refuses_is_found() {
    for (general, dataset, subset, code) in [
        ("trigger_word = \"x\"", "", "", "config-key"),
        ("", "mask_dir = \"x\"", "", "config-key"),
        ("", "", "trigger_word = \"x\"", "config-key"),
        ("alpha_mask = true", "", "", "config-key"),
        ("", "alpha_mask = true", "", "config-key"),
        ("", "", "num_repeats = 10.0", "config-type"),
        ("", "validation_split = 0", "", "config-type"),
        ("", "network_multiplier = 1", "", "config-type"),
        ("", "resolution_x = 1", "", "config-key"),
        (
            "",
            "min_bucket_reso = 768\nenable_bucket = true",
            "",
            "config-buckets",
        ),
    ] {
        assert_eq!(
            codes(&with(general, dataset, subset), false),
            [code],
            "{general}{dataset}{subset}"
        );
    }
    assert_eq!(
        codes(&with("", "", "alpha_mask = true"), false),
        [] as [&str; 0]
    );
    assert_eq!(
        codes(&with("", "validation_split = 0.0", ""), false),
        [] as [&str; 0]
    );
    assert_eq!(
        codes("[provenance]\na = 1\n", false),
        ["config-key", "config-missing"]
    );
}

#[test]
fn kinds_cannot_be_mixed_in_one_data_set() {
    let mixed = "[[datasets]]\nresolution = 512\n[[datasets.subsets]]\nimage_dir = \"a\"\n[[datasets.subsets]]\nmetadata_file = \"m\"";
    assert_eq!(codes(mixed, false), ["config-mixed"]);
    let metadata = "[[datasets]]\nresolution = 512\n[[datasets.subsets]]\nmetadata_file = \"m\"\nclass_tokens = \"x\"";
    assert_eq!(codes(metadata, false), ["config-key"]);
}

#[test]
fn a_folder_that_stands_twice_is_left_out_once() {
    let twice = "[[datasets]]\nresolution = 512\n[[datasets.subsets]]\nimage_dir = \"a\"\n[[datasets.subsets]]\nimage_dir = \"a\"";
    assert_eq!(codes(twice, false), ["config-twice"]);
}

#[test]
fn captions_are_called_caption_unless_told_otherwise() {
    let opened = read("sd-scripts", &with("", "", ""), false);
    assert_eq!(opened.sets[0].extension, ".caption");
}

#[test]
fn musubi_refuses_what_sd_scripts_takes() {
    let codes = |line: &str| -> Vec<_> {
        let text = format!(
            "[general]\ncaption_extension = \".txt\"\n[[datasets]]\nimage_directory = \"a\"\nresolution = [960, 544]\n{line}"
        );
        codes_of("musubi-tuner", &text, false)
    };
    assert_eq!(codes("enable_bucket = true"), [] as [&str; 0]);
    for line in [
        "keep_tokens = 1",
        "class_tokens = \"x\"",
        "alpha_mask = true",
        "max_bucket_reso = 9",
        "shuffle_caption = true",
    ] {
        assert_eq!(codes(line), ["config-key"], "{line}");
    }
    let list = read(
        "musubi-tuner",
        "[[datasets]]\nimage_jsonl_file = \"a\"",
        false,
    );
    assert!(list.findings[0].1.text.contains("cache_directory"));
}

#[test]
fn onetrainer_takes_the_default_for_what_it_does_not_know() {
    let text = r#"[{"__version":2,"path":"a","balancing":10.0,"image":{"enable_crop_jitter":false}},
            {"__version":2,"path":"b","repeats":10,"type":"standard","text":{"prompt_source":"txt"}}]"#;
    let opened = read("onetrainer", text, false);
    let repeats: Vec<_> = opened.sets.iter().map(|set| set.repeats).collect();
    assert_eq!(repeats, [10.0, 1.0]);
    let findings: Vec<_> = opened.findings.iter().map(|(_, finding)| finding).collect();
    let codes: Vec<_> = findings.iter().map(|finding| finding.code).collect();
    let second = ["config-key", "config-word", "config-word", "config-jitter"];
    assert_eq!(codes, second, "the first is as it was meant");
    assert!(
        findings
            .iter()
            .all(|finding| finding.level == Level::Warning)
    );
}

#[test]
fn diffusion_pipe_reads_its_directories() {
    let text = "resolutions = [512, 1024]\nenable_ar_bucket = true\nmin_ar = 0.5\nmax_ar = 2.0\nnum_ar_buckets = 7\n[[directory]]\npath = \"a\"\nnum_repeats = 10\n";
    let opened = read("diffusion-pipe", text, false);
    assert_eq!(opened.findings, []);
    let set = &opened.sets[0];
    assert!((set.repeats - 10.0).abs() < 1e-9);
    let fit = set.fitting.as_ref().unwrap().fit(Size::square(3000));
    assert_eq!(fit.unwrap().bucket, Size::square(1024), "the larger of two");
    assert_eq!(
        set.class_tokens, None,
        "the default drops images without captions"
    );
    let codes = codes_of("diffusion-pipe", "[[directory]]\npath = \"a\"", false);
    assert_eq!(codes, ["config-missing"]);
}

#[test]
fn diffusion_pipe_looks_for_masks_where_the_directory_says() {
    let text = |outer: &str, inner: &str| {
        format!("resolutions = [512]\n{outer}\n[[directory]]\npath = \"a\"\n{inner}\n")
    };
    let masks = |text: &str| read("diffusion-pipe", text, false).sets.remove(0).masks;
    let path = "mask_path = \"m\"";
    assert_eq!(masks(&text("", path)), Some("m".into()));
    assert_eq!(masks(&text(path, "")), None, "the outer level is not read");
}

#[test]
fn simpletuner_makes_a_data_set_of_embedded_text_where_there_is_none() {
    let text = r#"[{"id": "x", "instance_data_dir": "a", "crop_style": "center"}]"#;
    assert_eq!(codes_of("simpletuner", text, false), [] as [&str; 0]);
}
