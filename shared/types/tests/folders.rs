//! The folders of the types hold what tools and make read in them.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};
use types::{TYPES, Trained, find};

/// The roles that networks have in the pipelines.
const ROLES: [&str; 8] = [
    "detect", "segment", "inpaint", "embed", "pose", "face", "emotion", "caption",
];

/// The folders of the types, and what their `type.toml` says.
fn folders() -> Vec<(PathBuf, String)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = fs::read_dir(here).unwrap();
    let folders = folders.map(|entry| entry.unwrap().path());
    let described = folders.filter_map(|folder| {
        let text = fs::read_to_string(folder.join("type.toml")).ok()?;
        Some((folder, text))
    });
    described.collect()
}

#[test]
fn every_folder_is_a_type_in_the_order_that_it_says() {
    let mut found: Vec<_> = { folders().into_iter() }
        .map(|(folder, text)| {
            let order = text.parse::<Table>().unwrap()["order"].as_integer();
            (order, folder.file_name().unwrap().to_owned())
        })
        .collect();
    found.sort();
    let names: Vec<_> = TYPES.iter().map(|one| one.name).collect();
    assert!(
        found.iter().map(|(_, name)| name).eq(&names),
        "{found:?}: {names:?}"
    );
}

#[test]
fn what_a_folder_says_is_what_the_tools_know() {
    let pose = find("pose").unwrap();
    assert_eq!(pose.file_name, "pose_{character}_{action}_{angle}_{id}");
    assert_eq!((pose.target, pose.trained), (Some(400), Trained::Subject));
    assert!(pose.balance.starts_with("--by /pose/action,/pose/angle "));
    assert!(pose.policy.unwrap().starts_with("# Pose: an action"));
    assert!(find("style").unwrap().trigger_is_subject && !pose.trigger_is_subject);
    assert!(
        pose.balance.contains(" --reserve /pose/action=unknown:20"),
        "a film whose actions nobody could tell still has a set: {}",
        pose.balance
    );
    for name in ["pose", "character"] {
        let balance = find(name).unwrap().balance;
        assert!(
            balance.contains("--quota /pose/head=unseen:0"),
            "what shows no head may be a lantern: {balance}"
        );
    }
    let custom = find("custom").unwrap();
    assert_eq!((custom.policy, custom.target), (None, None));
    assert_eq!(find("no such"), None);
}

#[test]
fn make_reads_a_description_as_it_stands() {
    for (folder, text) in folders() {
        for line in text.lines() {
            let value = line.split_once(" = ").map(|(_, value)| value);
            let plain = !line.contains(['$', '\\']) && !line.contains(" #");
            assert!(
                line.is_empty() || line.starts_with("# ") || value.is_some() && plain,
                "{}: make would not read `{line}`",
                folder.display()
            );
        }
    }
}

#[test]
fn what_make_makes_has_a_target_a_gate_settings_and_networks() {
    for (folder, text) in folders() {
        let name = folder.file_name().unwrap().to_str().unwrap();
        if !folder.join("chain.mk").exists() {
            continue;
        }
        let described: Table = text.parse().unwrap();
        assert!(
            name.bytes().all(|sign| sign.is_ascii_lowercase()),
            "{name}: data sets are called so, and their settings"
        );
        assert_eq!(
            described["settings"].as_str(),
            Some(&*name.to_ascii_uppercase())
        );
        for key in ["target", "fewest"] {
            assert!(described[key].as_integer() > Some(0), "{name}: {key}");
        }
        for key in ["networks", "optional_networks"] {
            let roles = described[key].as_array().unwrap();
            let known = |role: &Value| ROLES.contains(&role.as_str().unwrap());
            assert!(roles.iter().all(known), "{name}: {roles:?}");
        }
        assert!(folder.join("captions.toml").exists(), "{name}");
    }
}
