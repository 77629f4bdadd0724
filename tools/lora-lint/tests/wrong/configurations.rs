//! Configurations that the trainer refuses, or reads otherwise than meant.

use crate::support::{Folder, GOOD, errors, warnings};

/// The buckets that the images of these tests fit into.
const BUCKETS: &str =
    "resolution = 256\nenable_bucket = true\nmin_bucket_reso = 128\nmax_bucket_reso = 384\n";

/// A configuration over the folder `img`.
fn config(general: &str, dataset: &str, subset: &str) -> impl Fn(&Folder) {
    let text = format!(
        "[general]\ncaption_extension = \".txt\"\n{general}\n[[datasets]]\n{BUCKETS}{dataset}\n[[datasets.subsets]]\nimage_dir = \"img\"\n{subset}\n"
    );
    written(text)
}

/// Any configuration beside the folder `img`.
fn written(text: impl Into<String>) -> impl Fn(&Folder) {
    let text = text.into();
    move |f| {
        f.pairs("img/", 6);
        f.text("set.toml", &text);
    }
}

#[test]
fn what_sd_scripts_refuses() {
    for (general, dataset, subset, code) in [
        ("trigger_word = \"x\"", "", "", "config-key"),
        ("", "mask_dir = \"x\"", "", "config-key"),
        ("alpha_mask = true", "", "", "config-key"),
        ("", "", "num_repeats = 10.0", "config-type"),
        ("", "validation_split = 0", "", "config-type"),
    ] {
        errors(config(general, dataset, subset), &["set.toml"], &[code]);
    }
    errors(written("resolution = "), &["set.toml"], &["config-syntax"]);
}

#[test]
fn what_is_not_there_or_cannot_be() {
    let gone = "[[datasets]]\nresolution = 512\n[[datasets.subsets]]\nimage_dir = \"gone\"\n";
    errors(written(gone), &["set.toml"], &["folder-missing"]);
    let bounds = "[[datasets]]\nresolution = 512\nenable_bucket = true\nmin_bucket_reso = 768\n[[datasets.subsets]]\nimage_dir = \"img\"\ncaption_extension = \".txt\"\n";
    errors(written(bounds), &["set.toml"], &["config-buckets"]);
    let ending = format!("[[datasets]]\n{BUCKETS}[[datasets.subsets]]\nimage_dir = \"img\"\n");
    errors(written(ending), &["set.toml"], &["caption-extension"]);
}

#[test]
fn repeats_in_the_name_mean_nothing_here() {
    let text = format!(
        "[[datasets]]\n{BUCKETS}[[datasets.subsets]]\ncaption_extension = \".txt\"\nimage_dir = \"10_luca\"\n"
    );
    let build = |f: &Folder| {
        f.pair("10_luca/a", GOOD);
        f.text("set.toml", &text);
    };
    warnings(build, &["set.toml"], &["repeats-in-name"]);
}

#[test]
fn the_same_folder_twice() {
    let twice = config("", "", "[[datasets.subsets]]\nimage_dir = \"img\"");
    warnings(twice, &["set.toml"], &["config-twice"]);
}

#[test]
fn musubi_refuses_what_sd_scripts_takes() {
    let text = "[general]\ncaption_extension = \".txt\"\nkeep_tokens = 1\n[[datasets]]\nimage_directory = \"img\"\nresolution = 256\nenable_bucket = true\n";
    errors(written(text), &["set.toml"], &["config-key"]);
}

#[test]
fn onetrainer_goes_on_with_a_default() {
    let concepts = r#"[{"__version":2,"path":"img","repeats":10,"type":"standard"}]"#;
    let build = |f: &Folder| {
        f.pairs("img/", 6);
        f.text("concepts.json", concepts);
    };
    let arguments = ["concepts.json", "--resolution", "256"];
    warnings(
        build,
        &arguments,
        &["config-jitter", "config-key", "config-word"],
    );
}

#[test]
fn masks_that_want_a_flag_of_the_command_line() {
    let build = |f: &Folder| {
        config("", "", "conditioning_data_dir = \"mask\"")(f);
        for number in 0..6 {
            f.mask(&format!("mask/img_{number:04}.png"), 256, 256, 255);
        }
    };
    warnings(build, &["set.toml"], &["config-masked-loss"]);
}

#[test]
fn a_job_of_ai_toolkit_that_is_not_read_as_meant() {
    let job = "job: extension\nconfig:\n  process:\n    - type: sd_trainer\n      datasets:\n        - folder_path: img\n          resolution: [256]\n          num_repeat: 3\n          random_crop: true\n";
    let build = |f: &Folder| {
        f.pairs("img/", 6);
        f.text("job.yaml", job);
    };
    warnings(
        build,
        &["job.yaml"],
        &["config-crop", "config-key", "config-part"],
    );
    errors(
        |f| f.text("job.yaml", "job: [extension"),
        &["job.yaml"],
        &["config-syntax"],
    );
}

#[test]
fn simpletuner_cuts_at_random_unless_it_is_told_not_to() {
    let backends = |style: &str| {
        serde_json::json!([
            {"id": "x", "dataset_type": "image", "instance_data_dir": "img", "crop": false, "crop_style": style,
             "resolution": 256, "resolution_type": "pixel_area", "caption_strategy": "textfile"},
            {"id": "text", "dataset_type": "text_embeds"},
        ])
        .to_string()
    };
    let build = |style: &'static str| {
        move |f: &Folder| {
            f.pairs("img/", 6);
            f.text("backend.json", &backends(style));
        }
    };
    warnings(build("random"), &["backend.json"], &["config-crop"]);
    warnings(build("center"), &["backend.json"], &[]);
}

#[test]
fn a_list_that_stops_sd_scripts() {
    let config = "[[datasets]]\nresolution = 256\n[[datasets.subsets]]\nmetadata_file = \"meta.jsonl\"\nimage_dir = \".\"\n";
    let row = format!("{{\"image_path\":\"a.png\",\"caption\":\"{GOOD}\"}}\n");
    for (list, code) in [
        (format!("{row}\n"), "metadata-blank"),
        (row.replace('}', ",\"tags\":[\"x\"]}"), "metadata-tags"),
    ] {
        let build = |f: &Folder| {
            f.image("a.png", 256, 256);
            f.text("meta.jsonl", &list);
            f.text("set.toml", config);
        };
        errors(build, &["set.toml"], &[code]);
    }
}
