//! Records that wait on the disk until the data set is written.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use testkit::{run_in, shelf};

use crate::support::{TOOL, files, lines, scenes};

/// Flags for every view, with all that is read from the records again.
const FLAGS: [&str; 16] = [
    "--type",
    "character",
    "--trigger",
    "lucap boy",
    "--views",
    "kohya,onetrainer,ai-toolkit,diffusers,musubi,diffusion-pipe,simpletuner,webdataset",
    "--validation",
    "25%",
    "--repeats",
    "cells",
    "--base",
    "sdxl",
    "--regularization",
    "others.jsonl",
    "--root",
    "/data",
];

/// Twelve images with masks, cells and captions in two forms, of which one was rejected; two more are for
/// regularization.
fn images() -> (tempfile::TempDir, Vec<Value>) {
    let (folder, mut records) = scenes(14);
    for (number, record) in records.iter_mut().enumerate() {
        let mask = vision::mask::Mask::from_fn(96, 64, |x, _| x >= 48).unwrap();
        let path = folder.path().join(format!("mask_{number}.png"));
        vision::write::png_luma(&mask.to_luma(), &path).unwrap();
        record["mask"] = json!(path);
        let light = ["day", "night", "night"][number % 3];
        record["balance"] = json!({"rank": number, "cell": {"/light/time": light}});
        record["light"] = json!({"time": light});
        let tags = format!("lucap boy, running, {light}, é\u{1f980}");
        let sentence = format!("lucap boy runs by {light} \"number {number}\"");
        record["caption"] = json!(tags);
        record["facts"] = json!({"tags": tags, "sentence": sentence});
    }
    for record in &mut records[12..] {
        record["caption"] = json!("boy, running by the sea");
    }
    records[3]["rejected"] = json!({"by": "blur-filter", "reason": "sharpness 3 < 10"});
    fs::write(folder.path().join("others.jsonl"), lines(&records[12..])).unwrap();
    records.truncate(12);
    (folder, records)
}

#[test]
fn a_data_set_of_records_on_the_disk_is_that_of_records_in_memory() {
    let (folder, records) = images();
    let here = folder.path();
    let write = |held: &str, out: &str| {
        let held = format!("FILM2LORA_SHELF_BYTES={held}");
        let rejects = format!("{out}.jsonl");
        let command = [&held, TOOL, "--out-dir", out, "--rejects", &rejects];
        let ran = run_in(
            here,
            "env",
            &[&command, &FLAGS[..]].concat(),
            &lines(&records),
        );
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let rejects = fs::read_to_string(here.join(rejects)).unwrap();
        let stdout = ran.stdout.replace(&format!("{out}/"), "");
        (stdout, ran.stderr, rejects, files(&here.join(out)))
    };
    let (stdout, stderr, rejects, whole) = write("", "memory");
    assert_eq!(stdout.lines().count(), 11);
    assert!(rejects.contains("rejected by blur-filter: sharpness 3 < 10"));
    // Of nothing held, and of less than all.
    for (held, out) in [("0", "nothing"), ("2000", "some")] {
        let (own_stdout, own_stderr, own_rejects, own) = write(held, out);
        assert_eq!((own_stdout, own_stderr), (stdout.clone(), stderr.clone()));
        assert_eq!(own_rejects, rejects);
        assert_eq!(
            own.keys().collect::<Vec<_>>(),
            whole.keys().collect::<Vec<_>>()
        );
        for (path, bytes) in &own {
            // The manifest in it says where it lies.
            let there = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(out, "memory");
            let same = bytes == &whole[path] || there(bytes) == there(&whole[path]);
            assert!(same, "{}", path.display());
        }
    }
}

#[test]
fn where_records_cannot_wait_nothing_is_lost() {
    let (folder, mut records) = images();
    records.remove(3);
    let flags = [&["--out-dir", "out"], &FLAGS[..]].concat();
    shelf(folder.path(), TOOL, &flags, &lines(&records));
    // After runs without a folder for them and without room, the data set of the first run is as it was.
    let written = files(&folder.path().join("out/dataset"));
    let manifest = String::from_utf8(written[Path::new("manifest.jsonl")].clone()).unwrap();
    assert_eq!(manifest.lines().count(), 11);
    let parts = fs::read_dir(folder.path().join("out")).unwrap();
    let parts = parts.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let parts: Vec<_> = parts.filter(|name| name.starts_with('.')).collect();
    assert_eq!(
        parts,
        [] as [String; 0],
        "and nothing half done lies beside it"
    );
}
