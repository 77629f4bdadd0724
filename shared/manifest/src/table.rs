//! README.md and record.schema.json, made of the table of keys and held up to date.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::Line;
use crate::keys::Keys;

/// What stands between these two lines of README.md is written here.
const BEGIN: &str = "<!-- made of src/keys.rs: UPDATE=1 cargo test -p manifest -->\n";
const END: &str = "<!-- end -->\n";

/// The JSON Schema of a record.
fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Keys>().to_value();
    simplify(&mut schema);
    schema
}

/// Takes away what says nothing to users: nulls, which no record holds, and the sizes of numbers in
/// memory.
fn simplify(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("format").is_some_and(Value::is_string) {
                members.shift_remove("format");
            }
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|name| name != "null");
                let only = types.pop().filter(|_| types.is_empty());
                members.extend(only.map(|only| ("type".to_owned(), only)));
            }
            let some = members.get_mut("anyOf").and_then(Value::as_array_mut);
            if let Some(choices) = some {
                choices.retain(|choice| choice["type"] != "null");
                if let [Value::Object(only)] = &mut choices[..] {
                    let only = std::mem::take(only);
                    members.shift_remove("anyOf");
                    members.extend(only);
                }
            }
            members.values_mut().for_each(simplify);
        }
        Value::Array(elements) => elements.iter_mut().for_each(simplify),
        _ => {}
    }
}

/// The tables of README.md.
fn tables(schema: &Value) -> String {
    let mut text = String::from("| key | type | written by | what it is |\n|---|---|---|---|\n");
    for (key, of) in schema["properties"].as_object().unwrap() {
        let by: Vec<&str> = { of["x-written-by"].as_array().unwrap().iter() }
            .map(|tool| tool.as_str().unwrap())
            .collect();
        let (kind, about) = (kind(of), about(of));
        writeln!(text, "| `{key}` | {kind} | {} | {about} |", by.join(", ")).unwrap();
    }
    for (name, of) in schema["$defs"].as_object().unwrap() {
        let Some(members) = of["properties"].as_object() else {
            continue;
        };
        write!(text, "\n### {name}\n\n{}\n\n", about(of)).unwrap();
        text.push_str("| member | type | what it is |\n|---|---|---|\n");
        let always = of["required"].as_array();
        for (member, of) in members {
            let must = always.is_some_and(|names| names.iter().any(|name| name == member));
            let must = if must { ", always" } else { "" };
            writeln!(text, "| `{member}` | {}{must} | {} |", kind(of), about(of)).unwrap();
        }
    }
    text
}

/// The description, on one line.
fn about(of: &Value) -> String {
    let text = of["description"].as_str().unwrap();
    text.replace('\n', " ").replace('|', "\\|")
}

/// The type in words.
fn kind(of: &Value) -> String {
    if let Some(name) = of["$ref"].as_str() {
        let name = name.trim_start_matches("#/$defs/");
        return format!("[{name}](#{})", name.to_lowercase());
    }
    for choice in ["anyOf", "oneOf", "enum"] {
        if let Some(choices) = of[choice].as_array() {
            return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(word) = of.as_str().or_else(|| of["const"].as_str()) {
        return format!("`{word}`");
    }
    let Some(name) = of["type"].as_str() else {
        return "anything".to_owned();
    };
    match name {
        "array" => match (&of["prefixItems"], &of["maxItems"]) {
            (Value::Array(items), _) => {
                let items: Vec<_> = items.iter().map(kind).collect();
                format!("[{}]", items.join(", "))
            }
            (_, Value::Number(count)) => format!("array of {count}: {}", kind(&of["items"])),
            _ => format!("array of {}", kind(&of["items"])),
        },
        "object" => format!("object of {}", kind(&of["additionalProperties"])),
        name => name.to_owned(),
    }
}

/// Compares a file with what it should be, or rewrites it.
fn is_up_to_date(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("UPDATE").is_some() {
        return fs::write(path, made).unwrap();
    }
    let stored = fs::read_to_string(path).unwrap_or_default();
    assert!(
        stored == made,
        "{name} is out of date: UPDATE=1 cargo test -p manifest"
    );
}

#[test]
fn the_schema_is_that_of_the_types() {
    let text = serde_json::to_string_pretty(&schema()).unwrap();
    is_up_to_date("record.schema.json", &format!("{text}\n"));
}

#[test]
fn the_tables_are_those_of_the_types() {
    let readme = include_str!("../README.md");
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let tables = tables(&schema());
    is_up_to_date(
        "README.md",
        &format!("{before}{BEGIN}\n{tables}\n{END}{after}"),
    );
}

/// The same schema, which lets nothing pass that no type names.
fn closed(mut schema: Value) -> Value {
    let close = |of: &mut Map<String, Value>| {
        of.insert("additionalProperties".to_owned(), Value::Bool(false));
    };
    for of in schema["$defs"].as_object_mut().unwrap().values_mut() {
        if let Some(of) = of
            .as_object_mut()
            .filter(|of| of.contains_key("properties"))
        {
            close(of);
        }
    }
    close(schema.as_object_mut().unwrap());
    schema
}

/// What the tools wrote in their golden tests, with the name of the file.
fn written() -> Vec<(String, String)> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools");
    let mut folders = vec![tools];
    let mut lines = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with("out.jsonl") {
                let text = fs::read_to_string(&path).unwrap();
                let name = path.display().to_string();
                lines.extend(text.lines().map(|line| (name.clone(), line.to_owned())));
            }
        }
    }
    lines
}

#[test]
fn all_that_the_tools_write_is_in_the_table() {
    let schema = jsonschema::validator_for(&closed(schema())).unwrap();
    let written = written();
    assert!(written.len() > 50, "{} records", written.len());
    let mut wrong = Vec::new();
    for (name, line) in written {
        let mut record: Value = serde_json::from_str(&line).unwrap();
        // What a user's records hold besides.
        for own in ["mine", "framing"] {
            record.as_object_mut().unwrap().shift_remove(own);
        }
        let errors = schema.iter_errors(&record);
        wrong.extend(errors.map(|error| format!("{name}: {}: {error}", error.instance_path())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_types_read_all_that_the_tools_write() {
    let mut read = 0;
    for (name, line) in written() {
        let line = Line {
            number: 1,
            bytes: line.into_bytes(),
        };
        let record = line.parse().unwrap();
        let found = [
            record.source().map(|key| key.is_some()),
            record.boxes().map(|key| key.is_some()),
            record.masks().map(|key| key.is_some()),
            record.mask().map(|key| key.is_some()),
            record.instance().map(|key| key.is_some()),
            record.pose().map(|key| key.is_some()),
            record.face().map(|key| key.is_some()),
            record.embedding().map(|key| key.is_some()),
            record.cluster().map(|key| key.is_some()),
            record.inpaint().map(|key| key.is_some()),
        ];
        for is_there in found {
            read += usize::from(is_there.unwrap_or_else(|error| panic!("{name}: {error}")));
        }
    }
    assert!(read > 50, "{read}");
}

#[test]
fn the_schema_refuses_what_no_tool_could_read() {
    let schema = jsonschema::validator_for(&schema()).unwrap();
    let is_valid = |text: &str| schema.is_valid(&serde_json::from_str(text).unwrap());
    assert!(is_valid(
        r#"{"id":"a","image":"a.png","mine":[null],"pose":{"mine":1}}"#
    ));
    for wrong in [
        r#"{"image":"a.png"}"#,
        r#"{"id":"a"}"#,
        r#"{"id":"","image":"a.png"}"#,
        r#"{"id":"a","image":"a.png","width":-1}"#,
        r#"{"id":"a","image":"a.png","width":null}"#,
        r#"{"id":"a","image":"a.png","boxes":[{"score":1}]}"#,
        r#"{"id":"a","image":"a.png","boxes":[{"box":[1,2,3]}]}"#,
        r#"{"id":"a","image":"a.png","pose":{"keypoints":[[1,2]]}}"#,
        r#"{"id":"a","image":"a.png","masks":[{"mask":{"size":[3,4]}}]}"#,
        r#"{"id":"a","image":"a.png","tags":{"place":[["street"]]}}"#,
        r#"{"id":"a","image":"a.png","transition":"wipe"}"#,
    ] {
        assert!(!is_valid(wrong), "{wrong}");
    }
}
