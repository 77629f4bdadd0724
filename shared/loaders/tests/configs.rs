//! Configurations, against what the trainers' own schemas accept and refuse.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use loaders::config::sd_scripts::Kind;
use loaders::config::{concepts, diffusion_pipe, musubi, sd_scripts};

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

fn codes(text: &str, masked_loss: bool) -> Vec<&'static str> {
    let (_, problems) = sd_scripts::read(&text.parse().unwrap(), masked_loss);
    problems.into_iter().map(|problem| problem.code).collect()
}

fn with(general: &str, dataset: &str, subset: &str) -> String {
    format!(
        "[general]\n{general}\n[[datasets]]\nresolution = 512\n{dataset}\n[[datasets.subsets]]\nimage_dir = \"a\"\n{subset}"
    )
}

#[test]
fn the_sample_is_accepted_with_masked_loss_alone() {
    let (subsets, problems) = sd_scripts::read(&SAMPLE.parse().unwrap(), true);
    assert_eq!(problems, []);
    let kinds: Vec<_> = subsets.iter().map(|subset| subset.kind).collect();
    assert_eq!(kinds, [Kind::DreamBooth, Kind::Masked, Kind::FineTuning]);
    assert_eq!(subsets[0].caption_extension, ".txt");
    assert_eq!((subsets[0].num_repeats, subsets[1].num_repeats), (10, 8));
    assert_eq!(subsets[0].buckets.unwrap().max_bucket_reso, 1536);
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
    let (subsets, _) = sd_scripts::read(&with("", "", "").parse().unwrap(), false);
    assert_eq!(subsets[0].caption_extension, ".caption");
}

#[test]
fn musubi_refuses_what_sd_scripts_takes() {
    let codes = |line: &str| -> Vec<_> {
        let text = format!(
            "[general]\ncaption_extension = \".txt\"\n[[datasets]]\nimage_directory = \"a\"\nresolution = [960, 544]\n{line}"
        );
        let (_, problems) = musubi::read(&text.parse().unwrap());
        problems.into_iter().map(|problem| problem.code).collect()
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
    let (_, problems) = musubi::read(&"[[datasets]]\nimage_jsonl_file = \"a\"".parse().unwrap());
    assert!(problems[0].text.contains("cache_directory"));
}

#[test]
fn onetrainer_takes_the_default_for_what_it_does_not_know() {
    let (concepts, problems) = concepts::read(
        r#"[{"__version":2,"path":"a","balancing":10.0,"image":{"enable_crop_jitter":false}},
            {"__version":2,"path":"b","repeats":10,"type":"standard","text":{"prompt_source":"txt"}}]"#,
    );
    assert!((concepts[0].balancing - 10.0).abs() < 1e-9 && !concepts[0].enable_crop_jitter);
    assert!((concepts[1].balancing - 1.0).abs() < 1e-9 && concepts[1].enable_crop_jitter);
    let codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["config-key", "config-word", "config-word"]);
    assert!(problems.iter().all(|problem| !problem.fatal));
}

#[test]
fn diffusion_pipe_reads_its_directories() {
    let text = "resolutions = [512, 1024]\nenable_ar_bucket = true\nmin_ar = 0.5\nmax_ar = 2.0\nnum_ar_buckets = 7\n[[directory]]\npath = \"a\"\nnum_repeats = 10\n";
    let (directories, problems) = diffusion_pipe::read(&text.parse().unwrap());
    assert_eq!(problems, []);
    assert!((directories[0].buckets.resolution - 1024.0).abs() < 1e-9);
    assert!(
        directories[0].skip_empty_caption,
        "the default drops pictures without captions"
    );
    let (_, problems) = diffusion_pipe::read(&"[[directory]]\npath = \"a\"".parse().unwrap());
    assert_eq!(problems[0].code, "config-missing");
}
