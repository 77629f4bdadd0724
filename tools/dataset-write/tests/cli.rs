//! What dataset-write writes, as files and as records.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that fails says so by panicking"
)]

mod colours;
mod disk;
mod prompts;
mod support;
mod training;
mod views;

mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use serde_json::{Value, json};
    use testkit::{Ran, Shape, Tolerance, golden, manners, run_in};

    use crate::support::{TOOL, caption, files, lines, names, scenes, write};

    /// The tool writes beside its manifests, so the cases are copied first.
    #[test]
    fn the_golden_manifests_come_out_as_stored() {
        let folder = tempfile::tempdir().unwrap();
        let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        for (name, content) in files(&cases) {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        golden(TOOL, folder.path().to_str().unwrap(), Tolerance::default());
        for case in ["character", "lighting"] {
            let written = folder.path().join(case).join("out.jsonl");
            if std::env::var_os("UPDATE").is_some() {
                fs::copy(written, cases.join(case).join("out.jsonl")).unwrap();
            }
        }
    }

    #[test]
    fn it_has_manners() {
        manners(Shape {
            tool: TOOL,
            flags: &["--type", "style", "--trigger", "drawn", "--out-dir", "out"],
            opens_images: true,
            streams: false,
        });
    }

    #[test]
    fn each_type_names_its_images_as_the_plan_says() {
        let (folder, records) = scenes(1);
        let mut record = records[0].clone();
        record["light"] = json!({"time": "evening", "weather": "sunny", "setting": "outdoor"});
        record["tags"] = json!({"location": [["Porto Rosso", 0.9], ["sea", 0.1]]});
        record["pose"] = json!({"action": "running", "angle": "three-quarter"});
        record["emotion"] = json!({"label": "happy", "intensity": "high"});
        for (kind, name) in [
            ("character", "char_luca_0001"),
            ("background", "bg_scene0001_porto_rosso_evening"),
            ("pose", "pose_luca_running_three_quarter_0001"),
            ("expression", "expr_luca_happy_high_0001"),
            ("style", "style_luca_scene0001"),
            ("lighting", "light_sunny_evening_0001"),
            ("custom", "image_0001"),
        ] {
            let flags = ["--type", kind, "--subject", "Luca", "--trigger", "lucap"];
            write(folder.path(), &flags, std::slice::from_ref(&record));
            assert_eq!(
                names(folder.path()),
                [format!("{name}.png"), format!("{name}.txt")]
            );
        }
    }

    /// A record with the keys that id-match, pose-classify, emotion-classify,
    /// clip-tag and light-classify write where they know all, and where they
    /// know nothing.
    fn measured(scene: &Value) -> [Value; 2] {
        let mut known = scene.clone();
        known["identity"] =
            json!({"name": "nilo", "score": 0.91, "margin": 0.2, "by": "reference", "track": 3});
        known["pose"] = json!({"keypoints": [[1, 2, 0.9]], "action": "lying", "angle": "three-quarter",
            "scores": {"action": {"lying": 0.9}}, "visible": 1.0, "cut": []});
        known["emotion"] = json!({"label": "surprised", "intensity": "low", "scores": {"surprised": 0.6},
            "margin": 0.3, "second": "sad"});
        known["tags"] = json!({"location": [["living_room", 0.8]], "time": [["night", 0.7]],
            "weather": [["foggy", 0.6]], "style": [["stylized 3d", 0.5]]});
        known["light"] = json!({"time": "unknown", "weather": "unknown", "setting": "outdoor"});
        let mut unknown = scene.clone();
        unknown["identity"] = json!({"name": "unknown", "score": 0.3, "best": "nilo"});
        unknown["pose"] = json!({"action": "unknown", "angle": "unknown"});
        unknown["emotion"] = json!({"label": "unknown", "intensity": "unknown", "scores": {}});
        unknown["tags"] = json!({"location": [["unknown", 0.1]], "time": [["unknown", 0.2]]});
        unknown["light"] = json!({"time": "unknown", "weather": "unknown", "setting": "unknown"});
        [known, unknown]
    }

    #[test]
    fn names_are_made_of_what_the_tools_write() {
        let (folder, records) = scenes(1);
        let [known, unknown] = measured(&records[0]);
        let names = |record: &Value, flags: &[&str]| {
            write(folder.path(), flags, std::slice::from_ref(record));
            names(folder.path())[0].trim_end_matches(".png").to_owned()
        };
        for (kind, all, nothing) in [
            ("character", "char_nilo_0001", "char_trg_0001"),
            (
                "background",
                "bg_scene0001_living_room_night",
                "bg_scene0001_unknown_unknown",
            ),
            (
                "pose",
                "pose_nilo_lying_three_quarter_0001",
                "pose_unknown_unknown_unknown_0001",
            ),
            (
                "expression",
                "expr_nilo_surprised_low_0001",
                "expr_unknown_unknown_unknown_0001",
            ),
            (
                "style",
                "style_stylized_3d_scene0001",
                "style_trg_scene0001",
            ),
            (
                "lighting",
                "light_foggy_night_0001",
                "light_unknown_unknown_0001",
            ),
        ] {
            let flags = ["--type", kind, "--trigger", "trg"];
            assert_eq!(names(&known, &flags), all);
            assert_eq!(names(&unknown, &flags), nothing);
        }
        let flags = ["--type", "pose", "--trigger", "trg", "--subject", "Pia"];
        assert_eq!(names(&known, &flags), "pose_pia_lying_three_quarter_0001");
    }

    #[test]
    fn what_is_not_known_is_unknown_in_names_and_unsaid_in_captions() {
        let (folder, mut records) = scenes(1);
        records[0]["light"] = json!({"time": "unknown", "weather": "rainy"});
        let flags = ["--type", "lighting", "--trigger", "lt_rain"];
        write(folder.path(), &flags, &records);
        assert_eq!(names(folder.path())[0], "light_rainy_unknown_0001.png");
        assert_eq!(caption(folder.path()), "lt_rain, rainy");
    }

    #[test]
    fn a_caption_is_one_line_with_the_trigger_in_front() {
        let (folder, mut records) = scenes(1);
        for (own, written) in [
            ("a boat\non  the sea\n", "prs, a boat on the sea"),
            ("\u{feff}prs, a boat", "prs, a boat"),
            ("prs, a \u{202e}boat\u{202c}", "prs, a boat"),
            ("surprsing", "prs, surprsing"),
            (" \n", "prs, evening"),
        ] {
            records[0]["caption"] = json!(own);
            records[0]["light"] = json!({"time": "evening"});
            let flags = ["--type", "background", "--trigger", "prs"];
            write(folder.path(), &flags, &records);
            assert_eq!(caption(folder.path()), written);
        }
    }

    #[test]
    fn an_empty_caption_is_a_failure() {
        let (folder, records) = scenes(2);
        let input = lines(&records);
        let flags = ["--type", "style", "--out-dir", "out"];
        let ran = run_in(folder.path(), TOOL, &flags, &input);
        assert_eq!(ran.code, Some(1));
        assert!(ran.stderr.contains("caption is empty"), "{}", ran.stderr);
        assert!(
            !folder.path().join("out/dataset").exists(),
            "nothing is half there"
        );
    }

    #[test]
    fn no_fact_leads_out_of_the_folder() {
        let (folder, mut records) = scenes(1);
        records[0]["light"] = json!({"time": "../../../../tmp/x", "weather": "/etc\u{0}passwd"});
        write(
            folder.path(),
            &["--type", "lighting", "--trigger", "../up"],
            &records,
        );
        assert_eq!(names(folder.path())[0], "light_etc_passwd_tmp_x_0001.png");
        let top = fs::read_dir(folder.path().join("out")).unwrap().count();
        assert_eq!(top, 3, "the data set, the link to it, the store");
    }

    #[test]
    fn a_plain_image_is_kept_byte_for_byte_and_linked() {
        use std::os::unix::fs::MetadataExt;
        let (folder, records) = scenes(1);
        write(
            folder.path(),
            &["--type", "style", "--trigger", "drawn"],
            &records,
        );
        let original = fs::read(folder.path().join("scene_00.png")).unwrap();
        let image = folder
            .path()
            .join("out/dataset/kohya/train/1_drawn/style_drawn_scene0001.png");
        assert_eq!(fs::read(&image).unwrap(), original);
        assert_eq!(
            fs::metadata(&image).unwrap().nlink(),
            2,
            "store and view are one file"
        );
    }

    #[test]
    fn nothing_is_removed_that_this_tool_did_not_write() {
        let (folder, records) = scenes(3);
        let flags = ["--type", "style", "--trigger", "drawn"];
        write(folder.path(), &flags, &records);
        let store = folder.path().join("out/store");
        let stored = || -> Vec<_> {
            let names = fs::read_dir(&store).unwrap();
            let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names
                .filter(|name| Path::new(name).extension().is_some_and(|own| own == "png"))
                .collect()
        };
        // A name of 32 digits, as downloads have, and one like the tool's own.
        let others = [
            "notes.txt",
            "d41d8cd98f00b204e9800998ecf8427e.png",
            ".hidden",
        ];
        for name in others {
            fs::write(store.join(name), "mine").unwrap();
        }
        let old = fs::read_link(folder.path().join("out/dataset")).unwrap();
        write(folder.path(), &flags, &records[..2]);
        assert_eq!(stored().len(), 4, "the older data set still has its image");
        fs::remove_dir_all(folder.path().join("out").join(old)).unwrap();
        write(folder.path(), &flags, &records[..1]);
        assert_eq!(
            stored().len(),
            3,
            "two of the newest but one, and the foreign one"
        );
        for name in others {
            assert_eq!(
                fs::read_to_string(store.join(name)).unwrap(),
                "mine",
                "{name}"
            );
        }
    }

    #[test]
    fn what_somebody_else_called_dataset_is_not_replaced() {
        let (folder, records) = scenes(1);
        fs::create_dir(folder.path().join("out")).unwrap();
        fs::write(folder.path().join("out/dataset"), "mine").unwrap();
        let flags = ["--type", "style", "--trigger", "drawn", "--out-dir", "out"];
        let ran = run_in(folder.path(), TOOL, &flags, &lines(&records));
        assert_eq!(ran.code, Some(1));
        assert!(
            ran.stderr
                .contains("out/dataset: already exists and is not a link"),
            "{}",
            ran.stderr
        );
        let kept = fs::read_to_string(folder.path().join("out/dataset"));
        assert_eq!(kept.unwrap(), "mine");
    }

    #[test]
    fn alpha_and_gray_become_rgb() {
        let (folder, mut records) = scenes(2);
        let clear = vision::RgbaImage::new(8, 8);
        let clear = vision::write::encode_png_rgba(&clear).unwrap();
        fs::write(folder.path().join("clear.png"), clear).unwrap();
        let gray = vision::GrayImage::new(8, 8);
        vision::write::png_luma(&gray, &folder.path().join("gray.png")).unwrap();
        records[0]["image"] = json!("clear.png");
        records[1]["image"] = json!("gray.png");
        let ran = write(
            folder.path(),
            &["--type", "style", "--trigger", "drawn"],
            &records,
        );
        for record in ran.records() {
            let path = folder
                .path()
                .join(record["dataset"]["file"].as_str().unwrap());
            assert!(vision::decode::header(&path).unwrap().samples.is_rgb());
        }
    }

    #[test]
    fn a_crop_is_made_at_export() {
        let (folder, mut records) = scenes(1);
        records[0]["crop"] = json!([10.4, 0, 50, 900]);
        let ran = write(
            folder.path(),
            &["--type", "style", "--trigger", "drawn"],
            &records,
        );
        assert_eq!(ran.records()[0]["dataset"]["width"], 40);
        assert_eq!(ran.records()[0]["dataset"]["height"], 64);
    }

    #[test]
    fn what_was_rejected_before_is_left_out() {
        let (folder, mut records) = scenes(3);
        records[1]["rejected"] = json!({"by": "blur-filter", "reason": "sharpness 3 < 10"});
        let flags = [
            "--type",
            "style",
            "--trigger",
            "drawn",
            "--rejects",
            "rejects.jsonl",
        ];
        let ran = write(folder.path(), &flags, &records);
        assert_eq!(ran.records().len(), 2);
        let rejects = fs::read_to_string(folder.path().join("rejects.jsonl")).unwrap();
        assert!(
            rejects.contains("rejected by blur-filter: sharpness 3 < 10"),
            "{rejects}"
        );
    }

    #[test]
    fn a_second_run_changes_nothing_and_new_content_has_a_new_name() {
        let (folder, records) = scenes(3);
        let flags = ["--type", "style", "--trigger", "drawn"];
        let first = write(folder.path(), &flags, &records);
        let before = files(&folder.path().join("out"));
        // What a killed run leaves behind must not matter.
        fs::create_dir_all(folder.path().join("out/.dataset.part/kohya")).unwrap();
        let second = write(folder.path(), &flags, &records);
        assert_eq!(first.stdout, second.stdout);
        assert_eq!(before, files(&folder.path().join("out")));
        let third = write(folder.path(), &flags, &records[..2]);
        let folder_of = |ran: &Ran| {
            let file = ran.records()[0]["dataset"]["file"].clone();
            file.as_str().unwrap().split('/').nth(1).unwrap().to_owned()
        };
        assert_ne!(folder_of(&first), folder_of(&third));
        let newest = fs::read_link(folder.path().join("out/dataset")).unwrap();
        assert_eq!(newest, PathBuf::from(folder_of(&third)));
    }

    #[test]
    fn the_toml_has_what_sd_scripts_wants() {
        let (folder, records) = scenes(1);
        let flags = [
            "--type",
            "style",
            "--trigger",
            "drawn",
            "--repeats",
            "10",
            "--root",
            "/data/drawn",
        ];
        write(folder.path(), &flags, &records);
        let text =
            fs::read_to_string(folder.path().join("out/dataset/kohya/dataset.toml")).unwrap();
        let config: toml::Table = text.parse().unwrap();
        assert_eq!(
            config["general"]["caption_extension"].as_str(),
            Some(".txt")
        );
        let dataset = &config["datasets"][0];
        assert_eq!(dataset["resolution"].as_integer(), Some(1024));
        assert_eq!(dataset["max_bucket_reso"].as_integer(), Some(1536));
        let subset = &dataset["subsets"][0];
        assert_eq!(subset["num_repeats"].as_integer(), Some(10));
        let image_dir = subset["image_dir"].as_str().unwrap();
        assert!(image_dir.starts_with("/data/drawn/dataset-"), "{image_dir}");
        assert!(image_dir.ends_with("/kohya/train/10_drawn"), "{image_dir}");
    }

    #[test]
    fn what_a_power_cut_left_empty_or_short_is_made_again() {
        let (folder, records) = scenes(8);
        let flags = [
            "--type",
            "style",
            "--trigger",
            "t",
            "--views",
            "kohya,webdataset",
        ];
        let first = write(folder.path(), &flags, &records);
        let out = folder.path().join("out");
        let whole = files(&out);
        for (number, (name, bytes)) in whole.iter().enumerate() {
            let left = match number % 3 {
                0 => &[],
                1 => &bytes[..bytes.len() / 2],
                _ => &bytes[..bytes.len().saturating_sub(1)],
            };
            // Through the links: the store and the data set share their images.
            fs::write(out.join(name), left).unwrap();
        }
        let again = write(folder.path(), &flags, &records);
        assert_eq!(again.stdout, first.stdout);
        let mended = files(&out);
        for (name, bytes) in &whole {
            assert!(mended.get(name) == Some(bytes), "{}", name.display());
        }
    }
}
