//! `frame-extract`: sample the frames of a film, with their time and shot.
//!
//! Reads a film with ffmpeg; writes images, and for each a record with `id`, `image`, `width`,
//! `height` (pixels), `source` (`film`, `frame` counted from 0 as decoded, `time` in seconds,
//! `shot` from 0) and, where the frame is part of one, `transition` (`dissolve`, `fade`, `flash`).
//!
//! The film is decoded twice: once small, to find its letterbox, shots and transitions, which are
//! remembered beside the images; and once whole, of which the chosen frames are written.

mod analysis;
mod border;
mod chain;
mod cuts;
mod decoder;
mod dissolves;
mod extract;
mod fades;
mod ffmpeg;
mod figures;
mod film;
mod flashes;
mod folder;
mod lines;
mod options;
mod sample;
mod select;
mod shots;

use std::process::ExitCode;

use stage::manifest::Source;
use stage::{Context, Flow, Outcome, Record, Result, anyhow};

use analysis::Analysis;
use extract::{Chosen, Trouble};
use ffmpeg::Ffmpeg;
use film::Film;
use folder::Folder;
use options::{Args, Settings};

fn main() -> ExitCode {
    stage::source(run)
}

fn run(args: Args, flow: &mut Flow) -> Result<()> {
    let ffmpeg = Ffmpeg::find(args.ffmpeg.as_deref())?;
    extract(&args, &ffmpeg, flow).with_context(|| args.film.display().to_string())
}

fn extract(args: &Args, ffmpeg: &Ffmpeg, flow: &mut Flow) -> Result<()> {
    let film = Film::open(ffmpeg, &args.film)?;
    args.check(ffmpeg, &film)?;
    let folder = Folder::open(&args.out_dir, film.stem(), args.ending())?;
    let analysis = analyse(ffmpeg, &film, &folder, flow)?;
    if let Some(path) = &args.shots {
        let written = vision::write::bytes(path, &analysis.shot_lines()?);
        written.with_context(|| path.display().to_string())?;
    }
    let settings = args.settings(&film, analysis.crop)?;
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
            "{words}: is it cut short? {} frames were decoded",
            images.analysis.times.len()
        ),
    )
}

/// What is known of the film: remembered from another run, or found out now.
fn analyse(ffmpeg: &Ffmpeg, film: &Film, folder: &Folder, flow: &mut Flow) -> Result<Analysis> {
    let known = folder.recall::<Analysis>("analysis");
    if let Some(known) = known.filter(|known| known.is_of(film)) {
        return Ok(known);
    }
    let found = Analysis::make(ffmpeg, film, flow)?;
    folder.remember("analysis", &found)?;
    Ok(found)
}

/// The images of a film.
struct Images {
    film: String,
    folder: Folder,
    settings: Settings,
    analysis: Analysis,
}

impl Images {
    fn write(
        &self,
        ffmpeg: &Ffmpeg,
        film: &Film,
        wanted: Vec<usize>,
        flow: &mut Flow,
    ) -> Result<()> {
        let there = |frame: &usize| self.folder.image(*frame).is_file();
        let missing: Vec<usize> = wanted
            .iter()
            .copied()
            .filter(|frame| !there(frame))
            .collect();
        let decoder = extract::start(ffmpeg, film, &missing)?;
        let trouble = Trouble::default();
        let times = self.analysis.times.clone();
        let chosen = extract::pictures(decoder, wanted, missing, times, trouble.clone());
        flow.make(
            chosen,
            |chosen| self.write_one(&chosen).map(Outcome::pass),
            |chosen| self.record(chosen.frame),
        )?;
        trouble.check()
    }

    fn write_one(&self, chosen: &Chosen) -> Result<Record> {
        if let Some(picture) = &chosen.picture {
            let path = self.folder.image(chosen.frame);
            let bytes = self
                .settings
                .encode(&extract::cropped(picture, self.settings.crop));
            let written = bytes.and_then(|bytes| vision::write::bytes(&path, &bytes));
            written.with_context(|| path.display().to_string())?;
        }
        self.record(chosen.frame)
    }

    fn record(&self, frame: usize) -> Result<Record> {
        let image = self.folder.image(frame);
        let image = image
            .to_str()
            .context("--out-dir is not UTF-8, which a manifest must be")?;
        let mut record = Record::new(&self.folder.id(frame), image)?;
        record.put("width", &self.settings.crop.width)?;
        record.put("height", &self.settings.crop.height)?;
        let source = Source {
            film: self.film.clone(),
            frame: frame as u64,
            time: self.analysis.times[frame],
            shot: self.analysis.shot(frame) as u64,
        };
        record.put("source", &source)?;
        if let Some(transition) = self.analysis.transition(frame) {
            record.put("transition", &transition)?;
        }
        Ok(record)
    }
}
