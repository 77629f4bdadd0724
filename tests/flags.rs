//! A flag means the same in every tool that has it.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use tests::{root, tools};

/// The flags that several tools explain in their own words, what stands for their values, and what they
/// mean in all of those tools. What goes in here is to mean just that.
const SHARED: [(&str, &str, &str); 26] = [
    ("batch", "N", "images, or parts of them, that the network takes at once"),
    ("by", "POINTER,…", "the keys whose values make up the cells"),
    ("check", "", "a finding of the gravest kind ends the run with 1"),
    ("family", "FAMILY", "the network family to take the model for"),
    ("form", "FORM", "the form of captions"),
    ("format", "FORMAT", "the format of the images written"),
    ("from", "SOURCE", "where what is wanted is taken from"),
    ("ground", "COLOUR", "what is put behind an instance"),
    ("json", "", "print JSON"),
    ("margin", "SCORE", "`unknown` where the second best class is nearer than this"),
    ("min-side", "PIXELS", "nothing whose shorter side is below this"),
    ("model", "NAME|PATH", "the network"),
    ("models", "DIR", "the folder of the registry"),
    ("on", "POINTER", "the vectors to compare by"),
    ("out-dir", "DIR", "the folder for what is written"),
    ("padding", "SHARE", "context on each side, by the longer side of what is cropped"),
    ("pause", "SECONDS", "the wait before the second try"),
    ("prefer", "POINTER", "the number by which one record is better than another"),
    ("quality", "QUALITY", "the quality of JPEG files, 1 to 100"),
    ("resolution", "PIXELS", "the side of the square whose area is an image's budget"),
    ("seed", "N", "where chance begins"),
    ("summary", "FILE", "what the run found, as JSON"),
    ("threshold", "SCORE", "an answer of the network counts from this score"),
    ("tries", "N", "tries in all"),
    ("trigger", "WORD", "the word that a LoRA is called by"),
    ("type", "TYPE", "the LoRA type"),
];

/// Where a tool takes more forms of a value than the others, or fewer: the tool, the flag, what stands there.
const FORMS: [(&str, &str, &str); 0] = [];

/// Words that leave open what they are of.
const VAGUE: [&str; 9] = [
    "size", "min-size", "gap", "grow", "shadow", "strict", "faces", "masks", "tags",
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
    for line in help.lines() {
        let text = line.trim_start();
        let long = match text.get(..4) {
            Some(short) if short.starts_with('-') && short.ends_with(", ") => &text[4..],
            _ => text,
        };
        if let Some(flag) = long.strip_prefix("--").filter(|_| line.starts_with("  ")) {
            let (flag, value) = flag.split_once(' ').unwrap_or((flag, ""));
            last = Some(flag.to_owned());
            flags.insert(flag.to_owned(), (value.to_owned(), String::new()));
        } else if !line.starts_with("   ") && !text.is_empty() {
            last = None;
        } else if let Some(flag) = &last {
            let (_, said): &mut (String, String) = flags.get_mut(flag).unwrap();
            said.push_str(text);
            said.push(' ');
        }
    }
    flags
}

#[test]
fn p() {
    for (tool, flag, value, said) in all() { println!("{flag}\t{value}\t{tool}\t{}", &said.chars().take(70).collect::<String>()); }
}

fn all() -> Vec<(String, String, String, String)> {
    let folders = fs::read_dir(root().join("tools")).unwrap();
    let mut all = Vec::new();
    for folder in folders {
        let tool = folder.unwrap().file_name().into_string().unwrap();
        for (flag, (value, said)) in flags(&tool) {
            all.push((tool.clone(), flag, value, said));
        }
    }
    all
}
