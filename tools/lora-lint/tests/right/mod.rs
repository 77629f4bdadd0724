//! Data sets that nothing is wrong with: not a word, for every trainer.

use crate::support::{Folder, GOOD, TRAINERS, warnings};

fn silent(build: impl FnOnce(&Folder), arguments: &[&str]) {
    warnings(build, arguments, &[]);
}

#[test]
fn a_flat_folder_for_each_trainer() {
    for trainer in TRAINERS {
        let arguments = [
            ".",
            "--trainer",
            trainer,
            "--resolution",
            "256",
            "--trigger",
            "lucap boy",
        ];
        silent(|f| f.pairs("", 6), &arguments);
    }
    silent(
        |f| f.pairs("", 6),
        &[".", "--trainer", "all", "--resolution", "256"],
    );
}

#[test]
fn a_numbered_folder() {
    silent(|f| f.pairs("10_lucap boy/", 6), &["."]);
}

#[test]
fn a_configuration_with_masks() {
    let build = |f: &Folder| {
        f.pairs("img/", 6);
        for number in 0..6 {
            f.mask(&format!("mask/img_{number:04}.png"), 256, 256, 255);
        }
        let text = "[general]\ncaption_extension = \".txt\"\n[[datasets]]\nresolution = 256\nenable_bucket = true\nbucket_no_upscale = true\nmin_bucket_reso = 128\nmax_bucket_reso = 384\n[[datasets.subsets]]\nimage_dir = \"img\"\nconditioning_data_dir = \"mask\"\n";
        f.text("set.toml", text);
    };
    silent(build, &["set.toml", "--masked-loss"]);
}

#[test]
fn folders_that_share_their_masks() {
    let build = |f: &Folder| {
        f.pairs("img/", 6);
        f.pair(
            "rare/other",
            "lucap boy, climbing a wall by the sea at noon",
        );
        f.mask("mask/other.png", 256, 256, 255);
        for number in 0..6 {
            f.mask(&format!("mask/img_{number:04}.png"), 256, 256, 255);
        }
        let subset = |folder, repeats| {
            format!(
                "[[datasets.subsets]]\nimage_dir = \"{folder}\"\nconditioning_data_dir = \"mask\"\nnum_repeats = {repeats}\n"
            )
        };
        let text = "[general]\ncaption_extension = \".txt\"\n[[datasets]]\nresolution = 256\nenable_bucket = true\nbucket_no_upscale = true\nmin_bucket_reso = 128\nmax_bucket_reso = 384\n";
        let text = [text, &subset("img", 1), &subset("rare", 3)].concat();
        f.text("set.toml", &text);
    };
    silent(build, &["set.toml", "--masked-loss"]);
}

#[test]
fn masks_beside_the_images_for_onetrainer() {
    let build = |f: &Folder| {
        f.pairs("img/", 6);
        f.mask("img/img_0003-masklabel.png", 256, 256, 255);
        let concept = r#"[{"__version":2,"path":"img","balancing":10.0,"image":{"enable_crop_jitter":false}}]"#;
        f.text("concepts.json", concept);
    };
    silent(build, &["concepts.json", "--resolution", "256"]);
}

#[test]
fn several_captions_an_image() {
    let two = "Lucap boy, running along the harbour.\nA boy runs by the sea in the evening.";
    for trainer in ["onetrainer", "simpletuner"] {
        silent(
            |f| f.pair("a", two),
            &[".", "--trainer", trainer, "--resolution", "256"],
        );
    }
}

#[test]
fn both_forms_of_a_caption_on_lines_of_their_own() {
    let two = "lucap boy, running, harbour, evening\nlucap boy, running along the harbour, in the evening.";
    for trainer in ["onetrainer", "simpletuner"] {
        let arguments = [
            ".",
            "--trainer",
            trainer,
            "--resolution",
            "256",
            "--trigger",
            "lucap boy",
        ];
        silent(|f| f.pair("a", two), &arguments);
    }
}

#[test]
fn lists_of_captions_for_diffusers_and_diffusion_pipe() {
    let rows = |f: &Folder| {
        f.image("a.png", 256, 256);
        let row = serde_json::json!({"file_name": "a.png", "text": [GOOD, "lucap boy, asleep in the sun"]});
        f.text("metadata.jsonl", &row.to_string());
    };
    silent(
        rows,
        &[".", "--resolution", "256", "--trigger", "lucap boy"],
    );
    let folder = Folder::new();
    folder.image("a.png", 256, 256);
    let lists = serde_json::json!({"a.png": [GOOD, "lucap boy, asleep in the sun on an old wall"]});
    folder.text("captions.json", &lists.to_string());
    let ran = folder.lint(&[
        ".",
        "--trainer",
        "diffusion-pipe",
        "--resolution",
        "256",
        "--trigger",
        "lucap boy",
    ]);
    let lint = &ran.records()[0]["lint"];
    assert_eq!(
        (&lint["status"], &lint["captions"]),
        (&"ok".into(), &2.into()),
        "{lint}"
    );
    assert_eq!(lint["caption"], GOOD);
    assert_eq!(lint["repeats"], 2.0, "it is shown once with each");
    assert_eq!(lint["tokens"], 12, "of the longer one");
}

#[test]
fn a_musubi_configuration() {
    let text = "[general]\ncaption_extension = \".txt\"\nresolution = 256\nenable_bucket = true\nbucket_no_upscale = true\n[[datasets]]\nimage_directory = \"img\"\n";
    silent(
        |f| {
            f.pairs("img/", 6);
            f.text("set.toml", text);
        },
        &["set.toml"],
    );
}

#[test]
fn a_diffusion_pipe_configuration() {
    let text = "resolutions = [256]\nenable_ar_bucket = true\nmin_ar = 0.5\nmax_ar = 2.0\nnum_ar_buckets = 7\n[[directory]]\npath = \"img\"\nmask_path = \"mask\"\n";
    silent(
        |f| {
            f.pair("img/a", GOOD);
            f.mask("mask/a.png", 256, 256, 255);
            f.text("set.toml", text);
        },
        &["set.toml", "--resolution", "256", "--max-cropped", "0.2"],
    );
}

#[test]
fn an_imagefolder() {
    silent(
        |f| {
            f.image("train/a.png", 256, 256);
            let row = format!("{{\"file_name\":\"a.png\",\"text\":\"{GOOD}\"}}\n");
            f.text("train/metadata.jsonl", &row);
        },
        &[".", "--resolution", "256"],
    );
}

#[test]
fn a_shard() {
    let mut tar = tar::Builder::new(Vec::new());
    let png = vision::write::encode_png(&testkit::scene(64, 64, 1)).unwrap();
    for (name, content) in [("a.png", png.as_slice()), ("a.txt", GOOD.as_bytes())] {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, content).unwrap();
    }
    let shard = tar.into_inner().unwrap();
    silent(|f| f.bytes("luca-000000.tar", &shard), &["."]);
}

#[test]
fn a_nested_folder_for_those_who_look_into_folders() {
    for trainer in ["ai-toolkit", "simpletuner"] {
        silent(
            |f| {
                f.pairs("summer/", 3);
                f.pairs("winter/", 3);
            },
            &[".", "--trainer", trainer, "--resolution", "256"],
        );
    }
}

#[test]
fn an_opaque_alpha_channel_hides_nothing() {
    let opaque = vision::RgbaImage::from_pixel(256, 256, [9, 9, 9, 255].into());
    let png = vision::write::encode_png_rgba(&opaque).unwrap();
    silent(
        |f| {
            f.bytes("a.png", &png);
            f.text("a.txt", GOOD);
        },
        &["."],
    );
}

#[test]
fn links_that_go_round_in_circles() {
    let build = |f: &Folder| {
        f.pairs("", 6);
        for name in ["round", "about"] {
            std::os::unix::fs::symlink(".", f.path().join(name)).unwrap();
        }
        std::os::unix::fs::symlink("gone.png", f.path().join("nowhere.png")).unwrap();
    };
    silent(build, &[".", "--resolution", "256"]);
}
