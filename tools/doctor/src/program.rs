//! Programs: which ffmpeg there is and which films it can decode, and what the pipelines themselves run on.

use std::path::{Path, PathBuf};
use std::process::Command;

use machine::{Ffmpeg, ask};
use serde_json::json;

use crate::sheet::Sheet;

/// The codecs of films, by the decoders of ffmpeg that decode them on any processor. ffmpeg's own decoder `av1` does
/// not: it hands the film to the graphics card.
const CODECS: [(&str, &[&str]); 4] = [
    ("h264", &["h264"]),
    ("hevc", &["hevc"]),
    ("av1", &["libdav1d", "libaom-av1"]),
    ("vp9", &["vp9", "libvpx-vp9"]),
];

/// The codecs that most films have: without a decoder of these ffmpeg is not what is needed.
const COMMON: [&str; 2] = ["h264", "hevc"];

/// What installs it.
const SETUP: &str = "make setup (film2lora make setup), or install ffmpeg";

/// What mends a program that was named and is not what it should be.
const NAMED: &str =
    "name another with --ffmpeg or FFMPEG, or name none, so that the one of make setup is found";

/// Looks at ffmpeg.
pub(crate) fn ffmpeg(sheet: &mut Sheet, named: Option<&Path>) {
    let found = Ffmpeg::find(named);
    let is_named =
        named.is_some() || std::env::var_os("FFMPEG").is_some_and(|name| !name.is_empty());
    let mend = if is_named { NAMED } else { SETUP };
    let decoders = found.as_ref().ok().map(|ffmpeg| {
        let all: Vec<&str> = CODECS
            .iter()
            .flat_map(|(_, names)| *names)
            .copied()
            .collect();
        ffmpeg.decoders(&all)
    });
    let ffmpeg = match found {
        Ok(ffmpeg) => ffmpeg,
        Err(error) => {
            let cannot = if is_named {
                "cannot be used"
            } else {
                "not found"
            };
            sheet.row("ffmpeg", cannot);
            // The error says by itself what to do where none was named.
            let said = format!("{error:#}");
            let what = said.split(": run `make").next().unwrap_or(&said);
            return sheet.fault(what, mend);
        }
    };
    let (version, program) = (ffmpeg.version(), on_path(ffmpeg.program()));
    sheet.row("ffmpeg", format!("{version}, {}", program.display()));
    sheet.facts([
        ("version", version.into()),
        ("program", program.display().to_string().into()),
    ]);
    let there = match decoders {
        Some(Ok(there)) => there,
        Some(Err(error)) => return sheet.fault(format!("ffmpeg: {error:#}"), mend),
        None => return,
    };
    decodes(sheet, &program, &there);
}

/// Says which films it decodes, by those of its decoders that were asked for.
fn decodes(sheet: &mut Sheet, program: &Path, there: &[&str]) {
    let has = |names: &[&str]| names.iter().any(|name| there.contains(name));
    let codec = |wanted: bool| {
        let codecs = CODECS.iter().filter(move |(_, names)| has(names) == wanted);
        codecs.map(|(codec, _)| *codec).collect::<Vec<_>>()
    };
    let (can, cannot) = (codec(true), codec(false));
    sheet.facts([("decodes", json!(can)), ("lacks", json!(cannot))]);
    let mut said = format!("decodes {}", can.join(", "));
    if !cannot.is_empty() {
        said = format!("{said}, but not {}", cannot.join(", "));
    }
    sheet.more(said);
    let what = format!(
        "{}: has no decoder of {}",
        program.display(),
        cannot.join(", ")
    );
    let mend = "install an ffmpeg that has one, and name it in FFMPEG";
    if cannot.iter().any(|codec| COMMON.contains(codec)) {
        sheet.fault(what, mend);
    } else if !cannot.is_empty() {
        sheet.hint(what, mend);
    }
}

/// A program that the pipelines run on.
struct Needed {
    /// Its name: a path, or one on the search path.
    name: String,
    /// What it is.
    what: &'static str,
    /// The flag that makes it say its version, and the words before the number.
    version: (&'static str, &'static str),
    /// The oldest that will do: major and minor version.
    oldest: (u32, u32),
}

/// Looks at make and Python, on which the pipelines run, and at jq, on which only examples do.
pub(crate) fn of_make(sheet: &mut Sheet) {
    // As `film2lora make` has it: where make is an old one of the system's, the new one has the first name.
    let make = { ["gmake", "make"].into_iter() }.find(|name| on_path(Path::new(name)).is_file());
    let python = std::env::var("PYTHON").ok().filter(|name| !name.is_empty());
    // The versions are those of models/needs.sh.
    needed(
        sheet,
        &Needed {
            name: make.unwrap_or("make").to_owned(),
            what: "GNU make",
            version: ("--version", "GNU Make "),
            oldest: (4, 3),
        },
    );
    needed(
        sheet,
        &Needed {
            name: python.unwrap_or_else(|| "python3".to_owned()),
            what: "Python",
            version: ("--version", "Python "),
            oldest: (3, 9),
        },
    );
    let mut installed = machine::places::models().map(|models| models.join("runtime/bin/jq"));
    let jq = Some(on_path(Path::new("jq"))).filter(|jq| jq.is_file());
    if let Some(jq) = jq.or_else(|| installed.find(|jq| jq.is_file())) {
        sheet.row("jq", jq.display().to_string());
        sheet.facts([("program", jq.display().to_string().into())]);
    } else {
        sheet.row("jq", "not found");
        sheet.hint(
            "examples use jq, which was not found",
            "install jq; make setup installs one in models/runtime/bin",
        );
    }
}

fn needed(sheet: &mut Sheet, program: &Needed) {
    let Needed {
        name,
        what,
        version,
        oldest: (major, minor),
    } = program;
    let row = what.rsplit(' ').next().unwrap_or(what);
    let mend = format!("install {what} {major}.{minor} or newer; models/needs.sh has the packages");
    let said = match ask(Command::new(name).arg(version.0)) {
        Ok((said, _)) => said,
        Err(error) => {
            sheet.row(row, "not found");
            return sheet.fault(
                format!("{name}: {error:#}: `film2lora make` does not run"),
                mend,
            );
        }
    };
    let number = said
        .strip_prefix(version.1)
        .and_then(|rest| rest.split_whitespace().next());
    let Some(number) = number else {
        sheet.row(
            row,
            format!("not {what}: {}", on_path(Path::new(name)).display()),
        );
        return sheet.fault(
            format!("{name}: is not {what}: `film2lora make` does not run"),
            mend,
        );
    };
    let program = on_path(Path::new(name));
    sheet.row(row, format!("{number}, {}", program.display()));
    sheet.facts([
        ("version", number.into()),
        ("program", program.display().to_string().into()),
    ]);
    if parts(number) < (*major, *minor) {
        sheet.fault(format!("{name}: {what} {number} is older than {major}.{minor}: `film2lora make` does not run"), mend);
    }
}

/// The major and the minor version.
fn parts(number: &str) -> (u32, u32) {
    let mut parts = number
        .split(|c: char| !c.is_ascii_digit())
        .map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

/// Where a program lies that is found by its bare name.
fn on_path(program: &Path) -> PathBuf {
    let bare = program.components().count() == 1;
    let path = std::env::var_os("PATH")
        .filter(|_| bare)
        .unwrap_or_default();
    let mut places = std::env::split_paths(&path).map(|folder| folder.join(program));
    places
        .find(|place| place.is_file())
        .unwrap_or_else(|| program.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(parts("4.3"), (4, 3));
        assert_eq!(parts("3.13.0rc1"), (3, 13));
        assert!(parts("3.10") > parts("3.9"));
        assert!(parts("3.81") < parts("4.3"));
    }
}
