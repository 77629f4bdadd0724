//! The registry that comes with the project.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::collections::BTreeMap;
use std::path::Path;

use onnx::{Entry, Registry};

/// What networks are for, as tools ask for them.
const ROLES: [&str; 9] = [
    "caption", "detect", "embed", "emotion", "face", "inpaint", "pose", "segment", "tag",
];

fn entries() -> Vec<Entry> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    Registry::open(Some(&folder)).unwrap().entries().to_vec()
}

#[test]
fn every_role_has_one_default_that_anyone_may_use() {
    let mut defaults: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in entries() {
        assert!(
            ROLES.contains(&entry.role.as_str()),
            "{}: {}",
            entry.name,
            entry.role
        );
        if entry.default {
            assert!(entry.notice.is_empty(), "{} has a notice", entry.name);
            defaults.entry(entry.role).or_default().push(entry.name);
        }
    }
    let roles: Vec<_> = defaults.keys().map(String::as_str).collect();
    assert_eq!(roles, ROLES);
    for (role, names) in defaults {
        assert_eq!(names.len(), 1, "{role}: {names:?}");
    }
}

#[test]
fn names_are_unique_and_safe() {
    let mut names: Vec<_> = entries().into_iter().map(|entry| entry.name).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    for name in names {
        assert!(name.chars().all(safe) && !name.starts_with('.'), "{name}");
    }
}

#[test]
fn files_say_where_they_come_from_and_what_they_are() {
    for entry in entries() {
        let name = &entry.name;
        assert!(!entry.licence.is_empty(), "{name}");
        assert!(!entry.files.is_empty(), "{name}");
        let mut paths: Vec<_> = entry.files.iter().map(|file| &file.path).collect();
        paths.sort();
        paths.dedup();
        assert_eq!(
            paths.len(),
            entry.files.len(),
            "{name}: two files of one path"
        );
        for file in &entry.files {
            let own = file.url.is_empty() && entry.folder.is_some();
            assert!(
                own || file.url.starts_with("https://"),
                "{name}: {}",
                file.url
            );
            let hexadecimal = |sum: &str| {
                sum.len() == 64
                    && sum
                        .chars()
                        .all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
            };
            let known = file.sha256 == "unconfirmed" || hexadecimal(&file.sha256);
            assert!(known, "{name}: {}", file.sha256);
            assert!(
                !own || file.sha256 != "unconfirmed",
                "{name}: what is here has a checksum"
            );
            assert!(
                !file.path.contains("..") && !file.path.starts_with('/'),
                "{name}"
            );
        }
    }
}
