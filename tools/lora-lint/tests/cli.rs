//! Folders built to be wrong, each found; folders that are right, silent.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that fails says so by panicking"
)]

mod support;

mod wrong;

mod right;

mod tests {
    use serde_json::Value;
    use testkit::{help_and_manual, run};

    use crate::support::{Folder, TOOL};

    #[test]
    fn it_has_help_and_manual() {
        help_and_manual(TOOL);
    }

    #[test]
    fn a_path_that_is_not_there_is_an_error() {
        let ran = run(TOOL, &["no-such-folder"], "");
        assert_eq!(ran.code, Some(1));
        assert!(
            ran.stderr
                .contains("no-such-folder: no such file or folder"),
            "{}",
            ran.stderr
        );
        assert_eq!(
            run(TOOL, &[] as &[&str], "").code,
            Some(2),
            "a path is needed"
        );
    }

    #[test]
    fn the_figures_are_the_trainer_s() {
        let folder = Folder::new();
        folder.image("a.png", 480, 270);
        folder.text("a.txt", "lucap boy, running along the harbour");
        folder.text(
            "set.toml",
            &format!(
                "[general]\ncaption_extension = \".txt\"\n[[datasets]]\nresolution = 256\nenable_bucket = true\nmin_bucket_reso = 128\nmax_bucket_reso = 384\n[[datasets.subsets]]\nimage_dir = {:?}\nnum_repeats = 10\n",
                folder.path()
            ),
        );
        let ran = folder.lint(&["set.toml", "--trigger", "lucap boy"]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let lint = &ran.records()[0]["lint"];
        assert_eq!(lint["bucket"], serde_json::json!([320, 192]));
        assert_eq!(lint["tokens"], 8);
        assert_eq!(lint["repeats"], 10.0);
        assert_eq!(lint["caption"], "lucap boy, running along the harbour");
        // 480x270 becomes 341x192, of which 320 columns are kept.
        assert_eq!(lint["cropped"], 0.0616);
        let kept: Vec<f64> = serde_json::from_value(lint["kept"].clone()).unwrap();
        assert!(
            (kept[0] - 14.1).abs() < 0.1 && (kept[2] - 464.5).abs() < 0.1,
            "{kept:?}"
        );
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bytes() {
        let folder = Folder::new();
        for number in 0..30 {
            folder.pair(
                &format!("img_{number:04}"),
                "lucap boy, running along the harbour",
            );
        }
        let one = folder.lint(&[".", "-j", "1", "--table"]);
        let many = folder.lint(&[".", "-j", "7", "--table"]);
        assert_eq!((one.stdout, one.stderr), (many.stdout, many.stderr));
    }

    #[test]
    fn the_table_is_for_people() {
        let folder = Folder::new();
        folder.pair("img_0001", "lucap boy, running along the harbour");
        folder.image("img_0002.png", 256, 256);
        let ran = folder.lint(&[".", "--table"]);
        assert_eq!(ran.code, Some(1));
        for part in [
            "2 images",
            "256x256",
            "caption-missing",
            "1 error would spoil the training",
        ] {
            assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
        }
    }

    #[test]
    fn a_manifest_tells_of_faces_and_joints() {
        let folder = Folder::new();
        folder.image("a.png", 400, 100);
        folder.text("a.txt", "lucap boy, running along the harbour");
        let record = serde_json::json!({"id": "x", "image": "a.png", "face": {"box": [0, 10, 30, 40]},
            "pose": {"keypoints": [[200, 50, 0.9], [5, 50, 0.9], [5, 60, 0.1]]}});
        folder.text("known.jsonl", &record.to_string());
        let ran = folder.lint(&[
            ".",
            "--trainer",
            "diffusers",
            "--manifest",
            "known.jsonl",
            "--resolution",
            "100",
        ]);
        let codes = |record: &Value| -> Vec<String> {
            let problems = record["lint"]["problems"].as_array().unwrap();
            problems
                .iter()
                .map(|p| p["code"].as_str().unwrap().to_owned())
                .collect()
        };
        let image = ran
            .records()
            .into_iter()
            .find(|record| record.get("image").is_some());
        let found = codes(&image.unwrap());
        assert!(
            found.contains(&"crop-face".into()) && found.contains(&"crop-joint".into()),
            "{found:?}"
        );
    }
}
