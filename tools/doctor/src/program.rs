//! ffmpeg: which one it is, and which films it can decode.

use std::path::{Path, PathBuf};

use machine::Ffmpeg;

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

/// Looks at ffmpeg.
pub(crate) fn look(sheet: &mut Sheet, named: Option<&Path>) {
    let found = Ffmpeg::find(named);
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
            sheet.row("ffmpeg", "not found");
            // The error says by itself what to do where none was named.
            let said = format!("{error:#}");
            let what = said.split(": run `make").next().unwrap_or(&said);
            return sheet.fault(what, SETUP);
        }
    };
    let (version, program) = (ffmpeg.version(), on_path(ffmpeg.program()));
    sheet.row("ffmpeg", format!("{version}, {}", program.display()));
    let there = match decoders {
        Some(Ok(there)) => there,
        Some(Err(error)) => return sheet.fault(format!("ffmpeg: {error:#}"), SETUP),
        None => return,
    };
    let has = |names: &[&str]| names.iter().any(|name| there.contains(name));
    let codec = |wanted: bool| {
        let codecs = CODECS.iter().filter(move |(_, names)| has(names) == wanted);
        codecs.map(|(codec, _)| *codec).collect::<Vec<_>>()
    };
    let (can, cannot) = (codec(true), codec(false));
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
