//! Prompts of what a data set holds back.

use std::fs;

use serde_json::{Value, json};

use crate::support::{scenes, write};

/// Scenes of two shots each, of one character in two moods, with captions as caption-compose writes them.
fn written(kind: &str, share: &str, facts: bool) -> (Vec<Value>, Vec<Value>) {
    let (folder, mut records) = scenes(12);
    for (n, record) in records.iter_mut().enumerate() {
        let mood = ["happy", "sad"][n % 2];
        record["source"] = json!({"film": "f", "frame": n, "time": n, "shot": n / 2});
        record["identity"] = json!({"name": "luca", "score": 0.9});
        record["emotion"] = json!({"label": mood, "intensity": "high"});
        record["pose"] = json!({"action": "unknown", "vector": [0.5, 0.5]});
        record["tags"] = json!({"location": [["old_pier", 0.9], ["sea", 0.1]]});
        record["light"] = json!({"time": "night"});
        record["caption"] = json!(format!("lucap, {mood} expression, on an Old Pier"));
        record["balance"] = json!({"rank": n, "cell": {"/emotion/label": mood}});
        if facts {
            let said = json!([
                ["/emotion/label", mood],
                ["/pose/action", "?"],
                ["/tags/location", "pier"],
                ["/captioner/raw", "x"]
            ]);
            record["facts"] = json!({"said": said});
        }
    }
    let flags = ["--type", kind, "--trigger", "lucap", "--validation", share];
    let ran = write(folder.path(), &flags, &records);
    let text =
        fs::read_to_string(folder.path().join("out/dataset/prompts.jsonl")).unwrap_or_default();
    let prompts = text.lines().map(|line| serde_json::from_str(line).unwrap());
    (prompts.collect(), ran.records())
}

#[test]
fn there_is_a_prompt_for_each_image_that_is_held_back() {
    let (prompts, records) = written("character", "50%", true);
    let held: Vec<_> = records
        .iter()
        .filter(|one| one["dataset"]["validation"] == true)
        .collect();
    assert_eq!((prompts.len(), held.len()), (6, 6));
    for prompt in &prompts {
        let of = held.iter().find(|one| one["id"] == prompt["of"]).unwrap();
        assert_eq!(prompt["prompt"], of["caption"]);
        assert!(prompt["seed"].is_u64());
        let file = of["dataset"]["file"].as_str().unwrap();
        let id = prompt["id"].as_str().unwrap();
        assert!(file.contains(&format!("/{id}.")), "{id}: {file}");
        assert_eq!(prompt["identity"], json!({"name": "luca"}));
        assert_eq!(prompt["emotion"], json!({"label": of["emotion"]["label"]}));
        assert_eq!(prompt["tags"], json!({"location": "old_pier"}));
        assert_eq!(prompt.get("pose"), None, "what is not known is not wanted");
        assert_eq!(
            prompt.get("light"),
            None,
            "nor what the caption does not name"
        );
    }
    let trained = records
        .iter()
        .find(|one| one["dataset"].get("validation").is_none());
    assert!(trained.is_some());
}

#[test]
fn cells_come_in_turn() {
    let (prompts, _) = written("character", "50%", true);
    let moods: Vec<_> = prompts
        .iter()
        .map(|one| one["cell"]["/emotion/label"].as_str().unwrap())
        .collect();
    assert_eq!(moods, ["happy", "sad", "happy", "sad", "happy", "sad"]);
}

#[test]
fn facts_of_captions_of_your_own_are_those_whose_words_they_have() {
    let (prompts, _) = written("style", "50%", false);
    for prompt in &prompts {
        assert_eq!(prompt["tags"], json!({"location": "old_pier"}), "{prompt}");
        assert!(prompt["emotion"]["label"].is_string() && prompt.get("light").is_none());
        assert_eq!(
            prompt.get("identity"),
            None,
            "lucap is not luca, and no style"
        );
    }
}

#[test]
fn without_validation_there_are_no_prompts() {
    let (prompts, _) = written("character", "0%", true);
    assert_eq!(prompts, Vec::<Value>::new());
}
