//! Prompts to test a LoRA with, one for each image that is held back: what it has not seen.
//!
//! A line has the caption of the image, a seed, and the facts that the caption names, under the keys that records
//! have them under; `lora-score` measures generated images by them. The cells of the selection come in turn, so that
//! the first few prompts are of as many cells as there are.

use std::collections::BTreeMap;

use loaders::view::Side;
use serde_json::{Map, Value, json};
use stage::{Record, Result};
use types::Trained;

use crate::plan::{Example, Purpose};
use crate::set::Set;

/// Where records have facts that a tool can measure of any image.
const MEASURED: [&str; 4] = ["/emotion/", "/light/", "/pose/", "/tags/"];

/// The facts that are looked for in captions which caption-compose did not write.
const NAMED: [&str; 8] = [
    "/emotion/label",
    "/light/time",
    "/light/weather",
    "/light/setting",
    "/pose/action",
    "/pose/angle",
    "/tags/location",
    "/tags/place",
];

/// The prompts of the images that are held back, in order.
pub(crate) fn prompts(set: Set<'_>) -> Result<impl Iterator<Item = Result<Record>>> {
    let mut cells: BTreeMap<String, Vec<&Example>> = BTreeMap::new();
    let held = { set.examples.iter() }.filter(|one| one.side == Side::Validation);
    for example in held {
        let cell = set.record(example)?.at::<Value>("/balance/cell")?;
        let cell = cell.map_or_else(String::new, |cell| cell.to_string());
        cells.entry(cell).or_default().push(example);
    }
    let longest = cells.values().map(Vec::len).max().unwrap_or(0);
    let turn = move |turn: usize| {
        let own = cells.values().filter_map(|own| own.get(turn).copied());
        own.collect::<Vec<_>>()
    };
    let in_turn = (0..longest).flat_map(turn);
    Ok(in_turn.map(move |example| prompt(set, example)))
}

/// The prompt of one image.
fn prompt(set: Set<'_>, example: &Example) -> Result<Record> {
    let record = &set.record(example)?;
    let captions = set.captions(example, record)?;
    let caption = captions.own();
    let mut prompt = Record::default();
    prompt.put("id", &example.name)?;
    prompt.put("prompt", caption)?;
    prompt.put("seed", &seed(&example.name))?;
    prompt.put("of", &record.id()?)?;
    if let Some(cell) = record.at::<Value>("/balance/cell")? {
        prompt.put("cell", &cell)?;
    }
    let said = said(record, caption)?;
    if let Some(name) = name(set.purpose, record, caption, &said)? {
        prompt.put("identity", &json!({ "name": name }))?;
    }
    let mut facts = Map::new();
    for pointer in said
        .iter()
        .filter(|said| MEASURED.iter().any(|key| said.starts_with(key)))
    {
        if let Some(value) = record.at::<Value>(pointer)?.as_ref().and_then(known) {
            enter(&mut facts, pointer, value);
        }
    }
    for (key, value) in facts {
        prompt.put(&key, &value)?;
    }
    Ok(prompt)
}

/// A number for the generator's noise that goes with the prompt.
fn seed(name: &str) -> u32 {
    let [one, two, three, four, ..] = *blake3::hash(name.as_bytes()).as_bytes();
    u32::from_be_bytes([one, two, three, four])
}

/// The pointers of the facts that a caption names: as caption-compose wrote them down, or those whose words stand in it.
fn said(record: &Record, caption: &str) -> Result<Vec<String>> {
    if let Some(said) = record.at::<Vec<(String, String)>>("/facts/said")? {
        return Ok(said.into_iter().map(|(pointer, _)| pointer).collect());
    }
    let mut said = Vec::new();
    for pointer in NAMED {
        let value = record.at::<Value>(pointer)?;
        if value
            .as_ref()
            .and_then(known)
            .is_some_and(|value| stands(&value, caption))
        {
            said.push(pointer.to_owned());
        }
    }
    Ok(said)
}

/// The character that an image made with the prompt is to show: the one that the trigger stands for, or that the caption
/// names.
fn name(
    purpose: &Purpose,
    record: &Record,
    caption: &str,
    said: &[String],
) -> Result<Option<String>> {
    let name: Option<String> = record.at("/identity/name")?;
    let triggered = purpose.kind.trigger_is_subject && purpose.kind.trained == Trained::Subject;
    let named =
        |name: &String| said.iter().any(|one| one == "/identity/name") || stands(name, caption);
    Ok(name.filter(|name| name != "unknown" && (triggered || named(name))))
}

/// Whether the words of a value stand in a caption.
fn stands(value: &str, caption: &str) -> bool {
    let plain = |text: &str| {
        format!(
            " {} ",
            text.to_lowercase()
                .replace(|sign: char| !sign.is_alphanumeric(), " ")
        )
    };
    plain(caption).contains(&plain(value))
}

/// The word of a value that is known; of labels with scores the first.
fn known(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => {
            Some(text.clone()).filter(|text| !text.is_empty() && text != "unknown")
        }
        Value::Array(labels) => labels.first()?.as_array()?.first().and_then(known),
        _ => None,
    }
}

/// Puts a fact where its pointer leads to.
fn enter(facts: &mut Map<String, Value>, pointer: &str, value: String) {
    let mut steps: Vec<_> = pointer.split('/').skip(1).collect();
    let Some(last) = steps.pop() else {
        return;
    };
    let mut members = facts;
    for step in steps {
        let child = members.entry(step).or_insert_with(|| json!({}));
        let Some(child) = child.as_object_mut() else {
            return;
        };
        members = child;
    }
    members.insert(last.to_owned(), json!(value));
}
