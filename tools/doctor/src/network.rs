//! The networks of the pipelines: which are installed, and whether they are what they should be.

use std::path::Path;

use onnx::{Entry, Look, Proof, Registry, State, Store};
use serde_json::json;
use stage::Result;

use crate::Networks;
use crate::sheet::Sheet;

/// The roles of the networks that the pipelines run.
pub(crate) const ROLES: [&str; 8] = [
    "detect", "segment", "inpaint", "embed", "pose", "face", "emotion", "caption",
];

/// What the rows of networks are parts of.
const WHOLE: &str = "networks";

/// The roles of networks that the pipelines can do without, and what each is for.
const OPTIONAL: [(&str, &str); 4] = [
    ("shot", "finds cuts that rules miss"),
    ("text", "finds subtitles and logos, for TEXT"),
    (
        "words",
        "finds characters by words, people or not, for WORDS",
    ),
    ("track", "follows characters through shots, for TRACK"),
];

/// What mends a folder of models that is not there or cannot be read.
const FOLDER: &str = "name the folder of registry.toml with --models or FILM2LORA_MODELS, or install film2lora again";

/// Looks at the networks that the pipelines take where none is named.
pub(crate) fn look(sheet: &mut Sheet, models: Option<&Path>, networks: Networks) {
    if let Err(error) = looked(sheet, models, networks) {
        sheet.fault(format!("{error:#}"), FOLDER);
    }
}

fn looked(sheet: &mut Sheet, models: Option<&Path>, networks: Networks) -> Result<()> {
    let registry = Registry::open(models)?;
    if registry.entries().is_empty() {
        sheet.row(WHOLE, "no folder of models was found");
        sheet.fault("no folder of models was found", FOLDER);
        return Ok(());
    }
    let store = Store::open(&registry)?;
    sheet.row(WHOLE, registry.folder().display().to_string());
    sheet.facts([("folder", registry.folder().display().to_string().into())]);
    if networks == Networks::None {
        return Ok(());
    }
    each(sheet, &store, networks == Networks::Small);
    Ok(())
}

/// Looks at the network of each role.
fn each(sheet: &mut Sheet, store: &Store<'_>, small: bool) {
    let (mut missing, mut damaged, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for role in ROLES {
        let Some(model) = meant(store.registry, role, small) else {
            sheet.part(WHOLE, role, "the registry names none");
            sheet.fault(
                format!("{role}: the registry has no network for it"),
                FOLDER,
            );
            continue;
        };
        let Some(state) = looked_at(sheet, store, model) else {
            continue;
        };
        match state {
            State::Missing => missing.push(model),
            State::Damaged => damaged.push(model),
            State::Unknown => unknown.push(model),
            State::There | State::Whole(_) => {}
        }
    }
    for (role, does) in OPTIONAL {
        let Some(model) = meant(store.registry, role, false).filter(|_| !small) else {
            continue;
        };
        match looked_at(sheet, store, model) {
            Some(State::Damaged) => damaged.push(model),
            Some(State::Missing) => {
                sheet.hint(format!("{} {does}", model.name), download(&[role]));
            }
            _ => {}
        }
    }
    lack(sheet, "not installed", &missing, small);
    lack(
        sheet,
        "not the file that it should be, by its checksum",
        &damaged,
        small,
    );
    for model in unknown {
        let what = format!("{}: no checksum is known for it", model.name);
        let mend = download(&[&model.role]);
        sheet.hint(what, format!("{mend}, which pins that of the file"));
    }
}

/// Shows a network, and says in which state its files are; none where they cannot be read, which is a fault.
fn looked_at(sheet: &mut Sheet, store: &Store<'_>, model: &Entry) -> Option<State> {
    match store.state(model, Look::Noted) {
        Ok(state) => {
            sheet.part(WHOLE, &model.role, line(model, state));
            sheet.facts([
                ("model", model.name.clone().into()),
                ("bytes", json!(model.bytes())),
                ("state", word(state).into()),
            ]);
            Some(state)
        }
        Err(error) => {
            sheet.part(
                WHOLE,
                &model.role,
                format!("{:<20} cannot be read", model.name),
            );
            let mend = format!(
                "make it readable, or remove it and run {}",
                download(&[&model.role])
            );
            sheet.fault(format!("{error:#}"), mend);
            None
        }
    }
}

/// Says what is wrong with these networks, and one command for all of them.
fn lack(sheet: &mut Sheet, what: &str, networks: &[&Entry], small: bool) {
    if networks.is_empty() {
        return;
    }
    let names: Vec<&str> = networks.iter().map(|model| model.name.as_str()).collect();
    let mend = if small {
        "they are part of film2lora: check them out of the repository, or install it again"
            .to_owned()
    } else {
        let roles: Vec<&str> = networks.iter().map(|model| model.role.as_str()).collect();
        download(&roles)
    };
    sheet.fault(format!("{what}: {}", names.join(", ")), mend);
}

/// The command that downloads the default networks of these roles, of an installation and of the repository. It
/// downloads a file again that is not the right one.
fn download(roles: &[&str]) -> String {
    let roles = roles.join(",");
    format!("film2lora models --role {roles} (make models ROLE={roles})")
}

/// The network that a role takes where none is named.
fn meant<'a>(registry: &'a Registry, role: &str, small: bool) -> Option<&'a Entry> {
    let own = format!("small-{role}");
    let mut entries = registry.entries().iter();
    entries.find(|entry| {
        entry.role == role
            && if small {
                entry.name == own
            } else {
                entry.default
            }
    })
}

/// The state of a network's files in a word.
fn word(state: State) -> &'static str {
    match state {
        State::Missing => "missing",
        State::There => "installed",
        State::Whole(Proof::Confirmed) => "confirmed",
        State::Whole(Proof::Pinned) => "pinned",
        State::Damaged => "damaged",
        State::Unknown => "unknown",
    }
}

/// A network, its size, and the state of its files.
fn line(model: &Entry, state: State) -> String {
    let said = match state {
        State::Missing => "missing",
        State::There => "installed",
        State::Whole(Proof::Confirmed) => "installed, checksum confirmed",
        State::Whole(Proof::Pinned) => "installed, checksum pinned at the first download",
        State::Damaged => "CHECKSUM WRONG",
        State::Unknown => "installed, no checksum known",
    };
    format!("{:<20} {:>7}  {said}", model.name, model.size())
}
