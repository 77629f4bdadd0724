//! `frame-extract`: sample the frames of a film, with their time and shot.
//!
//! Reads a film with ffmpeg; writes images, and for each a record with `id`, `image`, `width`,
//! `height` (pixels), `source` (`film`, `frame` counted from 0 as decoded, `time` in seconds,
//! `shot` from 0) and, where the frame is part of one, `transition` (`dissolve`, `fade`, `flash`);
//! `damage` where the film is broken about there; `models.frame-extract` where a network was asked
//! for the shots.
//!
//! The film is decoded once: small, to find its shots and transitions, which are remembered beside
//! the images; and whole, of which the chosen frames are written on the way. Its keyframes are
//! decoded before that, for its letterbox.

mod again;
mod analysis;
mod asked;
mod aspects;
mod chain;
mod choice;
mod clock;
mod colour;
mod combing;
mod containers;
mod damage;
mod decoder;
mod ending;
mod extract;
mod ffmpeg;
mod film;
mod folder;
mod ground;
mod hardware;
mod images;
mod known;
mod lines;
mod opening;
mod options;
mod pass;
mod sample;
mod select;
mod streams;
mod survey;
mod whole;

use std::process::ExitCode;

use stage::{Context, Flow, Record, Result, anyhow};

use ffmpeg::Ffmpeg;
use film::Film;
use folder::Folder;
use images::Images;
use options::{Args, Sample};

fn main() -> ExitCode {
    onnx::quietly(|| stage::source(run))
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let ffmpeg = Ffmpeg::find(args.ffmpeg.as_deref())?;
    extract(&args, &ffmpeg, flow).with_context(|| args.film.display().to_string())
}

fn extract(args: &Args, ffmpeg: &Ffmpeg, flow: &mut Flow) -> Result<()> {
    let mut film = Film::open(ffmpeg, &args.film, args.hwaccel)?;
    film.keyframes = args.sample == Sample::Keyframes;
    args.check(ffmpeg, &film)?;
    let folder = Folder::open(&args.out_dir, &film, args.ending())?;
    let analysis = known::analyse(args, ffmpeg, &mut film, &folder, flow)?;
    film.view = analysis.view.clone();
    args.check(ffmpeg, &film)?;
    analysis.warn(&film);
    if let Some(path) = &args.shots {
        let written = vision::write::bytes(path, &analysis.shot_lines()?);
        written.with_context(|| path.display().to_string())?;
    }
    let settings = args.settings(&film, &analysis.bars(), &analysis.shapes)?;
    folder.prepare(&settings)?;
    let wanted = sample::pick(&analysis.times, args.period(), &analysis.shots);
    flow.expect(wanted.len() as u64);
    let images = Images {
        film: film.name(),
        folder,
        settings,
        analysis,
    };
    images.write(ffmpeg, &film, wanted, flow)?;
    let Some(words) = &images.analysis.incomplete else {
        return Ok(());
    };
    let mut record = Record::default();
    record.put("film", &images.film)?;
    flow.count();
    flow.fail(
        record,
        anyhow!(
            "{words}: the file may be cut short; {} frames were decoded",
            images.analysis.times.len()
        ),
    )
}
