//! A flag means the same in every tool that has it.
#![allow(clippy::unwrap_used, reason = "a test may stop at once")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use end_to_end::{root, tools};

/// The flags that several tools explain in words of their own: what stands for the value, and what it means in
/// all of them. A tool that takes up one of these words means just that by it, or takes another word.
const SHARED: [(&str, &str, &str); 41] = [
    ("base", "MODEL", "the base model that is trained"),
    (
        "batch",
        "N",
        "images, or parts of images, that go through the network at once",
    ),
    (
        "cast",
        "DIR",
        "the characters' folders, in which kind.txt says what each is",
    ),
    (
        "dilate",
        "PIXELS",
        "pixels to grow a mask by, for every 1024 of the shorter side",
    ),
    ("draw", "WHAT", "what is drawn over the images"),
    (
        "family",
        "FAMILY",
        "the network family to take the model for",
    ),
    ("form", "FORM", "the form of captions: tags or sentences"),
    ("format", "FORMAT", "the format of the images written"),
    ("fps", "N", "frames for each second of the film"),
    ("from", "MANIFEST", "where to take from what is asked for"),
    (
        "ground",
        "whole|blur|transparent|white|#RRGGBB",
        "what is put behind an instance",
    ),
    ("json", "", "print JSON"),
    ("key", "POINTER", "the key that is judged"),
    (
        "long-side",
        "PIXELS",
        "the longer side of what the network or the server gets of an image",
    ),
    (
        "margin",
        "SCORE",
        "`unknown` where the second best class is nearer than this",
    ),
    (
        "max-gap",
        "SECONDS",
        "how long a character may be out of sight",
    ),
    (
        "method",
        "METHOD",
        "the way in which what is looked for is found",
    ),
    (
        "min-side",
        "PIXELS",
        "no image, box or crop whose shorter side is below this",
    ),
    (
        "model",
        "NAME|PATH",
        "the network, by its name in the registry or its path",
    ),
    ("models", "DIR", "the folder with the registry of networks"),
    ("on", "POINTER", "the vectors by which records are compared"),
    ("out-dir", "DIR", "the folder for what is written"),
    ("output", "FILE", "the file that takes what is made"),
    (
        "padding",
        "SHARE",
        "context on each side, by the longer side of what is cropped",
    ),
    ("patch", "FILE", "decisions made in review"),
    ("pause", "SECONDS", "the wait before the second try"),
    (
        "prefer",
        "POINTER",
        "the number by which one record is better than another",
    ),
    ("quality", "QUALITY", "the quality of JPEG files, 1 to 100"),
    (
        "resolution",
        "PIXELS",
        "the side of the square whose area is the budget of an image",
    ),
    (
        "root",
        "DIR",
        "the folder of data sets on the machine of the trainer",
    ),
    ("seed", "N", "where a random choice begins"),
    (
        "segmenter",
        "NAME|PATH",
        "the network that makes masks of what a detector finds",
    ),
    (
        "sure",
        "SCORE",
        "the score from which an answer needs no confirmation",
    ),
    ("summary", "FILE", "what the run found, as JSON"),
    ("taught", "FILE", "what labels have taught"),
    (
        "threshold",
        "SCORE",
        "the score from which an answer of the network counts",
    ),
    (
        "tokenizer",
        "FILE",
        "the tokenizer of the base model's text encoder",
    ),
    ("tries", "N", "tries in all"),
    ("trigger", "WORD", "the word that a LoRA is called by"),
    ("type", "TYPE", "the LoRA type"),
    (
        "words",
        "PHRASES",
        "what is looked for: phrases that each end with a full stop",
    ),
];

/// Where a tool takes a value in a wider or a narrower form than the others: the tool, the flag, and its form.
const FORMS: [(&str, &str, &str); 9] = [
    ("balance", "prefer", "POINTER,…"),
    ("caption-audit", "base", "[FORM=]MODEL"),
    ("caption-audit", "trigger", "[VALUE=]WORD"),
    ("caption-compose", "base", "[FORM=]MODEL"),
    ("caption-compose", "trigger", "[VALUE=]WORD"),
    ("clip-embed", "ground", "#RRGGBB"),
    ("label-fit", "on", "POINTER,…"),
    ("models", "from", "DIR|URL"),
    ("models", "model", "NAME"),
];

/// What the help of a tool says of each flag: what stands for its value, and the text.
fn flags(tool: &str) -> BTreeMap<String, (String, String)> {
    let help = Command::new(tools().join(tool))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let mut flags = BTreeMap::new();
    let mut last: Option<String> = None;
    for line in help.split("\nExamples:").next().unwrap_or("").lines() {
        let text = line.trim_start();
        let long = match text.get(..4) {
            Some(short) if short.starts_with('-') && short.ends_with(", ") => &text[4..],
            _ => text,
        };
        if let Some(flag) = long.strip_prefix("--").filter(|_| line.starts_with("  ")) {
            // Where all is short, the text stands on the same line, two spaces off.
            let (flag, said) = flag.split_once("  ").unwrap_or((flag, ""));
            let (flag, value) = flag.split_once(' ').unwrap_or((flag, ""));
            let flag = flag
                .trim_end_matches('.')
                .split("[=")
                .next()
                .unwrap_or(flag);
            let value = value.trim_matches(['<', '>']).to_owned();
            flags.insert(flag.to_owned(), (value, words(said)));
            last = Some(flag.to_owned());
        } else if !line.starts_with("   ") && !text.is_empty() {
            last = None;
        } else if let Some((_, said)) = last.as_ref().and_then(|flag| flags.get_mut(flag)) {
            *said = words(&format!("{said} {text}"));
        }
    }
    flags
}

/// A text with one space between its words, however it was wrapped.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The flags of all tools: what stands for the value and what the help says, by tool.
fn all() -> BTreeMap<String, Vec<(String, String, String)>> {
    let mut all = BTreeMap::<String, Vec<_>>::new();
    for folder in fs::read_dir(root().join("tools")).unwrap() {
        let tool = folder.unwrap().file_name().into_string().unwrap();
        for (flag, (value, said)) in flags(&tool) {
            all.entry(flag)
                .or_default()
                .push((tool.clone(), value, said));
        }
    }
    all
}

#[test]
fn a_flag_has_one_meaning_and_one_unit_in_all_tools() {
    let shared: BTreeMap<_, _> = SHARED
        .iter()
        .map(|(flag, value, _)| (*flag, *value))
        .collect();
    let mut wrong = Vec::new();
    let mut several = BTreeSet::new();
    for (flag, uses) in all() {
        let (_, value, said) = &uses[0];
        if uses
            .iter()
            .all(|(_, other, words)| (other, words) == (value, said))
        {
            continue;
        }
        if flag == "help" {
            // clap's own, which says more where there is more to see.
            continue;
        }
        several.insert(flag.clone());
        let Some(value) = shared.get(flag.as_str()) else {
            wrong.push(format!(
                "--{flag}: explained in several ways, and not in SHARED: {uses:#?}"
            ));
            continue;
        };
        for (tool, own, _) in &uses {
            let other = FORMS.contains(&(tool.as_str(), flag.as_str(), own.as_str()));
            if own != value && !other {
                wrong.push(format!("{tool} --{flag} {own}: {value} in other tools"));
            }
        }
    }
    let known: BTreeSet<_> = shared.keys().map(ToString::to_string).collect();
    wrong.extend(
        known
            .difference(&several)
            .map(|flag| format!("--{flag}: in SHARED, and no more than one tool has it")),
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_examples_of_every_tool_use_flags_that_there_are() {
    let all = all();
    let has = |tool: &str, flag: &str| {
        all.get(flag)
            .is_some_and(|uses| uses.iter().any(|(one, ..)| one == tool))
    };
    let folders = fs::read_dir(root().join("tools")).unwrap();
    let names: BTreeSet<String> = folders
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let mut seen = 0;
    for tool in &names {
        let help = Command::new(tools().join(tool))
            .arg("--help")
            .output()
            .unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let examples = help
            .split_once("Examples:")
            .map_or("", |(_, examples)| examples);
        let mut calls = "";
        for word in examples.split_whitespace() {
            let word = word.trim_start_matches(['\'', '"', '(']);
            if let Some(name) = names.get(word) {
                calls = name;
            } else if matches!(word, "|" | ";" | "&&" | "--" | ">" | "jq" | "xargs") {
                calls = if word == ">" { calls } else { "" };
            }
            let flag = word
                .strip_prefix("--")
                .and_then(|flag| flag.split('=').next());
            if let Some(flag) = flag.filter(|flag| !flag.is_empty() && !calls.is_empty()) {
                let flag = flag.trim_end_matches(|sign: char| !sign.is_alphanumeric());
                assert!(has(calls, flag), "{tool} --help: {calls} has no --{flag}");
                seen += 1;
            }
        }
    }
    assert!(seen > 60, "{seen} flags were found in examples");
}
