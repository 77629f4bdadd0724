//! The registry that comes with the project.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, also in helper functions"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use onnx::{Entry, Registry};

/// What networks are for, as tools ask for them.
const ROLES: [&str; 14] = [
    "caption", "detect", "embed", "emotion", "face", "inpaint", "matte", "pose", "segment", "shot",
    "tag", "text", "track", "words",
];

/// A role of which no network is published as ONNX, so that there is no default.
const ALONE: &str = "landmark";

fn entries() -> Vec<Entry> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    Registry::open(Some(&folder)).unwrap().entries().to_vec()
}

#[test]
fn every_role_has_one_default_that_anyone_may_use() {
    let mut defaults: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in entries() {
        assert!(
            ROLES.contains(&entry.role.as_str()) || entry.role == ALONE,
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

/// A folder of models with one detector in it, of this checksum in the registry.
fn folder(sha256: &str) -> tempfile::TempDir {
    let here = tempfile::tempdir().unwrap();
    let text = format!(
        "[[model]]\nname = \"own\"\nrole = \"detect\"\nfamily = \"yolox\"\nlicence = \"mine\"\n\
         [[model.file]]\npath = \"model.onnx\"\nurl = \"https://example.org/model.onnx\"\nsha256 = \"{sha256}\"\n"
    );
    fs::write(here.path().join("registry.toml"), text).unwrap();
    fs::create_dir_all(here.path().join("published/own")).unwrap();
    here
}

/// What opening the detector says, or its checksum.
fn opened(folder: &Path) -> Result<String, String> {
    let registry = Registry::open(Some(folder)).unwrap();
    let model = registry.model("detect", Some("own"));
    model
        .map(|model| model.sha256().to_owned())
        .map_err(|error| format!("{error:#}"))
}

// `printf first | sha256sum`
const FIRST: &str = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e";

#[test]
fn weights_that_changed_under_the_same_size_and_time_do_not_run() {
    let here = folder(FIRST);
    let path = here.path().join("published/own/model.onnx");
    fs::write(&path, "first").unwrap();
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    assert_eq!(opened(here.path()).unwrap(), FIRST);
    fs::write(&path, "other").unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(before).unwrap();
    let said = opened(here.path()).unwrap_err();
    assert!(
        said.contains("is not the one in the registry: its SHA-256 is"),
        "{said}"
    );
}

#[test]
fn what_was_pinned_at_the_first_download_is_held_to() {
    let here = folder("unconfirmed");
    let path = here.path().join("published/own/model.onnx");
    fs::write(&path, "first").unwrap();
    let lock = here.path().join("published/lock.toml");
    fs::write(
        &lock,
        format!(
            "[[file]]\nmodel = \"own\"\npath = \"model.onnx\"\nurl = \"\"\nbytes = 5\nsha256 = \"{FIRST}\"\n"
        ),
    )
    .unwrap();
    assert_eq!(opened(here.path()).unwrap(), FIRST);
    fs::write(&path, "other").unwrap();
    let said = opened(here.path()).unwrap_err();
    assert!(
        said.contains("is not the one first downloaded") && said.contains("lock.toml"),
        "{said}"
    );
    fs::remove_file(&lock).unwrap();
    assert!(opened(here.path()).is_ok(), "nothing is pinned");
}

#[test]
fn a_model_that_is_missing_names_the_commands_that_download_it() {
    let here = folder("unconfirmed");
    let said = opened(here.path()).unwrap_err();
    assert!(
        said.contains("`film2lora models --model own` or `make models MODEL=own` downloads it"),
        "{said}"
    );
}

#[test]
fn a_lock_that_cannot_be_read_is_said() {
    let here = folder("unconfirmed");
    let lock = here.path().join("published/lock.toml");
    fs::write(&lock, "[[file]]\nmodel = 'own'\n").unwrap();
    let said = opened(here.path()).unwrap_err();
    let expected = "lock.toml: missing field `path`: correct it or remove it";
    assert!(said.contains(expected), "{said}");
}

/// The rows of the table in `models/README.md`, by the model's name.
#[test]
fn the_readme_has_the_size_and_the_licence_of_every_published_model() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/README.md");
    let readme = fs::read_to_string(readme).unwrap();
    for entry in entries() {
        // Small models of our own come with the repository.
        if entry.files.iter().all(|file| file.url.is_empty()) {
            continue;
        }
        let sizes = entry.files.iter().map(|file| file.bytes.or(file.about));
        let size: Option<u64> = sizes.sum();
        let size = size.map_or("?".to_owned(), |size| format!("{:.1}", size as f64 / 1e6));
        let default = if entry.default { " (default)" } else { "" };
        let row = format!(
            "| `{}` | {}{default} | {size} | {} |",
            entry.name, entry.role, entry.licence
        );
        assert!(readme.contains(&row), "{row}");
    }
}

#[test]
fn an_address_names_a_revision_or_is_marked() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/registry.toml");
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut marked = Vec::new();
    for pair in lines.windows(2) {
        let Some(url) = pair[1].strip_prefix("url = ") else {
            continue;
        };
        let url = url.trim_matches('"');
        if pair[0] == "# A branch: no revision is known." {
            marked.push(url);
        } else if let Some((_, rest)) = url.split_once("/resolve/") {
            let revision = rest.split('/').next().unwrap();
            let hexadecimal = revision.chars().all(|sign| sign.is_ascii_hexdigit());
            // The tag of a release is as good: its files are told by their checksums.
            let tag = revision
                .strip_prefix('v')
                .is_some_and(|tag| tag.chars().all(|sign| sign.is_ascii_digit() || sign == '.'));
            assert!(revision.len() == 40 && hexadecimal || tag, "{url}");
        }
    }
    // Those for which no revision was found; no new one is to come without, unless its checksum is confirmed.
    assert_eq!(marked.len(), 34);
    let entries = entries();
    let files = entries.iter().flat_map(|entry| &entry.files);
    for file in files.filter(|file| !file.url.is_empty()) {
        assert_eq!(
            file.may_change(),
            marked.contains(&file.url.as_str()),
            "{}",
            file.url
        );
    }
}

/// `make try` holds every network against its ranges; what they are is checked by `tests/score/test_trial.py`.
#[test]
fn every_model_has_ranges_and_every_range_a_model() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/ranges.toml");
    let ranges: toml::Table = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut known: Vec<&str> = ranges.keys().map(String::as_str).collect();
    known.sort_unstable();
    let entries = entries();
    let mut names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(known, names);
}
